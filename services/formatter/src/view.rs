//! A typed view of an event's canonical body: what native formats read. Nothing in it is copied but text with
//! escapes.

use contract::body::{Money, parse_time};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// Text; the empty one and null are none, and it is trimmed (`formats/plans.md` §3).
#[derive(Debug, Clone, Default)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The text, if there is one.
    pub(crate) fn get(&self) -> Option<&str> {
        Some(self.0.trim()).filter(|text| !text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);
        let text = Option::<Borrowed<'a>>::deserialize(deserializer)?;
        Ok(Self(text.map_or_else(Cow::default, |text| text.0)))
    }
}

/// A time that keeps the text it was read from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time<'a> {
    /// As the body says it: RFC 3339 in US Eastern wall time.
    pub(crate) text: &'a str,
    /// The instant.
    pub(crate) at: Timestamp,
}

impl<'de: 'a, 'a> Deserialize<'de> for Time<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        let at = parse_time(text).ok_or_else(|| serde::de::Error::custom("a time"))?;
        Ok(Self { text, at })
    }
}

/// An amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) Money);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        Money::parse(text).map(Self).ok_or_else(|| serde::de::Error::custom("an amount"))
    }
}

/// The body of an event with its one line item.
#[derive(Debug, Deserialize)]
pub(crate) struct Body<'a> {
    #[serde(borrow)]
    pub(crate) donor: Donor<'a>,
    #[serde(borrow)]
    pub(crate) contribution: Contribution<'a>,
    #[serde(borrow)]
    lineitems: [LineItem<'a>; 1],
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Donor<'a> {
    #[serde(borrow, default)]
    pub(crate) firstname: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) lastname: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) addr1: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) city: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) state: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) zip: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) country: Text<'a>,
    #[serde(borrow)]
    pub(crate) employer_data: Employer<'a>,
    #[serde(borrow, default)]
    pub(crate) email: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) phone: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "what upstream calls them")]
pub(crate) struct Employer<'a> {
    #[serde(borrow, default)]
    pub(crate) employer: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) occupation: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) employer_addr1: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) employer_city: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) employer_state: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) employer_zip: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "what upstream calls them")]
pub(crate) struct Contribution<'a> {
    #[serde(borrow)]
    pub(crate) created_at: Time<'a>,
    #[serde(borrow)]
    pub(crate) order_number: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) contribution_form: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) refcode: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) refcode2: Text<'a>,
    /// `once`, `monthly` or `weekly`.
    #[serde(borrow, default)]
    pub(crate) recurring_period: Text<'a>,
    pub(crate) is_recurring: bool,
    pub(crate) is_paypal: bool,
    #[serde(borrow, default)]
    pub(crate) text_message_option: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) custom_fields: Vec<CustomField<'a>>,
    #[serde(borrow, default)]
    pub(crate) status: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) cancelled_at: Option<Time<'a>>,
    /// `Active`, `Lapsed` or `Other`.
    #[serde(borrow, default)]
    pub(crate) cancellation_type: Text<'a>,
}

/// An answer of the donor to a question of the form.
#[derive(Debug, Deserialize)]
pub(crate) struct CustomField<'a> {
    #[serde(borrow, default)]
    pub(crate) label: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) answer: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LineItem<'a> {
    pub(crate) sequence: u64,
    pub(crate) entity_id: u64,
    #[serde(borrow, default)]
    pub(crate) committee_name: Text<'a>,
    pub(crate) amount: Amount,
    pub(crate) recurring_amount: Option<Amount>,
    #[serde(borrow)]
    pub(crate) paid_at: Time<'a>,
    pub(crate) lineitem_id: u64,
    #[serde(borrow, default)]
    pub(crate) refunded_at: Option<Time<'a>>,
}

impl<'a> Body<'a> {
    /// Reads a canonical body.
    pub(crate) fn read(json: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    pub(crate) fn lineitem(&self) -> &LineItem<'a> {
        let [lineitem] = &self.lineitems;
        lineitem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_bodies_are_read() {
        for json in [
            include_str!("../tests/golden/contribution.json"),
            include_str!("../tests/golden/refund.json"),
            include_str!("../tests/golden/cancellation.json"),
        ] {
            let body = Body::read(json).expect("a canonical body");
            assert!(body.contribution.order_number.get().is_some());
            assert!(body.lineitem().lineitem_id > 0);
        }
    }
}
