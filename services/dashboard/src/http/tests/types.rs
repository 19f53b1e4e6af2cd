//! The catalogue as the API shows it, and a webhook of every type.

use super::{Desk, fields};
use axum::http::StatusCode;
use contract::catalogue::{self, Connection, EndpointRule, Field, Input, Scheme};
use serde_json::{Map, Value, json};

/// What a field takes, found by trying.
fn value(connection: &Connection, field: &Field) -> Value {
    let good = |value: &Value| {
        let entered = std::iter::once((field.id.clone(), value.clone())).collect();
        !connection.check(&entered, |_| true).iter().any(|error| error.field == field.id)
    };
    let candidates = match &field.input {
        Input::Checkbox => vec![json!(true)],
        Input::Names { .. } => vec![json!(["Monthly"])],
        Input::FieldMap => vec![json!([{"value": "employer", "name": "Employer"}])],
        Input::Rows(columns) => {
            let row: Map<_, _> = columns.iter().map(|column| (column.id.clone(), json!("48213"))).collect();
            vec![json!([row])]
        }
        Input::Choice(choices) => vec![json!(choices[0].value)],
        Input::Url => vec![json!("https://crm.example.org/other")],
        _ => ["harbor", "act.example.org", "ana@example.org", "48213", "G-ABCD1234", "TEST1234"]
            .into_iter()
            .map(Value::from)
            .chain([json!("7b1f2a4e-0c3d-4e5f-8a9b-0c1d2e3f4a5b")])
            .collect(),
    };
    let found = candidates.into_iter().find(good);
    found.unwrap_or_else(|| panic!("no value that {} of {} takes", field.id, connection.label))
}

/// Everything that a connection takes, filled in.
pub(super) fn filled(entity: u64, kind: &str, connection: &Connection) -> Value {
    let settings: Map<_, _> =
        connection.fields.iter().map(|field| (field.id.clone(), value(connection, field))).collect();
    let mut new = json!({"entity": entity, "type": kind, "connection": connection.id, "settings": settings});
    if matches!(connection.endpoint, EndpointRule::Entered { .. }) {
        new["endpoint"] = json!("https://crm.example.org/hook");
    }
    new
}

#[tokio::test]
async fn a_webhook_of_every_connection_can_be_added_and_takes_its_pace_from_it() {
    let desk = Desk::open().await;
    for entry in catalogue::all() {
        for connection in &entry.connections {
            let new = filled(4411, &entry.id, connection);
            let (status, added) = desk.ask("POST", "/api/v1/webhooks", new.clone()).await;
            assert_eq!(status, StatusCode::CREATED, "{added}");
            assert_eq!((&added["type"], &added["connection"]), (&json!(entry.id), &json!(connection.id)));
            assert_eq!(added["rate_per_s"], json!(connection.rate_per_s), "{}", connection.label);
            assert_eq!(added["in_flight"], connection.in_flight, "{}", connection.label);
            if let EndpointRule::Of(template) = &connection.endpoint {
                let (host, endpoint) = (template.split('{').next().unwrap(), added["endpoint"].as_str().unwrap());
                assert!(endpoint.starts_with(host) && !endpoint.contains('{'), "{endpoint}");
            }

            let shown = desk.get(&format!("/api/v1/webhooks/{}", added["id"].as_str().unwrap())).await;
            let secret = |field: &&Field| field.secret;
            let mut secrets: Vec<_> = connection.fields.iter().filter(secret).map(|field| field.id.as_str()).collect();
            secrets.sort_unstable();
            let listed = shown["credentials"]["fields"].as_array().cloned().unwrap_or_default();
            assert_eq!(json!(listed), json!(secrets), "{}", connection.label);
            for field in &connection.fields {
                let expected = if field.secret { None } else { new["settings"].get(&field.id) };
                assert_eq!(shown["settings"].get(&field.id), expected, "{}: {}", connection.label, field.id);
            }
        }
    }
}

#[tokio::test]
async fn the_list_says_all_that_is_to_be_known_before_a_type_is_chosen() {
    let desk = Desk::open().await;
    let list = desk.get("/api/v1/types").await;
    let types = list["types"].as_array().unwrap();
    assert_eq!(types.len(), catalogue::all().len());
    for (shown, entry) in types.iter().zip(catalogue::all()) {
        assert_eq!((&shown["id"], &shown["label"]), (&json!(entry.id), &json!(entry.label)));
        assert_eq!(desk.get(&format!("/api/v1/types/{}", entry.id)).await, *shown);
        for (shown, connection) in shown["connections"].as_array().unwrap().iter().zip(&entry.connections) {
            assert_eq!(shown["kinds"], json!(connection.kinds));
            assert_eq!(shown["fields"].as_array().unwrap().len(), connection.fields.len());
            assert_eq!(shown.get("credentials").is_some(), matches!(connection.auth, Scheme::Entered { .. }));
            for (shown, field) in shown["fields"].as_array().unwrap().iter().zip(&connection.fields) {
                assert_eq!((&shown["id"], &shown["secret"]), (&json!(field.id), &json!(field.secret)));
                assert_eq!(shown.get("default"), field.default.as_ref());
                assert!(shown["input"]["kind"].is_string());
            }
        }
    }
    let vendor = desk.get("/api/v1/types/ngpvan").await;
    let api = &vendor["connections"][0];
    assert_eq!(api["endpoint"], json!({"rule": "fixed", "url": "https://api.securevan.com/v4"}));
    assert!(api["test_note"].as_str().unwrap().contains("no test mode"));
    let designations = api["fields"].as_array().unwrap().iter().find(|field| field["id"] == "designations").unwrap();
    assert_eq!(designations["input"]["columns"][0], json!({"id": "entity", "label": "Entity ID", "digits": true}));

    let (status, problem) = desk.ask("GET", "/api/v1/types/fax", Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
    let new = json!({"entity": 1, "type": "actionkit", "connection": "fax"});
    let (status, problem) = desk.ask("POST", "/api/v1/webhooks", new).await;
    assert_eq!((status, fields(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["connection"]));
    assert_eq!(problem["errors"][0]["message"], "must be one of receiver, api");
}
