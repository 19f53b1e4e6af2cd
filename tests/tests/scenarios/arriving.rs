//! What arrives, where, and in which form.

use super::{body, header, lineitems, text, verify};
use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use testkit::builders::message;
use testkit::receiver::{Receiver, Request};
use tests::installation::Installation;

pub(crate) async fn each_line_item_reaches_the_webhooks_of_its_entity(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    pipeline.webhook(1, "default", &receiver.url("/one-a"), json!({})).await?;
    pipeline.webhook(1, "default", &receiver.url("/one-b"), json!({})).await?;
    pipeline.webhook(2, "default", &receiver.url("/two"), json!({})).await?;
    pipeline.webhook(3, "default", &receiver.url("/three"), json!({})).await?;
    let split = message("contribution").lineitems(&[(1, 1001), (2, 1002), (2, 1003)]);
    let answer = pipeline.publish(&[split.to_vec()]).await?;
    assert_eq!(answer.get("events"), Some(&json!(3)));

    receiver.wait_for(4).await?;
    pipeline.idle().await?;
    let requests = receiver.received();
    let to = |path: &str| lineitems(&requests.iter().filter(|r| r.path == path).cloned().collect::<Vec<_>>());
    assert_eq!(to("/one-a")?, [1001]);
    assert_eq!(to("/one-b")?, [1001]);
    assert_eq!(to("/two")?, [1002, 1003]);
    assert_eq!(to("/three")?, [0_u64; 0]);
    Ok(())
}

pub(crate) async fn a_message_published_twice_is_delivered_once(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    pipeline.webhook(1, "default", &receiver.url("/"), json!({})).await?;
    let twice = message("contribution").lineitems(&[(1, 2001)]).to_vec();
    pipeline.publish(&[twice.clone(), twice.clone()]).await?;
    let again = pipeline.publish(&[twice]).await?;
    assert_eq!(again.get("duplicates"), Some(&json!(1)));
    pipeline.publish(&[message("contribution").lineitems(&[(1, 2002)]).to_vec()]).await?;

    receiver.wait_until(|all| lineitems(all).is_ok_and(|ids| ids.contains(&2002))).await?;
    pipeline.idle().await?;
    assert_eq!(lineitems(&receiver.received())?, [2001, 2002]);
    Ok(())
}

pub(crate) async fn unknown_fields_are_carried_through_untouched(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    pipeline.webhook(1, "default", &receiver.url("/"), json!({})).await?;
    let plain = message("contribution").lineitems(&[(1, 3001)]).to_vec();
    let text = String::from_utf8(plain)?;
    let strange = r#""strange":{"b":1.10,"a":[1E2,123456789012345678901234567890]},"#;
    let with = text.replacen("\"donor\":{", &format!("\"donor\":{{{strange}"), 1);
    assert_ne!(text, with, "the builder writes a donor block");
    pipeline.publish(&[with.into_bytes()]).await?;

    receiver.wait_for(1).await?;
    let requests = receiver.received();
    let sent = requests.first().map(|request| String::from_utf8_lossy(&request.body).into_owned());
    assert!(sent.is_some_and(|sent| sent.contains(strange.trim_end_matches(','))));
    Ok(())
}

pub(crate) async fn refunds_and_cancellations_reach_their_own_types(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    for kind in ["default", "default_refunds", "default_cancellations"] {
        pipeline.webhook(1, kind, &receiver.url(&format!("/{kind}")), json!({})).await?;
    }
    let documents: Vec<_> = ["contribution", "refund", "cancellation"]
        .into_iter()
        .zip([4001, 4002, 4003])
        .map(|(kind, id)| message(kind).lineitems(&[(1, id)]).to_vec())
        .collect();
    pipeline.publish(&documents).await?;

    receiver.wait_for(3).await?;
    pipeline.idle().await?;
    let requests = receiver.received();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        let body = body(request)?;
        let cancelled = body.pointer("/contribution/cancelledAt").is_some();
        let refunded = body.pointer("/lineitems/0/refundedAt").is_some();
        let expected = match (cancelled, refunded) {
            (true, _) => "/default_cancellations",
            (false, true) => "/default_refunds",
            (false, false) => "/default",
        };
        assert_eq!(request.path, expected);
    }
    Ok(())
}

pub(crate) async fn deliveries_are_signed_and_carry_credentials(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let basic = json!({"credentials": {"authorization": {"scheme": "basic", "username": "u", "password": "p w"},
        "headers": [{"name": "X-Campaign", "value": "spring"}]}});
    let bearer = json!({"credentials": {"authorization": {"scheme": "bearer", "token": "t0ken"}}});
    let one = pipeline.webhook(1, "default", &receiver.url("/basic?list=7&x=%20"), basic).await?;
    let two = pipeline.webhook(1, "default", &receiver.url("/bearer"), bearer).await?;
    pipeline.publish(&[message("contribution").lineitems(&[(1, 5001)]).to_vec()]).await?;

    receiver.wait_for(2).await?;
    for request in receiver.received() {
        let (webhook, authorization) = match request.path.starts_with("/basic") {
            true => (&one, "Basic dTpwIHc="),
            false => (&two, "Bearer t0ken"),
        };
        assert_eq!(header(&request, "authorization"), Some(authorization));
        assert_eq!(header(&request, "content-type"), Some("application/json"));
        verify(&webhook.secret, &request)?;
        if request.path.starts_with("/basic") {
            assert_eq!(request.path, "/basic?list=7&x=%20", "the URL is sent byte for byte");
            assert_eq!(header(&request, "x-campaign"), Some("spring"));
        }
    }
    Ok(())
}

pub(crate) async fn a_public_key_verifies_what_a_webhook_signs_with_one(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = pipeline.webhook(1, "default", &receiver.url("/"), json!({})).await?;
    let path = format!("/webhooks/{}", webhook.id);
    assert_eq!(pipeline.api("GET", &path, None).await?.get("public_key"), None);
    let changed = pipeline.api("PATCH", &path, Some(&json!({"signing": "public_key"}))).await?;
    let old = text(&changed, "public_key").to_owned();
    let rotated = pipeline.api("POST", &format!("{path}/secret/rotate"), Some(&json!({}))).await?;
    let new = text(&rotated, "public_key").to_owned();
    assert_ne!(new, old);
    pipeline.publish(&[message("contribution").entity(1).to_vec()]).await?;

    receiver.wait_for(1).await?;
    let request = receiver.received().pop().context("a request")?;
    verify(&webhook.secret, &request)?;
    verify(text(&rotated, "signing_secret"), &request)?;
    let entries: Vec<&str> = header(&request, "webhook-signature").context("signed")?.split(' ').collect();
    let versions: Vec<_> = entries.iter().filter_map(|entry| Some(entry.split_once(',')?.0)).collect();
    assert_eq!(versions, ["v1a", "v1", "v1a", "v1"], "newest first, v1a before v1 of the same age");
    verify_v1a(&new, entries[0], &request)?;
    verify_v1a(&old, entries[2], &request)
}

/// Verifies an entry as a receiver with the public key would.
fn verify_v1a(key: &str, entry: &str, request: &Request) -> Result<()> {
    let decode = |text: Option<&str>| STANDARD.decode(text.unwrap_or_default()).context("base64");
    let (key, signature) = (decode(key.strip_prefix("whpk_"))?, decode(entry.strip_prefix("v1a,"))?);
    let [id, at] = ["webhook-id", "webhook-timestamp"].map(|name| header(request, name).unwrap_or_default());
    let content = [format!("{id}.{at}.").as_bytes(), &request.body].concat();
    let key = UnparsedPublicKey::new(&ED25519, key);
    key.verify(&content, &signature).map_err(|_| anyhow::anyhow!("{entry} does not verify"))
}

pub(crate) async fn the_manager_of_a_form_hears_of_it_when_it_asked_to(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let manager = json!({"name": "Harbor Coalition", "committee_name": "Harbor Coalition PAC"});
    pipeline.api("PUT", "/entities/9", Some(&manager)).await?;
    pipeline.webhook(9, "default", &receiver.url("/all"), json!({"all_managed_pages": true})).await?;
    pipeline.webhook(9, "default", &receiver.url("/own"), json!({})).await?;
    let managed = message("contribution")
        .lineitems(&[(1, 6001)])
        .field("form.managingEntityName", json!("Harbor Coalition"))
        .to_vec();
    let own = message("contribution").lineitems(&[(9, 6002)]).to_vec();
    pipeline.publish(&[managed, own]).await?;

    receiver.wait_for(3).await?;
    pipeline.idle().await?;
    let requests = receiver.received();
    let to = |path: &str| lineitems(&requests.iter().filter(|r| r.path == path).cloned().collect::<Vec<_>>());
    assert_eq!(to("/all")?, [6001, 6002]);
    assert_eq!(to("/own")?, [6002]);
    Ok(())
}

pub(crate) async fn what_came_before_the_activation_is_not_live(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let draft = json!({"activate": false});
    let webhook = pipeline.webhook(1, "default", &receiver.url("/"), draft).await?;
    pipeline.publish(&[message("contribution").lineitems(&[(1, 7001)]).to_vec()]).await?;
    pipeline.idle().await?;
    let active = pipeline.api("POST", &format!("/webhooks/{}/activate", webhook.id), None).await?;
    assert_eq!(active.get("status").and_then(Value::as_str), Some("active"));
    pipeline.publish(&[message("contribution").lineitems(&[(1, 7002)]).to_vec()]).await?;

    receiver.wait_for(1).await?;
    pipeline.idle().await?;
    assert_eq!(lineitems(&receiver.received())?, [7002]);
    Ok(())
}
