//! Entities and their names.

use super::Redis;
use crate::backend::{EntityRow, EntityRows};
use crate::directory::Change;
use crate::error::Error;
use async_trait::async_trait;
use contract::id::EntityId;
use redis::{Pipeline, cmd};

#[async_trait]
impl EntityRows for Redis {
    async fn put_entity(&self, entity: EntityRow) -> Result<(), Error> {
        let key = self.keys.entity(entity.id);
        let mut call = self.scripts.put_entity.prepare_invoke();
        call.key(&key)
            .key(self.keys.entities())
            .key(self.keys.entity_names())
            .arg(entity.row)
            .arg(padded(entity.id))
            .arg(self.keys.changes())
            .arg(Change::Entities.to_string());
        for name in &entity.names {
            call.arg(format!("{name}\0{}", padded(entity.id)));
        }
        self.link.script(&key, &call).await
    }

    async fn entity(&self, id: EntityId) -> Result<Option<Vec<u8>>, Error> {
        let key = self.keys.entity(id);
        self.link.command(&key, cmd("HGET").arg(&key).arg("row")).await
    }

    async fn entities_named(&self, name: &str) -> Result<Vec<EntityId>, Error> {
        let key = self.keys.entity_names();
        let mut command = cmd("ZRANGEBYLEX");
        command.arg(&key).arg(format!("[{name}\0")).arg(format!("({name}\u{1}"));
        command.arg("LIMIT").arg(0).arg(2);
        let members: Vec<String> = self.link.command(&key, &command).await?;
        let ids = members.iter().map(|member| member.rsplit('\0').next().unwrap_or_default().parse());
        ids.collect::<Result<_, _>>().map_err(|error| Error::corrupt(key, error))
    }

    async fn entities(&self, after: Option<EntityId>, limit: usize) -> Result<Vec<(EntityId, Vec<u8>)>, Error> {
        let key = self.keys.entities();
        let from = after.map_or("-".to_owned(), |id| format!("({}", padded(id)));
        let mut page = cmd("ZRANGEBYLEX");
        page.arg(&key).arg(from).arg("+").arg("LIMIT").arg(0).arg(limit);
        let ids: Vec<String> = self.link.command(&key, &page).await?;
        let ids = ids.iter().map(|id| id.parse()).collect::<Result<Vec<EntityId>, _>>();
        let ids = ids.map_err(|error| Error::corrupt(&key, error))?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = Pipeline::with_capacity(ids.len());
        for id in &ids {
            rows.cmd("HGET").arg(self.keys.entity(*id)).arg("row");
        }
        let rows: Vec<Option<Vec<u8>>> = self.link.pipeline(&key, &rows).await?;
        Ok(ids.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))).collect())
    }
}

/// All numbers with the same number of digits, so that their order as texts is their order.
fn padded(id: EntityId) -> String {
    format!("{:020}", id.0)
}
