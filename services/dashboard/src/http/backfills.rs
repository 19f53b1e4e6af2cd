//! Handlers of backfills and of the history that they send.

use super::handlers::{Answer, Desk};
use super::input::{Body, Id, Parameters};
use crate::functions::Lines;
use crate::problem::Problem;
use crate::views::{
    BackfillFilter, BackfillList, BackfillView, Cancellation, CountedHistory, FinishedSource, HistoryFilter,
    NewBackfill, PreviewFilter, Runner, StartedBackfill, TakenEvents,
};
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use bytes::Bytes;
use contract::id::{BackfillId, WebhookId};
use contract::limits;
use futures_util::TryStreamExt;

/// List backfills, newest first.
#[utoipa::path(get, path = "/api/v1/backfills", tag = "backfills", params(BackfillFilter),
    responses((status = 200, description = "The backfills", body = BackfillList)))]
pub(super) async fn list_backfills(State(desk): Desk, filter: Parameters<BackfillFilter>) -> Answer<BackfillList> {
    desk.backfills(&filter.0).await.map(Json)
}

/// Show a backfill and how it gets on.
#[utoipa::path(get, path = "/api/v1/backfills/{id}", tag = "backfills", params(("id" = String, Path)),
    responses((status = 200, description = "The backfill", body = BackfillView)))]
pub(super) async fn show_backfill(State(desk): Desk, id: Id<BackfillId>) -> Answer<BackfillView> {
    desk.backfill(&id.0).await.map(Json)
}

/// Request the past events of a webhook, from a day until its activation.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/backfills", tag = "backfills", params(("id" = String, Path)),
    request_body = NewBackfill,
    responses((status = 201, description = "The backfill", body = BackfillView)))]
pub(super) async fn request_backfill(
    State(desk): Desk,
    id: Id<WebhookId>,
    new: Body<NewBackfill>,
) -> Result<(StatusCode, Json<BackfillView>), Problem> {
    Ok((StatusCode::CREATED, Json(desk.request_backfill(&id.0, &new.0).await?)))
}

/// Set another start date, as long as the backfill has not run.
#[utoipa::path(patch, path = "/api/v1/backfills/{id}", tag = "backfills", params(("id" = String, Path)),
    request_body = NewBackfill,
    responses((status = 200, description = "The backfill", body = BackfillView),
        (status = 409, description = "It has run", body = Problem)))]
pub(super) async fn move_backfill(
    State(desk): Desk,
    id: Id<BackfillId>,
    new: Body<NewBackfill>,
) -> Answer<BackfillView> {
    desk.move_backfill(&id.0, &new.0).await.map(Json)
}

/// Send what the history holds, or begin to send what files hold.
#[utoipa::path(post, path = "/api/v1/backfills/{id}/run", tag = "backfills", params(("id" = String, Path)),
    request_body = StartedBackfill,
    responses((status = 200, description = "The backfill", body = BackfillView),
        (status = 409, description = "It can't be started", body = Problem)))]
pub(super) async fn run_backfill(
    State(desk): Desk,
    id: Id<BackfillId>,
    how: Body<StartedBackfill>,
) -> Answer<BackfillView> {
    desk.run_backfill(&id.0, &how.0).await.map(Json)
}

/// Pause a backfill.
#[utoipa::path(post, path = "/api/v1/backfills/{id}/pause", tag = "backfills", params(("id" = String, Path)),
    responses((status = 200, description = "The backfill", body = BackfillView),
        (status = 409, description = "It does not run", body = Problem)))]
pub(super) async fn pause_backfill(State(desk): Desk, id: Id<BackfillId>) -> Answer<BackfillView> {
    desk.pause_backfill(&id.0).await.map(Json)
}

/// Let a paused backfill go on.
#[utoipa::path(post, path = "/api/v1/backfills/{id}/resume", tag = "backfills", params(("id" = String, Path)),
    responses((status = 200, description = "The backfill", body = BackfillView),
        (status = 409, description = "It is not paused", body = Problem)))]
pub(super) async fn resume_backfill(State(desk): Desk, id: Id<BackfillId>) -> Answer<BackfillView> {
    desk.resume_backfill(&id.0).await.map(Json)
}

/// End a backfill for good.
#[utoipa::path(post, path = "/api/v1/backfills/{id}/cancel", tag = "backfills", params(("id" = String, Path)),
    request_body = Cancellation,
    responses((status = 200, description = "The backfill", body = BackfillView),
        (status = 409, description = "It has ended", body = Problem)))]
pub(super) async fn cancel_backfill(
    State(desk): Desk,
    id: Id<BackfillId>,
    how: Body<Cancellation>,
) -> Answer<BackfillView> {
    desk.cancel_backfill(&id.0, &how.0).await.map(Json)
}

/// Count what a backfill would send of the history: a line a second, of which the last one has it all.
#[utoipa::path(get, path = "/api/v1/backfills/{id}/preview", tag = "backfills",
    params(("id" = String, Path), PreviewFilter),
    responses((status = 200, description = "Lines of JSON", content_type = "application/x-ndjson",
        body = CountedHistory)))]
pub(super) async fn preview_backfill(
    State(desk): Desk,
    id: Id<BackfillId>,
    filter: Parameters<PreviewFilter>,
) -> Result<Response, Problem> {
    desk.preview_backfill(&id.0, &filter.0).await.map(lines)
}

/// Send messages of files to a running backfill: at most 500 lines, as ingest takes them.
#[utoipa::path(post, path = "/api/v1/backfills/{id}/events", tag = "backfills", params(("id" = String, Path), Runner),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, description = "What became of them", body = TakenEvents),
        (status = 409, description = "It was not started from files, or by another runner", body = Problem)))]
pub(super) async fn take_events(
    State(desk): Desk,
    id: Id<BackfillId>,
    runner: Parameters<Runner>,
    messages: Messages,
) -> Answer<TakenEvents> {
    desk.take_events(&id.0, &runner.0.runner, &messages.0).await.map(Json)
}

/// End a backfill of files once nothing of it is on its way; to be asked until it has ended.
#[utoipa::path(post, path = "/api/v1/backfills/{id}/finish", tag = "backfills", params(("id" = String, Path)),
    request_body = FinishedSource,
    responses((status = 200, description = "The backfill", body = BackfillView),
        (status = 409, description = "It was not started from files, or by another runner", body = Problem)))]
pub(super) async fn finish_source(
    State(desk): Desk,
    id: Id<BackfillId>,
    source: Body<FinishedSource>,
) -> Answer<BackfillView> {
    desk.finish_source(&id.0, &source.0).await.map(Json)
}

/// Count an entity's events in the history: a line a second, of which the last one has it all.
#[utoipa::path(get, path = "/api/v1/history/count", tag = "backfills", params(HistoryFilter),
    responses((status = 200, description = "Lines of JSON", content_type = "application/x-ndjson",
        body = CountedHistory)))]
pub(super) async fn count_history(State(desk): Desk, filter: Parameters<HistoryFilter>) -> Result<Response, Problem> {
    desk.count_history(&filter.0).await.map(lines)
}

/// An entity's events in the history, each as a message that ingest and backfills take.
#[utoipa::path(get, path = "/api/v1/history/export", tag = "backfills", params(HistoryFilter),
    responses((status = 200, description = "Lines of JSON", content_type = "application/x-ndjson", body = String)))]
pub(super) async fn export_history(State(desk): Desk, filter: Parameters<HistoryFilter>) -> Result<Response, Problem> {
    desk.export_history(&filter.0).await.map(lines)
}

/// The body of [`take_events`], which may be longer than that of other requests.
pub(super) struct Messages(Bytes);

impl<S: Send + Sync> FromRequest<S> for Messages {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let most = limits::BACKFILL_UPLOAD_BYTES + limits::UPSTREAM_MESSAGE_BYTES;
        let read = axum::body::to_bytes(request.into_body(), most).await;
        read.map(Self).map_err(|_| {
            let detail = format!("the body can't be read, or is longer than {most} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        })
    }
}

fn lines(lines: Lines) -> Response {
    let lines = lines.map_err(|problem| std::io::Error::other(problem.detail));
    let head = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (head, axum::body::Body::from_stream(lines)).into_response()
}
