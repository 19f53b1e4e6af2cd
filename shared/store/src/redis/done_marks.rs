//! Done marks: one set a message.

use super::Redis;
use crate::backend::DoneRows;
use crate::error::Error;
use async_trait::async_trait;
use contract::id::DeliveryId;
use contract::limits;
use redis::cmd;
use std::collections::HashSet;

#[async_trait]
impl DoneRows for Redis {
    async fn mark_done(&self, message_id: &str, delivery: &DeliveryId) -> Result<(), Error> {
        let key = self.keys.done(message_id);
        let mark = cmd("SADD").arg(&key).arg(delivery.as_str()).to_owned();
        let expiry = cmd("EXPIRE").arg(&key).arg(limits::DONE_MARK_S).to_owned();
        self.batch.run(vec![mark, expiry]).await
    }

    async fn done(&self, message_id: &str) -> Result<HashSet<DeliveryId>, Error> {
        let key = self.keys.done(message_id);
        let members: Vec<String> = self.link.command(&key, cmd("SMEMBERS").arg(&key)).await?;
        let ids = members.iter().map(|member| DeliveryId::parse(member));
        ids.collect::<Result<_, _>>().map_err(|error| Error::corrupt(key, error))
    }

    async fn clear_done(&self, message_id: &str) -> Result<(), Error> {
        let clear = cmd("DEL").arg(self.keys.done(message_id)).to_owned();
        self.batch.run(vec![clear]).await
    }
}
