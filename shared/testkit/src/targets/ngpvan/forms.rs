//! The bodies of `formats/ngpvan.md` §3.

use crate::targets::check::{
    COUNTRY, DATE, EMAIL, Field, Form, INTEGER, KEY, NUM, PHONE_LOCAL, TEXT, UTC, is_digits, is_note_of, is_order,
    is_text, may, must,
};

/// Employer and occupation.
const DISCLOSURES: usize = 2;

const NOTES: Form = Form::Text("order ORDER; form FORM; payment N PERIOD; refcode2 CODE", |text| {
    is_note_of(text, &[("order ", is_order), ("form ", is_text), ("payment ", is_payment), ("refcode2 ", is_text)])
});

/// Its number and the period of its series.
fn is_payment(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(number, period)| {
        is_digits(number) && number != "0" && ["once", "weekly", "monthly"].contains(&period)
    })
}

/// `POST /people/findOrCreate`
pub(super) static PERSON: Form = Form::Object(&[
    may("firstName", TEXT),
    may("lastName", TEXT),
    may("employer", TEXT),
    may("occupation", TEXT),
    may("emails", Form::List(1, 1, &Form::Object(&[must("email", EMAIL), must("isPreferred", Form::Only(true))]))),
    may(
        "phones",
        Form::List(1, 1, &Form::Object(&[must("phoneNumber", PHONE_LOCAL), must("phoneType", Form::Word(&["H"]))])),
    ),
    may("addresses", Form::List(1, 1, &Form::Object(ADDRESS_FIELDS))),
]);

const ADDRESS_FIELDS: &[Field] = &[
    may("addressLine1", TEXT),
    may("city", TEXT),
    may("stateOrProvince", TEXT),
    may("zipOrPostalCode", TEXT),
    may("countryCode", COUNTRY),
    must("type", Form::Word(&["H"])),
];

/// `POST /contributions`
pub(super) static CONTRIBUTION: Form = Form::Object(&[
    must("contact", Form::Object(&[must("vanId", INTEGER)])),
    must("designation", Form::Object(&[must("designationId", INTEGER)])),
    must("dateReceived", UTC),
    must("amount", NUM),
    must("status", Form::Word(&["Settled"])),
    must("paymentType", Form::Word(&["CreditCard", "ElectronicPaySystem"])),
    must("onlineReferenceNumber", KEY),
    may("directMarketingCode", TEXT),
    may("notes", NOTES),
    may("disclosureFieldValues", Form::List(1, DISCLOSURES, &Form::Object(DISCLOSURE_FIELDS))),
    may("financialBatchId", INTEGER),
]);

const DISCLOSURE_FIELDS: &[Field] =
    &[must("disclosureFieldId", INTEGER), must("disclosureFieldValue", TEXT), must("designationId", INTEGER)];

/// `POST /contributions/ID/adjustments`
pub(super) static ADJUSTMENT: Form =
    Form::Object(&[must("adjustmentType", Form::Word(&["Refund"])), must("amount", NUM), must("datePosted", DATE)]);
