use super::*;
use crate::targets::trial::{Outcome, Trial};

const CONTRIBUTION: &str = "xml=xml&object=supporter&organization_KEY=50123&Email=marisol%40example.org&First_Name=Marisol&Last_Name=Quade&Phone=9375550142&Street=41%20Alder%20Ct&City=Dayton&State=OH&Country=US&Zip=45402-1187&Occupation=Mechanic&tag=spring-drive&object=donation&Email=marisol%40example.org&First_Name=Marisol&Last_Name=Quade&amount=27.50&Transaction_Date=2024-03-05%2018%3A22%3A49&Transaction_Type=Recurring&Form_Of_Payment=Credit%20Card&Status=Donation%20Only&RESULT=0&Order_Info=AB300000118&uid=tributary-612004411&Tracking_Code=em-0305&Donation_Tracking_Code=seg-b&Designation_Code=48213&Employer=Dayton%20Transit&Occupation=Mechanic&Note=Okonedo%20for%20Harbor%20County%3B%20payment%201%3B%20monthly&tag=spring-drive";
const INSTALMENT: &str = "xml=xml&object=supporter&organization_KEY=50123&Email=marisol%40example.org&First_Name=Marisol&Last_Name=Quade&Phone=9375550142&Street=41%20Alder%20Ct&City=Dayton&State=OH&Country=US&Zip=45402-1187&Occupation=Mechanic&tag=spring-drive&object=donation&Email=marisol%40example.org&First_Name=Marisol&Last_Name=Quade&amount=15.00&Transaction_Date=2024-04-05%2018%3A23%3A01&Transaction_Type=Recurring&Form_Of_Payment=Credit%20Card&Status=Donation%20Only&RESULT=0&Order_Info=AB300000118&uid=tributary-620118734&Tracking_Code=em-0305&Donation_Tracking_Code=seg-b&Designation_Code=48213&Employer=Dayton%20Transit&Occupation=Mechanic&Note=Okonedo%20for%20Harbor%20County%3B%20payment%202%3B%20monthly&tag=spring-drive";
const REFUND: &str =
    "xml=xml&object=donation&key=11713849&amount=0.00&Note=Refunded%2027.50%20on%202024-03-14%3B%20order%20AB300000118";
const LOGIN_BODY: &str = "email=integrations%40okonedo.example.org&password=FICTIONAL-password";

/// Nobody has logged in yet.
fn fresh(organization: Option<&str>) -> Trial<SalsaClassic> {
    Trial::of(SalsaClassic::new("integrations@okonedo.example.org", "FICTIONAL-password", organization))
        .with("content-type", FORM)
}

fn log_in(trial: &mut Trial<SalsaClassic>) -> Outcome {
    let outcome = trial.post(LOGIN, LOGIN_BODY).clean(200);
    let cookies: Vec<_> = outcome
        .headers
        .iter()
        .filter(|(name, value)| name == "set-cookie" && value.to_ascii_lowercase().contains("session"))
        .filter_map(|(_, value)| value.split(';').next())
        .collect();
    trial.set("cookie", &cookies.join("; "));
    outcome
}

fn trial() -> Trial<SalsaClassic> {
    let mut trial = fresh(Some("50123"));
    log_in(&mut trial);
    trial
}

fn is_refused(outcome: &Outcome) -> bool {
    outcome.status == 200 && outcome.text.contains("<error") && !outcome.text.contains("<success")
}

#[test]
fn gifts_and_refunds_are_saved() {
    let mut trial = trial();
    let first = trial.post(SAVE, CONTRIBUTION).clean(200).text;
    assert_eq!(
        first,
        "<?xml version=\"1.0\"?>\n<data organization_KEY=\"50123\">\n  \
         <success object=\"supporter\" key=\"30442187\">Added entry 30442187</success>\n  \
         <success object=\"donation\" key=\"11713849\">Added entry 11713849</success>\n</data>\n"
    );
    let second = trial.post(SAVE, INSTALMENT).clean(200).text;
    assert!(second.contains("Modified entry 30442187") && second.contains("Added entry 11713850"), "{second}");
    for refunds in 1..=2 {
        let refund = trial.post(SAVE, REFUND).clean(200).text;
        assert!(refund.contains("<success object=\"donation\" key=\"11713849\">Modified"), "{refund}");
        assert_eq!(trial.target.donations[0].refunds, refunds);
    }
    let cents: Vec<_> = trial.target.donations.iter().map(|donation| donation.cents).collect();
    assert_eq!((cents, trial.target.donations[1].refunded.as_deref()), (vec![2750, 1500], None));
    assert_eq!(trial.target.supporters.len(), 1);
}

#[test]
fn a_repeat_is_a_second_donation() {
    let mut trial = trial();
    trial.post(SAVE, CONTRIBUTION).clean(200);
    trial.post(SAVE, CONTRIBUTION).clean(200);
    assert_eq!(trial.target.donations.len(), 2);
}

#[test]
fn a_save_needs_the_cookies_of_a_login() {
    let mut trial = trial();
    trial.target.expire_session();
    let expired = trial.post(SAVE, CONTRIBUTION).clean(200);
    assert!(is_refused(&expired) && expired.text.contains("authentication"), "{}", expired.text);
    log_in(&mut trial);
    assert!(!is_refused(&trial.post(SAVE, CONTRIBUTION).clean(200)));
    assert_eq!(trial.target.logins(), 2);

    let right = "JSESSIONID=FICTIONAL2; salsa_session=abc2==";
    for cookies in ["node=3; JSESSIONID=FICTIONAL2; salsa_session=abc2==", "JSESSIONID=FICTIONAL2", "JSESSIONID=x", ""]
    {
        trial.set("cookie", cookies);
        assert!(is_refused(&trial.post(SAVE, CONTRIBUTION).fault(200, "cookie: ")), "{cookies}");
    }
    trial.set("cookie", right);
    trial.post(SAVE, CONTRIBUTION).clean(200);
    assert_eq!(trial.target.donations.len(), 2);
}

#[test]
fn a_wrong_login_is_refused_in_a_200() {
    let mut trial = fresh(None);
    for (from, to) in [("FICTIONAL", "x"), ("%40", "@"), ("&password", "&pass"), ("email=", "x=1&email=")] {
        let outcome = trial.post(LOGIN, &LOGIN_BODY.replace(from, to));
        assert!(is_refused(&outcome) && !outcome.faults.is_empty(), "{from} -> {to}: {outcome:?}");
        assert!(!outcome.faults.concat().contains("FICTIONAL"), "{:?}", outcome.faults);
    }
    assert_eq!(trial.target.logins(), 0);
    trial.post("/login", LOGIN_BODY).fault(404, "request: ");
}

#[test]
fn failures_come_inside_a_200() {
    let mut trial = trial();
    trial.target.fail_inside_200(1);
    assert_eq!(
        trial.post(SAVE, CONTRIBUTION).clean(200).text,
        "<?xml version=\"1.0\"?>\n<data organization_KEY=\"50123\">\n  \
         <error object=\"donation\">There was a problem with your submission.</error>\n</data>\n"
    );
    assert_eq!(trial.target.donations, []);
}

#[test]
fn violations_are_refused() {
    let mut trial = trial();
    trial.refuses(
        200,
        SAVE,
        CONTRIBUTION,
        &[
            ("xml=xml&", "", "body: expected xml=xml first"),
            ("xml=xml&", "xml=xml&tag=a&", "tag: expected an object"),
            ("%20Alder", "+Alder", "body: expected percent-encoding, got '+'"),
            ("%40", "@", "body: expected percent-encoding, got '@'"),
            ("50123", "50124", "supporter.organization_KEY"),
            ("organization_KEY=50123&", "", "supporter.organization_KEY"),
            ("First_Name=Marisol", "First_Name=", "supporter.First_Name"),
            ("First_Name=Marisol", "First_Name=Ann", "donation.First_Name"),
            ("Phone=", "Phone=1", "supporter.Phone"),
            ("Country=US", "Country=United%20States", "supporter.Country"),
            ("City=Dayton", "City=Dayton&City=Dayton", "supporter.City: expected the field once"),
            ("City=Dayton", "Town=Dayton", "supporter.Town: expected no such field"),
            ("amount=27.50", "amount=27.5", "donation.amount: expected decimal text with two decimals"),
            ("2024-03-05%2018", "2024-03-05T18", "donation.Transaction_Date"),
            ("Type=Recurring", "Type=Monthly", "donation.Transaction_Type"),
            ("Type=Recurring", "Type=Donation", "donation.Note"),
            ("Credit%20Card", "Paypal", "donation.Form_Of_Payment"),
            ("&RESULT=0", "", "donation.RESULT"),
            ("tributary-612004411", "612004411", "donation.uid"),
            ("payment%201", "payment%200", "donation.Note"),
            ("object=supporter", "object=donor", "object: expected a supporter and a donation"),
        ],
    );
    assert_eq!(trial.target.donations, []);
    trial.set("content-type", "text/plain");
    trial.post(SAVE, CONTRIBUTION).fault(200, "content-type");
}

#[test]
fn a_refund_names_what_it_refunds() {
    let mut trial = trial();
    trial.post(SAVE, CONTRIBUTION).clean(200);
    trial.refuses(
        200,
        SAVE,
        REFUND,
        &[
            ("11713849", "11713850", "donation.key"),
            ("amount=0.00", "amount=0", "donation.amount"),
            ("27.50", "15.00", "donation.Note: expected 2750 cents"),
            ("AB300000118", "AB300000119", "donation.Note"),
            ("Refunded", "Returned", "donation.Note"),
            ("&amount", "&organization_KEY=50123&amount", "donation.organization_KEY: expected no such field"),
        ],
    );
    assert_eq!(trial.target.donations[0].refunds, 0);
}

#[test]
fn one_time_gifts_and_no_organization() {
    let mut trial = fresh(None);
    log_in(&mut trial);
    let gift = CONTRIBUTION
        .replace("organization_KEY=50123&", "")
        .replace("Type=Recurring", "Type=Donation")
        .replace("%3B%20payment%201%3B%20monthly", "");
    trial.post(SAVE, &gift).clean(200);
    assert_eq!(trial.target.donations.len(), 1);
}
