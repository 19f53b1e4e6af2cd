use super::*;
use crate::targets::trial::Trial;

const CONTRIBUTION: &str = include_str!("../../../fixtures/targets/osdi/contribution.json");
const INSTALMENT: &str = include_str!("../../../fixtures/targets/osdi/instalment.json");
const REFUND: &str = include_str!("../../../fixtures/targets/osdi/refund.json");
const CANCELLATION: &str = include_str!("../../../fixtures/targets/osdi/cancellation.json");

const HELPER: &str = "/osdi/record_donation_helper?group=Harbor%20County";

fn trial(token: Token) -> Trial<Osdi> {
    Trial::of(Osdi::new(HELPER, token))
        .with("content-type", "application/json")
        .with("accept", ACCEPT)
        .with("host", "127.0.0.1:8080")
}

fn with_token() -> Trial<Osdi> {
    trial(Token::Header("FICTIONAL".to_owned())).with("osdi-api-token", "FICTIONAL")
}

#[test]
fn donations_are_stored_linked_and_credited() {
    let mut trial = with_token();
    trial.post(HELPER, CONTRIBUTION).clean(200);
    let second = trial.post(HELPER, INSTALMENT).clean(200);
    assert!(second.text.contains("\"amount\":15.0"), "{}", second.text);
    assert_eq!(second.json["_links"]["self"]["href"], "http://127.0.0.1:8080/osdi/donations/1");
    for _ in 0..2 {
        trial.send("PUT", "/osdi/donations/0", REFUND).clean(200);
    }
    let [first, second] = trial.target.donations.as_slice() else { panic!("{:?}", trial.target) };
    assert_eq!((first.amount_cents, &first.credited), (2750, &Some((2750, "2024-03-14T13:15:02Z".to_owned()))));
    assert_eq!((second.amount_cents, &second.credited, second.payment_no.as_deref()), (1500, &None, Some("2")));
    trial.send("PUT", "/osdi/donations/7", REFUND).clean(404);
    let wrong = trial.send("PUT", "/osdi/donations/1", REFUND);
    assert!(wrong.faults[0].contains("$.credited_amount: expected all 1500 cents"), "{:?}", wrong.faults);
}

#[test]
fn a_cancellation_marks_the_person() {
    let mut trial = with_token();
    trial.post(Osdi::SIGNUP, CANCELLATION).clean(200);
    assert_eq!(trial.target.cancellations, [("marisol@example.org".to_owned(), "AB300000118".to_owned())]);
}

#[test]
fn identifiers_are_honoured_only_when_told() {
    let mut trial = with_token();
    for (honoured, stored) in [(false, 1), (false, 2), (true, 2)] {
        if honoured {
            trial.target.honour_identifiers();
        }
        trial.post(HELPER, CONTRIBUTION).clean(200);
        assert_eq!(trial.target.donations.len(), stored);
    }
}

#[test]
fn an_open_server_stores_and_says_nothing() {
    let mut trial = trial(Token::Open);
    assert_eq!(trial.post(HELPER, CONTRIBUTION).clean(200).json, json!({}));
    assert_eq!(trial.target.donations.len(), 1);
    trial.set("osdi-api-token", "FICTIONAL");
    trial.post(HELPER, CONTRIBUTION).fault(400, "osdi-api-token: expected no such header");
}

#[test]
fn success_can_be_without_a_body_and_failure_inside_a_200() {
    let mut trial = with_token();
    for status in [201, 202, 204] {
        trial.target.succeed_with(status);
        assert_eq!(trial.post(HELPER, CONTRIBUTION).clean(status).text.is_empty(), status != 201);
    }
    trial.target.fail_inside_200(1);
    assert_eq!(trial.post(HELPER, CONTRIBUTION).clean(200).json, json!({}));
    assert_eq!(trial.target.donations.len(), 3);
}

#[test]
fn tokens_are_checked_in_header_and_query() {
    let mut trial = with_token();
    trial.target.set_token(Token::Header("another".to_owned()));
    trial.post(HELPER, CONTRIBUTION).fault(403, "osdi-api-token: expected the token, got another");
    trial.unset("osdi-api-token");
    let refused = trial.post(HELPER, CONTRIBUTION).fault(401, "osdi-api-token: expected the token, got nothing");
    assert_eq!(refused.json["osdi:error"]["response_code"], 401);
    trial.target.set_token(Token::Query("FICTIONAL &key".to_owned()));
    trial.post(&format!("{HELPER}&osdi-api-token=FICTIONAL%20%26key"), CONTRIBUTION).clean(200);
    trial.send("PUT", "/osdi/donations/0?osdi-api-token=FICTIONAL%20%26key", REFUND).clean(200);
    trial.post(&format!("{HELPER}&osdi-api-token=x"), CONTRIBUTION).fault(403, "query osdi-api-token: ");
    trial.post(HELPER, CONTRIBUTION).fault(401, "query osdi-api-token: ");
    assert_eq!(trial.target.donations.len(), 1);
}

#[test]
fn the_endpoint_is_used_verbatim() {
    let mut trial = with_token();
    for path in ["/osdi/record_donation_helper", "/osdi/record_donation_helper?group=Harbor+County", "/"] {
        trial.post(path, CONTRIBUTION).fault(404, "path: expected a helper or a donation, verbatim");
    }
    trial.set("accept", "application/json");
    trial.post(HELPER, CONTRIBUTION).fault(400, "accept: ");
}

#[test]
fn donations_are_held_against_the_specification() {
    let mut trial = with_token();
    let table = [
        ("\"amount\": 27.50", "\"amount\": \"27.50\"", "$.amount: expected a number with at most two decimals"),
        ("\"amount\": 27.50", "\"amount\": 27.500", "$.amount: "),
        ("\"amount\": 27.50", "\"amount\": 2.75e1", "$.amount: "),
        (
            "\"legal_name\": \"Okonedo for Harbor County\", \"amount\": 27.50",
            "\"legal_name\": \"Okonedo for Harbor County\", \"amount\": 27.00",
            "$.recipients[0].amount: ",
        ),
        ("\"legal_name\": \"Okonedo", "\"legal_name\": \"Okoned", "$.recipients[0].legal_name: "),
        ("tributary:612004411", "612004411", "$.identifiers[0]: "),
        ("\"Tributary\"", "\"tributary\"", "$.origin_system: "),
        ("23:22:49Z", "23:22:49.000Z", "$.action_date: "),
        ("\"USD\"", "\"usd\"", "$.currency: "),
        ("\"subscription_instance\": \"1\"", "\"subscription_instance\": 1", "$.subscription_instance: "),
        (
            "\"authorization_stored\": true",
            "\"authorization_stored\": false",
            "$.subscription_instance: expected it exactly",
        ),
        ("\"enabled\": false", "\"enabled\": true", "$.triggers.autoresponse.enabled: expected false"),
        ("\"employer\": \"Dayton Transit\"", "\"employer\": \"\"", "$.person.employer: "),
        ("{\"primary\": true, \"address\"", "{\"address\"", "$.person.email_addresses[0].primary: "),
        (
            "\"number\":",
            "\"status\": \"subscribed\", \"number\":",
            "$.person.phone_numbers[0].status: expected no such field",
        ),
        ("\"US\"", "\"us\"", "$.person.postal_addresses[0].country: "),
        ("\"monthly\"", "\"Monthly\"", "$.person.custom_fields.tributary_recurring_period: "),
        ("\"can_you_volunteer\"", "\"Can you volunteer?\"", "expected a name that is a slug"),
        (
            "{\"source\": \"em-0305\", \"referrer\": \"seg-b\"}",
            "{}",
            "$.referrer_data: expected nothing, got an empty object",
        ),
    ];
    trial.refuses(400, HELPER, CONTRIBUTION, &table);
    let refused = trial.post(HELPER, &CONTRIBUTION.replace("\"USD\"", "null"));
    let error = &refused.json["osdi:error"]["resource_status"][0]["errors"][0];
    assert_eq!(error["properties"], json!(["currency"]));
    let cancellation = [
        ("\"cancelled\"", "true", "tributary_recurring_status: "),
        ("11:40:10Z", "07:40:10-04:00", "tributary_recurring_cancelled_at: "),
    ];
    trial.refuses(400, Osdi::SIGNUP, CANCELLATION, &cancellation);
    assert!(trial.target.donations.is_empty() && trial.target.cancellations.is_empty());
}

#[test]
fn credits_are_held_against_the_specification() {
    let mut trial = with_token();
    trial.post(HELPER, CONTRIBUTION).clean(200);
    for (from, to, fault) in [
        ("0.00", "27.50", "$.amount: expected 0.00, net of credits"),
        ("27.50", "-27.50", "$.credited_amount: "),
        ("13:15:02Z", "09:15:02", "$.credited_date: "),
        ("\"amount\"", "\"recipients\": [1], \"amount\"", "$.recipients: expected no such field"),
    ] {
        trial.send("PUT", "/osdi/donations/0", &REFUND.replacen(from, to, 1)).fault(400, fault);
    }
    assert_eq!(trial.target.donations[0].credited, None);
}

#[test]
fn gifts_of_every_sort_are_taken() {
    let mut trial = with_token();
    let one_time = [
        ("\"authorization_stored\": true", "\"authorization_stored\": false"),
        ("\"subscription_instance\": \"1\",", ""),
        ("\"tributary_recurring_period\": \"monthly\",", ""),
        ("\"referrer_data\": {\"source\": \"em-0305\", \"referrer\": \"seg-b\"},", ""),
        ("\"amount\": 27.50", "\"amount\": 27.5"),
        ("\"amount\": 27.50", "\"amount\": 27.5"),
        ("\"Credit Card\"", "\"PayPal\""),
    ];
    trial.takes(200, HELPER, CONTRIBUTION, &one_time);
    assert_eq!((trial.target.donations[0].amount_cents, &trial.target.donations[0].payment_no), (2750, &None));
}

#[test]
fn nothing_hollow_is_taken() {
    let mut trial = with_token();
    trial.takes_nothing_hollow("POST", HELPER, CONTRIBUTION);
    trial.takes_nothing_hollow("POST", Osdi::SIGNUP, CANCELLATION);
    trial.post(HELPER, CONTRIBUTION).clean(200);
    trial.takes_nothing_hollow("PUT", "/osdi/donations/0", REFUND);
    assert_eq!((trial.target.donations.len(), &trial.target.donations[0].credited), (1, &None));
}
