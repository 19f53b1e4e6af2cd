//! The note of a gift, for targets that have no fields of their own for what it says.

use crate::input::Input;

/// `order AB300000118; form spring-drive; payment 1 monthly; refcode2 seg-b`
pub(super) fn note(input: &Input<'_>) -> String {
    let contribution = &input.body.contribution;
    let payment = match input.period() {
        Some(period) => format!("{} {period}", input.payment_no()),
        None => input.payment_no().to_string(),
    };
    parts(&[
        ("order", Some(input.order())),
        ("form", contribution.contribution_form.get()),
        ("payment", Some(&payment)),
        ("refcode2", contribution.refcode2.get()),
    ])
}

/// Names and values; parts without value are left out.
pub(super) fn parts(parts: &[(&str, Option<&str>)]) -> String {
    let told = parts.iter().filter_map(|(name, value)| Some(format!("{name} {}", (*value)?)));
    told.collect::<Vec<_>>().join("; ")
}
