//! Entities: the organisations that receive money.

use crate::backend::{Backend, EntityRow};
use crate::directory::{Change, Shelves};
use crate::error::Error;
use crate::row;
use contract::id::EntityId;
use contract::limits;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An organisation that receives money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Its number.
    pub id: EntityId,
    /// Its name, as forms carry it in `managingEntityName`.
    pub name: String,
    /// The name of its committee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committee_name: Option<String>,
}

/// The organisations. Cheap to clone.
#[derive(Clone)]
pub struct Entities {
    backend: Arc<dyn Backend>,
    shelves: Arc<Shelves>,
}

impl Entities {
    pub(crate) const fn new(backend: Arc<dyn Backend>, shelves: Arc<Shelves>) -> Self {
        Self { backend, shelves }
    }

    /// Adds the entity or replaces what is known of it. Its old names no longer find it.
    pub async fn put(&self, entity: &Entity) -> Result<(), Error> {
        let row = EntityRow {
            id: entity.id,
            names: name_key(&entity.name).into_iter().collect(),
            row: row::encode(&row_name(entity.id), entity)?,
        };
        self.backend.put_entity(row).await?;
        self.shelves.apply(&Change::Entities);
        Ok(())
    }

    /// The entity of this number.
    pub async fn get(&self, id: EntityId) -> Result<Option<Entity>, Error> {
        let found = self.backend.entity(id).await?;
        found.map(|row| row::decode(&row_name(id), &row)).transpose()
    }

    /// The entity of this name, upper and lower case alike. None as well when several have it: then nobody
    /// can say whose form it is, and a guess would show one organisation's donors to another.
    pub async fn by_name(&self, name: &str) -> Result<Option<EntityId>, Error> {
        let Some(name) = name_key(name) else { return Ok(None) };
        let found = self.backend.entities_named(&name).await?;
        Ok(if let [id] = found[..] { Some(id) } else { None })
    }

    /// Up to `limit` entities in order of their numbers, after `after`.
    pub async fn list(&self, after: Option<EntityId>, limit: usize) -> Result<Vec<Entity>, Error> {
        let rows = self.backend.entities(after, limit).await?;
        rows.iter().map(|(id, row)| row::decode(&row_name(*id), row)).collect()
    }
}

/// The form in which names are compared. Control characters separate names in the store.
fn name_key(name: &str) -> Option<String> {
    let key: String = name.trim().to_lowercase().chars().filter(|c| !c.is_control()).collect();
    if key.is_empty() || name.len() > limits::ENTITY_NAME_BYTES { None } else { Some(key) }
}

fn row_name(id: EntityId) -> String {
    format!("entity:{id}")
}
