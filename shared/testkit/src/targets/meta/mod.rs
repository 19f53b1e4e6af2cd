//! Meta's Conversions API (`formats/ad-tracking.md` §4).

mod fields;
#[cfg(test)]
mod tests;

use super::check::{Json, Review, answer_json, pairs, unix_now};
use super::limit::Limit;
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};

/// `formats/ad-tracking.md` §3: an event may be 7 days old.
const OLDEST_S: u64 = 7 * 24 * 3_600;
/// `formats/ad-tracking.md` §4.1: repeats are recognised for 48 hours.
const DEDUPLICATION_S: u64 = 48 * 3_600;
const TRACE: &str = "AbCdEfFictional";
const INVALID_PARAMETER: u16 = 100;
const INVALID_TOKEN: u16 = 190;
const TOO_MANY_CALLS: u16 = 4;

/// A dataset. The webhook's endpoint is `mock.receiver().url("")`.
#[derive(Debug)]
pub struct Meta {
    path: String,
    access_token: String,
    /// The event that the webhook is configured to send: `Donate`, which is the default, or `Purchase`.
    pub event_name: String,
    /// The webhook's test event code.
    pub test_event_code: Option<String>,
    /// The webhook's option.
    pub limited_data_use: bool,
    /// The time in seconds since 1970, for the age of events; none is the time of the clock.
    pub now: Option<u64>,
    /// Events that count, in the order of arrival.
    pub events: Vec<Event>,
    refusals: VecDeque<u16>,
    uncounted: u32,
    limit: Limit,
}

/// A conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `event_id`
    pub id: String,
    /// `event_name`
    pub name: String,
    /// `event_time`
    pub time: u64,
    /// `action_source`
    pub source: String,
    /// `custom_data.value`
    pub cents: u64,
    /// `custom_data.order_id`
    pub order: String,
    /// `user_data`: the hash where there is a list of one, else the plain value.
    pub user_data: BTreeMap<String, String>,
    /// Whether it came with a test event code.
    pub is_test: bool,
    /// Requests that sent it: the first and those within 48 hours that were recognised.
    pub requests: u32,
    received: u64,
}

impl Meta {
    /// A dataset without events, for API version `v25.0`.
    pub fn new(dataset_id: &str, access_token: &str) -> Self {
        Self {
            path: format!("/v25.0/{dataset_id}/events"),
            access_token: access_token.to_owned(),
            event_name: "Donate".to_owned(),
            test_event_code: None,
            limited_data_use: false,
            now: None,
            events: Vec::new(),
            refusals: VecDeque::new(),
            uncounted: 0,
            limit: Limit::default(),
        }
    }

    /// The next request is refused with this `/error/code`: 190 and 200 are about the token. Said several times, it is
    /// a queue.
    pub fn refuse_next(&mut self, code: u16) {
        self.refusals.push_back(code);
    }

    /// The next so many events are answered with a 200 that has not received them.
    pub fn fail_inside_200(&mut self, requests: u32) {
        self.uncounted = requests;
    }

    /// The next so many requests get a 429.
    pub fn limit_next(&mut self, requests: u32) {
        self.limit.refuse_next(requests);
    }

    fn judge(&mut self, request: &Request, review: &mut Review) -> Answer {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if (request.method.as_str(), path) != ("POST", self.path.as_str()) {
            review.note("request", format_args!("POST {}", self.path), "another");
            return refusal(400, INVALID_PARAMETER);
        }
        if pairs(query) != Some(vec![("access_token".to_owned(), self.access_token.clone())]) {
            review.note("query", "access_token with the token, alone", "something else");
            return refusal(400, INVALID_TOKEN);
        }
        if let Err(wait) = self.limit.take(request.at) {
            return refusal(429, TOO_MANY_CALLS).header("retry-after", &wait.to_string());
        }
        let body = review.json(request, "application/json");
        self.examine(&body, review);
        if let Some(code) = self.refusals.pop_front() {
            return refusal(400, code);
        }
        if !review.is_clean() {
            return refusal(400, INVALID_PARAMETER);
        }
        if self.uncounted > 0 {
            self.uncounted -= 1;
            return received(0);
        }
        self.store(&body);
        received(1)
    }

    fn examine(&self, body: &Json, review: &mut Review) {
        fields::check(body, review);
        let event = body.at("/data/0");
        review.equal("$.data[0].event_name", &self.event_name, event.text("/event_name"));
        let code = self.test_event_code.as_deref().unwrap_or_default();
        review.equal("$.test_event_code", code, body.text("/test_event_code"));
        for option in ["data_processing_options", "data_processing_options_country", "data_processing_options_state"] {
            let there = event.has(&format!("/{option}"));
            let place = format!("$.data[0].{option}");
            review.holds(there == self.limited_data_use, &place, "the option of the webhook", there);
        }
        let age = self.now().saturating_sub(event.integer("/event_time"));
        review.holds(age <= OLDEST_S, "$.data[0].event_time", "an event of the last 7 days", format_args!("{age} s"));
    }

    fn store(&mut self, body: &Json) {
        let (event, now) = (body.at("/data/0"), self.now());
        let (id, name) = (event.text("/event_id"), event.text("/event_name"));
        let known = self.events.iter_mut().find(|known| {
            known.id == id && known.name == name && now.saturating_sub(known.received) <= DEDUPLICATION_S
        });
        if let Some(known) = known {
            known.requests += 1;
            return;
        }
        self.events.push(Event {
            id: id.to_owned(),
            name: name.to_owned(),
            time: event.integer("/event_time"),
            source: event.text("/action_source").to_owned(),
            cents: event.cents("/custom_data/value"),
            order: event.text("/custom_data/order_id").to_owned(),
            user_data: fields::user_data(event),
            is_test: body.has("/test_event_code"),
            requests: 1,
            received: now,
        });
    }

    fn now(&self) -> u64 {
        self.now.unwrap_or_else(unix_now)
    }
}

impl Target for Meta {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("meta", request);
        let answer = self.judge(request, &mut review);
        review.close(faults);
        answer
    }
}

fn received(events: u32) -> Answer {
    answer_json(200, &json!({"events_received": events, "messages": [], "fbtrace_id": TRACE}))
}

fn refusal(status: u16, code: u16) -> Answer {
    let message = match code {
        INVALID_PARAMETER => "Invalid parameter",
        INVALID_TOKEN => "Invalid OAuth access token",
        TOO_MANY_CALLS => "Application request limit reached",
        _ => "Refused",
    };
    answer_json(
        status,
        &json!({"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": TRACE}}),
    )
}
