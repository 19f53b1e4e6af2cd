//! The types that people can choose, drawn from the catalogue.

use super::Functions;
use crate::views::{TypeList, TypeView};
use contract::catalogue::{self, Connection, Entry, Group};

impl Functions {
    /// Every type.
    pub fn types(&self) -> TypeList {
        let types = catalogue::all().iter().filter_map(|entry| Some(view(entry, entry.connections.first()?)));
        TypeList { types: types.collect() }
    }
}

fn view(entry: &Entry, speaks: &Connection) -> TypeView {
    let group = match entry.group {
        Group::Direct => "direct",
        Group::Vendor => "vendor",
    };
    TypeView {
        id: entry.id.clone(),
        label: entry.label.clone(),
        group: group.to_owned(),
        kinds: speaks.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
        endpoint_hint: speaks.endpoint.hint.clone(),
        username_label: speaks.credentials.username.clone(),
        password_label: speaks.credentials.password.clone(),
        rate_per_s: speaks.rate_per_s,
        in_flight: speaks.in_flight,
        cannot: speaks.cannot.clone(),
        notes: speaks.notes.clone(),
    }
}
