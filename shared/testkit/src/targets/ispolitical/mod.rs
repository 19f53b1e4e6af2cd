//! `ISPolitical`'s API for public forms, from `formats/ispolitical.md`.

mod forms;
#[cfg(test)]
mod tests;

use super::check::{Json, Review, answer_json};
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use forms::{LIST, RECORD};
use serde_json::json;

// The id that the first record gets is that of the specification's example.
const FIRST_RECORD: u64 = 48_120;

/// `ISPolitical`. The webhook's endpoint ends in `/api/PublicForms/`.
#[derive(Debug)]
pub struct IsPolitical {
    user: String,
    password: String,
    duplicate_status: u16,
    failures: u32,
    /// Pending imports in their order; the unique identifier is unique.
    pub records: Vec<Record>,
}

/// A contribution or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Grows.
    pub id: u64,
    /// `TRIBUTARY-CONTRIBUTION-612004411`
    pub unique_identifier: String,
    /// A refunded contribution, with its positive amount.
    pub is_refund: bool,
    /// In cents.
    pub amount_cents: u64,
    /// The day, in the offset of the platform.
    pub date: String,
    /// The donor; empty without one.
    pub email: String,
    /// `order …; form …; payment …`
    pub note: String,
}

impl IsPolitical {
    /// A client account with one integration login.
    pub fn new(account: &str, login: &str, password: &str) -> Self {
        Self {
            user: format!("{account}|{login}"),
            password: password.to_owned(),
            duplicate_status: 200,
            failures: 0,
            records: Vec::new(),
        }
    }

    /// From now on this is the login's password.
    pub fn set_password(&mut self, password: &str) {
        password.clone_into(&mut self.password);
    }

    /// From now on a known identifier gets this status: 200, 201, 400 or 409.
    pub fn answer_duplicates_with(&mut self, status: u16) {
        self.duplicate_status = status;
    }

    /// The next records are refused inside a 200, and not stored.
    pub fn fail_inside_200(&mut self, requests: u32) {
        self.failures += requests;
    }

    fn route(&mut self, request: &Request, review: &mut Review) -> Answer {
        if !review.basic(request, &self.user, &self.password) {
            return Answer::status(401);
        }
        if request.method != "POST" || !["/api/PublicForms/", "/api/Lists/"].contains(&request.path.as_str()) {
            review.note("path", "a POST to the public forms or the lists, with a slash at the end", &request.path);
            return Answer::status(404);
        }
        let body = review.json(request, "application/json");
        if !review.is_clean() {
            return refused(400);
        }
        if request.path == "/api/Lists/" {
            review.form(&body, &LIST);
            return answer_json(200, &json!(["Online contributions"]));
        }
        review.form(&body, &RECORD);
        review.filled(&body, "$");
        if review.is_clean() {
            relations(&body, review);
        }
        if !review.is_clean() {
            return refused(200);
        }
        self.store(&body)
    }

    fn store(&mut self, body: &Json) -> Answer {
        let transaction = body.at("/Transactions/0");
        let identifier = transaction.text("/UniqueIdentifier");
        if self.records.iter().any(|known| known.unique_identifier == identifier) {
            let answer = json!({"id": null, "success": false, "message": "Duplicate UniqueIdentifier"});
            return answer_json(self.duplicate_status, &answer);
        }
        if self.failures > 0 {
            self.failures -= 1;
            return refused(200);
        }
        let id = FIRST_RECORD + self.records.len() as u64;
        self.records.push(Record {
            id,
            unique_identifier: identifier.to_owned(),
            is_refund: transaction.text("/TransactionType") == "Refunded Contribution",
            amount_cents: transaction.cents("/Amount"),
            date: transaction.text("/Date").to_owned(),
            email: body.text("/Emails/0/EmailAddress").to_owned(),
            note: transaction.text("/NoteForInternal").to_owned(),
        });
        answer_json(200, &json!({"id": id, "success": true}))
    }
}

impl Target for IsPolitical {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("ispolitical", request);
        let answer = self.route(request, &mut review);
        review.close(faults);
        answer
    }
}

/// What fields of a record say about each other.
fn relations(body: &Json, review: &mut Review) {
    let transaction = body.at("/Transactions/0");
    let (identifier, note) = (transaction.text("/UniqueIdentifier"), transaction.text("/NoteForInternal"));
    let is_refund = transaction.text("/TransactionType") == "Refunded Contribution";
    let expected = if is_refund { "TRIBUTARY-REFUND-" } else { "TRIBUTARY-CONTRIBUTION-" };
    let lineitem = identifier.strip_prefix(expected);
    review.holds(lineitem.is_some(), "$.Transactions[0].UniqueIdentifier", expected, identifier);
    let begins = format!("refund of tributary-{}; ", lineitem.unwrap_or_default());
    let is_right = if is_refund { note.starts_with(&begins) } else { !note.starts_with("refund of ") };
    review.holds(is_right, "$.Transactions[0].NoteForInternal", format_args!("{begins:?} exactly in a refund"), note);
}

fn refused(status: u16) -> Answer {
    answer_json(status, &json!({"id": null, "success": false}))
}
