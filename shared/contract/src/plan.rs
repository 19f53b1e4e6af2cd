//! A plan: the HTTP steps that make one delivery, as data and without credentials.
//!
//! A formatter makes it from an event and a webhook, the sender executes it. The endpoint is the webhook's
//! at send time; the plan only says what is appended to it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The steps of one delivery.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the webhook that it was made from. If it differs at send time, the formatter runs again.
    pub config_version: u64,
    /// Whether Standard Webhooks headers go with each request.
    pub signed: bool,
    /// At least one; they run in order and stop at the first that does not succeed.
    pub steps: Vec<Step>,
}

/// One request and what counts as its success.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the plan.
    pub name: String,
    /// The request method.
    pub method: Method,
    /// The request body, sent and signed byte for byte.
    pub body: Body,
    /// Which answers are a success.
    pub success: Success,
}

/// A request method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `POST`
    Post,
}

/// A request body and its content type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// The event's own body: it lies in the delivery beside the plan, once. Under `application/json`.
    Event,
    /// JSON text under `application/json`.
    Json(Box<RawValue>),
}

/// The success rule of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Success {
    /// Any 2xx; the answer's body is ignored.
    Any2xx,
}

/// Why a formatter makes no plan. It is recorded as an attempt that people can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPlan {
    /// The target can't express this kind of event.
    NotSupported,
    /// Declined or pending, and the webhook did not ask for declined contributions.
    NotApproved,
}

impl NoPlan {
    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotSupported => "not supported by this destination",
            Self::NotApproved => "the contribution is not approved",
        }
    }
}
