//! Salsa Classic (`formats/salsa.md` A): supporters and donations in one save.

use crate::form::Form;
use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::value::{date, eastern, iso2, phone_local};
use contract::plan::{After, Body, Capture, Check, From, Method, NoPlan, Part, Plan, Reference, Rule, Scope, Step, To};

/// In the ledger, of a line: the donation that Salsa made.
const DONATION: &str = "donation_key";
/// The same: the donor's record.
const SUPPORTER: &str = "supporter_key";

pub(super) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => donation(input),
        Occasion::Refund if input.ticked("refunds") => Ok(refund(input)),
        Occasion::Refund | Occasion::Cancellation => Err(NoPlan::NotSupported.into()),
    }
}

/// Saving never charges a card. The order of the objects links the donation to the supporter.
fn donation(input: &Input<'_>) -> Result<Plan, Refusal> {
    let email = input.body.donor.email.get().ok_or(NoPlan::NoEmail)?;
    let mut form = Form::default();
    form.text("xml", Some("xml"));
    supporter_fields(&mut form, input, email);
    donation_fields(&mut form, input, email);
    let saved = Rule::status(&[200])
        .and(Check::xml("success", &[("object", "supporter")]))
        .and(Check::xml("success", &[("object", "donation")]))
        .and(Check::no_xml("error"));
    Ok(input.plan(vec![Step {
        success: vec![saved],
        capture: vec![key(DONATION, "donation").required(), key(SUPPORTER, "supporter")],
        ..save("donation", form.body())
    }]))
}

/// Salsa has no refunds, so the donation's amount becomes zero. Doing so again changes nothing.
fn refund(input: &Input<'_>) -> Plan {
    let donation = Reference::Line(DONATION.to_owned());
    let refunded = format!("{} on {}", input.amount().decimal(), date(input.moved_at()));
    let mut form = Form::default();
    form.text("xml", Some("xml"));
    form.text("object", Some("donation"));
    form.reference("key", donation.clone());
    form.text("amount", Some("0.00"));
    form.text("Note", Some(&format!("Refunded {refunded}; order {}", input.order())));
    let step = Step {
        repeatable: true,
        success: vec![Rule::status(&[200]).and(Check::xml("success", &[("object", "donation")]))],
        ..save("refund", form.body())
    };
    Plan { after: Some(After::Line), requires: vec![donation], ..input.plan(vec![step]) }
}

fn save(name: &str, body: Body) -> Step {
    Step { to: To::Path(Part::text("/save")), ..Step::new(name, Method::Post, body) }
}

/// The key of the saved object.
fn key(name: &str, object: &str) -> Capture {
    let from = From::Xml {
        element: "success".to_owned(),
        attributes: vec![("object".to_owned(), object.to_owned())],
        attribute: "key".to_owned(),
    };
    Capture { from, ..Capture::json(name, "") }.scope(Scope::Line)
}

fn supporter_fields(form: &mut Form, input: &Input<'_>, email: &str) {
    let donor = &input.body.donor;
    form.text("object", Some("supporter"));
    form.text("organization_KEY", input.setting("organization_key"));
    name(form, input, email);
    form.text("Phone", phone_local(donor.phone.get(), donor.country.get()).as_deref());
    form.text("Street", donor.addr1.get());
    form.text("City", donor.city.get());
    form.text("State", donor.state.get());
    form.text("Country", iso2(donor.country.get()));
    form.text("Zip", donor.zip.get());
    form.text("Occupation", donor.employer_data.occupation.get());
    form.text("tag", input.body.contribution.contribution_form.get());
}

fn donation_fields(form: &mut Form, input: &Input<'_>, email: &str) {
    let (contribution, lineitem) = (&input.body.contribution, input.body.lineitem());
    let employer = &input.body.donor.employer_data;
    form.text("object", Some("donation"));
    name(form, input, email);
    form.text("amount", Some(&input.amount().decimal()));
    form.text("Transaction_Date", Some(&eastern(lineitem.paid_at)));
    form.text("Transaction_Type", Some(if input.recurring() { "Recurring" } else { "Donation" }));
    form.text("Form_Of_Payment", Some(if contribution.is_paypal { "Other" } else { "Credit Card" }));
    form.text("Status", Some("Donation Only"));
    form.text("RESULT", Some("0"));
    form.text("Order_Info", Some(input.order()));
    form.text("uid", Some(&input.key()));
    form.text("Tracking_Code", contribution.refcode.get());
    form.text("Donation_Tracking_Code", contribution.refcode2.get());
    form.text("Designation_Code", Some(&lineitem.entity_id.to_string()));
    form.text("Employer", employer.employer.get());
    form.text("Employer_Street", employer.employer_addr1.get());
    form.text("Employer_City", employer.employer_city.get());
    form.text("Employer_State", employer.employer_state.get());
    form.text("Employer_Zip", employer.employer_zip.get());
    form.text("Occupation", employer.occupation.get());
    form.text("Note", Some(&note(input)));
    form.text("tag", contribution.contribution_form.get());
}

fn name(form: &mut Form, input: &Input<'_>, email: &str) {
    form.text("Email", Some(email));
    form.text("First_Name", input.body.donor.firstname.get());
    form.text("Last_Name", input.body.donor.lastname.get());
}

/// `Okonedo for Harbor County; payment 1; monthly`, the last two of a series only.
fn note(input: &Input<'_>) -> String {
    let payment = input.recurring().then(|| format!("payment {}", input.payment_no()));
    let parts = [input.body.lineitem().committee_name.get(), payment.as_deref(), input.period()];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
