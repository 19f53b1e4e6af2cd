//! What a source holds, told by its first bytes.

use crate::error::Error;
use crate::exports::Header;
use crate::rows::{Cut, Fault, Rows};
use crate::source::{Input, Source, Taken};
use std::sync::Arc;

/// What the rows of a source are.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Upstream messages or bare bodies, one a line.
    Json,
    /// One of the platform's exports.
    Export(Arc<Header>),
    /// No row at all.
    Nothing,
}

/// An opened source, its first row ahead.
pub(crate) struct Opened {
    pub(crate) rows: Rows,
    pub(crate) content: Content,
    pub(crate) taken: Taken,
    pub(crate) size: Option<u64>,
    pub(crate) name: Arc<str>,
}

impl Opened {
    /// Opens `source` and reads its header if it has one.
    pub(crate) fn open(source: &mut Source) -> Result<Self, Error> {
        let input = source.open()?;
        Self::look_into(input, source.name())
    }

    fn look_into(input: Input, name: &Arc<str>) -> Result<Self, Error> {
        let Input { bytes, taken, size } = input;
        let mut opened = Self { rows: Rows::new(bytes), content: Content::Nothing, taken, size, name: name.clone() };
        opened.content = match opened.rows.first_byte().map_err(|source| opened.failed(source))? {
            None => Content::Nothing,
            Some(b'{') => Content::Json,
            Some(b'[') => return Err(opened.unknown("a JSON array; one object on each line is read")),
            Some(_) => Content::Export(Arc::new(opened.header()?)),
        };
        Ok(opened)
    }

    /// The error for what the system said about this source.
    pub(crate) fn failed(&self, source: std::io::Error) -> Error {
        Error::Read { name: self.name.clone(), line: self.rows.line() - 1, bytes: self.taken.get(), source }
    }

    /// How this source is cut into rows.
    pub(crate) const fn cut(&self) -> Cut {
        match self.content {
            Content::Export(_) => Cut::Csv,
            Content::Json | Content::Nothing => Cut::Lines,
        }
    }

    fn header(&mut self) -> Result<Header, Error> {
        let name = self.name.clone();
        let header = match self.rows.next(Cut::Csv) {
            Ok(Some(row)) => match row.fault {
                None => return Header::read(row.bytes, &name),
                Some(Fault::TooLong) => "a line of more than 1 MiB",
                Some(Fault::Quote) => "a line with an open quote",
            },
            Ok(None) => "nothing",
            Err(source) => return Err(self.failed(source)),
        };
        Err(self.unknown(header))
    }

    fn unknown(&self, why: &'static str) -> Error {
        Error::Unknown { name: self.name.clone(), why }
    }
}
