//! A bearer token that is renewed with a refresh token (`formats/nationbuilder.md` §1.1).
//!
//! A refresh may end the refresh token that it was made with, so two at a time could lose the access for good: in
//! this process a lock, across processes a lease of the store lets one through, and it looks again at what is stored
//! before it asks.

use super::slots::Slots;
use super::{MISSING, Party, Proof, Unproven, set_header};
use crate::client::{Client, Request};
use crate::execute::verdict::{Again, again};
use crate::failure::Failure;
use bytes::Bytes;
use contract::id::WebhookId;
use contract::limits;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;
use store::{Access, ChangeError, Secrets, Store};
use tokio::time::Instant;

const TOKEN: &str = "/oauth/token";
const REFRESH_TOKEN: &str = "refresh_token";
const REFUSED: &str = "the refresh token is refused";

/// The access tokens, which the store keeps.
pub(super) struct Tokens {
    store: Store,
    slots: Slots<Renewed>,
}

/// What a refresh gave. It stays in its slot while the store has not taken it.
#[derive(Debug, Clone)]
struct Renewed {
    /// The refresh token that it was made with.
    with: SecretString,
    refresh: Option<SecretString>,
    access: Access,
}

impl Tokens {
    pub(super) fn new(store: Store) -> Self {
        Self { store, slots: Slots::default() }
    }

    /// A token with time left that is not the refused one: the stored one, or a new one.
    pub(super) async fn token(
        &self,
        client: &Client,
        party: &Party<'_>,
        refused: Option<&Proof>,
        now: Timestamp,
    ) -> Result<Proof, Unproven> {
        if let Some(token) = good(party.secrets.access.as_ref(), refused, now) {
            return Ok(token);
        }
        let id = &party.webhook.id;
        let slot = self.slots.of(id);
        let mut unwritten = slot.lock().await;
        if let Some(renewed) = &*unwritten {
            let written = self.write(id, renewed).await;
            let token = good(Some(&renewed.access), refused, now);
            match written {
                Ok(()) => *unwritten = None,
                // A refresh now would end the one that nobody has written down.
                Err(error) => return token.ok_or(Unproven::Store(error)),
            }
        }
        let lease = format!("oauth:{id}");
        self.take(&lease).await?;
        let renewed = self.renew(client, party, refused, now).await;
        let token = match renewed {
            Ok(Fresh::Stored(token)) => Ok(token),
            Ok(Fresh::New(renewed)) => {
                let token = Proof::Token(renewed.access.token.clone());
                if let Err(error) = self.write(id, &renewed).await {
                    tracing::warn!(webhook.id = %id, %error, "a renewed token is not written yet; it is kept in memory");
                    *unwritten = Some(renewed);
                }
                Ok(token)
            }
            Err(unproven) => Err(unproven),
        };
        // It ends by itself when the store does not hear of this.
        if let Err(error) = self.store.leases().release(&lease).await {
            tracing::debug!(webhook.id = %id, %error, "the lease of a token refresh stays until it expires");
        }
        token
    }

    /// Waits a moment for the lease.
    async fn take(&self, lease: &str) -> Result<(), Unproven> {
        let until = Instant::now() + Duration::from_millis(limits::WAIT_IN_PLACE_MS);
        while !self.store.leases().take(lease, Duration::from_millis(limits::TOKEN_LEASE_MS)).await? {
            if Instant::now() >= until {
                return Err(Unproven::Later("token_renewing"));
            }
            tokio::time::sleep(Duration::from_millis(limits::TOKEN_LOOK_MS)).await;
        }
        Ok(())
    }

    /// Under the lease: what is stored now, if another copy has renewed it, else what the target gives.
    async fn renew(
        &self,
        client: &Client,
        party: &Party<'_>,
        refused: Option<&Proof>,
        now: Timestamp,
    ) -> Result<Fresh, Unproven> {
        let stored = self.store.credentials().get(&party.webhook.id).await?;
        let Some(secrets) = stored.filter(|secrets| secrets.are_for(&party.webhook.endpoint)) else {
            return Err(Unproven::Later("credentials_changing"));
        };
        if let Some(token) = good(secrets.access.as_ref(), refused, now) {
            return Ok(Fresh::Stored(token));
        }
        refresh(client, &Party { secrets: &secrets, ..*party }, now).await.map(Fresh::New)
    }

    /// Access token and refresh token in one write; nothing when the customer has entered others meanwhile.
    async fn write(&self, id: &WebhookId, renewed: &Renewed) -> Result<(), store::Error> {
        let change = |secrets: &mut Secrets| {
            let current = secrets.fields.get(REFRESH_TOKEN).map(ExposeSecret::expose_secret);
            if current == Some(renewed.with.expose_secret()) {
                secrets.access = Some(renewed.access.clone());
                if let Some(refresh) = &renewed.refresh {
                    secrets.fields.insert(REFRESH_TOKEN.to_owned(), refresh.clone());
                }
            }
            Ok::<(), Infallible>(())
        };
        match self.store.credentials().change(id, change).await {
            Err(ChangeError::Store(error)) => Err(error),
            // A removed webhook needs none.
            Ok(_) | Err(ChangeError::NotFound | ChangeError::Refused(_)) => Ok(()),
        }
    }
}

/// A token to use.
enum Fresh {
    Stored(Proof),
    New(Renewed),
}

/// The token, if it has time left and is not the refused one.
fn good(access: Option<&Access>, refused: Option<&Proof>, now: Timestamp) -> Option<Proof> {
    let least = SignedDuration::from_secs(limits::TOKEN_LEFT_S.cast_signed());
    let access = access.filter(|access| access.expires_at.duration_since(now) >= least)?;
    let is_refused =
        matches!(refused, Some(Proof::Token(token)) if token.expose_secret() == access.token.expose_secret());
    (!is_refused).then(|| Proof::Token(access.token.clone()))
}

/// Asks the target. Neither request nor answer is written down anywhere.
async fn refresh(client: &Client, party: &Party<'_>, now: Timestamp) -> Result<Renewed, Unproven> {
    let request = request(party).map_err(|failure| Unproven::Fault(Again::ORDINARY, failure.to_string()))?;
    let answer = match client.send(&request).await {
        Ok(answer) => answer,
        Err(failure) => return Err(Unproven::Fault(again(&failure), format!("token refresh failed: {failure}"))),
    };
    match answer.status {
        200 => {}
        400 | 401 => return Err(Unproven::Refused(REFUSED)),
        429 => return Err(Unproven::Fault(Again::SLOWLY, "token refresh failed: answered 429".to_owned())),
        status => {
            return Err(Unproven::Fault(Again::ORDINARY, format!("token refresh failed: answered {status}")));
        }
    }
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| told[name].as_str().filter(|text| !text.is_empty()).map(SecretString::from);
    let Some(token) = text("access_token") else {
        let reason = "token refresh failed: the answer holds no token".to_owned();
        return Err(Unproven::Fault(Again::ORDINARY, reason));
    };
    let life = told["expires_in"].as_i64().filter(|seconds| *seconds > 0).unwrap_or(limits::TOKEN_S);
    let expires_at = now.checked_add(SignedDuration::from_secs(life)).unwrap_or(Timestamp::MAX);
    let with = SecretString::from(party.field(REFRESH_TOKEN).unwrap_or_default());
    Ok(Renewed { with, refresh: text(REFRESH_TOKEN), access: Access { token, expires_at } })
}

fn request(party: &Party<'_>) -> Result<Request, Failure> {
    let mut url = party.webhook.endpoint.url().clone();
    url.set_path(TOKEN);
    url.set_query(None);
    let field = |id: &str| party.field(id).ok_or(MISSING);
    let body = json!({
        "grant_type": REFRESH_TOKEN,
        "refresh_token": field(REFRESH_TOKEN)?,
        "client_id": field("client_id")?,
        "client_secret": field("client_secret")?,
    });
    let mut headers = HeaderMap::new();
    for name in [CONTENT_TYPE, ACCEPT] {
        headers.insert(name, HeaderValue::from_static("application/json"));
    }
    let body = Bytes::from(body.to_string());
    Ok(Request { method: reqwest::Method::POST, url, headers, body, decides: true, once: true })
}

pub(super) fn apply(proof: &Proof, request: &mut Request) -> Result<(), Failure> {
    let Proof::Token(token) = proof else { return Err(MISSING) };
    set_header(request, "authorization", &format!("Bearer {}", token.expose_secret()))
}
