//! Webhooks, their indexes and their secrets.

use super::Embedded;
use crate::backend::{Index, SealedRow, SecretRows, Swap, WebhookRow, WebhookRows};
use crate::error::Error;
use crate::keys::{SECRETS, WEBHOOKS, WEBHOOKS_BY_ENTITY, WEBHOOKS_BY_STATUS};
use async_trait::async_trait;
use contract::id::{EntityId, WebhookId};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use std::ops::Bound::{Excluded, Unbounded};

#[async_trait]
impl WebhookRows for Embedded {
    async fn add(&self, webhook: WebhookRow, sealed: Vec<u8>) -> Result<bool, Error> {
        self.writer.run(move |transaction| add(transaction, &webhook, &sealed)).await
    }

    async fn webhook(&self, id: &WebhookId) -> Result<Option<Vec<u8>>, Error> {
        let id = id.clone();
        self.file.read(move |transaction| row(transaction, id.as_str())).await
    }

    async fn swap_webhook(
        &self,
        expected: u64,
        webhook: WebhookRow,
        secrets: Option<SealedRow>,
    ) -> Result<Swap<EntityId>, Error> {
        self.writer.run(move |transaction| swap(transaction, expected, &webhook, secrets.as_ref())).await
    }

    async fn webhooks(
        &self,
        index: Index,
        after: Option<&WebhookId>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let after = after.map_or(String::new(), |id| id.as_str().to_owned());
        self.file.read(move |transaction| page(transaction, index, &after, limit)).await
    }
}

#[async_trait]
impl SecretRows for Embedded {
    async fn secrets(&self, id: &WebhookId) -> Result<Option<SealedRow>, Error> {
        let id = id.clone();
        self.file.read(move |transaction| sealed(transaction, id.as_str())).await
    }

    async fn webhook_with_secrets(&self, id: &WebhookId) -> Result<Option<(Vec<u8>, SealedRow)>, Error> {
        let id = id.clone();
        let read = move |transaction: &ReadTransaction| {
            Ok(row(transaction, id.as_str())?.zip(sealed(transaction, id.as_str())?))
        };
        self.file.read(read).await
    }

    async fn swap_secrets(&self, id: &WebhookId, secrets: SealedRow) -> Result<Swap<()>, Error> {
        let id = id.clone();
        self.writer.run(move |transaction| swap_sealed(transaction, id.as_str(), &secrets)).await
    }
}

fn add(transaction: &WriteTransaction, webhook: &WebhookRow, sealed: &[u8]) -> Result<bool, redb::Error> {
    {
        let webhooks = transaction.open_table(WEBHOOKS)?;
        if let Some(found) = webhooks.get(webhook.id.as_str())? {
            return Ok(found.value().3 == webhook.row);
        }
    }
    put(transaction, webhook)?;
    transaction.open_table(SECRETS)?.insert(webhook.id.as_str(), (1, sealed))?;
    Ok(true)
}

/// Others write in the same transaction: whatever forbids the change is found before anything is written.
fn swap(
    transaction: &WriteTransaction,
    expected: u64,
    webhook: &WebhookRow,
    secrets: Option<&SealedRow>,
) -> Result<Swap<EntityId>, redb::Error> {
    let id = webhook.id.as_str();
    let before = {
        let webhooks = transaction.open_table(WEBHOOKS)?;
        let found = webhooks.get(id)?;
        found.map(|found| {
            let (version, entity, status, _) = found.value();
            (version, entity, status.to_owned())
        })
    };
    let Some((version, entity, status)) = before else { return Ok(Swap::NotFound) };
    if version != expected {
        return Ok(Swap::Conflict);
    }
    match secrets.map(|secrets| swap_sealed(transaction, id, secrets)).transpose()? {
        None | Some(Swap::Done(())) => {}
        Some(Swap::NotFound) => return Ok(Swap::NotFound),
        Some(Swap::Conflict) => return Ok(Swap::Conflict),
    }
    transaction.open_table(WEBHOOKS_BY_ENTITY)?.remove((entity, id))?;
    transaction.open_table(WEBHOOKS_BY_STATUS)?.remove((status.as_str(), id))?;
    put(transaction, webhook)?;
    Ok(Swap::Done(EntityId(entity)))
}

fn swap_sealed(transaction: &WriteTransaction, id: &str, secrets: &SealedRow) -> Result<Swap<()>, redb::Error> {
    let mut table = transaction.open_table(SECRETS)?;
    let version = table.get(id)?.map(|found| found.value().0);
    match version {
        None => Ok(Swap::NotFound),
        Some(version) if version != secrets.version => Ok(Swap::Conflict),
        Some(version) => {
            table.insert(id, (version + 1, secrets.sealed.as_slice()))?;
            Ok(Swap::Done(()))
        }
    }
}

fn put(transaction: &WriteTransaction, webhook: &WebhookRow) -> Result<(), redb::Error> {
    let (id, entity, status) = (webhook.id.as_str(), webhook.entity.0, webhook.status.name());
    let value = (webhook.version, entity, status, webhook.row.as_slice());
    transaction.open_table(WEBHOOKS)?.insert(id, value)?;
    transaction.open_table(WEBHOOKS_BY_ENTITY)?.insert((entity, id), ())?;
    transaction.open_table(WEBHOOKS_BY_STATUS)?.insert((status, id), ())?;
    Ok(())
}

fn row(transaction: &ReadTransaction, id: &str) -> Result<Option<Vec<u8>>, redb::Error> {
    let found = transaction.open_table(WEBHOOKS)?.get(id)?;
    Ok(found.map(|found| found.value().3.to_vec()))
}

fn sealed(transaction: &ReadTransaction, id: &str) -> Result<Option<SealedRow>, redb::Error> {
    let found = transaction.open_table(SECRETS)?.get(id)?;
    Ok(found.map(|found| {
        let (version, sealed) = found.value();
        SealedRow { version, sealed: sealed.to_vec() }
    }))
}

fn page(
    transaction: &ReadTransaction,
    index: Index,
    after: &str,
    limit: usize,
) -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
    let mut ids = Vec::new();
    match index {
        Index::All => {
            let table = transaction.open_table(WEBHOOKS)?;
            for entry in table.range::<&str>((Excluded(after), Unbounded))?.take(limit) {
                ids.push(entry?.0.value().to_owned());
            }
        }
        Index::Entity(entity) => {
            let table = transaction.open_table(WEBHOOKS_BY_ENTITY)?;
            for entry in table.range((Excluded((entity.0, after)), Unbounded))?.take(limit) {
                let key = entry?.0;
                let (of, id) = key.value();
                if of != entity.0 {
                    break;
                }
                ids.push(id.to_owned());
            }
        }
        Index::Status(status) => {
            let table = transaction.open_table(WEBHOOKS_BY_STATUS)?;
            for entry in table.range((Excluded((status.name(), after)), Unbounded))?.take(limit) {
                let key = entry?.0;
                let (of, id) = key.value();
                if of != status.name() {
                    break;
                }
                ids.push(id.to_owned());
            }
        }
    }
    let rows = ids.into_iter().map(|id| Ok(row(transaction, &id)?.map(|row| (id, row))));
    rows.filter_map(Result::transpose).collect()
}
