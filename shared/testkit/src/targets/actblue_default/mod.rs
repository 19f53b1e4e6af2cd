//! A receiver of the three ActBlue Default bodies (`formats/default.md`), to which presets deliver as well.

mod body;
mod fields;
mod signature;
#[cfg(test)]
mod tests;

use super::check::{Json, Review, answer_json, unix_now};
use super::limit::Limit;
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use bytes::Bytes;
use serde_json::json;
use signature::Signing;

/// One webhook's endpoint, which checks every field, HTTP Basic and the Standard Webhooks signature. `v1a` entries
/// are checked for their form only.
#[derive(Debug)]
pub struct ActBlueDefault {
    path: String,
    username: String,
    password: String,
    signing: Signing,
    kinds: Vec<Kind>,
    leniency: Leniency,
    is_blind: bool,
    backfill_query: Option<String>,
    status: u16,
    limit: Limit,
    /// What came, each event once, in the order of its first arrival.
    pub received: Vec<Notification>,
}

/// What is taken beyond the specification's default.
#[derive(Debug, Default)]
struct Leniency {
    declined: bool,
    unknown_fields: bool,
    any_order: bool,
}

/// What a body is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A payment.
    Contribution,
    /// A payment that is given back.
    Refund,
    /// The end of a series.
    Cancellation,
}

/// An event as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// By its shape.
    pub kind: Kind,
    /// The delivery's id; empty without signatures.
    pub webhook_id: String,
    /// Of the one line item.
    pub lineitem_id: u64,
    /// Of the one line item.
    pub entity_id: u64,
    /// `AB300000118`
    pub order_number: String,
    /// In cents.
    pub amount_cents: u64,
    /// When it was paid, refunded or cancelled: US Eastern time with its offset.
    pub happened_at: String,
    /// None if it is withheld.
    pub email: Option<String>,
    /// Came with the backfill query, the last time.
    pub is_backfill: bool,
    /// How often it came.
    pub times: u32,
    /// The bytes.
    pub body: Bytes,
}

impl ActBlueDefault {
    /// An endpoint at this path (with its query), for the webhook's credentials and its signing secrets: `whsec_…`,
    /// newest first, none if its signature is off. It takes all three kinds.
    pub fn new(path: &str, username: &str, password: &str, secrets: &[&str]) -> Self {
        Self {
            path: path.to_owned(),
            username: username.to_owned(),
            password: password.to_owned(),
            signing: Signing { secrets: owned(secrets), ..Signing::default() },
            kinds: vec![Kind::Contribution, Kind::Refund, Kind::Cancellation],
            leniency: Leniency::default(),
            is_blind: false,
            backfill_query: None,
            status: 200,
            limit: Limit::default(),
            received: Vec::new(),
        }
    }

    /// The bodies that the webhook's type or preset stands for.
    #[must_use]
    pub fn taking(self, kinds: &[Kind]) -> Self {
        Self { kinds: kinds.to_vec(), ..self }
    }

    /// Declined notifications are turned on for the webhook.
    #[must_use]
    pub fn taking_declined(mut self) -> Self {
        self.leniency.declined = true;
        self
    }

    /// Fields that the specification does not have are passed over, as real receivers do (§6).
    #[must_use]
    pub fn taking_unknown_fields(mut self) -> Self {
        self.leniency.unknown_fields = true;
        self
    }

    /// Fields may come in any order.
    #[must_use]
    pub fn taking_any_order(mut self) -> Self {
        self.leniency.any_order = true;
        self
    }

    /// The preset adds this to the query during backfills, such as `backfill=1`.
    #[must_use]
    pub fn with_backfill_query(self, query: &str) -> Self {
        Self { backfill_query: Some(query.to_owned()), ..self }
    }

    /// The webhook signs with a public key: each `v1` entry follows a `v1a` entry.
    #[must_use]
    pub fn with_v1a(mut self) -> Self {
        self.signing.has_v1a = true;
        self
    }

    /// From now on these secrets are live, newest first, as in a rotation.
    pub fn set_secrets(&mut self, secrets: &[&str]) {
        self.signing.secrets = owned(secrets);
    }

    /// From now on this is the password.
    pub fn set_password(&mut self, password: &str) {
        password.clone_into(&mut self.password);
    }

    /// From now on the receiver's clock stands at these Unix seconds.
    pub fn set_clock(&mut self, unix_s: u64) {
        self.signing.clock = Some(unix_s);
    }

    /// From now on wrong credentials get 200 and are ignored with their body, as some receivers do (§6).
    pub fn ignore_wrong_credentials(&mut self) {
        self.is_blind = true;
    }

    /// From now on success has this status.
    pub fn succeed_with(&mut self, status: u16) {
        self.status = status;
    }

    /// The next requests get 429 and are told to wait.
    pub fn limit_next(&mut self, requests: u32) {
        self.limit.refuse_next(requests);
    }

    fn route(&mut self, request: &Request, review: &mut Review) -> Answer {
        let is_backfill = request.path != self.path;
        if is_backfill && Some(&request.path) != self.backfill_path().as_ref() {
            review.note("path", "the endpoint, byte for byte", "another path or query");
            return Answer::status(404);
        }
        if request.method != "POST" {
            review.note("method", "POST", &request.method);
            return Answer::status(405);
        }
        if let Err(wait_s) = self.limit.take(request.at) {
            return Answer::status(429).header("retry-after", &wait_s.to_string());
        }
        if !review.basic(request, &self.username, &self.password) {
            return Answer::status(if self.is_blind { 200 } else { 401 });
        }
        self.signing.verify(request, unix_now(), review);
        if !review.is_clean() {
            return Answer::status(401);
        }
        let notification = self.read(request, review);
        if !review.is_clean() {
            let fields: Vec<&str> = review.paths().collect();
            return answer_json(400, &json!({ "error": "the body is not valid", "fields": fields }));
        }
        self.keep(Notification { is_backfill, ..notification }, review);
        Answer::status(self.status)
    }

    /// The endpoint during a backfill.
    fn backfill_path(&self) -> Option<String> {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        self.backfill_query.as_ref().map(|query| format!("{}{joint}{query}", self.path))
    }

    fn read(&self, request: &Request, review: &mut Review) -> Notification {
        review.wants_order = !self.leniency.any_order;
        review.takes_unknown = self.leniency.unknown_fields;
        let body = review.json(request, "application/json");
        let kind = Kind::of(&body);
        review.holds(
            Json::is_compact(&request.body),
            "body",
            "compact JSON without line breaks",
            "blanks between tokens",
        );
        body::examine(&body, kind, review);
        let takes_kind = self.kinds.contains(&kind);
        review.holds(takes_kind, "body", format_args!("one of {:?}", self.kinds), format_args!("{kind:?}"));
        let is_declined = body.text("/contribution/status") == "declined";
        review.holds(
            !is_declined || self.leniency.declined,
            "$.contribution.status",
            "an approved payment",
            "declined",
        );
        Notification::of(&body, kind, request.webhook_id().unwrap_or_default(), &request.body)
    }

    /// Stores an event once. Repeats must be the same in every byte and have the same id.
    fn keep(&mut self, new: Notification, review: &mut Review) {
        let known = self.received.iter_mut().find(|known| known.is_same_event(&new) || known.has_id_of(&new));
        let Some(known) = known else { return self.received.push(new) };
        review.equal("webhook-id", &known.webhook_id, &new.webhook_id);
        review.holds(known.body == new.body, "body", "the bytes that this id or event came with before", "others");
        known.times += 1;
        known.is_backfill = new.is_backfill;
    }
}

impl Notification {
    fn has_id_of(&self, other: &Self) -> bool {
        !self.webhook_id.is_empty() && self.webhook_id == other.webhook_id
    }
}

impl Target for ActBlueDefault {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("actblue default", request);
        let answer = self.route(request, &mut review);
        review.close(faults);
        answer
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
