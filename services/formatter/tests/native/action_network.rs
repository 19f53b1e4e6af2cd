//! `formats/action-network.md`

use crate::harness::{self, body, once, steps};
use crate::reference::Occasion;
use contract::plan::{NoPlan, OnUnclear, Part, Plan, To};
use serde_json::{Value, json};

fn settings() -> Value {
    json!({"tags": ["tributary-donor"], "mark_person": true})
}

fn plan(settings: Value, occasion: Occasion, changes: Value) -> Plan {
    harness::plan("action_network", "api", settings, occasion, changes).expect("a plan")
}

#[test]
fn plans_are_those_of_the_specification() {
    for occasion in Occasion::ALL {
        harness::check("action_network", "api", settings(), occasion);
    }
}

#[test]
fn refunds_and_cancellations_are_marked_only_where_that_is_wanted() {
    for occasion in [Occasion::Refund, Occasion::Cancellation] {
        harness::skipped("action_network", "api", json!({}), occasion, Value::Null, NoPlan::NotSupported);
    }
}

#[test]
fn donors_without_email_and_phone_are_skipped() {
    for occasion in Occasion::ALL {
        for phone in [Value::Null, json!("call me")] {
            let changes = json!({"donor": {"email": null, "phone": phone}});
            harness::skipped("action_network", "api", settings(), occasion, changes, NoPlan::NoContact);
        }
    }
}

#[test]
fn people_without_an_email_address_are_named_by_phone() {
    for occasion in [Occasion::Refund, Occasion::Cancellation] {
        let person = body(&plan(settings(), occasion, json!({"donor": {"email": null}})), "person")["person"].clone();
        assert_eq!(person["phone_numbers"], json!([{"number": "19375550142"}]));
        assert_eq!(person.get("email_addresses"), None);
    }
}

#[test]
fn a_page_of_the_settings_is_used_as_it_is() {
    let id = "0d5c0a55-6c1f-4b0a-9a7e-2f3b1c9d8e77";
    for given in [id.to_owned(), format!("action_network:{id}")] {
        let plan = plan(json!({"page_id": given}), Occasion::Contribution, Value::Null);
        assert_eq!(steps(&plan), ["donation"]);
        let To::Path(path) = &plan.steps[0].to else { panic!("a path") };
        let path = path.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            _ => "a reference",
        });
        assert_eq!(path.collect::<String>(), format!("/fundraising_pages/{id}/donations/"));
    }
}

#[test]
fn unclear_donations_are_held_unless_the_customer_chose_otherwise() {
    assert_eq!(plan(json!({}), Occasion::Contribution, Value::Null).on_unclear, OnUnclear::Hold);
    let again = plan(json!({"after_unclear": "send_again"}), Occasion::Contribution, Value::Null);
    assert_eq!(again.on_unclear, OnUnclear::Retry);
}

#[test]
fn a_one_time_gift_has_no_recurrence() {
    let plan = plan(json!({}), Occasion::Contribution, once());
    let body = body(&plan, "donation");
    assert_eq!(
        (plan.series.as_deref(), body.get("action_network:recurrence"), body.get("add_tags")),
        (None, None, None)
    );
    assert_eq!(body["payment"]["authorization_stored"], false);
    assert_eq!(body["person"]["custom_fields"].get("tributary_payment_number"), None);
}

#[test]
fn period_and_way_of_paying_are_told_in_action_networks_words() {
    let changes = json!({"contribution": {"isPaypal": true, "recurringPeriod": "weekly"}});
    let body = body(&plan(json!({}), Occasion::Contribution, changes), "donation");
    assert_eq!(body["action_network:recurrence"], json!({"recurring": true, "period": "Weekly"}));
    assert_eq!(body["payment"]["method"], "PayPal");
}

#[test]
fn a_contribution_without_a_form_gets_a_page_with_a_title() {
    let plan = plan(json!({}), Occasion::Contribution, json!({"contribution": {"contributionForm": ""}}));
    assert_eq!(plan.steps[0].capture[0].name, "page:contributions");
    assert_eq!(body(&plan, "page")["title"], "contributions");
}
