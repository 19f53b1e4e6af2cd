//! The fields of the body, as one table: key, type, what is written when there is no value, and the kinds of
//! event that have it. The rows are in the order in which they are written.

use crate::event::Kind;
use Rule::{Null, Omit, Required, Write};
use Shape::{Bool, Count, Duration, Free, List, Object, Text, Time};

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) key: &'static str,
    pub(crate) shape: Shape,
    pub(crate) rule: Rule,
    pub(crate) kinds: Kinds,
}

/// The JSON type of a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A string.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number that is not negative.
    Count,
    /// A string of digits with at most two decimals; read from a number as well.
    Money,
    /// RFC 3339 with an offset.
    Time,
    /// A number of payments, or `"infinite"`.
    Duration,
    /// An object without known keys.
    Free,
    /// A map of text to text.
    Refcodes,
    /// An object with a table of its own.
    Object(&'static [Field]),
    /// A list of such objects.
    List(&'static [Field]),
    /// The line items: a list of one such object or more.
    Items(&'static [Field]),
    /// The body of a message.
    Data(&'static [Field]),
    /// The browser context of a message.
    Tracking,
}

/// What is written when there is no value: absent, `null`, or empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Upstream must give it.
    Required,
    /// `null`.
    Null,
    /// Neither key nor value.
    Omit,
    /// This JSON text.
    Write(&'static str),
    /// The object with nothing in it but what its own rows write.
    Blank,
    /// Depends on other fields of the contribution: see `contribution.rs`.
    Depends,
}

/// Kinds of event, as a set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const fn has(self, kind: Kind) -> bool {
        let bit = match kind {
            Kind::Contribution => C.0,
            Kind::Refund => R.0,
            Kind::Cancellation => X.0,
        };
        self.0 & bit != 0
    }
}

const C: Kinds = Kinds(1);
const R: Kinds = Kinds(2);
const X: Kinds = Kinds(4);
const CR: Kinds = Kinds(3);
const CRX: Kinds = Kinds(7);

const BLANK: Rule = Write("\"\"");
const FALSE: Rule = Write("false");
const ZERO: Rule = Write("0");
const EMPTY: Rule = Write("[]");

const fn row(key: &'static str, shape: Shape, rule: Rule, kinds: Kinds) -> Field {
    Field { key, shape, rule, kinds }
}

/// The body itself.
pub(crate) const TOP: &[Field] = &[
    row("donor", Object(DONOR), Rule::Blank, CRX),
    row("contribution", Object(CONTRIBUTION), Required, CRX),
    row("lineitems", Shape::Items(LINEITEM), Required, CRX),
    row("form", Object(FORM), Rule::Blank, CRX),
];

const DONOR: &[Field] = &[
    row("firstname", Text, BLANK, CRX),
    row("lastname", Text, BLANK, CRX),
    row("addr1", Text, Null, CRX),
    row("city", Text, Null, CRX),
    row("state", Text, Null, CRX),
    row("zip", Text, Null, CRX),
    row("country", Text, Null, CRX),
    row("isEligibleForExpressLane", Bool, FALSE, CRX),
    row("employerData", Object(EMPLOYER), Rule::Blank, CRX),
    row("email", Text, Omit, CRX),
    row("phone", Text, Omit, CRX),
];

const EMPLOYER: &[Field] = &[
    row("employer", Text, Null, CRX),
    row("occupation", Text, Null, CRX),
    row("employerAddr1", Text, Null, CRX),
    row("employerCity", Text, Null, CRX),
    row("employerState", Text, Null, CRX),
    row("employerZip", Text, Null, CRX),
    row("employerCountry", Text, Null, CRX),
];

/// The `contribution` block.
pub(crate) const CONTRIBUTION: &[Field] = &[
    row("createdAt", Time, Required, CRX),
    row("orderNumber", Text, Required, CRX),
    row("contributionForm", Text, BLANK, CRX),
    row("refcodes", Shape::Refcodes, Rule::Depends, CRX),
    row("refcode", Text, Rule::Depends, CRX),
    row("refcode2", Text, Rule::Depends, CRX),
    row("creditCardExpiration", Text, Null, CRX),
    row("recurringPeriod", Text, Write("\"once\""), CRX),
    row("recurringDuration", Duration, Rule::Depends, CRX),
    row("weeklyRecurringSunset", Text, Null, CRX),
    row("abTestName", Text, Null, CRX),
    row("isRecurring", Bool, Rule::Depends, CRX),
    row("isPaypal", Bool, FALSE, CRX),
    row("isMobile", Bool, FALSE, CRX),
    row("abTestVariation", Text, Null, CRX),
    row("isExpress", Bool, FALSE, CRX),
    row("withExpressLane", Bool, FALSE, CRX),
    row("expressSignup", Bool, FALSE, CRX),
    row("uniqueIdentifier", Text, BLANK, CRX),
    row("textMessageOption", Text, Write("\"unknown\""), CRX),
    row("giftDeclined", Bool, Null, CRX),
    row("giftIdentifier", Text, Null, CRX),
    row("shippingName", Text, Null, CRX),
    row("shippingAddr1", Text, Null, CRX),
    row("shippingCity", Text, Null, CRX),
    row("shippingState", Text, Null, CRX),
    row("shippingZip", Text, Null, CRX),
    row("shippingCountry", Text, Null, CRX),
    row("smartBoostAmount", Shape::Money, Null, CRX),
    row("customFields", List(CUSTOM_FIELD), EMPTY, CRX),
    row("merchandise", List(MERCHANDISE), EMPTY, CRX),
    row("bumpYourRecurring", Object(BUMP), Null, CRX),
    row("status", Text, Rule::Depends, CR),
    row("thanksUrl", Text, Rule::Depends, CR),
    row("retryUrl", Text, Rule::Depends, C),
    row("cancelledAt", Time, Required, X),
    row("recurringType", Text, BLANK, X),
    row("recurCompleted", Count, ZERO, X),
    row("recurPledged", Count, Null, X),
    row("cancellationReason", Text, Null, X),
    row("cancellationType", Text, Write("\"Other\""), X),
];

const CUSTOM_FIELD: &[Field] = &[row("label", Text, Null, CRX), row("answer", Text, Null, CRX)];

const MERCHANDISE: &[Field] =
    &[row("name", Text, BLANK, CRX), row("itemId", Count, ZERO, CRX), row("details", Free, Null, CRX)];

const BUMP: &[Field] = &[
    row("bumpRecurringLink", Text, BLANK, CRX),
    row("recurringUpsellSeen", Bool, FALSE, CRX),
    row("recurringUpsellAccepted", Bool, FALSE, CRX),
];

/// One line item.
pub(crate) const LINEITEM: &[Field] = &[
    row("sequence", Count, ZERO, CRX),
    row("entityId", Count, Required, CRX),
    row("fecId", Text, Null, CRX),
    row("committeeName", Text, BLANK, CRX),
    row("amount", Shape::Money, Required, CRX),
    row("recurringAmount", Shape::Money, Null, CRX),
    row("paidAt", Time, Required, CRX),
    row("paymentId", Count, Null, CRX),
    row("lineitemId", Count, Required, CRX),
    row("amountLessAbFees", Shape::Money, Null, C),
    row("refundedAt", Time, Required, R),
    row("disbursedAt", Time, Null, R),
    row("recoveredAt", Time, Null, R),
];

/// The `form` block.
pub(crate) const FORM: &[Field] = &[
    row("name", Text, BLANK, CRX),
    row("kind", Text, BLANK, CRX),
    row("ownerEmail", Text, Null, CRX),
    row("managingEntityName", Text, Null, CRX),
    row("managingEntityCommitteeName", Text, Null, CRX),
];

/// The native upstream message around the body.
pub(crate) const MESSAGE: &[Field] = &[
    // Read by itself: the walk needs the kind before it begins.
    row("type", Text, Null, Kinds(0)),
    row("id", Text, Null, CRX),
    row("occurred_at", Time, Null, CRX),
    row("data", Shape::Data(TOP), Required, CRX),
    row("tracking", Shape::Tracking, Null, CRX),
];
