//! The attempt log: two capped streams a webhook.

use super::Redis;
use crate::attempts::Cursor;
use crate::backend::{AttemptLog, AttemptRow};
use crate::error::Error;
use async_trait::async_trait;
use contract::id::WebhookId;
use contract::limits;
use redis::streams::StreamRangeReply;
use redis::{Cmd, cmd};

#[async_trait]
impl AttemptLog for Redis {
    async fn append(&self, attempt: AttemptRow) -> Result<(), Error> {
        let mut commands = Vec::with_capacity(2);
        if let Some((key, answer)) = &attempt.answer {
            let mut add = append_to(&self.keys.answers(&attempt.webhook), "=", limits::ANSWERS_KEPT);
            add.arg("key").arg(key).arg("answer").arg(answer);
            commands.push(add);
        }
        let mut add = append_to(&self.keys.attempts(&attempt.webhook), "~", limits::ATTEMPTS_KEPT);
        add.arg("row").arg(attempt.row);
        commands.push(add);
        self.batch.run(commands).await
    }

    async fn attempts(
        &self,
        id: &WebhookId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<(Cursor, Vec<u8>)>, Error> {
        let key = self.keys.attempts(id);
        let from = after.map_or("-".to_owned(), |cursor| format!("({cursor}"));
        let mut range = cmd("XRANGE");
        range.arg(&key).arg(from).arg("+").arg("COUNT").arg(limit);
        let reply: StreamRangeReply = self.link.command(&key, &range).await?;
        let mut rows = Vec::with_capacity(reply.ids.len());
        for entry in reply.ids {
            let cursor = entry.id.parse().map_err(|error: crate::NotACursor| Error::corrupt(&key, error))?;
            rows.extend(entry.get("row").map(|row: Vec<u8>| (cursor, row)));
        }
        Ok(rows)
    }

    async fn answers(&self, id: &WebhookId) -> Result<Vec<(String, String)>, Error> {
        let key = self.keys.answers(id);
        let range = cmd("XRANGE").arg(&key).arg("-").arg("+").to_owned();
        let reply: StreamRangeReply = self.link.command(&key, &range).await?;
        Ok(reply.ids.iter().filter_map(|entry| Some((entry.get("key")?, entry.get("answer")?))).collect())
    }
}

/// `~` trims whole nodes, which is cheap; `=` trims to the entry.
fn append_to(key: &str, how: &str, kept: usize) -> Cmd {
    let mut add = cmd("XADD");
    add.arg(key).arg("MAXLEN").arg(how).arg(kept).arg("*");
    add
}
