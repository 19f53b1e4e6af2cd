//! Salsa Classic: a login, then a session cookie (`formats/salsa.md` A2.1). One session for each webhook, in memory.

use super::slots::Slots;
use super::{MISSING, Party, Proof, Unproven, set_header};
use crate::client::{Answer, Client, Request};
use crate::execute::answer::Shown;
use crate::execute::text;
use crate::execute::verdict::{Again, again};
use crate::failure::Failure;
use bytes::Bytes;
use contract::limits;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, SET_COOKIE};
use secrecy::{ExposeSecret, SecretString};

const LOGIN: &str = "/api/authenticate.sjs";
const REFUSED: &str = "the login is refused";

/// The sessions of this process.
#[derive(Debug, Default)]
pub(super) struct Sessions(Slots<Session>);

#[derive(Debug)]
struct Session {
    cookies: SecretString,
    until: Timestamp,
    /// Where and with what it was begun: after a change of either it is another's.
    begun_with: SecretString,
}

impl Sessions {
    /// The session's cookies. One login at a time; whoever waited for it uses its session.
    pub(super) async fn session(
        &self,
        client: &Client,
        party: &Party<'_>,
        refused: Option<&Proof>,
        now: Timestamp,
    ) -> Result<Proof, Unproven> {
        let login = login(party).map_err(|failure| Unproven::Fault(Again::ORDINARY, failure.to_string()))?;
        let begun_with = SecretString::from(format!("{} {}", login.url, String::from_utf8_lossy(&login.body)));
        let slot = self.0.of(&party.webhook.id);
        let mut slot = slot.lock().await;
        let known = slot.as_ref().filter(|session| {
            let is_refused = matches!(refused, Some(Proof::Session(cookies)) if same(cookies, &session.cookies));
            now < session.until && same(&session.begun_with, &begun_with) && !is_refused
        });
        if let Some(session) = known {
            return Ok(Proof::Session(session.cookies.clone()));
        }
        *slot = None;
        let cookies = begin(client, &login).await?;
        let life = SignedDuration::from_secs(limits::SESSION_S.cast_signed());
        let until = now.checked_add(life).unwrap_or(now);
        *slot = Some(Session { cookies: cookies.clone(), until, begun_with });
        Ok(Proof::Session(cookies))
    }
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

fn login(party: &Party<'_>) -> Result<Request, Failure> {
    let mut url = party.webhook.endpoint.url().clone();
    url.set_path(LOGIN);
    url.set_query(None);
    let mut body = String::new();
    for (name, before) in [("email", "email="), ("password", "&password=")] {
        body.push_str(before);
        text::percent(&mut body, party.field(name).ok_or(MISSING)?);
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    Ok(Request { method: reqwest::Method::POST, url, headers, body: Bytes::from(body), decides: true, once: false })
}

async fn begin(client: &Client, login: &Request) -> Result<SecretString, Unproven> {
    let answer = match client.send(login).await {
        Ok(answer) => answer,
        Err(failure) => return Err(Unproven::Fault(again(&failure), format!("login failed: {failure}"))),
    };
    match (answer.status, Shown::of(&answer).xml()) {
        (401 | 403, _) => Err(Unproven::Refused(REFUSED)),
        (200, Some(document)) if document.elements("error", &[]).next().is_some() => Err(Unproven::Refused(REFUSED)),
        (200, Some(_)) => cookies(&answer).ok_or(Unproven::Refused("the login gives no session")),
        (429, _) => Err(Unproven::Fault(Again::SLOWLY, "login failed: answered 429".to_owned())),
        (status, _) => Err(Unproven::Fault(Again::ORDINARY, format!("login failed: answered {status}"))),
    }
}

/// Every cookie of the session, as it goes into a request; others of the site are not sent back.
fn cookies(answer: &Answer) -> Option<SecretString> {
    let set = answer.headers.get_all(SET_COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = set.filter_map(|cookie| {
        let pair = cookie.split(';').next()?.trim();
        let (name, _) = pair.split_once('=')?;
        name.to_ascii_lowercase().contains("session").then_some(pair)
    });
    let pairs: Vec<&str> = pairs.collect();
    (!pairs.is_empty()).then(|| SecretString::from(pairs.join("; ")))
}

pub(super) fn apply(proof: &Proof, request: &mut Request) -> Result<(), Failure> {
    let Proof::Session(cookies) = proof else { return Err(MISSING) };
    set_header(request, "cookie", cookies.expose_secret())
}

/// Whether an answer says that there is no session (`formats/salsa.md` A5).
pub(super) fn asks_for_login(shown: &Shown<'_>) -> bool {
    let says = |text: &str| ["login", "log in", "logged in", "authenticat"].iter().any(|word| text.contains(word));
    shown
        .xml()
        .is_some_and(|document| document.elements("error", &[]).any(|error| says(&error.text().to_ascii_lowercase())))
}
