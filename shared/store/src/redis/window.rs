//! The window of a backfill: a hash of what is outstanding; and the sent record of a webhook: a hash of buckets.

use super::Redis;
use crate::backend::WindowRows;
use crate::error::Error;
use crate::window::{Admission, Begun};
use async_trait::async_trait;
use contract::backfill::Settled;
use contract::backfill::{Fingerprint, Status};
use contract::id::{BackfillId, DeliveryId, WebhookId};
use redis::{Pipeline, cmd};

#[async_trait]
impl WindowRows for Redis {
    async fn begin(
        &self,
        id: &BackfillId,
        deliveries: &[(DeliveryId, Fingerprint)],
        capacity: u64,
    ) -> Result<Option<Begun>, Error> {
        let key = self.keys.backfill_window(id);
        let mut call = self.scripts.begin.prepare_invoke();
        call.key(self.keys.backfill(id)).key(&key).key(self.keys.backfill_counts(id));
        call.arg(Status::Running.name()).arg(self.keys.sent_records()).arg(capacity);
        for (delivery, event) in deliveries {
            call.arg(delivery.as_str()).arg(event.bucket()).arg(event.bytes().as_slice());
        }
        let begun: Option<(u64, Vec<i64>)> = self.link.script(&key, &call).await?;
        Ok(begun.map(|(room, admissions)| Begun { admissions: admissions.into_iter().map(admission).collect(), room }))
    }

    async fn settle(&self, id: &BackfillId, deliveries: &[(DeliveryId, Settled)]) -> Result<Vec<bool>, Error> {
        let key = self.keys.backfill_window(id);
        let mut call = self.scripts.settle.prepare_invoke();
        call.key(self.keys.backfill(id)).key(&key).key(self.keys.backfill_counts(id));
        call.arg(self.keys.sent_records());
        for (delivery, settled) in deliveries {
            call.arg(delivery.as_str()).arg(settled.name()).arg(u8::from(settled.is_recorded()));
        }
        self.link.script(&key, &call).await
    }

    async fn held(&self, id: &BackfillId, deliveries: &[DeliveryId]) -> Result<Vec<bool>, Error> {
        let key = self.keys.backfill_window(id);
        let mut look = cmd("HMGET");
        look.arg(&key);
        for delivery in deliveries {
            look.arg(delivery.as_str());
        }
        let found: Vec<Option<Vec<u8>>> = self.link.command(&key, &look).await?;
        Ok(found.iter().map(Option::is_some).collect())
    }

    async fn outstanding(&self, id: &BackfillId) -> Result<u64, Error> {
        let key = self.keys.backfill_window(id);
        self.link.command(&key, cmd("HLEN").arg(&key)).await
    }

    async fn drop_window(&self, id: &BackfillId) -> Result<u64, Error> {
        let key = self.keys.backfill_window(id);
        let mut both = Pipeline::with_capacity(2);
        both.atomic().cmd("HLEN").arg(&key);
        both.cmd("DEL").arg(&key).ignore();
        let (dropped,): (u64,) = self.link.pipeline(&key, &both).await?;
        Ok(dropped)
    }

    async fn sent(&self, webhook: &WebhookId, events: &[Fingerprint]) -> Result<Vec<bool>, Error> {
        let key = self.keys.sent(webhook);
        let mut call = self.scripts.sent.prepare_invoke();
        call.key(&key);
        for event in events {
            call.arg(event.bucket()).arg(event.bytes().as_slice());
        }
        self.link.script(&key, &call).await
    }
}

/// What the script says of a delivery.
const fn admission(number: i64) -> Admission {
    match number {
        1 => Admission::New,
        2 => Admission::Outstanding,
        3 => Admission::Repeated,
        _ => Admission::NoRoom,
    }
}
