//! W3C trace context: the id that goes with an event through every hop.

/// A new trace.
pub(crate) fn begin() -> String {
    // An id of zeros means "no trace"; the odds of drawing one are 1 in 2^64.
    format!("00-{:032x}-{:016x}-01", rand::random::<u128>().max(1), rand::random::<u64>().max(1))
}

/// A `traceparent` header that can be carried on; none when it is malformed.
pub(crate) fn accept(header: &str) -> Option<String> {
    let mut parts = header.trim().split('-');
    let mut part = |length: usize| {
        let good = |part: &&str| part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        parts.next().filter(good)
    };
    let (version, trace, parent, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    let set = |id: &str| id.bytes().any(|b| b != b'0');
    let good = version == "00" && set(trace) && set(parent) && parts.next().is_none();
    good.then(|| format!("{version}-{trace}-{parent}-{flags}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_trace_can_be_carried_on() {
        let trace = begin();
        assert_eq!(accept(&trace), Some(trace));
    }

    #[test]
    fn a_malformed_trace_is_not_carried_on() {
        const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(accept(GOOD).as_deref(), Some(GOOD));
        for bad in [
            "",
            "00",
            &GOOD.to_uppercase(),
            &GOOD.replace("00-", "01-"),
            &GOOD.replace("b7ad6b7169203331", "0000000000000000"),
            &format!("{GOOD}-x"),
            &GOOD.replace("0af", "é"),
        ] {
            assert_eq!(accept(bad), None, "{bad}");
        }
    }
}
