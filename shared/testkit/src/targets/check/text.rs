//! Texts and numbers in the forms of `formats/plans.md` §3.

use super::Form;
use super::time::{is_date, is_time};

/// A text that is not empty and not padded: the general rule for native targets.
pub(in crate::targets) const TEXT: Form = Form::Text("a text, trimmed and not empty", is_text);
/// `dec2`
pub(in crate::targets) const DEC2: Form = Form::Text("decimal text with two decimals", is_dec2);
/// `num`
pub(in crate::targets) const NUM: Form = Form::Number("a number with at most two decimals", is_num);
/// A whole number.
pub(in crate::targets) const INTEGER: Form = Form::Number("a whole number", is_digits);
/// A whole number as text.
pub(in crate::targets) const DIGITS: Form = Form::Text("digits as text", is_digits);
/// `key`
pub(in crate::targets) const KEY: Form = Form::Text("tributary- and a line item id", is_key);
/// `series`
pub(in crate::targets) const SERIES: Form = Form::Text("order number, hyphen and entity", is_series);
/// An order number of the platform.
pub(in crate::targets) const ORDER: Form = Form::Text("AB and digits", is_order);
/// `payment_no`
pub(in crate::targets) const PAYMENT: Form = Form::Text("a payment number from 1 as text", is_payment);
/// `utc`
pub(in crate::targets) const UTC: Form = Form::Text("YYYY-MM-DDTHH:MM:SSZ", |text| is_time(text, "T", "Z"));
/// `utc_naive`
pub(in crate::targets) const UTC_NAIVE: Form = Form::Text("YYYY-MM-DDTHH:MM:SS", |text| is_time(text, "T", ""));
/// `utc_text`
pub(in crate::targets) const UTC_TEXT: Form = Form::Text("YYYY-MM-DD HH:MM:SS UTC", |text| is_time(text, " ", " UTC"));
/// `utc_ms`
pub(in crate::targets) const UTC_MS: Form = Form::Text("YYYY-MM-DDTHH:MM:SS.mmmZ", is_utc_ms);
/// `as_is`
pub(in crate::targets) const AS_IS: Form = Form::Text("a time with its offset", is_offset_time);
/// `eastern`
pub(in crate::targets) const WALL: Form = Form::Text("YYYY-MM-DD HH:MM:SS", |text| is_time(text, " ", ""));
/// `date`
pub(in crate::targets) const DATE: Form = Form::Text("YYYY-MM-DD", is_date);
/// `phone_local`
pub(in crate::targets) const PHONE_LOCAL: Form = Form::Text("ten digits, or + and a foreign number", is_phone_local);
/// `phone_digits`
pub(in crate::targets) const PHONE_DIGITS: Form = Form::Text("the digits of an E.164 number", is_phone_digits);
/// `phone_e164`
pub(in crate::targets) const PHONE_E164: Form =
    Form::Text("+ and the digits of an E.164 number", |text| text.strip_prefix('+').is_some_and(is_phone_digits));
/// An email address.
pub(in crate::targets) const EMAIL: Form = Form::Text("an email address", is_email);
/// SHA-256 in lower-case hex, of something (`formats/ad-tracking.md` §6).
pub(in crate::targets) const HASH: Form = Form::Text("the SHA-256 of something in small hex digits", is_hash);
/// `iso2`
pub(in crate::targets) const COUNTRY: Form =
    Form::Text("two capital letters", |text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()));

/// Not empty, not padded.
pub(in crate::targets) fn is_text(text: &str) -> bool {
    !text.is_empty() && text.trim() == text
}

/// Digits and nothing else, without a leading zero.
pub(in crate::targets) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
}

/// `27.50`
pub(in crate::targets) fn is_dec2(text: &str) -> bool {
    text.split_once('.').is_some_and(|(whole, part)| is_digits(whole) && decimals(part) == Some(2))
}

/// `27.50`, `27.5` or `27`: never a sign, an exponent or a third decimal.
pub(in crate::targets) fn is_num(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    is_digits(whole) && matches!(decimals(part), Some(1 | 2))
}

fn decimals(part: &str) -> Option<usize> {
    part.bytes().all(|byte| byte.is_ascii_digit()).then_some(part.len())
}

/// `tributary-612004411`
pub(in crate::targets) fn is_key(text: &str) -> bool {
    text.strip_prefix("tributary-").is_some_and(is_digits)
}

/// `AB300000118`, or what begins with `TEST` in a test send (`formats/plans.md` §10).
pub(in crate::targets) fn is_order(text: &str) -> bool {
    text.strip_prefix("AB").is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        || text.strip_prefix("TEST").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// `AB300000118-48213`
pub(in crate::targets) fn is_series(text: &str) -> bool {
    text.split_once('-').is_some_and(|(order, entity)| is_order(order) && is_digits(entity))
}

fn is_payment(text: &str) -> bool {
    is_digits(text) && text != "0"
}

/// `slug(label)`, with the number of a repeated one. One that is cut may end in an underscore.
pub(in crate::targets) fn is_slug(name: &str) -> bool {
    const LONGEST: usize = 40;
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let (head, number) = name.split_at_checked(LONGEST).unwrap_or((name, ""));
    let head = if head.len() == LONGEST { head.trim_end_matches('_') } else { head };
    head.split('_').all(part) && (number.is_empty() || number.strip_prefix('_').is_some_and(is_digits))
}

fn is_phone_digits(text: &str) -> bool {
    // E.164 allows fifteen digits.
    is_digits(text) && (4..=15).contains(&text.len())
}

/// A number of +1 has ten digits and no prefix; every other one keeps its plus sign.
fn is_phone_local(text: &str) -> bool {
    match text.strip_prefix('+') {
        Some(foreign) => is_phone_digits(foreign) && !(foreign.starts_with('1') && foreign.len() == 11),
        None => text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// `2024-03-05T23:22:49.000Z`
fn is_utc_ms(text: &str) -> bool {
    text.strip_suffix('Z')
        .and_then(|text| text.split_once('.'))
        .is_some_and(|(time, fraction)| is_time(time, "T", "") && decimals(fraction) == Some(3))
}

/// `2024-03-05T18:22:49-05:00`, as it was received: with or without a fraction, and with any offset.
fn is_offset_time(text: &str) -> bool {
    let Some((time, rest)) = text.split_at_checked("YYYY-MM-DDTHH:MM:SS".len()) else { return false };
    let (fraction, offset) = rest.split_at(rest.find(['Z', '+', '-']).unwrap_or(rest.len()));
    let two = |text: &str, below: u32| text.len() == 2 && text.parse::<u32>().is_ok_and(|number| number < below);
    let hours = |text: &str| text.split_once(':').is_some_and(|(hour, minute)| two(hour, 24) && two(minute, 60));
    is_time(time, "T", "")
        && (fraction.is_empty() || fraction.strip_prefix('.').is_some_and(|digits| decimals(digits) > Some(0)))
        && (offset == "Z" || offset.get(1..).is_some_and(hours))
}

/// The hash of nothing would be a value that had to be left out.
fn is_hash(text: &str) -> bool {
    const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let small = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    text.len() == OF_NOTHING.len() && text.bytes().all(small) && text != OF_NOTHING
}

/// Enough of an address to be told from anything else.
pub(in crate::targets) fn is_email(text: &str) -> bool {
    is_text(text)
        && !text.contains(char::is_whitespace)
        && text
            .split_once('@')
            .is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.') && !domain.contains('@'))
}

/// A part of a note: its name, which ends in a space, and the test of its value.
pub(in crate::targets) type Part<'a> = (&'a str, fn(&str) -> bool);

/// Whether a note consists of `NAME VALUE` parts joined by `; `, each at most once and in this order, beginning with
/// the first. A semicolon within a value belongs to the value.
pub(in crate::targets) fn is_note_of(note: &str, parts: &[Part<'_>]) -> bool {
    let mut last = None;
    note.split("; ").enumerate().all(|(index, text)| {
        let found = parts.iter().position(|(name, _)| text.starts_with(name));
        let Some(place) = found else { return index > 0 };
        let (name, test) = &parts[place];
        let is_next = if index == 0 { place == 0 } else { last < found };
        last = found;
        is_next && test(&text[name.len()..])
    })
}

/// The same, of parts whose values may be any text.
pub(in crate::targets) fn is_note(note: &str, names: &[&str]) -> bool {
    let parts: Vec<Part<'_>> = names.iter().map(|name| (*name, is_text as fn(&str) -> bool)).collect();
    is_note_of(note, &parts)
}
