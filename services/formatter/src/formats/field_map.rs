//! Custom field maps: what a customer wants in fields that exist in their account only (`formats/plans.md` §3).

use crate::input::Input;
use contract::catalogue::QUESTION;
use serde_json::Value;
use std::borrow::Cow;

/// Names in the target and what the event has for them, in the order of the map. Of two rows for one name the first
/// that has a value counts.
pub(super) fn mapped<'a>(input: &'a Input<'_>, setting: &str) -> Vec<(&'a str, Cow<'a, str>)> {
    let mut found: Vec<(&str, Cow<'_, str>)> = Vec::new();
    for row in input.entries(setting) {
        let column = |id| row.get(id).and_then(Value::as_str);
        let (Some(wanted), Some(name)) = (column("value"), column("name")) else { continue };
        if found.iter().all(|(known, _)| *known != name) {
            found.extend(value(input, wanted).map(|value| (name, value)));
        }
    }
    found
}

/// One of [`contract::catalogue::MAPPED_VALUES`], or the answer to a question.
fn value<'a>(input: &'a Input<'_>, wanted: &str) -> Option<Cow<'a, str>> {
    let (contribution, employer) = (&input.body.contribution, &input.body.donor.employer_data);
    let text = match wanted {
        "employer" => employer.employer.get(),
        "occupation" => employer.occupation.get(),
        "order_number" => Some(input.order()),
        "lineitem_id" => return Some(input.body.lineitem().lineitem_id.to_string().into()),
        "form" => contribution.contribution_form.get(),
        "refcode" => contribution.refcode.get(),
        "refcode2" => contribution.refcode2.get(),
        "recipient" => input.body.lineitem().committee_name.get(),
        "payment_number" => return Some(input.payment_no().to_string().into()),
        "recurring_period" => input.period(),
        _ => answer(input, wanted.strip_prefix(QUESTION)?.trim()),
    };
    text.map(Cow::Borrowed)
}

fn answer<'a>(input: &'a Input<'_>, label: &str) -> Option<&'a str> {
    let mut fields = input.body.contribution.custom_fields.iter();
    fields.find(|field| field.label.get() == Some(label))?.answer.get()
}
