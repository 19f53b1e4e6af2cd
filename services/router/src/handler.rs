//! What the router does with one event.

use broker::Queue;
use contract::delivery::{DeliveryOf, Routed};
use contract::envelope::{self, Header, Line};
use contract::event::Event;
use contract::id::{DeliveryId, WebhookId};
use contract::lane::Lane;
use contract::matching;
use contract::webhook::Webhook;
use stage::{Enveloped, Handler, Made, Outcome, Poison, Taken, Unavailable, envelopes};
use std::sync::Arc;
use store::{Backfills, Directory, Ends};

/// Finds the webhooks of an event.
pub struct Router {
    directory: Directory,
    backfills: Backfills,
}

impl Router {
    /// A router that looks webhooks up here, and tells backfills what it makes nothing of.
    pub fn new(directory: Directory, backfills: Backfills) -> Self {
        Self { directory, backfills }
    }

    /// The webhooks that could take the event: on the backfill lane the one it is meant for, else those of
    /// the entity that receives the money, and those of the entity that manages the form when they asked
    /// for all managed pages.
    async fn candidates(&self, event: &Event, only: Option<&WebhookId>) -> Result<Vec<Arc<Webhook>>, store::Error> {
        if let Some(only) = only {
            return Ok(self.directory.webhook(only).await?.into_iter().collect());
        }
        let mut found = self.directory.for_entity(event.entity).await?.to_vec();
        if let Some(name) = &event.managing_entity
            && let Some(manager) = self.directory.entity_by_name(name).await?
            && manager != event.entity
        {
            let managed = self.directory.for_entity(manager).await?;
            found.extend(managed.iter().filter(|webhook| webhook.options.all_managed_pages).cloned());
        }
        Ok(found)
    }
}

impl Handler for Router {
    const NAME: &'static str = "router";
    type Item = Enveloped<Routed>;
    type Prepared = Ends;

    fn split(&self, message: &Taken) -> Vec<Result<Self::Item, Poison>> {
        envelopes(message)
    }

    async fn prepare(&self, _messages: &[Taken], _items: &[Self::Item]) -> Result<Ends, Unavailable> {
        Ok(Ends::default())
    }

    async fn handle(&self, ends: &Ends, item: &Self::Item) -> Result<Outcome, Unavailable> {
        let outcome = self.route(item).await?;
        if let Some(only) = &item.body.webhook {
            ends.note(&item.header, DeliveryId::derive(&item.body.event.id, only), outcome.end());
        }
        Ok(outcome)
    }

    async fn confirmed(&self, ends: &Ends, _decided: &[&Self::Item]) {
        ends.tell(&self.backfills).await;
    }
}

impl Router {
    async fn route(&self, item: &Enveloped<Routed>) -> Result<Outcome, Unavailable> {
        let Routed { event, webhook: only } = &item.body;
        let lane = item.header.lane;
        if lane == Lane::Backfill && only.is_none() {
            return Ok(Outcome::Park("backfill: the event names no webhook".to_owned()));
        }
        let candidates = match self.candidates(event, only.as_ref()).await {
            Ok(candidates) => candidates,
            Err(error) if error.is_unavailable() => return Err(Unavailable::new("store", error)),
            // Waiting does not heal it, and it must not hold up the others. The message names the key alone.
            Err(corrupt) => return Ok(Outcome::Park(format!("corrupt: {corrupt}"))),
        };
        let takes = |webhook: &Webhook| match item.header.backfill {
            Some(_) => matching::takes_selected(webhook, event),
            None => matching::takes(webhook, event, lane),
        };
        let takers = candidates.iter().filter(|webhook| takes(webhook).is_ok());
        let made: Result<Vec<Made>, _> = takers.map(|webhook| deliver(&item.header, event, webhook)).collect();
        Ok(match made {
            Ok(made) if made.is_empty() => Outcome::Skip("no_match"),
            Ok(made) => Outcome::Forward(made),
            Err(error) => Outcome::Park(error.to_string()),
        })
    }
}

fn deliver(header: &Header, event: &Event, webhook: &Webhook) -> Result<Made, envelope::Error> {
    let delivery = DeliveryOf::new(event, &webhook.id);
    let header = header.for_id(delivery.id.as_str());
    let (queue, length) = (Queue::Formatter(header.lane), event.body.get().len());
    Made::line(queue, &Line::new(header, delivery), length)
}
