use super::{CHECK, authorized};
use crate::targets::nation_builder::NationBuilder;
use crate::targets::trial::Trial;

const PERSON: &str = r#"{
  "person": {
    "email": "marisol@example.org",
    "first_name": "Marisol",
    "last_name": "Quade",
    "phone": "9375550142",
    "employer": "Dayton Transit",
    "occupation": "Mechanic",
    "home_address": {"address1": "41 Alder Ct", "city": "Dayton", "state": "OH", "zip": "45402-1187", "country_code": "US"}
  }
}"#;
const DONATION: &str = r#"{
  "donation": {
    "donor_id": 84721,
    "amount_in_cents": 2750,
    "payment_type_name": "Credit Card",
    "payment_type_ngp_code": "D",
    "succeeded_at": "2024-03-05T18:22:49-05:00",
    "is_private": false,
    "corporate_contribution": false,
    "note": "tributary-612004411; order AB300000118; form spring-drive; payment 1 monthly; refcode2 seg-b",
    "billing_address": {"address1": "41 Alder Ct", "city": "Dayton", "state": "OH", "zip": "45402-1187", "country_code": "US"}
  }
}"#;
const REFUND: &str = r#"{
  "donation": {
    "canceled_at": "2024-03-14T09:15:02-04:00",
    "note": "tributary-612004411; order AB300000118; form spring-drive; payment 1 monthly; refcode2 seg-b; refunded 2024-03-14"
  }
}"#;

const PUSH: &str = "/api/v1/people/push";
const DONATIONS: &str = "/api/v1/donations";

/// With the person of the example.
fn trial() -> Trial<NationBuilder> {
    let target = NationBuilder::v1("FICTIONAL-client", "FICTIONAL-secret", "FICTIONAL-refresh");
    let mut trial = authorized(target, "application/json");
    assert_eq!(trial.send("PUT", PUSH, PERSON).clean(201).json["person"]["id"], 84721);
    trial
}

#[test]
fn a_person_is_pushed_and_the_donation_stored_and_cancelled() {
    let mut trial = trial();
    assert_eq!(trial.send("PUT", PUSH, PERSON).clean(200).json["person"]["id"], 84721);
    let first = trial.post(DONATIONS, DONATION).clean(200);
    assert_eq!((first.json["donation"]["id"].as_u64(), first.header("ratelimit-limit")), (Some(314), None));
    let with_refcode = DONATION.replace("refcode2 seg-b", "refcode2 seg-b; refcode em-0305");
    assert_eq!(trial.post(DONATIONS, &with_refcode).clean(200).json["donation"]["id"], 315);
    let instalment = DONATION
        .replace("2750", "1500")
        .replace("2024-03-05T18:22:49-05:00", "2024-04-05T18:23:01-04:00")
        .replace("612004411", "620118734")
        .replace("payment 1", "payment 2");
    trial.post(DONATIONS, &instalment).clean(200);
    for _ in 0..2 {
        trial.send("PUT", "/api/v1/donations/314", REFUND).clean(200);
    }
    let cancelled: Vec<_> = trial.target.nation.donations.iter().map(|one| (one.key(), one.cancellations)).collect();
    assert_eq!(cancelled, [("tributary-612004411", 2), ("tributary-612004411", 0), ("tributary-620118734", 0)]);
    trial.send("PUT", "/api/v1/donations/317", REFUND).fault(404, "path");
    let wrong = REFUND.replace("refunded 2024-03-14", "refunded 2024-03-15");
    trial.send("PUT", "/api/v1/donations/314", &wrong).fault(400, "note");
}

#[test]
fn donations_that_are_not_right_are_refused() {
    let mut trial = trial();
    trial.refuses(
        400,
        DONATIONS,
        DONATION,
        &[
            ("84721", r#""84721""#, "$.donation.donor_id"),
            ("84721", "84722", "donor_id: expected the id of a signup"),
            ("2750", "2750.0", "amount_in_cents"),
            (r#""D""#, r#""O""#, "payment_type_ngp_code"),
            ("Credit Card", "Other", "payment_type_ngp_code"),
            (r#""payment_type_ngp_code": "D","#, "", "payment_type_ngp_code"),
            ("corporate_contribution", "is_corporate_contribution", "corporate_contribution"),
            (r#""is_private""#, r#""donation_tracking_code_id": "17", "is_private""#, "donation_tracking_code_id"),
            ("; refcode2 seg-b", "; refcode em-0305; refcode2 seg-b", "note"),
        ],
    );
    assert_eq!(trial.target.nation.donations, []);
    trial.target.nation.payment_types.push("Payroll".to_owned());
    let own = DONATION.replace("Credit Card", "Payroll").replace(r#""payment_type_ngp_code": "D","#, "");
    trial.post(DONATIONS, &own).clean(200);
}

#[test]
fn requests_are_those_of_v1() {
    let mut trial = trial();
    trial.get(CHECK).clean(200);
    let both = PERSON.replace(r#""phone""#, r#""external_id": "tributary-AB300000118", "phone""#);
    trial.send("PUT", PUSH, &both).fault(400, "email: expected an email, or else an external_id");
    trial
        .send("PUT", PUSH, &PERSON.replace("phone", "phone_number"))
        .fault(400, "phone_number: expected no such field");
    trial.send("PATCH", "/api/v2/signups/push", "{}").fault(404, "request: ");
    trial.send("DELETE", "/api/v1/donations/314", "").fault(404, "request: ");
    trial.set("accept", "*/*");
    trial.send("PUT", PUSH, PERSON).fault(400, "accept");
}
