//! What the contact of a webhook is to be told of its backfills. Mails are made of it elsewhere.

use crate::feed::Error;
use contract::backfill::{Backfill, Counts, Notice, What};
use contract::id::NoticeId;
use runtime::clock;
use store::Store;

/// Sending begins.
pub(crate) async fn began(store: &Store, backfill: &Backfill) -> Result<(), Error> {
    let until = backfill.until.unwrap_or(backfill.from);
    tell(store, backfill, What::BackfillBegan { backfill: backfill.id.clone(), from: backfill.from, until }).await
}

/// It has ended.
pub(crate) async fn ended(store: &Store, backfill: &Backfill, counts: Counts) -> Result<(), Error> {
    let (status, reason) = (backfill.status, backfill.reason.clone());
    tell(store, backfill, What::BackfillEnded { backfill: backfill.id.clone(), status, reason, counts }).await
}

async fn tell(store: &Store, backfill: &Backfill, what: What) -> Result<(), Error> {
    let webhook = store.webhooks().get(&backfill.webhook).await?;
    let Some(to) = webhook.and_then(|webhook| webhook.options.contact_email) else { return Ok(()) };
    let id = NoticeId::of_bits(uuid::Uuid::now_v7().as_u128());
    let notice = Notice { id, at: clock::now(), webhook: backfill.webhook.clone(), to, what };
    Ok(store.notices().append(&notice).await?)
}
