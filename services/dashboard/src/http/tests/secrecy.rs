//! What the API keeps to itself.

use super::{Desk, TOKEN, fields};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use contract::id::{DeliveryId, WebhookId};
use serde_json::{Value, json};
use std::pin::pin;
use std::task::{Context, Poll};
use tower::ServiceExt;

#[tokio::test]
async fn secrets_are_in_no_answer_but_the_one_that_makes_them() {
    let desk = Desk::open().await;
    let new = json!({
        "entity": 4411, "type": "default", "endpoint": "https://crm.example.org/h", "nickname": " CRM ",
        "credentials": {
            "authorization": {"scheme": "basic", "username": "ana", "password": "hunter2"},
            "headers": [{"name": "X-Api-Key", "value": "sesame"}],
        },
    });
    let (status, added) = desk.ask("POST", "/api/v1/webhooks", new).await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(added["signing_secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!((&added["status"], &added["nickname"]), (&json!("draft"), &json!("CRM")));
    let path = format!("/api/v1/webhooks/{}", added["id"].as_str().unwrap());
    let shown = desk.get(&path).await;
    assert_eq!(shown["credentials"], json!({"authorization": "basic", "headers": ["X-Api-Key"]}));
    let active = desk.post(&format!("{path}/activate"), Value::Null).await;
    assert_eq!(active["status"], "active");
    let list = desk.get("/api/v1/webhooks?entity=4411&status=active").await;
    assert_eq!(list["webhooks"].as_array().unwrap().len(), 1);
    let off = desk.post(&format!("{path}/deactivate"), Value::Null).await;
    for answer in [&shown, &active, &list, &off] {
        let text = answer.to_string();
        assert!(!text.contains("whsec_") && !text.contains("hunter2") && !text.contains("sesame"), "{text}");
    }
    assert_eq!(desk.get("/api/v1/webhooks?status=active").await["webhooks"], json!([]));
}

#[tokio::test]
async fn stored_credentials_do_not_follow_an_endpoint_to_another_origin() {
    let desk = Desk::open().await;
    let new = json!({"entity": 4411, "type": "default", "endpoint": "https://crm.example.org/h", "credentials": {
        "authorization": {"scheme": "bearer", "token": "s3same"}, "headers": [{"name": "X-Key", "value": "s3same"}]}});
    let added = desk.post("/api/v1/webhooks", new).await;
    let path = format!("/api/v1/webhooks/{}", added["id"].as_str().unwrap());
    let id = WebhookId::parse(added["id"].as_str().unwrap()).unwrap();
    let origin = async || desk.store.credentials().get(&id).await.unwrap().unwrap().origin;
    assert_eq!(origin().await.as_deref(), Some("https://crm.example.org"));

    let bearer = json!({"authorization": {"scheme": "bearer", "token": "new"}});
    for endpoint in ["https://evil.example.org/h", "https://crm.example.org:8443/h"] {
        for credentials in [json!({}), bearer.clone(), json!({"headers": []})] {
            let change = json!({"endpoint": endpoint, "credentials": credentials});
            let (status, problem) = desk.ask("PATCH", &path, change).await;
            assert_eq!(
                (status, fields(&problem)),
                (StatusCode::UNPROCESSABLE_ENTITY, vec!["credentials"]),
                "{endpoint}"
            );
        }
    }
    assert_eq!(desk.get(&path).await["endpoint"], "https://crm.example.org/h");
    assert_eq!(origin().await.as_deref(), Some("https://crm.example.org"));

    let (status, _) = desk.ask("PATCH", &path, json!({"endpoint": "https://CRM.example.org:443/other"})).await;
    assert_eq!(status, StatusCode::OK, "the same scheme, host and port");
    let credentials = json!({"authorization": {"scheme": "none"}, "headers": []});
    let moved = json!({"endpoint": "https://new.example.org/h", "credentials": credentials});
    let (status, moved) = desk.ask("PATCH", &path, moved).await;
    assert_eq!((status, &moved["endpoint"]), (StatusCode::OK, &json!("https://new.example.org/h")));
    assert_eq!(origin().await.as_deref(), Some("https://new.example.org"));
    let (status, _) = desk.ask("PATCH", &path, json!({"endpoint": "https://third.example.org/h"})).await;
    assert_eq!(status, StatusCode::OK, "there is nothing to read");
    let (status, _) = desk.ask("PATCH", &path, json!({ "credentials": bearer })).await;
    assert_eq!((status, origin().await.as_deref()), (StatusCode::OK, Some("https://third.example.org")));
}

/// Polls it so many times and drops it, as a server does whose client went away. Its output, if it came to one.
async fn abandoned<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    let poll = |context: &mut Context<'_>| match left.checked_sub(1) {
        None => Poll::Ready(None),
        Some(fewer) => {
            left = fewer;
            future.as_mut().poll(context).map(Some)
        }
    };
    std::future::poll_fn(poll).await
}

#[tokio::test]
async fn an_edit_that_breaks_off_anywhere_leaves_an_endpoint_and_the_credentials_for_it() {
    let desk = Desk::open().await;
    let id = desk.webhook().await;
    let path = format!("/api/v1/webhooks/{id}");
    let (webhooks, credentials) = (desk.store.webhooks(), desk.store.credentials());
    let mut polls = 1;
    loop {
        let token = json!({"authorization": {"scheme": "bearer", "token": format!("t{polls}")}, "headers": []});
        let change = json!({"endpoint": format!("https://r{polls}.example.org/"), "credentials": token});
        let edited = abandoned(desk.ask("PATCH", &path, change), polls).await;
        // What was handed to the store before this write is done when this one is.
        desk.store.done_marks().mark("barrier", &DeliveryId::of_bits(1)).await.unwrap();
        let (webhook, secrets) =
            (webhooks.get(&id).await.unwrap().unwrap(), credentials.get(&id).await.unwrap().unwrap());
        assert_eq!(secrets.origin, Some(webhook.endpoint.origin()), "after {polls} polls");
        if let Some((status, changed)) = edited {
            assert_eq!((status, &changed["credentials"]["authorization"]), (StatusCode::OK, &json!("bearer")));
            assert_eq!(changed["endpoint"], format!("https://r{polls}.example.org/"));
            break;
        }
        polls += 1;
    }
    assert!(polls > 1, "it broke off at least once");
    let version = async || webhooks.get(&id).await.unwrap().unwrap().version;
    let before = version().await;
    let other = json!({"credentials": {"authorization": {"scheme": "bearer", "token": "other"}}});
    desk.ask("PATCH", &path, other).await;
    assert_eq!(version().await, before, "other credentials make no plan out of date");
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_old_one_unless_that_leaked() {
    let desk = Desk::open().await;
    let id = desk.webhook().await;
    let path = format!("/api/v1/webhooks/{id}/secret/rotate");
    let live = async || {
        let secrets = desk.store.credentials().get(&id).await.unwrap().unwrap();
        {
            let signers = secrets.signers(contract::webhook::Signing::SharedSecret, runtime::clock::now());
            signers.iter().map(|signer| signer.secret.expose().to_owned()).collect::<Vec<_>>()
        }
    };
    let old = live().await;
    let rotated = desk.post(&path, Value::Null).await;
    assert!(rotated["old_until"].is_string());
    assert_eq!(live().await, [rotated["signing_secret"].as_str().unwrap(), &old[0]]);
    let rotated = desk.post(&path, json!({"now": true})).await;
    assert_eq!(live().await, [rotated["signing_secret"].as_str().unwrap()]);
}

#[tokio::test]
async fn an_error_does_not_repeat_what_was_sent() {
    let desk = Desk::open().await;
    for secret in [
        json!({"credentials": {"authorization": "Bearer s3cret"}}).to_string(),
        json!({"entity": "s3cret"}).to_string(),
        "{\"nickname\": \"s3cret".to_owned(),
        "\"s3cret\"".to_owned(),
        "s3cret".to_owned(),
    ] {
        let request = Request::post("/api/v1/webhooks").header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
        let response = desk.router.clone().oneshot(request.body(Body::from(secret.clone())).unwrap()).await.unwrap();
        assert!(response.status().is_client_error(), "{secret}");
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("\"detail\"") && !text.contains("s3cret"), "{secret}: {text}");
    }
}
