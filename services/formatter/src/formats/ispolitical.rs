//! The API of `ISPolitical` (`formats/ispolitical.md`): gifts and refunds as transactions, which a person there
//! matches.

use super::note::parts;
use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::{Json, object};
use crate::value::{date, phone_local};
use contract::plan::{After, Body, Capture, Check, Method, NoPlan, Operator, Plan, Rule, Scope, Step, Text};
use serde_json::{Value, json};

pub(super) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => {
            let record = Capture::json("record_id", "/id").scope(Scope::Line);
            let step = Step { capture: vec![record], ..step("contribution", contribution_body(input)) };
            Ok(input.plan(vec![step]))
        }
        Occasion::Refund => {
            Ok(Plan { after: Some(After::Line), ..input.plan(vec![step("refund", refund_body(input))]) })
        }
        Occasion::Cancellation => Err(NoPlan::NotSupported.into()),
    }
}

/// ISP tells repeats by the `UniqueIdentifier`, in words that are not known exactly.
fn step(name: &str, body: Text) -> Step {
    let known = Check::Text { matches: "duplicate|already exists|UniqueIdentifier".to_owned() };
    let failed = Check::json("/success", Operator::NotEquals(json!(true)));
    Step {
        success: vec![Rule::status(&[200, 201]).and(Check::json("/success", Operator::Equals(json!(true))))],
        duplicate: vec![Rule::status(&[200, 201, 400, 409]).and(known).and(failed)],
        ..Step::new(name, Method::Post, Body::Json(body))
    }
}

/// What one transaction says of its kind.
struct Transaction<'a> {
    kind: &'static str,
    date: Option<&'a str>,
    note: String,
    identifier: &'static str,
}

fn contribution_body(input: &Input<'_>) -> Text {
    body(
        input,
        &Transaction {
            kind: "Monetary Contribution",
            date: Some(date(input.body.lineitem().paid_at)),
            note: note(input),
            identifier: "TRIBUTARY-CONTRIBUTION",
        },
    )
}

/// Its amount is positive too: a negative contribution is read as a bounce.
fn refund_body(input: &Input<'_>) -> Text {
    body(
        input,
        &Transaction {
            kind: "Refunded Contribution",
            date: input.body.lineitem().refunded_at.map(date),
            note: format!("refund of {}; {}", input.key(), note(input)),
            identifier: "TRIBUTARY-REFUND",
        },
    )
}

fn body(input: &Input<'_>, transaction: &Transaction<'_>) -> Text {
    object(|json| {
        person(json, input);
        json.list("Transactions", |list| list.object(|json| entry(json, input, transaction)));
    })
}

fn person(json: &mut Json, input: &Input<'_>) {
    let donor = &input.body.donor;
    json.text("EntityType", Some("Individual"));
    json.text("FirstName", donor.firstname.get());
    json.text("LastName", donor.lastname.get());
    json.text("Occupation", donor.employer_data.occupation.get());
    json.text("Employer", donor.employer_data.employer.get());
    json.text("AddressType", Some("Home"));
    json.text("Line1", donor.addr1.get());
    json.text("City", donor.city.get());
    json.text("State", donor.state.get());
    json.text("ZipCode", donor.zip.get());
    json.text("Source", input.body.contribution.contribution_form.get());
    if let Some(address) = donor.email.get() {
        json.list("Emails", |list| {
            list.object(|email| {
                email.text("EmailAddress", Some(address));
                email.flag("OptIn", input.ticked("email_opt_in"));
            });
        });
    }
    if let Some(number) = phone_local(donor.phone.get(), donor.country.get()) {
        json.list("Phones", |list| {
            list.object(|phone| {
                phone.text("PhoneNumber", Some(&number));
                phone.text("PhoneType", Some("Home"));
            });
        });
    }
}

fn entry(json: &mut Json, input: &Input<'_>, transaction: &Transaction<'_>) {
    let contribution = &input.body.contribution;
    json.text("TransactionType", Some(transaction.kind));
    json.text("Amount", Some(&input.amount().decimal()));
    json.text("Date", transaction.date);
    json.text("TransactionMethod", Some(if contribution.is_paypal { "PayPal" } else { "Credit Card" }));
    json.text("FinancialAccount", input.setting("financial_account"));
    json.text("BudgetCategory", budget_category(input));
    let frequency = match contribution.recurring_period.get() {
        Some("once") => Some("one-time"),
        other => other,
    };
    json.text("RecurringFrequency", frequency);
    json.text("NoteForInternal", Some(&transaction.note));
    let id = format!("{}-{}", transaction.identifier, input.body.lineitem().lineitem_id);
    json.text("UniqueIdentifier", Some(&id));
}

/// The form's row, else the one of all other forms.
fn budget_category<'a>(input: &'a Input<'_>) -> Option<&'a str> {
    let form = input.body.contribution.contribution_form.get();
    let column = |row: &'a Value, id: &str| row.get(id).and_then(Value::as_str);
    let row = input.entries("form_categories").iter().find(|row| form.is_some() && column(row, "form") == form);
    row.and_then(|row| column(row, "budget_category")).or_else(|| input.setting("budget_category"))
}

fn note(input: &Input<'_>) -> String {
    let contribution = &input.body.contribution;
    parts(&[
        ("order", Some(input.order())),
        ("form", contribution.contribution_form.get()),
        ("payment", Some(&input.payment_no().to_string())),
        ("refcode", contribution.refcode.get()),
        ("refcode2", contribution.refcode2.get()),
    ])
}
