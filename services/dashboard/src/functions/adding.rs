//! Adding webhooks.

use super::Functions;
use super::backfills::{NO_USE, start_date};
use super::checks::Checks;
use super::editing::apply;
use super::form::{self, Before, Form};
use super::webhooks::{ACTIVATION, with_secrets};
use crate::problem::Problem;
use crate::views::{NewWebhook, WebhookView};
use contract::catalogue::Connection;
use contract::id::{EntityId, WebhookId};
use contract::limits;
use contract::webhook::{Options, Rate, Status, Type, Webhook};
use store::{AddError, Secrets};

impl Functions {
    /// Adds a webhook. The answer is the only one that has its signing secret.
    pub async fn add_webhook(&self, new: NewWebhook) -> Result<WebhookView, Problem> {
        let mut checks = Checks::default();
        let kind = checks.word::<Type>("type", &new.kind);
        let entry = kind.and_then(Type::entry);
        let connection = entry.and_then(|entry| form::connection(&mut checks, entry, new.connection.as_deref()));
        let options = options(&mut checks, &new, connection);
        let backfill_from = new.backfill_from.as_deref().and_then(|day| start_date(&mut checks, "backfill_from", day));
        if backfill_from.is_some() && connection.is_some_and(|connection| !connection.backfill) {
            checks.wrong("backfill_from", NO_USE);
        }
        let credentials = checks.credentials(new.credentials);
        let filled = if let Some(connection) = connection {
            if !credentials.is_nothing() {
                form::no_credentials_beside(&mut checks, connection);
            }
            let form = Form { connection, endpoint: new.endpoint.as_deref(), given: &new.settings.0 };
            form::fill(&mut checks, &form, &Before::default(), &self.allow_networks)
        } else {
            // What can be told without the connection is told nevertheless.
            new.endpoint.as_ref().and_then(|text| checks.endpoint(text, &self.allow_networks));
            None
        };
        checks.finish()?;
        let (Some(kind), Some(connection), Some(filled)) = (kind, connection, filled) else {
            return Err(Problem::invalid(Vec::new()));
        };

        let now = runtime::clock::now();
        let mut webhook = Webhook {
            id: WebhookId::of_bits(uuid::Uuid::now_v7().as_u128()),
            version: 1,
            entity: EntityId(new.entity),
            kind,
            // By its name even if it is the first one: a later release may put another one before it.
            connection: Some(connection.id.clone()),
            settings: filled.settings,
            endpoint: filled.endpoint,
            status: Status::Draft,
            status_reason: None,
            options,
            created_at: now,
            updated_at: now,
            activated_at: None,
        };
        if new.activate {
            webhook.activate(now + ACTIVATION);
        }
        let origin = Some(webhook.endpoint.origin());
        let mut secrets = Secrets { fields: filled.given, origin, ..Secrets::generate(now) };
        apply(&mut secrets, &credentials);
        let mut added = self.store_new(&webhook, &secrets).await?;
        if !self.known_in_time(added.activated_at).await {
            let WebhookView { version, updated_at, activated_at, .. } =
                self.activate_after(&webhook.id, added.activated_at).await?;
            added = WebhookView { version, updated_at, activated_at, ..added };
        }
        let backfill = match backfill_from {
            Some(from) => Some(self.add_backfill(&self.find_webhook(&webhook.id).await?, from).await?.id),
            None => None,
        };
        Ok(WebhookView { backfill, warnings: filled.warnings, ..added })
    }

    async fn store_new(&self, webhook: &Webhook, secrets: &Secrets) -> Result<WebhookView, Problem> {
        match self.store.webhooks().add(webhook, secrets).await {
            Ok(()) => {}
            Err(AddError::Store(error)) => return Err(error.into()),
            Err(error @ AddError::Exists) => return Err(Problem::conflict(error.to_string())),
        }
        tracing::info!(webhook = %webhook.id, entity = %webhook.entity, "a webhook was added");
        let signing_secret = secrets.signing.first().map(|key| key.secret.expose().to_owned());
        Ok(WebhookView { signing_secret, ..with_secrets(webhook, secrets) })
    }
}

/// What was asked for, and what suits the connection for the rest.
fn options(checks: &mut Checks, new: &NewWebhook, connection: Option<&Connection>) -> Options {
    let defaults = Options::default();
    let rate = connection.map_or(defaults.rate_per_s, |connection| connection.rate_per_s);
    let in_flight = connection.map_or(defaults.in_flight, |connection| connection.in_flight);
    let options = Options {
        nickname: new.nickname.as_ref().and_then(|text| checks.name("nickname", text)),
        contact_email: new.contact_email.as_ref().and_then(|text| checks.email(text)),
        rate_per_s: new.rate_per_s.unwrap_or(rate),
        in_flight: new.in_flight.unwrap_or(in_flight),
        all_managed_pages: new.all_managed_pages,
        declined: new.declined,
        signing: new.signing.as_ref().and_then(|word| checks.word("signing", word)).unwrap_or_default(),
    };
    ranges(checks, options.rate_per_s, options.in_flight);
    options
}

/// Checks what a person can set of the pace.
pub(super) fn ranges(checks: &mut Checks, rate_per_s: Rate, in_flight: u32) {
    if rate_per_s < Rate::SLOWEST {
        checks.wrong("rate_per_s", "must be at least 0.001");
    }
    checks.within("in_flight", in_flight, limits::WEBHOOK_IN_FLIGHT_MAX);
}
