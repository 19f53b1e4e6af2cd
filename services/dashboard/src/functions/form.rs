//! What a person fills in for a connection: checked as a whole, and taken apart into endpoint, settings and secrets.

use super::checks::{self, Checks};
use contract::catalogue::{self, Connection, EndpointRule, Entry, Field, Input, Scheme, Settings};
use contract::network::{self, Way};
use contract::webhook::Endpoint;
use ipnet::IpNet;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is filled in now.
pub(super) struct Form<'a> {
    pub(super) connection: &'static Connection,
    pub(super) endpoint: Option<&'a str>,
    pub(super) given: &'a BTreeMap<String, Value>,
}

/// What was filled in before, for the same connection.
#[derive(Default)]
pub(super) struct Before<'a> {
    pub(super) endpoint: Option<&'a Endpoint>,
    pub(super) settings: Option<&'a Settings>,
    pub(super) secrets: Option<&'a BTreeMap<String, SecretString>>,
}

/// All that is filled in afterwards.
pub(super) struct Filled {
    pub(super) endpoint: Endpoint,
    pub(super) settings: Settings,
    /// Secret fields that were given now.
    pub(super) given: BTreeMap<String, SecretString>,
    /// Those of before that stay.
    pub(super) kept: BTreeMap<String, SecretString>,
    /// What is allowed and yet looks like a mistake.
    pub(super) warnings: Vec<String>,
}

/// The connection of this id, or the first one.
pub(super) fn connection(
    checks: &mut Checks,
    entry: &'static Entry,
    asked: Option<&str>,
) -> Option<&'static Connection> {
    let Some(id) = asked else { return entry.connections.first() };
    let found = entry.connection(id);
    if found.is_none() {
        let known: Vec<&str> = entry.connections.iter().map(|connection| connection.id.as_str()).collect();
        checks.wrong("connection", format!("must be one of {}", known.join(", ")));
    }
    found
}

/// Refuses `credentials` where they are among the fields.
pub(super) fn no_credentials_beside(checks: &mut Checks, connection: &Connection) {
    if !matches!(connection.auth, Scheme::Entered { .. }) {
        let fields: Vec<String> = connection
            .fields
            .iter()
            .filter(|field| field.secret)
            .map(|field| format!("settings.{}", field.id))
            .collect();
        checks.wrong("credentials", format!("are not taken by this connection: fill in {}", fields.join(", ")));
    }
}

/// Checks a form together with what was filled in before. None only if something is wrong.
pub(super) fn fill(checks: &mut Checks, form: &Form<'_>, before: &Before<'_>, allowed: &[IpNet]) -> Option<Filled> {
    let connection = form.connection;
    let mut entered: BTreeMap<String, Value> = before.settings.map(|old| old.entered().clone()).unwrap_or_default();
    // A field of an older release is not the person's mistake.
    entered.retain(|id, _| connection.field(id).is_some());
    for (id, value) in form.given {
        let value = read(connection.field(id), value);
        if catalogue::blank(&value) && connection.field(id).is_some() {
            entered.remove(id);
        } else {
            entered.insert(id.clone(), value);
        }
    }
    let mut kept = before.secrets.cloned().unwrap_or_default();
    kept.retain(|id, _| is_secret(connection, id) && !form.given.contains_key(id));
    for error in connection.check(&entered, |id| kept.contains_key(id)) {
        checks.wrong(format!("settings.{}", error.field), error.message);
    }
    let (secrets, settings): (BTreeMap<_, _>, BTreeMap<_, _>) =
        entered.into_iter().partition(|(id, _)| is_secret(connection, id));
    let text = |(id, value): (String, Value)| Some((id, SecretString::from(value.as_str()?)));
    let given = secrets.into_iter().filter_map(text).collect();
    let settings = Settings::new(settings);
    let mut warnings = Vec::new();
    let endpoint = endpoint(checks, form, &settings, before.endpoint, allowed, &mut warnings)?;
    same_origin(checks, connection, &settings, &endpoint);
    Some(Filled { endpoint, settings, given, kept, warnings })
}

/// Where requests go: as entered, or as it follows from the settings.
fn endpoint(
    checks: &mut Checks,
    form: &Form<'_>,
    settings: &Settings,
    before: Option<&Endpoint>,
    allowed: &[IpNet],
    warnings: &mut Vec<String>,
) -> Option<Endpoint> {
    match (&form.connection.endpoint, form.endpoint) {
        (EndpointRule::Entered { .. }, Some(text)) => {
            let endpoint = checks.endpoint(text, allowed)?;
            warnings.extend(form.connection.doubts(&endpoint));
            Some(endpoint)
        }
        (EndpointRule::Entered { hint, .. }, None) => {
            if before.is_none() {
                checks.wrong("endpoint", format!("is required: {hint}"));
            }
            before.cloned()
        }
        (EndpointRule::Of(template), given) => {
            let follows = form.connection.endpoint_of(settings).filter(|url| !url.is_empty());
            let elsewhere = given.filter(|text| follows.as_deref() != Some(*text));
            if let Some(text) = elsewhere {
                return instead(checks, text, allowed);
            }
            // One inside `allow_networks` was given on purpose, and stays until the other one is given.
            if let (None, Some(before)) = (given, before.filter(|before| is_inside(before, allowed))) {
                return Some(before.clone());
            }
            // What it follows from is missing, which is told already.
            let follows = follows?;
            let sound = checks::sound_endpoint(&follows, allowed);
            sound.map_err(|why| checks.wrong(decisive(template), format!("leads to no endpoint: {why}"))).ok()
        }
    }
}

/// An endpoint in the place of a fixed one: of use for tests and private installations only.
fn instead(checks: &mut Checks, text: &str, allowed: &[IpNet]) -> Option<Endpoint> {
    let endpoint = Endpoint::parse(text).ok().filter(|endpoint| is_inside(endpoint, allowed));
    if endpoint.is_none() {
        let message = "of this type is fixed: leave it out (only an address inside sender.allow_networks can stand in \
                       its place)";
        checks.wrong("endpoint", message);
    }
    endpoint
}

/// Whether nothing outside `allow_networks` is ever connected to for it.
fn is_inside(endpoint: &Endpoint, allowed: &[IpNet]) -> bool {
    let host = endpoint.url().host_str().unwrap_or_default().trim_matches(['[', ']']);
    match Way::of(endpoint.url(), allowed) {
        Ok(Way::AllowedOnly) => true,
        Ok(Way::Ordinary) => host.parse().is_ok_and(|address| network::is_allowed(address, allowed)),
        Err(_) => false,
    }
}

/// The field that an endpoint follows from.
fn decisive(template: &str) -> String {
    let field = template.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    field.map_or_else(|| "endpoint".to_owned(), |(field, _)| format!("settings.{field}"))
}

/// URLs among the settings get the same credentials as the endpoint, so they lead to nobody else.
fn same_origin(checks: &mut Checks, connection: &Connection, settings: &Settings, endpoint: &Endpoint) {
    for field in connection.fields.iter().filter(|field| matches!(field.input, Input::Url)) {
        let url = settings.text(connection, &field.id).and_then(|text| Endpoint::parse(text).ok());
        if url.is_some_and(|url| url.origin() != endpoint.origin()) {
            let message = format!("must begin with {}, as the endpoint does", endpoint.origin());
            checks.wrong(format!("settings.{}", field.id), message);
        }
    }
}

fn is_secret(connection: &Connection, id: &str) -> bool {
    connection.field(id).is_some_and(|field| field.secret)
}

/// A value as its field takes it: forms and arguments know text only.
fn read(field: Option<&Field>, value: &Value) -> Value {
    let (Some(field), Value::String(text)) = (field, value) else { return value.clone() };
    let read = match &field.input {
        Input::Checkbox => text.trim().parse().ok().map(Value::Bool),
        Input::Names { .. } | Input::Rows(_) | Input::FieldMap => {
            serde_json::from_str(text).ok().filter(Value::is_array)
        }
        _ if field.secret => None,
        _ => Some(Value::from(text.trim())),
    };
    read.unwrap_or_else(|| value.clone())
}
