//! Problem documents (RFC 9457): every error of the API, with the fields that are wrong.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::backfills::ChangeError as BackfillChange;
use utoipa::ToSchema;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The HTTP status in words.
    pub title: String,
    /// What happened and what to do.
    pub detail: String,
    /// What is wrong with which field of the request; all of them at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field, `credentials.headers[0].name`.
    pub field: String,
    /// What is wrong with it and how to put it right.
    pub message: String,
}

impl FieldError {
    /// `message` says what is wrong with `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl Problem {
    /// A problem with this status.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Self { status: status.as_u16(), title, detail: detail.into(), errors: Vec::new() }
    }

    /// A request whose fields are wrong.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match &errors[..] {
            [one] => format!("{}: {}", one.field, one.message),
            more => format!("{} fields are wrong", more.len()),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// Something that does not exist.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    /// Something that can't be done in this state.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        if error.is_unavailable() {
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "the store is not available: try again");
        }
        tracing::error!(%error, "the store failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<feed::Error> for Problem {
    fn from(error: feed::Error) -> Self {
        match error {
            feed::Error::Broker(error) => error.into(),
            feed::Error::Store(error) | feed::Error::Change(BackfillChange::Store(error)) => error.into(),
            feed::Error::Change(BackfillChange::NotFound) => Self::not_found("backfill"),
            feed::Error::Change(BackfillChange::Refused(refusal)) => Self::conflict(refusal.to_string()),
            error @ feed::Error::Envelope(_) => {
                tracing::error!(%error, "an event of a backfill can't be sent");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            }
        }
    }
}

impl From<broker::Error> for Problem {
    fn from(error: broker::Error) -> Self {
        match error {
            broker::Error::Unavailable { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "the broker is not available: try again")
            }
            error => {
                tracing::error!(%error, "the broker failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            }
        }
    }
}

impl From<store::ChangeError<Self>> for Problem {
    fn from(error: store::ChangeError<Self>) -> Self {
        match error {
            store::ChangeError::Store(error) => error.into(),
            store::ChangeError::NotFound => Self::not_found("webhook"),
            store::ChangeError::Refused(problem) => problem,
        }
    }
}
