//! What is filled in for a connection: checked at once, kept apart, changed.

use super::{Desk, fields};
use axum::http::StatusCode;
use contract::id::WebhookId;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use store::{Access, Entry, Place};

const WEBHOOKS: &str = "/api/v1/webhooks";
const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

#[expect(clippy::needless_pass_by_value, reason = "the lines below are shorter")]
fn actionkit(settings: Value) -> Value {
    json!({"entity": 4411, "type": "actionkit", "connection": "api", "settings": settings})
}

fn whole() -> Value {
    actionkit(json!({"host": " act.example.org ", "username": "ana", "password": "hunter2"}))
}

impl Desk {
    /// Adds it, and gives its id and its path.
    async fn add(&self, new: Value) -> (WebhookId, String) {
        let added = self.post(WEBHOOKS, new).await;
        let id = added["id"].as_str().unwrap();
        (WebhookId::parse(id).unwrap(), format!("{WEBHOOKS}/{id}"))
    }

    async fn patch(&self, path: &str, change: Value) -> Value {
        let (status, changed) = self.ask("PATCH", path, change).await;
        assert_eq!(status, StatusCode::OK, "{changed}");
        changed
    }

    /// The fields of a request that are wrong.
    async fn wrong(&self, method: &str, path: &str, body: Value) -> Vec<String> {
        let (status, problem) = self.ask(method, path, body).await;
        assert_eq!(status, WRONG, "{problem}");
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
        fields(&problem).into_iter().map(str::to_owned).collect()
    }

    async fn secret(&self, id: &WebhookId, field: &str) -> Option<String> {
        let secrets = self.store.credentials().get(id).await.unwrap().unwrap();
        secrets.field(field).map(|secret| secret.expose_secret().to_owned())
    }
}

#[tokio::test]
async fn all_mistakes_in_a_form_are_told_at_once_by_field() {
    let desk = Desk::open().await;
    let settings = json!({"host": "https://act.example.org", "page_prefix": "Ä", "colour": "green"});
    let new = json!({"entity": 4411, "type": "actionkit", "connection": "api", "settings": settings,
        "endpoint": "https://elsewhere.example.org/", "rate_per_s": 0,
        "credentials": {"authorization": {"scheme": "bearer", "token": "t"}}});
    let mut found = desk.wrong("POST", WEBHOOKS, new).await;
    found.sort_unstable();
    let expected =
        ["credentials", "endpoint", "rate_per_s", "settings.colour", "settings.host", "settings.page_prefix"];
    assert_eq!(found, [&expected[..], &["settings.password", "settings.username"]].concat());

    assert_eq!(desk.wrong("POST", WEBHOOKS, json!({"entity": 1, "type": "osdi"})).await, ["endpoint"]);
    assert_eq!(desk.wrong("POST", WEBHOOKS, json!({"entity": 1, "type": "default"})).await, ["endpoint"]);
    let van = json!({"entity": 1, "type": "ngpvan", "settings": {"application": "a", "api_key": "hunter2|1"}});
    assert_eq!(desk.wrong("POST", WEBHOOKS, van).await, ["settings.api_key", "settings.designations"]);
    let private = actionkit(json!({"host": "10.0.0.1", "username": "ana", "password": "hunter2"}));
    assert_eq!(desk.wrong("POST", WEBHOOKS, private).await, ["settings.host"], "the guard judges what follows too");
    let elsewhere = json!({"entity": 1, "type": "osdi", "endpoint": "https://crm.example.org/donations",
        "settings": {"signup_url": "https://evil.example.org/signup"}});
    assert_eq!(desk.wrong("POST", WEBHOOKS, elsewhere).await, ["settings.signup_url"]);
}

#[tokio::test]
async fn a_form_of_text_fills_in_boxes_lists_and_tables() {
    let desk = Desk::open().await;
    let rows = json!([{"entity": "48213", "designation": "18754"}]);
    let settings = json!({"application": "tributary", "api_key": "hunter2", "designations": rows.to_string(),
        "refund_adjustments": "true", "batch_id": " "});
    let new = json!({"entity": 4411, "type": "ngpvan", "settings": settings});
    let added = desk.post(WEBHOOKS, new).await;
    let expected = json!({"application": "tributary", "designations": rows, "refund_adjustments": true});
    assert_eq!(added["settings"], expected);
    assert_eq!(added["credentials"], json!({"authorization": "none", "headers": [], "fields": ["api_key"]}));

    let path = format!("{WEBHOOKS}/{}", added["id"].as_str().unwrap());
    for bad in ["[", "{}", "18754", "[{\"entity\":48213,\"designation\":18754}]"] {
        let change = json!({"settings": {"designations": bad, "refund_adjustments": "perhaps"}});
        assert_eq!(
            desk.wrong("PATCH", &path, change).await,
            ["settings.designations", "settings.refund_adjustments"],
            "{bad}"
        );
    }
}

#[tokio::test]
async fn an_edit_keeps_what_is_absent_and_clears_what_is_null() {
    let desk = Desk::open().await;
    let (id, path) = desk.add(whole()).await;
    let changed = desk.patch(&path, json!({"settings": {"page_prefix": "gifts-", "payment_account": "Stub"}})).await;
    let expected =
        json!({"host": "act.example.org", "username": "ana", "page_prefix": "gifts-", "payment_account": "Stub"});
    assert_eq!(changed["settings"], expected);
    let changed = desk.patch(&path, json!({"settings": {"page_prefix": null, "payment_account": ""}})).await;
    assert_eq!(changed["settings"], json!({"host": "act.example.org", "username": "ana"}));
    assert_eq!(desk.secret(&id, "password").await.as_deref(), Some("hunter2"));

    let required = json!({"settings": {"username": null, "password": null}});
    assert_eq!(desk.wrong("PATCH", &path, required).await, ["settings.username", "settings.password"]);
    desk.patch(&path, json!({"settings": {"password": "correct horse"}})).await;
    assert_eq!(desk.secret(&id, "password").await.as_deref(), Some("correct horse"));
    assert_eq!(desk.get(&path).await["version"], 3, "another password makes no plan out of date");
}

#[tokio::test]
async fn stored_fields_do_not_follow_a_host_to_another_origin() {
    let desk = Desk::open().await;
    let (id, path) = desk.add(whole()).await;
    let moved = json!({"settings": {"host": "evil.example.org"}});
    assert_eq!(desk.wrong("PATCH", &path, moved).await, ["settings.password"]);
    assert_eq!(desk.get(&path).await["endpoint"], "https://act.example.org/rest/v1/");

    let moved = json!({"settings": {"host": "new.example.org", "password": "other"}});
    assert_eq!(desk.patch(&path, moved).await["endpoint"], "https://new.example.org/rest/v1/");
    let secrets = desk.store.credentials().get(&id).await.unwrap().unwrap();
    assert_eq!(secrets.origin.as_deref(), Some("https://new.example.org"));
    assert_eq!(desk.secret(&id, "password").await.as_deref(), Some("other"));
}

#[tokio::test]
async fn a_fixed_endpoint_has_a_substitute_inside_the_allowed_networks_only() {
    let desk = Desk::allowing(&["127.0.0.0/8"]).await;
    let van = |endpoint: &str| {
        json!({"entity": 1, "type": "ngpvan", "endpoint": endpoint,
            "settings": {"application": "a", "api_key": "k", "default_designation": "1"}})
    };
    for elsewhere in ["https://api.securevan.org/v4", "http://10.0.0.1/", "https://127.0.0.1.example.org/", "nonsense"]
    {
        let (status, problem) = desk.ask("POST", WEBHOOKS, van(elsewhere)).await;
        assert_eq!((status, fields(&problem)), (WRONG, vec!["endpoint"]), "{elsewhere}");
        assert!(problem["errors"][0]["message"].as_str().unwrap().contains("fixed"), "{problem}");
    }
    let (_, path) = desk.add(van("http://127.0.0.1:9000/v4")).await;
    let changed = desk.patch(&path, json!({"settings": {"batch_id": "7"}})).await;
    assert_eq!(changed["endpoint"], "http://127.0.0.1:9000/v4", "it stays");
    let (status, _) = desk.ask("PATCH", &path, json!({"endpoint": "https://api.securevan.com/v4"})).await;
    assert_eq!(status, WRONG, "the key was entered for the other one");
    let back = json!({"endpoint": "https://api.securevan.com/v4", "settings": {"api_key": "k"}});
    assert_eq!(desk.patch(&path, back).await["endpoint"], "https://api.securevan.com/v4");
}

#[tokio::test]
async fn another_connection_starts_with_an_empty_form() {
    let desk = Desk::open().await;
    let receiver = json!({"entity": 4411, "type": "actionkit",
        "endpoint": "https://act.example.org/webhooks/actblue/payments/?account=Stub",
        "credentials": {"authorization": {"scheme": "basic", "username": "ana", "password": "hunter2"}}});
    let added = desk.post(WEBHOOKS, receiver).await;
    assert_eq!((&added["connection"], added.get("warnings")), (&json!("receiver"), None));
    let path = format!("{WEBHOOKS}/{}", added["id"].as_str().unwrap());
    let odd = desk.patch(&path, json!({"endpoint": "https://act.example.org/hook"})).await;
    assert!(odd["warnings"][0].as_str().unwrap().contains("/webhooks/actblue/payments/"), "{odd}");

    let empty = json!({"connection": "api"});
    let required = ["settings.host", "settings.username", "settings.password"];
    assert_eq!(desk.wrong("PATCH", &path, empty).await, required);
    let changed = desk.patch(&path, whole_change()).await;
    assert_eq!((&changed["connection"], &changed["type"]), (&json!("api"), &json!("actionkit")));
    let credentials = json!({"authorization": "none", "headers": [], "fields": ["password"]});
    assert_eq!(
        (&changed["credentials"], &changed["endpoint"]),
        (&credentials, &json!("https://act.example.org/rest/v1/"))
    );
    let credentials = json!({"authorization": {"scheme": "bearer", "token": "t"}});
    assert_eq!(desk.wrong("PATCH", &path, json!({ "credentials": credentials })).await, ["credentials"]);
    assert_eq!(desk.wrong("PATCH", &path, json!({"connection": "receiver"})).await, ["endpoint"]);
}

fn whole_change() -> Value {
    json!({"connection": "api", "settings": whole()["settings"]})
}

#[tokio::test]
async fn what_was_made_in_the_old_account_is_forgotten_with_it() {
    let desk = Desk::open().await;
    let new = json!({"entity": 4411, "type": "nationbuilder", "connection": "v2", "settings": {"slug": "harbor",
        "client_id": "c", "client_secret": "s", "refresh_token": "r"}});
    let (id, path) = desk.add(new).await;
    let ledger = desk.store.ledger();
    let code = Entry { at: Place::Resource, name: "code:em".to_owned(), value: json!("7") };
    let line = Entry { at: Place::Line(1), name: "donation_id".to_owned(), value: json!("8") };
    let remembered = async || {
        let found = ledger.read(&id, 1, None, &["code:em".to_owned()]).await.unwrap();
        (found.resource.len(), found.line.len())
    };
    let change = |change: Value| {
        let (ledger, code, line, path) = (&ledger, code.clone(), line.clone(), &path);
        let (desk, id) = (&desk, &id);
        async move {
            ledger.write(id, &[code, line]).await.unwrap();
            let expires_at = runtime::clock::now();
            let access = Some(Access { token: "t".into(), expires_at });
            let set = desk.store.credentials().change(id, |secrets| {
                secrets.access = access.clone();
                Ok::<(), ()>(())
            });
            set.await.unwrap();
            desk.patch(path, change).await;
            desk.store.credentials().get(id).await.unwrap().unwrap().access.is_some()
        }
    };
    assert!(change(json!({"nickname": "CRM", "settings": {"refresh_token": "r"}})).await, "nothing is another");
    assert_eq!(remembered().await, (1, 1));
    assert!(!change(json!({"settings": {"payment_type": "Other"}})).await);
    assert_eq!(remembered().await, (1, 1), "the same account");
    assert!(!change(json!({"settings": {"refresh_token": "r2"}})).await, "it was fetched with the old one");
    assert_eq!(remembered().await, (0, 1));
    let secrets = json!({"slug": "tide", "client_secret": "s", "refresh_token": "r2"});
    assert!(!change(json!({ "settings": secrets })).await);
    assert_eq!(remembered().await, (0, 1));
}
