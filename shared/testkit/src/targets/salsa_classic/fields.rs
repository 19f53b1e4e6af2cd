//! The fields of each object (`formats/salsa.md` A3).

use crate::targets::check::{
    COUNTRY, DEC2, DIGITS, EMAIL, Form, KEY, ORDER, PHONE_LOCAL, TEXT, WALL, is_date, is_dec2, is_digits, is_order,
    is_text, may, must,
};

pub(super) const CONTRIBUTION_NOTE: &str = "NAME, with ; payment N; PERIOD if recurring";

pub(super) const SUPPORTER: Form = Form::Object(&[
    must("object", Form::Word(&["supporter"])),
    may("organization_KEY", DIGITS),
    must("Email", EMAIL),
    may("First_Name", TEXT),
    may("Last_Name", TEXT),
    may("Phone", PHONE_LOCAL),
    may("Street", TEXT),
    may("City", TEXT),
    may("State", TEXT),
    may("Zip", TEXT),
    may("Country", COUNTRY),
    may("Occupation", TEXT),
    may("tag", TEXT),
]);

pub(super) const DONATION: Form = Form::Object(&[
    must("object", Form::Word(&["donation"])),
    must("Email", EMAIL),
    may("First_Name", TEXT),
    may("Last_Name", TEXT),
    must("amount", DEC2),
    must("Transaction_Date", WALL),
    must("Transaction_Type", Form::Word(&["Recurring", "Donation"])),
    must("Form_Of_Payment", Form::Word(&["Credit Card", "Other"])),
    must("Status", Form::Word(&["Donation Only"])),
    must("RESULT", Form::Word(&["0"])),
    must("Order_Info", ORDER),
    must("uid", KEY),
    may("Tracking_Code", TEXT),
    may("Donation_Tracking_Code", TEXT),
    must("Designation_Code", DIGITS),
    may("Employer", TEXT),
    may("Occupation", TEXT),
    may("Employer_Street", TEXT),
    may("Employer_City", TEXT),
    may("Employer_State", TEXT),
    may("Employer_Zip", TEXT),
    must("Note", TEXT),
    may("tag", TEXT),
]);

/// `formats/salsa.md` A2.3 and A4
pub(super) const REFUND: Form = Form::Object(&[
    must("object", Form::Word(&["donation"])),
    must("key", DIGITS),
    must("amount", Form::Word(&["0.00"])),
    must("Note", Form::Text("Refunded AMOUNT on DATE; order ORDER", |note| refunded(note).is_some())),
]);

/// Amount and order of a refund's note.
pub(super) fn refunded(note: &str) -> Option<(&str, &str)> {
    let (amount, rest) = note.strip_prefix("Refunded ")?.split_once(" on ")?;
    let (date, order) = rest.split_once("; order ")?;
    (is_dec2(amount) && is_date(date) && is_order(order)).then_some((amount, order))
}

/// A note of a gift: the committee, and for a series the number of the payment and the period.
pub(super) fn is_note(note: &str, recurring: bool) -> bool {
    let series = note.rsplit_once("; payment ");
    match series.and_then(|(name, rest)| Some((name, rest.split_once("; ")?))) {
        Some((name, (number, period))) => {
            recurring && is_text(name) && is_digits(number) && number != "0" && matches!(period, "weekly" | "monthly")
        }
        None => !recurring && series.is_none(),
    }
}
