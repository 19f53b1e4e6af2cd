//! The routes, as data.

use super::auth::{self, Tokens};
use super::{backfills as b, handlers as h, openapi};
use crate::functions::Functions;
use crate::problem::Problem;
use Verb::{Delete, Get, Patch, Post, Put};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{MethodFilter, MethodRouter, get, on};
use contract::limits;
use tower_http::catch_panic::CatchPanicLayer;

/// A request method that the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// A route that needs a token.
struct Route {
    verb: Verb,
    path: &'static str,
    /// Made for the verb when the router is built, so that the list is what is served.
    handler: Box<dyn FnOnce(MethodFilter) -> MethodRouter<Functions>>,
}

impl Verb {
    const fn filter(self) -> MethodFilter {
        match self {
            Get => MethodFilter::GET,
            Post => MethodFilter::POST,
            Put => MethodFilter::PUT,
            Patch => MethodFilter::PATCH,
            Delete => MethodFilter::DELETE,
        }
    }
}

fn route<H: Handler<T, Functions>, T: 'static>(verb: Verb, path: &'static str, handler: H) -> Route {
    Route { verb, path, handler: Box::new(move |filter| on(filter, handler)) }
}

fn routes() -> Vec<Route> {
    vec![
        route(Get, "/api/v1/types", h::list_types),
        route(Get, "/api/v1/types/{id}", h::show_type),
        route(Get, "/api/v1/webhooks", h::list_webhooks),
        route(Post, "/api/v1/webhooks", h::add_webhook),
        route(Get, "/api/v1/webhooks/{id}", h::show_webhook),
        route(Patch, "/api/v1/webhooks/{id}", h::change_webhook),
        route(Post, "/api/v1/webhooks/{id}/activate", h::activate_webhook),
        route(Post, "/api/v1/webhooks/{id}/deactivate", h::deactivate_webhook),
        route(Post, "/api/v1/webhooks/{id}/test", h::test_webhook),
        route(Post, "/api/v1/webhooks/{id}/secret/rotate", h::rotate_secret),
        route(Get, "/api/v1/webhooks/{id}/attempts", h::list_attempts),
        route(Get, "/api/v1/webhooks/{id}/undelivered", h::list_undelivered),
        route(Get, "/api/v1/webhooks/{id}/undelivered/count", h::count_undelivered),
        route(Post, "/api/v1/webhooks/{id}/undelivered/replay", h::replay_undelivered),
        route(Post, "/api/v1/webhooks/{id}/backfills", b::request_backfill),
        route(Get, "/api/v1/backfills", b::list_backfills),
        route(Get, "/api/v1/backfills/{id}", b::show_backfill),
        route(Patch, "/api/v1/backfills/{id}", b::move_backfill),
        route(Post, "/api/v1/backfills/{id}/run", b::run_backfill),
        route(Get, "/api/v1/backfills/{id}/preview", b::preview_backfill),
        route(Post, "/api/v1/backfills/{id}/events", b::take_events),
        route(Post, "/api/v1/backfills/{id}/finish", b::finish_source),
        route(Post, "/api/v1/backfills/{id}/pause", b::pause_backfill),
        route(Post, "/api/v1/backfills/{id}/resume", b::resume_backfill),
        route(Post, "/api/v1/backfills/{id}/cancel", b::cancel_backfill),
        route(Get, "/api/v1/history/count", b::count_history),
        route(Get, "/api/v1/history/export", b::export_history),
        route(Get, "/api/v1/entities/{id}", h::show_entity),
        route(Put, "/api/v1/entities/{id}", h::put_entity),
        route(Get, "/api/v1/parked", h::list_parked),
        route(Get, "/api/v1/parked/{id}", h::show_parked),
        route(Post, "/api/v1/parked/{id}/replay", h::replay_parked),
        route(Delete, "/api/v1/parked/{id}", h::drop_parked),
        route(Get, "/api/v1/rejected", h::list_rejected),
        route(Get, "/api/v1/queues", h::list_queues),
    ]
}

/// The whole API. Only the document needs no token.
pub(crate) fn router(functions: Functions, tokens: Tokens) -> Router {
    let guarded = routes()
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, (route.handler)(route.verb.filter())));
    guarded
        .layer(DefaultBodyLimit::max(limits::API_REQUEST_BYTES))
        .route_layer(from_fn_with_state(tokens, auth::require))
        .route("/api/openapi.json", get(|| async { Json(openapi::document()) }))
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method")
        })
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "there is no such path: see /api/openapi.json") })
        .with_state(functions)
        .layer(CatchPanicLayer::custom(panicked))
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a handler of the API panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the request failed; the log says more").into_response()
}

/// Method and path of every route that needs a token.
#[cfg(test)]
pub(super) fn targets() -> Vec<(String, &'static str)> {
    routes().iter().map(|route| (format!("{:?}", route.verb).to_uppercase(), route.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_and_the_routes_are_the_same_both_ways() {
        let routed: BTreeSet<_> =
            routes().iter().map(|route| (route.path.to_owned(), format!("{:?}", route.verb).to_lowercase())).collect();
        let document = serde_json::to_value(openapi::document()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let documented: BTreeSet<_> = paths
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().into_iter().flatten().map(|(verb, _)| (path.clone(), verb.clone()))
            })
            .collect();
        assert_eq!(routed, documented);
        assert_eq!(routes().len(), routed.len(), "no route is there twice");
    }

    #[test]
    fn every_schema_that_the_document_names_is_in_it() {
        let document = openapi::document();
        let text = serde_json::to_string(&document).expect("JSON");
        let schemas = document.components.expect("components").schemas;
        let named: BTreeSet<_> =
            text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(!named.is_empty());
        for name in named {
            assert!(schemas.contains_key(name), "{name}");
        }
    }
}
