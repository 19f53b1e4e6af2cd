use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use contract::signature::SigningSecret;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use store::SigningKey;

const EVENT: &str = r#"{"donor":{"firstname":"Marisol","lastname":"Quade","addr1":"41 Alder Ct","phone":"9375550142","zip":"45402","state":"OH","country":"United States","more":[{"note":"née Ferrán"}]}}"#;

fn secrets() -> Secrets {
    Secrets {
        authorization: Authorization::Basic { username: "ana".into(), password: "p/ss w\"rd".into() },
        headers: vec![("x-key".into(), "sesame&more".into())],
        signing: vec![SigningKey {
            secret: SigningSecret::of_bytes([7; 32]),
            private: None,
            made_at: Timestamp::UNIX_EPOCH,
            replaced_at: None,
        }],
        fields: [("api_key".to_owned(), "0000-FICTIONAL-key".into())].into(),
        ..Secrets::default()
    }
}

fn redacted(text: &str) -> String {
    Hidden::of(&secrets(), None, None, EVENT).answer(text.as_bytes())
}

#[test]
fn a_secret_is_taken_out_in_every_form() {
    let basic = STANDARD.encode("ana:p/ss w\"rd");
    let signing = SigningSecret::of_bytes([7; 32]);
    for echo in [
        "p/ss w\"rd",
        "p/ss w\\\"rd",
        "p%2Fss%20w%22rd",
        "p%2fss%20w%22rd",
        "p%2Fss+w%22rd",
        "p\\/ss w\\\"rd",
        "p\\/ss\\u0020w\\u0022rd",
        "\\u0070\\u002Fss w\\u0022rd",
        "p&#x2F;ss w&quot;rd",
        "p&#47;ss&#32;w&#034;rd",
        "sesame&amp;more",
        "sesame\\u0026more",
        &basic,
        "sesame&more",
        "sesame%26more",
        "0000-FICTIONAL-key",
        signing.expose(),
        signing.expose().trim_start_matches("whsec_"),
    ] {
        assert_eq!(redacted(&format!("bad key <{echo}>!")).replace("whsec_", ""), "bad key <[redacted]>!", "{echo}");
    }
}

#[test]
fn email_addresses_and_the_donor_are_taken_out() {
    assert_eq!(redacted("to marisol+a@mail.example.org, ok"), "to [redacted], ok");
    assert_eq!(redacted("a@b@c @ @x y@ é@ü.example"), "[redacted]@c @ @x y@ [redacted]");
    assert_eq!(
        redacted("Marisol Quade, 41 Alder Ct, 9375550142, 45402 OH, United States"),
        "[redacted] [redacted], [redacted], [redacted], [redacted] OH, United States"
    );
    for echo in ["née Ferrán", "n\\u00e9e Ferr\\u00E1n", "n%C3%A9e+Ferr%c3%a1n", "n&#233;e Ferr&#xe1;n"] {
        assert_eq!(redacted(&format!("<{echo}>")), "<[redacted]>", "{echo}");
    }
}

#[test]
fn what_is_kept_is_cut_after_redaction_and_survives_any_bytes() {
    let long = format!("{}sesame&more{}", "é".repeat(2_040), "x".repeat(9_000));
    let kept = redacted(&long);
    assert!(kept.len() <= limits::ANSWER_KEPT_BYTES && !kept.contains("sesame"), "{}", kept.len());
    let nothing = Hidden::of(&Secrets::default(), None, None, "not JSON");
    assert_eq!(nothing.answer(b"\xff\xfe ok"), "\u{fffd}\u{fffd} ok");
}

#[test]
fn a_phone_number_is_taken_out_as_formats_write_it() {
    for echo in ["+19375550142", "19375550142", "9375550142"] {
        assert_eq!(redacted(&format!("<{echo}>")), "<[redacted]>", "{echo}");
    }
}

#[test]
fn what_authenticates_is_taken_out_of_a_query_whoevers_it_is() {
    let text = "GET /events?access_token=EAAB1&x=1: bad api_mac=d06a5f6a, osdi-api-token=abc\"; api_secret=";
    let expected =
        "GET /events?access_token=[redacted]&x=1: bad api_mac=[redacted] osdi-api-token=[redacted]\"; api_secret=";
    assert_eq!(redacted(text), expected);
}

fn request() -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in [("authorization", "Basic YXBwOmtleXwx"), ("cookie", "JSESSIONID=abc1; salsa_session=def2==")]
    {
        let mut value = HeaderValue::from_static(value);
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    let url = url::Url::parse("https://a.example/events?access_token=EAAB1&x=1").expect("a URL");
    let body = Bytes::from_static(b"{\"key\":\"sesame&more\",\"name\":\"Marisol\"}");
    Request { method: reqwest::Method::POST, url, headers, body, decides: false, once: false }
}

#[test]
fn what_a_request_carried_is_taken_out_of_its_answer() {
    let proof = Proof::Session("JSESSIONID=abc1; salsa_session=def2==".into());
    let hidden = Hidden::of(&secrets(), Some(&proof), Some(&request()), EVENT);
    assert_eq!(hidden.answer(b"sent YXBwOmtleXwx, abc1 and def2=="), "sent [redacted], [redacted] and [redacted]");
    let token = Hidden::of(&secrets(), Some(&Proof::Token("FICTIONAL-access-1".into())), None, EVENT);
    assert_eq!(token.answer(b"<FICTIONAL-access-1>"), "<[redacted]>");
}

#[test]
fn a_shown_request_holds_no_secret() {
    let shown = Hidden::of(&secrets(), None, Some(&request()), EVENT).request(&request());
    let expected = "POST https://a.example/events?access_token=[redacted]&x=1\n\
                    content-type: application/json\n\
                    authorization: [redacted]\n\
                    cookie: [redacted]\n\n\
                    {\"key\":\"[redacted]\",\"name\":\"Marisol\"}";
    assert_eq!(shown, expected);
}
