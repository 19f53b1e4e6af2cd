//! What is remembered of a target: the ledger, and for tests a little memory of their own.

use contract::delivery::Delivery;
use contract::id::WebhookId;
use contract::limits;
use contract::plan::{Capture, Plan, Remember, Scope};
use contract::webhook::Webhook;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use store::{Entry, Error, Ledger, Place, Remembered, Store, Webhooks};

/// In the ledger, of a line and of a series: when its payment was delivered (`formats/plans.md` §6).
pub(crate) const DELIVERED_AT: &str = "delivered_at";

/// Reads and writes what is remembered.
pub(crate) struct Memory {
    ledger: Ledger,
    webhooks: Webhooks,
    tests: Mutex<HashMap<WebhookId, Vec<Entry>>>,
}

impl Memory {
    pub(crate) fn new(store: &Store, ledger: Ledger) -> Self {
        Self { ledger, webhooks: store.webhooks().clone(), tests: Mutex::default() }
    }

    /// What is known of the delivery's line item, of its series, and under these keys.
    pub(crate) async fn read(
        &self,
        delivery: &Delivery,
        series: Option<&str>,
        keys: &[String],
    ) -> Result<Remembered, Error> {
        let (webhook, line) = (&delivery.webhook, delivery.event.lineitem);
        let mut found = self.ledger.read(webhook, line, series, keys).await?;
        if delivery.test {
            let tests = self.tests.lock().unwrap_or_else(PoisonError::into_inner);
            for Entry { at, name, value } in tests.get(webhook).into_iter().flatten() {
                let known = match at {
                    Place::Line(id) if *id == line => &mut found.line,
                    Place::Series(name) if Some(name.as_str()) == series => &mut found.series,
                    Place::Resource if keys.contains(name) => &mut found.resource,
                    _ => continue,
                };
                known.insert(name.clone(), value.clone());
            }
        }
        Ok(found)
    }

    /// Remembers these. A test writes nothing to the ledger: what it learns serves the tests after it, in this
    /// process.
    pub(crate) async fn write(&self, webhook: &Webhook, delivery: &Delivery, entries: &[Entry]) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        if !delivery.test {
            return self.write_down(webhook, entries).await;
        }
        let mut tests = self.tests.lock().unwrap_or_else(PoisonError::into_inner);
        if tests.len() >= limits::TESTED_WEBHOOKS && !tests.contains_key(&delivery.webhook) {
            tests.clear();
        }
        let kept = tests.entry(delivery.webhook.clone()).or_default();
        kept.extend_from_slice(entries);
        let old = kept.len().saturating_sub(limits::TEST_VALUES);
        kept.drain(..old);
        Ok(())
    }

    /// What was made in the account that the webhook pointed to is of no use in another.
    async fn write_down(&self, webhook: &Webhook, entries: &[Entry]) -> Result<(), Error> {
        self.ledger.write(&webhook.id, entries).await?;
        if !entries.iter().any(|entry| entry.at == Place::Resource) {
            return Ok(());
        }
        let now = self.webhooks.get(&webhook.id).await?;
        let same = |now: &Webhook| {
            (&now.endpoint, &now.connection, &now.settings)
                == (&webhook.endpoint, &webhook.connection, &webhook.settings)
        };
        match now.is_some_and(|now| same(&now)) {
            true => Ok(()),
            false => self.ledger.forget_resources(&webhook.id).await,
        }
    }
}

/// What a captured value is for the ledger; nothing when it is only for its plan.
pub(crate) fn of_capture(capture: &Capture, value: &Value, line: u64, series: Option<&str>) -> Vec<Entry> {
    let places = capture.scopes.iter().filter_map(|scope| place(*scope, line, series));
    let entries = places.map(|at| Entry { at, name: capture.name.clone(), value: value.clone() });
    entries.filter(fits).collect()
}

/// What is written when a plan has succeeded.
pub(crate) fn of_success(plan: &Plan, line: u64, now: Timestamp) -> Vec<Entry> {
    let series = plan.series.as_deref();
    let literal = |Remember { scope, name, value }: &Remember| {
        let at = place(*scope, line, series)?;
        Some(Entry { at, name: name.clone(), value: value.clone().into() })
    };
    let mut entries: Vec<Entry> = plan.remember.iter().filter_map(literal).collect();
    if plan.notes_delivery {
        for at in [Scope::Line, Scope::Series].into_iter().filter_map(|scope| place(scope, line, series)) {
            entries.push(Entry { at, name: DELIVERED_AT.to_owned(), value: now.to_string().into() });
        }
    }
    entries.retain(fits);
    entries
}

/// A name that the ledger does not take, which a long form or order number makes, is done without.
fn fits(entry: &Entry) -> bool {
    let series = if let Place::Series(series) = &entry.at { series.len() } else { 0 };
    entry.name.len().max(series) <= limits::LEDGER_NAME_BYTES
}

/// None for the series of a one-time gift.
fn place(scope: Scope, line: u64, series: Option<&str>) -> Option<Place> {
    match scope {
        Scope::Line => Some(Place::Line(line)),
        Scope::Series => series.map(|series| Place::Series(series.to_owned())),
        Scope::Resource => Some(Place::Resource),
    }
}
