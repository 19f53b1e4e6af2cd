//! Authentication at send time, one file for each scheme (`formats/plans.md` §11).

mod basic;
mod bsd_hmac;
mod entered;
mod header_token;
mod oauth2_refresh;
mod query_token;
mod salsa_session;
mod signature;
mod slots;
mod token_in;

pub(crate) use basic::credential as basic_credential;
pub(crate) use signature::sign;

use crate::client::{Answer, Client, Request};
use crate::execute::answer::Shown;
use crate::execute::verdict::Again;
use crate::failure::Failure;
use contract::catalogue::{self, Connection, Scheme};
use contract::webhook::{Webhook, reserved_header};
use jiff::Timestamp;
use oauth2_refresh::Tokens;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use salsa_session::Sessions;
use secrecy::{ExposeSecret, SecretString};
use store::{Secrets, Store};

/// On whose behalf a request is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Party<'a> {
    pub(crate) webhook: &'a Webhook,
    /// What the webhook speaks; none only of a type that a newer program knows.
    pub(crate) connection: Option<&'static Connection>,
    pub(crate) secrets: &'a Secrets,
}

/// What was obtained to authenticate with, beside what is stored.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// Nothing is needed.
    Stored,
    /// The cookies of a session.
    Session(SecretString),
    /// An access token.
    Token(SecretString),
}

/// Why there is nothing to authenticate with.
#[derive(Debug)]
pub(crate) enum Unproven {
    /// The target does not know us; what it refused, for people.
    Refused(&'static str),
    /// A passing fault.
    Fault(Again, String),
    /// Someone else is about it: no attempt is spent.
    Later(&'static str),
    /// The store is away.
    Store(store::Error),
}

impl From<store::Error> for Unproven {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// The schemes, and what was obtained for them.
pub(crate) struct Auth {
    sessions: Sessions,
    tokens: Tokens,
}

impl Auth {
    pub(crate) fn new(store: Store) -> Self {
        Self { sessions: Sessions::default(), tokens: Tokens::new(store) }
    }

    /// Obtains what the scheme needs beside the stored secrets. `refused` is what the target has just refused: it is
    /// not given again.
    pub(crate) async fn prove(
        &self,
        client: &Client,
        party: &Party<'_>,
        refused: Option<&Proof>,
        now: Timestamp,
    ) -> Result<Proof, Unproven> {
        match party.scheme() {
            Some(Scheme::SalsaSession) => self.sessions.session(client, party, refused, now).await,
            Some(Scheme::Oauth2Refresh) => self.tokens.token(client, party, refused, now).await,
            _ => Ok(Proof::Stored),
        }
    }
}

/// Whether an answer says that what was obtained is not good any more, so that it is obtained once more.
pub(crate) fn is_refused(party: &Party<'_>, answer: &Answer, shown: &Shown<'_>) -> bool {
    let by_status = matches!(answer.status, 401 | 403);
    match party.scheme() {
        Some(Scheme::SalsaSession) => by_status || salsa_session::asks_for_login(shown),
        Some(Scheme::Oauth2Refresh) => by_status,
        _ => false,
    }
}

/// Authenticates a request whose URL, headers and body are complete.
pub(crate) fn apply(party: &Party<'_>, proof: &Proof, request: &mut Request, now: Timestamp) -> Result<(), Failure> {
    match party.scheme() {
        None | Some(Scheme::Entered { .. }) => entered::apply(party, request),
        Some(Scheme::Basic { username, password }) => basic::apply(party, username, password, request),
        Some(Scheme::HeaderToken { header, value }) => header_token::apply(party, header, value, request),
        Some(Scheme::QueryToken { parameter, value }) => query_token::apply(party, parameter, value, request),
        Some(Scheme::TokenIn { header, parameter, value }) => token_in::apply(party, header, parameter, value, request),
        Some(Scheme::BsdHmac) => bsd_hmac::apply(party, request, now),
        Some(Scheme::SalsaSession) => salsa_session::apply(proof, request),
        Some(Scheme::Oauth2Refresh) => oauth2_refresh::apply(proof, request),
    }
}

/// The custom headers of a webhook; those that belong to the connection, to the body or to us are left out.
pub(crate) fn custom_headers(secrets: &Secrets) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in &secrets.headers {
        let Ok(name) = HeaderName::try_from(name.as_str()) else {
            return Err(Failure::Unsendable("a custom header has a name that HTTP does not allow"));
        };
        if !reserved_header(name.as_str()) {
            headers.append(name, sensitive(value.expose_secret())?);
        }
    }
    Ok(headers)
}

impl Party<'_> {
    fn scheme(&self) -> Option<&'static Scheme> {
        self.connection.map(|connection| &connection.auth)
    }

    /// What was entered in a field, secret or not; empty is nothing.
    fn field(&self, id: &str) -> Option<&str> {
        let secret = self.secrets.fields.get(id).map(ExposeSecret::expose_secret);
        let open = || self.webhook.settings.text(self.connection?, id);
        secret.filter(|text| !text.is_empty()).or_else(open)
    }

    /// A text in which `{field}` stands for what was entered there; none when something was not.
    fn filled(&self, template: &str) -> Option<String> {
        catalogue::fill(template, |id| self.field(id).map(str::to_owned))
    }

    /// The same where it has to be there.
    fn credential(&self, template: &str) -> Result<String, Failure> {
        self.filled(template).ok_or(MISSING)
    }
}

const MISSING: Failure = Failure::Unsendable("a credential is missing: enter it again");

/// A header value that no log shows.
fn sensitive(value: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| Failure::Unsendable("a credential contains characters that HTTP does not allow"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Puts a header in the place of any that is there.
fn set_header(request: &mut Request, name: &str, value: &str) -> Result<(), Failure> {
    let name = HeaderName::try_from(name).map_err(|_| Failure::Unsendable("the name of the credential's header"))?;
    request.headers.insert(name, sensitive(value)?);
    Ok(())
}

#[cfg(test)]
mod tests;
