//! A webhook and its secrets, written in one step.

use crate::credentials::{secrets, shown};
use crate::place::{Place, id, until, webhook};
use contract::id::EntityId;
use contract::webhook::{Endpoint, Status, Webhook};
use futures_util::future::join_all;
use std::convert::Infallible;
use store::{Authorization, ChangeError, Filter, Secrets, Store};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

async fn both(store: &Store) -> (Webhook, Secrets) {
    let webhook = store.webhooks().get(&id(1)).await.expect("read").expect("there");
    (webhook, store.credentials().get(&id(1)).await.expect("read").expect("there"))
}

fn moved() -> Endpoint {
    Endpoint::parse("https://new.example.org/hook").expect("an endpoint")
}

fn move_both(webhook: &mut Webhook, secrets: &mut Secrets) {
    webhook.endpoint = moved();
    webhook.entity = EntityId(7);
    secrets.authorization = Authorization::Bearer { token: "token".into() };
    secrets.origin = Some(moved().origin());
}

pub(crate) async fn a_webhook_and_its_secrets_change_together(place: &mut Place) {
    place.store.webhooks().add(&webhook(1, 4411), &secrets()).await.expect("added");
    let (webhooks, id) = (place.store.webhooks(), id(1));
    let change = |webhook: &mut Webhook, secrets: &mut Secrets| {
        move_both(webhook, secrets);
        Ok::<(), Infallible>(())
    };
    let (stored, given) = webhooks.change_with_secrets(&id, change).await.expect("changed");
    assert_eq!((stored.version, &stored.endpoint), (2, &moved()));
    assert!(stored.updated_at > webhook(1, 4411).updated_at);
    let (found, secrets) = both(&place.store).await;
    assert_eq!((found, shown(&secrets)), (stored.clone(), shown(&given)));
    assert_eq!((shown(&secrets).0.as_str(), secrets.origin), ("token", Some(moved().origin())));
    for (entity, count) in [(4411, 0), (7, 1)] {
        let filter = Filter { entity: Some(EntityId(entity)), status: Some(Status::Draft) };
        assert_eq!(webhooks.list(filter, None, 9).await.expect("listed").len(), count, "{entity}");
    }

    let only_secrets = |_: &mut Webhook, secrets: &mut Secrets| {
        secrets.headers.clear();
        Ok::<(), Infallible>(())
    };
    let (same, _) = webhooks.change_with_secrets(&id, only_secrets).await.expect("changed");
    let (found, secrets) = both(&place.store).await;
    assert_eq!((&found, secrets.headers.len()), (&stored, 0), "the webhook keeps its version");
    assert_eq!(same, stored);
}

pub(crate) async fn what_is_refused_or_missing_changes_neither(place: &mut Place) {
    place.store.webhooks().add(&webhook(1, 4411), &secrets()).await.expect("added");
    let refuse = |webhook: &mut Webhook, secrets: &mut Secrets| {
        move_both(webhook, secrets);
        Err("no")
    };
    let webhooks = place.store.webhooks();
    let refused = webhooks.change_with_secrets(&id(1), refuse).await;
    assert!(matches!(refused, Err(ChangeError::Refused("no"))), "{refused:?}");
    let (found, kept) = both(&place.store).await;
    assert_eq!((found, shown(&kept)), (webhook(1, 4411), shown(&secrets())));
    let missing = webhooks.change_with_secrets(&id(2), |_, _| Ok::<(), Infallible>(())).await;
    assert!(matches!(missing, Err(ChangeError::NotFound)), "{missing:?}");
}

/// Somebody else changes one of the two between reading and writing: the write that follows changes neither.
pub(crate) async fn a_conflict_on_either_changes_neither(place: &mut Place) {
    place.store.webhooks().add(&webhook(1, 4411), &secrets()).await.expect("added");
    let store = &place.store;
    let faster = async || {
        let faster = |webhook: &mut Webhook| {
            webhook.options.rate_per_s = contract::webhook::Rate::per_s(99);
            Ok::<(), Infallible>(())
        };
        store.webhooks().change(&id(1), faster).await.expect("changed");
    };
    let one_more_header = async || {
        let add = |secrets: &mut Secrets| {
            secrets.headers.push(("X-More".to_owned(), "value".into()));
            Ok::<(), Infallible>(())
        };
        store.credentials().change(&id(1), add).await.expect("changed");
    };
    for (of_the_webhook, version, headers) in [(true, 2, 1), (false, 2, 2)] {
        let mut tries = 0;
        let change = |webhook: &mut Webhook, secrets: &mut Secrets| {
            tries += 1;
            if tries > 1 {
                return Err(Box::new((webhook.clone(), shown(secrets))));
            }
            move_both(webhook, secrets);
            block_in_place(|| {
                Handle::current()
                    .block_on(async { if of_the_webhook { faster().await } else { one_more_header().await } });
            });
            Ok(())
        };
        let changed = store.webhooks().change_with_secrets(&id(1), change).await;
        let Err(ChangeError::Refused(seen)) = changed else { panic!("{changed:?}") };
        let (found, kept) = both(store).await;
        assert_eq!((&seen.0, &seen.1), (&found, &shown(&kept)), "it is tried again on what is stored");
        assert_eq!(
            (found.version, found.options.rate_per_s, kept.headers.len()),
            (version, contract::webhook::Rate::per_s(99), headers)
        );
        assert_eq!((found.endpoint, found.entity), (webhook(1, 4411).endpoint, EntityId(4411)));
        assert_eq!((shown(&kept).0, kept.origin), (shown(&secrets()).0, secrets().origin));
    }
}

pub(crate) async fn changes_of_both_made_at_once_are_all_kept(place: &mut Place) {
    place.store.webhooks().add(&webhook(1, 4411), &secrets()).await.expect("added");
    let (store, id) = (&place.store, id(1));
    let before = webhook(1, 4411).options.in_flight;
    let together = |number: usize| {
        store.webhooks().change_with_secrets(&id, move |webhook, secrets| {
            webhook.options.in_flight += 1;
            secrets.headers.push((format!("X-{number}"), "value".into()));
            Ok::<(), Infallible>(())
        })
    };
    for changed in join_all((0..8).map(together)).await {
        changed.expect("changed");
    }
    let (found, kept) = both(store).await;
    assert_eq!((found.options.in_flight, found.version, kept.headers.len()), (before + 8, 9, 9));
}

pub(crate) async fn both_changes_arrive_in_every_directory(place: &mut Place) {
    let elsewhere = place.elsewhere().await;
    let (own, other) = (place.store.directory(), elsewhere.directory());
    place.store.webhooks().add(&webhook(1, 4411), &secrets()).await.expect("added");
    until("it is known", async || other.webhook(&id(1)).await.expect("read").is_some()).await;
    for directory in [own, other] {
        assert!(directory.secrets(&id(1)).await.expect("read").expect("there").are_for(&webhook(1, 4411).endpoint));
        assert_eq!(directory.for_entity(EntityId(4411)).await.expect("read").len(), 1);
    }
    let change = |webhook: &mut Webhook, secrets: &mut Secrets| {
        move_both(webhook, secrets);
        Ok::<(), Infallible>(())
    };
    place.store.webhooks().change_with_secrets(&id(1), change).await.expect("changed");
    let secrets = own.secrets(&id(1)).await.expect("read").expect("there");
    assert!(secrets.are_for(&moved()), "the own directory knows at once");
    assert_eq!(own.webhook(&id(1)).await.expect("read").expect("there").endpoint, moved());
    let webhook = async || other.webhook(&id(1)).await.expect("read").expect("there").endpoint == moved();
    until("the webhook is known", webhook).await;
    let secrets = other.secrets(&id(1)).await.expect("read").expect("there");
    assert!(secrets.are_for(&moved()), "one announcement stands for both");
    until("the old entity has none", async || other.for_entity(EntityId(4411)).await.expect("read").is_empty()).await;
}
