//! Cached reads for the router and the sender.

use crate::cache::{Hearing, Shelf};
use crate::credentials::Credentials;
use crate::entities::Entities;
use crate::error::Error;
use crate::secrets::Secrets;
use crate::webhooks::{Filter, Webhooks};
use contract::id::{EntityId, WebhookId};
use contract::limits;
use contract::webhook::{Status, Webhook};
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// Cached reads: each answer is at most [`limits::DIRECTORY_AGE_MS`] old, and changes arrive at once; while
/// that is not certain, an answer is at most [`limits::DIRECTORY_UNHEARD_AGE_MS`] old.
///
/// While the store is away what is known is served as it was; what is not known is [`Error::Unavailable`], and
/// so is what would make its reader do nothing: absence, and webhooks that are not active. Cheap to clone.
#[derive(Clone)]
pub struct Directory {
    shelves: Arc<Shelves>,
    webhooks: Webhooks,
    entities: Entities,
    credentials: Credentials,
}

impl Directory {
    pub(crate) const fn new(
        shelves: Arc<Shelves>,
        webhooks: Webhooks,
        entities: Entities,
        credentials: Credentials,
    ) -> Self {
        Self { shelves, webhooks, entities, credentials }
    }

    /// All webhooks of an entity, whatever their status, in order of their ids.
    pub async fn for_entity(&self, entity: EntityId) -> Result<Arc<[Arc<Webhook>]>, Error> {
        let filter = Filter { entity: Some(entity), status: None };
        let load = || async {
            let found = self.webhooks.list(filter, None, usize::MAX).await?;
            Ok(found.into_iter().map(Arc::new).collect())
        };
        self.shelves.by_entity.get(&entity, Instant::now(), load).await
    }

    /// One webhook.
    pub async fn webhook(&self, id: &WebhookId) -> Result<Option<Arc<Webhook>>, Error> {
        let load = || async { Ok(self.webhooks.get(id).await?.map(Arc::new)) };
        self.shelves.webhooks.get(id, Instant::now(), load).await
    }

    /// The entity of this name; see [`Entities::by_name`].
    pub async fn entity_by_name(&self, name: &str) -> Result<Option<EntityId>, Error> {
        if name.len() > limits::ENTITY_NAME_BYTES {
            return Ok(None);
        }
        self.shelves.by_name.get(&name.to_owned(), Instant::now(), || self.entities.by_name(name)).await
    }

    /// A webhook's credentials and signing secrets.
    pub async fn secrets(&self, id: &WebhookId) -> Result<Option<Arc<Secrets>>, Error> {
        let load = || async { Ok(self.credentials.get(id).await?.map(Arc::new)) };
        self.shelves.secrets.get(id, Instant::now(), load).await
    }
}

/// What the directory keeps in memory. The backend that hears of changes holds it, so it holds no backend.
pub(crate) struct Shelves {
    webhooks: Shelf<WebhookId, Option<Arc<Webhook>>>,
    by_entity: Shelf<EntityId, Arc<[Arc<Webhook>]>>,
    by_name: Shelf<String, Option<EntityId>>,
    secrets: Shelf<WebhookId, Option<Arc<Secrets>>>,
    hearing: Hearing,
}

impl Shelves {
    pub(crate) fn new(hearing: Hearing) -> Self {
        Self {
            webhooks: Shelf::new(&hearing, |webhook| webhook.as_deref().is_none_or(idle)),
            // One that is not active is enough: it may have become so, and the event would pass it by.
            by_entity: Shelf::new(&hearing, |all| all.is_empty() || all.iter().any(|webhook| idle(webhook))),
            by_name: Shelf::new(&hearing, Option::is_none),
            secrets: Shelf::new(&hearing, Option::is_none),
            hearing,
        }
    }

    /// The connection that announces changes gave a sign of life.
    pub(crate) fn heard(&self, now: Instant) {
        self.hearing.proven(now);
    }

    /// Forgets what the change may have made untrue.
    pub(crate) fn apply(&self, change: &Change) {
        match change {
            Change::Webhook { id, entities } => {
                self.webhooks.changed(id);
                // They may have been written with it. Of a new webhook, their absence may have been remembered.
                self.secrets.changed(id);
                for entity in entities {
                    self.by_entity.changed(entity);
                }
            }
            Change::Secrets { id } => self.secrets.changed(id),
            Change::Entities => self.by_name.all_changed(),
            Change::Everything => {
                self.webhooks.all_changed();
                self.by_entity.all_changed();
                self.by_name.all_changed();
                self.secrets.all_changed();
            }
        }
    }
}

fn idle(webhook: &Webhook) -> bool {
    webhook.status != Status::Active
}

/// What has to be read again. Its text form travels between processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// A webhook, its secrets, and the lists of the entities that it had and has.
    Webhook { id: WebhookId, entities: [EntityId; 2] },
    /// A webhook's secrets alone.
    Secrets { id: WebhookId },
    /// An entity; they change rarely, so all names are read again.
    Entities,
    /// Something this program does not know, or announcements may have been missed.
    Everything,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook { id, entities: [before, after] } => write!(f, "1 webhook {id} {before} {after}"),
            Self::Secrets { id } => write!(f, "1 secrets {id}"),
            Self::Entities => f.write_str("1 entities"),
            Self::Everything => f.write_str("1 everything"),
        }
    }
}

impl Change {
    /// Reads an announcement; one that is not understood may mean anything.
    pub(crate) fn parse(text: &str) -> Self {
        let words: Vec<&str> = text.split(' ').collect();
        let known = match words[..] {
            ["1", "webhook", id, before, after] => match (id.parse(), before.parse(), after.parse()) {
                (Ok(id), Ok(before), Ok(after)) => Some(Self::Webhook { id, entities: [before, after] }),
                _ => None,
            },
            ["1", "secrets", id] => id.parse().ok().map(|id| Self::Secrets { id }),
            ["1", "entities"] => Some(Self::Entities),
            _ => None,
        };
        known.unwrap_or(Self::Everything)
    }
}

const _: () = assert!(limits::DIRECTORY_PAUSE_MS < limits::DIRECTORY_AGE_MS, "a failed reading is repeated soon");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_comes_back_from_its_text_and_an_unknown_one_means_everything() {
        let id = WebhookId::parse("wh_1").expect("valid");
        for change in [
            Change::Webhook { id: id.clone(), entities: [EntityId(4411), EntityId(7)] },
            Change::Secrets { id },
            Change::Entities,
            Change::Everything,
        ] {
            assert_eq!(Change::parse(&change.to_string()), change);
        }
        for unknown in ["", "2 webhook wh_1 1 1", "1 webhook", "1 webhook x 1 1", "1 webhook wh_1 x 1"] {
            assert_eq!(Change::parse(unknown), Change::Everything, "{unknown}");
        }
    }
}
