//! Reading requests, with problems that name the field.

use super::reading::{self, Wrong};
use crate::problem::{FieldError, Problem};
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use bytes::Bytes;
use contract::limits;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
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
        let document = serde_json::from_slice(text).map_err(|error| not_json(&error))?;
        reading::read(document).map(Self).map_err(|wrong| unreadable(&wrong))
    }
}

/// Where it stops being JSON, and nothing of what stands there.
fn not_json(error: &serde_json::Error) -> Problem {
    let how = match error.classify() {
        Category::Eof => "ends too early",
        Category::Syntax | Category::Data | Category::Io => "is not JSON",
    };
    let detail = format!("the body {how}: see line {}, column {}", error.line(), error.column());
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

fn unreadable(wrong: &Wrong) -> Problem {
    match wrong.field() {
        field if field.is_empty() => Problem::new(StatusCode::BAD_REQUEST, format!("the body {wrong}")),
        field => Problem::invalid(vec![FieldError::new(field, wrong.to_string())]),
    }
}

/// Parameters of the query.
pub(super) struct Parameters<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(parameters)| Self(parameters)).map_err(|_: QueryRejection| {
            let detail = "the query is not what this request takes: /api/openapi.json names its parameters";
            Problem::new(StatusCode::BAD_REQUEST, detail)
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
