//! Webhooks, their indexes and their secrets.

use super::Redis;
use crate::backend::{Index, SealedRow, SecretRows, Swap, WebhookRow, WebhookRows};
use crate::directory::Change;
use crate::error::Error;
use async_trait::async_trait;
use contract::id::{EntityId, WebhookId};
use redis::{Pipeline, cmd};

#[async_trait]
impl WebhookRows for Redis {
    async fn add(&self, webhook: WebhookRow, sealed: Vec<u8>) -> Result<bool, Error> {
        let key = self.keys.webhook(&webhook.id);
        let change = Change::Webhook { id: webhook.id.clone(), entities: [webhook.entity; 2] };
        let mut call = self.scripts.add_webhook.prepare_invoke();
        call.key(&key)
            .key(self.keys.secrets(&webhook.id))
            .key(self.keys.webhooks())
            .key(self.keys.webhooks_of_entity(webhook.entity))
            .key(self.keys.webhooks_of_status(webhook.status))
            .arg(webhook.id.as_str())
            .arg(webhook.version)
            .arg(webhook.entity.0)
            .arg(webhook.row)
            .arg(sealed)
            .arg(self.keys.changes())
            .arg(change.to_string());
        self.link.script(&key, &call).await
    }

    async fn webhook(&self, id: &WebhookId) -> Result<Option<Vec<u8>>, Error> {
        let key = self.keys.webhook(id);
        self.link.command(&key, cmd("HGET").arg(&key).arg("row")).await
    }

    async fn swap_webhook(
        &self,
        expected: u64,
        webhook: WebhookRow,
        secrets: Option<SealedRow>,
    ) -> Result<Swap<EntityId>, Error> {
        let key = self.keys.webhook(&webhook.id);
        let mut call = self.scripts.swap_webhook.prepare_invoke();
        call.key(&key)
            .key(self.keys.webhooks_of_entity(webhook.entity))
            .key(self.keys.webhooks_of_status(webhook.status))
            .key(self.keys.secrets(&webhook.id))
            .arg(webhook.id.as_str())
            .arg(expected)
            .arg(webhook.version)
            .arg(webhook.entity.0)
            .arg(webhook.row)
            .arg(self.keys.changes());
        if let Some(SealedRow { version, sealed }) = secrets {
            call.arg(version).arg(version + 1).arg(sealed);
        }
        let answer: String = self.link.script(&key, &call).await?;
        match answer.as_str() {
            "missing" => Ok(Swap::NotFound),
            "conflict" => Ok(Swap::Conflict),
            before => Ok(Swap::Done(before.parse().map_err(|error| Error::corrupt(key, error))?)),
        }
    }

    async fn webhooks(
        &self,
        index: Index,
        after: Option<&WebhookId>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let key = match index {
            Index::All => self.keys.webhooks(),
            Index::Entity(entity) => self.keys.webhooks_of_entity(entity),
            Index::Status(status) => self.keys.webhooks_of_status(status),
        };
        let from = after.map_or("-".to_owned(), |id| format!("({id}"));
        let mut page = cmd("ZRANGEBYLEX");
        page.arg(&key).arg(from).arg("+").arg("LIMIT").arg(0).arg(limit);
        let ids: Vec<String> = self.link.command(&key, &page).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = Pipeline::with_capacity(ids.len());
        for id in &ids {
            let id = WebhookId::parse(id).map_err(|error| Error::corrupt(&key, error))?;
            rows.cmd("HGET").arg(self.keys.webhook(&id)).arg("row");
        }
        let rows: Vec<Option<Vec<u8>>> = self.link.pipeline(&key, &rows).await?;
        Ok(ids.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))).collect())
    }
}

#[async_trait]
impl SecretRows for Redis {
    async fn secrets(&self, id: &WebhookId) -> Result<Option<SealedRow>, Error> {
        let key = self.keys.secrets(id);
        let command = cmd("HMGET").arg(&key).arg("version").arg("sealed").to_owned();
        let (version, sealed): (Option<u64>, Option<Vec<u8>>) = self.link.command(&key, &command).await?;
        Ok(version.zip(sealed).map(|(version, sealed)| SealedRow { version, sealed }))
    }

    async fn webhook_with_secrets(&self, id: &WebhookId) -> Result<Option<(Vec<u8>, SealedRow)>, Error> {
        type Found = (Option<Vec<u8>>, (Option<u64>, Option<Vec<u8>>));
        let key = self.keys.webhook(id);
        let mut both = Pipeline::with_capacity(2);
        both.atomic().cmd("HGET").arg(&key).arg("row");
        both.cmd("HMGET").arg(self.keys.secrets(id)).arg("version").arg("sealed");
        let (row, (version, sealed)): Found = self.link.pipeline(&key, &both).await?;
        let secrets = version.zip(sealed).map(|(version, sealed)| SealedRow { version, sealed });
        Ok(row.zip(secrets))
    }

    async fn swap_secrets(&self, id: &WebhookId, secrets: SealedRow) -> Result<Swap<()>, Error> {
        let key = self.keys.secrets(id);
        let mut call = self.scripts.swap_secrets.prepare_invoke();
        call.key(&key)
            .arg(secrets.version)
            .arg(secrets.version + 1)
            .arg(secrets.sealed)
            .arg(self.keys.changes())
            .arg(Change::Secrets { id: id.clone() }.to_string());
        let answer: String = self.link.script(&key, &call).await?;
        Ok(match answer.as_str() {
            "missing" => Swap::NotFound,
            "conflict" => Swap::Conflict,
            _ => Swap::Done(()),
        })
    }
}
