//! What a receiver writes down.

use bytes::Bytes;
use std::time::Instant;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// `POST`
    pub method: String,
    /// The path with its query string, byte for byte.
    pub path: String,
    /// Names in lower case, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
    /// When its last byte was read.
    pub at: Instant,
    /// The status that it gets; none when the receiver misbehaves instead of answering.
    pub status: Option<u16>,
}

impl Request {
    /// The first header of this name, which must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `webhook-id`: the delivery's id.
    pub fn webhook_id(&self) -> Option<&str> {
        self.header("webhook-id")
    }

    /// The body as JSON; null when it is not.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether the receiver takes it for good.
    pub fn is_accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Who came when.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// `webhook-id`: the delivery's id.
    pub webhook_id: Option<String>,
    /// When the request's last byte was read.
    pub at: Instant,
    /// The status that it gets; none when the receiver misbehaves instead of answering.
    pub status: Option<u16>,
}
