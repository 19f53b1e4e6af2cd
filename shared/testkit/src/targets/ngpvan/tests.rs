use super::*;
use crate::targets::trial::Trial;

const PERSON: &str = include_str!("../../../fixtures/targets/ngpvan/person.json");
const FIRST: &str = include_str!("../../../fixtures/targets/ngpvan/contribution.json");
const INSTALMENT: &str = include_str!("../../../fixtures/targets/ngpvan/instalment.json");
const REFUND: &str = include_str!("../../../fixtures/targets/ngpvan/refund.json");
const ANSWER: &str = include_str!("../../../fixtures/targets/ngpvan/answer.json");

const PEOPLE: &str = "/v4/people/findOrCreate";
const GIFTS: &str = "/v4/contributions";
const SEARCH: &str = "/v4/contributions/onlineReferenceNumber:";

fn of(target: NgpVan) -> Trial<NgpVan> {
    Trial::of(target)
        // The known answer of the specification.
        .with("authorization", "Basic VHJpYnV0YXJ5QXBwOjAwMDAtRklDVElPTkFMLWtleXwx")
        .with("content-type", "application/json")
}

fn trial() -> Trial<NgpVan> {
    of(NgpVan::new("TributaryApp", "0000-FICTIONAL-key", &[18754]))
}

fn with_person(target: NgpVan) -> Trial<NgpVan> {
    let mut trial = of(target);
    trial.post(PEOPLE, PERSON).clean(201);
    trial
}

#[test]
fn the_examples_are_stored_and_refunded() {
    let mut trial = trial();
    trial.get(&format!("{SEARCH}tributary-612004411")).clean(404);
    assert_eq!(trial.post(PEOPLE, PERSON).clean(201).json["vanId"], FIRST_PERSON);
    assert_eq!(trial.post(GIFTS, FIRST).clean(201).text, FIRST_CONTRIBUTION.to_string());
    assert_eq!(trial.post(PEOPLE, PERSON).clean(200).json["vanId"], FIRST_PERSON);
    assert_eq!(trial.post(GIFTS, INSTALMENT).clean(201).text, "23454");
    let found = trial.get(&format!("{SEARCH}tributary-612004411")).clean(200);
    assert_eq!(found.json["contributionId"], FIRST_CONTRIBUTION);
    let refunded = trial.post("/v4/contributions/23453/adjustments", REFUND).clean(200);
    assert_eq!(refunded.text.replace(' ', ""), ANSWER.replace([' ', '\n'], ""));
    let [first, second] = trial.target.contributions.as_slice() else { panic!("{:?}", trial.target) };
    assert_eq!((first.amount_cents, first.refunded_cents, first.adjusted.as_deref()), (2750, 2750, Some("2024-03-14")));
    assert_eq!((second.amount_cents, second.refunded_cents), (1500, 0));
    assert_eq!((first.designation, trial.target.people.len()), (18754, 1));
}

#[test]
fn contributions_are_not_deduplicated_and_people_are() {
    let mut trial = trial();
    trial.post(PEOPLE, PERSON).clean(201);
    trial.post(PEOPLE, &PERSON.replace("Dayton Transit", "Harbor Ferries")).clean(200);
    assert_eq!(trial.target.people[0].employer, "Harbor Ferries");
    let other = PERSON.replace("\"Marisol\"", "\"Teodor\"");
    assert_eq!(trial.post(PEOPLE, &other).clean(201).json["vanId"], FIRST_PERSON + 1);
    for _ in 0..2 {
        trial.post(GIFTS, FIRST).clean(201);
    }
    assert_eq!(trial.target.contributions.len(), 2);
}

#[test]
fn a_refund_is_whole_and_once() {
    let mut trial = trial();
    trial.post(PEOPLE, PERSON).clean(201);
    trial.post(GIFTS, FIRST).clean(201);
    let path = "/v4/contributions/23453/adjustments";
    trial.post(path, &REFUND.replace("27.50", "20.00")).fault(400, "$.amount: expected all 2750 cents, got 2000");
    trial.post(path, &REFUND.replace("27.50", "27.51")).clean(400);
    trial.post(path, REFUND).clean(200);
    let again = trial.post(path, REFUND).clean(400);
    assert_eq!(again.json["errors"][0]["code"], "INVALID_PARAMETER");
    trial.target.remove(FIRST_CONTRIBUTION);
    trial.post(path, REFUND).clean(404);
    assert_eq!(trial.post(GIFTS, FIRST).clean(201).text, "23454");
}

#[test]
fn credentials_name_the_database_mode() {
    let mut trial = trial();
    let listed = trial.get("/v4/designations").clean(200);
    assert_eq!(listed.json["items"][0]["designationId"], 18754);
    let mut other = self::trial().basic("TributaryApp:0000-FICTIONAL-key|0");
    other.get("/v4/designations").fault(401, "authorization: expected the token, got another");
    trial.target.set_key("another");
    trial.post(PEOPLE, PERSON).fault(401, "authorization: ");
    assert!(trial.target.people.is_empty());
}

#[test]
fn batches_and_disclosures_are_those_of_the_database() {
    let target = NgpVan::new("TributaryApp", "0000-FICTIONAL-key", &[18754]);
    let mut trial = with_person(target.with_batch(7).with_disclosure_fields(&[31]));
    trial.post(GIFTS, FIRST).fault(400, "$.financialBatchId: expected Some(7), got None");
    let with = |id: u64, designation: u64| {
        let value = format!(
            r#"{{"financialBatchId": 7, "disclosureFieldValues": [{{"disclosureFieldId": {id}, "disclosureFieldValue": "Mechanic", "designationId": {designation}}}],"#
        );
        FIRST.replacen('{', &value, 1)
    };
    trial.post(GIFTS, &with(31, 18754)).clean(201);
    trial.post(GIFTS, &with(32, 18754)).fault(400, "$.disclosureFieldValues[0]: expected a field");
    trial.post(GIFTS, &with(31, 1)).fault(400, "$.disclosureFieldValues[0]: expected the designation");
}

#[test]
fn people_are_held_against_the_specification() {
    let table = [
        ("\"Marisol\"", "\"\"", "$.firstName: "),
        ("\"isPreferred\": true", "\"isPreferred\": false", "$.emails[0].isPreferred: "),
        (
            "\"isPreferred\": true",
            "\"isPreferred\": true, \"isSubscribed\": true",
            "isSubscribed: expected no such field",
        ),
        ("\"9375550142\"", "\"+19375550142\"", "$.phones[0].phoneNumber: "),
        ("\"phoneType\": \"H\"", "\"phoneType\": \"C\"", "$.phones[0].phoneType: "),
        ("\"US\"", "\"United States\"", "$.addresses[0].countryCode: "),
        (",\n      \"type\": \"H\"", "", "$.addresses[0].type: expected \"H\", got nothing"),
        ("\"firstName\"", "\"creditCard\": {}, \"firstName\"", "$.creditCard: expected no such field"),
    ];
    let mut trial = trial();
    trial.refuses(400, PEOPLE, PERSON, &table);
    trial.post(PEOPLE, r#"{"firstName": "Marisol"}"#).fault(400, "$: expected a name and one of");
    trial.post(PEOPLE, r#"{"emails": [{"email": "a@example.org", "isPreferred": true}]}"#).fault(400, "$: ");
    assert!(trial.target.people.is_empty());
}

#[test]
fn contributions_are_held_against_the_specification() {
    let table = [
        ("27.50", "\"27.50\"", "$.amount: expected a number with at most two decimals, got \"27.50\""),
        ("27.50", "1000000.00", "$.amount: expected 999999.99 at most"),
        ("10005165", "\"10005165\"", "$.contact.vanId: expected a whole number"),
        ("10005165", "10005166", "$.contact.vanId: expected a person of this database"),
        ("18754", "18755", "$.designation.designationId: expected an accessible designation"),
        ("23:22:49Z", "23:22:49", "$.dateReceived: "),
        ("2024-03-05T", "2999-03-05T", "$.dateReceived: expected a time in the past"),
        ("\"Settled\"", "\"Pending\"", "$.status: "),
        ("\"CreditCard\"", "\"Credit Card\"", "$.paymentType: "),
        ("tributary-612004411", "612004411", "$.onlineReferenceNumber: "),
        ("\"em-0305\"", "null", "$.directMarketingCode: "),
        ("order AB300000118; form", "form", "$.notes: "),
        ("\"status\"", "\"codes\": [], \"status\"", "$.codes: expected no such field"),
        ("\"status\"", "\"financialBatchId\": 7, \"status\"", "$.financialBatchId: expected None"),
    ];
    let mut trial = trial();
    trial.post(PEOPLE, PERSON).clean(201);
    trial.refuses(400, GIFTS, FIRST, &table);
    assert!(trial.target.contributions.is_empty());
    trial.post(GIFTS, FIRST).clean(201);
    let refund = [
        ("\"Refund\"", "\"Void\"", "$.adjustmentType: "),
        ("27.50", "\"27.50\"", "$.amount: "),
        ("\"2024-03-14\"", "\"2024-03-14T13:15:02Z\"", "$.datePosted: "),
    ];
    trial.refuses(400, "/v4/contributions/23453/adjustments", REFUND, &refund);
    trial.get(&format!("{SEARCH}612004411")).fault(404, "path: expected onlineReferenceNumber: and a key");
    trial.post("/v4/commitments", FIRST).fault(404, "path: ");
    trial.set("content-type", "application/json; charset=utf-8");
    trial.post(GIFTS, FIRST).fault(400, "content-type: ");
}

#[test]
fn what_a_donor_did_not_tell_is_left_out() {
    let mut trial = trial();
    trial.post(PEOPLE, r#"{"lastName": "Quade", "addresses": [{"zipOrPostalCode": "45402", "type": "H"}]}"#).clean(201);
    let without = [
        ("\"directMarketingCode\": \"em-0305\",", ""),
        ("; payment 1 monthly; refcode2 seg-b", "; payment 1 once"),
        ("\"CreditCard\"", "\"ElectronicPaySystem\""),
    ];
    trial.takes(201, GIFTS, FIRST, &without);
    assert_eq!(trial.target.contributions[0].notes, "order AB300000118; form spring-drive; payment 1 once");
}

#[test]
fn nothing_hollow_is_taken() {
    let mut trial = trial();
    trial.takes_nothing_hollow("POST", PEOPLE, PERSON);
    trial.post(PEOPLE, PERSON).clean(201);
    trial.takes_nothing_hollow("POST", GIFTS, FIRST);
    trial.post(GIFTS, FIRST).clean(201);
    trial.takes_nothing_hollow("POST", "/v4/contributions/23453/adjustments", REFUND);
    assert_eq!((trial.target.contributions.len(), trial.target.contributions[0].refunded_cents), (1, 0));
}
