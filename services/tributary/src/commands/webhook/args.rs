//! The arguments of `tributary webhook` and the documents that they make.

use crate::failure::Failure;
use clap::{Args, Subcommand};
use contract::catalogue::{self, Connection};
use contract::webhook::Rate;
use dashboard::views::{FieldValues, Hidden, NewAuthorization, NewCredentials, NewHeader, NewWebhook, WebhookChange};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;

/// `tributary webhook`
#[derive(Debug, Subcommand)]
pub enum Webhook {
    /// Add a webhook; prints its signing secret this once
    Add(New),
    /// List webhooks
    List(List),
    /// Show a webhook
    Show {
        /// The webhook's id, wh_ and letters and digits
        id: String,
    },
    /// Change a webhook; what is not named stays as it is
    Edit(Edit),
    /// Switch a webhook on; events from now on are its
    Activate {
        /// The webhook's id, wh_ and letters and digits
        id: String,
    },
    /// Switch a webhook off
    Deactivate {
        /// The webhook's id, wh_ and letters and digits
        id: String,
    },
    /// Send fictional events, whatever the status, and show what the receiver says
    Test {
        /// The webhook's id, wh_ and letters and digits
        id: String,
    },
    /// Replace signing secrets
    #[command(subcommand)]
    Secret(Secret),
}

/// `tributary webhook secret`
#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Make a new signing secret; the old one signs beside it for 24 hours
    Rotate {
        /// The webhook's id, wh_ and letters and digits
        id: String,
        /// Drop the old one at once, because it leaked
        #[arg(long)]
        now: bool,
    },
}

/// `tributary webhook list`
#[derive(Debug, Args)]
pub struct List {
    /// Those of this entity
    #[arg(long, value_name = "NUMBER")]
    pub entity: Option<u64>,
    /// Those with this status: draft, active or inactive
    #[arg(long)]
    pub status: Option<String>,
}

/// `tributary webhook add`
#[derive(Debug, Args)]
pub struct New {
    /// Whose events it hears of
    #[arg(long, value_name = "NUMBER")]
    entity: u64,
    #[arg(long = "type", value_name = "TYPE", help = "A type of the list that 'tributary types' prints")]
    kind: String,
    /// Where requests go; begins with https. Left out where 'tributary types TYPE' says that it is not entered
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    credentials: Credentials,
    /// A name for people
    #[arg(long)]
    nickname: Option<String>,
    /// Who is told of trouble
    #[arg(long, value_name = "ADDRESS")]
    contact_email: Option<String>,
    /// Requests a second [default: what suits the type]
    #[arg(long, value_name = "N")]
    rate: Option<Rate>,
    /// Deliveries in flight in one sender process [default: what suits the type]
    #[arg(long, value_name = "N")]
    in_flight: Option<u32>,
    /// Hear of events on all forms that the entity manages
    #[arg(long)]
    all_managed_pages: bool,
    /// Hear of declined contributions too
    #[arg(long)]
    declined: bool,
    #[arg(long, help = "shared_secret, public_key or off [default: shared_secret]")]
    signing: Option<String>,
    /// Request its past events, from this day in US Eastern time until its activation
    #[arg(long, value_name = "YYYY-MM-DD")]
    backfill_from: Option<String>,
    /// Switch it on at once
    #[arg(long)]
    activate: bool,
}

/// `tributary webhook edit`
#[derive(Debug, Args)]
pub struct Edit {
    /// The webhook's id, wh_ and letters and digits
    pub id: String,
    /// Where requests go; begins with https. Stored credentials do not go to another scheme, host or port:
    /// give them anew
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    credentials: Credentials,
    /// Send no user name, password or token
    #[arg(long, conflicts_with_all = ["username", "bearer_stdin"])]
    no_authorization: bool,
    /// Remove every header of its own
    #[arg(long, conflicts_with_all = ["header", "headers_stdin"])]
    no_headers: bool,
    /// A name for people; an empty one removes it
    #[arg(long)]
    nickname: Option<String>,
    /// Who is told of trouble; an empty one removes it
    #[arg(long, value_name = "ADDRESS")]
    contact_email: Option<String>,
    /// Requests a second
    #[arg(long, value_name = "N")]
    rate: Option<Rate>,
    /// Deliveries in flight in one sender process
    #[arg(long, value_name = "N")]
    in_flight: Option<u32>,
    /// Hear of events on all forms that the entity manages
    #[arg(long, value_name = "true|false")]
    all_managed_pages: Option<bool>,
    /// Hear of declined contributions too
    #[arg(long, value_name = "true|false")]
    declined: Option<bool>,
    #[arg(long, help = "shared_secret, public_key or off")]
    signing: Option<String>,
}

/// What 'tributary types TYPE' lists for the type.
#[derive(Debug, Default, Args)]
pub(super) struct Form {
    /// What the webhook speaks, where its type has a choice [default: the first one]
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
    /// Fill in a field that is not secret; can be given several times. An empty value clears it
    #[arg(long, value_name = "FIELD=VALUE", value_parser = parse_setting)]
    set: Vec<(String, String)>,
    /// Read fields, secret ones too, from standard input: one JSON object
    #[arg(long, conflicts_with_all = ["password_stdin", "bearer_stdin", "headers_stdin"])]
    settings_stdin: bool,
}

fn parse_setting(text: &str) -> Result<(String, String), &'static str> {
    let (field, value) = text.split_once('=').ok_or("write it as FIELD=VALUE")?;
    let secret = |connection: &Connection| connection.field(field).is_some_and(|field| field.secret);
    if catalogue::all().iter().flat_map(|entry| &entry.connections).any(secret) {
        return Err("other users of this machine can see arguments: give a secret with --settings-stdin");
    }
    Ok((field.to_owned(), value.to_owned()))
}

impl Form {
    fn into_values(self) -> Result<(Option<String>, FieldValues), Failure> {
        let mut values = BTreeMap::new();
        if self.settings_stdin {
            // What serde says of a mistake quotes it, and it can be a secret.
            let read = serde_json::from_str(&standard_input()?.0);
            values = read.map_err(|_| Failure::usage("standard input holds no JSON object"))?;
        }
        values.extend(self.set.into_iter().map(|(field, value)| (field, Value::from(value))));
        Ok((self.connection, FieldValues(values)))
    }
}

/// What the receiver asks for. Passwords and tokens come from standard input; a header can come from an
/// argument too, which other users of the machine can see.
#[derive(Debug, Default, Args)]
pub(super) struct Credentials {
    /// HTTP Basic user name
    #[arg(long, value_name = "U", requires = "password_stdin")]
    username: Option<String>,
    /// Read the HTTP Basic password from standard input
    #[arg(long, requires = "username")]
    password_stdin: bool,
    /// Read a bearer token from standard input
    #[arg(long, conflicts_with = "username")]
    bearer_stdin: bool,
    /// A header to send with every request; can be given several times. Other users of this machine can see
    /// arguments: give secret values with --headers-stdin
    #[arg(long, value_name = "K: V", value_parser = parse_header)]
    header: Vec<Header>,
    /// Read headers from standard input, one a line
    #[arg(long, conflicts_with_all = ["header", "password_stdin", "bearer_stdin"])]
    headers_stdin: bool,
}

/// A header as typed; shown to nobody.
#[derive(Debug, Clone)]
struct Header {
    name: String,
    value: Hidden,
}

fn parse_header(text: &str) -> Result<Header, &'static str> {
    let (name, value) = text.split_once(':').ok_or("write it as 'Name: value'")?;
    Ok(Header { name: name.trim().to_owned(), value: Hidden(value.trim().to_owned()) })
}

impl Credentials {
    fn into_document(self) -> Result<NewCredentials, Failure> {
        let authorization = match (self.username, self.bearer_stdin) {
            (Some(username), _) => Some(NewAuthorization::Basic { username, password: standard_input()? }),
            (None, true) => Some(NewAuthorization::Bearer { token: standard_input()? }),
            (None, false) => None,
        };
        let mut headers = self.header;
        if self.headers_stdin {
            for line in standard_input()?.0.lines().filter(|line| !line.trim().is_empty()) {
                headers.push(parse_header(line).map_err(|error| Failure::usage(format!("a header: {error}")))?);
            }
        }
        let headers: Vec<_> = headers.into_iter().map(|Header { name, value }| NewHeader { name, value }).collect();
        Ok(NewCredentials { authorization, headers: Some(headers).filter(|headers| !headers.is_empty()) })
    }
}

/// A secret from standard input; the line feed at its end is not part of it.
fn standard_input() -> Result<Hidden, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|error| Failure::usage(format!("the secret can't be read from standard input: {error}")))?;
    Ok(Hidden(text.trim_end_matches(['\r', '\n']).to_owned()))
}

impl New {
    pub(super) fn into_document(self) -> Result<NewWebhook, Failure> {
        let (connection, settings) = self.form.into_values()?;
        Ok(NewWebhook {
            entity: self.entity,
            kind: self.kind,
            connection,
            endpoint: self.endpoint,
            settings,
            nickname: self.nickname,
            contact_email: self.contact_email,
            rate_per_s: self.rate,
            in_flight: self.in_flight,
            all_managed_pages: self.all_managed_pages,
            declined: self.declined,
            signing: self.signing,
            credentials: self.credentials.into_document()?,
            activate: self.activate,
            backfill_from: self.backfill_from,
        })
    }
}

impl Edit {
    pub(super) fn into_document(self) -> Result<WebhookChange, Failure> {
        let clearable = |text: Option<String>| text.map(|text| Some(text).filter(|text| !text.is_empty()));
        let (connection, settings) = self.form.into_values()?;
        let mut credentials = self.credentials.into_document()?;
        if self.no_authorization {
            credentials.authorization = Some(NewAuthorization::None);
        }
        if self.no_headers {
            credentials.headers = Some(Vec::new());
        }
        Ok(WebhookChange {
            connection,
            endpoint: self.endpoint,
            settings,
            nickname: clearable(self.nickname),
            contact_email: clearable(self.contact_email),
            rate_per_s: self.rate,
            in_flight: self.in_flight,
            all_managed_pages: self.all_managed_pages,
            declined: self.declined,
            signing: self.signing,
            credentials,
        })
    }
}
