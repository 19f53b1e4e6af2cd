use super::*;
use crate::targets::trial::Trial;

const PAGE: &str = include_str!("../../../fixtures/targets/action_network/page.json");
const CONTRIBUTION: &str = include_str!("../../../fixtures/targets/action_network/contribution.json");
const INSTALMENT: &str = include_str!("../../../fixtures/targets/action_network/instalment.json");
const REFUND: &str = include_str!("../../../fixtures/targets/action_network/refund.json");
const CANCELLATION: &str = include_str!("../../../fixtures/targets/action_network/cancellation.json");

const PAGES: &str = "/api/v2/fundraising_pages";
const PEOPLE: &str = "/api/v2/people/";

fn trial() -> Trial<ActionNetwork> {
    Trial::of(ActionNetwork::new("FICTIONAL"))
        .with("osdi-api-token", "FICTIONAL")
        .with("content-type", "application/json")
        .with("accept", ACCEPT)
}

/// With a page, and the path of its donations.
fn with_page() -> (Trial<ActionNetwork>, String) {
    let mut trial = trial();
    let page = trial.target.add_page();
    (trial, format!("{PAGES}/{page}/donations/"))
}

#[test]
fn a_page_is_made_once_and_takes_donations() {
    let mut trial = trial();
    let made = trial.post(PAGES, PAGE).clean(200);
    let href = made.json["_links"]["self"]["href"].as_str().unwrap().to_owned();
    let again = trial.post(PAGES, PAGE).clean(200);
    assert_eq!(again.json["_links"]["self"]["href"], href);
    let id = href.rsplit('/').next().unwrap().to_owned();
    assert!(id.len() == 36 && href.ends_with(&format!("/fundraising_pages/{id}")), "{href}");
    let donations = format!("{PAGES}/{id}/donations/");
    let first = trial.post(&donations, CONTRIBUTION).clean(200);
    assert_eq!(first.json["identifiers"][0], "tributary:wh_3f9c2a-612004411");
    let second = trial.post(&donations, INSTALMENT).clean(200);
    assert_ne!(first.json["_links"], second.json["_links"]);
    let gifts: Vec<_> = trial.target.donations.iter().map(|gift| (gift.amount_cents, gift.order.as_str())).collect();
    assert_eq!(gifts, [(2750, "AB300000118"), (1500, "AB300000118")]);
    assert_eq!(trial.target.pages.len(), 1);
}

#[test]
fn donations_are_not_deduplicated() {
    let (mut trial, donations) = with_page();
    for _ in 0..2 {
        trial.post(&donations, CONTRIBUTION).clean(200);
    }
    assert_eq!(trial.target.donations.len(), 2);
}

#[test]
fn refunds_and_cancellations_are_marks() {
    let mut trial = trial();
    for body in [REFUND, CANCELLATION] {
        trial.post(PEOPLE, body).clean(200);
    }
    let marks: Vec<_> = trial.target.marks.iter().map(|mark| (mark.tag.as_str(), mark.amount_cents)).collect();
    assert_eq!(marks, [("tributary-refunded", 2750), ("tributary-recurring-cancelled", 0)]);
    assert_eq!(trial.target.marks[0].person, "marisol@example.org");
    assert_eq!(trial.target.marks[1].order, "AB300000118");
}

#[test]
fn a_wrong_key_is_repeated_and_a_missing_one_gets_nothing() {
    let mut trial = trial();
    trial.get(PAGES).clean(200);
    trial.target.set_token("another");
    for status in [400, 401, 403] {
        trial.target.answer_wrong_keys_with(status);
        let refused = trial.get(PAGES).fault(status, "osdi-api-token: expected the token, got another");
        assert_eq!(refused.json["error"], "API Key invalid or not present FICTIONAL");
    }
    trial.unset("osdi-api-token");
    assert_eq!(trial.post(PAGES, PAGE).fault(200, "got nothing").json, json!({}));
    assert!(trial.target.pages.is_empty());
}

#[test]
fn pages_can_be_unknown_or_of_the_interface() {
    let mut trial = trial();
    let refused = trial.target.add_interface_page();
    trial.post(&format!("{PAGES}/{refused}/donations/"), CONTRIBUTION).clean(400);
    trial.post(&format!("{PAGES}/{}/donations/", uuid(7)), CONTRIBUTION).clean(404);
    trial
        .post(&format!("{PAGES}/action_network:{}/donations/", uuid(0)), CONTRIBUTION)
        .fault(400, "path: expected the page's UUID");
    assert!(trial.target.donations.is_empty());
}

#[test]
fn limits_and_empty_answers_happen_when_told() {
    let (mut trial, donations) = with_page();
    trial.target.limit_next(1);
    trial.target.fail_inside_200(1);
    assert_eq!(trial.post(&donations, CONTRIBUTION).clean(429).header("retry-after"), Some("2"));
    assert_eq!(trial.post(&donations, CONTRIBUTION).clean(200).json, json!({}));
    assert!(trial.target.donations.is_empty());
    trial.post(&donations, CONTRIBUTION).clean(200);
    assert_eq!(trial.target.donations.len(), 1);
}

#[test]
fn donations_are_held_against_the_specification() {
    let (mut trial, donations) = with_page();
    let table = [
        ("\"27.50\"", "27.50", "$.recipients[0].amount: expected decimal text"),
        ("\"27.50\"", "\"27.5\"", "$.recipients[0].amount: "),
        ("\"usd\"", "\"USD\"", "$.currency: "),
        ("\"currency\"", "\"amount\": \"27.50\", \"currency\"", "$.amount: expected no such field"),
        ("tributary:wh_3f9c2a-612004411", "tributary:612004411", "$.identifiers[0]: "),
        ("23:22:49Z", "18:22:49-05:00", "$.created_date: "),
        ("\"Credit Card\"", "\"Visa\"", "$.payment.method: "),
        ("\"authorization_stored\": true", "\"authorization_stored\": \"true\"", "$.payment.authorization_stored: "),
        (
            "\"authorization_stored\": true",
            "\"authorization_stored\": false",
            "$.action_network:recurrence: expected it exactly",
        ),
        ("\"Monthly\"", "\"monthly\"", "$.action_network:recurrence.period: "),
        ("\"recurring\": true", "\"recurring\": false", "$.action_network:recurrence.recurring: "),
        ("\"Marisol\"", "\" Marisol\"", "$.person.given_name: "),
        ("\"19375550142\"", "\"+19375550142\"", "$.person.phone_numbers[0].number: "),
        ("\"address\":", "\"status\": \"subscribed\", \"address\":", "status: expected no such field"),
        ("\"US\"", "\"United States\"", "$.person.postal_addresses[0].country: "),
        ("\"tributary_payment_number\": \"1\"", "\"tributary_payment_number\": 1", "tributary_payment_number: "),
        ("\"tributary_payment_number\": \"1\",", "", "tributary_payment_number: expected it exactly"),
        ("\"Employer\": \"Dayton Transit\"", "\"Employer\": null", "$.person.custom_fields.Employer: "),
        ("\"tributary-donor\"", "", "$.add_tags: expected a list of 1 to 10, got a list of 0"),
    ];
    trial.refuses(400, &donations, CONTRIBUTION, &table);
    trial.set("accept", "*/*");
    trial.post(&donations, CONTRIBUTION).fault(400, "accept: ");
    trial.set("accept", ACCEPT);
    trial.set("content-type", "application/hal+json");
    trial.post(&donations, CONTRIBUTION).fault(400, "content-type: ");
    assert!(trial.target.donations.is_empty());
}

#[test]
fn pages_and_marks_are_held_against_the_specification() {
    let mut trial = trial();
    let page = [
        ("\"Tributary\"", "\"tributary\"", "$.origin_system: "),
        ("\"name\": \"spring-drive\"", "\"name\": \"other\"", "$.name: expected \"spring-drive\""),
        ("-form-spring-drive", "-form-other", "$.identifiers[0]: expected the form at its end"),
    ];
    trial.refuses(400, PAGES, PAGE, &page);
    let refund = [
        ("\"27.50\"", "\"-27.50\"", "tributary_last_refund_amount: "),
        ("marisol@example.org", "marisol", "$.person.email_addresses[0].address: "),
        (
            "\"custom_fields\"",
            "\"phone_numbers\": [{\"number\": \"19375550142\"}], \"custom_fields\"",
            "$.person.phone_numbers: ",
        ),
        ("\"custom_fields\"", "\"given_name\": \"Marisol\", \"custom_fields\"", "$.person.given_name: "),
        ("13:15:02Z", "09:15:02", "tributary_last_refund_at: "),
    ];
    trial.refuses(400, PEOPLE, REFUND, &refund);
    let cancellation = [
        ("\"cancelled\"", "\"canceled\"", "tributary_recurring_status: "),
        ("tributary-recurring-cancelled", "tributary-donor", "$.add_tags[0]: "),
    ];
    trial.refuses(400, PEOPLE, CANCELLATION, &cancellation);
    trial.post("/api/v2/people", CANCELLATION).fault(404, "path: ");
    assert!(trial.target.pages.is_empty() && trial.target.marks.is_empty());
}

#[test]
fn gifts_of_every_sort_are_taken() {
    let (mut trial, donations) = with_page();
    let one_time = [
        ("\"authorization_stored\": true", "\"authorization_stored\": false"),
        ("\"action_network:recurrence\": {\"recurring\": true, \"period\": \"Monthly\"},", ""),
        ("\"action_network:referrer_data\": {\"source\": \"em-0305\"},", ""),
        ("\"tributary_payment_number\": \"1\",", ""),
        ("\"Credit Card\"", "\"PayPal\""),
        (",\n  \"add_tags\": [\"tributary-donor\"]", ""),
    ];
    trial.takes(200, &donations, CONTRIBUTION, &one_time);
    assert!(!trial.target.donations[0].is_recurring);
    let by_phone = [
        ("\"email_addresses\"", "\"phone_numbers\""),
        ("\"address\": \"marisol@example.org\"", "\"number\": \"19375550142\""),
    ];
    trial.takes(200, PEOPLE, REFUND, &by_phone);
    assert_eq!(trial.target.marks[0].person, "19375550142");
}

#[test]
fn nothing_hollow_is_taken() {
    let (mut trial, donations) = with_page();
    for (path, body) in [(PAGES, PAGE), (&donations, CONTRIBUTION), (PEOPLE, REFUND), (PEOPLE, CANCELLATION)] {
        trial.takes_nothing_hollow("POST", path, body);
    }
    assert!(trial.target.donations.is_empty());
}
