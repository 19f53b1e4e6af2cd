//! Handlers of backfills.

use super::handlers::{Answer, Desk};
use super::input::{Body, Id, Parameters};
use crate::problem::Problem;
use crate::views::{BackfillFilter, BackfillList, BackfillView, Cancellation, NewBackfill, StartedBackfill};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use contract::id::{BackfillId, WebhookId};

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

/// Send what the history holds.
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
