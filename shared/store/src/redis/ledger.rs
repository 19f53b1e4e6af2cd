//! The ledger: a hash for each line item and series, and one for the resources of a webhook.

use super::Redis;
use crate::backend::{LedgerFound, LedgerRow, LedgerRows, LedgerWanted};
use crate::error::Error;
use crate::ledger::{Lifetime, Place};
use async_trait::async_trait;
use contract::id::WebhookId;
use contract::limits;
use redis::cmd;
use std::collections::HashMap;

#[async_trait]
impl LedgerRows for Redis {
    async fn ledger(&self, id: &WebhookId, wanted: LedgerWanted<'_>, lifetime: Lifetime) -> Result<LedgerFound, Error> {
        type Values = HashMap<String, Vec<u8>>;
        let key = self.keys.ledger(id, &Place::Line(wanted.lineitem));
        let mut call = self.scripts.read_ledger.prepare_invoke();
        call.key(self.keys.ledger(id, &Place::Resource)).key(self.keys.ledger_expiry(id)).key(&key);
        if let Some(series) = wanted.series {
            call.key(self.keys.ledger(id, &Place::Series(series.to_owned())));
        }
        call.arg(lifetime.kept_ms).arg(lifetime.use_ms);
        for name in wanted.resources {
            call.arg(name);
        }
        let found: (Values, Values, Vec<Option<Vec<u8>>>) = self.link.script(&key, &call).await?;
        let (line, series, resource) = found;
        let resource = wanted.resources.iter().zip(resource).filter_map(|(name, row)| Some((name.clone(), row?)));
        Ok(LedgerFound {
            line: line.into_iter().collect(),
            series: series.into_iter().collect(),
            resource: resource.collect(),
        })
    }

    async fn write_ledger(&self, id: &WebhookId, rows: Vec<LedgerRow>, lifetime: Lifetime) -> Result<(), Error> {
        let resources = self.keys.ledger(id, &Place::Resource);
        let mut call = self.scripts.write_ledger.prepare_invoke();
        call.key(&resources).key(self.keys.ledger_expiry(id));
        for row in &rows {
            call.key(self.keys.ledger(id, &row.at));
        }
        call.arg(lifetime.kept_ms).arg(limits::STORE_SWEEP_ENTRIES);
        for row in rows {
            call.arg(row.name).arg(row.row);
        }
        self.link.script(&resources, &call).await
    }

    async fn forget_resources(&self, id: &WebhookId) -> Result<(), Error> {
        let key = self.keys.ledger(id, &Place::Resource);
        let mut forget = cmd("DEL");
        forget.arg(&key).arg(self.keys.ledger_expiry(id));
        self.link.command(&key, &forget).await
    }
}
