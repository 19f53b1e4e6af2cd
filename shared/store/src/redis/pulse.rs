//! The pulse: one key a second, by the server's clock.

use super::Redis;
use crate::backend::Ages;
use crate::error::Error;
use async_trait::async_trait;
use contract::limits;

#[async_trait]
impl Ages for Redis {
    async fn tell_age(&self, age_ms: u64) -> Result<(), Error> {
        let key = self.keys.pulse();
        let mut call = self.scripts.tell_age.prepare_invoke();
        call.key(&key).arg(age_ms).arg(limits::PULSE_S + 2);
        self.link.script(&key, &call).await
    }

    async fn largest_age(&self) -> Result<Option<u64>, Error> {
        let key = self.keys.pulse();
        let mut call = self.scripts.largest_age.prepare_invoke();
        call.key(&key).arg(limits::PULSE_S);
        self.link.script(&key, &call).await
    }
}
