//! Backfills: changed only by compare-and-set, each with its window of outstanding deliveries and its counts.

use crate::backend::{Backend, BackfillIndex, BackfillRow, Swap};
use crate::error::Error;
use crate::row;
use crate::sent::Sent;
use crate::window::Window;
use contract::backfill::{Backfill, Counts, Status};
use contract::id::{BackfillId, WebhookId};
use contract::limits;
use std::sync::Arc;

/// The backfills. Cheap to clone.
#[derive(Clone)]
pub struct Backfills {
    backend: Arc<dyn Backend>,
    window: Window,
    sent: Sent,
}

/// Which backfills to list; the default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of this webhook.
    pub webhook: Option<WebhookId>,
    /// Only those of this status.
    pub status: Option<Status>,
}

/// Why a backfill was not added.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AddError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
    /// Another backfill has this id.
    #[error("a backfill with this id exists already")]
    Exists,
}

/// Why a change was not made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChangeError<E> {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
    /// No such backfill.
    #[error("there is no such backfill")]
    NotFound,
    /// The change refused the state it found.
    #[error("the change was refused")]
    Refused(E),
}

/// What to add to the counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct More {
    /// Events that had been sent already.
    pub repeated: u64,
    /// Rows of its files that are no events.
    pub rejected: u64,
}

impl Backfills {
    pub(crate) fn new(backend: Arc<dyn Backend>) -> Self {
        Self { window: Window::new(Arc::clone(&backend)), sent: Sent::new(Arc::clone(&backend)), backend }
    }

    /// The deliveries that are on their way.
    pub const fn window(&self) -> &Window {
        &self.window
    }

    /// What the backfills of a webhook have sent.
    pub const fn sent(&self) -> &Sent {
        &self.sent
    }

    /// Adds a backfill. Adding the very same one again is no error, so a call that timed out can be repeated.
    pub async fn add(&self, backfill: &Backfill) -> Result<(), AddError> {
        if self.backend.add_backfill(stored(backfill)?).await? { Ok(()) } else { Err(AddError::Exists) }
    }

    /// The backfill as it is now.
    pub async fn get(&self, id: &BackfillId) -> Result<Option<Backfill>, Error> {
        let found = self.backend.backfill(id).await?;
        found.map(|row| row::decode(&row_name(id.as_str()), &row)).transpose()
    }

    /// Reads, changes and replaces, again and again until nobody else came in between. A change that leaves the
    /// backfill as it was writes nothing. Sets `version` (one more) and `updated_at`; id, webhook and entity stay as
    /// they are. Gives the backfill as it is afterwards.
    pub async fn change<E>(
        &self,
        id: &BackfillId,
        mut change: impl FnMut(&mut Backfill) -> Result<(), E> + Send,
    ) -> Result<Backfill, ChangeError<E>> {
        loop {
            let before = self.get(id).await?.ok_or(ChangeError::NotFound)?;
            let mut after = before.clone();
            change(&mut after).map_err(ChangeError::Refused)?;
            if after == before {
                return Ok(before);
            }
            let next = successor(&before, after);
            match self.backend.swap_backfill(before.version, stored(&next)?).await? {
                Swap::Done(()) => return Ok(next),
                Swap::NotFound => return Err(ChangeError::NotFound),
                Swap::Conflict => {}
            }
        }
    }

    /// Up to `limit` backfills that pass the filter, at most [`limits::BACKFILL_PAGE`], the newest first, of those
    /// older than `before`. Fewer than asked for means that there are no more.
    pub async fn list(
        &self,
        filter: &Filter,
        before: Option<&BackfillId>,
        limit: usize,
    ) -> Result<Vec<Backfill>, Error> {
        let index = match filter {
            Filter { webhook: Some(webhook), .. } => BackfillIndex::Webhook(webhook.clone()),
            Filter { status: Some(status), .. } => BackfillIndex::Status(*status),
            Filter { webhook: None, status: None } => BackfillIndex::All,
        };
        let limit = limit.min(limits::BACKFILL_PAGE);
        let mut found = Vec::new();
        let mut before = before.cloned();
        while found.len() < limit {
            let rows = self.backend.backfills(&index, before.as_ref(), limits::STORE_PAGE_ROWS).await?;
            let last_page = rows.len() < limits::STORE_PAGE_ROWS;
            for (id, row) in &rows {
                let backfill: Backfill = row::decode(&row_name(id), row)?;
                before = Some(backfill.id.clone());
                if found.len() < limit && passes(filter, &backfill) {
                    found.push(backfill);
                }
            }
            if last_page {
                break;
            }
        }
        Ok(found)
    }

    /// What has become of its events.
    pub async fn counts(&self, id: &BackfillId) -> Result<Counts, Error> {
        self.backend.backfill_counts(id).await
    }

    /// Adds to the counts what never enters the window. A call that failed may have counted.
    pub async fn count_more(&self, id: &BackfillId, more: More) -> Result<(), Error> {
        self.backend.count_more(id, more).await
    }

    /// Sets how many events belong to it, as its source was counted.
    pub async fn set_total(&self, id: &BackfillId, total: u64) -> Result<(), Error> {
        self.backend.set_backfill_total(id, total).await
    }
}

/// The index and the row are read in two steps, so a row can have left the index in between.
fn passes(filter: &Filter, backfill: &Backfill) -> bool {
    filter.webhook.as_ref().is_none_or(|webhook| backfill.webhook == *webhook)
        && filter.status.is_none_or(|status| backfill.status == status)
}

/// The backfill as it is stored after a change. What it is of is settled for ever: the indexes and the record of
/// what was sent rely on it.
fn successor(before: &Backfill, after: Backfill) -> Backfill {
    Backfill {
        id: before.id.clone(),
        webhook: before.webhook.clone(),
        entity: before.entity,
        version: before.version + 1,
        updated_at: runtime::clock::now(),
        ..after
    }
}

fn stored(backfill: &Backfill) -> Result<BackfillRow, Error> {
    Ok(BackfillRow {
        id: backfill.id.clone(),
        version: backfill.version,
        webhook: backfill.webhook.clone(),
        status: backfill.status,
        row: row::encode(&row_name(backfill.id.as_str()), backfill)?,
    })
}

fn row_name(id: &str) -> String {
    format!("backfill:{id}")
}
