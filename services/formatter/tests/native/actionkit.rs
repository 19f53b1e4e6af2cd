//! `formats/actionkit.md`

use crate::harness::{self, body, once, steps};
use crate::reference::Occasion;
use contract::plan::{Condition, NoPlan, OnUnclear, Plan, Reference, Scope};
use serde_json::{Value, json};

fn settings() -> Value {
    json!({"host": "ak.okonedo.example.org", "username": "tributary"})
}

fn plan(occasion: Occasion, changes: Value) -> Plan {
    harness::plan("actionkit", "api", settings(), occasion, changes).expect("a plan")
}

#[test]
fn plans_are_those_of_the_specification() {
    for occasion in Occasion::ALL {
        harness::check("actionkit", "api", settings(), occasion);
    }
}

#[test]
fn donors_without_an_email_address_are_skipped() {
    for occasion in [Occasion::Contribution, Occasion::Instalment] {
        let changes = json!({"donor": {"email": null}});
        harness::skipped("actionkit", "api", settings(), occasion, changes, NoPlan::NoEmail);
    }
    let changes = json!({"donor": {"email": null}});
    assert_eq!(steps(&plan(Occasion::Refund, changes.clone())), ["find", "order", "transaction"]);
    assert_eq!(steps(&plan(Occasion::Cancellation, changes)), ["cancel"]);
}

#[test]
fn a_one_time_gift_belongs_to_no_series() {
    let plan = plan(Occasion::Contribution, once());
    assert_eq!((steps(&plan), plan.series.as_deref(), plan.remember.as_slice()), (vec!["push"], None, &[][..]));
    assert_eq!(plan.steps[0].capture[0].scopes, [Scope::Line]);
    let body = body(&plan, "push");
    assert_eq!(body["order"].get("recurring_id").or(body["order"].get("recurring_period")), None);
    assert_eq!(body["action"]["fields"].get("recurrence_number"), None);
}

#[test]
fn the_profile_is_changed_only_when_later_payments_differ() {
    for later in [json!("27.50"), Value::Null] {
        let lineitem = json!({"entityId": 48213, "amount": "27.5", "recurringAmount": later,
            "paidAt": "2024-03-05T18:22:49-05:00", "lineitemId": 612_004_411});
        let plan = plan(Occasion::Contribution, json!({"lineitems": [lineitem]}));
        assert_eq!(steps(&plan), ["push"]);
        assert_eq!((plan.remember[0].name.as_str(), plan.remember[0].value.as_str()), ("profile_amount", "27.50"));
    }
}

#[test]
fn a_profile_of_unknown_amount_gets_that_of_the_instalment_which_is_pushed_as_an_order() {
    let plan = plan(Occasion::Instalment, Value::Null);
    assert_eq!(steps(&plan), ["lookup", "profile", "payment", "push", "pushed_profile"]);
    assert_eq!(plan.steps[4].when, [Condition::Present(Reference::Capture("order_id".to_owned()))]);
    assert_eq!(body(&plan, "pushed_profile")["amount"], "15.00");
    let not_pushed = Condition::Absent(Reference::Line("order_id".to_owned()));
    assert!(plan.steps[2].when.contains(&not_pushed), "a plan that is made anew pays no second time");
}

#[test]
fn unclear_answers_are_retried() {
    assert!(Occasion::ALL.iter().all(|occasion| plan(*occasion, Value::Null).on_unclear == OnUnclear::Retry));
}

#[test]
fn settings_and_the_way_of_paying_are_heard() {
    let settings = json!({"host": "ak.example.org", "username": "u", "payment_account": "Stub 2", "page_prefix": "x_"});
    let changes = json!({"contribution": {"isPaypal": true, "recurringPeriod": "weekly"}});
    let plan = harness::plan("actionkit", "api", settings, Occasion::Contribution, changes).expect("a plan");
    let body = body(&plan, "push");
    assert_eq!(body["donationpage"], json!({"name": "x_spring-drive", "payment_account": "Stub 2"}));
    assert_eq!((&body["order"]["card_num"], &body["order"]["recurring_period"]), (&json!("PYPL"), &json!("weeks")));
}

#[test]
fn addresses_abroad_have_a_region_and_a_postal_code() {
    let donor = json!({"donor": {"country": "Canada", "state": "QC", "zip": "H2X 1Y4"}});
    let user = body(&plan(Occasion::Contribution, donor), "push")["user"].clone();
    assert_eq!((&user["region"], &user["postal"]), (&json!("QC"), &json!("H2X 1Y4")));
    assert_eq!(user.get("state").or(user.get("zip")), None);
    let unknown = body(&plan(Occasion::Contribution, json!({"donor": {"country": null}})), "push")["user"].clone();
    assert_eq!((&unknown["state"], unknown.get("country")), (&json!("OH"), None));
}

#[test]
fn an_answer_never_stands_in_the_place_of_another_value() {
    let fields = json!([{"label": "Form", "answer": "A"}, {"label": "form!", "answer": "B"}]);
    let plan = plan(Occasion::Contribution, json!({"contribution": {"customFields": fields}}));
    let fields = body(&plan, "push")["action"]["fields"].clone();
    assert_eq!(
        (&fields["form"], &fields["form_2"], &fields["form_3"]),
        (&json!("spring-drive"), &json!("A"), &json!("B"))
    );
}

#[test]
fn who_cancelled_is_told_in_actionkits_words() {
    for (given, told) in [("Active", "user"), ("Lapsed", "processor"), ("Other", "admin")] {
        let plan = plan(Occasion::Cancellation, json!({"contribution": {"cancellationType": given}}));
        assert_eq!(body(&plan, "cancel")["canceled_by"], told);
    }
    let plan = plan(Occasion::Cancellation, json!({"contribution": {"cancellationType": "Else"}}));
    assert_eq!(body(&plan, "cancel").get("canceled_by"), None);
}
