//! The OpenAPI document, generated from the handlers and views.

use super::{backfills, handlers};
use crate::problem::Problem;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response};
use utoipa::{Modify, OpenApi, ToSchema};

/// Every handler.
#[derive(OpenApi)]
#[openapi(
    info(title = "Tributary", description = "Webhooks, their attempts and the queues of a Tributary installation."),
    paths(
        handlers::list_types,
        handlers::show_type,
        handlers::list_webhooks,
        handlers::add_webhook,
        handlers::show_webhook,
        handlers::change_webhook,
        handlers::activate_webhook,
        handlers::deactivate_webhook,
        handlers::test_webhook,
        handlers::rotate_secret,
        handlers::list_attempts,
        handlers::list_undelivered,
        handlers::count_undelivered,
        handlers::replay_undelivered,
        backfills::request_backfill,
        backfills::list_backfills,
        backfills::show_backfill,
        backfills::move_backfill,
        backfills::run_backfill,
        backfills::preview_backfill,
        backfills::take_events,
        backfills::finish_source,
        backfills::count_history,
        backfills::export_history,
        backfills::pause_backfill,
        backfills::resume_backfill,
        backfills::cancel_backfill,
        handlers::show_entity,
        handlers::put_entity,
        handlers::list_parked,
        handlers::show_parked,
        handlers::replay_parked,
        handlers::drop_parked,
        handlers::list_rejected,
        handlers::list_queues,
    ),
    components(schemas(Problem)),
    modifiers(&Common)
)]
struct Document;

/// What holds for every operation: the bearer token and the form of errors.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        if let Some(components) = &mut document.components {
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
            components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        }
        document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
        let mut problem = Response::new("A problem document that names the fields that are wrong");
        let schema = Ref::from_schema_name(Problem::name());
        problem.content.insert("application/problem+json".to_owned(), RefOr::T(Content::new(Some(schema))));
        for path in document.paths.paths.values_mut() {
            let operations = [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
            for operation in operations.into_iter().flatten() {
                operation.responses.responses.insert("default".to_owned(), RefOr::T(problem.clone()));
            }
        }
    }
}

/// The document.
pub(super) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
