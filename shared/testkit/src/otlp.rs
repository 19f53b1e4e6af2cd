//! Reads what an OpenTelemetry collector is sent: the parts of `ExportTraceServiceRequest` (OTLP 1.x, protobuf)
//! that tests ask for. A [`crate::receiver::Receiver`] is collector enough: an empty answer means that it took
//! everything.

use anyhow::{Context, bail, ensure};
use std::collections::BTreeMap;

/// A span as a collector sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// What sent it: its process.
    pub resource: BTreeMap<String, String>,
    /// In hexadecimal digits, as in a `traceparent`.
    pub trace: String,
    /// In hexadecimal digits.
    pub id: String,
    /// In hexadecimal digits; empty when the trace begins with it.
    pub parent: String,
    /// What it is called.
    pub name: String,
    /// 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: u64,
    /// Nanoseconds since 1970.
    pub began_ns: u64,
    /// Nanoseconds since 1970.
    pub ended_ns: u64,
    /// What is said of it; numbers as text.
    pub attributes: BTreeMap<String, String>,
    /// Its status is an error.
    pub failed: bool,
}

/// The spans of one request's body.
pub fn spans(body: &[u8]) -> anyhow::Result<Vec<Span>> {
    let mut spans = Vec::new();
    for resource_spans in messages(body, 1)? {
        let mut resource = BTreeMap::new();
        for message in messages(resource_spans, 1)? {
            resource.extend(attributes(message, 1)?);
        }
        for scope_spans in messages(resource_spans, 2)? {
            for message in messages(scope_spans, 2)? {
                spans.push(Span { resource: resource.clone(), ..span(message)? });
            }
        }
    }
    Ok(spans)
}

fn span(message: &[u8]) -> anyhow::Result<Span> {
    let mut span = Span { attributes: attributes(message, 9)?, ..Span::default() };
    for (number, field) in fields(message)? {
        match (number, field) {
            (1, Field::Bytes(id)) => span.trace = hex(id),
            (2, Field::Bytes(id)) => span.id = hex(id),
            (4, Field::Bytes(id)) => span.parent = hex(id),
            (5, Field::Bytes(name)) => span.name = String::from_utf8(name.to_vec())?,
            (6, Field::Number(kind)) => span.kind = kind,
            (7, Field::Number(nanoseconds)) => span.began_ns = nanoseconds,
            (8, Field::Number(nanoseconds)) => span.ended_ns = nanoseconds,
            (15, Field::Bytes(status)) => span.failed = fields(status)?.contains(&(3, Field::Number(2))),
            _ => {}
        }
    }
    Ok(span)
}

/// The members of a repeated `KeyValue`.
fn attributes(message: &[u8], number: u64) -> anyhow::Result<BTreeMap<String, String>> {
    let pair = |message: &[u8]| {
        let key = messages(message, 1)?.first().context("an attribute without a name")?.to_vec();
        let value = messages(message, 2)?.first().copied().context("an attribute without a value")?;
        let text = match fields(value)?.first() {
            Some((1, Field::Bytes(text))) => String::from_utf8(text.to_vec())?,
            Some((2 | 3, Field::Number(number))) => number.to_string(),
            other => bail!("a value that no test asks for: {other:?}"),
        };
        Ok((String::from_utf8(key)?, text))
    };
    messages(message, number)?.into_iter().map(pair).collect()
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Every field of this number that holds bytes: a text or a message.
fn messages(message: &[u8], wanted: u64) -> anyhow::Result<Vec<&[u8]>> {
    let bytes = |(number, field)| match field {
        Field::Bytes(bytes) if number == wanted => Some(bytes),
        _ => None,
    };
    Ok(fields(message)?.into_iter().filter_map(bytes).collect())
}

/// The fields of a message, in their order (Protocol Buffers, "Encoding").
fn fields(mut rest: &[u8]) -> anyhow::Result<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut rest)?),
            1 => Field::Number(little_endian(take(&mut rest, 8)?)),
            2 => {
                let length = usize::try_from(varint(&mut rest)?)?;
                Field::Bytes(take(&mut rest, length)?)
            }
            5 => Field::Number(little_endian(take(&mut rest, 4)?)),
            kind => bail!("there is no wire type {kind}"),
        };
        fields.push((tag >> 3, field));
    }
    Ok(fields)
}

fn varint(rest: &mut &[u8]) -> anyhow::Result<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?.first().copied().unwrap_or_default();
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    bail!("a number has no end")
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> anyhow::Result<&'a [u8]> {
    ensure!(length <= rest.len(), "the message ends too early");
    let (taken, after) = rest.split_at(length);
    *rest = after;
    Ok(taken)
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_and_what_is_cut_off_is_an_error() {
        // resource_spans { scope_spans { spans { trace_id: "\x0a", name: "hop", kind: 5, start: 256,
        //                                        attributes { "n": int 300 }, status { code: 2 } } } }
        let attribute = b"\x0a\x01n\x12\x03\x18\xac\x02";
        let mut span = b"\x0a\x01\x0a\x2a\x03hop\x30\x05\x39\x00\x01\x00\x00\x00\x00\x00\x00\x4a\x08".to_vec();
        span.extend(attribute);
        span.extend(b"\x7a\x02\x18\x02");
        let wrap = |tag: u8, inner: &[u8]| [&[tag, u8::try_from(inner.len()).expect("short")], inner].concat();
        let body = wrap(0x0a, &wrap(0x12, &wrap(0x12, &span)));
        let read = spans(&body).expect("well formed");
        let expected = Span {
            trace: "0a".into(),
            name: "hop".into(),
            kind: 5,
            began_ns: 256,
            attributes: BTreeMap::from([("n".into(), "300".into())]),
            failed: true,
            ..Span::default()
        };
        assert_eq!(read, [expected]);
        assert!(spans(&body[..body.len() - 1]).is_err());
    }
}
