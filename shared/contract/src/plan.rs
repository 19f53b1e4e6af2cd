//! A plan: the HTTP steps that make one delivery, as data and without credentials.
//!
//! A formatter makes it from an event and a webhook, the sender executes it. The endpoint is the webhook's
//! at send time; the plan only says what is appended to it.

mod answer;
mod progress;
mod reference;
mod refusal;

pub use answer::{Capture, Check, From, Operator, Rule, Scope, Statuses};
pub use progress::Progress;
pub use reference::{NotAReference, Part, Reference, Text};
pub use refusal::NoPlan;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The steps of one delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the webhook that it was made from. If it differs at send time, the formatter runs again.
    pub config_version: u64,
    /// Whether Standard Webhooks headers go with each request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed: bool,
    /// It is not sent any more after this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The series of payments that the line item belongs to: `contribution.orderNumber`, `-`, entity. None for
    /// one-time gifts, and in plans that use no ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// What the ledger must show before it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// Ledger values without which it can't run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Reference>,
    /// What becomes of it when `after` or `requires` is not met.
    #[serde(default, skip_serializing_if = "OnMissing::is_default")]
    pub on_missing: OnMissing,
    /// What becomes of it after an answer that leaves open whether the target stored the record.
    #[serde(default, skip_serializing_if = "OnUnclear::is_default")]
    pub on_unclear: OnUnclear,
    /// Whether the ledger is told that the line item, and its series, were delivered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notes_delivery: bool,
    /// Literal values for the ledger, written when it succeeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remember: Vec<Remember>,
    /// At least one and at most [`crate::limits::PLAN_STEPS`]; they run in order and stop at the first that does not
    /// succeed.
    pub steps: Vec<Step>,
}

impl Plan {
    /// A plan that waits for nothing and remembers nothing.
    pub fn new(config_version: u64, steps: Vec<Step>) -> Self {
        Self {
            config_version,
            signed: false,
            expires_at: None,
            series: None,
            after: None,
            requires: Vec::new(),
            on_missing: OnMissing::Retry,
            on_unclear: OnUnclear::Retry,
            notes_delivery: false,
            remember: Vec::new(),
            steps,
        }
    }
}

/// What this webhook must have delivered before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// The contribution of this line item.
    Line,
    /// Any payment of this series.
    Series,
}

/// What becomes of a plan whose ledger values are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// It waits on the schedule.
    #[default]
    Retry,
    /// It is a recorded skip.
    Skip,
}

impl OnMissing {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of a plan after an unclear answer (`formats/plans.md` §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnclear {
    /// An ordinary retry: the target deduplicates, or the plan looks the record up first (`recheck`).
    #[default]
    Retry,
    /// Undelivered at once, so that a person decides.
    Hold,
}

impl OnUnclear {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A literal value for the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remember {
    /// [`Scope::Line`] or [`Scope::Series`].
    pub scope: Scope,
    /// The value's name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// One request and what counts as its success.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the plan.
    pub name: String,
    /// Runs only if an earlier attempt ended unclear, or staff send the event again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recheck: bool,
    /// All must hold, else the step is skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// The request method.
    pub method: Method,
    /// Where the request goes.
    #[serde(default, skip_serializing_if = "To::is_endpoint")]
    pub to: To,
    /// Pairs added to the query of the URL; percent-encoded by the sender.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, Text)>,
    /// Extra headers, in lower case; `content-type` stands instead of the one of the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The request body.
    #[serde(default, skip_serializing_if = "Body::is_none")]
    pub body: Body,
    /// An unclear answer to this step is an ordinary retry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeatable: bool,
    /// Success is an answer that satisfies one of these.
    pub success: Vec<Rule>,
    /// Answers that mean that the target already has the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicate: Vec<Rule>,
    /// Values to take from a successful answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capture: Vec<Capture>,
}

impl Step {
    /// A request to the endpoint as it is, which any 2xx answers with success.
    pub fn new(name: &str, method: Method, body: Body) -> Self {
        Self {
            name: name.to_owned(),
            recheck: false,
            when: Vec::new(),
            method,
            to: To::Endpoint,
            query: Vec::new(),
            headers: Vec::new(),
            body,
            repeatable: false,
            success: vec![Rule::any_2xx()],
            duplicate: Vec::new(),
            capture: Vec::new(),
        }
    }
}

/// When a step runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// There is such a value.
    Present(Reference),
    /// There is none.
    Absent(Reference),
    /// There is none, or it is another text.
    Differs(Reference, String),
}

/// A request method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// The webhook's endpoint, as it is.
    #[default]
    Endpoint,
    /// The endpoint with this appended to its path. References in it are percent-encoded; the rest is sent as it is.
    Path(Text),
    /// An absolute URL. One that comes from a reference must have the scheme, host and port of the endpoint.
    Url(Text),
}

impl To {
    fn is_endpoint(&self) -> bool {
        *self == Self::Endpoint
    }
}

/// A request body and its content type.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// No body.
    #[default]
    None,
    /// The event's own body: it lies in the delivery beside the plan, once. `application/json`.
    Event,
    /// JSON text; a reference in it is written as the JSON value that was captured. `application/json`.
    Json(Text),
    /// JSON text sent as `application/x-www-form-urlencoded`, for a target whose clients do so.
    JsonAsForm(Text),
    /// Pairs, percent-encoded with `%20` for a space. `application/x-www-form-urlencoded`.
    Form(Vec<(String, Text)>),
}

impl Body {
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}
