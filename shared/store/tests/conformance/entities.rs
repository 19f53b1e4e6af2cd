use crate::place::Place;
use contract::id::EntityId;
use store::Entity;

fn entity(id: u64, name: &str) -> Entity {
    Entity { id: EntityId(id), name: name.to_owned(), committee_name: Some("Harbor Coalition PAC".to_owned()) }
}

pub(crate) async fn an_entity_is_found_by_its_number_and_its_name(place: &mut Place) {
    let entities = place.store.entities();
    entities.put(&entity(4411, "Okonedo for Harbor County")).await.expect("put");
    let found = entities.get(EntityId(4411)).await.expect("read");
    assert_eq!(found, Some(entity(4411, "Okonedo for Harbor County")));
    assert_eq!(entities.get(EntityId(44)).await.expect("read"), None);
    let check = async |name: &str, expected: Option<u64>| {
        assert_eq!(entities.by_name(name).await.expect("read"), expected.map(EntityId), "{name}");
    };
    check("Okonedo for Harbor County", Some(4411)).await;
    check(" OKONEDO for Harbor County ", Some(4411)).await;
    check("Okonedo", None).await;
    check("", None).await;
    check(&"x".repeat(10_000), None).await;

    entities.put(&entity(4411, "Okonedo for Senate")).await.expect("put");
    check("Okonedo for Senate", Some(4411)).await;
    check("Okonedo for Harbor County", None).await;
}

pub(crate) async fn a_name_of_two_entities_finds_none(place: &mut Place) {
    let entities = place.store.entities();
    entities.put(&entity(1, "Harbor Coalition")).await.expect("put");
    entities.put(&entity(2, "harbor coalition")).await.expect("put");
    assert_eq!(entities.by_name("Harbor Coalition").await.expect("read"), None);
    entities.put(&entity(2, "Harbor Union")).await.expect("put");
    assert_eq!(entities.by_name("Harbor Coalition").await.expect("read"), Some(EntityId(1)));
}

pub(crate) async fn entities_are_listed_by_number(place: &mut Place) {
    let entities = place.store.entities();
    for id in [100, 9, u64::MAX] {
        entities.put(&entity(id, &format!("entity {id}"))).await.expect("put");
    }
    let numbers = async |after: Option<u64>, limit| {
        let found = entities.list(after.map(EntityId), limit).await.expect("listed");
        found.into_iter().map(|entity| entity.id.0).collect::<Vec<_>>()
    };
    assert_eq!(numbers(None, 10).await, [9, 100, u64::MAX]);
    assert_eq!(numbers(None, 2).await, [9, 100]);
    assert_eq!(numbers(Some(100), 2).await, [u64::MAX]);
}
