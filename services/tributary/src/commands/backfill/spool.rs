//! The events of files, put in order: oldest first, each once.
//!
//! They lie in a temporary file without a name, which ends with the process; in memory are 16 bytes of each for its
//! place and 8 for its fingerprint, about 40 MB for a million events.

use crate::failure::chain;
use contract::backfill::{Fingerprint, Selection, Tally};
use contract::event::Event;
use imports::{BadRow, Code, Options, Reader, Record, Rejects, RejectsError, Source, Written};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bad rows that are told one by one.
const TOLD: usize = 20;

/// The events of files that belong to a backfill.
pub(super) struct Spool {
    file: File,
    /// When each happened, in microseconds, and where its line begins.
    places: Vec<(i64, u64)>,
    /// Where the last line ends.
    end: u64,
    /// How many go next.
    next: usize,
}

/// What was found in files.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) tally: Tally,
    /// Events that do not belong to the backfill, by why.
    pub(super) outside: BTreeMap<&'static str, u64>,
    /// Events that another row had already.
    pub(super) twice: u64,
    pub(super) bad: u64,
    /// Bad rows by what is wrong with them first.
    pub(super) codes: BTreeMap<&'static str, u64>,
    /// The first of them, for people.
    pub(super) told: Vec<String>,
    /// Files that could not be read to their end.
    pub(super) broken: Vec<String>,
    /// Where bad rows were written.
    pub(super) written: Vec<Written>,
}

/// Why files can't be put in order.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the temporary files in {} can't be written", folder.display())]
    Scratch {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Rejects(#[from] RejectsError),
}

/// Where bad rows go.
pub(super) enum Bad {
    /// They are only told.
    Tell,
    /// Beside their file, or here if they come on standard input.
    Keep { stream: PathBuf, replace: bool },
}

/// The line of an event, as ingest takes it.
#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    data: &'a RawValue,
}

/// Reads the sources to their ends. Blocking.
pub(super) fn read(
    sources: Vec<Source>,
    selection: &Selection<'_>,
    bad: &Bad,
    mut went: impl FnMut(u64),
) -> Result<(Spool, Found), Error> {
    let folder = std::env::temp_dir();
    let failed = |source| Error::Scratch { folder: folder.clone(), source };
    let paths: Vec<Option<PathBuf>> = sources.iter().map(|source| source.path().map(Path::to_owned)).collect();
    let mut rejects: Vec<Option<Rejects>> = paths.iter().map(|path| bad.keeper(path.as_deref())).collect();
    let mut options = Options::new(runtime::clock::now(), &folder);
    options.entity = Some(selection.entity);
    let mut sorting = Sorting::new(tempfile::tempfile_in(&folder).map_err(failed)?);
    let (mut found, mut rows) = (Found::default(), 0);
    for record in Reader::new(sources, options) {
        rows += 1;
        if rows % 1_000 == 0 {
            went(rows);
        }
        match record {
            Ok(Record::Row(row)) => {
                for item in row.items {
                    sorting.take(&item.event, item.at.as_microsecond(), selection, &mut found).map_err(failed)?;
                }
            }
            Ok(Record::Bad(row)) => {
                found.reject(&row);
                if let Some(Some(rejects)) = rejects.get_mut(row.place.source) {
                    rejects.push(&row)?;
                }
            }
            Err(error) => found.broken.push(chain(&error)),
        }
    }
    for rejects in rejects.into_iter().flatten() {
        found.written.extend(rejects.finish()?);
    }
    Ok((sorting.finish().map_err(failed)?, found))
}

impl Bad {
    fn keeper(&self, path: Option<&Path>) -> Option<Rejects> {
        match self {
            Self::Tell => None,
            Self::Keep { stream, replace } => {
                Some(path.map_or_else(|| Rejects::at(stream, *replace), |path| Rejects::beside(path, *replace)))
            }
        }
    }
}

impl Found {
    /// Whether every row of every file was read.
    pub(super) fn is_flawless(&self) -> bool {
        self.bad == 0 && self.broken.is_empty()
    }

    fn reject(&mut self, row: &BadRow) {
        self.bad += 1;
        let code = row.reasons.first().map_or(Code::BadRow, |reason| reason.code);
        *self.codes.entry(code.name()).or_default() += 1;
        if self.told.len() < TOLD {
            let reasons: Vec<_> = row.reasons.iter().map(ToString::to_string).collect();
            self.told.push(format!("{}: {}", row.place, reasons.join("; ")));
        }
    }
}

/// Events on their way into order.
struct Sorting {
    out: BufWriter<File>,
    places: Vec<(i64, u64)>,
    end: u64,
    known: HashSet<Fingerprint>,
}

impl Sorting {
    fn new(file: File) -> Self {
        Self { out: BufWriter::new(file), places: Vec::new(), end: 0, known: HashSet::new() }
    }

    fn take(&mut self, event: &Event, at: i64, selection: &Selection<'_>, found: &mut Found) -> io::Result<()> {
        if let Err(reason) = selection.takes(event) {
            *found.outside.entry(reason.name()).or_default() += 1;
            return Ok(());
        }
        if !self.known.insert(Fingerprint::of(&event.id)) {
            found.twice += 1;
            return Ok(());
        }
        found.tally.count(event);
        let mut line = serde_json::to_vec(&Message { r#type: event.kind.name(), data: &event.body })?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.places.push((at, self.end));
        self.end += line.len() as u64;
        Ok(())
    }

    fn finish(self) -> io::Result<Spool> {
        let Self { out, mut places, end, .. } = self;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        // What happened at the same moment stays in the order of the files.
        places.sort_unstable();
        Ok(Spool { file, places, end, next: 0 })
    }
}

impl Spool {
    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The lines of the next events, at most so many and about so many bytes; at least one if there are any.
    pub(super) fn chunk(&mut self, lines: usize, bytes: usize) -> io::Result<Vec<Vec<u8>>> {
        let (mut chunk, mut size) = (Vec::new(), 0);
        while let Some((_, begin)) = self.places.get(self.next) {
            let line = self.line(*begin)?;
            if chunk.len() == lines || (size + line.len() > bytes && !chunk.is_empty()) {
                break;
            }
            size += line.len();
            chunk.push(line);
            self.next += 1;
        }
        Ok(chunk)
    }

    /// The line that begins there, with its end.
    fn line(&self, begin: u64) -> io::Result<Vec<u8>> {
        let mut line = Vec::with_capacity(4_096);
        loop {
            let have = line.len();
            let at = begin + have as u64;
            if at >= self.end {
                return Ok(line);
            }
            line.resize(have + 4_096, 0);
            let read = self.file.read_at(&mut line[have..], at)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            line.truncate(have + read);
            if let Some(end) = line[have..].iter().position(|byte| *byte == b'\n') {
                line.truncate(have + end + 1);
                return Ok(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::backfill::End;
    use contract::event::Kind;
    use contract::id::EntityId;

    fn message(entity: u64, lineitem: u64, paid: &str) -> String {
        format!(
            r#"{{"type":"contribution","data":{{"donor":{{}},"contribution":{{"createdAt":"{paid}","orderNumber":"AB{lineitem}","status":"approved"}},"lineitems":[{{"sequence":0,"entityId":{entity},"amount":"1.0","paidAt":"{paid}","lineitemId":{lineitem}}}],"form":{{}}}}}}"#
        )
    }

    fn lineitem(line: &[u8]) -> u64 {
        let line: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        line["data"]["lineitems"][0]["lineitemId"].as_u64().expect("a number")
    }

    #[test]
    fn events_come_oldest_first_and_once_and_the_rest_is_counted() {
        let lines = [
            message(7, 3, "2024-03-03T00:00:00Z"),
            message(7, 1, "2024-03-01T00:00:00Z"),
            message(7, 9, "2023-01-01T00:00:00Z"),
            "{".to_owned(),
            message(8, 4, "2024-03-03T00:00:00Z"),
            message(7, 3, "2024-03-03T00:00:00Z"),
            message(7, 2, "2024-03-02T00:00:00Z"),
        ];
        let source = Source::stream("standard input", std::io::Cursor::new(lines.join("\n").into_bytes()));
        let at = |text: &str| text.parse().expect("a time");
        let (from, until) = (at("2024-01-01T00:00:00Z"), Some(at("2025-01-01T00:00:00Z")));
        let kinds = [Kind::Contribution];
        let selection = Selection { entity: EntityId(7), kinds: &kinds, from, until, end: End::Happened };
        let (mut spool, found) = read(vec![source], &selection, &Bad::Tell, |_| ()).expect("read");
        assert_eq!((spool.len(), found.twice, found.bad, found.is_flawless()), (3, 1, 1, false));
        let outside: Vec<_> = found.outside.into_iter().collect();
        assert_eq!(outside, [("another entity's", 1), ("before the start date", 1)]);
        assert_eq!(found.tally.total().cents, 300);
        let chunks: Vec<Vec<u64>> = std::iter::from_fn(|| {
            let chunk = spool.chunk(2, 1_000_000).expect("readable");
            (!chunk.is_empty()).then(|| chunk.iter().map(|line| lineitem(line)).collect())
        })
        .collect();
        assert_eq!(chunks, [vec![1, 2], vec![3]]);
    }

    #[test]
    fn a_chunk_is_bounded_by_its_bytes_but_never_empty() {
        let lines: Vec<_> = (1..=3).map(|id| message(7, id, "2024-03-01T00:00:00Z")).collect();
        let source = Source::stream("standard input", std::io::Cursor::new(lines.join("\n").into_bytes()));
        let from = "2024-01-01T00:00:00Z".parse().expect("a time");
        let until = "2025-01-01T00:00:00Z".parse().ok();
        let selection = Selection { entity: EntityId(7), kinds: &[], from, until, end: End::Happened };
        let (mut spool, _) = read(vec![source], &selection, &Bad::Tell, |_| ()).expect("read");
        let sizes: Vec<_> = (0..4).map(|_| spool.chunk(500, 10).expect("readable").len()).collect();
        assert_eq!(sizes, [1, 1, 1, 0]);
    }
}
