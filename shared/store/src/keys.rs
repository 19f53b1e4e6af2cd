//! Every key of the state and how long it lives.
//!
//! | Redis key (after the prefix) | holds | until |
//! |---|---|---|
//! | `webhook:{id}` | hash: `version`, `entity`, `row` (JSON), `by_entity`, `by_status` (its indexes) | for ever |
//! | `secrets:{id}` | hash: `version`, `sealed` | for ever |
//! | `webhooks` | sorted set of all webhook ids | for ever |
//! | `webhooks:entity:{entity}` | sorted set of webhook ids | for ever |
//! | `webhooks:status:{status}` | sorted set of webhook ids | for ever |
//! | `entity:{entity}` | hash: `row` (JSON), `names` (its members of `entities:names`, one a line) | for ever |
//! | `entities` | sorted set of entity ids, 20 digits each | for ever |
//! | `entities:names` | sorted set of name + NUL + entity id | for ever |
//! | `dedup:{event}` | nothing | the dedup window |
//! | `limit:{webhook}` | when its next request conforms (GCRA), in µs | 1 s after that time |
//! | `attempts:{webhook}` | stream of attempts (JSON) | `ATTEMPTS_KEPT` entries |
//! | `answers:{webhook}` | stream of failed attempts' answers | `ANSWERS_KEPT` entries |
//! | `done:{message}` | set of delivery ids | `DONE_MARK_S` |
//! | `ledger:{webhook}:line:{lineitem}` | hash: names to values (JSON) | `LEDGER_S` after its last use |
//! | `ledger:{webhook}:series:{series}` | hash: names to values (JSON) | `LEDGER_S` after its last use |
//! | `ledger:{webhook}:resources` | hash: names to values (JSON) | `LEDGER_S` after its last use, each value |
//! | `ledger:{webhook}:expiry` | sorted set of the names of resources by when they expire, in Unix ms | the last of them |
//! | `lease:{name}` | its holder | its time, or its release |
//! | `backfill:{id}` | hash: `version`, `webhook`, `status`, `row` (JSON), `by_status` (its index) | for ever |
//! | `backfills` | sorted set of all backfill ids | for ever |
//! | `backfills:webhook:{webhook}` | sorted set of backfill ids | for ever |
//! | `backfills:status:{status}` | sorted set of backfill ids | for ever |
//! | `backfill:{id}:counts` | hash: the counts by name | for ever |
//! | `backfill:{id}:window` | hash: outstanding delivery ids to fingerprint (8 bytes) and bucket | each until it is settled or dropped |
//! | `sent:{webhook}` | hash: bucket to fingerprints of events, 8 bytes each | for ever |
//! | `notice:{id}` | notice (JSON) | `NOTICE_S` |
//! | `notices` | sorted set of notice ids | each until a notice is added after its end |
//! | `pulse:{second}` | largest age told in this Unix second, in ms | `PULSE_S` and 2 s |
//! | `changes` | channel: what the directories have to read again | – |
//!
//! The embedded store has one table for each; its expiring tables have a second one in order of expiry. It keeps
//! rates, leases and the pulse in memory, because it has one process.

use crate::ledger::Place;
use contract::backfill;
use contract::id::{BackfillId, EntityId, EventId, NoticeId, WebhookId};
use contract::webhook::Status;
use redb::TableDefinition;

/// The webhook's id to its version, entity, status and row.
pub(crate) const WEBHOOKS: TableDefinition<'_, &str, (u64, u64, &str, &[u8])> = TableDefinition::new("webhooks");
/// Webhook ids by entity.
pub(crate) const WEBHOOKS_BY_ENTITY: TableDefinition<'_, (u64, &str), ()> = TableDefinition::new("webhooks_by_entity");
/// Webhook ids by status.
pub(crate) const WEBHOOKS_BY_STATUS: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("webhooks_by_status");
/// The webhook's id to the version and the sealed bytes of its secrets.
pub(crate) const SECRETS: TableDefinition<'_, &str, (u64, &[u8])> = TableDefinition::new("secrets");
/// The entity's id to its names, one a line, and its row.
pub(crate) const ENTITIES: TableDefinition<'_, u64, (&str, &[u8])> = TableDefinition::new("entities");
/// Entity ids by name.
pub(crate) const ENTITIES_BY_NAME: TableDefinition<'_, (&str, u64), ()> = TableDefinition::new("entities_by_name");
/// The event's id to when it is forgotten, in Unix milliseconds.
pub(crate) const DEDUP: TableDefinition<'_, &str, u64> = TableDefinition::new("dedup");
/// Events by when they are forgotten.
pub(crate) const DEDUP_EXPIRY: TableDefinition<'_, (u64, &str), ()> = TableDefinition::new("dedup_expiry");
/// The webhook's id and a number that grows by one, to the attempt.
pub(crate) const ATTEMPTS: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("attempts");
/// The webhook's id and a number that grows by one, to the attempt's key and its answer.
pub(crate) const ANSWERS: TableDefinition<'_, (&str, u64), (&str, &str)> = TableDefinition::new("answers");
/// The broker's message id and the delivery's id, to when the mark expires, in Unix milliseconds.
pub(crate) const DONE: TableDefinition<'_, (&str, &str), u64> = TableDefinition::new("done");
/// Done marks by when they expire.
pub(crate) const DONE_EXPIRY: TableDefinition<'_, (u64, &str, &str), ()> = TableDefinition::new("done_expiry");

/// The webhook's id, a place of the ledger and a name, to when the value expires, in Unix milliseconds, and the value.
pub(crate) const LEDGER: TableDefinition<'_, (&str, &str, &str), (u64, &[u8])> = TableDefinition::new("ledger");
/// Ledger values by when they expire.
pub(crate) const LEDGER_EXPIRY: TableDefinition<'_, (u64, &str, &str, &str), ()> =
    TableDefinition::new("ledger_expiry");

/// The backfill's id to its version, webhook, status and row.
pub(crate) const BACKFILLS: TableDefinition<'_, &str, (u64, &str, &str, &[u8])> = TableDefinition::new("backfills");
/// Backfill ids by webhook.
pub(crate) const BACKFILLS_BY_WEBHOOK: TableDefinition<'_, (&str, &str), ()> =
    TableDefinition::new("backfills_by_webhook");
/// Backfill ids by status.
pub(crate) const BACKFILLS_BY_STATUS: TableDefinition<'_, (&str, &str), ()> =
    TableDefinition::new("backfills_by_status");
/// The backfill's id to how many are outstanding, the total, and the other counts in the order of their fields.
pub(crate) const BACKFILL_COUNTS: TableDefinition<'_, &str, (u64, Option<u64>, [u64; 6])> =
    TableDefinition::new("backfill_counts");
/// The backfill's id and that of an outstanding delivery, to the bucket and the bytes of its fingerprint.
pub(crate) const BACKFILL_WINDOW: TableDefinition<'_, (&str, &str), (u16, [u8; 8])> =
    TableDefinition::new("backfill_window");
/// The webhook's id and a bucket, to the fingerprints of events, 8 bytes each.
pub(crate) const SENT: TableDefinition<'_, (&str, u16), &[u8]> = TableDefinition::new("sent");
/// The notice's id to when it is forgotten, in Unix milliseconds, and its row.
pub(crate) const NOTICES: TableDefinition<'_, &str, (u64, &[u8])> = TableDefinition::new("notices");

/// The names of one installation's Redis keys.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    prefix: String,
}

impl Keys {
    pub(crate) const fn new(prefix: String) -> Self {
        Self { prefix }
    }

    pub(crate) fn webhook(&self, id: &WebhookId) -> String {
        format!("{}webhook:{id}", self.prefix)
    }

    pub(crate) fn secrets(&self, id: &WebhookId) -> String {
        format!("{}secrets:{id}", self.prefix)
    }

    pub(crate) fn webhooks(&self) -> String {
        format!("{}webhooks", self.prefix)
    }

    pub(crate) fn webhooks_of_entity(&self, entity: EntityId) -> String {
        format!("{}webhooks:entity:{entity}", self.prefix)
    }

    pub(crate) fn webhooks_of_status(&self, status: Status) -> String {
        format!("{}webhooks:status:{}", self.prefix, status.name())
    }

    pub(crate) fn entity(&self, id: EntityId) -> String {
        format!("{}entity:{id}", self.prefix)
    }

    pub(crate) fn entities(&self) -> String {
        format!("{}entities", self.prefix)
    }

    pub(crate) fn entity_names(&self) -> String {
        format!("{}entities:names", self.prefix)
    }

    pub(crate) fn dedup(&self, event: &EventId) -> String {
        let id = event.as_str();
        format!("{}dedup:{}", self.prefix, id.strip_prefix("evt_").unwrap_or(id))
    }

    pub(crate) fn limit(&self, id: &WebhookId) -> String {
        format!("{}limit:{id}", self.prefix)
    }

    pub(crate) fn attempts(&self, id: &WebhookId) -> String {
        format!("{}attempts:{id}", self.prefix)
    }

    pub(crate) fn answers(&self, id: &WebhookId) -> String {
        format!("{}answers:{id}", self.prefix)
    }

    pub(crate) fn done(&self, message_id: &str) -> String {
        format!("{}done:{message_id}", self.prefix)
    }

    /// Where the values of this place lie.
    pub(crate) fn ledger(&self, id: &WebhookId, at: &Place) -> String {
        match at {
            Place::Line(lineitem) => format!("{}ledger:{id}:line:{lineitem}", self.prefix),
            Place::Series(series) => format!("{}ledger:{id}:series:{series}", self.prefix),
            Place::Resource => format!("{}ledger:{id}:resources", self.prefix),
        }
    }

    pub(crate) fn ledger_expiry(&self, id: &WebhookId) -> String {
        format!("{}ledger:{id}:expiry", self.prefix)
    }

    pub(crate) fn lease(&self, name: &str) -> String {
        format!("{}lease:{name}", self.prefix)
    }

    pub(crate) fn backfill(&self, id: &BackfillId) -> String {
        format!("{}backfill:{id}", self.prefix)
    }

    pub(crate) fn backfills(&self) -> String {
        format!("{}backfills", self.prefix)
    }

    pub(crate) fn backfills_of_webhook(&self, webhook: &WebhookId) -> String {
        format!("{}backfills:webhook:{webhook}", self.prefix)
    }

    pub(crate) fn backfills_of_status(&self, status: backfill::Status) -> String {
        format!("{}backfills:status:{}", self.prefix, status.name())
    }

    pub(crate) fn backfill_counts(&self, id: &BackfillId) -> String {
        format!("{}backfill:{id}:counts", self.prefix)
    }

    pub(crate) fn backfill_window(&self, id: &BackfillId) -> String {
        format!("{}backfill:{id}:window", self.prefix)
    }

    pub(crate) fn sent(&self, webhook: &WebhookId) -> String {
        format!("{}{webhook}", self.sent_records())
    }

    /// What the names of all sent records begin with.
    pub(crate) fn sent_records(&self) -> String {
        format!("{}sent:", self.prefix)
    }

    pub(crate) fn notice(&self, id: &NoticeId) -> String {
        format!("{}{id}", self.notice_rows())
    }

    /// What the names of all notices begin with.
    pub(crate) fn notice_rows(&self) -> String {
        format!("{}notice:", self.prefix)
    }

    pub(crate) fn notices(&self) -> String {
        format!("{}notices", self.prefix)
    }

    /// What the names of all seconds of the pulse begin with.
    pub(crate) fn pulse(&self) -> String {
        format!("{}pulse:", self.prefix)
    }

    pub(crate) fn changes(&self) -> String {
        format!("{}changes", self.prefix)
    }
}
