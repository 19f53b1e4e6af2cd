//! The pass over the sources before they are read: what rows need of other rows.

use super::Reader;
use crate::content::{Content, Opened};
use crate::error::Error;
use crate::exports::{Cells, Column, Export, Header, Splitter, payment, receipt_number};
use crate::json;
use crate::series::{Gathering, Scratch, Series, Wanted};
use crate::source::Source;
use contract::event::Kind;
use contract::id::EntityId;
use jiff::Timestamp;
use std::io;

/// Rows between two questions whether to go on.
const ROWS_BETWEEN: u64 = 1_024;

/// Counts rows and asks whether to go on.
struct Pace<'a> {
    rows: u64,
    go_on: &'a mut dyn FnMut(u64) -> bool,
}

/// Reads rows for what others need of them. A row that will be rejected is passed over.
struct Gatherer {
    received_at: Timestamp,
    entity: Option<EntityId>,
    splitter: Splitter,
    body: String,
}

impl Reader {
    /// None when it was told to stop.
    pub(super) fn gather(&mut self, go_on: &mut dyn FnMut(u64) -> bool) -> Result<Option<Series>, Error> {
        let mut pace = Pace { rows: 0, go_on };
        let scratch = Scratch::new(&self.options.scratch);
        for source in &mut self.sources {
            source.settle(|| scratch.file())?;
        }
        let (received_at, entity) = (self.options.received_at, self.options.entity);
        let (splitter, body) = (Splitter::default(), String::new());
        let mut gatherer = Gatherer { received_at, entity, splitter, body };
        let mut wanted = Wanted::new(&scratch);
        let mut cancelled = false;
        for mut opened in readable(&mut self.sources).filter(|opened| opened.holds(Export::Cancelled)) {
            cancelled = true;
            if !opened.each(&mut pace, |content, row| gatherer.wanted(content, row, &mut wanted))? {
                return Ok(None);
            }
        }
        let mut gathering = wanted.gather(&scratch).map_err(Error::Scratch)?;
        for mut opened in readable(&mut self.sources) {
            let needed = opened.holds(Export::Payments) || cancelled && matches!(opened.content, Content::Json);
            if needed && !opened.each(&mut pace, |content, row| gatherer.payment(content, row, &mut gathering))? {
                return Ok(None);
            }
        }
        gathering.finish().map(Some).map_err(Error::Scratch)
    }
}

/// The sources that can be opened now and once more. What is wrong with the others is told when they are read.
fn readable(sources: &mut [Source]) -> impl Iterator<Item = Opened> {
    sources.iter_mut().filter(|source| source.opens_again()).filter_map(|source| Opened::open(source).ok())
}

impl Opened {
    fn holds(&self, export: Export) -> bool {
        matches!(&self.content, Content::Export(header) if header.export == export)
    }

    /// Every sound row, up to the end or to what can't be read. False when it was told to stop.
    fn each(
        &mut self,
        pace: &mut Pace<'_>,
        mut read: impl FnMut(&Content, &[u8]) -> io::Result<()>,
    ) -> Result<bool, Error> {
        let cut = self.cut();
        while let Ok(Some(row)) = self.rows.next(cut) {
            pace.rows += 1;
            if pace.rows.is_multiple_of(ROWS_BETWEEN) && !(pace.go_on)(pace.rows) {
                return Ok(false);
            }
            if row.fault.is_none() {
                read(&self.content, row.bytes).map_err(Error::Scratch)?;
            }
        }
        Ok(true)
    }
}

impl Gatherer {
    fn wanted(&mut self, content: &Content, row: &[u8], wanted: &mut Wanted) -> io::Result<()> {
        let Content::Export(header) = content else { return Ok(()) };
        let Ok(cells) = Cells::of(row, header, &mut self.splitter) else { return Ok(()) };
        cells.word(Column::ReceiptId).and_then(receipt_number).map_or(Ok(()), |receipt| wanted.push(receipt))
    }

    fn payment(&mut self, content: &Content, row: &[u8], gathering: &mut Gathering) -> io::Result<()> {
        match content {
            Content::Export(header) => self.row(header, row, gathering),
            Content::Json => self.line(row, gathering),
            Content::Nothing => Ok(()),
        }
    }

    fn row(&mut self, header: &Header, row: &[u8], gathering: &mut Gathering) -> io::Result<()> {
        let Ok(mut cells) = Cells::of(row, header, &mut self.splitter) else { return Ok(()) };
        let Some(facts) = payment::facts(&cells) else { return Ok(()) };
        if facts.number == 1 {
            gathering.first(facts.receipt, facts.date)?;
        }
        if gathering.wants(facts.receipt)? {
            self.body.clear();
            if let Some(paid) = payment::read(&mut cells, None, self.entity, &mut self.body) {
                gathering.payment(facts.receipt, facts.number, &self.body, paid.adjustable)?;
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], gathering: &mut Gathering) -> io::Result<()> {
        for item in json::read(line, self.received_at).into_iter().flatten() {
            let asked = item.event.kind != Kind::Cancellation && self.entity.is_none_or(|id| id == item.event.entity);
            let Some(known) = json::known(&item.event).filter(|_| asked) else { continue };
            let receipt = receipt_number(&known.contribution.order_number);
            if let Some(receipt) = receipt
                && gathering.wants(receipt)?
            {
                gathering.payment(receipt, known.number(), item.event.body.get(), false)?;
            }
        }
        Ok(())
    }
}
