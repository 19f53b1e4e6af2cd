//! What a backend has to do, one trait per concern. Rows are bytes here: their form, the sealing of
//! secrets and the directory are the same for every backend and live in the facade.

use crate::attempts::Cursor;
use crate::backfills::More;
use crate::error::Error;
use crate::ledger::{Lifetime, Place};
use crate::window::Begun;
use async_trait::async_trait;
use contract::backfill::Settled;
use contract::backfill::{self, Counts, Fingerprint};
use contract::id::{BackfillId, DeliveryId, EntityId, EventId, NoticeId, WebhookId};
use contract::webhook::Status;
use std::collections::HashSet;
use std::time::Duration;

/// A webhook as it is stored, and what it is indexed by.
#[derive(Debug, Clone)]
pub(crate) struct WebhookRow {
    pub(crate) id: WebhookId,
    pub(crate) version: u64,
    pub(crate) entity: EntityId,
    pub(crate) status: Status,
    pub(crate) row: Vec<u8>,
}

/// The sealed bytes of a webhook's secrets, as they are stored.
#[derive(Debug, Clone)]
pub(crate) struct SealedRow {
    pub(crate) version: u64,
    pub(crate) sealed: Vec<u8>,
}

/// Which webhooks to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    All,
    Entity(EntityId),
    Status(Status),
}

/// How a compare-and-set ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swap<T> {
    Done(T),
    NotFound,
    Conflict,
}

#[async_trait]
pub(crate) trait WebhookRows: Send + Sync {
    /// Adds a webhook and its secrets in one step. False if the id is taken by another row; the very same
    /// row is accepted again, because the first try may have timed out after it was done.
    async fn add(&self, webhook: WebhookRow, sealed: Vec<u8>) -> Result<bool, Error>;
    async fn webhook(&self, id: &WebhookId) -> Result<Option<Vec<u8>>, Error>;
    /// Replaces the row and its index entries if its version is `expected`; gives the entity it had. With
    /// `secrets` their sealed bytes are replaced in the same step, and the version there must be the stored one
    /// too: on a conflict nothing is written.
    async fn swap_webhook(
        &self,
        expected: u64,
        webhook: WebhookRow,
        secrets: Option<SealedRow>,
    ) -> Result<Swap<EntityId>, Error>;
    /// Rows after `after` in order of their ids, with the ids.
    async fn webhooks(
        &self,
        index: Index,
        after: Option<&WebhookId>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error>;
}

#[async_trait]
pub(crate) trait SecretRows: Send + Sync {
    async fn secrets(&self, id: &WebhookId) -> Result<Option<SealedRow>, Error>;
    /// The webhook's row and its secrets as they are at one moment. None if either is missing.
    async fn webhook_with_secrets(&self, id: &WebhookId) -> Result<Option<(Vec<u8>, SealedRow)>, Error>;
    /// Replaces the sealed bytes if the version there is the stored one; it grows by one.
    async fn swap_secrets(&self, id: &WebhookId, secrets: SealedRow) -> Result<Swap<()>, Error>;
}

/// An entity as it is stored, and the names it is found by.
#[derive(Debug, Clone)]
pub(crate) struct EntityRow {
    pub(crate) id: EntityId,
    pub(crate) names: Vec<String>,
    pub(crate) row: Vec<u8>,
}

#[async_trait]
pub(crate) trait EntityRows: Send + Sync {
    async fn put_entity(&self, entity: EntityRow) -> Result<(), Error>;
    async fn entity(&self, id: EntityId) -> Result<Option<Vec<u8>>, Error>;
    /// Up to two entities of this name: two mean that the name is ambiguous.
    async fn entities_named(&self, name: &str) -> Result<Vec<EntityId>, Error>;
    async fn entities(&self, after: Option<EntityId>, limit: usize) -> Result<Vec<(EntityId, Vec<u8>)>, Error>;
}

#[async_trait]
pub(crate) trait DedupMarks: Send + Sync {
    async fn seen(&self, events: &[EventId]) -> Result<Vec<bool>, Error>;
    async fn mark_seen(&self, events: &[EventId], window: Duration) -> Result<(), Error>;
}

/// A request for slots of a rate, in the units of the algorithm (GCRA).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Time between two slots at the steady rate.
    pub(crate) interval_us: u64,
    /// Slots that may be taken at once after a pause.
    pub(crate) burst: u64,
    /// Slots wanted.
    pub(crate) wanted: u64,
}

#[async_trait]
pub(crate) trait Rates: Send + Sync {
    /// Slots granted, and how long until the next one in microseconds.
    async fn claim(&self, id: &WebhookId, claim: Claim) -> Result<(u64, u64), Error>;
}

/// An attempt as it is stored. The answer lies apart because fewer are kept.
#[derive(Debug, Clone)]
pub(crate) struct AttemptRow {
    pub(crate) webhook: WebhookId,
    pub(crate) row: Vec<u8>,
    /// The attempt's key, and the answer.
    pub(crate) answer: Option<(String, String)>,
    /// Nothing else holds it: it must be on disk before the call returns.
    pub(crate) durable: bool,
}

#[async_trait]
pub(crate) trait AttemptLog: Send + Sync {
    async fn append(&self, attempt: AttemptRow) -> Result<(), Error>;
    /// Rows after the cursor, oldest first.
    async fn attempts(
        &self,
        id: &WebhookId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<(Cursor, Vec<u8>)>, Error>;
    /// Attempt keys and answers.
    async fn answers(&self, id: &WebhookId) -> Result<Vec<(String, String)>, Error>;
}

#[async_trait]
pub(crate) trait DoneRows: Send + Sync {
    async fn mark_done(&self, message_id: &str, delivery: &DeliveryId) -> Result<(), Error>;
    async fn done(&self, message_id: &str) -> Result<HashSet<DeliveryId>, Error>;
    async fn clear_done(&self, message_id: &str) -> Result<(), Error>;
}

/// What to look up in the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LedgerWanted<'a> {
    pub(crate) lineitem: u64,
    pub(crate) series: Option<&'a str>,
    pub(crate) resources: &'a [String],
}

/// Names and rows.
#[derive(Debug, Default)]
pub(crate) struct LedgerFound {
    pub(crate) line: Vec<(String, Vec<u8>)>,
    pub(crate) series: Vec<(String, Vec<u8>)>,
    pub(crate) resource: Vec<(String, Vec<u8>)>,
}

/// A ledger value as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct LedgerRow {
    pub(crate) at: Place,
    pub(crate) name: String,
    pub(crate) row: Vec<u8>,
}

#[async_trait]
pub(crate) trait LedgerRows: Send + Sync {
    /// What is there and has not expired; prolongs its life when that is due.
    async fn ledger(&self, id: &WebhookId, wanted: LedgerWanted<'_>, lifetime: Lifetime) -> Result<LedgerFound, Error>;
    /// Adds or replaces all of the rows in one step.
    async fn write_ledger(&self, id: &WebhookId, rows: Vec<LedgerRow>, lifetime: Lifetime) -> Result<(), Error>;
    async fn forget_resources(&self, id: &WebhookId) -> Result<(), Error>;
}

#[async_trait]
pub(crate) trait LeaseRows: Send + Sync {
    /// False while another holder has it.
    async fn take_lease(&self, name: &str, holder: &str, lasting: Duration) -> Result<bool, Error>;
    /// Makes it end `lasting` from now. False if it is not this holder's.
    async fn renew_lease(&self, name: &str, holder: &str, lasting: Duration) -> Result<bool, Error>;
    /// Ends it if it is this holder's.
    async fn release_lease(&self, name: &str, holder: &str) -> Result<(), Error>;
}

/// A backfill as it is stored, and what it is indexed by.
#[derive(Debug, Clone)]
pub(crate) struct BackfillRow {
    pub(crate) id: BackfillId,
    pub(crate) version: u64,
    pub(crate) webhook: WebhookId,
    pub(crate) status: backfill::Status,
    pub(crate) row: Vec<u8>,
}

/// Which backfills to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BackfillIndex {
    All,
    Webhook(WebhookId),
    Status(backfill::Status),
}

#[async_trait]
pub(crate) trait BackfillRows: Send + Sync {
    /// False if the id is taken by another row; the very same row is accepted again.
    async fn add_backfill(&self, backfill: BackfillRow) -> Result<bool, Error>;
    async fn backfill(&self, id: &BackfillId) -> Result<Option<Vec<u8>>, Error>;
    /// Replaces the row and its index entry by status if its version is `expected`.
    async fn swap_backfill(&self, expected: u64, backfill: BackfillRow) -> Result<Swap<()>, Error>;
    /// Rows before `before` in the order of their ids, the last one first, with the ids.
    async fn backfills(
        &self,
        index: &BackfillIndex,
        before: Option<&BackfillId>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error>;
    async fn backfill_counts(&self, id: &BackfillId) -> Result<Counts, Error>;
    async fn count_more(&self, id: &BackfillId, more: More) -> Result<(), Error>;
    async fn set_backfill_total(&self, id: &BackfillId, total: u64) -> Result<(), Error>;
}

/// Every call is one round trip, or one transaction.
#[async_trait]
pub(crate) trait WindowRows: Send + Sync {
    /// None unless the backfill is running.
    async fn begin(
        &self,
        id: &BackfillId,
        deliveries: &[(DeliveryId, Fingerprint)],
        capacity: u64,
    ) -> Result<Option<Begun>, Error>;
    /// Which of them were in the window. Of those it counts each, and records those that are to be.
    async fn settle(&self, id: &BackfillId, deliveries: &[(DeliveryId, Settled)]) -> Result<Vec<bool>, Error>;
    async fn held(&self, id: &BackfillId, deliveries: &[DeliveryId]) -> Result<Vec<bool>, Error>;
    async fn outstanding(&self, id: &BackfillId) -> Result<u64, Error>;
    /// Gives how many were outstanding.
    async fn drop_window(&self, id: &BackfillId) -> Result<u64, Error>;
    async fn sent(&self, webhook: &WebhookId, events: &[Fingerprint]) -> Result<Vec<bool>, Error>;
}

/// A notice as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct NoticeRow {
    pub(crate) id: NoticeId,
    pub(crate) row: Vec<u8>,
}

#[async_trait]
pub(crate) trait NoticeRows: Send + Sync {
    async fn append_notice(&self, notice: NoticeRow) -> Result<(), Error>;
    /// Rows before `before` in the order of their ids, the last one first, with the ids.
    async fn notices(&self, before: Option<&NoticeId>, limit: usize) -> Result<Vec<(String, Vec<u8>)>, Error>;
}

#[async_trait]
pub(crate) trait Ages: Send + Sync {
    async fn tell_age(&self, age_ms: u64) -> Result<(), Error>;
    async fn largest_age(&self) -> Result<Option<u64>, Error>;
}

/// Everything a backend has to do.
#[async_trait]
pub(crate) trait Backend:
    WebhookRows
    + SecretRows
    + EntityRows
    + DedupMarks
    + Rates
    + AttemptLog
    + DoneRows
    + LedgerRows
    + LeaseRows
    + BackfillRows
    + WindowRows
    + NoticeRows
    + Ages
{
    /// Finishes what waits and ends the backend's tasks.
    async fn close(&self);
}
