//! What an answer means: one exhaustive table.

use crate::client::Answer;
use crate::failure::Failure;
use crate::retry_after;
use contract::limits;
use contract::plan::Success;
use contract::retry;
use jiff::Timestamp;
use std::time::Duration;

/// What becomes of the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The receiver has it.
    Delivered,
    /// Nobody listens there any more.
    Gone,
    /// It failed and is tried again, if tries are left.
    Failed {
        /// How.
        class: retry::Class,
        /// What `Retry-After` asks for.
        hint: Option<Duration>,
    },
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) class: Class,
    /// For people, at most [`limits::REASON_KEPT_BYTES`]; what stands before its first colon is a metric label,
    /// of a closed set.
    pub(crate) reason: String,
}

/// Judges what came of a request. `gone` tells whether 410 means that nobody listens there any more.
pub(crate) fn judge(result: Result<&Answer, &Failure>, success: Success, gone: bool, now: Timestamp) -> Verdict {
    let (class, mut reason) = match result {
        Ok(answer) => {
            let hint = answer.retry_after.as_deref().and_then(|text| retry_after::parse(text, now));
            (of_status(answer.status, success, gone, hint), reason(answer.status))
        }
        Err(failure) => (Class::Failed { class: of_failure(failure), hint: None }, failure.to_string()),
    };
    // It travels in the header of every further try, in notes and in logs.
    reason.truncate(reason.floor_char_boundary(limits::REASON_KEPT_BYTES));
    Verdict { class, reason }
}

fn of_status(status: u16, success: Success, gone: bool, hint: Option<Duration>) -> Class {
    use retry::Class::{Ordinary, SlowDown};
    match (status, success) {
        (200..=299, Success::Any2xx) => Class::Delivered,
        (410, _) if gone => Class::Gone,
        (429, _) => Class::Failed { class: SlowDown, hint },
        (503, _) => Class::Failed { class: Ordinary, hint },
        _ => Class::Failed { class: Ordinary, hint: None },
    }
}

const fn of_failure(failure: &Failure) -> retry::Class {
    match failure {
        Failure::Timeout { .. } => retry::Class::SlowDown,
        Failure::Refused(_)
        | Failure::Name
        | Failure::Connect(_)
        | Failure::Tls(_)
        | Failure::Lost
        | Failure::NotHttp
        | Failure::TooLarge
        | Failure::Unsendable(_) => retry::Class::Ordinary,
    }
}

fn reason(status: u16) -> String {
    let meaning = match status {
        200..=299 => return format!("answered {status}"),
        300..=399 => "a redirect, which is never followed",
        401 | 403 => "the receiver refuses the credentials",
        404 => "there is nothing at this address",
        408 => "the receiver says that it waited too long",
        410 => "nobody listens at this address any more",
        413 => "the receiver says that the body is too large",
        429 => "the receiver asks to slow down",
        503 => "the receiver is not available for now",
        400..=499 => "the receiver refuses the request",
        500..=599 => "the receiver has a problem of its own",
        _ => return format!("answered nonsense: the status {status} means nothing in HTTP"),
    };
    format!("answered {status}: {meaning}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::network::Refused;
    use retry::Class::{Ordinary, SlowDown};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn answer(status: u16, retry_after: Option<&str>) -> Answer {
        Answer { status, retry_after: retry_after.map(str::to_owned), body: Vec::new() }
    }

    fn failed(class: retry::Class, hint: Option<u64>) -> Class {
        Class::Failed { class, hint: hint.map(Duration::from_secs) }
    }

    #[test]
    fn every_status_has_its_class() {
        for status in 100..=999 {
            let expected = match status {
                200..=299 => Class::Delivered,
                410 => Class::Gone,
                429 => failed(SlowDown, None),
                _ => failed(Ordinary, None),
            };
            let verdict = judge(Ok(&answer(status, None)), Success::Any2xx, true, NOW);
            assert_eq!(verdict.class, expected, "{status}");
            let label = match status {
                200..=599 => format!("answered {status}"),
                _ => "answered nonsense".to_owned(),
            };
            assert_eq!(verdict.reason.split(':').next(), Some(label.as_str()));
        }
    }

    #[test]
    fn only_429_and_503_are_asked_how_long_to_wait() {
        for (status, expected) in [
            (429, failed(SlowDown, Some(90))),
            (503, failed(Ordinary, Some(90))),
            (500, failed(Ordinary, None)),
            (302, failed(Ordinary, None)),
            (200, Class::Delivered),
            (410, Class::Gone),
        ] {
            let verdict = judge(Ok(&answer(status, Some("90"))), Success::Any2xx, true, NOW);
            assert_eq!(verdict.class, expected, "{status}");
        }
        let malformed = judge(Ok(&answer(429, Some("soon"))), Success::Any2xx, true, NOW);
        assert_eq!(malformed.class, failed(SlowDown, None));
    }

    #[test]
    fn a_failure_is_tried_again_and_a_time_out_not_within_a_minute() {
        for (failure, class) in [
            (Failure::Timeout { connecting: true }, SlowDown),
            (Failure::Timeout { connecting: false }, SlowDown),
            (Failure::Refused(Refused::Range("loopback")), Ordinary),
            (Failure::Name, Ordinary),
            (Failure::Connect(std::io::ErrorKind::ConnectionRefused), Ordinary),
            (Failure::Lost, Ordinary),
            (Failure::NotHttp, Ordinary),
            (Failure::TooLarge, Ordinary),
        ] {
            let verdict = judge(Err(&failure), Success::Any2xx, true, NOW);
            assert_eq!(verdict.class, failed(class, None), "{failure}");
        }
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
            let verdict = judge(Err(&Failure::Tls(error)), Success::Any2xx, true, NOW);
            assert_eq!(verdict.reason, format!("TLS failed: {meaning}"));
        }
        let long = Failure::Unsendable(Box::leak("é".repeat(limits::REASON_KEPT_BYTES).into_boxed_str()));
        let verdict = judge(Err(&long), Success::Any2xx, true, NOW);
        assert!(verdict.reason.len() <= limits::REASON_KEPT_BYTES, "{}", verdict.reason.len());
    }

    #[test]
    fn reasons_are_for_people() {
        let reason = |status| judge(Ok(&answer(status, None)), Success::Any2xx, true, NOW).reason;
        assert_eq!(reason(401), "answered 401: the receiver refuses the credentials");
        assert_eq!(reason(307), "answered 307: a redirect, which is never followed");
        let refused = Failure::Refused(Refused::Range("loopback"));
        let reason = judge(Err(&refused), Success::Any2xx, true, NOW).reason;
        assert_eq!(reason, "refused by the guard: its address is in a range that is never connected to (loopback)");
    }
}
