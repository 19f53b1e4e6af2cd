//! The webhook and its secrets as they are at this moment, and plans that are older than that.

use crate::handler::{Message, REMOVED, Sender, Trouble};
use broker::Queue;
use contract::delivery::{Delivery, Planned};
use contract::envelope::Line;
use contract::limits;
use contract::webhook::Webhook;
use stage::{Enveloped, Made, Outcome};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use store::Secrets;

const NO_SECRETS: &str = "the webhook's credentials are missing: set them again";

impl Sender {
    /// The webhook as it is now, or as new as the plan is: the cache may not have heard of the change yet.
    pub(crate) async fn webhook(&self, planned: &Planned) -> Result<Option<Arc<Webhook>>, Trouble> {
        let id = &planned.delivery.webhook;
        let cached = self.store.directory().webhook(id).await?;
        match cached {
            Some(webhook) if webhook.version >= planned.plan.config_version => Ok(Some(webhook)),
            _ => Ok(self.store.webhooks().get(id).await?.map(Arc::new)),
        }
    }

    /// The secrets for this webhook's endpoint. Webhook and secrets are changed together, but read and cached
    /// apart: after a change one can be newer than the other. None when they are of two origins, or when the webhook itself
    /// turns out to be an old one.
    pub(crate) async fn secrets(&self, webhook: &Webhook) -> Result<Option<Arc<Secrets>>, Trouble> {
        let cached = self.store.directory().secrets(&webhook.id).await?;
        if let Some(secrets) = cached.filter(|secrets| secrets.are_for(&webhook.endpoint)) {
            return Ok(Some(secrets));
        }
        let stored = self.store.webhooks().get(&webhook.id).await?.ok_or(Trouble::NotSent(REMOVED))?;
        let secrets = self.store.credentials().get(&webhook.id).await?.ok_or(Trouble::NotSent(NO_SECRETS))?;
        let current = stored.version == webhook.version && secrets.are_for(&stored.endpoint);
        Ok(current.then(|| Arc::new(secrets)))
    }

    /// The plan is older than the webhook: the formatter makes it anew. When the formatter's cache is older
    /// still, the plan comes back unchanged, and has to wait a second before it goes round again.
    pub(crate) fn send_back(&self, message: &Message, item: &Enveloped<Planned>) -> Result<Outcome, Trouble> {
        let Planned { delivery, progress, .. } = &item.body;
        let mut sent_back = self.sent_back.lock().unwrap_or_else(PoisonError::into_inner);
        if sent_back.remove(&delivery.id) {
            return Ok(Outcome::Defer { after: Duration::from_secs(1), why: "plan_outdated", body: None });
        }
        if sent_back.len() >= limits::SENT_BACK_KEPT {
            sent_back.clear();
        }
        sent_back.insert(delivery.id.clone());
        drop(sent_back);
        let (queue, length) = (Queue::Formatter(item.header.lane), delivery.event.body.get().len());
        // The new plan starts at its first step, and knows of the old one only what the delivery says.
        let made = if progress.unclear || message.redelivered {
            let delivery = Delivery { recheck: true, ..delivery.clone() };
            Made::line(queue, &Line::new(item.header.clone(), delivery), length)?
        } else {
            Made::line(queue, &Line::new(item.header.clone(), delivery), length)?
        };
        Ok(Outcome::Forward(vec![made]))
    }
}
