use super::*;

#[test]
fn an_endpoint_is_an_absolute_web_address_without_secrets() {
    let check = |text: &str, error| assert_eq!(Endpoint::parse(text).err(), error, "{text}");
    check("https://crm.example.org/hook?list=7", None);
    check("crm.example.org/hook", Some(EndpointError::NotUrl));
    check("ftp://crm.example.org/", Some(EndpointError::Scheme));
    check("https://u:p@crm.example.org/", Some(EndpointError::Credentials));
    check("https://crm.example.org/#a", Some(EndpointError::Fragment));
    check("https://crm.example.org/a b", Some(EndpointError::NotUrl));
    check(&format!("https://crm.example.org/{}", "x".repeat(2_048)), Some(EndpointError::Long));
}

#[test]
fn an_endpoint_is_sent_byte_for_byte_or_not_accepted() {
    let kept = ["https://A.org", "https://a.org:443/", "https://a.org?x=%2F+~", "https://a.org/A;b/%7e?q=[1]&r=1/2"];
    for kept in kept {
        assert!(Endpoint::parse(kept).is_ok(), "{kept}");
    }
    for (entered, sent) in [
        ("https://a.org/a/../b", "https://a.org/b"),
        ("https://a.org\\b", "https://a.org/b"),
        ("https://a.org/é", "https://a.org/%C3%A9"),
        ("https://a.org/?q='x'", "https://a.org/?q=%27x%27"),
    ] {
        assert_eq!(Endpoint::parse(entered), Err(EndpointError::Rewritten(sent.to_owned())), "{entered}");
        assert!(Endpoint::parse(sent).is_ok(), "{sent}");
    }
}

#[test]
fn an_origin_is_scheme_host_and_port_in_one_spelling() {
    let origin = |text| Endpoint::parse(text).expect("an endpoint").origin();
    for same in ["https://a.org", "https://A.org:443/x?y=1", "HTTPS://a.org/"] {
        assert_eq!(origin(same), "https://a.org", "{same}");
    }
    for other in ["http://a.org/", "https://a.org:8443/", "https://b.org/", "https://a.org./"] {
        assert_ne!(origin(other), "https://a.org", "{other}");
    }
}

#[test]
fn words_come_back_as_what_they_name() {
    assert!(Status::ALL.into_iter().all(|status| status.name().parse() == Ok(status)));
    assert!(Signing::ALL.into_iter().all(|signing| signing.name().parse() == Ok(signing)));
    assert_eq!("asleep".parse::<Status>(), Err(UnknownStatus));
    assert_eq!("maybe".parse::<Signing>(), Err(UnknownSigning));
    for status in Status::ALL {
        assert_eq!(serde_json::to_value(status).expect("a word"), status.name());
    }
}

#[test]
fn headers_of_the_connection_the_body_and_ours_are_reserved() {
    for name in [
        "Host",
        "content-length",
        "Content-Type",
        "transfer-encoding",
        "Connection",
        "keep-alive",
        "TE",
        "trailer",
        "upgrade",
        "Expect",
        "Proxy-Authorization",
        "proxy-connection",
        "User-Agent",
        "Webhook-Id",
        "webhook-anything",
    ] {
        assert!(reserved_header(name), "{name}");
    }
    for name in ["Authorization", "X-Api-Key", "x-proxy", "webhook", "accept"] {
        assert!(!reserved_header(name), "{name}");
    }
}

#[test]
fn each_default_type_hears_of_one_kind() {
    use crate::event::Kind;
    for kind in Kind::ALL {
        let all = [Type::DEFAULT, Type::DEFAULT_REFUNDS, Type::DEFAULT_CANCELLATIONS];
        let hears = |of: &Type| of.entry().is_some_and(|entry| entry.hears(kind));
        assert_eq!(all.iter().filter(|of| hears(of)).count(), 1);
    }
}

#[test]
fn a_rate_is_a_number_to_a_thousandth() {
    let rate: Rate = serde_json::from_str("0.33").expect("a rate");
    assert_eq!((rate.burst(), rate.interval_us(), rate.to_string().as_str()), (1, 3_030_304, "0.33"));
    assert_eq!((Rate::per_s(20).burst(), Rate::per_s(20).interval_us()), (20, 50_000));
    assert_eq!(serde_json::from_str::<Rate>("20").ok(), Some(Rate::per_s(20)));
    assert!(["-1", "10001", "1e300"].iter().all(|bad| serde_json::from_str::<Rate>(bad).is_err()));
}
