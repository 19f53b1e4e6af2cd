//! Executes a plan: builds its requests, adds credentials and signature, and judges the answers.

use crate::client::{Answer, Client, Request};
use crate::failure::Failure;
use crate::redact;
use crate::verdict::{self, Verdict};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use contract::delivery::Planned;
use contract::lane::Lane;
use contract::plan::{Body, Method, Step};
use contract::signature;
use contract::webhook::{Webhook, reserved_header};
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use runtime::clock;
use secrecy::ExposeSecret;
use std::time::Instant;
use store::{Authorization, Secrets};
use url::Url;

/// What an attempt came to.
#[derive(Debug)]
pub(crate) struct Attempted {
    pub(crate) at: Timestamp,
    pub(crate) verdict: Verdict,
    pub(crate) status: Option<u16>,
    pub(crate) duration_ms: u64,
    /// The beginning of the answer, redacted; of failed attempts and of tests.
    pub(crate) answer: Option<String>,
}

/// Runs the steps of a plan in order, up to the first that does not succeed. None when it has no steps.
pub(crate) async fn execute(
    client: &Client,
    webhook: &Webhook,
    secrets: &Secrets,
    planned: &Planned,
    lane: Lane,
) -> Option<Attempted> {
    let (at, began) = (clock::now(), Instant::now());
    let gone = webhook.speaks().is_some_and(|connection| connection.gone_deactivates);
    let mut last = None;
    for step in &planned.plan.steps {
        let result = match request(webhook, secrets, planned, step, lane, clock::now()) {
            Ok(request) => client.send(&request).await,
            Err(failure) => Err(failure),
        };
        let verdict = verdict::judge(result.as_ref(), step.success, gone, clock::now());
        let delivered = verdict.class == verdict::Class::Delivered;
        last = Some((verdict, result.ok()));
        if !delivered {
            break;
        }
    }
    let (verdict, answer) = last?;
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let wanted = verdict.class != verdict::Class::Delivered || planned.delivery.test;
    let kept = answer.as_ref().filter(|answer| wanted && !answer.body.is_empty());
    let kept = kept.map(|answer: &Answer| redact::answer(&answer.body, secrets, planned.delivery.event.body.get()));
    Some(Attempted { at, verdict, status: answer.map(|answer| answer.status), duration_ms, answer: kept })
}

/// The request of one step. The endpoint is the webhook's as it is now, the body the plan's byte for byte.
fn request(
    webhook: &Webhook,
    secrets: &Secrets,
    planned: &Planned,
    step: &Step,
    lane: Lane,
    now: Timestamp,
) -> Result<Request, Failure> {
    let content_type = match &step.body {
        Body::Event | Body::Json(_) => "application/json",
    };
    let body = Bytes::copy_from_slice(planned.text(step).as_bytes());
    let mut headers = credentials(secrets)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if planned.plan.signed {
        sign(&mut headers, secrets, planned, now, &body)?;
    }
    let method = match step.method {
        Method::Post => reqwest::Method::POST,
    };
    Ok(Request { method, url: url(webhook, lane), headers, body })
}

/// The endpoint as it was entered, and in a backfill with the pairs that its vendor wants to see then, unless it has
/// them (`formats/presets.md` §3.2).
fn url(webhook: &Webhook, lane: Lane) -> Url {
    let mut url = webhook.endpoint.url().clone();
    let pairs = webhook.speaks().filter(|_| lane == Lane::Backfill).map_or(&[][..], |speaks| &speaks.backfill_query);
    for (name, value) in pairs {
        if url.query_pairs().all(|(known, _)| known != name.as_str()) {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    url
}

fn credentials(secrets: &Secrets) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in &secrets.headers {
        let Ok(name) = HeaderName::try_from(name.as_str()) else {
            return Err(Failure::Unsendable("a custom header has a name that HTTP does not allow"));
        };
        if !reserved_header(name.as_str()) {
            headers.append(name, sensitive(value.expose_secret())?);
        }
    }
    let authorization = match &secrets.authorization {
        Authorization::None => return Ok(headers),
        Authorization::Basic { username, password } => {
            format!("Basic {}", STANDARD.encode(format!("{username}:{}", password.expose_secret())))
        }
        Authorization::Bearer { token } => format!("Bearer {}", token.expose_secret()),
    };
    headers.insert(AUTHORIZATION, sensitive(&authorization)?);
    Ok(headers)
}

fn sensitive(value: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| Failure::Unsendable("a credential contains characters that HTTP does not allow"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Adds the Standard Webhooks headers of this attempt.
fn sign(
    headers: &mut HeaderMap,
    secrets: &Secrets,
    planned: &Planned,
    now: Timestamp,
    body: &[u8],
) -> Result<(), Failure> {
    let (id, at) = (&planned.delivery.id, now.as_second());
    let signature = signature::sign(&secrets.live_signing(now), id, at, body)
        .map_err(|_| Failure::Unsendable("the webhook has no signing secret, and nothing goes out unsigned"))?;
    for (name, value) in
        [("webhook-id", id.to_string()), ("webhook-timestamp", at.to_string()), ("webhook-signature", signature)]
    {
        let value = HeaderValue::try_from(value).map_err(|_| Failure::Unsendable("the signature"))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::id::{EntityId, WebhookId};
    use contract::webhook::{Endpoint, Options, Status};

    const URL: &str = "https://ak.example.org/webhooks/actblue/payments/?account=Default%20ActBlue";

    #[test]
    fn only_backfill_requests_get_the_pairs_that_a_vendor_wants_to_see_then() {
        let check = |kind: &str, lane, entered: &str, sent: &str| {
            let webhook = Webhook {
                id: WebhookId::of_bits(1),
                version: 1,
                entity: EntityId(1),
                kind: kind.parse().expect("a type"),
                endpoint: Endpoint::parse(entered).expect("a URL"),
                status: Status::Active,
                status_reason: None,
                options: Options::default(),
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
                activated_at: None,
            };
            assert_eq!(url(&webhook, lane).as_str(), sent);
        };
        check("actionkit", Lane::Live, URL, URL);
        check("actionkit", Lane::Backfill, URL, &format!("{URL}&backfill=1"));
        check("actionkit", Lane::Backfill, &format!("{URL}&backfill=0"), &format!("{URL}&backfill=0"));
        check("actionkit", Lane::Backfill, "https://ak.example.org/", "https://ak.example.org/?backfill=1");
        check("numero", Lane::Backfill, URL, URL);
    }
}
