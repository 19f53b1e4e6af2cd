//! What `ActionKit` stores, and how it shows it.

use serde_json::{Value, json};

/// A first or only payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Grows.
    pub id: u64,
    /// `tributary-612004411`
    pub import_id: String,
    /// In cents.
    pub amount_cents: u64,
    /// UTC without offset.
    pub created_at: String,
    /// The page's name, prefix included.
    pub page: String,
    /// The donor.
    pub email: String,
    /// The series, if it has one.
    pub recurring_id: Option<String>,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Grows.
    pub id: u64,
    /// `tributary-612004411`
    pub trans_id: String,
    /// In cents. That of a later payment is the profile's at that moment.
    pub amount_cents: u64,
    /// UTC without offset.
    pub created_at: String,
    /// The order, if it is an order's own.
    pub order: Option<u64>,
    /// Reversed, for good.
    pub is_reversed: bool,
}

/// A series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Grows.
    pub id: u64,
    /// What the next payment charges, in cents.
    pub amount_cents: u64,
    /// `user`, `processor` or `admin`, and when (UTC without offset).
    pub cancelled: Option<(String, String)>,
}

impl Order {
    pub(super) fn to_json(&self) -> Value {
        json!({"id": self.id, "import_id": self.import_id, "total": dec2(self.amount_cents)})
    }
}

impl Transaction {
    pub(super) fn to_json(&self) -> Value {
        json!({"id": self.id, "trans_id": self.trans_id, "amount": dec2(self.amount_cents)})
    }
}

/// The answer to `donationpush`.
pub(super) fn donation(order: &Order, transaction: u64, profile: Option<u64>, action: u64) -> Value {
    let id = order.id;
    json!({
        "id": action,
        "created_user": false,
        "status": "complete",
        "resource_uri": format!("/rest/v1/donationaction/{action}/"),
        "order": {
            "id": id,
            "import_id": order.import_id,
            "resource_uri": format!("/rest/v1/order/{id}/"),
            "status": "completed",
            "total": dec2(order.amount_cents),
            "currency": "USD",
            "orderrecurrings": Vec::from_iter(profile.map(|id| format!("/rest/v1/orderrecurring/{id}/"))),
            "transactions": [format!("/rest/v1/transaction/{transaction}/")],
        },
    })
}

fn dec2(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
