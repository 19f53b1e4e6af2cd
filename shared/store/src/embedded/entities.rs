//! Entities and their names.

use super::Embedded;
use crate::backend::{EntityRow, EntityRows};
use crate::error::Error;
use crate::keys::{ENTITIES, ENTITIES_BY_NAME};
use async_trait::async_trait;
use contract::id::EntityId;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use std::ops::Bound::{Excluded, Included, Unbounded};

#[async_trait]
impl EntityRows for Embedded {
    async fn put_entity(&self, entity: EntityRow) -> Result<(), Error> {
        self.writer.run(move |transaction| put(transaction, &entity)).await
    }

    async fn entity(&self, id: EntityId) -> Result<Option<Vec<u8>>, Error> {
        let read = move |transaction: &ReadTransaction| {
            let found = transaction.open_table(ENTITIES)?.get(id.0)?;
            Ok(found.map(|found| found.value().1.to_vec()))
        };
        self.file.read(read).await
    }

    async fn entities_named(&self, name: &str) -> Result<Vec<EntityId>, Error> {
        let name = name.to_owned();
        let read = move |transaction: &ReadTransaction| {
            let table = transaction.open_table(ENTITIES_BY_NAME)?;
            let found = table.range((name.as_str(), 0)..=(name.as_str(), u64::MAX))?.take(2);
            found.map(|entry| Ok(EntityId(entry?.0.value().1))).collect()
        };
        self.file.read(read).await
    }

    async fn entities(&self, after: Option<EntityId>, limit: usize) -> Result<Vec<(EntityId, Vec<u8>)>, Error> {
        let read = move |transaction: &ReadTransaction| {
            let table = transaction.open_table(ENTITIES)?;
            let from = after.map_or(Included(0), |id| Excluded(id.0));
            let found = table.range((from, Unbounded))?.take(limit);
            found
                .map(|entry| {
                    let (id, value) = entry?;
                    Ok((EntityId(id.value()), value.value().1.to_vec()))
                })
                .collect()
        };
        self.file.read(read).await
    }
}

fn put(transaction: &WriteTransaction, entity: &EntityRow) -> Result<(), redb::Error> {
    let mut entities = transaction.open_table(ENTITIES)?;
    let mut by_name = transaction.open_table(ENTITIES_BY_NAME)?;
    if let Some(before) = entities.get(entity.id.0)? {
        for name in before.value().0.lines() {
            by_name.remove((name, entity.id.0))?;
        }
    }
    for name in &entity.names {
        by_name.insert((name.as_str(), entity.id.0), ())?;
    }
    entities.insert(entity.id.0, (entity.names.join("\n").as_str(), entity.row.as_slice()))?;
    Ok(())
}
