//! Secrets that are missing, damaged, sealed by others, or for another endpoint than the webhook's.

use super::{Rig, message, planned};
use contract::webhook::{Endpoint, Status, Webhook};
use stage::{Handler, Outcome};
use std::convert::Infallible;
use store::{SecretKeys, Secrets};
use testkit::receiver::{Answer, Receiver};

async fn rig() -> (Rig, Receiver) {
    (Rig::new().await, Receiver::start().await.expect("listens"))
}

async fn change_secrets(rig: &Rig, webhook: &Webhook, change: impl Fn(&mut Secrets) + Send + Sync) {
    let changed = rig.store.credentials().change(&webhook.id, |secrets| {
        change(secrets);
        Ok::<(), Infallible>(())
    });
    changed.await.expect("changes");
}

async fn change_webhook(rig: &Rig, webhook: &Webhook, change: impl Fn(&mut Webhook) + Send + Sync) -> Webhook {
    let changed = rig.store.webhooks().change(&webhook.id, |webhook| {
        change(webhook);
        Ok::<(), Infallible>(())
    });
    changed.await.expect("changes")
}

#[tokio::test]
async fn credentials_of_another_origin_are_not_sent() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    change_secrets(&rig, &webhook, |secrets| secrets.origin = Some("https://new.example.org".to_owned())).await;
    let outcome = rig.handle(&planned(&webhook, 1)).await;
    assert!(matches!(outcome, Outcome::Defer { why: "credentials_changing", .. }), "{outcome:?}");
    assert_eq!(receiver.count(), 0);

    let own = webhook.endpoint.origin();
    change_secrets(&rig, &webhook, |secrets| secrets.origin = Some(own.clone())).await;
    assert!(matches!(rig.handle(&planned(&webhook, 1)).await, Outcome::Forward(made) if made.is_empty()));
    change_secrets(&rig, &webhook, |secrets| secrets.origin = None).await;
    assert!(matches!(rig.handle(&planned(&webhook, 2)).await, Outcome::Forward(made) if made.is_empty()));
    assert_eq!(receiver.count(), 2, "rows of an older release have no origin");
    rig.end().await;
}

#[tokio::test]
async fn nothing_is_sent_without_the_webhooks_secrets() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    let rig = rig.damage(&webhook, None).await;
    let outcome = rig.handle(&planned(&webhook, 1)).await;
    let Outcome::Undelivered { why, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(why, "the webhook's credentials are missing: set them again");
    assert_eq!((receiver.count(), rig.attempts(&webhook).await[0].number), (0, 0));
    rig.end().await;
}

#[tokio::test]
async fn damaged_secrets_keep_the_webhooks_deliveries_for_replay() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    let rig = rig.damage(&webhook, Some(b"nonsense")).await;
    let outcome = rig.handle(&planned(&webhook, 1)).await;
    let Outcome::Undelivered { why, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((why.as_str(), receiver.count()), ("what is stored of the webhook can't be read", 0));
    rig.end().await;
}

#[tokio::test]
async fn a_sender_without_the_secret_key_waits_for_it() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    let rig = rig.with_keys(SecretKeys::parse(&"02".repeat(32).into()).expect("a key")).await;
    let message = message(&[(&planned(&webhook, 1), 0)], false);
    let items = rig.split(&message);
    let prepared = rig.sender.prepare(std::slice::from_ref(&message), &items).await.expect("prepares");
    let outcome = rig.sender.handle(&prepared, &items[0]).await;
    assert_eq!(outcome.expect_err("it can't go on").what, "secret_key");
    assert_eq!(receiver.count(), 0);
    rig.end().await;
}

#[tokio::test]
async fn a_late_410_leaves_a_webhook_alone_that_was_changed_meanwhile() {
    let (rig, receiver) = rig().await;
    receiver.set_default(Answer::status(410));
    let moved = Endpoint::parse(&receiver.url("/moved")).expect("a URL");
    let again = |webhook: &mut Webhook| {
        webhook.deactivate(None);
        webhook.activate(runtime::clock::now());
    };
    let elsewhere = move |webhook: &mut Webhook| webhook.endpoint = moved.clone();
    for (name, change) in [("again", &again as &(dyn Fn(&mut Webhook) + Send + Sync)), ("elsewhere", &elsewhere)] {
        receiver.forget();
        receiver.gate();
        let webhook = rig.webhook(name, &receiver.url("/"), |_, _| {}).await;
        let delivery = planned(&webhook, 1);
        let (outcome, ()) = tokio::join!(rig.handle(&delivery), async {
            receiver.wait_for(1).await.expect("it is on its way");
            change_webhook(&rig, &webhook, change).await;
            receiver.release();
        });
        assert!(matches!(outcome, Outcome::Undelivered { .. }), "{outcome:?}");
        assert_eq!(rig.reread(&webhook).await.status, Status::Active, "{name}");
    }
    rig.end().await;
}
