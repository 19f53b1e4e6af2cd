use crate::place::{Place, id, webhook};
use contract::id::{EntityId, WebhookId};
use contract::webhook::{Status, Webhook};
use futures_util::future::join_all;
use std::convert::Infallible;
use store::{AddError, ChangeError, Filter, Secrets, Store, UpdateError};

async fn add(store: &Store, webhook: &Webhook) {
    store.webhooks().add(webhook, &Secrets::default()).await.expect("added");
}

fn numbers(webhooks: &[Webhook]) -> Vec<WebhookId> {
    webhooks.iter().map(|webhook| webhook.id.clone()).collect()
}

async fn listed(store: &Store, entity: Option<u64>, status: Option<Status>) -> Vec<WebhookId> {
    let filter = Filter { entity: entity.map(EntityId), status };
    numbers(&store.webhooks().list(filter, None, 1_000).await.expect("listed"))
}

pub(crate) async fn a_webhook_comes_back_as_it_was_added(place: &mut Place) {
    let added = webhook(1, 4411);
    add(&place.store, &added).await;
    assert_eq!(place.store.webhooks().get(&id(1)).await.expect("read"), Some(added));
    assert_eq!(place.store.webhooks().get(&id(2)).await.expect("read"), None);
}

pub(crate) async fn adding_the_same_again_is_no_error_but_another_of_the_same_id_is(place: &mut Place) {
    add(&place.store, &webhook(1, 4411)).await;
    add(&place.store, &webhook(1, 4411)).await;
    let other = place.store.webhooks().add(&webhook(1, 7), &Secrets::default()).await;
    assert!(matches!(other, Err(AddError::Exists)));
    assert_eq!(listed(&place.store, None, None).await, [id(1)]);
}

pub(crate) async fn an_update_of_an_old_version_is_a_conflict(place: &mut Place) {
    let webhooks = place.store.webhooks();
    let added = webhook(1, 4411);
    add(&place.store, &added).await;
    let mut changed = added.clone();
    changed.options.rate_per_s = contract::webhook::Rate::per_s(99);
    let stored = webhooks.update(&id(1), 1, &changed).await.expect("updated");
    assert_eq!((stored.version, stored.options.rate_per_s), (2, contract::webhook::Rate::per_s(99)));
    assert!(stored.updated_at > added.updated_at);
    assert_eq!(webhooks.get(&id(1)).await.expect("read"), Some(stored.clone()));

    assert!(matches!(webhooks.update(&id(1), 1, &added).await, Err(UpdateError::Conflict)));
    assert!(matches!(webhooks.update(&id(2), 1, &added).await, Err(UpdateError::NotFound)));
    assert_eq!(webhooks.get(&id(1)).await.expect("read"), Some(stored));
}

pub(crate) async fn changes_made_at_once_are_all_kept(place: &mut Place) {
    add(&place.store, &webhook(1, 4411)).await;
    let webhooks = place.store.webhooks();
    let before = webhook(1, 4411).options.in_flight;
    let id = id(1);
    let raise = || {
        webhooks.change(&id, |webhook| {
            webhook.options.in_flight += 1;
            Ok::<(), Infallible>(())
        })
    };
    for changed in join_all((0..20).map(|_| raise())).await {
        changed.expect("changed");
    }
    let after = webhooks.get(&id).await.expect("read").expect("there");
    assert_eq!((after.options.in_flight, after.version), (before + 20, 21));
}

pub(crate) async fn a_change_that_changes_nothing_or_is_refused_writes_nothing(place: &mut Place) {
    add(&place.store, &webhook(1, 4411)).await;
    let webhooks = place.store.webhooks();
    let same = webhooks.change(&id(1), |_| Ok::<(), Infallible>(())).await.expect("nothing to do");
    assert_eq!(same, webhook(1, 4411));
    let refused = webhooks
        .change(&id(1), |webhook| {
            webhook.options.rate_per_s = contract::webhook::Rate::per_s(1);
            Err("no")
        })
        .await;
    assert!(matches!(refused, Err(ChangeError::Refused("no"))));
    assert_eq!(webhooks.get(&id(1)).await.expect("read"), Some(webhook(1, 4411)));
    let missing = webhooks.change(&id(2), |_| Ok::<(), Infallible>(())).await;
    assert!(matches!(missing, Err(ChangeError::NotFound)));
}

pub(crate) async fn the_indexes_follow_every_change(place: &mut Place) {
    let store = &place.store;
    for (number, entity) in [(1, 4411), (2, 4411), (3, 44)] {
        add(store, &webhook(number, entity)).await;
    }
    assert_eq!(listed(store, Some(4411), None).await, [id(1), id(2)]);
    assert_eq!(listed(store, Some(44), None).await, [id(3)], "an entity is not found by a part of its number");
    assert_eq!(listed(store, None, Some(Status::Draft)).await, [id(1), id(2), id(3)]);
    let change = async |number, to| {
        let set = |webhook: &mut Webhook| {
            (webhook.status, webhook.entity) = to;
            Ok::<(), Infallible>(())
        };
        store.webhooks().change(&id(number), set).await
    };
    change(1, (Status::Active, EntityId(4411))).await.expect("changed");
    change(2, (Status::Active, EntityId(44))).await.expect("changed");
    change(1, (Status::Inactive, EntityId(4411))).await.expect("changed");
    assert_eq!(listed(store, Some(4411), None).await, [id(1)]);
    assert_eq!(listed(store, Some(44), None).await, [id(2), id(3)]);
    assert_eq!(listed(store, None, Some(Status::Draft)).await, [id(3)]);
    assert_eq!(listed(store, None, Some(Status::Active)).await, [id(2)]);
    assert_eq!(listed(store, None, Some(Status::Inactive)).await, [id(1)]);
    assert_eq!(listed(store, Some(44), Some(Status::Active)).await, [id(2)]);
    assert_eq!(listed(store, None, None).await, [id(1), id(2), id(3)]);
}

pub(crate) async fn a_list_goes_on_where_the_last_page_ended(place: &mut Place) {
    let all = 250;
    let webhooks: Vec<Webhook> = (1..=all).map(|number| webhook(number, 4411)).collect();
    join_all(webhooks.iter().map(|webhook| add(&place.store, webhook))).await;
    let mut after: Option<WebhookId> = None;
    let mut found = Vec::new();
    loop {
        let page = place.store.webhooks().list(Filter::default(), after.as_ref(), 120).await.expect("listed");
        found.extend(numbers(&page));
        after = found.last().cloned();
        if page.len() < 120 {
            break;
        }
    }
    assert_eq!(found, numbers(&webhooks));
    let of_entity = place.store.directory().for_entity(EntityId(4411)).await.expect("listed");
    assert_eq!(of_entity.len(), webhooks.len());
}
