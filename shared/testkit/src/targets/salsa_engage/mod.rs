//! Salsa Engage's offline donations (`formats/salsa.md` B).

mod fields;
#[cfg(test)]
mod tests;

use super::check::{Json, Review, answer_json};
use super::limit::Limit;
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use fields::{CHARGE, REFUND};
use serde_json::{Value, json};
use std::time::Duration;

const PATH: &str = "/api/integration/ext/v1/offlineDonations";
/// `formats/salsa.md` B5: 300 calls a minute and token.
const MINUTE_CALLS: usize = 300;
const MINUTE: Duration = Duration::from_secs(60);
/// The last group of the first activity's id, from the example.
const FIRST_ACTIVITY: u64 = 0x2d1f_0c9b_7e31;

/// An account. The webhook's endpoint is `mock.receiver().url("/api/integration/ext/v1")`.
#[derive(Debug)]
pub struct SalsaEngage {
    token: String,
    /// Charges in the order of arrival, each once.
    pub charges: Vec<Charge>,
    /// Whether the webhook subscribes donors, so that charges say `OPT_IN`.
    pub subscribes: bool,
    /// The custom fields that donations have in the account.
    pub custom_fields: Vec<String>,
    /// The custom fields that supporters have in the account.
    pub supporter_fields: Vec<String>,
    failures: u32,
    limit: Limit,
}

/// A charge, which its refund names by the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// `gatewayTransactionId`
    pub transaction: String,
    /// `activityId`
    pub activity: String,
    /// `amount`
    pub cents: u64,
    /// The value of the `EMAIL` contact.
    pub email: String,
    /// Requests that charged it: the first and those that updated it.
    pub requests: u32,
    /// The date of the refund.
    pub refunded: Option<String>,
    /// Requests that refunded it.
    pub refunds: u32,
}

impl SalsaEngage {
    /// An account without records and without custom fields.
    pub fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            charges: Vec::new(),
            subscribes: false,
            custom_fields: Vec::new(),
            supporter_fields: Vec::new(),
            failures: 0,
            limit: Limit::of(MINUTE_CALLS, MINUTE),
        }
    }

    /// The next so many donations are refused in a 200.
    pub fn fail_inside_200(&mut self, requests: u32) {
        self.failures = requests;
    }

    /// The next so many requests get a 429.
    pub fn limit_next(&mut self, requests: u32) {
        self.limit.refuse_next(requests);
    }

    fn judge(&mut self, request: &Request, review: &mut Review) -> Answer {
        if (request.method.as_str(), request.path.as_str()) != ("POST", PATH) {
            review.note("request", format_args!("POST {PATH}"), "another");
            return Answer::status(404);
        }
        if !review.token(request, "authtoken", &self.token) {
            return Answer::status(401);
        }
        if let Err(wait) = self.limit.take(request.at) {
            return Answer::status(429).header("retry-after", &wait.to_string());
        }
        let body = review.json(request, "application/json");
        if !review.is_clean() {
            return Answer::status(400);
        }
        let donation = body.at("/payload/donations/0");
        let refund = donation.text("/type") == "REFUND";
        self.examine(&body, refund, review);
        if self.failures > 0 {
            self.failures -= 1;
            return refused(donation, &[(2001, "Amount must not be negative", "amount")]);
        }
        if !review.is_clean() {
            let errors: Vec<_> = review
                .paths()
                .map(|path| (2000, "Value is not valid", path.rsplit('.').next().unwrap_or(path)))
                .collect();
            return refused(donation, &errors);
        }
        if refund { self.refund(donation, review) } else { self.charge(donation) }
    }

    fn examine(&self, body: &Json, refund: bool, review: &mut Review) {
        review.form(body, if refund { &REFUND } else { &CHARGE });
        review.filled(body, "$");
        let donation = body.at("/payload/donations/0");
        let reference = body.text("/header/refId").trim_end_matches("-refund");
        review.equal("$.header.refId", donation.text("/gatewayTransactionId"), reference);
        fields::contacts(donation, self.subscribes && !refund, review);
        fields::values(donation, "/customFieldValues", &self.custom_fields, review);
        fields::values(donation, "/supporter/customFieldValues", &self.supporter_fields, review);
    }

    fn charge(&mut self, donation: &Json) -> Answer {
        let transaction = donation.text("/gatewayTransactionId");
        let known = self.charges.iter().position(|charge| charge.transaction == transaction);
        let at = known.unwrap_or(self.charges.len());
        if known.is_none() {
            self.charges.push(Charge {
                transaction: transaction.to_owned(),
                activity: format!("1e7c0f5a-6a0b-4a55-9a55-{:012x}", FIRST_ACTIVITY + at as u64),
                cents: 0,
                email: String::new(),
                requests: 0,
                refunded: None,
                refunds: 0,
            });
        }
        let charge = &mut self.charges[at];
        charge.cents = donation.cents("/amount");
        fields::email(donation).clone_into(&mut charge.email);
        charge.requests += 1;
        saved("CHARGE", charge, if known.is_some() { "UPDATED" } else { "ADDED" })
    }

    fn refund(&mut self, donation: &Json, review: &mut Review) -> Answer {
        let transaction = donation.text("/gatewayTransactionId");
        let Some(charge) = self.charges.iter_mut().find(|charge| charge.transaction == transaction) else {
            review.note("gatewayTransactionId", "one that was charged", transaction);
            return refused(donation, &[(2002, "Charge not found", "gatewayTransactionId")]);
        };
        if donation.cents("/amount") != charge.cents {
            review.note("amount", format_args!("all of the charge's {} cents", charge.cents), donation.text("/amount"));
            return refused(donation, &[(2003, "Amount differs from the charge", "amount")]);
        }
        let result = if charge.refunded.is_some() { "UPDATED" } else { "ADDED" };
        charge.refunded = Some(donation.text("/date").to_owned());
        charge.refunds += 1;
        saved("REFUND", charge, result)
    }
}

impl Target for SalsaEngage {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("salsa engage", request);
        let answer = self.judge(request, &mut review);
        review.close(faults);
        answer
    }
}

fn saved(kind: &str, charge: &Charge, result: &str) -> Answer {
    told(&json!({
        "type": kind,
        "gatewayTransactionId": charge.transaction,
        "activityId": charge.activity,
        "result": result,
    }))
}

/// The errors are a code, a message and a field each.
fn refused(donation: &Json, errors: &[(u32, &str, &str)]) -> Answer {
    let errors: Vec<_> = errors
        .iter()
        .map(|(code, message, field)| json!({"id": field, "code": code, "message": message, "fieldName": field}))
        .collect();
    told(&json!({
        "type": donation.text("/type"),
        "gatewayTransactionId": donation.text("/gatewayTransactionId"),
        "result": "VALIDATION_ERROR",
        "errors": errors,
    }))
}

fn told(donation: &Value) -> Answer {
    let body = json!({"payload": {"donations": [donation]}});
    answer_json(200, &body)
}
