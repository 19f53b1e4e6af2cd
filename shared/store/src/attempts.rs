//! The attempt log: for each webhook its latest attempts.

use crate::backend::{AttemptRow, Backend};
use crate::error::Error;
use crate::row;
use contract::attempt::{Attempt, Outcome};
use contract::id::{DeliveryId, WebhookId};
use contract::limits;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The attempt log. Cheap to clone.
#[derive(Clone)]
pub struct Attempts(Arc<dyn Backend>);

/// A place in a webhook's attempt log, behind one of its attempts. Its text goes into URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(crate) major: u64,
    pub(crate) minor: u64,
}

/// A text that is no place in an attempt log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is two numbers such as 1790000000000-0, as an earlier answer gave it")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.major, self.minor)
    }
}

impl std::str::FromStr for Cursor {
    type Err = NotACursor;
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (major, minor) = text.split_once('-').ok_or(NotACursor)?;
        let number = |text: &str| text.parse().map_err(|_| NotACursor);
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

/// Some attempts, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The attempts.
    pub attempts: Vec<Attempt>,
    /// Where the next page begins, now or after more attempts were made. None only when the log is empty.
    pub cursor: Option<Cursor>,
}

impl Attempts {
    pub(crate) const fn new(backend: Arc<dyn Backend>) -> Self {
        Self(backend)
    }

    /// Adds the attempt to its webhook's log, and drops the oldest beyond [`limits::ATTEMPTS_KEPT`] (Redis
    /// trims in steps and may keep a hundred more). The answer is kept for failures and tests only, for the
    /// latest [`limits::ANSWERS_KEPT`] of them; reason and answer are cut to their limits.
    ///
    /// Returns when it is written. The embedded store returns at once for `Delivered` and `Retrying`: the
    /// receiver or a queue has the event, and a crash costs at most the last
    /// [`limits::STORE_RELAXED_MS`] of the log. `Undelivered` and `Skipped` wait for the disk, because
    /// their record is what accounts for the event.
    pub async fn record(&self, attempt: &Attempt) -> Result<(), Error> {
        let mut kept = attempt.clone();
        cut(&mut kept.reason, limits::REASON_KEPT_BYTES);
        let mut answer = kept.answer.take().filter(|_| answered(attempt));
        if let Some(answer) = &mut answer {
            cut(answer, limits::ANSWER_KEPT_BYTES);
        }
        let row = AttemptRow {
            webhook: kept.webhook.clone(),
            row: row::encode(&row_name(&kept.webhook), &kept)?,
            answer: answer.map(|answer| (answer_key(&kept), answer)),
            durable: matches!(kept.outcome, Outcome::Undelivered | Outcome::Skipped),
        };
        self.0.append(row).await
    }

    /// Up to `limit` attempts after the cursor, oldest first.
    pub async fn list(&self, id: &WebhookId, after: Option<Cursor>, limit: usize) -> Result<Page, Error> {
        let rows = self.0.attempts(id, after, limit).await?;
        let cursor = rows.last().map(|(cursor, _)| *cursor).or(after);
        let name = row_name(id);
        let mut attempts =
            rows.iter().map(|(_, row)| row::decode(&name, row)).collect::<Result<Vec<Attempt>, Error>>()?;
        if attempts.iter().any(answered) {
            let answers: HashMap<_, _> = self.0.answers(id).await?.into_iter().collect();
            for attempt in &mut attempts {
                attempt.answer = answers.get(&answer_key(attempt)).cloned();
            }
        }
        Ok(Page { attempts, cursor })
    }

    /// The attempts at one delivery that the log still has, oldest first.
    pub async fn find(&self, id: &WebhookId, delivery: &DeliveryId) -> Result<Vec<Attempt>, Error> {
        let page = self.list(id, None, 2 * limits::ATTEMPTS_KEPT).await?;
        Ok(page.attempts.into_iter().filter(|attempt| attempt.delivery == *delivery).collect())
    }
}

/// Whether people want to see what the receiver said.
fn answered(attempt: &Attempt) -> bool {
    attempt.outcome != Outcome::Delivered || attempt.test
}

/// Names an attempt among those of its webhook.
fn answer_key(attempt: &Attempt) -> String {
    format!("{}:{}:{}", attempt.delivery, attempt.number, attempt.at.as_nanosecond())
}

fn cut(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
    }
}

fn row_name(id: &WebhookId) -> String {
    format!("attempts:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_from_its_text() {
        let cursor = Cursor { major: 1_790_000_000_000, minor: 3 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "1", "-", "1-", "a-b", "1-2-3", "+"] {
            assert_eq!(bad.parse::<Cursor>(), Err(NotACursor), "{bad}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        let mut text = "aé".to_owned();
        cut(&mut text, 2);
        assert_eq!(text, "a");
    }
}
