//! Where bytes come from: files and streams, unpacked.

use crate::error::Error;
use contract::limits::IMPORT_READ_BYTES;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file or a stream of past contributions, plain or packed with gzip or zstd, which its first bytes tell.
pub struct Source {
    name: Arc<str>,
    from: From,
}

enum From {
    File(PathBuf),
    /// Can be read once.
    Stream(Option<Box<dyn Read + Send>>),
    /// A stream that was looked into.
    Opened(Option<Input>),
    /// A stream that was copied, and why it ended too early if it did.
    Copy(File, Option<io::Error>),
}

/// An opened source.
pub(crate) struct Input {
    pub(crate) bytes: Box<dyn Read + Send>,
    pub(crate) taken: Taken,
    /// Bytes of the source as it lies there, if that is known.
    pub(crate) size: Option<u64>,
}

/// How many bytes of a source, as it lies there, have been taken so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken(Arc<AtomicU64>);

struct Counted<R> {
    inner: R,
    taken: Taken,
}

/// What was read of a stream, then the fault that ended it.
struct Broken<R> {
    inner: R,
    fault: Option<io::Error>,
}

impl Source {
    /// The file at this path. Its name is the path.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { name: path.display().to_string().into(), from: From::File(path) }
    }

    /// Bytes that can be read once, such as standard input. An export that comes so is copied to a temporary file
    /// first, because its rows need rows behind them.
    pub fn stream(name: &str, bytes: impl Read + Send + 'static) -> Self {
        Self { name: name.into(), from: From::Stream(Some(Box::new(bytes))) }
    }

    /// What people call it.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The path of a file; none of a stream.
    pub fn path(&self) -> Option<&Path> {
        match &self.from {
            From::File(path) => Some(path),
            From::Stream(_) | From::Opened(_) | From::Copy(..) => None,
        }
    }

    /// Whether it can be opened more than once.
    pub(crate) const fn opens_again(&self) -> bool {
        matches!(self.from, From::File(_) | From::Copy(..))
    }

    /// Opens it from its beginning. A stream that was opened is empty.
    pub(crate) fn open(&mut self) -> Result<Input, Error> {
        let failed = |source| Error::Open { name: self.name.clone(), source };
        match &mut self.from {
            From::File(path) => {
                let file = File::open(path).map_err(failed)?;
                let size = file.metadata().map_err(failed)?;
                let size = size.is_file().then_some(size.len());
                unpack(file, size).map_err(failed)
            }
            From::Stream(bytes) => {
                let bytes = bytes.take().unwrap_or_else(|| Box::new(io::empty()));
                unpack(bytes, None).map_err(failed)
            }
            From::Opened(input) => Ok(input.take().unwrap_or_else(Input::empty)),
            From::Copy(file, fault) => {
                let mut file = file.try_clone().map_err(Error::Scratch)?;
                file.seek(SeekFrom::Start(0)).map_err(Error::Scratch)?;
                let size = file.metadata().map_err(Error::Scratch)?.len();
                let fault = fault.as_ref().map(|fault| io::Error::new(fault.kind(), fault.to_string()));
                let taken = Taken::default();
                let bytes = Broken { inner: Counted { inner: file, taken: taken.clone() }, fault };
                Ok(Input { bytes: Box::new(bytes), taken, size: Some(size) })
            }
        }
    }

    /// Makes a stream fit to be opened as often as its content needs: an export is copied to a file that `scratch`
    /// makes, JSON stays a stream. Nothing to do for files. What is wrong with the stream shows when it is opened.
    pub(crate) fn settle(&mut self, scratch: impl FnOnce() -> io::Result<File>) -> Result<(), Error> {
        if !matches!(self.from, From::Stream(_)) {
            return Ok(());
        }
        let mut input = match self.open() {
            Ok(input) => input,
            Err(Error::Open { source, .. }) => Input::broken(source),
            Err(other) => return Err(other),
        };
        let (head, fault) = head(&mut input.bytes);
        let first = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start().first().copied();
        let bytes = Cursor::new(head).chain(Broken { inner: input.bytes, fault });
        if matches!(first, None | Some(b'{' | b'[')) {
            self.from = From::Opened(Some(Input { bytes: Box::new(bytes), ..input }));
            return Ok(());
        }
        let mut copy = scratch().map_err(Error::Scratch)?;
        let fault = pour(bytes, &mut copy)?;
        self.from = From::Copy(copy, fault);
        Ok(())
    }
}

/// Reads until something that is not blank has come, and tells what went wrong.
fn head(bytes: &mut dyn Read) -> (Vec<u8>, Option<io::Error>) {
    let (mut head, mut buffer) = (Vec::new(), vec![0; IMPORT_READ_BYTES]);
    while head.len() < IMPORT_READ_BYTES && head.iter().all(|byte: &u8| byte.is_ascii_whitespace() || *byte >= 0x80) {
        match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => head.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (head, Some(error)),
        }
    }
    (head, None)
}

/// Copies everything, and tells what ended the bytes too early.
fn pour(mut bytes: impl Read, copy: &mut File) -> Result<Option<io::Error>, Error> {
    let mut buffer = vec![0; IMPORT_READ_BYTES];
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(length) => copy.write_all(&buffer[..length]).map_err(Error::Scratch)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Some(error)),
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Source").field(&self.name).finish()
    }
}

impl Input {
    fn empty() -> Self {
        Self { bytes: Box::new(io::empty()), taken: Taken::default(), size: None }
    }

    fn broken(fault: io::Error) -> Self {
        Self { bytes: Box::new(Broken { inner: io::empty(), fault: Some(fault) }), ..Self::empty() }
    }
}

impl Taken {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.taken.0.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

impl<R: Read> Read for Broken<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer)? {
            0 if !buffer.is_empty() => self.fault.take().map_or(Ok(0), Err),
            length => Ok(length),
        }
    }
}

/// gzip members and zstd frames may follow one another, as `cat` of two packed files makes them.
fn unpack(bytes: impl Read + Send + 'static, size: Option<u64>) -> io::Result<Input> {
    let taken = Taken::default();
    let mut bytes = Counted { inner: bytes, taken: taken.clone() };
    let mut head = Vec::with_capacity(4);
    (&mut bytes).take(4).read_to_end(&mut head)?;
    let packing = packing(&head);
    let bytes = Cursor::new(head).chain(bytes);
    let bytes: Box<dyn Read + Send> = match packing {
        Packing::None => Box::new(bytes),
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered(bytes))),
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(buffered(bytes))?),
    };
    Ok(Input { bytes, taken, size })
}

fn buffered<R: Read>(bytes: R) -> BufReader<R> {
    BufReader::with_capacity(IMPORT_READ_BYTES, bytes)
}

enum Packing {
    None,
    Gzip,
    Zstd,
}

/// RFC 1952 §2.3.1 and RFC 8878 §3.1; a zstd file may begin with a skippable frame.
fn packing(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Packing::Zstd,
        _ => Packing::None,
    }
}
