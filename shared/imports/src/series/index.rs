//! One entry for each series, found by its receipt. Sorted in memory, or in files when there are too many.

use super::Scratch;
use contract::limits::IMPORT_SERIES;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

const NONE: u64 = u64::MAX;
const NO_DATE: i64 = i64::MAX;
const ENTRY_BYTES: usize = 32;
/// Entries that are read at once when one is looked for.
const BLOCK_ENTRIES: usize = 128;

/// What is known of one series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) receipt: u64,
    /// Second in which the first payment was made.
    pub(super) first: i64,
    /// Number of the last payment.
    pub(super) number: u64,
    /// Where the last payment is kept.
    pub(super) at: u64,
}

impl Entry {
    /// Nothing is known of the series so far.
    pub(super) const fn of(receipt: u64) -> Self {
        Self { receipt, first: NO_DATE, number: 0, at: NONE }
    }

    pub(super) const fn has_first(&self) -> bool {
        self.first != NO_DATE
    }

    pub(super) const fn has_payment(&self) -> bool {
        self.at != NONE
    }

    /// Adds what a later entry of the same series knows.
    fn absorb(&mut self, later: Self) {
        self.first = self.first.min(later.first);
        if later.has_payment() && (!self.has_payment() || later.number >= self.number) {
            (self.number, self.at) = (later.number, later.at);
        }
    }

    fn write(self, out: &mut impl Write) -> io::Result<()> {
        let first = self.first.to_ne_bytes();
        [self.receipt.to_ne_bytes(), first, self.number.to_ne_bytes(), self.at.to_ne_bytes()]
            .iter()
            .try_for_each(|field| out.write_all(field))
    }

    fn read(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let field = |at: usize| std::array::from_fn(|byte| bytes[at * 8 + byte]);
        let word = |at| u64::from_ne_bytes(field(at));
        Self { receipt: word(0), first: i64::from_ne_bytes(field(1)), number: word(2), at: word(3) }
    }
}

/// Takes entries in any order.
pub(super) struct Sorter {
    scratch: Scratch,
    entries: Vec<Entry>,
    runs: Vec<File>,
    /// Entries in memory.
    room: usize,
}

/// Finds entries.
#[derive(Debug)]
pub(super) enum Index {
    Memory(Vec<Entry>),
    Disk {
        file: File,
        /// The first receipt of each block.
        fences: Vec<u64>,
        entries: usize,
    },
}

impl Default for Index {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

impl Sorter {
    pub(super) const fn new(scratch: Scratch) -> Self {
        Self { scratch, entries: Vec::new(), runs: Vec::new(), room: IMPORT_SERIES }
    }

    pub(super) fn push(&mut self, entry: Entry) -> io::Result<()> {
        if self.entries.len() >= self.room {
            self.sort();
            // Nothing is gained by a file for entries that are mostly about the same series.
            if self.entries.len() > self.room / 2 {
                self.spill()?;
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Index> {
        self.sort();
        if self.runs.is_empty() {
            self.entries.shrink_to_fit();
            return Ok(Index::Memory(self.entries));
        }
        self.spill()?;
        self.merge()
    }

    /// Sorts, and leaves one entry for each series.
    fn sort(&mut self) {
        self.entries.sort_by_key(|entry| entry.receipt);
        self.entries.dedup_by(|later, kept| {
            let same = later.receipt == kept.receipt;
            if same {
                kept.absorb(*later);
            }
            same
        });
    }

    fn spill(&mut self) -> io::Result<()> {
        let mut out = BufWriter::new(self.scratch.file()?);
        self.entries.drain(..).try_for_each(|entry| entry.write(&mut out))?;
        self.runs.push(out.into_inner().map_err(io::IntoInnerError::into_error)?);
        Ok(())
    }

    /// One sorted file of all runs. Of entries of the same series that of the earlier run comes first.
    fn merge(self) -> io::Result<Index> {
        drop(self.entries);
        let mut out = Merged { out: BufWriter::new(self.scratch.file()?), fences: Vec::new(), entries: 0 };
        let mut runs = self.runs.into_iter().map(Run::new).collect::<io::Result<Vec<_>>>()?;
        let mut heads = BinaryHeap::new();
        let mut pending: Vec<Option<Entry>> = Vec::new();
        for (at, run) in runs.iter_mut().enumerate() {
            let entry = run.next()?;
            heads.extend(entry.map(|entry| Reverse((entry.receipt, at))));
            pending.push(entry);
        }
        let mut last: Option<Entry> = None;
        while let Some(Reverse((_, at))) = heads.pop() {
            let next = runs[at].next()?;
            heads.extend(next.map(|entry| Reverse((entry.receipt, at))));
            let Some(entry) = std::mem::replace(&mut pending[at], next) else { continue };
            match &mut last {
                Some(last) if last.receipt == entry.receipt => last.absorb(entry),
                last => last.replace(entry).map_or(Ok(()), |done| out.push(done))?,
            }
        }
        last.map_or(Ok(()), |done| out.push(done))?;
        out.finish()
    }
}

/// The merged file while it is written.
struct Merged {
    out: BufWriter<File>,
    fences: Vec<u64>,
    entries: usize,
}

impl Merged {
    fn push(&mut self, entry: Entry) -> io::Result<()> {
        if self.entries.is_multiple_of(BLOCK_ENTRIES) {
            self.fences.push(entry.receipt);
        }
        self.entries += 1;
        entry.write(&mut self.out)
    }

    fn finish(self) -> io::Result<Index> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Index::Disk { file, fences: self.fences, entries: self.entries })
    }
}

/// A sorted file that is read from its beginning.
struct Run(BufReader<File>);

impl Run {
    fn new(mut file: File) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        Ok(Self(BufReader::new(file)))
    }

    fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut bytes = [0; ENTRY_BYTES];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(Entry::read(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Index {
    /// The entry of this series.
    pub(super) fn get(&self, receipt: u64) -> io::Result<Option<Entry>> {
        match self {
            Self::Memory(entries) => {
                let found = entries.binary_search_by_key(&receipt, |entry| entry.receipt);
                Ok(found.ok().map(|at| entries[at]))
            }
            Self::Disk { file, fences, entries } => {
                let Some(block) = fences.partition_point(|fence| *fence <= receipt).checked_sub(1) else {
                    return Ok(None);
                };
                let start = block * BLOCK_ENTRIES;
                let mut bytes = [0; BLOCK_ENTRIES * ENTRY_BYTES];
                let bytes = &mut bytes[..(entries - start).min(BLOCK_ENTRIES) * ENTRY_BYTES];
                file.read_exact_at(bytes, (start * ENTRY_BYTES) as u64)?;
                let (found, _) = bytes.as_chunks::<ENTRY_BYTES>();
                Ok(found.iter().map(Entry::read).find(|entry| entry.receipt == receipt))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn every_series_is_found_whether_it_was_sorted_in_memory_or_in_files(
            pushes in proptest::collection::vec((0_u64..600, 0_i64..50, 0_u64..9, any::<bool>()), 0..900),
            room in 1_usize..300,
        ) {
            let mut sorter = Sorter::new(Scratch::new(&std::env::temp_dir()));
            sorter.room = room;
            let mut expected: BTreeMap<u64, Entry> = BTreeMap::new();
            for (order, (receipt, first, number, payment)) in pushes.into_iter().enumerate() {
                let entry = match payment {
                    true => Entry { number, at: order as u64, ..Entry::of(receipt) },
                    false => Entry { first, ..Entry::of(receipt) },
                };
                sorter.push(entry).expect("room on the disk");
                expected.entry(receipt).and_modify(|known| known.absorb(entry)).or_insert(entry);
            }
            let index = sorter.finish().expect("room on the disk");
            for receipt in 0..601 {
                prop_assert_eq!(index.get(receipt).expect("readable"), expected.get(&receipt).copied());
            }
        }
    }

    #[test]
    fn the_last_payment_is_the_one_with_the_highest_number() {
        let payment = |number, at| Entry { number, at, ..Entry::of(1) };
        let mut entry = payment(3, 30);
        entry.absorb(payment(2, 20));
        assert_eq!((entry.number, entry.at), (3, 30));
        entry.absorb(Entry { first: 7, ..Entry::of(1) });
        entry.absorb(payment(3, 31));
        assert_eq!((entry.first, entry.number, entry.at), (7, 3, 31));
    }
}
