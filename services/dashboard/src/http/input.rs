//! Reading requests, with problems that name the field.

use crate::problem::{FieldError, Problem};
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use bytes::Bytes;
use contract::limits;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// A JSON body. An empty one counts as `{}`.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let too_large = || {
            let detail = format!("the body is longer than {} bytes", limits::API_REQUEST_BYTES);
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        };
        let bytes = Bytes::from_request(request, state).await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => Problem::new(StatusCode::BAD_REQUEST, "the body can't be read"),
        })?;
        let text: &[u8] = if bytes.trim_ascii().is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| unreadable(&error))
    }
}

/// serde names the field; its text never quotes more than a word of the request, and a password that is no
/// text is not quoted because [`crate::views::Hidden`] takes texts only.
fn unreadable(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    match text.split('`').nth(1).filter(|_| error.is_data() && text.contains(" field `")) {
        Some(field) => Problem::invalid(vec![FieldError::new(field, text.clone())]),
        None => Problem::new(StatusCode::BAD_REQUEST, format!("the body is not what this request takes: {text}")),
    }
}

/// Parameters of the query.
pub(super) struct Parameters<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(parameters)| Self(parameters)).map_err(|error: QueryRejection| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                format!("the query is not what this request takes: {}", error.body_text()),
            )
        })
    }
}

/// The identifier in the path. One that can't exist does not exist.
pub(super) struct Id<T>(pub(super) T);

impl<S: Send + Sync, T: FromStr<Err: std::fmt::Display>> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let missing = |detail: String| Problem::new(StatusCode::NOT_FOUND, detail);
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|error| missing(error.body_text()))?;
        text.parse().map(Self).map_err(|error: T::Err| missing(error.to_string()))
    }
}
