//! Switchboard's external donation ingestion (`formats/switchboard.md`).

use super::check::{
    AS_IS, DIGITS, EMAIL, Field, Form, INTEGER, Json, PHONE_E164, Review, TEXT, answer_json, may, must,
};
use super::limit::Limit;
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use serde_json::json;

const PATH: &str = "/webhooks/donations/v1";

/// `formats/switchboard.md` §1: 1 to 64 characters.
const ENTITY_ID: Form =
    Form::Text("1 to 64 characters", |text| text.trim() == text && (1..=64).contains(&text.chars().count()));

/// `formats/switchboard.md` §3
const BODY: Form = Form::Object(&[
    must("entity_id", ENTITY_ID),
    must("provider", Form::Word(&["other", "fundraiseup", "ngpvan", "anedot", "numero", "goodchange"])),
    must("provider_donation_id", DIGITS),
    must("amount_in_cents", INTEGER),
    must("paid_at", AS_IS),
    may("status", Form::Word(&["approved"])),
    may("form_name", TEXT),
    must("donor", Form::Object(DONOR)),
    may("test_mode", Form::Only(true)),
]);

const DONOR: &[Field] = &[
    must("email", EMAIL),
    may("phone", PHONE_E164),
    may("firstname", TEXT),
    may("lastname", TEXT),
    may("addr1", TEXT),
    may("city", TEXT),
    may("state", TEXT),
];

/// An account of one provider. The webhook's endpoint is `mock.receiver().url("/webhooks/donations/v1")`.
#[derive(Debug)]
pub struct Switchboard {
    username: String,
    password: String,
    provider: String,
    /// What it has stored, in the order of arrival.
    pub donations: Vec<Donation>,
    /// Donations in test mode, which are validated and not stored.
    pub tests: u32,
    /// Donations that were already there.
    pub repeats: u32,
    /// Whether a repeated `provider_donation_id` gets a 409, which is the default, or a 200. The vendor says neither.
    pub refuses_repeats: bool,
    limit: Limit,
}

/// A donation at Switchboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Donation {
    /// `entity_id`
    pub entity_id: String,
    /// `provider_donation_id`
    pub provider_donation_id: String,
    /// `amount_in_cents`
    pub cents: u64,
    /// `donor.email`
    pub email: String,
}

impl Switchboard {
    /// Switchboard issues its credentials for one provider.
    pub fn new(username: &str, password: &str, provider: &str) -> Self {
        Self {
            username: username.to_owned(),
            password: password.to_owned(),
            provider: provider.to_owned(),
            donations: Vec::new(),
            tests: 0,
            repeats: 0,
            refuses_repeats: true,
            limit: Limit::default(),
        }
    }

    /// The next so many requests get a 429.
    pub fn limit_next(&mut self, requests: u32) {
        self.limit.refuse_next(requests);
    }

    fn judge(&mut self, request: &Request, review: &mut Review) -> Answer {
        if (request.method.as_str(), request.path.as_str()) != ("POST", PATH) {
            review.note("request", format_args!("POST {PATH}"), "another");
            return refusal(404, "not found");
        }
        if !review.basic(request, &self.username, &self.password) {
            return refusal(401, "unauthorized");
        }
        if let Err(wait) = self.limit.take(request.at) {
            return refusal(429, "too many requests").header("retry-after", &wait.to_string());
        }
        let body = review.json(request, "application/json");
        if !review.is_clean() {
            return refusal(400, "the body is not JSON");
        }
        review.form(&body, &BODY);
        review.equal("$.provider", &self.provider, body.text("/provider"));
        if !review.is_clean() {
            return refusal(422, "the donation is not valid");
        }
        self.store(&body)
    }

    fn store(&mut self, body: &Json) -> Answer {
        if body.is_true("/test_mode") {
            self.tests += 1;
            return told(200, "valid");
        }
        let donation = Donation {
            entity_id: body.text("/entity_id").to_owned(),
            provider_donation_id: body.text("/provider_donation_id").to_owned(),
            cents: body.integer("/amount_in_cents"),
            email: body.text("/donor/email").to_owned(),
        };
        if self.donations.iter().any(|before| before.provider_donation_id == donation.provider_donation_id) {
            self.repeats += 1;
            return if self.refuses_repeats { refusal(409, "duplicate donation") } else { told(200, "stored") };
        }
        self.donations.push(donation);
        told(201, "stored")
    }
}

impl Target for Switchboard {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("switchboard", request);
        let answer = self.judge(request, &mut review);
        review.close(faults);
        answer
    }
}

fn told(status: u16, text: &str) -> Answer {
    answer_json(status, &json!({"status": text}))
}

fn refusal(status: u16, error: &str) -> Answer {
    answer_json(status, &json!({"error": error}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::trial::Trial;

    const CONTRIBUTION: &str = r#"{
        "entity_id": "48213",
        "provider": "other",
        "provider_donation_id": "612004411",
        "amount_in_cents": 2750,
        "paid_at": "2024-03-05T18:22:49-05:00",
        "status": "approved",
        "form_name": "spring-drive",
        "donor": {
            "email": "marisol@example.org",
            "phone": "+19375550142",
            "firstname": "Marisol",
            "lastname": "Quade",
            "addr1": "41 Alder Ct",
            "city": "Dayton",
            "state": "OH"
        }
    }"#;

    fn trial() -> Trial<Switchboard> {
        Trial::of(Switchboard::new("okonedo", "FICTIONAL-password", "other"))
            .basic("okonedo:FICTIONAL-password")
            .with("content-type", "application/json")
    }

    #[test]
    fn donations_are_stored_once_by_their_id() {
        let mut trial = trial();
        trial.post(PATH, CONTRIBUTION).clean(201);
        trial.post(PATH, &CONTRIBUTION.replace("612004411", "620118734").replace("2750", "1500")).clean(201);
        trial.post(PATH, CONTRIBUTION).clean(409);
        trial.target.refuses_repeats = false;
        trial.post(PATH, CONTRIBUTION).clean(200);
        let cents: Vec<_> = trial.target.donations.iter().map(|donation| donation.cents).collect();
        assert_eq!((cents, trial.target.repeats), (vec![2750, 1500], 2));
    }

    #[test]
    fn test_mode_stores_nothing() {
        let mut trial = trial();
        trial.post(PATH, &CONTRIBUTION.replacen('{', r#"{"test_mode": true,"#, 1)).clean(200);
        assert_eq!((trial.target.tests, trial.target.donations.len()), (1, 0));
    }

    #[test]
    fn violations_are_refused() {
        let mut trial = trial();
        trial.refuses(
            422,
            PATH,
            CONTRIBUTION,
            &[
                (r#""48213""#, "48213", "$.entity_id"),
                (r#""48213""#, &format!("{:?}", "4".repeat(65)), "$.entity_id"),
                (r#""other""#, r#""anedot""#, "$.provider"),
                (r#""other""#, r#""actblue""#, "$.provider"),
                (r#""612004411""#, r#""tributary-612004411""#, "$.provider_donation_id"),
                ("2750", "27.50", "$.amount_in_cents"),
                ("2750", r#""2750""#, "$.amount_in_cents"),
                ("-05:00", "", "$.paid_at"),
                ("approved", "pending", "$.status"),
                ("spring-drive", "", "$.form_name"),
                (r#""marisol@example.org""#, "null", "$.donor.email"),
                ("+1937", "937", "$.donor.phone"),
                (r#""state""#, r#""zip""#, "$.donor.zip: expected no such field"),
                ("{", r#"{"test_mode": false,"#, "$.test_mode"),
            ],
        );
        trial.post("/webhooks/donations", CONTRIBUTION).fault(404, "request: ");
        trial.send("PUT", PATH, CONTRIBUTION).fault(404, "request: ");
        trial.post(PATH, "{").fault(400, "JSON");
        assert_eq!(trial.target.donations, []);
    }

    #[test]
    fn credentials_and_limits_come_before_the_body() {
        let mut trial = trial();
        trial.target.limit_next(1);
        assert_eq!(trial.post(PATH, CONTRIBUTION).clean(429).header("retry-after"), Some("2"));
        let mut trial = trial.basic("okonedo:wrong");
        trial.post(PATH, CONTRIBUTION).fault(401, "authorization");
        trial.unset("authorization");
        trial.post(PATH, CONTRIBUTION).fault(401, "authorization");
    }
}
