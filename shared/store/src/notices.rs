//! Notices: what the contacts of webhooks are to be told.

use crate::backend::{Backend, NoticeRow};
use crate::error::Error;
use crate::row;
use contract::backfill::Notice;
use contract::id::NoticeId;
use contract::limits;
use std::sync::Arc;

/// The notices. Cheap to clone.
#[derive(Clone)]
pub struct Notices(Arc<dyn Backend>);

impl Notices {
    pub(crate) const fn new(backend: Arc<dyn Backend>) -> Self {
        Self(backend)
    }

    /// Adds a notice, which is kept for [`limits::NOTICE_S`]. Adding it again changes nothing else, so a call that
    /// failed can be repeated. When it returns the notice survives a crash of this process.
    pub async fn append(&self, notice: &Notice) -> Result<(), Error> {
        let row = row::encode(&row_name(notice.id.as_str()), notice)?;
        self.0.append_notice(NoticeRow { id: notice.id.clone(), row }).await
    }

    /// Up to `limit` notices, at most [`limits::BACKFILL_PAGE`], the newest first, of those older than `before`. Fewer
    /// than asked for means that there are no more.
    pub async fn list(&self, before: Option<&NoticeId>, limit: usize) -> Result<Vec<Notice>, Error> {
        let rows = self.0.notices(before, limit.min(limits::BACKFILL_PAGE)).await?;
        rows.iter().map(|(id, row)| row::decode(&row_name(id), row)).collect()
    }
}

fn row_name(id: &str) -> String {
    format!("notice:{id}")
}
