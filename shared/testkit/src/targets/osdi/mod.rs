//! A server of the Open Supporter Data Interface, from `formats/osdi.md`.

mod forms;
#[cfg(test)]
mod tests;

use super::check::{Form, Json, Review, answer_json, decode};
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use forms::{CANCELLATION, DONATION, REFUND};
use serde_json::{Value, json};

const ACCEPT: &str = "application/hal+json, application/json";
const DONATIONS: &str = "/osdi/donations/";

/// How a server wants its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// Open to everybody: it takes donations, answers with an empty object and shows no links.
    Open,
    /// In the header `OSDI-API-Token`.
    Header(String),
    /// In the query, as `osdi-api-token`, after what the customer's URL has.
    Query(String),
}

/// An OSDI server. The webhook's endpoint is the donation helper's path, query included; the signup helper is at
/// [`Osdi::SIGNUP`].
#[derive(Debug)]
pub struct Osdi {
    endpoint: String,
    token: Token,
    deduplicates: bool,
    status: u16,
    empty_answers: u32,
    /// Donations in their order.
    pub donations: Vec<Donation>,
    /// Cancelled series: person (email address, else phone number) and order number.
    pub cancellations: Vec<(String, String)>,
}

/// A gift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Donation {
    /// Grows; part of the donation's link.
    pub id: usize,
    /// `tributary:` + line item.
    pub identifier: String,
    /// In cents, before credits.
    pub amount_cents: u64,
    /// UTC, `Z`.
    pub action_date: String,
    /// The order number.
    pub order: String,
    /// The number of the payment in its series.
    pub payment_no: Option<String>,
    /// What was given back, in cents, and when.
    pub credited: Option<(u64, String)>,
}

impl Osdi {
    /// Path of the person signup helper.
    pub const SIGNUP: &str = "/osdi/people/person_signup_helper";

    /// A server whose donation helper is at this path, such as `/osdi/record_donation_helper?group=7`.
    pub fn new(endpoint: &str, token: Token) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            token,
            deduplicates: false,
            status: 200,
            empty_answers: 0,
            donations: Vec::new(),
            cancellations: Vec::new(),
        }
    }

    /// From now on this is the token.
    pub fn set_token(&mut self, token: Token) {
        self.token = token;
    }

    /// From now on a donation with a known identifier is the one that is stored already.
    pub fn honour_identifiers(&mut self) {
        self.deduplicates = true;
    }

    /// From now on success has this status: 200, 201, 202 or 204, of which the last two have no body.
    pub fn succeed_with(&mut self, status: u16) {
        self.status = status;
    }

    /// The next donations are answered with 200 and an empty object, and not stored.
    pub fn fail_inside_200(&mut self, requests: u32) {
        self.empty_answers += requests;
    }

    fn route(&mut self, request: &Request, review: &mut Review) -> Answer {
        let (path, status) = self.admit(request, review);
        if let Some(status) = status {
            return error(status, "NOT_AUTHORIZED", "osdi-api-token", "The token is missing or not sufficient");
        }
        review.header(request, "accept", ACCEPT);
        match (request.method.as_str(), path.as_str()) {
            ("POST", path) if path == self.endpoint => self.donate(request, review),
            ("POST", Self::SIGNUP) => self.cancel(request, review),
            ("PUT", path) if path.starts_with(DONATIONS) => {
                let id = path.strip_prefix(DONATIONS).and_then(|id| id.parse().ok());
                self.credit(request, id, review)
            }
            _ => {
                review.note("path", "a helper or a donation, verbatim", &path);
                error(404, "NOT_FOUND", "path", "There is no such resource")
            }
        }
    }

    /// The path without the token, and the status of those who have no access.
    fn admit(&self, request: &Request, review: &mut Review) -> (String, Option<u16>) {
        let (path, given) = match self.token {
            Token::Query(_) => match request.path.rsplit_once("osdi-api-token=") {
                Some((path, token)) => (path.trim_end_matches(['?', '&']), Some(token)),
                None => (request.path.as_str(), None),
            },
            _ => (request.path.as_str(), request.header("osdi-api-token")),
        };
        let status = match &self.token {
            Token::Open => {
                review.holds(given.is_none(), "osdi-api-token", "no such header", "one");
                None
            }
            Token::Header(token) => (!review.token(request, "osdi-api-token", token)).then_some(given),
            Token::Query(token) => {
                let right = given.and_then(decode).as_ref() == Some(token);
                review.holds(right, "query osdi-api-token", "the token at the end", "something else");
                (!right).then_some(given)
            }
        };
        (path.to_owned(), status.map(|given| if given.is_some() { 403 } else { 401 }))
    }

    fn donate(&mut self, request: &Request, review: &mut Review) -> Answer {
        let body = checked(request, &DONATION, review);
        if review.is_clean() {
            relations(&body, review);
        }
        if !review.is_clean() {
            return refusal("osdi:donation", review);
        }
        if self.empty_answers > 0 {
            self.empty_answers -= 1;
            return answer_json(200, &json!({}));
        }
        let identifier = body.text("/identifiers/0");
        let known = self.donations.iter().position(|donation| self.deduplicates && donation.identifier == identifier);
        let index = known.unwrap_or(self.donations.len());
        if known.is_none() {
            self.donations.push(Donation {
                id: index,
                identifier: identifier.to_owned(),
                amount_cents: body.cents("/amount"),
                action_date: body.text("/action_date").to_owned(),
                order: body.text("/payment/reference_number").to_owned(),
                payment_no: body.has("/subscription_instance").then(|| body.text("/subscription_instance").to_owned()),
                credited: None,
            });
        }
        self.told(&self.donations[index], request)
    }

    fn credit(&mut self, request: &Request, id: Option<usize>, review: &mut Review) -> Answer {
        let body = checked(request, &REFUND, review);
        let Some(index) = id.filter(|id| *id < self.donations.len()) else {
            return error(404, "NOT_FOUND", "id", "There is no such donation");
        };
        if review.is_clean() {
            let (paid, credited) = (self.donations[index].amount_cents, body.cents("/credited_amount"));
            review.holds(body.cents("/amount") == 0, "$.amount", "0.00, net of credits", body.at("/amount"));
            review.holds(paid == credited, "$.credited_amount", format_args!("all {paid} cents"), credited);
        }
        if !review.is_clean() {
            return refusal("osdi:donation", review);
        }
        self.donations[index].credited = Some((body.cents("/credited_amount"), body.text("/credited_date").to_owned()));
        self.told(&self.donations[index], request)
    }

    fn cancel(&mut self, request: &Request, review: &mut Review) -> Answer {
        let body = checked(request, &CANCELLATION, review);
        let (email, phone) = ("/person/email_addresses/0/address", "/person/phone_numbers/0/number");
        review.holds(body.has(email) || body.has(phone), "$.person", "an email address or a phone number", "neither");
        if !review.is_clean() {
            return refusal("osdi:person", review);
        }
        let person = if body.has(email) { body.text(email) } else { body.text(phone) };
        let order = body.text("/person/custom_fields/tributary_recurring_order");
        self.cancellations.push((person.to_owned(), order.to_owned()));
        self.success(&json!({"identifiers": [format!("osdi:{}", self.cancellations.len())]}))
    }

    /// A stored donation, with its link on the address that the request came to.
    fn told(&self, donation: &Donation, request: &Request) -> Answer {
        let cents = if donation.credited.is_some() { 0 } else { donation.amount_cents };
        let host = request.header("host").unwrap_or("localhost");
        self.success(&json!({
            "identifiers": [donation.identifier],
            "origin_system": "Tributary",
            "amount": amount(cents),
            "_links": {"self": {"href": format!("http://{host}{DONATIONS}{}", donation.id)}},
        }))
    }

    fn success(&self, record: &Value) -> Answer {
        match (&self.token, self.status) {
            (_, status @ (202 | 204)) => Answer::status(status),
            (Token::Open, status) => answer_json(status, &json!({})),
            (_, status) => answer_json(status, record),
        }
    }
}

impl Target for Osdi {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("osdi", request);
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

/// What fields of a donation say about each other.
fn relations(body: &Json, review: &mut Review) {
    let is_recurring = body.is_true("/payment/authorization_stored");
    for (path, pointer) in [
        ("$.subscription_instance", "/subscription_instance"),
        ("$.person.custom_fields.tributary_recurring_period", "/person/custom_fields/tributary_recurring_period"),
    ] {
        review.holds(body.has(pointer) == is_recurring, path, "it exactly in a series", body.at(pointer));
    }
    let recipient = body.at("/recipients/0");
    review.equal("$.recipients[0].legal_name", recipient.text("/display_name"), recipient.text("/legal_name"));
    review.equal("$.recipients[0].amount", body.text("/amount"), recipient.text("/amount"));
    if let Json::Object(members) = body.at("/person/postal_addresses/0") {
        let is_filled = members.iter().any(|(key, _)| key != "primary" && key != "address_type");
        review.holds(is_filled, "$.person.postal_addresses[0]", "an address", "none");
    }
}

/// A number with two decimals.
fn amount(cents: u64) -> Value {
    serde_json::from_str(&format!("{}.{:02}", cents / 100, cents % 100)).unwrap_or_default()
}

fn refusal(resource: &str, review: &Review) -> Answer {
    let errors: Vec<_> = review
        .paths()
        .map(|path| json!({"code": "INVALID_VALUE", "description": format!("{path} is not valid"), "properties": [path]}))
        .collect();
    errors_of(400, resource, &errors)
}

fn error(status: u16, code: &str, property: &str, description: &str) -> Answer {
    errors_of(status, "osdi:request", &[json!({"code": code, "description": description, "properties": [property]})])
}

fn errors_of(status: u16, resource: &str, errors: &[Value]) -> Answer {
    let resource_status = json!({"resource": resource, "response_code": status, "errors": errors});
    let error = json!({"request_type": "atomic", "response_code": status, "resource_status": [resource_status]});
    answer_json(status, &json!({"osdi:error": error}))
}
