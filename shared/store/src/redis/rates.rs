//! Rate limits, by the server's clock.

use super::Redis;
use crate::backend::{Claim, Rates};
use crate::error::Error;
use async_trait::async_trait;
use contract::id::WebhookId;

#[async_trait]
impl Rates for Redis {
    async fn claim(&self, id: &WebhookId, claim: Claim) -> Result<(u64, u64), Error> {
        let key = self.keys.limit(id);
        let mut call = self.scripts.claim.prepare_invoke();
        call.key(&key).arg(claim.interval_us).arg(claim.burst).arg(claim.wanted);
        self.link.script(&key, &call).await
    }
}
