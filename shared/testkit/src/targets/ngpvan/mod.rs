//! The VAN API v4 of NGP VAN and `EveryAction`, from `formats/ngpvan.md`.

mod forms;
mod records;
#[cfg(test)]
mod tests;

use super::check::{Form, Json, Review, answer_json, is_key, unix_now, unix_of};
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use forms::{ADJUSTMENT, CONTRIBUTION, PERSON};
use serde_json::{Value, json};

pub use records::{Contribution, Person};

const LARGEST_CENTS: u64 = 99_999_999;
// The ids that the first records get are those of the specification's examples.
const FIRST_PERSON: u64 = 10_005_165;
const FIRST_CONTRIBUTION: u64 = 23_453;

/// A VAN database. The webhook's endpoint ends in `/v4`.
#[derive(Debug)]
pub struct NgpVan {
    application: String,
    api_key: String,
    designations: Vec<u64>,
    batch: Option<u64>,
    disclosure_fields: Vec<u64>,
    next_contribution: u64,
    /// Persons in their order, as they were sent last.
    pub people: Vec<Person>,
    /// Contributions in their order. They are not deduplicated.
    pub contributions: Vec<Contribution>,
}

impl NgpVan {
    /// A database with one API user and these designations. Its Financial Batch Manager is off.
    pub fn new(application: &str, api_key: &str, designations: &[u64]) -> Self {
        Self {
            application: application.to_owned(),
            api_key: api_key.to_owned(),
            designations: designations.to_vec(),
            batch: None,
            disclosure_fields: Vec::new(),
            next_contribution: FIRST_CONTRIBUTION,
            people: Vec::new(),
            contributions: Vec::new(),
        }
    }

    /// Financial Batch Manager is on and has this batch.
    #[must_use]
    pub fn with_batch(self, batch: u64) -> Self {
        Self { batch: Some(batch), ..self }
    }

    /// Designations have these disclosure fields.
    #[must_use]
    pub fn with_disclosure_fields(self, ids: &[u64]) -> Self {
        Self { disclosure_fields: ids.to_vec(), ..self }
    }

    /// From now on this is the API key.
    pub fn set_key(&mut self, api_key: &str) {
        api_key.clone_into(&mut self.api_key);
    }

    /// Somebody removes a contribution in VAN.
    pub fn remove(&mut self, contribution: u64) {
        self.contributions.retain(|known| known.id != contribution);
    }

    fn route(&mut self, request: &Request, review: &mut Review) -> Answer {
        // Mode 1 is the donor database.
        if !review.basic(request, &self.application, &format!("{}|1", self.api_key)) {
            return errors(401, &[("UNAUTHORIZED", "The API key is not authorized", "authorization")]);
        }
        let steps: Vec<&str> = request.path.strip_prefix("/v4/").unwrap_or("?").split('/').collect();
        match (request.method.as_str(), steps.as_slice()) {
            ("GET", ["designations"]) => self.list(),
            ("GET", ["contributions", search]) if search.starts_with("onlineReferenceNumber:") => {
                self.find(search, review)
            }
            ("POST", ["people", "findOrCreate"]) => self.find_or_create(request, review),
            ("POST", ["contributions"]) => self.contribute(request, review),
            ("POST", ["contributions", id, "adjustments"]) => self.adjust(request, id, review),
            _ => {
                review.note("path", "a resource of the specification", &request.path);
                not_found()
            }
        }
    }

    fn list(&self) -> Answer {
        let items: Vec<Value> = self.designations.iter().map(|id| json!({"designationId": id, "name": "-"})).collect();
        answer_json(200, &json!({"count": items.len(), "items": items, "nextPageLink": null}))
    }

    fn find(&self, search: &str, review: &mut Review) -> Answer {
        let key = search.trim_start_matches("onlineReferenceNumber:");
        review.holds(is_key(key), "path", "onlineReferenceNumber: and a key", search);
        match self.contributions.iter().find(|known| known.reference == key) {
            Some(found) => answer_json(
                200,
                &json!({"contributionId": found.id, "onlineReferenceNumber": key, "contact": {"vanId": found.van_id}}),
            ),
            None => not_found(),
        }
    }

    fn find_or_create(&mut self, request: &Request, review: &mut Review) -> Answer {
        let body = checked(request, &PERSON, review);
        let text = |pointer: &str| body.text(pointer).to_owned();
        let mut person = Person {
            van_id: FIRST_PERSON + self.people.len() as u64,
            name: (text("/firstName"), text("/lastName")),
            email: text("/emails/0/email"),
            phone: text("/phones/0/phoneNumber"),
            zip: text("/addresses/0/zipOrPostalCode"),
            employer: text("/employer"),
        };
        let is_named = !person.name.0.is_empty() || !person.name.1.is_empty();
        let is_reachable = [&person.email, &person.phone, &person.zip].iter().any(|contact| !contact.is_empty());
        review.holds(is_named && is_reachable, "$", "a name and one of email, phone and zip", "less");
        if let Json::Object(members) = body.at("/addresses/0") {
            review.holds(members.len() > 1, "$.addresses[0]", "an address", "none");
        }
        if !review.is_clean() {
            return refusal(review);
        }
        let Some(known) = self.people.iter_mut().find(|known| known.matches(&person)) else {
            let answer = json!({"vanId": person.van_id, "status": "UnmatchedStored"});
            self.people.push(person);
            return answer_json(201, &answer);
        };
        person.van_id = known.van_id;
        *known = person;
        answer_json(200, &json!({"vanId": known.van_id, "status": "Matched"}))
    }

    fn contribute(&mut self, request: &Request, review: &mut Review) -> Answer {
        let body = checked(request, &CONTRIBUTION, review);
        if review.is_clean() {
            self.relations(&body, review);
        }
        if !review.is_clean() {
            return refusal(review);
        }
        let id = self.next_contribution;
        self.next_contribution += 1;
        self.contributions.push(Contribution {
            id,
            van_id: body.integer("/contact/vanId"),
            designation: body.integer("/designation/designationId"),
            amount_cents: body.cents("/amount"),
            refunded_cents: 0,
            adjusted: None,
            date_received: body.text("/dateReceived").to_owned(),
            reference: body.text("/onlineReferenceNumber").to_owned(),
            notes: body.text("/notes").to_owned(),
        });
        answer_json(201, &json!(id))
    }

    /// What a contribution says about this database.
    fn relations(&self, body: &Json, review: &mut Review) {
        let van_id = body.integer("/contact/vanId");
        let is_known = self.people.iter().any(|person| person.van_id == van_id);
        review.holds(is_known, "$.contact.vanId", "a person of this database", van_id);
        let designation = body.integer("/designation/designationId");
        let is_accessible = self.designations.contains(&designation);
        review.holds(is_accessible, "$.designation.designationId", "an accessible designation", designation);
        let cents = body.cents("/amount");
        review.holds(cents <= LARGEST_CENTS, "$.amount", "999999.99 at most", body.at("/amount"));
        let received = body.text("/dateReceived");
        let is_past = unix_of(received).is_some_and(|then| then <= unix_now());
        review.holds(is_past, "$.dateReceived", "a time in the past", received);
        let batch = body.has("/financialBatchId").then(|| body.integer("/financialBatchId"));
        review.holds(
            batch == self.batch,
            "$.financialBatchId",
            format_args!("{:?}", self.batch),
            format_args!("{batch:?}"),
        );
        if let Json::List(values) = body.at("/disclosureFieldValues") {
            for (index, value) in values.iter().enumerate() {
                let path = format!("$.disclosureFieldValues[{index}]");
                let id = value.integer("/disclosureFieldId");
                review.holds(self.disclosure_fields.contains(&id), &path, "a field of the designation", id);
                review.holds(value.integer("/designationId") == designation, &path, "the designation", value);
            }
        }
    }

    fn adjust(&mut self, request: &Request, id: &str, review: &mut Review) -> Answer {
        let body = checked(request, &ADJUSTMENT, review);
        let Some(known) = self.contributions.iter_mut().find(|known| known.id.to_string() == id) else {
            return not_found();
        };
        if !review.is_clean() {
            return refusal(review);
        }
        let (cents, remaining) = (body.cents("/amount"), known.amount_cents - known.refunded_cents);
        if cents > remaining {
            return errors(400, &[("INVALID_PARAMETER", "'amount' exceeds the remaining amount", "amount")]);
        }
        // Every refund is one of the whole gift.
        if cents < remaining {
            review.note("$.amount", format_args!("all {remaining} cents"), cents);
            return refusal(review);
        }
        known.refunded_cents += cents;
        known.adjusted = Some(body.text("/datePosted").to_owned());
        let text = format!(
            r#"{{"contributionId": {id}, "originalAmount": {}, "remainingAmount": {}, "dateAdjusted": "{}"}}"#,
            money(known.amount_cents),
            money(remaining - cents),
            body.text("/datePosted"),
        );
        Answer::status(200).header("content-type", "application/json").body(text)
    }
}

impl Target for NgpVan {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("ngpvan", request);
        let answer = self.route(request, &mut review);
        review.close(faults);
        answer
    }
}

fn checked(request: &Request, form: &Form, review: &mut Review) -> Json {
    let body = review.json(request, "application/json");
    review.form(&body, form);
    review.filled(&body, "$");
    body
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn refusal(review: &Review) -> Answer {
    let texts: Vec<(String, &str)> = review.paths().map(|path| (format!("'{path}' is not valid"), path)).collect();
    let listed: Vec<_> = texts.iter().map(|(text, path)| ("INVALID_PARAMETER", text.as_str(), *path)).collect();
    errors(400, &listed)
}

fn not_found() -> Answer {
    errors(404, &[("NOT_FOUND", "The specified resource was not found", "id")])
}

fn errors(status: u16, listed: &[(&str, &str, &str)]) -> Answer {
    let errors: Vec<Value> = listed
        .iter()
        .map(|(code, text, property)| json!({"code": code, "text": text, "properties": [property]}))
        .collect();
    answer_json(status, &json!({ "errors": errors }))
}
