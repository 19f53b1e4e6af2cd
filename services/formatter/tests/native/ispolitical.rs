//! `formats/ispolitical.md`

use crate::harness::{self, body, once};
use crate::reference::Occasion;
use contract::catalogue::{Scheme, fill, find};
use contract::plan::{NoPlan, OnUnclear, Plan};
use serde_json::{Value, json};

/// With these changes.
fn settings(changes: Value) -> Value {
    let mut settings = json!({
        "account": "Okonedo",
        "login": "TRIB",
        "financial_account": "Checking",
        "budget_category": "Online contributions",
    });
    if let (Some(settings), Value::Object(changes)) = (settings.as_object_mut(), changes) {
        settings.extend(changes);
    }
    settings
}

fn plan(changed_settings: Value, changes: Value) -> Plan {
    harness::plan("isp", "api", settings(changed_settings), Occasion::Contribution, changes).expect("a plan")
}

fn record(changed_settings: Value, changes: Value) -> Value {
    body(&plan(changed_settings, changes), "contribution")
}

#[test]
fn plans_are_those_of_the_specification() {
    for occasion in [Occasion::Contribution, Occasion::Instalment, Occasion::Refund] {
        harness::check("isp", "api", settings(json!({})), occasion);
    }
}

#[test]
fn cancellations_are_not_supported() {
    let why = NoPlan::NotSupported;
    harness::skipped("isp", "api", settings(json!({})), Occasion::Cancellation, Value::Null, why);
}

#[test]
fn only_approved_contributions_are_sent() {
    let changes = json!({"contribution": {"status": "pending"}});
    harness::skipped("isp", "api", settings(json!({})), Occasion::Contribution, changes, NoPlan::NotApproved);
}

#[test]
fn account_and_login_are_the_user_name() {
    let connection = find("isp").and_then(|entry| entry.connection("api")).expect("a connection");
    let Scheme::Basic { username, password } = &connection.auth else { panic!("Basic") };
    let value = |id: &str| match id {
        "account" => Some("Okonedo".to_owned()),
        "login" => Some("TRIB".to_owned()),
        "password" => Some("FICTIONAL-password".to_owned()),
        _ => None,
    };
    // In Base64 it is the credential of §1.
    let credential = fill(&format!("{username}:{password}"), value);
    assert_eq!(credential.as_deref(), Some("Okonedo|TRIB:FICTIONAL-password"));
}

#[test]
fn the_budget_category_is_that_of_the_form_or_else_the_one_of_all_others() {
    let category = |set, changes| record(set, changes)["Transactions"][0].get("BudgetCategory").cloned();
    let rows = json!([{"form": "autumn", "budget_category": "A"}, {"form": "spring-drive", "budget_category": "S"}]);
    assert_eq!(category(json!({"form_categories": rows}), Value::Null), Some(json!("S")));
    let other = json!({"contribution": {"contributionForm": "winter"}});
    assert_eq!(category(json!({"form_categories": rows}), other.clone()), Some(json!("Online contributions")));
    let none = json!({"form_categories": rows, "budget_category": "", "financial_account": ""});
    assert_eq!(category(none.clone(), other.clone()), None);
    assert_eq!(record(none, other)["Transactions"][0].get("FinancialAccount"), None);
}

#[test]
fn emails_are_opted_in_where_that_is_wanted() {
    let emails = json!([{"EmailAddress": "marisol@example.org", "OptIn": true}]);
    assert_eq!(record(json!({"email_opt_in": true}), Value::Null)["Emails"], emails);
}

#[test]
fn a_one_time_gift_by_paypal_of_an_unknown_donor() {
    let mut changes = once();
    changes["contribution"]["isPaypal"] = json!(true);
    changes["contribution"]["contributionForm"] = json!("");
    changes["contribution"]["refcodes"] = json!({"refcode": null, "refcode2": null});
    changes["contribution"]["refcode"] = Value::Null;
    changes["contribution"]["refcode2"] = Value::Null;
    changes["donor"] = json!({"email": null, "phone": null, "addr1": null});
    let record = record(json!({}), changes);
    for key in ["Emails", "Phones", "Source", "Line1"] {
        assert_eq!(record.get(key), None, "{key}");
    }
    let entry = &record["Transactions"][0];
    assert_eq!((&entry["TransactionMethod"], &entry["RecurringFrequency"]), (&json!("PayPal"), &json!("one-time")));
    assert_eq!(entry["NoteForInternal"], "order AB300000118; payment 1");
}

#[test]
fn an_unclear_answer_is_sent_again() {
    assert_eq!(plan(json!({}), Value::Null).on_unclear, OnUnclear::Retry);
}
