use crate::place::{Place, id, until, webhook};
use contract::id::EntityId;
use contract::webhook::Status;
use std::convert::Infallible;
use std::sync::Arc;
use store::{Entity, Secrets, SigningKey};

pub(crate) async fn changes_arrive_in_every_directory(place: &mut Place) {
    let store = &place.store;
    let elsewhere = place.elsewhere().await;
    let other = elsewhere.directory();
    let now = runtime::clock::now();
    store.webhooks().add(&webhook(1, 4411), &Secrets::generate(now)).await.expect("added");
    let entity = Entity { id: EntityId(4411), name: "Harbor".to_owned(), committee_name: None };
    store.entities().put(&entity).await.expect("put");
    until("the webhook is known", async || !other.for_entity(EntityId(4411)).await.expect("read").is_empty()).await;
    assert_eq!(other.webhook(&id(1)).await.expect("read").expect("there").status, Status::Draft);
    until("the name is known", async || other.entity_by_name("Harbor").await.expect("read").is_some()).await;
    assert_eq!(other.secrets(&id(1)).await.expect("read").expect("there").signing.len(), 1);

    let change = store
        .webhooks()
        .change(&id(1), |webhook| {
            webhook.activate(now);
            webhook.entity = EntityId(7);
            Ok::<(), Infallible>(())
        })
        .await;
    change.expect("changed");
    let own = store.directory().webhook(&id(1)).await.expect("read").expect("there");
    assert_eq!(own.status, Status::Active, "the own directory knows at once");
    until("the old entity has none", async || other.for_entity(EntityId(4411)).await.expect("read").is_empty()).await;
    until("the new one has it", async || other.for_entity(EntityId(7)).await.expect("read").len() == 1).await;
    let active = async || other.webhook(&id(1)).await.expect("read").expect("there").status == Status::Active;
    until("its status is known", active).await;

    let rotate = store
        .credentials()
        .change(&id(1), |secrets| {
            secrets.rotate(SigningKey::generate(now), true);
            Ok::<(), Infallible>(())
        })
        .await;
    rotate.expect("rotated");
    let rotated = async || other.secrets(&id(1)).await.expect("read").expect("there").signing.len() == 2;
    until("the new secret is known", rotated).await;
}

pub(crate) async fn absence_is_remembered_until_something_is_added(place: &mut Place) {
    let directory = place.store.directory();
    assert!(directory.webhook(&id(1)).await.expect("read").is_none());
    assert!(directory.secrets(&id(1)).await.expect("read").is_none());
    assert!(directory.for_entity(EntityId(4411)).await.expect("read").is_empty());
    assert_eq!(directory.entity_by_name("Harbor").await.expect("read"), None);
    place.store.webhooks().add(&webhook(1, 4411), &Secrets::default()).await.expect("added");
    assert!(directory.webhook(&id(1)).await.expect("read").is_some());
    assert!(directory.secrets(&id(1)).await.expect("read").is_some());
    assert_eq!(directory.for_entity(EntityId(4411)).await.expect("read").len(), 1);
}

pub(crate) async fn what_is_read_twice_is_the_same_copy(place: &mut Place) {
    place.store.webhooks().add(&webhook(1, 4411), &Secrets::default()).await.expect("added");
    let directory = place.store.directory();
    let read = async || directory.for_entity(EntityId(4411)).await.expect("read");
    let again = async |before: &Arc<[_]>| Arc::ptr_eq(before, &read().await);
    // The beginning of the announcements may make one copy old.
    until("a copy is kept", async || again(&read().await).await).await;
}
