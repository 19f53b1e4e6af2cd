//! GA4's Measurement Protocol and its validation server (`formats/ad-tracking.md` §5).

mod fields;
#[cfg(test)]
mod tests;

use super::check::{Json, Review, answer_json, pairs, unix_now};
use super::limit::Limit;
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use serde_json::{Value, json};

const COLLECT: &str = "/mp/collect";
const VALIDATE: &str = "/debug/mp/collect";
/// `formats/ad-tracking.md` §5.1
const BODY_BYTES: usize = 130_000;
/// `formats/ad-tracking.md` §3: an event may be 72 hours old.
const OLDEST_S: u64 = 72 * 3_600;
const MICROS: u64 = 1_000_000;

/// A data stream. The webhook's endpoint is `mock.receiver().url("")`. It answers 204 to everything, so that only the
/// mock's faults and what is stored tell whether a request was right.
#[derive(Debug)]
pub struct Ga4 {
    measurement_id: String,
    api_secret: String,
    /// The webhook's option.
    pub sends_user_data: bool,
    /// The time in seconds since 1970, for the age of events; none is the time of the clock.
    pub now: Option<u64>,
    /// Purchases in the order of arrival, each once.
    pub purchases: Vec<Purchase>,
    /// Requests to the validation server, which stores nothing.
    pub validations: u32,
    limit: Limit,
}

/// A purchase, which its refund names by the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// `transaction_id`
    pub transaction: String,
    /// `client_id`
    pub client_id: String,
    /// `value`
    pub cents: u64,
    /// `timestamp_micros` in seconds.
    pub time: u64,
    /// Requests that sent it.
    pub requests: u32,
    /// Requests that refunded it.
    pub refunds: u32,
}

impl Ga4 {
    /// A stream without events, for a webhook that sends no donor data.
    pub fn new(measurement_id: &str, api_secret: &str) -> Self {
        Self {
            measurement_id: measurement_id.to_owned(),
            api_secret: api_secret.to_owned(),
            sends_user_data: false,
            now: None,
            purchases: Vec::new(),
            validations: 0,
            limit: Limit::default(),
        }
    }

    /// The next so many requests get a 429.
    pub fn limit_next(&mut self, requests: u32) {
        self.limit.refuse_next(requests);
    }

    fn judge(&mut self, request: &Request, review: &mut Review) -> Answer {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if request.method != "POST" || ![COLLECT, VALIDATE].contains(&path) {
            review.note("request", format_args!("POST {COLLECT} or {VALIDATE}"), "another");
            return Answer::status(404);
        }
        if let Err(wait) = self.limit.take(request.at) {
            return Answer::status(429).header("retry-after", &wait.to_string());
        }
        let mut query = pairs(query).unwrap_or_default();
        query.sort_unstable();
        let right = [("api_secret", &self.api_secret), ("measurement_id", &self.measurement_id)]
            .map(|(name, value)| (name.to_owned(), value.clone()));
        review.holds(query == right, "query", "measurement_id and api_secret, right and alone", "something else");
        review.holds(request.body.len() <= BODY_BYTES, "body", "at most 130 kB", request.body.len());
        let body = review.json(request, "application/json");
        fields::check(&body, self.sends_user_data, review);
        if path == VALIDATE {
            self.validations += 1;
            return validated(review);
        }
        self.collect(&body, review);
        Answer::status(204)
    }

    /// Stores what is right. What is not is lost without a word.
    fn collect(&mut self, body: &Json, review: &mut Review) {
        let time = body.integer("/timestamp_micros") / MICROS;
        let age = self.now.unwrap_or_else(unix_now).saturating_sub(time);
        review.holds(age <= OLDEST_S, "$.timestamp_micros", "an event of the last 72 hours", format_args!("{age} s"));
        let event = body.at("/events/0");
        let transaction = event.text("/params/transaction_id");
        let (client_id, cents) = (body.text("/client_id"), event.cents("/params/value"));
        let known = self.purchases.iter_mut().find(|known| known.transaction == transaction);
        if event.text("/name") == "refund" {
            let same = known.as_ref().is_some_and(|known| known.client_id == client_id && known.cents == cents);
            review.holds(same, "$.events[0]", "client, transaction and value of a purchase", "others");
        }
        match (review.is_clean(), event.text("/name"), known) {
            (true, "refund", Some(known)) => known.refunds += 1,
            (true, "purchase", Some(known)) => known.requests += 1,
            (true, "purchase", None) => self.purchases.push(Purchase {
                transaction: transaction.to_owned(),
                client_id: client_id.to_owned(),
                cents,
                time,
                requests: 1,
                refunds: 0,
            }),
            _ => {}
        }
    }
}

impl Target for Ga4 {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("ga4", request);
        let answer = self.judge(request, &mut review);
        review.close(faults);
        answer
    }
}

fn validated(review: &Review) -> Answer {
    let messages: Vec<Value> = review
        .paths()
        .map(|path| json!({"fieldPath": path, "description": "The value is not valid.", "validationCode": "VALUE_INVALID"}))
        .collect();
    answer_json(200, &json!({"validationMessages": messages}))
}
