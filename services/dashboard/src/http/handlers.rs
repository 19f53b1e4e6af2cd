//! One handler for each route; each calls one function.

use super::input::{Body, Id, Parameters};
use crate::functions::Functions;
use crate::problem::Problem;
use crate::views::{
    AttemptFilter, AttemptPage, EntityView, Limit, NewEntity, NewWebhook, QueueList, Replayed, RotatedSecret, Rotation,
    StoredList, StoredView, TestResult, TypeList, TypeView, UndeliveredCounts, UndeliveredFilter, UndeliveredList,
    WebhookChange, WebhookFilter, WebhookList, WebhookView,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use contract::id::{EntityId, WebhookId};

pub(super) type Answer<T> = Result<Json<T>, Problem>;
pub(super) type Desk = State<Functions>;

/// List the types of webhooks, with what they take, what is filled in for them and what they can't express.
#[utoipa::path(get, path = "/api/v1/types", tag = "types",
    responses((status = 200, description = "The types", body = TypeList)))]
pub(super) async fn list_types(State(desk): Desk) -> Json<TypeList> {
    Json(desk.types())
}

/// Show a type of webhook.
#[utoipa::path(get, path = "/api/v1/types/{id}", tag = "types", params(("id" = String, Path)),
    responses((status = 200, description = "The type", body = TypeView)))]
pub(super) async fn show_type(State(desk): Desk, id: Id<String>) -> Answer<TypeView> {
    desk.type_of(&id.0).map(Json)
}

/// List webhooks.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks", params(WebhookFilter),
    responses((status = 200, description = "The webhooks", body = WebhookList)))]
pub(super) async fn list_webhooks(State(desk): Desk, filter: Parameters<WebhookFilter>) -> Answer<WebhookList> {
    desk.webhooks(&filter.0).await.map(Json)
}

/// Add a webhook. The answer is the only one that has its signing secret.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses((status = 201, description = "The webhook and, this once, its signing secret", body = WebhookView)))]
pub(super) async fn add_webhook(
    State(desk): Desk,
    new: Body<NewWebhook>,
) -> Result<(StatusCode, Json<WebhookView>), Problem> {
    Ok((StatusCode::CREATED, Json(desk.add_webhook(new.0).await?)))
}

/// Show a webhook.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, description = "The webhook", body = WebhookView)))]
pub(super) async fn show_webhook(State(desk): Desk, id: Id<WebhookId>) -> Answer<WebhookView> {
    desk.webhook(&id.0).await.map(Json)
}

/// Change a webhook. What is absent stays as it is.
#[utoipa::path(patch, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    request_body = WebhookChange,
    responses((status = 200, description = "The webhook as it is now", body = WebhookView)))]
pub(super) async fn change_webhook(
    State(desk): Desk,
    id: Id<WebhookId>,
    change: Body<WebhookChange>,
) -> Answer<WebhookView> {
    desk.change_webhook(&id.0, change.0).await.map(Json)
}

/// Switch a webhook on. Events from now on are its.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/activate", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, description = "The webhook as it is now", body = WebhookView)))]
pub(super) async fn activate_webhook(State(desk): Desk, id: Id<WebhookId>) -> Answer<WebhookView> {
    desk.activate(&id.0).await.map(Json)
}

/// Switch a webhook off. What is on its way to it becomes undelivered.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/deactivate", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, description = "The webhook as it is now", body = WebhookView)))]
pub(super) async fn deactivate_webhook(State(desk): Desk, id: Id<WebhookId>) -> Answer<WebhookView> {
    desk.deactivate(&id.0).await.map(Json)
}

/// Send a fictional event of each kind that the webhook takes, whatever its status, and wait for the answers.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, description = "What the receiver said", body = TestResult),
        (status = 504, description = "The pipeline made no attempt in time", body = Problem)))]
pub(super) async fn test_webhook(State(desk): Desk, id: Id<WebhookId>) -> Answer<TestResult> {
    desk.test_webhook(&id.0).await.map(Json)
}

/// Make a new signing secret and show it this once.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/secret/rotate", tag = "webhooks",
    params(("id" = String, Path)), request_body = Rotation,
    responses((status = 200, description = "The new secret", body = RotatedSecret)))]
pub(super) async fn rotate_secret(
    State(desk): Desk,
    id: Id<WebhookId>,
    rotation: Body<Rotation>,
) -> Answer<RotatedSecret> {
    desk.rotate_secret(&id.0, &rotation.0).await.map(Json)
}

/// List the attempts of a webhook, oldest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/attempts", tag = "deliveries",
    params(("id" = String, Path), AttemptFilter),
    responses((status = 200, description = "Attempts and where to go on", body = AttemptPage)))]
pub(super) async fn list_attempts(
    State(desk): Desk,
    id: Id<WebhookId>,
    filter: Parameters<AttemptFilter>,
) -> Answer<AttemptPage> {
    desk.attempts(&id.0, &filter.0).await.map(Json)
}

/// List the undelivered deliveries of a webhook, oldest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/undelivered", tag = "deliveries",
    params(("id" = String, Path), UndeliveredFilter),
    responses((status = 200, description = "Deliveries that are kept for replay", body = UndeliveredList)))]
pub(super) async fn list_undelivered(
    State(desk): Desk,
    id: Id<WebhookId>,
    filter: Parameters<UndeliveredFilter>,
) -> Answer<UndeliveredList> {
    desk.undelivered(&id.0, &filter.0).await.map(Json)
}

/// Count the undelivered deliveries of a webhook that a replay would send.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/undelivered/count", tag = "deliveries",
    params(("id" = String, Path), UndeliveredFilter),
    responses((status = 200, description = "How many, by kind and reason", body = UndeliveredCounts)))]
pub(super) async fn count_undelivered(
    State(desk): Desk,
    id: Id<WebhookId>,
    filter: Parameters<UndeliveredFilter>,
) -> Answer<UndeliveredCounts> {
    desk.count_undelivered(&id.0, &filter.0).await.map(Json)
}

/// Send undelivered deliveries again, rendered anew, with all their tries.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/undelivered/replay", tag = "deliveries",
    params(("id" = String, Path)), request_body = UndeliveredFilter,
    responses((status = 200, description = "How many are on their way", body = Replayed),
        (status = 409, description = "The webhook is not active", body = Problem)))]
pub(super) async fn replay_undelivered(
    State(desk): Desk,
    id: Id<WebhookId>,
    filter: Body<UndeliveredFilter>,
) -> Answer<Replayed> {
    desk.replay_undelivered(&id.0, &filter.0).await.map(Json)
}

/// Show an entity.
#[utoipa::path(get, path = "/api/v1/entities/{id}", tag = "entities", params(("id" = u64, Path)),
    responses((status = 200, description = "The entity", body = EntityView)))]
pub(super) async fn show_entity(State(desk): Desk, id: Id<EntityId>) -> Answer<EntityView> {
    desk.entity(id.0).await.map(Json)
}

/// Add an entity or replace what is known of it.
#[utoipa::path(put, path = "/api/v1/entities/{id}", tag = "entities", params(("id" = u64, Path)),
    request_body = NewEntity,
    responses((status = 200, description = "The entity", body = EntityView)))]
pub(super) async fn put_entity(State(desk): Desk, id: Id<EntityId>, new: Body<NewEntity>) -> Answer<EntityView> {
    desk.put_entity(id.0, &new.0).await.map(Json)
}

/// List messages that the pipeline could not handle, oldest first.
#[utoipa::path(get, path = "/api/v1/parked", tag = "queues", params(Limit),
    responses((status = 200, description = "Parked messages without their bodies", body = StoredList)))]
pub(super) async fn list_parked(State(desk): Desk, limit: Parameters<Limit>) -> Answer<StoredList> {
    desk.parked(&limit.0).await.map(Json)
}

/// Show a parked message with its body, which can hold a donor's data.
#[utoipa::path(get, path = "/api/v1/parked/{id}", tag = "queues", params(("id" = String, Path)),
    responses((status = 200, description = "The message", body = StoredView)))]
pub(super) async fn show_parked(State(desk): Desk, id: Id<String>) -> Answer<StoredView> {
    desk.parked_message(&id.0).await.map(Json)
}

/// Put a parked message back on the queue that it was taken from.
#[utoipa::path(post, path = "/api/v1/parked/{id}/replay", tag = "queues", params(("id" = String, Path)),
    responses((status = 204, description = "It is on its way"),
        (status = 409, description = "It came from no queue of the pipeline", body = Problem)))]
pub(super) async fn replay_parked(State(desk): Desk, id: Id<String>) -> Result<StatusCode, Problem> {
    desk.replay_parked(&id.0).await.map(|()| StatusCode::NO_CONTENT)
}

/// Remove a parked message for good.
#[utoipa::path(delete, path = "/api/v1/parked/{id}", tag = "queues", params(("id" = String, Path)),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn drop_parked(State(desk): Desk, id: Id<String>) -> Result<StatusCode, Problem> {
    desk.drop_parked(&id.0).await.map(|()| StatusCode::NO_CONTENT)
}

/// List invalid upstream messages with every reason, oldest first.
#[utoipa::path(get, path = "/api/v1/rejected", tag = "queues", params(Limit),
    responses((status = 200, description = "Rejected messages without their bodies", body = StoredList)))]
pub(super) async fn list_rejected(State(desk): Desk, limit: Parameters<Limit>) -> Answer<StoredList> {
    desk.rejected(&limit.0).await.map(Json)
}

/// List all queues and how much lies on them.
#[utoipa::path(get, path = "/api/v1/queues", tag = "queues",
    responses((status = 200, description = "All queues, and undelivered ones that hold something", body = QueueList)))]
pub(super) async fn list_queues(State(desk): Desk) -> Answer<QueueList> {
    desk.queues().await.map(Json)
}
