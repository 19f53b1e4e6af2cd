//! Changing webhooks.

use super::Functions;
use super::adding::ranges;
use super::checks::{Checked, Checks};
use super::form::{self, Before, Filled, Form};
use super::webhooks::with_secrets;
use crate::problem::Problem;
use crate::views::{WebhookChange, WebhookView};
use contract::catalogue::Connection;
use contract::id::WebhookId;
use contract::webhook::{Options, Rate, Signing, Webhook};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use store::{Authorization, ChangeError, Secrets};

/// What is to be changed, checked as far as it can be without the webhook.
#[expect(clippy::option_option, reason = "absent, null and a text are three different wishes")]
struct Wanted {
    change: WebhookChange,
    nickname: Option<Option<String>>,
    contact_email: Option<Option<String>>,
    signing: Option<Signing>,
    credentials: Checked,
    /// The mistakes so far.
    checks: Checks,
}

/// Why a change was not written.
enum Stop {
    /// What is remembered of the old account has to go first.
    Forget,
    Wrong(Problem),
}

impl Functions {
    /// Changes a webhook. Deliveries that wait for a retry use what is set now. Stored credentials never follow
    /// an endpoint to another origin: whoever can only change a webhook could read them there.
    pub async fn change_webhook(&self, id: &WebhookId, change: WebhookChange) -> Result<WebhookView, Problem> {
        let wanted = Wanted::read(change);
        if wanted.concerns_the_target() {
            return self.change_target(id, &wanted).await;
        }
        wanted.checks.clone().finish()?;
        let changed = self.store.webhooks().change(id, |webhook| {
            wanted.set_options(&mut webhook.options);
            Ok::<(), Problem>(())
        });
        self.whole_view(&changed.await.map_err(Problem::from)?).await
    }

    /// In one write: an endpoint without the credentials for it would make its deliveries wait.
    async fn change_target(&self, id: &WebhookId, wanted: &Wanted) -> Result<WebhookView, Problem> {
        let (mut warnings, mut forgotten) = (Vec::new(), false);
        loop {
            let changed = self.store.webhooks().change_with_secrets(id, |webhook, secrets| {
                let old = Account::of(webhook, secrets);
                wanted.set_options(&mut webhook.options);
                if webhook.options.signing == Signing::PublicKey {
                    secrets.complete();
                }
                warnings = wanted.set_target(webhook, secrets, &self.allow_networks).map_err(Stop::Wrong)?;
                let moved = !old.is(&Account::of(webhook, secrets));
                if moved && !forgotten { Err(Stop::Forget) } else { Ok(()) }
            });
            match changed.await {
                Ok((webhook, secrets)) => {
                    if forgotten {
                        self.forget_again(id).await;
                    }
                    return Ok(WebhookView { warnings, ..with_secrets(&webhook, &secrets) });
                }
                // Before the write: when it fails, nothing has changed and the same can be asked for once more.
                Err(ChangeError::Refused(Stop::Forget)) => {
                    self.store.ledger().forget_resources(id).await?;
                    forgotten = true;
                }
                Err(ChangeError::Refused(Stop::Wrong(problem))) => return Err(problem),
                Err(ChangeError::NotFound) => return Err(Problem::not_found("webhook")),
                Err(ChangeError::Store(error)) => return Err(error.into()),
            }
        }
    }

    /// What was made in the old account between forgetting and the change.
    async fn forget_again(&self, id: &WebhookId) {
        if let Err(error) = self.store.ledger().forget_resources(id).await {
            tracing::warn!(webhook = %id, %error, "something made in a webhook's old account may be remembered");
        }
    }
}

/// What decides in whose account, and at which target, a delivery ends up.
struct Account {
    endpoint: String,
    connection: Option<String>,
    secrets: BTreeMap<String, SecretString>,
}

impl Account {
    fn of(webhook: &Webhook, secrets: &Secrets) -> Self {
        Self {
            endpoint: webhook.endpoint.as_str().to_owned(),
            connection: webhook.speaks().map(|connection| connection.id.clone()),
            secrets: secrets.fields.clone(),
        }
    }

    fn is(&self, other: &Self) -> bool {
        let secrets = same_secrets(&self.secrets, &other.secrets);
        self.endpoint == other.endpoint && self.connection == other.connection && secrets
    }
}

fn same_secrets(one: &BTreeMap<String, SecretString>, other: &BTreeMap<String, SecretString>) -> bool {
    let same = |(id, secret): (&String, &SecretString)| {
        other.get(id).is_some_and(|other| other.expose_secret() == secret.expose_secret())
    };
    one.len() == other.len() && one.iter().all(same)
}

impl Wanted {
    fn read(change: WebhookChange) -> Self {
        let mut checks = Checks::default();
        let nickname = change.nickname.as_ref();
        let nickname = nickname.map(|set| set.as_ref().and_then(|text| checks.name("nickname", text)));
        let contact_email = change.contact_email.as_ref();
        let contact_email = contact_email.map(|set| set.as_ref().and_then(|text| checks.email(text)));
        let signing = change.signing.as_ref().and_then(|word| checks.word("signing", word));
        let credentials = checks.credentials(change.credentials.clone());
        ranges(&mut checks, change.rate_per_s.unwrap_or(Rate::SLOWEST), change.in_flight.unwrap_or(1));
        Self { change, nickname, contact_email, signing, credentials, checks }
    }

    fn concerns_the_target(&self) -> bool {
        let WebhookChange { connection, endpoint, settings, .. } = &self.change;
        let where_to = connection.is_some() || endpoint.is_some() || !settings.0.is_empty();
        // A key may have to be made.
        where_to || !self.credentials.is_nothing() || self.signing == Some(Signing::PublicKey)
    }

    fn set_options(&self, options: &mut Options) {
        set(&mut options.nickname, self.nickname.as_ref());
        set(&mut options.contact_email, self.contact_email.as_ref());
        set(&mut options.rate_per_s, self.change.rate_per_s.as_ref());
        set(&mut options.in_flight, self.change.in_flight.as_ref());
        set(&mut options.all_managed_pages, self.change.all_managed_pages.as_ref());
        set(&mut options.declined, self.change.declined.as_ref());
        set(&mut options.signing, self.signing.as_ref());
    }

    /// Sets connection, settings, endpoint and secrets, or refuses with every mistake. Gives warnings.
    fn set_target(
        &self,
        webhook: &mut Webhook,
        secrets: &mut Secrets,
        allowed: &[IpNet],
    ) -> Result<Vec<String>, Problem> {
        let mut checks = self.checks.clone();
        let now = webhook.speaks();
        let connection = match (&self.change.connection, webhook.kind.entry()) {
            (Some(asked), Some(entry)) => form::connection(&mut checks, entry, Some(asked)),
            _ => now,
        };
        let Some(connection) = connection else {
            checks.finish()?;
            return Err(Problem::conflict("this program does not know what the webhook speaks: use a newer one"));
        };
        let from = secrets.origin.clone().unwrap_or_else(|| webhook.endpoint.origin());
        let before = if now.is_some_and(|now| now.id == connection.id) {
            Before {
                endpoint: Some(&webhook.endpoint),
                settings: Some(&webhook.settings),
                secrets: Some(&secrets.fields),
            }
        } else {
            // Nothing that was entered for one connection means anything to another.
            *secrets = Secrets { signing: std::mem::take(&mut secrets.signing), ..Secrets::default() };
            Before::default()
        };
        let filled = self.fill(&mut checks, connection, &before, allowed);
        if let Some(filled) = filled.as_ref().filter(|filled| filled.endpoint.origin() != from) {
            stay(&mut checks, secrets, &self.credentials, filled);
        }
        apply(secrets, &self.credentials);
        together(&mut checks, secrets);
        checks.finish()?;
        let Some(filled) = filled else { return Err(Problem::invalid(Vec::new())) };
        Ok(put(webhook, secrets, connection, filled))
    }

    fn fill(
        &self,
        checks: &mut Checks,
        connection: &'static Connection,
        before: &Before<'_>,
        allowed: &[IpNet],
    ) -> Option<Filled> {
        if !self.credentials.is_nothing() {
            form::no_credentials_beside(checks, connection);
        }
        let form = Form { connection, endpoint: self.change.endpoint.as_deref(), given: &self.change.settings.0 };
        form::fill(checks, &form, before, allowed)
    }
}

/// Puts what is filled in where it belongs. Gives warnings.
fn put(webhook: &mut Webhook, secrets: &mut Secrets, connection: &Connection, filled: Filled) -> Vec<String> {
    let Filled { endpoint, settings, given, kept, warnings } = filled;
    let fields: BTreeMap<_, _> = kept.into_iter().chain(given).collect();
    if settings != webhook.settings || endpoint != webhook.endpoint || !same_secrets(&fields, &secrets.fields) {
        // It was fetched with what is not valid any more.
        secrets.access = None;
    }
    secrets.fields = fields;
    secrets.origin = Some(endpoint.origin());
    webhook.connection = Some(connection.id.clone());
    webhook.settings = settings;
    webhook.endpoint = endpoint;
    warnings
}

fn set<T: Clone>(place: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        place.clone_from(value);
    }
}

/// Puts credentials that were given in the place of stored ones.
pub(super) fn apply(secrets: &mut Secrets, credentials: &Checked) {
    set(&mut secrets.authorization, credentials.authorization.as_ref());
    set(&mut secrets.headers, credentials.headers.as_ref());
}

/// Refuses to let what is stored for one origin go to another: each part of it has to be given anew.
fn stay(checks: &mut Checks, secrets: &Secrets, credentials: &Checked, filled: &Filled) {
    let authorization = credentials.authorization.is_none() && !matches!(secrets.authorization, Authorization::None);
    let headers = credentials.headers.is_none() && !secrets.headers.is_empty();
    let parts = match (authorization, headers) {
        (true, true) => Some("authorization and headers"),
        (true, false) => Some("authorization"),
        (false, true) => Some("headers"),
        (false, false) => None,
    };
    if let Some(parts) = parts {
        let message = format!("belong to another scheme, host or port: give {parts} anew, or none of them");
        checks.wrong("credentials", message);
    }
    for id in filled.kept.keys() {
        let message = "belongs to another scheme, host or port: give it anew, or clear it";
        checks.wrong(format!("settings.{id}"), message);
    }
}

/// Secrets of which only a part was replaced must go together.
fn together(checks: &mut Checks, secrets: &Secrets) {
    let authorized = !matches!(secrets.authorization, Authorization::None);
    let own = secrets.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if authorized && own {
        checks.wrong("credentials.headers", "has an authorization header beside a user name or token: remove one");
    }
}
