use super::*;
use crate::targets::trial::Trial;

const FIRST: &str = include_str!("../../../fixtures/targets/ispolitical/contribution.json");
const INSTALMENT: &str = include_str!("../../../fixtures/targets/ispolitical/instalment.json");
const REFUND: &str = include_str!("../../../fixtures/targets/ispolitical/refund.json");

const FORMS: &str = "/api/PublicForms/";

fn trial() -> Trial<IsPolitical> {
    Trial::of(IsPolitical::new("Okonedo", "TRIB", "FICTIONAL-password"))
        // The known answer of the specification.
        .with("authorization", "Basic T2tvbmVkb3xUUklCOkZJQ1RJT05BTC1wYXNzd29yZA==")
        .with("content-type", "application/json")
}

#[test]
fn the_examples_are_stored_once() {
    let mut trial = trial();
    assert_eq!(trial.post(FORMS, FIRST).clean(200).json, json!({"id": 48120, "success": true}));
    assert_eq!(trial.post(FORMS, INSTALMENT).clean(200).json["id"], 48121);
    assert_eq!(trial.post(FORMS, REFUND).clean(200).json["id"], 48122);
    for status in [200, 201, 400, 409] {
        trial.target.answer_duplicates_with(status);
        let again = trial.post(FORMS, REFUND).clean(status);
        assert_eq!((&again.json["success"], again.text.contains("Duplicate")), (&json!(false), true));
    }
    let stored: Vec<_> = trial.target.records.iter().map(|record| (record.is_refund, record.amount_cents)).collect();
    assert_eq!(stored, [(false, 2750), (false, 1500), (true, 2750)]);
    let dates: Vec<_> = trial.target.records.iter().map(|record| record.date.as_str()).collect();
    assert_eq!(dates, ["2024-03-05", "2024-04-05", "2024-03-14"]);
}

#[test]
fn a_200_can_be_a_refusal() {
    let mut trial = trial();
    trial.target.fail_inside_200(1);
    assert_eq!(trial.post(FORMS, FIRST).clean(200).json, json!({"id": null, "success": false}));
    assert!(trial.target.records.is_empty());
    assert_eq!(trial.post(FORMS, FIRST).clean(200).json["success"], true);
}

#[test]
fn credentials_are_checked_and_can_be_tested() {
    let mut trial = trial();
    trial.post("/api/Lists/", r#"{"Item": "Budget Category"}"#).clean(200);
    trial.post("/api/Lists/", r#"{"Item": "Donors"}"#).fault(200, "$.Item: ");
    trial.target.set_password("another");
    trial.post(FORMS, FIRST).fault(401, "authorization: expected the token, got another");
    assert!(trial.target.records.is_empty());
}

#[test]
fn records_are_held_against_the_specification() {
    let table = [
        ("\"27.50\"", "27.50", "$.Transactions[0].Amount: expected decimal text with two decimals, got 27.50"),
        ("\"27.50\"", "\"-27.50\"", "$.Transactions[0].Amount: "),
        ("\"2024-03-05\"", "\"2024-03-05T18:22:49-05:00\"", "$.Transactions[0].Date: "),
        ("Monetary Contribution", "Contribution", "$.Transactions[0].TransactionType: "),
        (
            "Monetary Contribution",
            "Refunded Contribution",
            "$.Transactions[0].UniqueIdentifier: expected TRIBUTARY-REFUND-",
        ),
        ("\"Credit Card\"", "\"CreditCard\"", "$.Transactions[0].TransactionMethod: "),
        ("\"monthly\"", "\"once\"", "$.Transactions[0].RecurringFrequency: "),
        ("\"Checking\"", "\"\"", "$.Transactions[0].FinancialAccount: "),
        ("; payment 1; refcode em-0305", "; refcode em-0305; payment 1", "$.Transactions[0].NoteForInternal: "),
        (
            "order AB300000118",
            "refund of tributary-612004411; order AB300000118",
            "NoteForInternal: expected \"refund of",
        ),
        ("TRIBUTARY-CONTRIBUTION-612004411", "612004411", "$.Transactions[0].UniqueIdentifier: "),
        ("\"OptIn\": false", "\"OptIn\": \"false\"", "$.Emails[0].OptIn: "),
        (
            "{\"EmailAddress\": \"marisol@example.org\", \"OptIn\": false}",
            "",
            "$.Emails: expected a list of 1, got a list of 0",
        ),
        ("\"9375550142\"", "\"19375550142\"", "$.Phones[0].PhoneNumber: "),
        ("\"Individual\"", "\"individual\"", "$.EntityType: "),
        ("\"Employer\": \"Dayton Transit\"", "\"Employer\": null", "$.Employer: "),
        ("\"ZipCode\"", "\"zipCode\"", "$.zipCode: expected no such field"),
        ("\"Line1\"", "\"Country\": \"US\", \"Line1\"", "$.Country: expected no such field"),
    ];
    let mut trial = trial();
    trial.refuses(200, FORMS, FIRST, &table);
    let long = format!("\"{}\"", "x".repeat(101));
    trial.refuses(200, FORMS, FIRST, &[("\"Online contributions\"", &long, "$.Transactions[0].BudgetCategory: ")]);
    let refund = [
        ("refund of tributary-612004411; ", "", "NoteForInternal: expected \"refund of"),
        ("refund of tributary-612004411", "refund of tributary-1", "NoteForInternal: expected \"refund of"),
        ("TRIBUTARY-REFUND", "TRIBUTARY-CONTRIBUTION", "UniqueIdentifier: expected TRIBUTARY-REFUND-"),
    ];
    trial.refuses(200, FORMS, REFUND, &refund);
    trial.refuses(400, FORMS, FIRST, &[("{", "", "$: expected JSON")]);
    trial.post("/api/PublicForms", FIRST).fault(404, "path: ");
    trial.set("content-type", "text/json");
    trial.post(FORMS, FIRST).fault(400, "content-type: ");
    assert!(trial.target.records.is_empty());
}

#[test]
fn what_a_donor_did_not_tell_is_left_out() {
    let mut trial = trial();
    let without = [
        ("\"Emails\": [\n    {\"EmailAddress\": \"marisol@example.org\", \"OptIn\": false}\n  ],", ""),
        ("\"Employer\": \"Dayton Transit\",", ""),
        ("\"FinancialAccount\": \"Checking\",", ""),
        ("\"monthly\"", "\"one-time\""),
        ("\"Credit Card\"", "\"PayPal\""),
        ("; refcode em-0305; refcode2 seg-b", "; refcode2 seg; b"),
    ];
    trial.takes(200, FORMS, FIRST, &without);
    assert_eq!(trial.target.records[0].email, "");
}

#[test]
fn nothing_hollow_is_taken() {
    let mut trial = trial();
    trial.takes_nothing_hollow("POST", FORMS, FIRST);
    trial.takes_nothing_hollow("POST", FORMS, REFUND);
    assert!(trial.target.records.is_empty());
}
