//! `ActionKit`'s REST API, from `formats/actionkit.md`.

mod forms;
mod records;
#[cfg(test)]
mod tests;

use super::check::{Form, Json, Review, answer_json, is_key, pairs};
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use forms::{DONATION, PAYMENT_PUSH, PROFILE_CANCEL, PROFILE_UPDATE};
use records::donation;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub use records::{Order, Profile, Transaction};

const CONTENT_TYPE: &str = "application/json; charset=utf-8";

// The ids that the first records get are those of the specification's examples.
const FIRST_ACTION: u64 = 61_065;
const FIRST_ORDER: u64 = 802_839;
const FIRST_TRANSACTION: u64 = 957_510;
const FIRST_PROFILE: u64 = 5_120;

/// An `ActionKit` instance. Its base is `/rest/v1/`; a page that does not exist is made.
#[derive(Debug)]
pub struct ActionKit {
    username: String,
    password: String,
    payment_account: String,
    page_prefix: String,
    filters: bool,
    /// Orders that `donationpush` made; the import id is unique.
    pub orders: Vec<Order>,
    /// Payments: one of each order, and those of `recurringpaymentpush`, which are not deduplicated.
    pub transactions: Vec<Transaction>,
    /// Recurring profiles by `recurring_id`.
    pub profiles: BTreeMap<String, Profile>,
}

impl ActionKit {
    /// An instance with one staff account, one import stub and the prefix that page names must have.
    pub fn new(username: &str, password: &str, payment_account: &str, page_prefix: &str) -> Self {
        Self {
            username: username.to_owned(),
            password: password.to_owned(),
            payment_account: payment_account.to_owned(),
            page_prefix: page_prefix.to_owned(),
            filters: true,
            orders: Vec::new(),
            transactions: Vec::new(),
            profiles: BTreeMap::new(),
        }
    }

    /// From now on this is the staff account's password.
    pub fn set_password(&mut self, password: &str) {
        password.clone_into(&mut self.password);
    }

    /// From now on the lists of orders and transactions refuse to be searched, with a 400.
    pub fn refuse_filters(&mut self) {
        self.filters = false;
    }

    /// Whether the payment of this key (`tributary-…`) is reversed.
    pub fn is_reversed(&self, key: &str) -> bool {
        self.transactions.iter().any(|transaction| transaction.trans_id == key && transaction.is_reversed)
    }

    fn route(&mut self, request: &Request, review: &mut Review) -> Answer {
        if !review.basic(request, &self.username, &self.password) {
            return Answer::status(401).header("www-authenticate", "Basic realm=\"ActionKit\"");
        }
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let steps: Vec<&str> = path.strip_prefix("/rest/v1/").unwrap_or("?").split('/').collect();
        match (request.method.as_str(), steps.as_slice()) {
            ("GET", [""]) => answer_json(200, &json!({"order": {"list_endpoint": "/rest/v1/order/"}})),
            ("GET", ["order", ""]) => self.find(query, "import_id", review),
            ("GET", ["transaction", ""]) => self.find(query, "trans_id", review),
            ("POST", ["donationpush", ""]) => self.donate(request, review),
            ("POST", ["profileupdatepush", ""]) => self.update_profile(request, review),
            ("POST", ["recurringpaymentpush", ""]) => self.pay(request, review),
            ("POST", ["profilecancelpush", ""]) => self.cancel(request, review),
            ("POST", [kind @ ("order" | "transaction"), id, "reverse", ""]) => {
                review.no_body(request);
                if review.is_clean() { self.reverse(kind, id) } else { refusal(review) }
            }
            _ => {
                review.note("path", "a resource of the specification, with a slash at its end", &request.path);
                Answer::status(404)
            }
        }
    }

    /// The order or transaction of a key, as a list.
    fn find(&self, query: &str, name: &str, review: &mut Review) -> Answer {
        let key = match pairs(query).as_deref() {
            Some([(found, key)]) if found == name && is_key(key) => key.clone(),
            _ => {
                review.note("query", format_args!("only {name}, a key"), query);
                return refusal(review);
            }
        };
        if !self.filters {
            return answer_json(400, &json!({ name: "This field does not allow filtering." }));
        }
        let objects: Vec<Value> = match name {
            "import_id" => self.orders.iter().filter(|order| order.import_id == key).map(Order::to_json).collect(),
            _ => self.transactions.iter().filter(|made| made.trans_id == key).map(Transaction::to_json).collect(),
        };
        answer_json(200, &json!({"meta": {"total_count": objects.len()}, "objects": objects}))
    }

    fn donate(&mut self, request: &Request, review: &mut Review) -> Answer {
        let Some(body) = checked(request, &DONATION, review) else { return refusal(review) };
        self.relations(&body, review);
        if !review.is_clean() {
            return refusal(review);
        }
        let import_id = body.text("/order/import_id").to_owned();
        if self.orders.iter().any(|order| order.import_id == import_id) {
            return answer_json(409, &json!({"import_id": "An order with this import_id exists already."}));
        }
        let (amount_cents, created_at) = (body.cents("/order/amount"), body.text("/order/created_at").to_owned());
        let recurring_id = body.has("/order/recurring_id").then(|| body.text("/order/recurring_id").to_owned());
        let order = Order {
            id: FIRST_ORDER + count(&self.orders),
            import_id: import_id.clone(),
            amount_cents,
            created_at: created_at.clone(),
            page: body.text("/donationpage/name").to_owned(),
            email: body.text("/user/email").to_owned(),
            recurring_id: recurring_id.clone(),
        };
        let profile = recurring_id.map(|series| {
            let id = FIRST_PROFILE + self.profiles.len() as u64;
            self.profiles.entry(series).or_insert(Profile { id, amount_cents, cancelled: None }).id
        });
        let transaction = self.store(import_id, amount_cents, created_at, Some(order.id));
        let answer = donation(&order, transaction, profile, FIRST_ACTION + count(&self.orders));
        self.orders.push(order);
        answer_json(201, &answer)
    }

    /// What fields of a donation say about each other.
    fn relations(&self, body: &Json, review: &mut Review) {
        review.equal(
            "$.donationpage.payment_account",
            &self.payment_account,
            body.text("/donationpage/payment_account"),
        );
        let page = format!("{}{}", self.page_prefix, body.text("/action/fields/form"));
        review.equal("$.donationpage.name", &page, body.text("/donationpage/name"));
        let key = format!("tributary-{}", body.text("/action/fields/lineitem_id"));
        review.equal("$.order.import_id", &key, body.text("/order/import_id"));
        review.equal("$.order.trans_id", &key, body.text("/order/trans_id"));
        let is_recurring = body.has("/order/recurring_id");
        for (path, pointer) in [
            ("$.order.recurring_period", "/order/recurring_period"),
            ("$.action.fields.recurrence_number", "/action/fields/recurrence_number"),
        ] {
            review.holds(
                body.has(pointer) == is_recurring,
                path,
                "it exactly with order.recurring_id",
                body.at(pointer),
            );
        }
        if is_recurring {
            let fields = body.at("/action/fields");
            let series = format!("{}-{}", fields.text("/order_number"), fields.text("/recipient_id"));
            review.equal("$.order.recurring_id", &series, body.text("/order/recurring_id"));
        }
        let user = body.at("/user");
        let foreign = user.has("/country") && user.text("/country") != "United States";
        for (name, belongs) in [("state", !foreign), ("zip", !foreign), ("region", foreign), ("postal", foreign)] {
            let found = user.at(&format!("/{name}"));
            review.holds(belongs || *found == Json::Null, &format!("$.user.{name}"), "nothing for this country", found);
        }
    }

    fn update_profile(&mut self, request: &Request, review: &mut Review) -> Answer {
        let Some(body) = checked(request, &PROFILE_UPDATE, review) else { return refusal(review) };
        let Some(profile) = self.profiles.get_mut(body.text("/recurring_id")) else { return unknown_profile() };
        profile.amount_cents = body.cents("/amount");
        Answer::status(200)
    }

    fn pay(&mut self, request: &Request, review: &mut Review) -> Answer {
        let Some(body) = checked(request, &PAYMENT_PUSH, review) else { return refusal(review) };
        let Some(profile) = self.profiles.get(body.text("/recurring_id")) else { return unknown_profile() };
        let (trans_id, created_at) = (body.text("/trans_id").to_owned(), body.text("/created_at").to_owned());
        let id = self.store(trans_id, profile.amount_cents, created_at, None);
        Answer::status(201).header("location", &format!("/rest/v1/transaction/{id}/"))
    }

    fn cancel(&mut self, request: &Request, review: &mut Review) -> Answer {
        let Some(body) = checked(request, &PROFILE_CANCEL, review) else { return refusal(review) };
        let Some(profile) = self.profiles.get_mut(body.text("/recurring_id")) else { return unknown_profile() };
        profile.cancelled = Some((body.text("/canceled_by").to_owned(), body.text("/created_at").to_owned()));
        Answer::status(201)
    }

    fn reverse(&mut self, kind: &str, id: &str) -> Answer {
        let id = id.parse::<u64>().ok();
        let mut made = self.transactions.iter_mut();
        let found = made.find(|made| id.is_some() && id == if kind == "order" { made.order } else { Some(made.id) });
        match found {
            None => Answer::status(404),
            Some(made) if made.is_reversed => {
                answer_json(400, &json!({"order_id": "Transaction has already been reversed."}))
            }
            Some(made) => {
                made.is_reversed = true;
                Answer::status(201)
            }
        }
    }

    fn store(&mut self, trans_id: String, amount_cents: u64, created_at: String, order: Option<u64>) -> u64 {
        let id = FIRST_TRANSACTION + count(&self.transactions);
        self.transactions.push(Transaction { id, trans_id, amount_cents, created_at, order, is_reversed: false });
        id
    }
}

impl Target for ActionKit {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("actionkit", request);
        let answer = self.route(request, &mut review);
        review.close(faults);
        answer
    }
}

/// The body, if it has its form.
fn checked(request: &Request, form: &Form, review: &mut Review) -> Option<Json> {
    let body = review.json(request, CONTENT_TYPE);
    review.form(&body, form);
    review.filled(&body, "$");
    review.is_clean().then_some(body)
}

/// A 400 that names every field that is wrong.
fn refusal(review: &Review) -> Answer {
    let fields = review.paths().map(|path| {
        let name = path.rsplit('.').next().unwrap_or(path);
        (name.to_owned(), Value::from("This field is missing or not valid."))
    });
    answer_json(400, &Value::Object(fields.collect::<Map<_, _>>()))
}

fn unknown_profile() -> Answer {
    answer_json(400, &json!({"recurring_id": "Unable to find a recurring profile with that id."}))
}

fn count<T>(records: &[T]) -> u64 {
    records.len() as u64
}
