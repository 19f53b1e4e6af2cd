//! Reads the catalogue's data.

use super::connection::{Connection, EndpointRule, Format, Scheme};
use super::{Entry, Group};
use crate::event::Kind;
use crate::plan::OnUnclear;
use crate::webhook::Rate;
use regex::Regex;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The connection id of the three ActBlue types.
pub(super) const ACTBLUE: &str = "actblue";
/// The connection id of presets.
const PRESET: &str = "receiver";

/// Connections that have a formatter of their own, and the ActBlue types.
const NATIVE: &[&str] = &[
    include_str!("../../catalogue/actblue.json"),
    include_str!("../../catalogue/action_network.json"),
    include_str!("../../catalogue/actionkit.json"),
    include_str!("../../catalogue/ad_tracking.json"),
    include_str!("../../catalogue/blue_state_digital.json"),
    include_str!("../../catalogue/ispolitical.json"),
    include_str!("../../catalogue/nationbuilder.json"),
    include_str!("../../catalogue/ngpvan.json"),
    include_str!("../../catalogue/osdi.json"),
    include_str!("../../catalogue/salsa.json"),
    include_str!("../../catalogue/switchboard.json"),
    include_str!("../../catalogue/tatango.json"),
];
const PRESETS: &str = include_str!("../../catalogue/presets.json");

/// A connection and the type that it belongs to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Native {
    r#type: String,
    label: String,
    group: Group,
    connection: Connection,
}

/// A vendor that takes the Default bodies (`formats/presets.md` §4).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preset {
    id: String,
    label: String,
    formatter: Format,
    kinds: Vec<Kind>,
    endpoint: PresetEndpoint,
    auth: PresetAuth,
    throttle_per_second: Rate,
    #[expect(dead_code, reason = "for people: whether the vendor is known to take every ticked body on one URL")]
    same_endpoint_for_all_types: bool,
    notes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetEndpoint {
    hint: String,
    pattern: Option<String>,
    backfill_query: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetAuth {
    #[expect(dead_code, reason = "always basic, which the type proves")]
    scheme: Basic,
    username_label: String,
    password_label: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Basic {
    Basic,
}

/// Why the data can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the catalogue's data is not of its form")]
    Form(#[from] serde_json::Error),
    #[error("{0}: {1}")]
    Entry(String, &'static str),
}

#[expect(clippy::expect_used, reason = "the data is compiled into the program and a test reads it")]
pub(super) fn entries() -> Vec<Entry> {
    read(NATIVE, PRESETS).expect("the compiled-in catalogue is sound")
}

pub(super) fn read(native: &[&str], presets: &str) -> Result<Vec<Entry>, Error> {
    let mut entries: Vec<Entry> = Vec::new();
    let presets: Vec<Preset> = serde_json::from_str(presets)?;
    // Presets first: where a vendor has both, its receiver of Default bodies is the default.
    for preset in presets {
        if entries.iter().any(|entry| entry.id == preset.id) {
            return Err(Error::Entry(preset.id, "is there twice"));
        }
        entries.push(preset.into_entry()?);
    }
    for file in native {
        for Native { r#type: id, label, group, connection } in serde_json::from_str::<Vec<Native>>(file)? {
            match entries.iter_mut().find(|entry| entry.id == id) {
                Some(entry) => entry.connections.push(connection),
                None => entries.push(Entry { id, label, group, connections: vec![connection] }),
            }
        }
    }
    entries.iter().try_for_each(check)?;
    // The direct ones stay in the order of their file.
    entries.sort_by_key(|entry| (entry.group, (entry.group == Group::Vendor).then(|| entry.label.to_lowercase())));
    Ok(entries)
}

impl Preset {
    fn into_entry(self) -> Result<Entry, Error> {
        let wrong = |what| Err(Error::Entry(self.id.clone(), what));
        if self.formatter != Format::Default {
            return wrong("a preset's formatter is default");
        }
        if self.throttle_per_second == Rate::default() {
            return wrong("throttle_per_second is above 0");
        }
        let connection = Connection {
            id: PRESET.to_owned(),
            label: format!("{}'s receiver of ActBlue bodies", self.label),
            format: self.formatter,
            kinds: self.kinds,
            endpoint: EndpointRule::Entered { hint: self.endpoint.hint, pattern: self.endpoint.pattern },
            fields: Vec::new(),
            any_of: Vec::new(),
            together: Vec::new(),
            auth: Scheme::Entered {
                username_label: Some(self.auth.username_label),
                password_label: Some(self.auth.password_label),
            },
            signed: true,
            rate_per_s: self.throttle_per_second,
            in_flight: crate::limits::WEBHOOK_IN_FLIGHT,
            on_unclear: OnUnclear::Retry,
            gone_deactivates: true,
            backfill: true,
            backfill_query: self.endpoint.backfill_query.into_iter().collect(),
            cannot: Vec::new(),
            notes: self.notes,
            test_note: None,
        };
        Ok(Entry { id: self.id, label: self.label, group: Group::Vendor, connections: vec![connection] })
    }
}

fn check(entry: &Entry) -> Result<(), Error> {
    let wrong = |what| Err(Error::Entry(entry.id.clone(), what));
    let word = |id: &str| {
        (2..=31).contains(&id.len())
            && id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if !word(&entry.id) {
        return wrong("an id is 2 to 31 of a-z, 0-9 and _, and begins with a letter");
    }
    let mut ids = BTreeSet::new();
    for connection in &entry.connections {
        if !ids.insert(&connection.id) {
            return wrong("a connection is there twice");
        }
        if connection.kinds.is_empty() {
            return wrong("a connection takes at least one kind");
        }
        let pattern = match &connection.endpoint {
            EndpointRule::Entered { pattern, .. } => pattern.as_deref(),
            EndpointRule::Of(_) => None,
        };
        if pattern.is_some_and(|pattern| Regex::new(pattern).is_err()) {
            return wrong("the endpoint's pattern is no regular expression");
        }
        let fields: BTreeSet<&str> = connection.fields.iter().map(|field| field.id.as_str()).collect();
        if fields.len() != connection.fields.len() {
            return wrong("a field is there twice");
        }
        let groups = connection.any_of.iter().chain(&connection.together);
        if groups.flatten().any(|id| !fields.contains(id.as_str())) {
            return wrong("any_of or together names a field that is not there");
        }
        if connection.fields.iter().any(|field| field.secret && field.default.is_some()) {
            return wrong("a secret has no default");
        }
    }
    Ok(())
}
