use super::*;
use crate::targets::trial::Trial;

const CONTRIBUTION: &str = include_str!("../../../fixtures/targets/actionkit/contribution.json");
const PROFILE: &str = include_str!("../../../fixtures/targets/actionkit/profile.json");
const ANSWER: &str = include_str!("../../../fixtures/targets/actionkit/answer.json");
const PAYMENT: &str = include_str!("../../../fixtures/targets/actionkit/payment.json");
const CANCELLATION: &str = include_str!("../../../fixtures/targets/actionkit/cancellation.json");

const PUSH: &str = "/rest/v1/donationpush/";

fn trial() -> Trial<ActionKit> {
    Trial::of(ActionKit::new("staff", "FICTIONAL", "Default Import Stub", "tributary-"))
        .basic("staff:FICTIONAL")
        .with("content-type", CONTENT_TYPE)
}

#[test]
fn a_series_from_first_payment_to_cancellation() {
    let mut trial = trial();
    let pushed = trial.post(PUSH, CONTRIBUTION).clean(201);
    assert_eq!(pushed.json, serde_json::from_str::<Value>(ANSWER).unwrap());
    trial.post("/rest/v1/profileupdatepush/", PROFILE).clean(200);
    let paid = trial.post("/rest/v1/recurringpaymentpush/", PAYMENT).clean(201);
    assert_eq!(paid.header("location"), Some("/rest/v1/transaction/957511/"));
    trial.post("/rest/v1/profilecancelpush/", CANCELLATION).clean(201);
    let kit = &trial.target;
    assert_eq!(kit.orders[0].amount_cents, 2750);
    assert_eq!(kit.orders[0].created_at, "2024-03-05T23:22:49");
    let amounts: Vec<_> = kit.transactions.iter().map(|made| (made.trans_id.as_str(), made.amount_cents)).collect();
    assert_eq!(amounts, [("tributary-612004411", 2750), ("tributary-620118734", 1500)]);
    let cancelled = Some(("user".to_owned(), "2024-07-19T11:40:10".to_owned()));
    assert_eq!(kit.profiles["AB300000118-48213"], Profile { id: FIRST_PROFILE, amount_cents: 1500, cancelled });
}

#[test]
fn a_repeated_import_id_is_a_conflict_and_a_repeated_payment_is_not() {
    let mut trial = trial();
    trial.post(PUSH, CONTRIBUTION).clean(201);
    assert_eq!(trial.post(PUSH, CONTRIBUTION).clean(409).json.get("id"), None);
    for _ in 0..2 {
        trial.post("/rest/v1/recurringpaymentpush/", PAYMENT).clean(201);
    }
    assert_eq!((trial.target.orders.len(), trial.target.transactions.len()), (1, 3));
}

#[test]
fn reversals_are_whole_and_permanent() {
    let mut trial = trial();
    trial.post(PUSH, CONTRIBUTION).clean(201);
    trial.post("/rest/v1/recurringpaymentpush/", PAYMENT).clean(201);
    for (path, key) in [
        ("/rest/v1/order/802839/reverse/", "tributary-612004411"),
        ("/rest/v1/transaction/957511/reverse/", "tributary-620118734"),
    ] {
        assert!(!trial.target.is_reversed(key));
        trial.post(path, "").clean(201);
        assert!(trial.target.is_reversed(key));
        let again = trial.post(path, "").clean(400);
        assert_eq!(again.json["order_id"], "Transaction has already been reversed.");
    }
    trial.post("/rest/v1/transaction/957510/reverse/", "").clean(400);
    trial.post("/rest/v1/order/1/reverse/", "").clean(404);
    trial.post("/rest/v1/order/802839/reverse/", "{}").fault(400, "body: expected nothing");
}

#[test]
fn searches_find_what_was_stored() {
    let mut trial = trial();
    let (orders, payments) = ("/rest/v1/order/?import_id=", "/rest/v1/transaction/?trans_id=");
    let none = trial.get(&format!("{orders}tributary-612004411")).clean(200);
    assert_eq!(none.json["objects"], json!([]));
    trial.post(PUSH, CONTRIBUTION).clean(201);
    let order = trial.get(&format!("{orders}tributary-612004411")).clean(200);
    assert_eq!(order.json["objects"][0]["id"], FIRST_ORDER);
    let payment = trial.get(&format!("{payments}tributary-612004411")).clean(200);
    assert_eq!(payment.json["objects"][0]["id"], FIRST_TRANSACTION);
    trial.get("/rest/v1/order/?trans_id=tributary-1").fault(400, "query: expected only import_id");
    trial.target.refuse_filters();
    trial.get(&format!("{payments}tributary-612004411")).clean(400);
}

#[test]
fn credentials_are_checked_on_every_request() {
    let mut trial = trial();
    trial.get("/rest/v1/").clean(200);
    trial.target.set_password("another");
    trial.get("/rest/v1/").fault(401, "authorization: expected the token, got another");
    trial.unset("authorization");
    trial.post(PUSH, CONTRIBUTION).fault(401, "authorization: expected the token, got nothing");
    assert!(trial.target.orders.is_empty());
}

#[test]
fn unknown_series_are_refused_by_name() {
    let mut trial = trial();
    for (path, body) in
        [("profileupdatepush", PROFILE), ("recurringpaymentpush", PAYMENT), ("profilecancelpush", CANCELLATION)]
    {
        let refused = trial.post(&format!("/rest/v1/{path}/"), body).clean(400);
        assert!(refused.json["recurring_id"].is_string(), "{path}");
    }
}

#[test]
fn donations_are_held_against_the_specification() {
    let table = [
        ("\"27.50\"", "27.50", "$.order.amount: expected decimal text with two decimals, got 27.50"),
        ("\"27.50\"", "\"27.5\"", "$.order.amount: "),
        ("\"USD\"", "\"usd\"", "$.order.currency: "),
        ("4111111111111111", "4242424242424242", "$.order.card_num: "),
        ("\"007\"", "7", "$.order.card_code: "),
        ("2024-03-05T23:22:49", "2024-03-05T23:22:49Z", "$.order.created_at: "),
        ("\"import_id\": \"tributary-612004411\"", "\"import_id\": \"612004411\"", "$.order.import_id: "),
        ("\"trans_id\": \"tributary-612004411\"", "\"trans_id\": \"tributary-1\"", "$.order.trans_id: "),
        ("AB300000118-48213", "AB300000118-1", "$.order.recurring_id: "),
        (",\n    \"recurring_period\": \"months\"", "", "$.order.recurring_period: expected it exactly with"),
        ("\"months\"", "\"monthly\"", "$.order.recurring_period: "),
        ("\"email\": \"marisol@example.org\",", "", "$.user.email: expected an email address, got nothing"),
        ("\"Marisol\"", "\"\"", "$.user.first_name: "),
        ("\"Marisol\"", "null", "$.user.first_name: "),
        ("\"United States\"", "\"Canada\"", "$.user.state: expected nothing for this country"),
        ("\"state\"", "\"region\"", "$.user.region: expected nothing for this country"),
        ("\"9375550142\"", "\"+19375550142\"", "$.user.phone: "),
        ("\"skip_confirmation\": \"1\"", "\"skip_confirmation\": 1", "$.action.skip_confirmation: "),
        ("\"recipient_id\": \"48213\"", "\"recipient_id\": 48213", "$.action.fields.recipient_id: "),
        ("how_did_you_hear_of_us", "How did you hear of us?", "expected a name that is a slug"),
        ("tributary-spring-drive", "spring-drive", "$.donationpage.name: "),
        ("Default Import Stub", "Visa", "$.donationpage.payment_account: "),
        ("\"source\"", "\"utm_source\"", "$.action.utm_source: expected no such field"),
        ("{", "", "$: expected JSON"),
    ];
    let mut trial = trial();
    trial.refuses(400, PUSH, CONTRIBUTION, &table);
    let refused = trial.post(PUSH, &CONTRIBUTION.replace("\"USD\"", "\"usd\""));
    assert!(refused.json["currency"].is_string(), "{}", refused.text);
    assert!(trial.target.orders.is_empty());
}

#[test]
fn other_pushes_are_held_against_the_specification() {
    let mut trial = trial();
    trial.post(PUSH, CONTRIBUTION).clean(201);
    trial.refuses(400, "/rest/v1/profileupdatepush/", PROFILE, &[("\"15.00\"", "15.00", "$.amount: ")]);
    let payment = [
        ("true", "\"true\"", "$.success: expected true"),
        ("22:23:01", "22:23:01Z", "$.created_at: "),
        ("\"trans_id\"", "\"amount\": \"15.00\", \"trans_id\"", "$.amount: expected no such field"),
    ];
    trial.refuses(400, "/rest/v1/recurringpaymentpush/", PAYMENT, &payment);
    let cancellation =
        [("\"user\"", "\"Active\"", "$.canceled_by: "), ("T11:40:10", "T07:40:10-04:00", "$.created_at: ")];
    trial.refuses(400, "/rest/v1/profilecancelpush/", CANCELLATION, &cancellation);
    trial.set("content-type", "application/json");
    trial.post(PUSH, CONTRIBUTION).fault(400, "content-type: expected");
    trial.post("/rest/v1/donationpush", CONTRIBUTION).fault(404, "path: ");
}

#[test]
fn gifts_of_every_sort_are_taken() {
    let mut trial = trial();
    let one_time = [
        (",\n    \"recurring_id\": \"AB300000118-48213\",\n    \"recurring_period\": \"months\"", ""),
        (",\n      \"recurrence_number\": \"1\"", ""),
        ("4111111111111111", "PYPL"),
        ("\"state\"", "\"region\""),
        ("\"zip\"", "\"postal\""),
        ("United States", "Canada"),
        ("\"source\": \"em-0305\",", ""),
        ("9375550142", "+442079460000"),
    ];
    let stored = trial.takes(201, PUSH, CONTRIBUTION, &one_time);
    assert_eq!(stored.json["order"]["orderrecurrings"], json!([]));
    assert!(trial.target.profiles.is_empty());
    let later = [
        ("612004411", "2"),
        ("612004411", "2"),
        ("612004411", "2"),
        ("\"1\"", "\"1\""),
        ("\"recurrence_number\": \"1\"", "\"recurrence_number\": \"3\""),
    ];
    trial.takes(201, PUSH, CONTRIBUTION, &later);
    assert_eq!(trial.target.profiles["AB300000118-48213"].amount_cents, 2750);
}

#[test]
fn nothing_hollow_is_taken() {
    let mut trial = trial();
    trial.takes_nothing_hollow("POST", PUSH, CONTRIBUTION);
    trial.takes_nothing_hollow("POST", "/rest/v1/profileupdatepush/", PROFILE);
    trial.takes_nothing_hollow("POST", "/rest/v1/recurringpaymentpush/", PAYMENT);
    trial.takes_nothing_hollow("POST", "/rest/v1/profilecancelpush/", CANCELLATION);
    assert!(trial.target.orders.is_empty());
}
