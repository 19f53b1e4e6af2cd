//! Everything that the catalogue offers is there: a formatter, a golden file for every kind, a page for people.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]

#[path = "native/reference.rs"]
mod reference;
#[path = "catalogue/settings.rs"]
#[expect(dead_code, reason = "the properties ask for more")]
mod settings;
#[path = "native/webhook.rs"]
mod webhook;

use contract::catalogue::{self, Connection, Entry, Format};
use contract::event::Kind;
use contract::limits;
use contract::plan::{Body, NoPlan, Plan};
use formatter::Refusal;
use reference::{Occasion, event};
use serde_json::json;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use webhook::webhook;

fn connections() -> impl Iterator<Item = (&'static Entry, &'static Connection)> {
    catalogue::all().iter().flat_map(|entry| entry.connections.iter().map(move |connection| (entry, connection)))
}

/// The plan of a reference event for a webhook with everything filled in and ticked.
fn plan(entry: &Entry, connection: &Connection, occasion: Occasion) -> Result<Plan, Refusal> {
    let webhook = webhook(&entry.id, &connection.id, settings::filled(connection, 0));
    formatter::plan(&event(occasion, json!({})), &webhook, false)
}

fn folder(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn names(path: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder(path)).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect()
}

#[test]
fn every_format_is_spoken_by_a_connection() {
    let spoken: HashSet<Format> = connections().map(|(_, connection)| connection.format).collect();
    let silent: Vec<Format> = Format::ALL.into_iter().filter(|format| !spoken.contains(format)).collect();
    assert_eq!(silent, [], "formats without an entry in the catalogue");
}

#[test]
fn every_connection_has_a_formatter_for_what_it_takes_and_for_nothing_else() {
    for (entry, connection) in connections() {
        for occasion in Occasion::ALL {
            let name = format!("{}.{} {occasion:?}", entry.id, connection.id);
            match plan(entry, connection, occasion) {
                Err(Refusal::Skip(NoPlan::NotSupported)) => assert!(!connection.takes(occasion.kind()), "{name}"),
                Err(Refusal::Invalid(why)) => panic!("{name}: {why}"),
                Err(Refusal::Skip(_)) => assert!(connection.takes(occasion.kind()), "{name}"),
                Ok(plan) => {
                    assert!(connection.takes(occasion.kind()), "{name}");
                    sound(&plan, connection, occasion.kind(), &name);
                }
            }
        }
    }
}

fn sound(plan: &Plan, connection: &Connection, kind: Kind, name: &str) {
    assert!((1..=limits::PLAN_STEPS).contains(&plan.steps.len()), "{name}: the number of steps");
    let steps: HashSet<&str> = plan.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(steps.len(), plan.steps.len(), "{name}: steps have names of their own");
    assert!(plan.steps.iter().all(|step| !step.success.is_empty()), "{name}: a step can succeed");
    let native = connection.format != Format::Default;
    assert_eq!(plan.notes_delivery, native && kind == Kind::Contribution, "{name}: the ledger hears of payments only");
}

#[test]
fn every_kind_that_a_connection_takes_has_a_golden_file() {
    let mut folders = BTreeSet::new();
    for (entry, connection) in connections() {
        for occasion in Occasion::ALL.into_iter().filter(|occasion| connection.takes(occasion.kind())) {
            let plan = plan(entry, connection, occasion);
            if connection.format == Format::Default {
                // The golden body is that of the event.
                let plan = plan.expect("a plan");
                assert!(matches!(plan.steps.as_slice(), [step] if step.body == Body::Event), "{}", entry.id);
                let golden = format!("{}.json", occasion.kind().name());
                assert!(names("tests/golden").contains(&golden), "{golden} is missing");
            } else {
                let of = format!("{}.{}", entry.id, connection.id);
                let golden = Path::new("tests/golden/native").join(&of).join(format!("{}.json", occasion.name()));
                // Some targets take first payments only.
                let needed = occasion != Occasion::Instalment || plan.is_ok();
                assert!(!needed || folder(&golden).is_file(), "{} is missing", golden.display());
                folders.insert(of);
            }
        }
    }
    assert_eq!(names("tests/golden/native"), folders, "a folder for every native connection and no other");
}

#[test]
fn every_type_has_its_page() {
    let pages: BTreeSet<String> = catalogue::all().iter().map(|entry| format!("{}.md", entry.id)).collect();
    assert_eq!(names("../../docs/types"), pages, "docs/types has a page for every type and no other");
    for entry in catalogue::all() {
        let page = std::fs::read_to_string(folder("../../docs/types").join(format!("{}.md", entry.id)));
        let page = page.expect("a page");
        assert_eq!(page.lines().next(), Some(format!("# {}", entry.label).as_str()), "{}.md", entry.id);
        for connection in &entry.connections {
            for field in &connection.fields {
                assert!(page.contains(&field.label), "{}.md does not say what “{}” is", entry.id, field.label);
            }
        }
    }
}
