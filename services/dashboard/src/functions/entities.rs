//! Entities: their names, by which forms say who manages them.

use super::Functions;
use super::checks::Checks;
use crate::problem::Problem;
use crate::views::{EntityView, NewEntity};
use contract::id::EntityId;
use store::Entity;

impl Functions {
    /// What is known of an entity.
    pub async fn entity(&self, id: EntityId) -> Result<EntityView, Problem> {
        self.store.entities().get(id).await?.map(view).ok_or_else(|| Problem::not_found("entity"))
    }

    /// Adds an entity or replaces what is known of it.
    pub async fn put_entity(&self, id: EntityId, new: &NewEntity) -> Result<EntityView, Problem> {
        let mut checks = Checks::default();
        let name = checks.name("name", &new.name).unwrap_or_default();
        let committee_name = new.committee_name.as_ref().and_then(|name| checks.name("committee_name", name));
        checks.finish()?;
        let entity = Entity { id, name, committee_name };
        self.store.entities().put(&entity).await?;
        Ok(view(entity))
    }
}

fn view(entity: Entity) -> EntityView {
    EntityView { id: entity.id.0, name: entity.name, committee_name: entity.committee_name }
}
