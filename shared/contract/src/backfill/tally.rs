//! Events counted by kind and month, for people who want to know what they are about to send.

use super::happened_at;
use crate::body::{Money, eastern};
use crate::event::{Event, Kind};
use jiff::Timestamp;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Counts of events. Two of them add up, so a source can be counted in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<(String, &'static str), Sum>);

/// What one kind had in one month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Events.
    pub events: u64,
    /// What they come to, in cents of a US dollar. A cancellation moves no money.
    pub cents: u64,
}

impl Tally {
    /// Counts an event in the month, in US Eastern time, in which it happened.
    pub fn count(&mut self, event: &Event) {
        let at = happened_at(event).unwrap_or(event.received_at);
        self.add(month(at), event.kind, Sum { events: 1, cents: amount(event).map_or(0, Money::cents) });
    }

    /// Adds what was counted elsewhere, `month` as `2024-01`.
    pub fn add(&mut self, month: String, kind: Kind, more: Sum) {
        let sum = self.0.entry((month, kind.name())).or_default();
        sum.events += more.events;
        sum.cents = sum.cents.saturating_add(more.cents);
    }

    /// Every month (`2024-01`) and kind that has events, the oldest first.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &'static str, Sum)> {
        self.0.iter().map(|((month, kind), sum)| (month.as_str(), *kind, *sum))
    }

    /// All of it.
    pub fn total(&self) -> Sum {
        let add = |a: Sum, b: &Sum| Sum { events: a.events + b.events, cents: a.cents.saturating_add(b.cents) };
        self.0.values().fold(Sum::default(), add)
    }
}

fn month(at: Timestamp) -> String {
    let mut text = eastern(at);
    text.truncate("2024-01".len());
    text
}

/// What the event's line item comes to. None for a cancellation.
fn amount(event: &Event) -> Option<Money> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        lineitems: (Lineitem<'a>,),
    }
    #[derive(Deserialize)]
    struct Lineitem<'a> {
        #[serde(borrow)]
        amount: Cow<'a, str>,
    }
    if event.kind == Kind::Cancellation {
        return None;
    }
    Money::parse(&serde_json::from_str::<Body<'_>>(event.body.get()).ok()?.lineitems.0.amount)
}
