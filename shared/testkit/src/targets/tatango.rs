//! Tatango's subscriber API (`formats/tatango.md`).

use super::check::{EMAIL, Field, Form, Json, Review, TEXT, answer_json, is_text, may, must};
use super::limit::Limit;
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// `formats/tatango.md` §5: 1,200 calls an hour.
const HOURLY_CALLS: usize = 1_200;
const HOUR: Duration = Duration::from_secs(3_600);

const PHONE: Form = Form::Text("ten digits", |text| is_so_many_digits(text, 10));
const ZIP: Form = Form::Text("five digits", |text| is_so_many_digits(text, 5));
/// The form and the refcode, at most; a comma in one of them is sent as `_`.
const TAGS: Form =
    Form::Text("one or two tags with a comma between", |text| text.split(',').count() <= 2 && tags(text).all(is_text));

/// `formats/tatango.md` §3
const BODY: Form = Form::Object(&[
    must("subscriber", Form::Object(SUBSCRIBER)),
    must("bypass_opt_in_process", Form::Bool),
    must("bypass_opt_in_response", Form::Bool),
]);

const SUBSCRIBER: &[Field] = &[
    must("phone_number", PHONE),
    may("first_name", TEXT),
    may("last_name", TEXT),
    may("email", EMAIL),
    may("zip_code", ZIP),
    may("tags", TAGS),
];

/// An account with one list. The webhook's endpoint is `mock.receiver().url("/api/v2")`.
#[derive(Debug)]
pub struct Tatango {
    email: String,
    api_key: String,
    path: String,
    /// Subscribers of the list by phone number.
    pub subscribers: BTreeMap<String, Subscriber>,
    stopped: Vec<String>,
    refusals: u32,
    limit: Limit,
}

/// A subscriber of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subscriber {
    /// `email`; empty when there is none.
    pub email: String,
    /// The tags of all requests, each once.
    pub tags: Vec<String>,
    /// `bypass_opt_in_process` of the last request.
    pub bypasses_process: bool,
    /// `bypass_opt_in_response` of the last request.
    pub bypasses_response: bool,
    /// Requests that were accepted.
    pub requests: u32,
}

impl Tatango {
    /// An account with an empty list.
    pub fn new(email: &str, api_key: &str, list_id: &str) -> Self {
        Self {
            email: email.to_owned(),
            api_key: api_key.to_owned(),
            path: format!("/api/v2/lists/{list_id}/subscribers"),
            subscribers: BTreeMap::new(),
            stopped: Vec::new(),
            refusals: 0,
            limit: Limit::of(HOURLY_CALLS, HOUR),
        }
    }

    /// This number has sent STOP: adding it is refused in a 201.
    pub fn stop(&mut self, phone_number: &str) {
        self.stopped.push(phone_number.to_owned());
    }

    /// The next so many subscribers are refused in a 201.
    pub fn fail_inside_201(&mut self, requests: u32) {
        self.refusals = requests;
    }

    /// The next so many requests get a 429.
    pub fn limit_next(&mut self, requests: u32) {
        self.limit.refuse_next(requests);
    }

    fn judge(&mut self, request: &Request, review: &mut Review) -> Answer {
        if !review.basic(request, &self.email, &self.api_key) {
            return refusal(401, "Invalid credentials");
        }
        if (request.method.as_str(), request.path.as_str()) != ("POST", self.path.as_str()) {
            review.note("request", format_args!("POST {}", self.path), "another");
            return refusal(404, "List not found");
        }
        if let Err(wait) = self.limit.take(request.at) {
            return refusal(429, "Rate limit exceeded").header("retry-after", &wait.to_string());
        }
        let body = review.json(request, "application/json");
        review.form(&body, &BODY);
        if !review.is_clean() {
            let phone = review.paths().any(|path| path == "subscriber.phone_number");
            return refusal(422, if phone { "Phone number is invalid" } else { "Subscriber is invalid" });
        }
        if self.refusals > 0 {
            self.refusals -= 1;
            return refusal(201, "Phone number is invalid");
        }
        self.subscribe(&body)
    }

    fn subscribe(&mut self, body: &Json) -> Answer {
        let phone = body.text("/subscriber/phone_number").to_owned();
        if self.stopped.contains(&phone) {
            return answer_json(201, &json!({"status": "Subscriber is in the cool off period after STOP"}));
        }
        let known = self.subscribers.contains_key(&phone);
        let subscriber = self.subscribers.entry(phone).or_default();
        body.text("/subscriber/email").clone_into(&mut subscriber.email);
        for tag in tags(body.text("/subscriber/tags")) {
            if !subscriber.tags.iter().any(|before| before == tag) {
                subscriber.tags.push(tag.to_owned());
            }
        }
        subscriber.bypasses_process = body.is_true("/bypass_opt_in_process");
        subscriber.bypasses_response = body.is_true("/bypass_opt_in_response");
        subscriber.requests += 1;
        if known {
            return answer_json(200, &json!({"status": "Subscriber updated"}));
        }
        answer_json(201, &json!({"status": "Subscriber added"}))
    }
}

impl Target for Tatango {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("tatango", request);
        let answer = self.judge(request, &mut review);
        review.close(faults);
        answer
    }
}

fn is_so_many_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|_| !text.is_empty())
}

fn refusal(status: u16, error: &str) -> Answer {
    answer_json(status, &json!({"status": "error", "error": error}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::trial::Trial;

    const PATH: &str = "/api/v2/lists/7/subscribers";
    const CONTRIBUTION: &str = r#"{
        "subscriber": {
            "phone_number": "9375550142",
            "first_name": "Marisol",
            "last_name": "Quade",
            "email": "marisol@example.org",
            "zip_code": "45402",
            "tags": "spring-drive,em-0305"
        },
        "bypass_opt_in_process": false,
        "bypass_opt_in_response": true
    }"#;

    fn trial() -> Trial<Tatango> {
        Trial::of(Tatango::new("sms@okonedo.example.org", "FICTIONAL-key", "7"))
            .basic("sms@okonedo.example.org:FICTIONAL-key")
            .with("content-type", "application/json")
    }

    #[test]
    fn a_repeat_updates_the_subscriber_and_tags_add_up() {
        let mut trial = trial();
        assert_eq!(trial.post(PATH, CONTRIBUTION).clean(201).json["status"], "Subscriber added");
        trial.post(PATH, &CONTRIBUTION.replace("spring-drive,em-0305", "gala,em-0305")).clean(200);
        trial.post(PATH, &CONTRIBUTION.replace(",\n            \"tags\": \"spring-drive,em-0305\"", "")).clean(200);
        let subscriber = &trial.target.subscribers["9375550142"];
        assert_eq!(subscriber.tags, ["spring-drive", "em-0305", "gala"]);
        assert_eq!((subscriber.requests, subscriber.bypasses_process, subscriber.bypasses_response), (3, false, true));
    }

    #[test]
    fn refusals_come_inside_a_201() {
        let mut trial = trial();
        trial.target.fail_inside_201(1);
        let refused = trial.post(PATH, CONTRIBUTION).clean(201);
        assert_eq!(refused.json, json!({"status": "error", "error": "Phone number is invalid"}));
        trial.target.stop("9375550142");
        let stopped = trial.post(PATH, CONTRIBUTION).clean(201);
        assert!(stopped.text.contains("cool"), "{}", stopped.text);
        assert!(trial.target.subscribers.is_empty());
    }

    #[test]
    fn violations_are_refused() {
        let mut trial = trial();
        trial.refuses(
            422,
            PATH,
            CONTRIBUTION,
            &[
                (r#""9375550142""#, "9375550142", "$.subscriber.phone_number"),
                ("9375550142", "+19375550142", "$.subscriber.phone_number"),
                ("Marisol", "", "$.subscriber.first_name"),
                ("marisol@", "marisol", "$.subscriber.email"),
                ("45402", "45402-1187", "$.subscriber.zip_code"),
                ("spring-drive,em-0305", "a,b,c", "$.subscriber.tags"),
                ("spring-drive,em-0305", "spring-drive,", "$.subscriber.tags"),
                (r#""spring-drive,em-0305""#, r#"["spring-drive"]"#, "$.subscriber.tags"),
                ("true", r#""1""#, "$.bypass_opt_in_response"),
                ("last_name", "city", "$.subscriber.city: expected no such field"),
                (r#""bypass_opt_in_process""#, r#""x": 1, "bypass_opt_in_process""#, "$.x: expected no such field"),
            ],
        );
        trial.post("/api/v2/lists/8/subscribers", CONTRIBUTION).fault(404, "request: ");
        trial.send("PUT", PATH, CONTRIBUTION).fault(404, "request: ");
        assert!(trial.target.subscribers.is_empty());
    }

    #[test]
    fn credentials_and_limits_come_before_the_body() {
        let mut trial = trial();
        for call in 0..HOURLY_CALLS {
            let outcome = trial.post(PATH, CONTRIBUTION);
            assert!(outcome.faults.is_empty() && outcome.status < 202, "call {call}: {outcome:?}");
        }
        assert_eq!(trial.post(PATH, CONTRIBUTION).clean(429).header("retry-after"), Some("3600"));
        trial.basic("sms@okonedo.example.org:wrong").post(PATH, CONTRIBUTION).fault(401, "authorization");
    }
}
