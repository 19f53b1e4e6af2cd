//! What an answer means: one exhaustive table for each manner of receiver.

use super::answer::Shown;
use super::patterns::Patterns;
use crate::client::{Answer, Extent};
use crate::failure::Failure;
use crate::retry_after;
use contract::limits;
use contract::plan::{Method, OnUnclear, Step};
use contract::retry;
use jiff::Timestamp;
use reqwest::header::RETRY_AFTER;
use std::time::Duration;

/// Whose answers they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    /// It speaks a protocol of its own (`formats/plans.md` §5), not ActBlue's (`formats/standard-webhooks.md` §7).
    pub(crate) native: bool,
    /// 410 means that nobody listens there any more.
    pub(crate) gone: bool,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) meaning: Meaning,
    /// For people; what stands before its first colon is a metric label, of a closed set.
    pub(crate) reason: String,
}

/// What an answer, or none, says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The step has done what it should.
    Success,
    /// The receiver has the record already.
    Duplicate,
    /// Nobody listens there any more.
    Gone,
    /// A passing fault.
    Fault(Again),
    /// The receiver said no: someone has to look, and meanwhile it is tried again.
    Rejected,
    /// The same about who we are.
    Credentials,
    /// The receiver may have done it, or not.
    Unclear(Again),
}

/// How a failed try is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) class: retry::Class,
    /// What `Retry-After` asks for.
    pub(crate) hint: Option<Duration>,
}

impl Again {
    pub(crate) const ORDINARY: Self = Self { class: retry::Class::Ordinary, hint: None };
    pub(crate) const SLOWLY: Self = Self { class: retry::Class::SlowDown, hint: None };
}

/// What becomes of the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The receiver has it.
    Delivered,
    /// Nobody listens there any more.
    Gone,
    /// It may have arrived, so a person decides.
    Held,
    /// It failed and is tried again, if tries are left.
    Failed(Again),
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) class: Class,
    /// For people, at most [`limits::REASON_KEPT_BYTES`]; what stands before its first colon is a metric label,
    /// of a closed set.
    pub(crate) reason: String,
}

impl Verdict {
    pub(crate) fn new(class: Class, mut reason: String) -> Self {
        // It travels in the header of every further try, in notes and in logs.
        reason.truncate(reason.floor_char_boundary(limits::REASON_KEPT_BYTES));
        Self { class, reason }
    }
}

/// What is said of a record that the receiver has already.
pub(crate) const ALREADY: &str = "already delivered";

impl Judged {
    /// The receiver said no, in this way.
    pub(crate) fn rejected(what: &str) -> Self {
        let reason = format!("rejected: {what}; it needs attention");
        Self { meaning: Meaning::Rejected, reason }
    }

    /// The receiver does not know us, which it said in this way.
    pub(crate) fn credentials(what: &str) -> Self {
        let reason = format!("credentials problem: {what}; they need attention");
        Self { meaning: Meaning::Credentials, reason }
    }

    /// What becomes of a delivery whose plan came no further than this step; and whether the receiver may have done
    /// it all the same.
    pub(crate) fn ends(self, step: &Step, on_unclear: OnUnclear) -> (Verdict, bool) {
        let Self { meaning, reason } = self;
        let harmless = step.repeatable || step.method == Method::Get;
        let (class, reason, unclear) = match meaning {
            Meaning::Success => (Class::Delivered, reason, false),
            Meaning::Duplicate => (Class::Delivered, ALREADY.to_owned(), false),
            Meaning::Gone => (Class::Gone, reason, false),
            Meaning::Fault(again) => (Class::Failed(again), reason, false),
            Meaning::Rejected | Meaning::Credentials => (Class::Failed(Again::ORDINARY), reason, false),
            Meaning::Unclear(again) if harmless => (Class::Failed(again), reason, true),
            Meaning::Unclear(again) => {
                let class = match on_unclear {
                    OnUnclear::Retry => Class::Failed(again),
                    OnUnclear::Hold => Class::Held,
                };
                (class, format!("unclear: {}", flat(&reason)), true)
            }
        };
        (Verdict::new(class, reason), unclear)
    }
}

/// Judges what came of a step's request.
pub(crate) fn judge(
    result: Result<(&Answer, &Shown<'_>), &Failure>,
    step: &Step,
    manner: Manner,
    patterns: &mut Patterns,
    now: Timestamp,
) -> Judged {
    let (answer, shown) = match result {
        Ok(answered) => answered,
        Err(failure) => {
            let meaning = if manner.native { native_failure(failure) } else { Meaning::Fault(again(failure)) };
            return Judged { meaning, reason: failure.to_string() };
        }
    };
    let status = answer.status;
    let meaning = match status {
        _ if shown.is_of(&step.success, patterns) => Meaning::Success,
        _ if shown.is_of(&step.duplicate, patterns) => Meaning::Duplicate,
        410 if manner.gone => Meaning::Gone,
        _ if manner.native => return native(answer, hint(answer, now)),
        429 => Meaning::Fault(Again { hint: hint(answer, now), ..Again::SLOWLY }),
        503 => Meaning::Fault(Again { hint: hint(answer, now), ..Again::ORDINARY }),
        _ => Meaning::Fault(Again::ORDINARY),
    };
    Judged { meaning, reason: reason(status) }
}

fn hint(answer: &Answer, now: Timestamp) -> Option<Duration> {
    answer.header(RETRY_AFTER).and_then(|text| retry_after::parse(text, now))
}

/// An answer of a native target that is neither success nor duplicate (`formats/plans.md` §5).
fn native(answer: &Answer, hint: Option<Duration>) -> Judged {
    let status = answer.status;
    let plainly = |meaning| Judged { meaning, reason: reason(status) };
    match status {
        // It was accepted, and nobody knows what else the answer said.
        200..=299 if answer.extent == Extent::Lost => {
            let reason = format!("answered {status}: and broke off before the end");
            Judged { meaning: Meaning::Unclear(Again::ORDINARY), reason }
        }
        202 => {
            let reason = "answered 202: the receiver has not decided yet".to_owned();
            Judged { meaning: Meaning::Fault(Again { hint, ..Again::SLOWLY }), reason }
        }
        200..=299 => Judged::rejected(&format!("answered {status}, but its body does not say that it succeeded")),
        401 | 403 => Judged::credentials(&flat(&reason(status))),
        429 => plainly(Meaning::Fault(Again { hint, ..Again::SLOWLY })),
        408 | 425 | 502 | 503 => plainly(Meaning::Fault(Again { hint, ..Again::ORDINARY })),
        500..=599 => plainly(Meaning::Unclear(Again::ORDINARY)),
        _ => Judged::rejected(&flat(&reason(status))),
    }
}

/// Whether the request can have reached the receiver. It counts as fully written once it is connected: requests are
/// smaller than what a connection takes at once.
fn native_failure(failure: &Failure) -> Meaning {
    match failure {
        Failure::Timeout { connecting: false } | Failure::Lost | Failure::NotHttp | Failure::TooLarge => {
            Meaning::Unclear(again(failure))
        }
        Failure::Timeout { connecting: true }
        | Failure::Refused(_)
        | Failure::Name
        | Failure::Connect(_)
        | Failure::Tls(_)
        | Failure::Unsendable(_) => Meaning::Fault(again(failure)),
        Failure::Unfit(_) => Meaning::Rejected,
    }
}

pub(crate) const fn again(failure: &Failure) -> Again {
    match failure {
        Failure::Timeout { .. } => Again::SLOWLY,
        Failure::Refused(_)
        | Failure::Name
        | Failure::Connect(_)
        | Failure::Tls(_)
        | Failure::Lost
        | Failure::NotHttp
        | Failure::TooLarge
        | Failure::Unsendable(_)
        | Failure::Unfit(_) => Again::ORDINARY,
    }
}

/// A reason behind another label.
fn flat(reason: &str) -> String {
    reason.replacen(": ", ", ", 1)
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
mod tests;
