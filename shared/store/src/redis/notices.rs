//! Notices: one key each, which expires, and their ids in order.

use super::Redis;
use crate::backend::{NoticeRow, NoticeRows};
use crate::error::Error;
use async_trait::async_trait;
use contract::id::NoticeId;
use contract::limits;
use redis::Pipeline;

#[async_trait]
impl NoticeRows for Redis {
    async fn append_notice(&self, notice: NoticeRow) -> Result<(), Error> {
        let key = self.keys.notice(&notice.id);
        let mut call = self.scripts.append_notice.prepare_invoke();
        call.key(&key)
            .key(self.keys.notices())
            .arg(notice.id.as_str())
            .arg(notice.row)
            .arg(limits::NOTICE_S)
            .arg(self.keys.notice_rows())
            .arg(limits::NOTICE_SWEEP_ENTRIES);
        self.link.script(&key, &call).await
    }

    async fn notices(&self, before: Option<&NoticeId>, limit: usize) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let key = self.keys.notices();
        let ids = self.ids_before(&key, before.map(NoticeId::as_str), limit).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = Pipeline::with_capacity(ids.len());
        for id in &ids {
            let id = NoticeId::parse(id).map_err(|error| Error::corrupt(&key, error))?;
            rows.cmd("GET").arg(self.keys.notice(&id));
        }
        let rows: Vec<Option<Vec<u8>>> = self.link.pipeline(&key, &rows).await?;
        // Those without a row have expired; they are the oldest, so nothing follows them.
        Ok(ids.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))).collect())
    }
}
