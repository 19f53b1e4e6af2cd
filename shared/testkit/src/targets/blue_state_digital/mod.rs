//! Blue State Digital's Tools API, from `formats/blue-state-digital.md`.

mod forms;
mod signature;
#[cfg(test)]
mod tests;

use super::check::{Json, Review, answer_json, is_email, unix_now};
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use forms::BODY;
use serde_json::json;
use signature::SignedQuery;

const CONTRIBUTION: &str = "/page/api/contribution/add_external_contribution";
const CIRCLES: &str = "/page/api/circle/list_circles";
/// How far `api_ts` may be from this machine's clock.
const CLOCK_TOLERANCE_S: u64 = 30;

/// A BSD Tools host. The webhook's endpoint has no path.
#[derive(Debug)]
pub struct BlueStateDigital {
    api_id: String,
    api_secret: String,
    http: Option<(String, String)>,
    clock: Option<u64>,
    failures: u32,
    missing: u32,
    deferred: u32,
    /// Contributions in their order; the external id is unique.
    pub contributions: Vec<Contribution>,
}

/// A gift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// `tributary-612004411`
    pub external_id: String,
    /// In cents.
    pub amount_cents: u64,
    /// `2024-03-05 23:22:49 UTC`
    pub transaction_dt: String,
    /// The donor; empty without one.
    pub email: String,
    /// Card type code; `pp` is `PayPal`.
    pub card_type: String,
    /// Whether the donor is subscribed.
    pub is_subscribed: bool,
}

impl BlueStateDigital {
    /// A host with one API user.
    pub fn new(api_id: &str, api_secret: &str) -> Self {
        Self {
            api_id: api_id.to_owned(),
            api_secret: api_secret.to_owned(),
            http: None,
            clock: None,
            failures: 0,
            missing: 0,
            deferred: 0,
            contributions: Vec::new(),
        }
    }

    /// The host asks for HTTP Basic beside the signature.
    #[must_use]
    pub fn behind_basic(self, user: &str, password: &str) -> Self {
        Self { http: Some((user.to_owned(), password.to_owned())), ..self }
    }

    /// From now on this is the API user's secret.
    pub fn set_secret(&mut self, api_secret: &str) {
        api_secret.clone_into(&mut self.api_secret);
    }

    /// From now on the host's clock stands at these Unix seconds.
    pub fn set_clock(&mut self, unix_s: u64) {
        self.clock = Some(unix_s);
    }

    /// The next contributions fail inside a 200, and are not stored.
    pub fn fail_inside_200(&mut self, requests: u32) {
        self.failures += requests;
    }

    /// The next contributions are missing in a 200 without failures, and are not stored.
    pub fn miss_inside_200(&mut self, requests: u32) {
        self.missing += requests;
    }

    /// The next contributions are stored and answered with 202 and the id of a job.
    pub fn defer_next(&mut self, requests: u32) {
        self.deferred += requests;
    }

    fn route(&mut self, request: &Request, review: &mut Review) -> Answer {
        if let Some((user, password)) = &self.http
            && !review.basic(request, user, password)
        {
            return Answer::status(401).header("www-authenticate", "Basic realm=\"tools\"");
        }
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let method = match path {
            CONTRIBUTION => "POST",
            CIRCLES => "GET",
            _ => {
                review.note("path", "a call of the specification", path);
                return Answer::status(404);
            }
        };
        if request.method != method {
            review.note("method", method, &request.method);
            return Answer::status(405);
        }
        self.verify(path, query, review);
        match (review.is_clean(), path) {
            (false, _) => Answer::status(403),
            (true, CIRCLES) => answer_json(200, &json!([])),
            (true, _) => self.contribute(request, review),
        }
    }

    fn verify(&self, path: &str, query: &str, review: &mut Review) {
        let Some(query) = SignedQuery::parse(query) else {
            return review.note("query", "api_id, api_ts, api_ver and api_mac, in this order", "something else");
        };
        review.equal("query api_id", &self.api_id, query.id());
        review.equal("query api_ver", "2", query.version());
        let now = self.clock.unwrap_or_else(unix_now);
        let is_near = query.timestamp().is_some_and(|then| then.abs_diff(now) <= CLOCK_TOLERANCE_S);
        review.holds(is_near, "query api_ts", format_args!("Unix seconds within 30 of {now}"), "another time");
        review.holds(query.is_signed(path, &self.api_secret), "query api_mac", "the signature", "another");
    }

    fn contribute(&mut self, request: &Request, review: &mut Review) -> Answer {
        review.header(request, "accept", "application/json");
        let body = review.json(request, "application/x-www-form-urlencoded");
        review.form(&body, &BODY);
        review.filled(&body, "$");
        let body = body.at("/0");
        if review.is_clean() {
            review.equal(
                "$[0].gateway_transaction_id",
                body.text("/external_id"),
                body.text("/gateway_transaction_id"),
            );
        }
        if !review.is_clean() {
            let parameters = review.paths().collect::<Vec<_>>().join(", ");
            return Answer::status(409).body(format!("Missing or malformed parameters: {parameters}"));
        }
        self.store(body)
    }

    fn store(&mut self, body: &Json) -> Answer {
        let id = body.text("/external_id");
        if self.contributions.iter().any(|known| known.external_id == id) {
            return failure(id, "A contribution with this external_id already exists.");
        }
        if taken(&mut self.failures) || (body.has("/email") && !is_email(body.text("/email"))) {
            return failure(id, "Parameter email does not appear to be a valid email address.");
        }
        if taken(&mut self.missing) {
            let summary = json!({"sucesses": 0, "failures": 0, "missing_ids": 1});
            return answer_json(200, &json!({"summary": summary, "errors": {}}));
        }
        self.contributions.push(Contribution {
            external_id: id.to_owned(),
            amount_cents: body.cents("/transaction_amt"),
            transaction_dt: body.text("/transaction_dt").to_owned(),
            email: body.text("/email").to_owned(),
            card_type: body.text("/cc_type_cd").to_owned(),
            is_subscribed: body.integer("/opt_compliance") == 1,
        });
        if taken(&mut self.deferred) {
            return Answer::status(202).body(format!("{:032x}", self.contributions.len()));
        }
        let summary = json!({"sucesses": 1, "failures": 0, "missing_ids": 0});
        answer_json(200, &json!({"summary": summary, "errors": {}}))
    }
}

impl Target for BlueStateDigital {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("blue state digital", request);
        let answer = self.route(request, &mut review);
        review.close(faults);
        answer
    }
}

fn failure(id: &str, text: &str) -> Answer {
    let summary = json!({"sucesses": 0, "failures": 1, "missing_ids": 0});
    answer_json(200, &json!({"summary": summary, "errors": {id: [text]}}))
}

/// Uses up one of what a test has asked for.
fn taken(left: &mut u32) -> bool {
    let is_left = *left > 0;
    *left = left.saturating_sub(1);
    is_left
}
