//! A webhook that hears of the reference events.

use contract::catalogue::{self, Settings};
use contract::id::{EntityId, WebhookId};
use contract::webhook::{self, Endpoint, Options, Webhook};
use jiff::Timestamp;
use serde_json::Value;

/// The webhook `wh_3f9c2a`, in its third version, with these settings beside a secret for every secret field.
pub(crate) fn webhook(kind: &str, connection: &str, settings: Value) -> Webhook {
    let entry = catalogue::find(kind).expect("a type");
    let spoken = entry.connection(connection).expect("a connection");
    let Value::Object(settings) = settings else { panic!("settings are an object") };
    let settings: std::collections::BTreeMap<String, Value> = settings.into_iter().collect();
    // A secret that goes together with a setting is there when the setting is.
    let together = |id: &str| spoken.together.iter().find(|fields| fields.iter().any(|field| field == id));
    let stored = |id: &str| together(id).is_none_or(|fields| fields.iter().any(|id| settings.contains_key(id)));
    assert_eq!(spoken.check(&settings, stored), [], "the settings of {kind}.{connection}");
    let settings = Settings::new(settings);
    let endpoint = spoken.endpoint_of(&settings).unwrap_or_else(|| "https://crm.example.org/hook".to_owned());
    let now = Timestamp::UNIX_EPOCH;
    Webhook {
        id: WebhookId::parse("wh_3f9c2a").expect("valid"),
        version: 3,
        entity: EntityId(48_213),
        kind: kind.parse().expect("a type"),
        connection: Some(connection.to_owned()),
        settings,
        endpoint: Endpoint::parse(&endpoint).expect("a URL"),
        status: webhook::Status::Active,
        status_reason: None,
        options: Options::default(),
        created_at: now,
        updated_at: now,
        activated_at: Some(now),
    }
}
