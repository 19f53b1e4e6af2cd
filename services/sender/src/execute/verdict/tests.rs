use super::*;
use contract::network::Refused;
use contract::plan::{Body, Check, Rule};
use reqwest::header::{HeaderMap, HeaderValue};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const ACTBLUE: Manner = Manner { native: false, gone: true };
const NATIVE: Manner = Manner { native: true, gone: false };

fn step() -> Step {
    Step::new("send", Method::Post, Body::Event)
}

fn answer(status: u16, retry_after: Option<&'static str>) -> Answer {
    let mut headers = HeaderMap::new();
    if let Some(text) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
    }
    Answer { status, headers, body: Vec::new(), extent: Extent::Whole }
}

fn judged(answer: &Answer, step: &Step, manner: Manner) -> Judged {
    judge(Ok((answer, &Shown::of(answer))), step, manner, &mut Patterns::default(), NOW)
}

fn actblue(status: u16, retry_after: Option<&'static str>) -> Judged {
    judged(&answer(status, retry_after), &step(), ACTBLUE)
}

fn failed(failure: &Failure, manner: Manner) -> Judged {
    judge(Err(failure), &step(), manner, &mut Patterns::default(), NOW)
}

fn fault(class: retry::Class, hint: Option<u64>) -> Meaning {
    Meaning::Fault(Again { class, hint: hint.map(Duration::from_secs) })
}

use retry::Class::{Ordinary, SlowDown};

#[test]
fn every_status_has_its_class() {
    for status in 100..=999 {
        let expected = match status {
            200..=299 => Meaning::Success,
            410 => Meaning::Gone,
            429 => fault(SlowDown, None),
            _ => fault(Ordinary, None),
        };
        let judged = actblue(status, None);
        assert_eq!(judged.meaning, expected, "{status}");
        let label = match status {
            200..=599 => format!("answered {status}"),
            _ => "answered nonsense".to_owned(),
        };
        assert_eq!(judged.reason.split(':').next(), Some(label.as_str()));
    }
}

#[test]
fn only_429_and_503_are_asked_how_long_to_wait() {
    for (status, expected) in [
        (429, fault(SlowDown, Some(90))),
        (503, fault(Ordinary, Some(90))),
        (500, fault(Ordinary, None)),
        (302, fault(Ordinary, None)),
        (200, Meaning::Success),
        (410, Meaning::Gone),
    ] {
        assert_eq!(actblue(status, Some("90")).meaning, expected, "{status}");
    }
    assert_eq!(actblue(429, Some("soon")).meaning, fault(SlowDown, None));
}

#[test]
fn every_status_of_a_native_target_has_its_class() {
    let created = Step { success: vec![Rule::status(&[201])], ..step() };
    for status in 100..=999 {
        let expected = match status {
            201 => Meaning::Success,
            202 | 429 => fault(SlowDown, Some(90)),
            401 | 403 => Meaning::Credentials,
            408 | 425 | 502 | 503 => fault(Ordinary, Some(90)),
            500..=599 => Meaning::Unclear(Again::ORDINARY),
            _ => Meaning::Rejected,
        };
        let judged = judged(&answer(status, Some("90")), &created, NATIVE);
        assert_eq!(judged.meaning, expected, "{status}");
        let label = match judged.meaning {
            Meaning::Rejected => "rejected".to_owned(),
            Meaning::Credentials => "credentials problem".to_owned(),
            _ => format!("answered {status}"),
        };
        assert_eq!(judged.reason.split(':').next(), Some(label.as_str()));
    }
    let gone = judged(&answer(410, None), &created, Manner { gone: true, ..NATIVE });
    assert_eq!(gone.meaning, Meaning::Gone);
    let mut broken_off = answer(200, None);
    broken_off.extent = Extent::Lost;
    assert_eq!(judged(&broken_off, &created, NATIVE).meaning, Meaning::Unclear(Again::ORDINARY));
}

#[test]
fn success_comes_before_duplicates_and_both_before_the_status() {
    let text = |matches: &str| Check::Text { matches: matches.to_owned() };
    let step = Step {
        success: vec![Rule::status(&[200, 404]).and(text("ok"))],
        duplicate: vec![Rule::status(&[200]).and(text("exists")), Rule::status(&[409])],
        ..step()
    };
    let check = |status, body: &str, meaning| {
        let answer = Answer { body: body.as_bytes().to_vec(), ..answer(status, None) };
        assert_eq!(judged(&answer, &step, NATIVE).meaning, meaning, "{status} {body}");
    };
    check(200, "ok", Meaning::Success);
    check(404, "ok", Meaning::Success);
    check(200, "ok, exists", Meaning::Success);
    check(200, "exists", Meaning::Duplicate);
    check(409, "", Meaning::Duplicate);
    check(200, "no", Meaning::Rejected);
    check(404, "exists", Meaning::Rejected);
}

#[test]
fn a_failure_is_tried_again_and_a_time_out_not_within_a_minute() {
    for (failure, class, unclear) in [
        (Failure::Timeout { connecting: true }, SlowDown, false),
        (Failure::Timeout { connecting: false }, SlowDown, true),
        (Failure::Refused(Refused::Range("loopback")), Ordinary, false),
        (Failure::Name, Ordinary, false),
        (Failure::Connect(std::io::ErrorKind::ConnectionRefused), Ordinary, false),
        (Failure::Lost, Ordinary, true),
        (Failure::NotHttp, Ordinary, true),
        (Failure::TooLarge, Ordinary, true),
        (Failure::Unsendable("x"), Ordinary, false),
    ] {
        let again = Again { class, hint: None };
        assert_eq!(failed(&failure, ACTBLUE).meaning, Meaning::Fault(again), "{failure}");
        let expected = if unclear { Meaning::Unclear(again) } else { Meaning::Fault(again) };
        assert_eq!(failed(&failure, NATIVE).meaning, expected, "{failure}");
    }
    assert_eq!(failed(&Failure::Unfit("x".to_owned()), NATIVE).meaning, Meaning::Rejected);
}

#[test]
fn an_unclear_answer_is_repeated_where_that_does_no_harm() {
    let unclear = || judged(&answer(500, None), &step(), NATIVE);
    let plain = "answered 500: the receiver has a problem of its own";
    let labelled = "unclear: answered 500, the receiver has a problem of its own";
    let again = Class::Failed(Again::ORDINARY);
    let check = |step: &Step, on_unclear, class, reason: &str| {
        let (verdict, unclear) = unclear().ends(step, on_unclear);
        assert_eq!((verdict.class, verdict.reason.as_str(), unclear), (class, reason, true));
    };
    check(&step(), OnUnclear::Hold, Class::Held, labelled);
    check(&step(), OnUnclear::Retry, again, labelled);
    check(&Step { repeatable: true, ..step() }, OnUnclear::Hold, again, plain);
    check(&Step { method: Method::Get, ..step() }, OnUnclear::Hold, again, plain);
}

#[test]
fn a_reason_quotes_nothing_that_the_receiver_wrote() {
    use rustls::{CertificateError, Error};
    let vendors = "*".repeat(100_000);
    let name = rustls::pki_types::ServerName::try_from("crm.example.org").expect("a name");
    let other = CertificateError::NotValidForNameContext { expected: name, presented: vec![vendors.clone()] };
    for (error, meaning) in [
        (Error::InvalidCertificate(other), "the certificate is for another name"),
        (Error::InvalidCertificate(CertificateError::UnknownIssuer), "the certificate's issuer is not trusted"),
        (Error::General(vendors), "the receiver does not keep to the protocol"),
    ] {
        assert_eq!(failed(&Failure::Tls(error), ACTBLUE).reason, format!("TLS failed: {meaning}"));
    }
    let long = Failure::Unfit("é".repeat(limits::REASON_KEPT_BYTES));
    let (verdict, _) = failed(&long, NATIVE).ends(&step(), OnUnclear::Retry);
    assert!(verdict.reason.len() <= limits::REASON_KEPT_BYTES, "{}", verdict.reason.len());
}

#[test]
fn reasons_are_for_people() {
    let native = |status| judged(&answer(status, None), &step(), NATIVE).reason;
    assert_eq!(actblue(401, None).reason, "answered 401: the receiver refuses the credentials");
    assert_eq!(actblue(307, None).reason, "answered 307: a redirect, which is never followed");
    let refused = failed(&Failure::Refused(Refused::Range("loopback")), ACTBLUE).reason;
    assert_eq!(refused, "refused by the guard: its address is in a range that is never connected to (loopback)");
    assert_eq!(native(422), "rejected: answered 422, the receiver refuses the request; it needs attention");
    assert_eq!(
        native(403),
        "credentials problem: answered 403, the receiver refuses the credentials; they need attention"
    );
    assert_eq!(
        judged(&answer(200, None), &Step { success: Vec::new(), ..step() }, NATIVE).reason,
        "rejected: answered 200, but its body does not say that it succeeded; it needs attention"
    );
}
