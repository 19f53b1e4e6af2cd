//! The bodies of payments that cancelled rows may ask for, in a temporary file.

use super::{Payment, Scratch};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;

/// Length of the body, and whether it is adjustable.
const HEAD_BYTES: usize = 5;

/// Written first, then read.
#[derive(Debug)]
pub(super) struct Payments {
    scratch: Scratch,
    file: Option<BufWriter<File>>,
    end: u64,
}

impl Payments {
    pub(super) const fn new(scratch: Scratch) -> Self {
        Self { scratch, file: None, end: 0 }
    }

    /// Keeps a payment. Tells where it is kept.
    pub(super) fn push(&mut self, body: &str, adjustable: bool) -> io::Result<u64> {
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(self.scratch.file()?)),
        };
        file.write_all(&length.to_be_bytes())?;
        file.write_all(&[u8::from(adjustable)])?;
        file.write_all(body.as_bytes())?;
        let at = self.end;
        self.end += (HEAD_BYTES + body.len()) as u64;
        Ok(at)
    }

    /// Must have been called before anything is read.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }

    /// The payment that is kept there.
    pub(super) fn get(&self, at: u64) -> io::Result<Payment> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?.get_ref();
        let mut head = [0; HEAD_BYTES];
        file.read_exact_at(&mut head, at)?;
        let [a, b, c, d, adjustable] = head;
        let mut body = vec![0; u32::from_be_bytes([a, b, c, d]) as usize];
        file.read_exact_at(&mut body, at + HEAD_BYTES as u64)?;
        let body = String::from_utf8(body).map_err(io::Error::other)?;
        Ok(Payment { body, adjustable: adjustable != 0 })
    }
}
