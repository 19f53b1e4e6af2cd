//! Leases: one key each, which holds its holder.

use super::Redis;
use crate::backend::LeaseRows;
use crate::error::Error;
use async_trait::async_trait;
use redis::cmd;
use std::time::Duration;

#[async_trait]
impl LeaseRows for Redis {
    async fn take_lease(&self, name: &str, holder: &str, lasting: Duration) -> Result<bool, Error> {
        let key = self.keys.lease(name);
        let lasting_ms = u64::try_from(lasting.as_millis()).unwrap_or(u64::MAX);
        let mut take = cmd("SET");
        take.arg(&key).arg(holder).arg("NX").arg("PX").arg(lasting_ms);
        let taken: Option<String> = self.link.command(&key, &take).await?;
        Ok(taken.is_some())
    }

    async fn renew_lease(&self, name: &str, holder: &str, lasting: Duration) -> Result<bool, Error> {
        let key = self.keys.lease(name);
        let lasting_ms = u64::try_from(lasting.as_millis()).unwrap_or(u64::MAX);
        let mut call = self.scripts.renew_lease.prepare_invoke();
        call.key(&key).arg(holder).arg(lasting_ms);
        self.link.script(&key, &call).await
    }

    async fn release_lease(&self, name: &str, holder: &str) -> Result<(), Error> {
        let key = self.keys.lease(name);
        let mut call = self.scripts.release_lease.prepare_invoke();
        call.key(&key).arg(holder);
        self.link.script(&key, &call).await
    }
}
