//! The body of `formats/ispolitical.md` §3.

use crate::targets::check::{
    DATE, DEC2, EMAIL, Field, Form, PHONE_LOCAL, TEXT, is_digits, is_key, is_note_of, is_order, is_text, may, must,
};

/// Longest financial account and budget category.
const ACCOUNT_CHARS: usize = 100;

const ACCOUNT: Form =
    Form::Text("a text of at most 100 characters", |text| is_text(text) && text.chars().count() <= ACCOUNT_CHARS);

const IDENTIFIER: Form = Form::Text("TRIBUTARY-CONTRIBUTION- or TRIBUTARY-REFUND- and a line item id", |text| {
    ["TRIBUTARY-CONTRIBUTION-", "TRIBUTARY-REFUND-"]
        .iter()
        .any(|prefix| text.strip_prefix(prefix).is_some_and(is_digits))
});

const NOTE: Form = Form::Text("order ORDER; form FORM; payment N; refcode CODE; refcode2 CODE", |text| {
    let rest = text.strip_prefix("refund of ").and_then(|rest| rest.split_once("; "));
    let note = rest.filter(|(key, _)| is_key(key)).map_or(text, |(_, note)| note);
    is_note_of(
        note,
        &[
            ("order ", is_order),
            ("form ", is_text),
            ("payment ", is_digits),
            ("refcode ", is_text),
            ("refcode2 ", is_text),
        ],
    )
});

/// One record.
pub(super) static RECORD: Form = Form::Object(&[
    must("EntityType", Form::Word(&["Individual"])),
    may("FirstName", TEXT),
    may("LastName", TEXT),
    may("Occupation", TEXT),
    may("Employer", TEXT),
    must("AddressType", Form::Word(&["Home"])),
    may("Line1", TEXT),
    may("City", TEXT),
    may("State", TEXT),
    may("ZipCode", TEXT),
    must("Source", TEXT),
    may("Emails", Form::List(1, 1, &Form::Object(&[must("EmailAddress", EMAIL), must("OptIn", Form::Bool)]))),
    may(
        "Phones",
        Form::List(1, 1, &Form::Object(&[must("PhoneNumber", PHONE_LOCAL), must("PhoneType", Form::Word(&["Home"]))])),
    ),
    must("Transactions", Form::List(1, 1, &Form::Object(TRANSACTION_FIELDS))),
]);

const TRANSACTION_FIELDS: &[Field] = &[
    must("TransactionType", Form::Word(&["Monetary Contribution", "Refunded Contribution"])),
    must("Amount", DEC2),
    must("Date", DATE),
    must("TransactionMethod", Form::Word(&["Credit Card", "PayPal"])),
    may("FinancialAccount", ACCOUNT),
    may("BudgetCategory", ACCOUNT),
    must("RecurringFrequency", Form::Word(&["one-time", "weekly", "monthly"])),
    must("NoteForInternal", NOTE),
    must("UniqueIdentifier", IDENTIFIER),
];

/// The question of the credentials check.
pub(super) static LIST: Form = Form::Object(&[must("Item", Form::Word(&["Budget Category"]))]);
