//! The HTTP entrances: `POST /v1/events` and `POST /v1/actblue`.

mod problem;

use crate::accept::{self, Acceptance, Error, Receipt};
use crate::credential::Credentials;
use crate::telemetry::{self, Entrance};
use crate::trace::Entered;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use bytes::{Bytes, BytesMut};
use contract::{limits, upstream};
use futures_util::StreamExt;
use problem::Problem;
use runtime::clock;
use serde::Serialize;
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

/// What every request needs. Cheap to clone.
#[derive(Clone)]
struct Entrances {
    acceptance: Acceptance,
    credentials: Credentials,
    /// One permit a KiB of the bodies that are held.
    room: Arc<Semaphore>,
}

/// The answer when everything was good.
#[derive(Debug, Serialize)]
struct Counts {
    /// Events that are new and now on their way.
    accepted: usize,
    /// Events that were accepted before and were dropped.
    duplicates: usize,
    /// Events in the request: one for each line item.
    events: usize,
}

/// The routes, with the answers for what is none.
pub(crate) fn routes(acceptance: Acceptance, credentials: Credentials) -> axum::Router {
    let room = Arc::new(Semaphore::new(limits::INGEST_BODIES_BYTES / KIB));
    axum::Router::new()
        .route("/v1/events", post(events))
        .route("/v1/actblue", post(actblue))
        .fallback(|| async { Problem::NotFound })
        .method_not_allowed_fallback(|| async { Problem::Method })
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(Entrances { acceptance, credentials, room })
}

const KIB: usize = 1024;

/// What it panicked with is not told: it could hold a part of the request.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    telemetry::panicked();
    Problem::Fault.into_response()
}

async fn events(State(entrances): State<Entrances>, request: Request) -> Result<Response, Problem> {
    let began = Instant::now();
    if !authorization(request.headers()).is_some_and(|given| entrances.credentials.bearer(given)) {
        return Err(Problem::Unauthorized("Bearer realm=\"tributary\""));
    }
    let trace = trace_of(request.headers());
    let _room = entrances.room(request.headers(), limits::NDJSON_REQUEST_BYTES).await?;
    let body = read(request, limits::NDJSON_REQUEST_BYTES).await?;
    // Counted before the first is accepted, so that a request that is too long changes nothing.
    if upstream::documents(&body).take(limits::NDJSON_LINES + 1).count() > limits::NDJSON_LINES {
        return Err(Problem::TooManyLines);
    }
    let now = clock::now();
    let documents = accept::native(&body, now);
    let receipt = entrances.acceptance.accept(Entrance::Events, documents, trace.traceparent(), now).await;
    telemetry::entered(&trace, began, &receipt);
    answer(receipt)
}

async fn actblue(State(entrances): State<Entrances>, request: Request) -> Result<Response, Problem> {
    let began = Instant::now();
    if !authorization(request.headers()).is_some_and(|given| entrances.credentials.basic(given)) {
        return Err(Problem::Unauthorized("Basic realm=\"tributary\", charset=\"UTF-8\""));
    }
    let trace = trace_of(request.headers());
    let _room = entrances.room(request.headers(), limits::UPSTREAM_MESSAGE_BYTES).await?;
    let body = read(request, limits::UPSTREAM_MESSAGE_BYTES).await?;
    let now = clock::now();
    let document = std::iter::once(accept::bare(&body, now));
    let receipt = entrances.acceptance.accept(Entrance::Actblue, document, trace.traceparent(), now).await;
    telemetry::entered(&trace, began, &receipt);
    answer(receipt)
}

impl Entrances {
    /// Waits until the request's body can be held. One that does not tell its length takes the most.
    async fn room(&self, headers: &HeaderMap, most: usize) -> Result<impl Drop + use<>, Problem> {
        let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if told.is_some_and(|told| told > most) {
            return Err(Problem::TooLarge(most));
        }
        let kib = told.unwrap_or(most).div_ceil(KIB);
        let permits = u32::try_from(kib).map_err(|_| Problem::TooLarge(most))?;
        Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| Problem::Fault)
    }
}

async fn read(request: Request, most: usize) -> Result<Bytes, Problem> {
    let within = Duration::from_millis(limits::REQUEST_READ_MS);
    let body = tokio::time::timeout(within, collect(request.into_body(), most)).await.map_err(|_| Problem::Slow)??;
    if body.trim_ascii().is_empty() { Err(Problem::Empty) } else { Ok(body) }
}

async fn collect(body: Body, most: usize) -> Result<Bytes, Problem> {
    let mut collected = BytesMut::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::Broken)?;
        if collected.len() + chunk.len() > most {
            return Err(Problem::TooLarge(most));
        }
        collected.extend_from_slice(&chunk);
    }
    Ok(collected.freeze())
}

fn authorization(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(header::AUTHORIZATION).map(header::HeaderValue::as_bytes)
}

fn trace_of(headers: &HeaderMap) -> Entered {
    Entered::of(headers.get("traceparent").and_then(|given| given.to_str().ok()))
}

fn answer(receipt: Result<Receipt, Error>) -> Result<Response, Problem> {
    let receipt = receipt.map_err(|error| match error {
        Error::Store(error) if !error.is_unavailable() => {
            tracing::error!(error = &error as &dyn std::error::Error, "what the store holds can't be read");
            Problem::Fault
        }
        Error::Broker(_) | Error::Store(_) | Error::Busy(_) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a request was turned away");
            Problem::Away
        }
        Error::Envelope(_) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a request can't be answered");
            Problem::Fault
        }
    })?;
    if !receipt.rejected.is_empty() {
        return Err(Problem::Invalid(receipt));
    }
    let Receipt { accepted, duplicates, .. } = receipt;
    let answer = Counts { accepted, duplicates, events: accepted + duplicates };
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

#[cfg(test)]
mod tests;
