//! The ledger: values that targets returned, remembered for later events of the same line item, series or webhook
//! (`formats/plans.md` §6).

use crate::backend::{Backend, LedgerRow, LedgerWanted};
use crate::error::Error;
use crate::row;
use contract::id::WebhookId;
use contract::limits;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The ledger. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    backend: Arc<dyn Backend>,
    lifetime: Lifetime,
}

/// What a value is remembered for, within its webhook.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A line item, by its number.
    Line(u64),
    /// A series of payments, by its name ([`contract::plan::Plan::series`]).
    Series(String),
    /// The webhook itself: something made in the target, with its whole key as the name.
    Resource,
}

/// A value to remember.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What for.
    pub at: Place,
    /// Its name there, at most [`limits::LEDGER_NAME_BYTES`].
    pub name: String,
    /// At most [`limits::CAPTURED_CHARS`] as text; never a secret.
    pub value: Value,
}

/// What the ledger knows, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Remembered {
    /// Of the line item.
    pub line: BTreeMap<String, Value>,
    /// Of the series.
    pub series: BTreeMap<String, Value>,
    /// Those of the resources asked for that are known.
    pub resource: BTreeMap<String, Value>,
}

/// How long values are kept after their last use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetime {
    pub(crate) kept_ms: u64,
    /// Reading is noted as a use when the last one noted is older.
    pub(crate) use_ms: u64,
}

impl Lifetime {
    pub(crate) fn of(kept: Duration) -> Self {
        let kept_ms = u64::try_from(kept.as_millis()).unwrap_or(u64::MAX).clamp(1, limits::LEDGER_MAX_S * 1_000);
        // Of a short life a day would be too coarse.
        Self { kept_ms, use_ms: (limits::LEDGER_USE_S * 1_000).min(kept_ms / 2) }
    }

    /// When a value that was used at `now` expires.
    pub(crate) const fn expiry(self, now: u64) -> u64 {
        now.saturating_add(self.kept_ms)
    }

    /// Whether the last use of a value, which its expiry tells, is so long ago that another one is noted.
    pub(crate) const fn is_due(self, now: u64, expires: u64) -> bool {
        expires < self.expiry(now).saturating_sub(self.use_ms)
    }
}

impl Ledger {
    pub(crate) fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, lifetime: Lifetime::of(Duration::from_secs(limits::LEDGER_S)) }
    }

    /// The same ledger, which keeps what is written or read through this handle so long after its last use, instead
    /// of [`limits::LEDGER_S`]; at most [`limits::LEDGER_MAX_S`]. It shortens no life that was given before.
    #[must_use]
    pub fn keeping(&self, lifetime: Duration) -> Self {
        Self { backend: Arc::clone(&self.backend), lifetime: Lifetime::of(lifetime) }
    }

    /// What is known of a line item, of a series and of these resources; one round trip. Reading is a use: it
    /// prolongs the life of what it finds, which is written at most once every [`limits::LEDGER_USE_S`].
    pub async fn read(
        &self,
        id: &WebhookId,
        lineitem: u64,
        series: Option<&str>,
        resources: &[String],
    ) -> Result<Remembered, Error> {
        let wanted = LedgerWanted { lineitem, series, resources };
        let found = self.backend.ledger(id, wanted, self.lifetime).await?;
        let key = row_name(id);
        let values = |rows: Vec<(String, Vec<u8>)>| {
            let values = rows.into_iter().map(|(name, row)| Ok((name, row::decode(&key, &row)?)));
            values.collect::<Result<BTreeMap<String, Value>, Error>>()
        };
        Ok(Remembered { line: values(found.line)?, series: values(found.series)?, resource: values(found.resource)? })
    }

    /// Remembers the values, each in the place of an older one of its name; one round trip, all of them or none. When
    /// it returns they survive a crash of this process, in the embedded store of the machine as well: call it before
    /// what led to them is acknowledged. Writing the same again changes nothing, so a call that failed can be
    /// repeated. [`Error::TooLong`] when one of them is.
    pub async fn write(&self, id: &WebhookId, entries: &[Entry]) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        let key = row_name(id);
        let rows = entries.iter().map(|entry| {
            if !fits(entry) {
                return Err(Error::TooLong { key: key.clone() });
            }
            Ok(LedgerRow { at: entry.at.clone(), name: entry.name.clone(), row: row::encode(&key, &entry.value)? })
        });
        self.backend.write_ledger(id, rows.collect::<Result<_, _>>()?, self.lifetime).await
    }

    /// Forgets the webhook's resources; what is known of lines and series stays. Called after its endpoint or its
    /// account at the target was changed, because they belong to the old one.
    ///
    /// An exchange that is under way with the old one can still write a resource afterwards. So whoever writes one
    /// looks after it whether the webhook is what it was before the exchange, and calls this as well if not.
    pub async fn forget_resources(&self, id: &WebhookId) -> Result<(), Error> {
        self.backend.forget_resources(id).await
    }
}

fn fits(entry: &Entry) -> bool {
    let chars = match &entry.value {
        Value::String(text) => text.chars().count(),
        other => other.to_string().chars().count(),
    };
    let series = if let Place::Series(series) = &entry.at { series.len() } else { 0 };
    chars <= limits::CAPTURED_CHARS && entry.name.len().max(series) <= limits::LEDGER_NAME_BYTES
}

fn row_name(id: &WebhookId) -> String {
    format!("ledger:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, value: Value) -> Entry {
        Entry { at: Place::Line(1), name: name.to_owned(), value }
    }

    #[test]
    fn a_use_is_noted_once_a_day_or_twice_in_a_shorter_life() {
        let check = |lifetime: Duration, since_ms: u64, due: bool| {
            let (lifetime, now) = (Lifetime::of(lifetime), 1_790_000_000_000);
            assert_eq!(lifetime.is_due(now, lifetime.expiry(now - since_ms)), due, "{lifetime:?} {since_ms}");
        };
        let day = limits::LEDGER_USE_S * 1_000;
        check(Duration::from_secs(limits::LEDGER_S), 0, false);
        check(Duration::from_secs(limits::LEDGER_S), day, false);
        check(Duration::from_secs(limits::LEDGER_S), day + 1, true);
        check(Duration::from_secs(60), 30_000, false);
        check(Duration::from_secs(60), 30_001, true);
    }

    #[test]
    fn a_value_is_measured_in_characters_of_its_text() {
        let check = |entry: &Entry, good: bool| assert_eq!(fits(entry), good, "{entry:?}");
        check(&entry("a", Value::from("é\"".repeat(limits::CAPTURED_CHARS / 2))), true);
        check(&entry("a", Value::from("é".repeat(limits::CAPTURED_CHARS + 1))), false);
        check(&entry("a", serde_json::json!({ "ids": [1, 2] })), true);
        check(&entry("a", Value::from(vec![0; limits::CAPTURED_CHARS])), false);
        check(&entry(&"x".repeat(limits::LEDGER_NAME_BYTES), Value::Null), true);
        check(&entry(&"x".repeat(limits::LEDGER_NAME_BYTES + 1), Value::Null), false);
        let series = Place::Series("x".repeat(limits::LEDGER_NAME_BYTES + 1));
        check(&Entry { at: series, ..entry("a", Value::Null) }, false);
    }
}
