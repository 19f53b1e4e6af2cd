use super::trial;
use crate::targets::nation_builder::NationBuilder;
use crate::targets::trial::Trial;
use serde_json::json;

const CODE: &str = r#"{
  "data": {
    "type": "donation_tracking_codes",
    "attributes": {"name": "em-0305", "slug": "em_0305"}
  }
}"#;
const SIGNUP: &str = r#"{
  "data": {
    "type": "signups",
    "attributes": {
      "email": "marisol@example.org",
      "first_name": "Marisol",
      "last_name": "Quade",
      "phone_number": "9375550142",
      "employer": "Dayton Transit",
      "occupation": "Mechanic",
      "home_address_attributes": {"address1": "41 Alder Ct", "city": "Dayton", "state": "OH", "zip": "45402-1187", "country_code": "US"}
    }
  }
}"#;
const DONATION: &str = r#"{
  "data": {
    "type": "donations",
    "attributes": {
      "signup_id": "84721",
      "amount_in_cents": 2750,
      "payment_type_name": "Credit Card",
      "succeeded_at": "2024-03-05T18:22:49-05:00",
      "donation_tracking_code_id": "17",
      "email": "marisol@example.org",
      "first_name": "Marisol",
      "last_name": "Quade",
      "employer": "Dayton Transit",
      "occupation": "Mechanic",
      "is_private": false,
      "is_corporate_contribution": false,
      "send_donor_receipt": false,
      "note": "tributary-612004411; order AB300000118; form spring-drive; payment 1 monthly; refcode2 seg-b",
      "billing_address_attributes": {"address1": "41 Alder Ct", "city": "Dayton", "state": "OH", "zip": "45402-1187", "country_code": "US"}
    }
  }
}"#;
const REFUND: &str = r#"{
  "data": {
    "id": "314",
    "type": "donations",
    "attributes": {
      "canceled_at": "2024-03-14T09:15:02-04:00",
      "note": "tributary-612004411; order AB300000118; form spring-drive; payment 1 monthly; refcode2 seg-b; refunded 2024-03-14"
    }
  }
}"#;

const PUSH: &str = "/api/v2/signups/push";
const DONATIONS: &str = "/api/v2/donations";
const CODES: &str = "/api/v2/donation_tracking_codes";
const LOOKUP: &str = "/api/v2/donations?filter[note][prefix]=tributary-612004411%3B";

/// With the signup and the code of the examples.
fn prepared() -> Trial<NationBuilder> {
    let mut trial = trial();
    assert_eq!(trial.post(CODES, CODE).clean(201).json["data"]["id"], "17");
    assert_eq!(trial.send("PATCH", PUSH, SIGNUP).clean(201).json["data"]["id"], "84721");
    trial
}

#[test]
fn a_signup_is_pushed_and_its_donation_stored_and_found() {
    let mut trial = prepared();
    assert_eq!(trial.send("PATCH", PUSH, SIGNUP).clean(200).json["data"]["id"], "84721");
    assert_eq!(trial.get(LOOKUP).clean(200).json, json!({"data": []}));
    assert_eq!(trial.post(DONATIONS, DONATION).clean(201).json["data"]["id"], "314");
    let instalment = DONATION
        .replace("2750", "1500")
        .replace("2024-03-05T18:22:49-05:00", "2024-04-05T18:23:01-04:00")
        .replace("612004411", "620118734")
        .replace("payment 1", "payment 2");
    assert_eq!(trial.post(DONATIONS, &instalment).clean(201).json["data"]["id"], "315");
    let found = trial.get(LOOKUP).clean(200).json;
    assert_eq!(found["data"].as_array().map(Vec::len), Some(1));
    let note = "tributary-612004411; order AB300000118; form spring-drive; payment 1 monthly; refcode2 seg-b";
    assert_eq!((&found["data"][0]["id"], &found["data"][0]["attributes"]["note"]), (&json!("314"), &json!(note)));
    let encoded = LOOKUP.replace('[', "%5B").replace(']', "%5D");
    assert_eq!(trial.get(&encoded).clean(200).json, found);
    let stored: Vec<_> = trial.target.nation.donations.iter().map(|one| (one.key(), one.cents, one.code_id)).collect();
    assert_eq!(stored, [("tributary-612004411", 2750, Some(17)), ("tributary-620118734", 1500, Some(17))]);
}

#[test]
fn tracking_codes_are_found_by_their_slug() {
    let mut trial = prepared();
    let found = trial.get(&format!("{CODES}?filter[slug]=em_0305")).clean(200).json;
    assert_eq!((&found["data"][0]["id"], &found["data"][0]["attributes"]["name"]), (&json!("17"), &json!("em-0305")));
    assert_eq!(trial.get(&format!("{CODES}?filter[slug]=em")).clean(200).json, json!({"data": []}));
    trial.get(&format!("{CODES}?filter[slug]=em-0305")).fault(200, "query: expected a slug");
    let taken = trial.post(CODES, CODE).clean(422);
    assert_eq!(taken.json["errors"][0]["source"]["pointer"], "/data/attributes/slug");
    trial.post(CODES, &CODE.replace("em_0305", "em-0305")).fault(422, "slug: expected \"em_0305\"");
    let unknown = trial.get(&format!("{DONATIONS}?filter[bogus]=1")).fault(400, "query");
    assert_eq!(unknown.json["code"], "bad_request");
    trial.get(LOOKUP.trim_end_matches("%3B")).fault(200, "query: expected a key and %3B");
    trial.get(&LOOKUP.replace("%3B", ";")).fault(200, "query: expected a key and %3B");
}

#[test]
fn a_refund_cancels_the_donation_and_can_be_repeated() {
    let mut trial = prepared();
    trial.send("PATCH", "/api/v2/donations/314", REFUND).fault(404, "path");
    trial.post(DONATIONS, DONATION).clean(201);
    for _ in 0..2 {
        trial.send("PATCH", "/api/v2/donations/314", REFUND).clean(200);
    }
    let donation = &trial.target.nation.donations[0];
    assert_eq!((donation.canceled_at.as_deref(), donation.cancellations), (Some("2024-03-14T09:15:02-04:00"), 2));
    assert_eq!((donation.key(), donation.cents), ("tributary-612004411", 2750));
    for (from, to, fault) in [
        (r#""314""#, "314", "$.data.id"),
        (r#""314""#, r#""315""#, "data.id"),
        ("refunded 2024-03-14", "refunded 2024-03-15", "note"),
        ("; refunded 2024-03-14", "", "note"),
        ("612004411", "620118734", "note"),
        ("\"note\"", "\"amount_in_cents\": 0, \"note\"", "amount_in_cents: expected no such field"),
    ] {
        trial.send("PATCH", "/api/v2/donations/314", &REFUND.replacen(from, to, 1)).fault(422, fault);
    }
    trial.send("DELETE", "/api/v2/donations/314", "").fault(404, "request: ");
}

#[test]
fn donations_that_are_not_right_are_refused() {
    let mut trial = prepared();
    trial.refuses(
        422,
        DONATIONS,
        DONATION,
        &[
            (r#""84721""#, "84721", "$.data.attributes.signup_id"),
            ("84721", "84722", "signup_id: expected the id of a signup"),
            ("2750", "27.50", "amount_in_cents"),
            ("2750", r#""2750""#, "amount_in_cents"),
            ("Credit Card", "Barter", "payment_type_name: expected a payment type"),
            ("-05:00", "", "succeeded_at"),
            (r#""17""#, r#""18""#, "donation_tracking_code_id: expected the id of a code"),
            (r#""17""#, "null", "donation_tracking_code_id"),
            ("Quade", "", "last_name"),
            ("marisol@", "ann@", "email: expected that of the signup"),
            (r#"receipt": false"#, r#"receipt": true"#, "send_donor_receipt"),
            (r#""is_private": false,"#, "", "is_private"),
            ("tributary-612004411;", "612004411;", "note"),
            ("form spring-drive; payment 1 monthly", "payment 1 monthly; form spring-drive", "note"),
            ("payment 1 monthly", "payment 0 monthly", "note"),
            ("; refcode2", "; refcode em-0305; refcode2", "note"),
            ("seg-b", "seg-b; refunded 2024-03-14", "note"),
            ("seg-b", "seg-b; something else", "note"),
            (r#""country_code": "US""#, r#""country_code": "United States""#, "country_code"),
            (r#""is_private""#, r#""actblue_order_number": "AB300000118", "is_private""#, "actblue_order_number"),
            (r#""is_private""#, r#""tags": "x", "is_private""#, "tags: expected no such field"),
            (r#""type": "donations""#, r#""type": "donation""#, "$.data.type"),
        ],
    );
    assert_eq!(trial.target.nation.donations, []);
    trial.target.nation.is_political = true;
    let numbered = DONATION.replace(r#""is_private""#, r#""actblue_order_number": "AB300000118", "is_private""#);
    trial.post(DONATIONS, &numbered).clean(201);
}

#[test]
fn errors_are_located() {
    let mut trial = prepared();
    let wrong = trial.send("PATCH", PUSH, &SIGNUP.replace("marisol@example.org", "marisol")).fault(422, "email");
    assert_eq!(
        (&wrong.json["errors"][0]["code"], &wrong.json["errors"][0]["source"]),
        (&json!("unprocessable_entity"), &json!({"pointer": "/data/attributes/email"}))
    );
}

#[test]
fn signups_have_one_key() {
    let mut trial = prepared();
    let external = SIGNUP.replace(r#""email": "marisol@example.org""#, r#""external_id": "tributary-AB300000118""#);
    assert_eq!(trial.send("PATCH", PUSH, &external).clean(201).json["data"]["id"], "84722");
    let both = SIGNUP.replace(r#""first_name""#, r#""external_id": "tributary-AB300000118", "first_name""#);
    trial.send("PATCH", PUSH, &both).fault(422, "email: expected an email, or else an external_id");
    let hollow =
        r#"{"data": {"type": "signups", "attributes": {"email": "a@example.org", "home_address_attributes": {}}}}"#;
    trial.send("PATCH", PUSH, hollow).fault(422, "home_address_attributes: expected nothing");
    assert_eq!(trial.target.nation.signups.len(), 2);
}

#[test]
fn requests_are_those_of_v2() {
    let mut trial = prepared();
    trial.send("PUT", "/api/v1/people/push", "{}").fault(404, "request: ");
    trial.send("PUT", PUSH, SIGNUP).fault(404, "request: ");
    trial.set("content-type", "application/json");
    trial.send("PATCH", PUSH, SIGNUP).fault(400, "content-type");
    trial.set("content-type", "application/vnd.api+json");
    trial.unset("accept");
    trial.send("PATCH", PUSH, SIGNUP).fault(400, "accept");
}
