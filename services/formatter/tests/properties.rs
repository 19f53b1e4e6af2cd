//! Whatever a valid event says, no connection panics, and every body is one that a receiver can read, with the
//! event's amounts to the cent.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]

#[path = "properties/events.rs"]
mod events;
#[path = "properties/sent.rs"]
mod sent;
#[path = "catalogue/settings.rs"]
mod settings;
#[path = "native/webhook.rs"]
mod webhook;

use contract::body::Money;
use contract::catalogue::{self, Format};
use contract::event::{Event, Kind};
use contract::plan::{Body, Plan, To};
use contract::webhook::Webhook;
use formatter::Refusal;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Events of which each is tried on every connection.
const EVENTS: u32 = 10_000;

/// How a webhook may be set up: everything filled in and ticked, with one choice or another, or as little as it takes.
const SETUPS: usize = 3;

/// Every connection, set up in one of these ways.
fn webhooks(setup: usize) -> Vec<(Format, Webhook)> {
    let mut webhooks = Vec::new();
    for entry in catalogue::all() {
        for connection in &entry.connections {
            let settings = match setup {
                0 | 1 => settings::filled(connection, setup),
                _ => settings::bare(connection),
            };
            let mut webhook = webhook::webhook(&entry.id, &connection.id, settings);
            webhook.options.declined = true;
            webhooks.push((connection.format, webhook));
        }
    }
    webhooks
}

#[test]
fn every_event_makes_sound_requests_or_none() {
    let webhooks: Vec<_> = (0..SETUPS).map(webhooks).collect();
    let planned: RefCell<BTreeMap<String, u32>> = RefCell::default();
    let config = ProptestConfig { cases: EVENTS, failure_persistence: None, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&(events::event(), 0..SETUPS, any::<bool>()), |(event, setup, test)| {
        for (format, webhook) in &webhooks[setup] {
            let name = format!("{}.{:?}", webhook.kind.name(), webhook.connection);
            match formatter::plan(&event, webhook, test) {
                Ok(plan) => {
                    check(&plan, *format, &event);
                    *planned.borrow_mut().entry(name).or_default() += 1;
                }
                Err(Refusal::Skip(_)) => {}
                Err(Refusal::Invalid(why)) => panic!("{name}: {why}"),
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let planned = planned.into_inner();
    let types: usize = catalogue::all().iter().map(|entry| entry.connections.len()).sum();
    assert_eq!(planned.len(), types, "{planned:?}");
    assert!(planned.values().all(|plans| *plans > EVENTS / 50), "{planned:?}");
}

fn check(plan: &Plan, format: Format, event: &Event) {
    let amounts = Amounts::of(event, format);
    let mut told = 0;
    for step in &plan.steps {
        if let To::Path(parts) | To::Url(parts) = &step.to {
            let sendable = |text: String| text.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(sent::texts(parts).into_iter().all(sendable), "{format:?}: {parts:?}");
        }
        match &step.body {
            Body::None | Body::Event => {}
            Body::Json(parts) | Body::JsonAsForm(parts) => {
                for text in sent::texts(parts) {
                    assert!(serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{format:?}: {text}");
                    sent::leaves(&text, "", &mut |key, value| {
                        assert!(value != "null" && value != "\"\"", "{format:?}: {key} is empty in {text}");
                        told += u32::from(amounts.check(key, value));
                    });
                }
            }
            Body::Form(pairs) => {
                for (name, parts) in pairs {
                    for value in sent::texts(parts) {
                        assert!(!value.is_empty(), "{format:?}: {name} is empty");
                        told += u32::from(amounts.check(name, &format!("\"{value}\"")));
                    }
                }
            }
        }
    }
    let must_tell = event.kind == Kind::Contribution && !matches!(format, Format::Default | Format::Tatango);
    assert!(told > 0 || !must_tell, "{format:?}: no amount in {plan:?}");
}

/// What an amount in a body may be.
struct Amounts {
    format: Format,
    allowed: Vec<Money>,
}

impl Amounts {
    fn of(event: &Event, format: Format) -> Self {
        let body: Value = serde_json::from_str(event.body.get()).expect("JSON");
        let money = |key: &str| Money::parse(body["lineitems"][0][key].as_str()?);
        let mut allowed = vec![money("amount").expect("every event has an amount")];
        match format {
            // What the series' profile charges from now on.
            Format::ActionKit => allowed.extend(money("recurringAmount")),
            // What is left of a gift that was given back.
            Format::Osdi | Format::SalsaClassic if event.kind == Kind::Refund => allowed.push(Money::of_cents(0)),
            _ => {}
        }
        Self { format, allowed }
    }

    /// Whether a value is an amount; if so, it is the event's, with two decimals or in cents.
    fn check(&self, key: &str, value: &str) -> bool {
        let name = key.to_lowercase();
        let text = value.trim_matches('"');
        let number = !value.starts_with('"') && value.starts_with(|c: char| c.is_ascii_digit());
        let amount = if name.ends_with("_in_cents") {
            value.parse().ok().map(Money::of_cents)
        } else if name.contains("amount")
            || name == "transaction_amt"
            || (number && (value.contains('.') || matches!(name.as_str(), "value" | "price")))
        {
            Money::parse(text).filter(|_| text.split_once('.').is_some_and(|(_, cents)| cents.len() == 2))
        } else {
            return false;
        };
        let known = amount.is_some_and(|amount| self.allowed.contains(&amount));
        assert!(known, "{:?}: {key} is {value} and not one of {:?}", self.format, self.allowed);
        true
    }
}
