//! Action Network's API v2, from `formats/action-network.md`.

mod forms;
#[cfg(test)]
mod tests;

use super::check::{Form, Json, Review, answer_json};
use super::limit::Limit;
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use forms::{CANCELLATION_MARK, DONATION, PAGE, REFUND_MARK};
use serde_json::{Value, json};

const BASE: &str = "https://actionnetwork.org/api/v2";
const ACCEPT: &str = "application/hal+json, application/json";
/// What a wrong key gets; 400 and 401 happen as well.
const FORBIDDEN: u16 = 403;

/// A group of Action Network. The webhook's endpoint ends in `/api/v2`.
#[derive(Debug)]
pub struct ActionNetwork {
    token: String,
    wrong_key_status: u16,
    limit: Limit,
    empty_answers: u32,
    /// Fundraising pages: those made by requests, which are unique by identifier, and those of the test.
    pub pages: Vec<Page>,
    /// Donations in their order. They are not deduplicated.
    pub donations: Vec<Donation>,
    /// Marks on persons in their order.
    pub marks: Vec<Mark>,
}

/// A fundraising page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// A UUID.
    pub id: String,
    /// `tributary:` + webhook + `-form-` + form; none if the page is not made by a request.
    pub identifier: Option<String>,
    /// Pages of the interface take no donations.
    pub takes_donations: bool,
}

/// A gift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Donation {
    /// A UUID.
    pub id: String,
    /// The page's id.
    pub page: String,
    /// `tributary:` + webhook + `-` + line item.
    pub identifier: String,
    /// In cents.
    pub amount_cents: u64,
    /// UTC, `Z`.
    pub created_date: String,
    /// The order number.
    pub order: String,
    /// Of a series.
    pub is_recurring: bool,
}

/// A refund or a cancellation, as a mark on the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The tag.
    pub tag: String,
    /// The email address, else the phone number.
    pub person: String,
    /// The order number.
    pub order: String,
    /// In cents; zero for a cancellation.
    pub amount_cents: u64,
}

impl ActionNetwork {
    /// A group with this API key and no pages.
    pub fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            wrong_key_status: FORBIDDEN,
            limit: Limit::default(),
            empty_answers: 0,
            pages: Vec::new(),
            donations: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// A page that was made through the API before, by its id.
    pub fn add_page(&mut self) -> String {
        self.make_page(None, true)
    }

    /// A page that was made in the interface and refuses donations, by its id.
    pub fn add_interface_page(&mut self) -> String {
        self.make_page(None, false)
    }

    /// From now on this is the API key.
    pub fn set_token(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    /// From now on a wrong key gets this status: 400, 401 or 403.
    pub fn answer_wrong_keys_with(&mut self, status: u16) {
        self.wrong_key_status = status;
    }

    /// The next requests get 429 and are told to wait.
    pub fn limit_next(&mut self, requests: u32) {
        self.limit.refuse_next(requests);
    }

    /// The next requests are answered with 200 and an empty object, and nothing is stored.
    pub fn fail_inside_200(&mut self, requests: u32) {
        self.empty_answers += requests;
    }

    fn make_page(&mut self, identifier: Option<String>, takes_donations: bool) -> String {
        let id = uuid(self.pages.len());
        self.pages.push(Page { id: id.clone(), identifier, takes_donations });
        id
    }

    fn route(&mut self, request: &Request, review: &mut Review) -> Answer {
        if !review.token(request, "osdi-api-token", &self.token) {
            return self.wrong_key(request.header("osdi-api-token"));
        }
        if let Err(retry_after_s) = self.limit.take(request.at) {
            return Answer::status(429).header("retry-after", &retry_after_s.to_string());
        }
        if self.empty_answers > 0 {
            self.empty_answers -= 1;
            return answer_json(200, &json!({}));
        }
        review.header(request, "accept", ACCEPT);
        let steps: Vec<&str> = request.path.strip_prefix("/api/v2/").unwrap_or("?").split('/').collect();
        match (request.method.as_str(), steps.as_slice()) {
            ("GET", ["fundraising_pages"]) => {
                answer_json(200, &json!({"total_records": self.pages.len(), "_embedded": {}}))
            }
            ("POST", ["fundraising_pages"]) => self.page(request, review),
            ("POST", ["fundraising_pages", page, "donations", ""]) => self.donate(request, page, review),
            ("POST", ["people", ""]) => self.mark(request, review),
            _ => {
                review.note("path", "a resource of the specification", &request.path);
                error(404, "Not found")
            }
        }
    }

    /// The vendor repeats the wrong key. Without a key it says nothing at all.
    fn wrong_key(&self, key: Option<&str>) -> Answer {
        match key {
            Some(key) => error(self.wrong_key_status, &format!("API Key invalid or not present {key}")),
            None => answer_json(200, &json!({})),
        }
    }

    fn page(&mut self, request: &Request, review: &mut Review) -> Answer {
        let body = checked(request, &PAGE, review);
        let (identifier, form) = (body.text("/identifiers/0").to_owned(), body.text("/title"));
        if review.is_clean() {
            review.equal("$.name", form, body.text("/name"));
            let ends = identifier.ends_with(&format!("-form-{form}"));
            review.holds(ends, "$.identifiers[0]", "the form at its end", &identifier);
        }
        if !review.is_clean() {
            return refusal(review);
        }
        let known =
            self.pages.iter().find(|page| page.identifier.as_ref() == Some(&identifier)).map(|page| page.id.clone());
        let id = known.unwrap_or_else(|| self.make_page(Some(identifier.clone()), true));
        let href = format!("{BASE}/fundraising_pages/{id}");
        let identifiers = [identifier, format!("action_network:{id}")];
        answer_json(200, &json!({"identifiers": identifiers, "title": form, "_links": {"self": {"href": href}}}))
    }

    fn donate(&mut self, request: &Request, page: &str, review: &mut Review) -> Answer {
        let body = checked(request, &DONATION, review);
        review.holds(is_uuid(page), "path", "the page's UUID, without a prefix", page);
        if review.is_clean() {
            relations(&body, review);
        }
        if !review.is_clean() {
            return refusal(review);
        }
        match self.pages.iter().find(|known| known.id == page) {
            None => return error(404, "Couldn't find FundraisingPage"),
            Some(page) if !page.takes_donations => {
                return error(400, "Donations can only be added to fundraising pages created via the API");
            }
            Some(_) => {}
        }
        let id = uuid(self.donations.len());
        let donation = Donation {
            id: id.clone(),
            page: page.to_owned(),
            identifier: body.text("/identifiers/0").to_owned(),
            amount_cents: body.cents("/recipients/0/amount"),
            created_date: body.text("/created_date").to_owned(),
            order: body.text("/payment/reference_number").to_owned(),
            is_recurring: body.is_true("/payment/authorization_stored"),
        };
        let answer = json!({
            "identifiers": [&donation.identifier, format!("action_network:{id}")],
            "created_date": donation.created_date,
            "amount": body.text("/recipients/0/amount"),
            "currency": "usd",
            "_links": {"self": {"href": format!("{BASE}/fundraising_pages/{page}/donations/{id}")}},
        });
        self.donations.push(donation);
        answer_json(200, &answer)
    }

    fn mark(&mut self, request: &Request, review: &mut Review) -> Answer {
        let body = review.json(request, "application/json");
        let tag = body.text("/add_tags/0");
        let is_refund = tag == "tributary-refunded";
        review.form(&body, if is_refund { &REFUND_MARK } else { &CANCELLATION_MARK });
        named(&body, review);
        let by_both = body.has("/person/email_addresses") && body.has("/person/phone_numbers");
        review.holds(!by_both, "$.person.phone_numbers", "nothing beside an email address", "it");
        if !review.is_clean() {
            return refusal(review);
        }
        let contacts = [body.text("/person/email_addresses/0/address"), body.text("/person/phone_numbers/0/number")];
        let fields = body.at("/person/custom_fields");
        let order = if is_refund { "/tributary_last_refund_order" } else { "/tributary_recurring_order" };
        self.marks.push(Mark {
            tag: tag.to_owned(),
            person: contacts.concat(),
            order: fields.text(order).to_owned(),
            amount_cents: fields.cents("/tributary_last_refund_amount"),
        });
        answer_json(200, &json!({"identifiers": [format!("action_network:{}", uuid(0))]}))
    }
}

impl Target for ActionNetwork {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("action network", request);
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
        ("$.action_network:recurrence", "/action_network:recurrence"),
        ("$.person.custom_fields.tributary_payment_number", "/person/custom_fields/tributary_payment_number"),
    ] {
        review.holds(body.has(pointer) == is_recurring, path, "it exactly in a series", body.at(pointer));
    }
    named(body, review);
}

/// Somebody must be named by email or phone.
fn named(body: &Json, review: &mut Review) {
    let is_named = body.has("/person/email_addresses") || body.has("/person/phone_numbers");
    review.holds(is_named, "$.person", "an email address or a phone number", "neither");
}

fn refusal(review: &Review) -> Answer {
    let fields = review.paths().collect::<Vec<_>>().join(", ");
    error(400, &format!("You must specify valid values for {fields}"))
}

fn error(status: u16, text: &str) -> Answer {
    answer_json(status, &Value::from_iter([("error", text)]))
}

fn uuid(number: usize) -> String {
    format!("d91b4b2e-ae0e-4cd3-9ed7-{number:012x}")
}

fn is_uuid(text: &str) -> bool {
    const CHARS: usize = 36;
    text.len() == CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
