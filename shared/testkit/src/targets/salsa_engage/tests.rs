use super::*;
use crate::targets::trial::Trial;

const CONTRIBUTION: &str = r#"{
  "header": {"refId": "tributary-612004411"},
  "payload": {
    "donations": [
      {
        "type": "CHARGE",
        "date": "2024-03-05T23:22:49.000Z",
        "amount": 27.50,
        "gatewayTransactionId": "tributary-612004411",
        "accountType": "CREDIT_CARD",
        "activityFormName": "spring-drive",
        "fund": "Okonedo for Harbor County",
        "appeal": "em-0305",
        "customFieldValues": [
          {"name": "tributary_order", "value": "AB300000118"},
          {"name": "tributary_refcode2", "value": "seg-b"}
        ],
        "supporter": {
          "firstName": "Marisol",
          "lastName": "Quade",
          "address": {"addressLine1": "41 Alder Ct", "city": "Dayton", "state": "OH", "postalCode": "45402-1187", "country": "US"},
          "contacts": [
            {"type": "EMAIL", "value": "marisol@example.org"},
            {"type": "CELL_PHONE", "value": "9375550142"}
          ],
          "customFieldValues": [
            {"name": "Employer", "value": "Dayton Transit"},
            {"name": "Occupation", "value": "Mechanic"}
          ]
        }
      }
    ]
  }
}"#;

const REFUND_BODY: &str = r#"{
  "header": {"refId": "tributary-612004411-refund"},
  "payload": {
    "donations": [
      {
        "type": "REFUND",
        "date": "2024-03-14T13:15:02.000Z",
        "amount": 27.50,
        "gatewayTransactionId": "tributary-612004411",
        "activityFormName": "spring-drive",
        "supporter": {
          "firstName": "Marisol",
          "lastName": "Quade",
          "contacts": [
            {"type": "EMAIL", "value": "marisol@example.org"}
          ]
        }
      }
    ]
  }
}"#;

fn trial() -> Trial<SalsaEngage> {
    let mut target = SalsaEngage::new("FICTIONAL-token");
    target.custom_fields = ["tributary_order", "tributary_refcode2"].map(str::to_owned).to_vec();
    target.supporter_fields = ["Employer", "Occupation"].map(str::to_owned).to_vec();
    Trial::of(target).with("authtoken", "FICTIONAL-token").with("content-type", "application/json")
}

#[test]
fn a_repeat_updates_the_same_charge() {
    let mut trial = trial();
    assert_eq!(
        trial.post(PATH, CONTRIBUTION).clean(200).json,
        json!({"payload": {"donations": [{
            "type": "CHARGE",
            "gatewayTransactionId": "tributary-612004411",
            "activityId": "1e7c0f5a-6a0b-4a55-9a55-2d1f0c9b7e31",
            "result": "ADDED",
        }]}})
    );
    let repeat = trial.post(PATH, CONTRIBUTION).clean(200);
    assert_eq!(repeat.json["payload"]["donations"][0]["result"], "UPDATED");
    let instalment = CONTRIBUTION.replace("612004411", "620118734").replace("27.50", "15.00");
    let next = trial.post(PATH, &instalment).clean(200);
    assert_eq!(next.json["payload"]["donations"][0]["activityId"], "1e7c0f5a-6a0b-4a55-9a55-2d1f0c9b7e32");
    let charges: Vec<_> = trial.target.charges.iter().map(|charge| (charge.cents, charge.requests)).collect();
    assert_eq!(charges, [(2750, 2), (1500, 1)]);
}

#[test]
fn a_refund_names_the_charge() {
    let mut trial = trial();
    trial.post(PATH, REFUND_BODY).fault(200, "gatewayTransactionId");
    trial.post(PATH, CONTRIBUTION).clean(200);
    for refunds in 1..=2 {
        trial.post(PATH, REFUND_BODY).clean(200);
        assert_eq!(trial.target.charges[0].refunds, refunds);
    }
    assert_eq!(trial.target.charges[0].refunded.as_deref(), Some("2024-03-14T13:15:02.000Z"));
    trial.refuses(
        200,
        PATH,
        REFUND_BODY,
        &[
            ("612004411-refund", "612004411", "$.header.refId"),
            ("27.50", "-27.50", "amount"),
            ("27.50", "15.00", "amount: expected all of the charge's 2750 cents"),
            (r#""activity"#, r#""fund": "x", "activity"#, "fund: expected no such field"),
            (r#""activity"#, r#""accountType": "CREDIT_CARD", "activity"#, "accountType: expected no such field"),
            (r#""EMAIL""#, r#""CELL_PHONE""#, "contacts"),
            (r#""value""#, r#""status": "OPT_IN", "value""#, "contacts[0].status: expected no such field"),
        ],
    );
    assert_eq!(trial.target.charges[0].refunds, 2);
}

#[test]
fn refusals_come_inside_a_200() {
    let mut trial = trial();
    trial.target.fail_inside_200(1);
    assert_eq!(
        trial.post(PATH, CONTRIBUTION).clean(200).json,
        json!({"payload": {"donations": [{
            "type": "CHARGE",
            "gatewayTransactionId": "tributary-612004411",
            "result": "VALIDATION_ERROR",
            "errors": [
                {"id": "amount", "code": 2001, "message": "Amount must not be negative", "fieldName": "amount"},
            ],
        }]}})
    );
    assert_eq!(trial.target.charges, []);
}

#[test]
fn violations_are_refused() {
    let mut trial = trial();
    let status = r#"{"type": "EMAIL", "status": "OPT_IN","#;
    trial.refuses(
        200,
        PATH,
        CONTRIBUTION,
        &[
            (r#"refId": "tributary-612004411"#, r#"refId": "tributary-1"#, "$.header.refId"),
            ("CHARGE", "DONATION", "type"),
            (".000Z", "Z", "date"),
            ("27.50", r#""27.50""#, "amount"),
            ("27.50", "27.500000000000004", "amount"),
            (
                r#"TransactionId": "tributary-612004411"#,
                r#"TransactionId": "tributary-61200441161200441161200"#,
                "gatewayTransactionId",
            ),
            ("CREDIT_CARD", "PAYPAL", "accountType"),
            ("em-0305", "", "appeal"),
            (r#""em-0305""#, "null", "appeal"),
            ("tributary_order", "order", "/customFieldValues: expected custom fields of the account"),
            (r#""seg-b""#, r#""""#, "customFieldValues[1].value"),
            (r#""US""#, r#""USA""#, "address.country"),
            (r#""postalCode""#, r#""zip""#, "address.zip: expected no such field"),
            ("9375550142", "+19375550142", "contacts[1].value"),
            (r#"{"type": "EMAIL","#, status, "contacts[0].status: expected no such field"),
            ("CELL_PHONE", "EMAIL", "contacts"),
            (r#"{"type": "EMAIL", "value": "marisol@example.org"},"#, "", "contacts: expected one EMAIL"),
        ],
    );
    assert_eq!(trial.target.charges, []);
    trial.target.subscribes = true;
    trial.post(PATH, CONTRIBUTION).fault(200, "contacts[0].status");
    trial.post(PATH, &CONTRIBUTION.replace(r#"{"type": "EMAIL","#, status)).clean(200);
}

#[test]
fn credentials_and_limits_come_before_the_body() {
    let mut trial = trial();
    trial.post("/offlineDonations", CONTRIBUTION).fault(404, "request: ");
    trial.post(PATH, "{").fault(400, "JSON");
    trial.target.limit_next(1);
    assert_eq!(trial.post(PATH, CONTRIBUTION).clean(429).header("retry-after"), Some("2"));
    for _ in 1..MINUTE_CALLS {
        trial.post(PATH, CONTRIBUTION).clean(200);
    }
    trial.post(PATH, CONTRIBUTION).clean(429);
    trial.set("authtoken", "another");
    trial.post(PATH, CONTRIBUTION).fault(401, "authtoken");
}
