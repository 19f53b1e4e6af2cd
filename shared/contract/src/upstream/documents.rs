//! Finding the documents in a message.

use crate::limits;
use serde_json::value::RawValue;

/// One document of a message, or something that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'a> {
    /// The line on which it begins, counted from 1.
    pub line: usize,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// The documents of a message, in order.
#[derive(Debug)]
pub struct Documents<'a> {
    rest: &'a [u8],
    line: usize,
    broken: usize,
}

impl<'a> Documents<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { rest: body, line: 1, broken: 0 }
    }

    /// Where the document ends with which `rest` begins.
    fn length(&mut self) -> usize {
        let mut stream = serde_json::Deserializer::from_slice(self.rest).into_iter::<&RawValue>();
        let Some(Err(error)) = stream.next() else { return stream.byte_offset() };
        // One that ran over the end of its line has cost more than its own length to find broken.
        if error.line() > 1 {
            self.broken += 1;
        }
        if self.broken > limits::BROKEN_DOCUMENTS {
            return self.rest.len();
        }
        // Inside a document that is spread over lines, all but the first are indented.
        self.rest.windows(2).position(|pair| pair == b"\n{").map_or(self.rest.len(), |at| at + 1)
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length);
        self.line += memchr::memchr_iter(b'\n', taken).count();
        self.rest = rest;
        taken
    }
}

impl<'a> Iterator for Documents<'a> {
    type Item = Document<'a>;

    fn next(&mut self) -> Option<Document<'a>> {
        let blank = self.rest.len() - self.rest.trim_ascii_start().len();
        self.take(blank);
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        // An error at the very first byte still takes that byte.
        let length = self.length().max(1);
        Some(Document { line, bytes: self.take(length).trim_ascii() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &[(usize, &str)]) {
        let found: Vec<_> = Documents::new(body.as_bytes()).map(|d| (d.line, d.bytes)).collect();
        let expected: Vec<_> = expected.iter().map(|(line, text)| (*line, text.as_bytes())).collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn one_document_may_be_spread_over_lines() {
        check("{\n  \"a\": [\n    1\n  ]\n}\n", &[(1, "{\n  \"a\": [\n    1\n  ]\n}")]);
        check("", &[]);
        check(" \n\t", &[]);
    }

    #[test]
    fn several_documents_stand_on_lines_of_their_own() {
        check("{\"a\":1}\r\n\n{\"b\":2}\n", &[(1, r#"{"a":1}"#), (3, r#"{"b":2}"#)]);
    }

    #[test]
    fn what_is_not_json_never_hides_its_neighbours() {
        check("{\"a\":1}\nnonsense\n{\"b\":2}", &[(1, r#"{"a":1}"#), (2, "nonsense"), (3, r#"{"b":2}"#)]);
        check("{\"a\":\n{\"b\":2}\n{\"c\":3}", &[(1, "{\"a\":"), (2, r#"{"b":2}"#), (3, r#"{"c":3}"#)]);
        check("{\"a\":\n{\"b\":2}", &[(1, "{\"a\":"), (2, r#"{"b":2}"#)]);
        check("{\"a\":1}\n{\"b\":", &[(1, r#"{"a":1}"#), (2, r#"{"b":"#)]);
    }

    #[test]
    fn a_message_made_to_be_read_again_and_again_is_given_up() {
        let body = "{\"a\":[\n".repeat(20_000) + "!";
        assert!(Documents::new(body.as_bytes()).count() <= limits::BROKEN_DOCUMENTS + 1);
    }

    proptest::proptest! {
        #[test]
        fn every_byte_but_white_space_is_in_one_document(body: Vec<u8>) {
            let bare = |bytes: &[u8]| bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<_>>();
            let found: Vec<u8> = Documents::new(&body).flat_map(|d| bare(d.bytes)).collect();
            proptest::prop_assert_eq!(found, bare(&body));
        }
    }
}
