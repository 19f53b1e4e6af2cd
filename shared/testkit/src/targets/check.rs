//! Checks that several targets make: headers and credentials, JSON and its forms, texts, queries.
//!
//! A target opens a [`Review`] for each request, gives it everything that its specification states, and closes it
//! into the mock's faults. JSON is read by [`Json`], which keeps what a parser into floating point and maps loses.

mod form;
mod json;
mod query;
mod review;
#[cfg(test)]
mod tests;
mod text;
mod time;

use crate::receiver::Answer;
use serde_json::Value;

pub(super) use form::{Field, Form, known, may, must};
pub(super) use json::Json;
pub(super) use query::{decode, pairs};
pub(super) use review::{Review, one};
pub(super) use text::*;
pub(super) use time::{eastern, is_date, unix_now, unix_of};

/// An answer in JSON.
pub(super) fn answer_json(status: u16, body: &Value) -> Answer {
    Answer::status(status).header("content-type", "application/json").body(body.to_string())
}
