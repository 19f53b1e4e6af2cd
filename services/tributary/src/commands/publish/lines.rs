//! Cutting NDJSON into requests, with the line numbers of the file kept.

use std::io::{self, BufRead};

/// Lines of one request: few enough that a mistake costs little, enough that the round trip does not count.
const CHUNK_LINES: usize = 1_000;
/// Bytes of one request, save when one line is longer.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// Lines for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The number of the first line in the file, counted from 1.
    pub(super) first_line: u64,
    /// The lines, empty ones included so that numbers hold.
    pub(super) body: Vec<u8>,
    /// Bytes read of the file since the last chunk.
    pub(super) read_bytes: u64,
}

/// Cuts a source into chunks.
pub(super) struct Chunks<R> {
    source: R,
    next_line: u64,
    from_line: u64,
    skipped: u64,
}

impl<R: BufRead> Chunks<R> {
    /// The lines from `from_line` on, counted from 1.
    pub(super) fn new(source: R, from_line: u64) -> Self {
        Self { source, next_line: 1, from_line, skipped: 0 }
    }

    fn read(&mut self) -> io::Result<Option<Chunk>> {
        while self.next_line < self.from_line {
            let read = self.source.skip_until(b'\n')?;
            if read == 0 {
                return Ok(None);
            }
            self.skipped += read as u64;
            self.next_line += 1;
        }
        loop {
            let chunk = self.take()?;
            if chunk.body.is_empty() {
                return Ok(None);
            }
            // Nothing but empty lines is no request.
            if !chunk.body.trim_ascii().is_empty() {
                return Ok(Some(chunk));
            }
            self.skipped = chunk.read_bytes;
        }
    }

    fn take(&mut self) -> io::Result<Chunk> {
        let first_line = self.next_line;
        let mut body = Vec::new();
        for _ in 0..CHUNK_LINES {
            if body.len() >= CHUNK_BYTES || self.source.read_until(b'\n', &mut body)? == 0 {
                break;
            }
            self.next_line += 1;
        }
        let read_bytes = body.len() as u64 + std::mem::take(&mut self.skipped);
        Ok(Chunk { first_line, body, read_bytes })
    }
}

impl<R: BufRead> Iterator for Chunks<R> {
    type Item = io::Result<Chunk>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(text: &str, from_line: u64) -> Vec<Chunk> {
        Chunks::new(text.as_bytes(), from_line).collect::<io::Result<_>>().expect("memory does not fail")
    }

    #[test]
    fn lines_keep_their_numbers_and_none_is_lost() {
        let text = "{\"n\":1}\n".repeat(2_500);
        let all = chunks(&text, 1);
        assert_eq!(all.iter().map(|chunk| chunk.first_line).collect::<Vec<_>>(), [1, 1_001, 2_001]);
        let together: Vec<u8> = all.iter().flat_map(|chunk| chunk.body.clone()).collect();
        assert_eq!(together, text.as_bytes());
        assert_eq!(all.iter().map(|chunk| chunk.read_bytes).sum::<u64>(), text.len() as u64);
    }

    #[test]
    fn an_interrupted_file_goes_on_at_its_line() {
        let rest = chunks("a\nb\nc", 2);
        assert_eq!(rest, [Chunk { first_line: 2, body: b"b\nc".to_vec(), read_bytes: 5 }]);
        assert!(chunks("a\nb\n", 9).is_empty());
    }

    #[test]
    fn empty_lines_make_no_request() {
        assert!(chunks("", 1).is_empty());
        assert!(chunks("\n  \n\n", 1).is_empty());
        let only: String = "\n".repeat(1_000) + "{}\n";
        assert_eq!(chunks(&only, 1), [Chunk { first_line: 1_001, body: b"{}\n".to_vec(), read_bytes: 1_003 }]);
    }
}
