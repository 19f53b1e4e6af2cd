//! From one row to its events.

use super::Held;
use crate::content::Content;
use crate::exports::{Cells, Column, Export, Header, Splitter, cancellation, payment, receipt_number};
use crate::json;
use crate::record::{Code, Item, Reason, RowKey};
use crate::series::{Payment, Series};
use contract::event::Kind;
use contract::id::EntityId;
use contract::upstream;
use jiff::Timestamp;
use std::io;

/// Why a row gives no events.
pub(super) enum Trouble {
    /// What is wrong with it, and the byte at which reading stopped if it is JSON.
    Row(Vec<Reason>, Option<usize>),
    /// The temporary files can't be read.
    Scratch(io::Error),
}

/// Reads rows. Keeps its buffers from one row to the next.
pub(super) struct Interpreter {
    pub(super) series: Series,
    received_at: Timestamp,
    entity: Option<EntityId>,
    held: Option<Held>,
    splitter: Splitter,
    message: String,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Scratch(error)
    }
}

impl Interpreter {
    pub(super) fn new(received_at: Timestamp, entity: Option<EntityId>, held: Option<Held>) -> Self {
        let (series, splitter, message) = (Series::default(), Splitter::default(), String::new());
        Self { series, received_at, entity, held, splitter, message }
    }

    /// The events of a row.
    pub(super) fn read(&mut self, content: &Content, row: &[u8]) -> Result<Vec<Item>, Trouble> {
        match content {
            Content::Json | Content::Nothing => {
                json::read(row, self.received_at).map_err(|wrong| Trouble::Row(wrong.reasons, wrong.byte))
            }
            Content::Export(header) => match header.export {
                Export::Payments => self.payment(header, row),
                Export::Cancelled => self.cancellation(header, row),
            },
        }
    }

    fn payment(&mut self, header: &Header, row: &[u8]) -> Result<Vec<Item>, Trouble> {
        let mut cells = Cells::of(row, header, &mut self.splitter).map_err(trouble)?;
        let first = match payment::facts(&cells) {
            Some(facts) if facts.number > 1 => self.series.first(facts.receipt)?,
            _ => None,
        };
        begin(&mut self.message, Kind::Contribution);
        let Some(paid) = payment::read(&mut cells, first, self.entity, &mut self.message) else {
            return Err(trouble(cells.reasons));
        };
        self.message.push('}');
        let key = RowKey::Lineitem(paid.lineitem);
        let mut items = Vec::with_capacity(2);
        self.check(paid.at, &key, &mut items)?;
        if let Some(refunded_at) = paid.refunded_at {
            // The same message, under the word for a refund.
            self.message.replace_range(..BEGINNING.len() + Kind::Contribution.name().len(), "");
            self.message.insert_str(0, &format!("{BEGINNING}{}", Kind::Refund.name()));
            self.check(refunded_at, &key, &mut items)?;
        }
        Ok(items)
    }

    fn cancellation(&mut self, header: &Header, row: &[u8]) -> Result<Vec<Item>, Trouble> {
        let mut cells = Cells::of(row, header, &mut self.splitter).map_err(trouble)?;
        let receipt = cells.word(Column::ReceiptId).unwrap_or_default().to_owned();
        let (mut first, mut payment) = (None, None);
        if let Some(number) = receipt_number(&receipt) {
            let held = self.held.as_mut().and_then(|held| held(&receipt));
            first = self.series.first(number)?;
            payment = later(self.series.last(number)?, held);
        }
        begin(&mut self.message, Kind::Cancellation);
        let cancelled_at = cancellation::read(&mut cells, payment.as_ref(), first, &mut self.message);
        let Some(cancelled_at) = cancelled_at else { return Err(trouble(cells.reasons)) };
        self.message.push('}');
        let mut items = Vec::with_capacity(1);
        self.check(cancelled_at, &RowKey::Receipt(receipt), &mut items)?;
        Ok(items)
    }

    /// Has the message checked as upstream's messages are.
    fn check(&self, at: Timestamp, key: &RowKey, items: &mut Vec<Item>) -> Result<(), Trouble> {
        let events = upstream::native(self.message.as_bytes(), self.received_at);
        let events = events.map_err(|rejection| trouble(Reason::of(rejection, Code::BadValue)))?;
        items.extend(events.into_iter().map(|event| Item { event, at, key: key.clone() }));
        Ok(())
    }
}

const BEGINNING: &str = "{\"type\":\"";

fn begin(message: &mut String, kind: Kind) {
    message.clear();
    message.push_str(BEGINNING);
    message.push_str(kind.name());
    message.push_str("\",\"data\":");
}

fn trouble(reasons: Vec<Reason>) -> Trouble {
    Trouble::Row(reasons, None)
}

/// The last of the files' payments and the one that is held. The latter is the fuller one if they are the same.
fn later(file: Option<(u64, Payment)>, held: Option<Payment>) -> Option<Payment> {
    let number = |payment: &Payment| json::number(&payment.body).unwrap_or(0);
    match (file, held) {
        (Some((of_file, file)), Some(held)) if of_file > number(&held) => Some(file),
        (_, Some(held)) => Some(held),
        (file, None) => file.map(|(_, payment)| payment),
    }
}
