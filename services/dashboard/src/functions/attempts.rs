//! The attempt log of a webhook.

use super::{Functions, page};
use crate::problem::{FieldError, Problem};
use crate::views::{AttemptFilter, AttemptPage, AttemptView};
use contract::attempt::Attempt;
use contract::id::WebhookId;
use contract::limits;
use store::Cursor;

impl Functions {
    /// Attempts after a cursor, oldest first.
    pub async fn attempts(&self, id: &WebhookId, filter: &AttemptFilter) -> Result<AttemptPage, Problem> {
        let after = filter.after.as_deref().map(str::parse::<Cursor>).transpose();
        let after = after.map_err(|error| Problem::invalid(vec![FieldError::new("after", error.to_string())]))?;
        self.find_webhook(id).await?;
        let limit = page(filter.limit, limits::API_PAGE_ENTRIES);
        let found = self.store.attempts().list(id, after, limit).await?;
        Ok(AttemptPage {
            attempts: found.attempts.into_iter().map(view).collect(),
            next: found.cursor.map(|cursor| cursor.to_string()),
        })
    }
}

pub(super) fn view(attempt: Attempt) -> AttemptView {
    AttemptView {
        at: attempt.at,
        webhook: attempt.webhook.into(),
        delivery: attempt.delivery.into(),
        event: attempt.event.into(),
        kind: attempt.kind.name().to_owned(),
        lineitem: attempt.lineitem,
        number: attempt.number,
        outcome: attempt.outcome.name().to_owned(),
        reason: attempt.reason,
        status: attempt.status,
        duration_ms: attempt.duration_ms,
        next_at: attempt.next_at,
        request: attempt.request,
        answer: attempt.answer,
        test: attempt.test,
    }
}
