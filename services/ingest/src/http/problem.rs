//! What is answered when a request can't be accepted: `application/problem+json` (RFC 9457).

use crate::accept::Receipt;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::limits;
use serde::Serialize;

/// Why a request was not accepted, or not all of it.
#[derive(Debug)]
pub(super) enum Problem {
    /// No or wrong credentials; the value of `WWW-Authenticate`.
    Unauthorized(&'static str),
    /// No such path.
    NotFound,
    /// Not a POST.
    Method,
    /// The body did not arrive in time.
    Slow,
    /// The connection broke inside the body.
    Broken,
    /// Nothing in the body.
    Empty,
    /// More bytes than this.
    TooLarge(usize),
    /// More documents than one request may have.
    TooManyLines,
    /// Some documents are wrong. The others are accepted.
    Invalid(Receipt),
    /// Broker or store is away.
    Away,
    /// A fault of this program.
    Fault,
}

#[derive(Debug, Serialize)]
struct Body {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    invalid: Option<Invalid>,
}

/// What was wrong, and what was accepted all the same.
#[derive(Debug, Serialize)]
struct Invalid {
    accepted: usize,
    duplicates: usize,
    events: usize,
    rejected: usize,
    errors: Vec<LineError>,
    /// Errors that are not listed.
    more: usize,
}

#[derive(Debug, Serialize)]
struct LineError {
    line: usize,
    path: String,
    expected: String,
}

impl Problem {
    /// Status, type and title.
    const fn sort(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Unauthorized(_) => {
                (StatusCode::UNAUTHORIZED, "urn:tributary:problem:unauthorized", "Credentials are missing or wrong")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "urn:tributary:problem:not-found", "There is nothing here"),
            Self::Method => {
                (StatusCode::METHOD_NOT_ALLOWED, "urn:tributary:problem:method", "Only POST is allowed here")
            }
            Self::Slow => {
                (StatusCode::REQUEST_TIMEOUT, "urn:tributary:problem:slow", "The body did not arrive in time")
            }
            Self::Broken => (StatusCode::BAD_REQUEST, "urn:tributary:problem:broken", "The body did not arrive whole"),
            Self::Empty => (StatusCode::BAD_REQUEST, "urn:tributary:problem:empty", "The body is empty"),
            Self::TooLarge(_) | Self::TooManyLines => {
                (StatusCode::PAYLOAD_TOO_LARGE, "urn:tributary:problem:too-large", "The request is too large")
            }
            Self::Invalid(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "urn:tributary:problem:invalid", "Some documents are not valid")
            }
            Self::Away => {
                (StatusCode::SERVICE_UNAVAILABLE, "urn:tributary:problem:unavailable", "Nothing can be accepted now")
            }
            Self::Fault => {
                (StatusCode::INTERNAL_SERVER_ERROR, "urn:tributary:problem:fault", "This program has a fault")
            }
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Unauthorized(_) => "send an Authorization header with a token of ingest.tokens".to_owned(),
            Self::NotFound => "publish to /v1/events or /v1/actblue".to_owned(),
            Self::Method => "send the documents with POST".to_owned(),
            Self::Slow => format!("a body must arrive within {} s", limits::REQUEST_READ_MS / 1_000),
            Self::Broken => "send the request again".to_owned(),
            Self::Empty => "send one JSON document, or several on lines of their own".to_owned(),
            Self::TooLarge(most) => format!("a body here may have {most} bytes; send several requests"),
            Self::TooManyLines => {
                format!("a request may have {} documents; send several requests", limits::NDJSON_LINES)
            }
            Self::Invalid(receipt) => format!(
                "{} put aside with every reason; everything else is accepted, so after a correction the whole \
                 request can be sent again",
                if receipt.rejected.len() == 1 {
                    "one document was".into()
                } else {
                    format!("{} documents were", receipt.rejected.len())
                }
            ),
            Self::Away => {
                "send the same request again after the time that Retry-After tells; nothing is lost".to_owned()
            }
            Self::Fault => "the log of this program tells more".to_owned(),
        }
    }
}

impl From<Receipt> for Invalid {
    fn from(receipt: Receipt) -> Self {
        let Receipt { accepted, duplicates, rejected: documents } = receipt;
        let rejected = documents.len();
        let all: usize = documents.iter().map(|(_, rejection)| rejection.reasons.len() + rejection.more).sum();
        let errors: Vec<_> = documents
            .into_iter()
            .flat_map(|(line, rejection)| rejection.reasons.into_iter().map(move |reason| (line, reason)))
            .map(|(line, reason)| LineError { line, path: reason.path, expected: reason.expected })
            .take(limits::PROBLEM_ERRORS)
            .collect();
        Self { accepted, duplicates, events: accepted + duplicates, rejected, more: all - errors.len(), errors }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind, title) = self.sort();
        let detail = self.detail();
        let header = match &self {
            Self::Unauthorized(challenge) => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))),
            Self::Method => Some((header::ALLOW, HeaderValue::from_static("POST"))),
            Self::Away => Some((header::RETRY_AFTER, HeaderValue::from(limits::INGEST_RETRY_AFTER_S))),
            _ => None,
        };
        let invalid = if let Self::Invalid(receipt) = self { Some(receipt.into()) } else { None };
        let body = Body { kind, title, status: status.as_u16(), detail, invalid };
        // Texts and numbers always have a JSON form.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
