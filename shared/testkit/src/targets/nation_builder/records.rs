//! What a nation has stored.

/// The ids of the first records, from the examples.
const FIRST_SIGNUP: u64 = 84_721;
const FIRST_CODE: u64 = 17;
const FIRST_DONATION: u64 = 314;

/// The records of a nation and what it is set to.
#[derive(Debug)]
pub struct Nation {
    /// People, matched by email address or external id.
    pub signups: Vec<Signup>,
    /// Tracking codes, each slug once.
    pub codes: Vec<TrackingCode>,
    /// Donations in the order of arrival. They are not deduplicated.
    pub donations: Vec<Donation>,
    /// The names of the payment types.
    pub payment_types: Vec<String>,
    /// Whether it has the political add-on, without which the ActBlue order number is refused.
    pub is_political: bool,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signup {
    /// `id`
    pub id: u64,
    /// `email`, or `external_id` of a person without one.
    pub matched_by: String,
    /// How often it was pushed.
    pub pushes: u32,
}

/// A donation tracking code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingCode {
    /// `id`
    pub id: u64,
    /// `slug`
    pub slug: String,
    /// `name`
    pub name: String,
}

/// A donation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Donation {
    /// `id`
    pub id: u64,
    /// `signup_id`
    pub signup_id: u64,
    /// `amount_in_cents`
    pub cents: u64,
    /// `payment_type_name`
    pub payment_type: String,
    /// `donation_tracking_code_id`
    pub code_id: Option<u64>,
    /// `succeeded_at`
    pub succeeded_at: String,
    /// `note`, that of the refund after it.
    pub note: String,
    /// `canceled_at`
    pub canceled_at: Option<String>,
    /// How often it was cancelled.
    pub cancellations: u32,
}

impl Donation {
    /// The first part of its note: `tributary-612004411`.
    pub fn key(&self) -> &str {
        self.note.split(';').next().unwrap_or_default()
    }
}

/// A nation without records, with the payment types that every nation has.
impl Default for Nation {
    fn default() -> Self {
        Self {
            signups: Vec::new(),
            codes: Vec::new(),
            donations: Vec::new(),
            payment_types: PAYMENT_TYPES.iter().map(|(name, _)| (*name).to_owned()).collect(),
            is_political: false,
        }
    }
}

/// `formats/nationbuilder.md` §4.4
pub(super) const PAYMENT_TYPES: &[(&str, &str)] = &[
    ("Cash", "C"),
    ("Credit Card", "D"),
    ("Check", "K"),
    ("Money Order", "M"),
    ("In-Kind", "I"),
    ("Wire Transfer", "T"),
    ("Other", "O"),
    ("Square", "D"),
    ("ActBlue", "O"),
];

impl Nation {
    /// The person with this email address or external id, and whether it is new.
    pub(super) fn push(&mut self, matched_by: &str) -> (u64, bool) {
        if let Some(known) = self.signups.iter_mut().find(|known| known.matched_by.eq_ignore_ascii_case(matched_by)) {
            known.pushes += 1;
            return (known.id, false);
        }
        let id = FIRST_SIGNUP + self.signups.len() as u64;
        self.signups.push(Signup { id, matched_by: matched_by.to_owned(), pushes: 1 });
        (id, true)
    }

    /// The new code, unless its slug is taken.
    pub(super) fn add_code(&mut self, name: &str, slug: &str) -> Option<&TrackingCode> {
        if self.codes.iter().any(|code| code.slug == slug) {
            return None;
        }
        let id = FIRST_CODE + self.codes.len() as u64;
        self.codes.push(TrackingCode { id, slug: slug.to_owned(), name: name.to_owned() });
        self.codes.last()
    }

    /// The donation gets its id.
    pub(super) fn donate(&mut self, donation: Donation) -> u64 {
        let id = FIRST_DONATION + self.donations.len() as u64;
        self.donations.push(Donation { id, ..donation });
        id
    }

    pub(super) fn donation(&mut self, id: &str) -> Option<&mut Donation> {
        self.donations.iter_mut().find(|donation| donation.id.to_string() == id)
    }
}
