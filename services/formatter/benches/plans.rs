//! How fast events become plans, on one core: `plan` is the formatter's own work, `line` all that a copy of it does
//! with a line of a message: read it, make the plan, write the line for the sender.
//!
//! `scripts/bench formats`; the column with `item/s` counts events.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark that cannot be set up has failed")]

#[path = "../tests/native/reference.rs"]
mod reference;
#[path = "../tests/catalogue/settings.rs"]
#[expect(dead_code, reason = "the properties ask for more")]
mod settings;
#[path = "../tests/native/webhook.rs"]
mod webhook;

use contract::catalogue::{self, Connection, Entry, Format};
use contract::delivery::{Delivery, PlannedOf};
use contract::envelope::{Header, Line};
use contract::event::Event;
use contract::lane::Lane;
use contract::webhook::Webhook;
use divan::Bencher;
use divan::counter::ItemsCount;
use reference::{Occasion, event};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use std::fmt;

fn main() {
    divan::main();
}

/// A connection and an event that it takes.
struct Case {
    entry: &'static Entry,
    connection: &'static Connection,
    occasion: Occasion,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} {}", self.entry.id, self.connection.id, self.occasion.name())
    }
}

/// The default type, then every connection with a format of its own; of each what it makes a plan for.
fn cases() -> Vec<Case> {
    let all = catalogue::all().iter().flat_map(|entry| entry.connections.iter().map(move |spoken| (entry, spoken)));
    let wanted = all.filter(|(entry, spoken)| spoken.format != Format::Default || entry.id == "default");
    let cases = wanted.flat_map(|(entry, connection)| {
        Occasion::ALL.into_iter().map(move |occasion| Case { entry, connection, occasion })
    });
    cases.filter(|case| formatter::plan(&case.event(), &case.webhook(), false).is_ok()).collect()
}

impl Case {
    /// Everything is filled in, which makes the longest plans.
    fn webhook(&self) -> Webhook {
        webhook::webhook(&self.entry.id, &self.connection.id, settings::filled(self.connection, 0))
    }

    fn event(&self) -> Event {
        let tracking: Value =
            serde_json::from_str(include_str!("../tests/native/reference/tracking.json")).expect("JSON");
        let tracking = to_raw_value(&tracking).expect("JSON");
        Event { tracking: Some(tracking), ..event(self.occasion, json!({})) }
    }
}

#[divan::bench(args = cases(), sample_count = 20)]
fn plan(bencher: Bencher<'_, '_>, case: &Case) {
    let (event, webhook) = (case.event(), case.webhook());
    bencher.counter(ItemsCount::new(1_usize)).bench(|| formatter::plan(&event, &webhook, false));
}

#[divan::bench(args = cases(), sample_count = 20)]
fn line(bencher: Bencher<'_, '_>, case: &Case) {
    let (event, webhook) = (case.event(), case.webhook());
    let header = Header::new("d", "00-0-0-01".to_owned(), Lane::Live, event.received_at);
    let delivery = Delivery::new(event, webhook.id.clone());
    let line = Line::new(header, &delivery).encode(delivery.event.body.get().len()).expect("a line");
    bencher.counter(ItemsCount::new(1_usize)).bench(|| {
        let Line { header, body: delivery } = Line::<Delivery>::decode(&line).expect("the line");
        let plan = formatter::plan(&delivery.event, &webhook, delivery.test).expect("a plan");
        let planned = PlannedOf { delivery: &delivery, plan: &plan };
        Line::new(header, planned).encode(delivery.event.body.get().len())
    });
}
