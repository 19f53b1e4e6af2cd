//! Webhooks: added with their secrets, changed only by compare-and-set, alone or with their secrets.

use crate::backend::{Backend, Index, SealedRow, Swap, WebhookRow};
use crate::directory::{Change, Shelves};
use crate::error::Error;
use crate::row;
use crate::sealing::SecretKeys;
use crate::secrets::Secrets;
use contract::id::{EntityId, WebhookId};
use contract::limits;
use contract::webhook::{Status, Webhook};
use std::sync::Arc;

/// The webhooks. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    backend: Arc<dyn Backend>,
    keys: Arc<SecretKeys>,
    shelves: Arc<Shelves>,
}

/// Which webhooks to list; the default is all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of this entity.
    pub entity: Option<EntityId>,
    /// Only those of this status.
    pub status: Option<Status>,
}

/// Why a webhook was not added.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AddError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
    /// Another webhook has this id.
    #[error("a webhook with this id exists already")]
    Exists,
}

/// Why a webhook was not replaced.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UpdateError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
    /// No such webhook.
    #[error("there is no such webhook")]
    NotFound,
    /// Somebody changed it in between: read it again.
    #[error("the webhook was changed in the meantime")]
    Conflict,
}

/// Why a change was not made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChangeError<E> {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
    /// No such webhook.
    #[error("there is no such webhook")]
    NotFound,
    /// The change refused the state it found.
    #[error("the change was refused")]
    Refused(E),
}

impl Webhooks {
    pub(crate) const fn new(backend: Arc<dyn Backend>, keys: Arc<SecretKeys>, shelves: Arc<Shelves>) -> Self {
        Self { backend, keys, shelves }
    }

    /// Adds a webhook and its secrets in one step. Adding the very same webhook again is no error, so a
    /// call that timed out can be repeated.
    pub async fn add(&self, webhook: &Webhook, secrets: &Secrets) -> Result<(), AddError> {
        let sealed = self.keys.seal_secrets(&webhook.id, secrets)?;
        if !self.backend.add(stored(webhook)?, sealed).await? {
            return Err(AddError::Exists);
        }
        self.shelves.apply(&Change::Webhook { id: webhook.id.clone(), entities: [webhook.entity; 2] });
        Ok(())
    }

    /// The webhook as it is now.
    pub async fn get(&self, id: &WebhookId) -> Result<Option<Webhook>, Error> {
        let found = self.backend.webhook(id).await?;
        found.map(|row| row::decode(&row_name(id.as_str()), &row)).transpose()
    }

    /// Replaces the webhook if its version is still `expected_version`, and tells every directory. Sets
    /// `version` (one more) and `updated_at`; gives what is stored.
    pub async fn update(
        &self,
        id: &WebhookId,
        expected_version: u64,
        webhook: &Webhook,
    ) -> Result<Webhook, UpdateError> {
        self.swap(expected_version, successor(id, expected_version, webhook), None).await
    }

    /// Writes `next`, and `secrets` with it, if nobody else came in between.
    async fn swap(&self, expected: u64, next: Webhook, secrets: Option<SealedRow>) -> Result<Webhook, UpdateError> {
        match self.backend.swap_webhook(expected, stored(&next)?, secrets).await? {
            Swap::Done(before) => {
                self.shelves.apply(&Change::Webhook { id: next.id.clone(), entities: [before, next.entity] });
                Ok(next)
            }
            Swap::NotFound => Err(UpdateError::NotFound),
            Swap::Conflict => Err(UpdateError::Conflict),
        }
    }

    /// Reads, changes and replaces, again and again until nobody else came in between. A change that
    /// leaves the webhook as it was writes nothing. Gives the webhook as it is afterwards.
    pub async fn change<E>(
        &self,
        id: &WebhookId,
        mut change: impl FnMut(&mut Webhook) -> Result<(), E> + Send,
    ) -> Result<Webhook, ChangeError<E>> {
        loop {
            let before = self.get(id).await?.ok_or(ChangeError::NotFound)?;
            let mut after = before.clone();
            change(&mut after).map_err(ChangeError::Refused)?;
            if after == before {
                return Ok(before);
            }
            match self.update(id, before.version, &after).await {
                Ok(stored) => return Ok(stored),
                Err(UpdateError::Conflict) => {}
                Err(UpdateError::NotFound) => return Err(ChangeError::NotFound),
                Err(UpdateError::Store(error)) => return Err(error.into()),
            }
        }
    }

    /// Like [`Self::change`], for a webhook together with its secrets: what the change sees of them belongs
    /// together, and both are written in one step or neither is. Secrets are sealed with the current key; the
    /// webhook gets a new version only if the change left it different. Not found when there are no secrets.
    pub async fn change_with_secrets<E>(
        &self,
        id: &WebhookId,
        mut change: impl FnMut(&mut Webhook, &mut Secrets) -> Result<(), E> + Send,
    ) -> Result<(Webhook, Secrets), ChangeError<E>> {
        loop {
            let (row, found) = self.backend.webhook_with_secrets(id).await?.ok_or(ChangeError::NotFound)?;
            let before: Webhook = row::decode(&row_name(id.as_str()), &row)?;
            let mut secrets = self.keys.open_secrets(id, &found.sealed)?;
            let mut after = before.clone();
            change(&mut after, &mut secrets).map_err(ChangeError::Refused)?;
            let next = if after == before { after } else { successor(id, before.version, &after) };
            let sealed = SealedRow { version: found.version, sealed: self.keys.seal_secrets(id, &secrets)? };
            match self.swap(before.version, next, Some(sealed)).await {
                Ok(stored) => return Ok((stored, secrets)),
                Err(UpdateError::Conflict) => {}
                Err(UpdateError::NotFound) => return Err(ChangeError::NotFound),
                Err(UpdateError::Store(error)) => return Err(error.into()),
            }
        }
    }

    /// Up to `limit` webhooks that pass the filter, in order of their ids, after `after`. Fewer than
    /// `limit` means that there are no more.
    pub async fn list(&self, filter: Filter, after: Option<&WebhookId>, limit: usize) -> Result<Vec<Webhook>, Error> {
        let index = match filter {
            Filter { entity: Some(entity), .. } => Index::Entity(entity),
            Filter { status: Some(status), .. } => Index::Status(status),
            Filter { entity: None, status: None } => Index::All,
        };
        let mut found = Vec::new();
        let mut after = after.cloned();
        while found.len() < limit {
            let rows = self.backend.webhooks(index, after.as_ref(), limits::STORE_PAGE_ROWS).await?;
            let last_page = rows.len() < limits::STORE_PAGE_ROWS;
            for (id, row) in &rows {
                let webhook: Webhook = row::decode(&row_name(id), row)?;
                after = Some(webhook.id.clone());
                if found.len() < limit && passes(filter, &webhook) {
                    found.push(webhook);
                }
            }
            if last_page {
                break;
            }
        }
        Ok(found)
    }
}

/// The index and the row are read in two steps, so a row can have left the index in between.
fn passes(filter: Filter, webhook: &Webhook) -> bool {
    filter.entity.is_none_or(|entity| webhook.entity == entity)
        && filter.status.is_none_or(|status| webhook.status == status)
}

/// The webhook as it is stored after a change of this version.
fn successor(id: &WebhookId, version: u64, changed: &Webhook) -> Webhook {
    Webhook { id: id.clone(), version: version + 1, updated_at: runtime::clock::now(), ..changed.clone() }
}

fn stored(webhook: &Webhook) -> Result<WebhookRow, Error> {
    Ok(WebhookRow {
        id: webhook.id.clone(),
        version: webhook.version,
        entity: webhook.entity,
        status: webhook.status,
        row: row::encode(&row_name(webhook.id.as_str()), webhook)?,
    })
}

fn row_name(id: &str) -> String {
    format!("webhook:{id}")
}
