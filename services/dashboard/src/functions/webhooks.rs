//! Showing and switching webhooks, and replacing their signing secrets.

use super::Functions;
use super::checks::Checks;
use crate::problem::Problem;
use crate::views::{CredentialsView, RotatedSecret, Rotation, WebhookFilter, WebhookList, WebhookView};
use axum::http::StatusCode;
use contract::id::{EntityId, WebhookId};
use contract::limits;
use contract::signature::PrivateKey;
use contract::webhook::{Options, Signing, Status, Webhook};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use store::{Authorization, Filter, Secrets, SigningKey};

/// How long before it counts an activation is written.
pub(super) const ACTIVATION: Duration = Duration::from_millis(limits::ACTIVATION_MS);

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

    /// Switches a webhook on. Events that come after the answer are its. An active one stays as it is.
    pub async fn activate(&self, id: &WebhookId) -> Result<WebhookView, Problem> {
        self.activate_after(id, None).await
    }

    /// Switches a webhook on, or postpones the activation that was `late`, until one is known in time.
    pub(crate) async fn activate_after(
        &self,
        id: &WebhookId,
        mut late: Option<Timestamp>,
    ) -> Result<WebhookView, Problem> {
        let mut lead = ACTIVATION;
        loop {
            let mut asked = None;
            let activated = self.switch(id, |webhook| {
                // The clock is read for each try to write: an instant from before a lost race could lie before
                // events that were seen while the webhook was off.
                let at = runtime::clock::now() + lead;
                if late.is_some() && webhook.activated_at == late {
                    webhook.postpone(at);
                } else {
                    webhook.activate(at);
                }
                asked = Some(at);
            });
            let activated = activated.await?;
            let in_time = self.known_in_time(activated.activated_at).await;
            // One that was active before is known for long; a store that is so slow for so long will not get better.
            if in_time || activated.activated_at != asked || lead > ACTIVATION * 32 {
                self.make_backfills_ready(&self.find_webhook(id).await?).await?;
                return Ok(activated);
            }
            late = activated.activated_at;
            lead *= 2;
        }
    }

    /// Waits for the instant of an activation. False: it was written so late that a router may not hear of it before
    /// it counts, and skip an event that is neither live then nor a backfill's.
    pub(super) async fn known_in_time(&self, activated_at: Option<Timestamp>) -> bool {
        let Some(at) = activated_at else { return true };
        let left = Duration::try_from(at.duration_since(runtime::clock::now())).unwrap_or_default();
        let in_time = left >= Duration::from_millis(limits::ACTIVATION_MS - limits::ACTIVATION_WRITE_MS);
        tokio::time::sleep(left).await;
        in_time
    }

    /// Switches a webhook off. What is on its way to it becomes undelivered.
    pub async fn deactivate(&self, id: &WebhookId) -> Result<WebhookView, Problem> {
        self.switch(id, |webhook| webhook.deactivate(None)).await
    }

    async fn switch(&self, id: &WebhookId, mut how: impl FnMut(&mut Webhook) + Send) -> Result<WebhookView, Problem> {
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
        let new = SigningKey::generate(now);
        let changed = self.store.credentials().change(id, |secrets| {
            secrets.rotate(new.clone(), !rotation.now);
            Ok::<(), Problem>(())
        });
        changed.await.map_err(Problem::from)?;
        tracing::info!(webhook = %id, "a signing secret was replaced");
        let overlap = SignedDuration::from_secs(limits::ROTATION_OVERLAP_S.cast_signed());
        let old_until = if rotation.now { None } else { now.checked_add(overlap).ok() };
        let public_key = new.private.as_ref().and_then(PrivateKey::public);
        Ok(RotatedSecret { signing_secret: new.secret.expose().to_owned(), public_key, old_until })
    }

    pub(super) async fn whole_view(&self, webhook: &Webhook) -> Result<WebhookView, Problem> {
        let secrets = self.store.credentials().get(&webhook.id).await?;
        Ok(secrets.map_or_else(|| view(webhook), |secrets| with_secrets(webhook, &secrets)))
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

/// A webhook with what may be told of its secrets.
pub(super) fn with_secrets(webhook: &Webhook, secrets: &Secrets) -> WebhookView {
    let public_key = secrets.public_key().filter(|_| webhook.options.signing == Signing::PublicKey);
    WebhookView { credentials: Some(credentials_view(secrets)), public_key, ..view(webhook) }
}
/// Which credentials there are; never their values.
fn credentials_view(secrets: &Secrets) -> CredentialsView {
    let authorization = match secrets.authorization {
        Authorization::None => "none",
        Authorization::Basic { .. } => "basic",
        Authorization::Bearer { .. } => "bearer",
    };
    let headers = secrets.headers.iter().map(|(name, _)| name.clone()).collect();
    let fields = secrets.fields.keys().cloned().collect();
    CredentialsView { authorization: authorization.to_owned(), headers, fields }
}

/// A webhook without what is secret about it.
pub(super) fn view(webhook: &Webhook) -> WebhookView {
    let Options { nickname, contact_email, rate_per_s, in_flight, all_managed_pages, declined, signing } =
        webhook.options.clone();
    WebhookView {
        id: webhook.id.to_string(),
        version: webhook.version,
        entity: webhook.entity.0,
        kind: webhook.kind.name().to_owned(),
        connection: webhook.speaks().map(|connection| connection.id.clone()),
        settings: webhook.settings.entered().clone(),
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
        public_key: None,
        signing_secret: None,
        backfill: None,
        warnings: Vec::new(),
    }
}
