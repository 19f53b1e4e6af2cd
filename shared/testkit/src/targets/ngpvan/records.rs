//! What VAN stores.

/// A donor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Grows.
    pub van_id: u64,
    /// First and last name.
    pub name: (String, String),
    /// Empty without one.
    pub email: String,
    /// Empty without one.
    pub phone: String,
    /// Empty without one.
    pub zip: String,
    /// Empty without one.
    pub employer: String,
}

/// A gift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Grows.
    pub id: u64,
    /// The donor.
    pub van_id: u64,
    /// Where the money goes.
    pub designation: u64,
    /// In cents, before adjustments.
    pub amount_cents: u64,
    /// In cents, given back.
    pub refunded_cents: u64,
    /// The day of the last adjustment.
    pub adjusted: Option<String>,
    /// UTC, `Z`.
    pub date_received: String,
    /// `tributary-612004411`
    pub reference: String,
    /// `order …; form …; payment …`
    pub notes: String,
}

impl Person {
    /// Whether the two are one person: the same name, and one contact in common.
    pub(super) fn matches(&self, other: &Person) -> bool {
        let same = |ours: &str, theirs: &str| !ours.is_empty() && ours == theirs;
        self.name == other.name
            && (same(&self.email, &other.email) || same(&self.phone, &other.phone) || same(&self.zip, &other.zip))
    }
}
