//! Writing an upstream message.
//!
//! Only what has a value is written: the contract's own writing adds the rest, in its order.

use contract::body::{Money, eastern};
use jiff::Timestamp;
use std::fmt::Write as _;

/// JSON that is being written.
pub(super) struct Json<'a>(pub(super) &'a mut String);

impl Json<'_> {
    /// A value that is JSON already.
    pub(super) fn raw(&mut self, key: &str, json: &str) {
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
        quote(self.0, key);
        self.0.push(':');
        self.0.push_str(json);
    }

    /// Text, unless it is blank.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.raw(key, "");
            quote(self.0, text);
        }
    }

    pub(super) fn flag(&mut self, key: &str, flag: Option<bool>) {
        if let Some(flag) = flag {
            self.raw(key, if flag { "true" } else { "false" });
        }
    }

    pub(super) fn number(&mut self, key: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.raw(key, "");
            // Writing to a string can't fail.
            let _ = write!(self.0, "{number}");
        }
    }

    pub(super) fn money(&mut self, key: &str, amount: Option<Money>) {
        if let Some(amount) = amount {
            self.raw(key, "");
            let _ = write!(self.0, "\"{amount}\"");
        }
    }

    pub(super) fn time(&mut self, key: &str, time: Option<Timestamp>) {
        if let Some(time) = time {
            self.text(key, &eastern(time));
        }
    }

    /// An object.
    pub(super) fn block(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.raw(key, "{");
        write(self);
        self.0.push('}');
    }

    /// A list of one object.
    pub(super) fn list(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.raw(key, "[{");
        write(self);
        self.0.push_str("}]");
    }
}

fn quote(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        // A string always has a JSON form.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}
