//! W3C trace context: the id that goes with an event through every hop.

use std::fmt;

/// A `traceparent` of version 00 (W3C Trace Context §3.2): which trace, and which span of it came last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traceparent {
    trace: u128,
    span: u64,
    flags: u8,
}

/// Somebody up the way records this trace (W3C Trace Context §3.2.2.5.1).
const SAMPLED: u8 = 1;

impl Traceparent {
    /// A new trace that is recorded, of random bits. An id of zeros means "no trace" and becomes 1.
    pub fn new(trace: u128, span: u64) -> Self {
        Self { trace: trace.max(1), span: span.max(1), flags: SAMPLED }
    }

    /// Reads one as it stands in a header; none when it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = |length: usize| {
            let good =
                |part: &&str| part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            parts.next().filter(good)
        };
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let read = Self {
            trace: u128::from_str_radix(trace, 16).ok()?,
            span: u64::from_str_radix(span, 16).ok()?,
            flags: u8::from_str_radix(flags, 16).ok()?,
        };
        let good = version == "00" && read.trace != 0 && read.span != 0 && parts.next().is_none();
        good.then_some(read)
    }

    /// The whole journey.
    pub fn trace(self) -> u128 {
        self.trace
    }

    /// The span that came last when this was written.
    pub fn span(self) -> u64 {
        self.span
    }

    /// As they came, also those that mean nothing yet.
    pub fn flags(self) -> u8 {
        self.flags
    }

    /// Whether spans of it are wanted.
    pub fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_read_is_written_again() {
        for text in [GOOD, &GOOD.replace("-01", "-00"), &GOOD.replace("-01", "-ff"), &GOOD.replace("0af7", "0000")] {
            assert_eq!(Traceparent::parse(text).map(|read| read.to_string()).as_deref(), Some(text));
        }
        let new = Traceparent::new(0, 0);
        assert_eq!(Traceparent::parse(&new.to_string()), Some(new), "zeros would mean that there is no trace");
        assert!(new.is_sampled());
    }

    #[test]
    fn only_the_last_bit_says_whether_it_is_sampled() {
        for (flags, sampled) in [("00", false), ("01", true), ("02", false), ("03", true)] {
            let read = Traceparent::parse(&GOOD.replace("-01", &format!("-{flags}"))).expect("well formed");
            assert_eq!(read.is_sampled(), sampled, "{flags}");
        }
    }

    #[test]
    fn a_malformed_one_is_none() {
        for bad in [
            "",
            "00",
            &GOOD.to_uppercase(),
            &GOOD.replace("00-", "01-"),
            &GOOD.replace("b7ad6b7169203331", "0000000000000000"),
            &GOOD.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &format!("{GOOD}-x"),
            &GOOD.replace("0af", "é"),
            &GOOD.replace("b7ad", "+7ad"),
        ] {
            assert_eq!(Traceparent::parse(bad), None, "{bad}");
        }
    }
}
