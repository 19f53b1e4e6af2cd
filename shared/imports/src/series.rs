//! What rows need of other rows of their series: the date of its first payment (`contribution.createdAt`), and for a
//! cancelled row its last payment (`formats/history-csv.md` §5.2 and §6).
//!
//! Gathered in one pass over the files before they are read. Memory is bounded: what does not fit is sorted in
//! temporary files, which have no name and vanish with the process.

mod index;
mod payments;

use index::{Entry, Index, Sorter};
use jiff::Timestamp;
use payments::Payments;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A payment of a series, to which a cancelled row is joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The body of its contribution event: `{"donor":…,"contribution":…,"lineitems":[one],"form":…}`.
    pub body: String,
    /// Whether the donor may change the amount (`Recurring Type` is `monthly_adjustable`), which the body does not say.
    pub adjustable: bool,
}

/// Where temporary files are made.
#[derive(Debug, Clone)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// A file without a name, which only this process can read.
    pub(crate) fn file(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.0)
    }
}

/// What is being gathered.
pub(crate) struct Gathering {
    wanted: Index,
    entries: Sorter,
    payments: Payments,
}

/// What was gathered.
#[derive(Debug, Default)]
pub(crate) struct Series {
    entries: Index,
    payments: Option<Payments>,
}

/// The series that cancelled rows ask for.
pub(crate) struct Wanted(Sorter);

impl Wanted {
    pub(crate) fn new(scratch: &Scratch) -> Self {
        Self(Sorter::new(scratch.clone()))
    }

    pub(crate) fn push(&mut self, receipt: u64) -> io::Result<()> {
        self.0.push(Entry::of(receipt))
    }

    pub(crate) fn gather(self, scratch: &Scratch) -> io::Result<Gathering> {
        let payments = Payments::new(scratch.clone());
        Ok(Gathering { wanted: self.0.finish()?, entries: Sorter::new(scratch.clone()), payments })
    }
}

impl Gathering {
    /// Whether a cancelled row asks for this series.
    pub(crate) fn wants(&self, receipt: u64) -> io::Result<bool> {
        Ok(self.wanted.get(receipt)?.is_some())
    }

    /// The first payment of a series was made then.
    pub(crate) fn first(&mut self, receipt: u64, date: Timestamp) -> io::Result<()> {
        self.entries.push(Entry { first: date.as_second(), ..Entry::of(receipt) })
    }

    /// A payment of a series that is wanted. Of two with the same number the later one counts.
    pub(crate) fn payment(&mut self, receipt: u64, number: u64, body: &str, adjustable: bool) -> io::Result<()> {
        let at = self.payments.push(body, adjustable)?;
        self.entries.push(Entry { number, at, ..Entry::of(receipt) })
    }

    pub(crate) fn finish(mut self) -> io::Result<Series> {
        self.payments.flush()?;
        Ok(Series { entries: self.entries.finish()?, payments: Some(self.payments) })
    }
}

impl Series {
    /// When the first payment of this series was made.
    pub(crate) fn first(&self, receipt: u64) -> io::Result<Option<Timestamp>> {
        let entry = self.entries.get(receipt)?;
        Ok(entry.filter(Entry::has_first).and_then(|entry| Timestamp::from_second(entry.first).ok()))
    }

    /// The last payment of this series, if a cancelled row asked for it, and its number.
    pub(crate) fn last(&self, receipt: u64) -> io::Result<Option<(u64, Payment)>> {
        let Some(entry) = self.entries.get(receipt)?.filter(Entry::has_payment) else { return Ok(None) };
        let Some(payments) = &self.payments else { return Ok(None) };
        Ok(Some((entry.number, payments.get(entry.at)?)))
    }
}
