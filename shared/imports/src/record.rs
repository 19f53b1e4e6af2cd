//! What a reader gives: rows with their events, and bad rows with their reasons.

use contract::body::Rejection;
use contract::event::Event;
use jiff::Timestamp;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// One row of a file.
#[derive(Debug, Clone)]
pub enum Record {
    /// It gives events.
    Row(Row),
    /// It does not, and says why.
    Bad(BadRow),
}

/// A row and what happened according to it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where it stands.
    pub place: Place,
    /// Its events, at least one: a refunded row of an export has two, a JSON message one for each line item.
    pub items: Vec<Item>,
}

/// One event of a row.
#[derive(Debug, Clone)]
pub struct Item {
    /// The event, as ingest would have made it of the same message.
    pub event: Event,
    /// When it happened by its own body: `paidAt`, `refundedAt` or `cancelledAt`. A backfill selects by it.
    pub at: Timestamp,
    /// With the event's kind, what counts once when it comes in several files.
    pub key: RowKey,
}

/// What a row is about (`formats/history-csv.md` §1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowKey {
    /// A payment: its line item's number.
    Lineitem(u64),
    /// A series: its `Receipt ID`, which is `contribution.orderNumber`.
    Receipt(String),
}

/// A row that gives no events. The rows around it are not affected.
#[derive(Debug, Clone)]
pub struct BadRow {
    /// Where it stands.
    pub place: Place,
    /// Everything that is wrong with it. No reason holds a value of the row.
    pub reasons: Vec<Reason>,
    /// The row as it stood, without its line end; only its beginning if it is not [`whole`](Self::whole).
    /// It holds a donor's data: not for logs.
    pub raw: Vec<u8>,
    /// Whether `raw` is all of it.
    pub whole: bool,
    /// The header of its export, without its line end; none for a line of JSON.
    pub header: Option<Arc<[u8]>>,
}

/// Where a row stands. Ordered as rows are read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which of the reader's sources, counted from 0.
    pub source: usize,
    /// The line on which the row begins, counted from 1.
    pub line: u64,
    /// What people call the source: a path, or "standard input".
    pub name: Arc<str>,
    /// The column in which the first reason lies: a header's name, or the number of the byte in a line of JSON.
    pub column: Option<Cow<'static, str>>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.line)
    }
}

/// One thing that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// For counting.
    pub code: Code,
    /// The column's name, or the path in a JSON message; empty when it is the whole row.
    pub at: Cow<'static, str>,
    /// What was expected there.
    pub expected: Cow<'static, str>,
}

impl Reason {
    pub(crate) fn new(code: Code, at: impl Into<Cow<'static, str>>, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { code, at: at.into(), expected: expected.into() }
    }

    /// What the check of upstream's messages says.
    pub(crate) fn of(rejection: Rejection, code: Code) -> Vec<Self> {
        let more = (rejection.more > 0).then(|| Self::new(code, "", format!("{} things more", rejection.more)));
        let reasons = rejection.reasons.into_iter().map(|reason| Self::new(code, reason.path, reason.expected));
        reasons.chain(more).collect()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, at, expected } = self;
        if at.is_empty() {
            write!(f, "{code}: expected {expected}")
        } else {
            write!(f, "{code}: {at}: expected {expected}")
        }
    }
}

/// Why a row is bad (`formats/history-csv.md` §8, and two for rows that are not read so far).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// `Receipt ID` or `Lineitem ID` is blank or not in its form.
    NoId,
    /// `Amount` is blank, zero, negative or not a number.
    NoAmount,
    /// A needed time is blank or cannot be read.
    BadDate,
    /// A cancelled row whose series has no payment.
    NoPayment,
    /// `Recipient ID` is another entity than the one that was asked for.
    OtherEntity,
    /// Any other cell that cannot be read as its format.
    BadValue,
    /// Not a row of this file at all: too long, with an open quote, or with more or fewer cells than the header.
    BadRow,
    /// A line of JSON that is no upstream message.
    BadMessage,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 8] = [
        Self::NoId,
        Self::NoAmount,
        Self::BadDate,
        Self::NoPayment,
        Self::OtherEntity,
        Self::BadValue,
        Self::BadRow,
        Self::BadMessage,
    ];

    /// The word that people and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoId => "no_id",
            Self::NoAmount => "no_amount",
            Self::BadDate => "bad_date",
            Self::NoPayment => "no_payment",
            Self::OtherEntity => "other_entity",
            Self::BadValue => "bad_value",
            Self::BadRow => "bad_row",
            Self::BadMessage => "bad_message",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
