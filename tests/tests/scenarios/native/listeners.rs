//! Webhooks that hear of the same events, and what becomes of each event at each of them.

use super::events::ENTITY;
use crate::scenarios::text;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use testkit::builders::Message;
use testkit::receiver::Receiver;
use testkit::targets::{Mock, Target};
use tests::installation::{Installation, Webhook};

/// A receiver that does not listen yet, and how a webhook for it is set up.
pub(crate) struct Setup<T> {
    target: T,
    of: (&'static str, &'static str),
    path: &'static str,
    settings: Value,
    url: Option<(&'static str, &'static str)>,
}

/// A receiver, and the active webhook for it.
pub(crate) struct Connected<T> {
    pub(crate) mock: Mock<T>,
    pub(crate) webhook: Webhook,
    /// Type and connection.
    pub(crate) of: (&'static str, &'static str),
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    /// It is delivered, with so many requests.
    Sent(usize),
    /// It is a recorded skip without a request, for this reason.
    Skipped(&'static str),
}

/// What the format has no words for.
pub(crate) const UNSUPPORTED: Fate = Fate::Skipped("not supported by this destination");

/// A webhook, and what becomes of contribution, instalment, refund and cancellation there.
pub(crate) struct Listener<'a> {
    webhook: &'a Webhook,
    receiver: &'a Receiver,
    fates: [Fate; 4],
}

impl<T: Target> Setup<T> {
    /// A receiver, type and connection, the endpoint's path there, and all fields, secret ones among them.
    pub(crate) fn new(target: T, of: (&'static str, &'static str), path: &'static str, settings: Value) -> Self {
        Self { target, of, path, settings, url: None }
    }

    /// A field that is a URL of the receiver.
    pub(crate) fn with_url(self, field: &'static str, path: &'static str) -> Self {
        Self { url: Some((field, path)), ..self }
    }

    /// With a receiver that is this one in another's hands.
    pub(crate) fn held_by<H: Target>(self, holder: impl FnOnce(T) -> H) -> Setup<H> {
        let Self { target, of, path, settings, url } = self;
        Setup { target: holder(target), of, path, settings, url }
    }

    /// Starts the receiver and adds an active webhook, whose endpoint stands in the place of the vendor's.
    pub(crate) async fn connect(self, pipeline: &Installation) -> Result<Connected<T>> {
        let Self { target, of: (kind, connection), path, mut settings, url } = self;
        let mock = Mock::start(target).await?;
        if let Some((field, path)) = url {
            settings[field] = mock.receiver().url(path).into();
        }
        let more = json!({"connection": connection, "settings": settings});
        let webhook = pipeline.webhook(ENTITY, kind, &mock.receiver().url(path), more).await?;
        Ok(Connected { mock, webhook, of: (kind, connection) })
    }
}

impl<T: Target> Connected<T> {
    pub(crate) fn expecting(&self, fates: [Fate; 4]) -> Listener<'_> {
        Listener { webhook: &self.webhook, receiver: self.mock.receiver(), fates }
    }

    /// What the receiver has stored, after nothing was wrong with any request.
    pub(crate) fn stored<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        assert_eq!(self.mock.faults(), [""; 0]);
        self.mock.with(|target| look(target))
    }
}

/// Publishes the events one after the other: each is over everywhere before the next one comes.
pub(crate) async fn hear(pipeline: &Installation, listeners: &[Listener<'_>], events: &[Message; 4]) -> Result<()> {
    for (which, event) in events.iter().enumerate() {
        let before: Vec<usize> = listeners.iter().map(|listener| listener.receiver.count()).collect();
        pipeline.publish(&[event.to_vec()]).await?;
        for (listener, before) in listeners.iter().zip(before) {
            let attempt = ended(pipeline, listener.webhook, event).await?;
            let requests = listener.receiver.count() - before;
            let expected = match listener.fates[which] {
                Fate::Sent(requests) => ("delivered", text(&attempt, "reason"), requests),
                Fate::Skipped(reason) => ("skipped", reason, 0),
            };
            assert_eq!((text(&attempt, "outcome"), text(&attempt, "reason"), requests), expected, "{attempt}");
        }
    }
    Ok(())
}

/// The last attempt at an event, once nothing more is to come.
pub(crate) async fn ended(pipeline: &Installation, webhook: &Webhook, event: &Message) -> Result<Value> {
    first(pipeline, webhook, event, |attempt| text(attempt, "outcome") != "retrying").await
}

/// The first attempt at an event that holds, once there is one.
pub(crate) async fn first(
    pipeline: &Installation,
    webhook: &Webhook,
    event: &Message,
    holds: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let event = event.to_json();
    let (kind, lineitem) = (event.get("type"), event.pointer("/data/lineitems/0/lineitemId"));
    let find = |page: &Value| -> Option<Value> {
        let attempts = page.get("attempts")?.as_array()?;
        let of_it = |one: &&Value| one.get("kind") == kind && one.get("lineitem") == lineitem && holds(one);
        attempts.iter().filter(|one| one.get("test") == Some(&json!(false))).find(of_it).cloned()
    };
    let path = format!("/webhooks/{}/attempts?limit=1000", webhook.id);
    let page = pipeline.wait_api(&path, |page| find(page).is_some()).await?;
    find(&page).context("an attempt")
}
