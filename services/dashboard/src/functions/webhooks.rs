//! Adding, showing, changing and switching webhooks.

use super::Functions;
use super::checks::{Checked, Checks};
use crate::problem::Problem;
use crate::views::{
    CredentialsView, NewWebhook, RotatedSecret, Rotation, WebhookChange, WebhookFilter, WebhookList, WebhookView,
};
use axum::http::StatusCode;
use contract::id::{EntityId, WebhookId};
use contract::limits;
use contract::signature::SigningSecret;
use contract::webhook::{Options, Rate, Signing, Status, Type, Webhook};
use jiff::SignedDuration;
use store::{AddError, Authorization, Filter, Secrets};

impl Functions {
    /// All webhooks that pass the filter.
    pub async fn webhooks(&self, filter: &WebhookFilter) -> Result<WebhookList, Problem> {
        let mut checks = Checks::default();
        let status = filter.status.as_deref().and_then(|word| checks.word("status", word));
        checks.finish()?;
        let filter = Filter { entity: filter.entity.map(EntityId), status };
        let found = self.store.webhooks().list(filter, None, usize::MAX).await?;
        Ok(WebhookList { webhooks: found.iter().map(view).collect() })
    }

    /// One webhook, with what kind of credentials it has.
    pub async fn webhook(&self, id: &WebhookId) -> Result<WebhookView, Problem> {
        let webhook = self.store.webhooks().get(id).await?.ok_or_else(|| Problem::not_found("webhook"))?;
        self.whole_view(&webhook).await
    }

    /// Adds a webhook. The answer is the only one that has its signing secret.
    pub async fn add_webhook(&self, new: NewWebhook) -> Result<WebhookView, Problem> {
        let mut checks = Checks::default();
        let kind = checks.word::<Type>("type", &new.kind);
        let endpoint = checks.endpoint(&new.endpoint, &self.allow_networks);
        let defaults = Options::default();
        let usual = kind.and_then(Type::entry).and_then(|entry| entry.connections.first());
        let options = Options {
            nickname: new.nickname.and_then(|text| checks.name("nickname", &text)),
            contact_email: new.contact_email.and_then(|text| checks.email(&text)),
            rate_per_s: new.rate_per_s.or(usual.map(|usual| usual.rate_per_s)).unwrap_or(defaults.rate_per_s),
            in_flight: new.in_flight.or(usual.map(|usual| usual.in_flight)).unwrap_or(defaults.in_flight),
            all_managed_pages: new.all_managed_pages,
            declined: new.declined,
            signing: new.signing.and_then(|word| checks.word("signing", &word)).unwrap_or_default(),
        };
        ranges(&mut checks, &options);
        let credentials = checks.credentials(new.credentials);
        checks.finish()?;
        let (Some(kind), Some(endpoint)) = (kind, endpoint) else { return Err(Problem::invalid(Vec::new())) };

        let now = runtime::clock::now();
        let mut webhook = Webhook {
            id: WebhookId::of_bits(uuid::Uuid::now_v7().as_u128()),
            version: 1,
            entity: EntityId(new.entity),
            kind,
            endpoint,
            status: Status::Draft,
            status_reason: None,
            options,
            created_at: now,
            updated_at: now,
            activated_at: None,
        };
        if new.activate {
            webhook.activate(now);
        }
        let mut secrets = Secrets { origin: Some(webhook.endpoint.origin()), ..Secrets::generate(now) };
        apply(&mut secrets, &credentials);
        let signing_secret = secrets.signing.first().map(|key| key.secret.expose().to_owned());
        match self.store.webhooks().add(&webhook, &secrets).await {
            Ok(()) => {}
            Err(AddError::Store(error)) => return Err(error.into()),
            Err(error @ AddError::Exists) => return Err(Problem::conflict(error.to_string())),
        }
        tracing::info!(webhook = %webhook.id, entity = %webhook.entity, "a webhook was added");
        Ok(WebhookView { signing_secret, credentials: Some(credentials_view(&secrets)), ..view(&webhook) })
    }

    /// Changes a webhook. Deliveries that wait for a retry use what is set now. Stored credentials never follow
    /// an endpoint to another origin: whoever can only change a webhook could read them there.
    pub async fn change_webhook(&self, id: &WebhookId, change: WebhookChange) -> Result<WebhookView, Problem> {
        let WebhookChange { endpoint, nickname, contact_email, credentials, .. } = &change;
        let mut checks = Checks::default();
        let endpoint = endpoint.as_ref().and_then(|text| checks.endpoint(text, &self.allow_networks));
        let nickname = nickname.as_ref().map(|set| set.as_ref().and_then(|text| checks.name("nickname", text)));
        let contact_email = contact_email.as_ref().map(|set| set.as_ref().and_then(|text| checks.email(text)));
        let signing = change.signing.as_ref().and_then(|word| checks.word::<Signing>("signing", word));
        let credentials = checks.credentials(credentials.clone());
        let in_range = Options {
            rate_per_s: change.rate_per_s.unwrap_or(Rate::SLOWEST),
            in_flight: change.in_flight.unwrap_or(1),
            ..Options::default()
        };
        ranges(&mut checks, &in_range);
        checks.finish()?;

        let edit = |webhook: &mut Webhook| {
            let options = &mut webhook.options;
            set(&mut webhook.endpoint, endpoint.as_ref());
            set(&mut options.nickname, nickname.as_ref());
            set(&mut options.contact_email, contact_email.as_ref());
            set(&mut options.rate_per_s, change.rate_per_s.as_ref());
            set(&mut options.in_flight, change.in_flight.as_ref());
            set(&mut options.all_managed_pages, change.all_managed_pages.as_ref());
            set(&mut options.declined, change.declined.as_ref());
            set(&mut options.signing, signing.as_ref());
        };
        if endpoint.is_none() && credentials.authorization.is_none() && credentials.headers.is_none() {
            let changed = self.store.webhooks().change(id, |webhook| {
                edit(webhook);
                Ok::<(), Problem>(())
            });
            return self.whole_view(&changed.await.map_err(Problem::from)?).await;
        }
        // In one write: an endpoint without the credentials for it would make its deliveries wait.
        let changed = self.store.webhooks().change_with_secrets(id, |webhook, secrets| {
            let from = webhook.endpoint.origin();
            edit(webhook);
            let to = webhook.endpoint.origin();
            stay(secrets, &credentials, &from, &to)?;
            merge(secrets, &credentials)?;
            secrets.origin = Some(to);
            Ok::<(), Problem>(())
        });
        let (webhook, secrets) = changed.await.map_err(Problem::from)?;
        Ok(WebhookView { credentials: Some(credentials_view(&secrets)), ..view(&webhook) })
    }

    /// Switches a webhook on. Events from now on are its.
    pub async fn activate(&self, id: &WebhookId) -> Result<WebhookView, Problem> {
        // The clock is read for each try to write: an instant from before a lost race could lie before
        // events that were seen while the webhook was off.
        self.switch(id, |webhook| webhook.activate(runtime::clock::now())).await
    }

    /// Switches a webhook off. What is on its way to it becomes undelivered.
    pub async fn deactivate(&self, id: &WebhookId) -> Result<WebhookView, Problem> {
        self.switch(id, |webhook| webhook.deactivate(None)).await
    }

    async fn switch(&self, id: &WebhookId, how: impl Fn(&mut Webhook) + Send + Sync) -> Result<WebhookView, Problem> {
        let changed = self.store.webhooks().change(id, |webhook| {
            how(webhook);
            Ok::<(), Problem>(())
        });
        let webhook = changed.await.map_err(Problem::from)?;
        tracing::info!(webhook = %webhook.id, status = webhook.status.name(), "a webhook was switched");
        self.whole_view(&webhook).await
    }

    /// Makes a new signing secret and shows it this once.
    pub async fn rotate_secret(&self, id: &WebhookId, rotation: &Rotation) -> Result<RotatedSecret, Problem> {
        let now = runtime::clock::now();
        let new = SigningSecret::of_bytes(rand::random());
        let changed = self.store.credentials().change(id, |secrets| {
            secrets.rotate(now, new.clone(), !rotation.now);
            Ok::<(), Problem>(())
        });
        changed.await.map_err(Problem::from)?;
        tracing::info!(webhook = %id, "a signing secret was replaced");
        let overlap = SignedDuration::from_secs(limits::ROTATION_OVERLAP_S.cast_signed());
        let old_until = if rotation.now { None } else { now.checked_add(overlap).ok() };
        Ok(RotatedSecret { signing_secret: new.expose().to_owned(), old_until })
    }

    async fn whole_view(&self, webhook: &Webhook) -> Result<WebhookView, Problem> {
        let secrets = self.store.credentials().get(&webhook.id).await?;
        Ok(WebhookView { credentials: secrets.as_ref().map(credentials_view), ..view(webhook) })
    }

    /// The webhook itself, for functions that need more than its view.
    pub(super) async fn find_webhook(&self, id: &WebhookId) -> Result<Webhook, Problem> {
        self.store.webhooks().get(id).await?.ok_or_else(|| Problem::not_found("webhook"))
    }

    /// The webhook, if it is active: nothing that is replayed to another one would arrive.
    pub(super) async fn find_active(&self, id: &WebhookId) -> Result<Webhook, Problem> {
        let webhook = self.find_webhook(id).await?;
        if webhook.status == Status::Active {
            return Ok(webhook);
        }
        Err(Problem::new(StatusCode::CONFLICT, format!("webhook {id} is not active: activate it first")))
    }
}

fn set<T: Clone>(place: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        place.clone_from(value);
    }
}

fn apply(secrets: &mut Secrets, credentials: &Checked) {
    set(&mut secrets.authorization, credentials.authorization.as_ref());
    set(&mut secrets.headers, credentials.headers.as_ref());
}

/// Refuses to let what is stored for one origin go to another: each part of it has to be given anew.
fn stay(secrets: &Secrets, credentials: &Checked, from: &str, to: &str) -> Result<(), Problem> {
    let authorization = credentials.authorization.is_none() && !matches!(secrets.authorization, Authorization::None);
    let headers = credentials.headers.is_none() && !secrets.headers.is_empty();
    if secrets.origin.as_deref().unwrap_or(from) == to || !(authorization || headers) {
        return Ok(());
    }
    let mut checks = Checks::default();
    let parts = match (authorization, headers) {
        (true, true) => "authorization and headers",
        (true, false) => "authorization",
        _ => "headers",
    };
    checks.wrong("credentials", format!("belong to another scheme, host or port: give {parts} anew, or none of them"));
    checks.finish()
}

/// Like [`apply`], for secrets of which only a part is replaced: the two parts must go together.
fn merge(secrets: &mut Secrets, credentials: &Checked) -> Result<(), Problem> {
    apply(secrets, credentials);
    let authorized = !matches!(secrets.authorization, Authorization::None);
    let own = secrets.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if authorized && own {
        let mut checks = Checks::default();
        checks.wrong("credentials.headers", "has an authorization header beside a user name or token: remove one");
        return checks.finish();
    }
    Ok(())
}

fn ranges(checks: &mut Checks, options: &Options) {
    if options.rate_per_s < Rate::SLOWEST {
        checks.wrong("rate_per_s", "must be at least 0.001");
    }
    checks.within("in_flight", options.in_flight, limits::WEBHOOK_IN_FLIGHT_MAX);
}

fn credentials_view(secrets: &Secrets) -> CredentialsView {
    let authorization = match secrets.authorization {
        Authorization::None => "none",
        Authorization::Basic { .. } => "basic",
        Authorization::Bearer { .. } => "bearer",
    };
    let headers = secrets.headers.iter().map(|(name, _)| name.clone()).collect();
    CredentialsView { authorization: authorization.to_owned(), headers }
}

fn view(webhook: &Webhook) -> WebhookView {
    let Options { nickname, contact_email, rate_per_s, in_flight, all_managed_pages, declined, signing } =
        webhook.options.clone();
    WebhookView {
        id: webhook.id.to_string(),
        version: webhook.version,
        entity: webhook.entity.0,
        kind: webhook.kind.name().to_owned(),
        endpoint: webhook.endpoint.as_str().to_owned(),
        status: webhook.status.name().to_owned(),
        status_reason: webhook.status_reason.clone(),
        nickname,
        contact_email,
        rate_per_s,
        in_flight,
        all_managed_pages,
        declined,
        signing: signing.name().to_owned(),
        created_at: webhook.created_at,
        updated_at: webhook.updated_at,
        activated_at: webhook.activated_at,
        credentials: None,
        signing_secret: None,
    }
}
