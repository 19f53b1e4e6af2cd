//! GA4's Measurement Protocol (`formats/ad-tracking.md` §5).

use super::browser::Browser;
use super::hashing::{ga4_email, ga4_name, ga4_street, hashed};
use super::{CURRENCY, need_wanted, shared_id};
use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::{Json, object};
use crate::value::{iso2, phone_e164, unix};
use contract::limits::{GA4_EVENT_AGE_S, GA4_PARAMETER_CHARS};
use contract::plan::{
    Body, Check, Method, NoPlan, OnMissing, Operator, Part, Plan, Reference, Remember, Rule, Scope, Step, Text, To,
};

/// In the ledger, of a line: the client of the purchase.
const CLIENT: &str = "ga_client_id";
const MICROS: u64 = 1_000_000;

pub(in crate::formats) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    let plan = match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => purchase(input)?,
        Occasion::Refund => refund(input),
        Occasion::Cancellation => return Err(NoPlan::NotSupported.into()),
    };
    Ok(Plan { expires_at: input.expires(input.moved_at(), GA4_EVENT_AGE_S), ..plan })
}

fn purchase(input: &Input<'_>) -> Result<Plan, Refusal> {
    need_wanted(input)?;
    let browser = Browser::of(input.event);
    let client = browser.text("gaClientId").ok_or(NoPlan::NoBrowserContext)?;
    let body = object(|json| {
        let email = email(input).filter(|_| input.ticked("send_user_data"));
        json.text("client_id", Some(client));
        json.text("user_id", email.as_deref());
        json.number("timestamp_micros", micros(input));
        json.object("consent", |consent| {
            consent.text("ad_user_data", browser.consent("adUserData"));
            consent.text("ad_personalization", browser.consent("adPersonalization"));
        });
        if input.ticked("send_user_data") {
            json.object("user_data", |json| user_data(json, input, email.as_deref()));
        }
        event(json, "purchase", |params| purchase_params(params, input, &browser));
    });
    let client = Remember { scope: Scope::Line, name: CLIENT.to_owned(), value: client.to_owned() };
    Ok(Plan { remember: vec![client], ..input.plan(vec![collect(input, body)]) })
}

/// Of a purchase that was not sent, there is no client, and nothing to refund.
fn refund(input: &Input<'_>) -> Plan {
    let client = Reference::Line(CLIENT.to_owned());
    let body = object(|json| {
        json.reference("client_id", client.clone());
        json.number("timestamp_micros", micros(input));
        event(json, "refund", |params| transaction(params, input));
    });
    Plan { requires: vec![client], on_missing: OnMissing::Skip, ..input.plan(vec![collect(input, body)]) }
}

/// The server accepts malformed content, so that a test goes to the one that judges it and stores nothing.
fn collect(input: &Input<'_>, body: Text) -> Step {
    let (path, success) = if input.test {
        let no_messages = Check::json("/validationMessages", Operator::Empty);
        ("/debug/mp/collect", Rule::any_2xx().and(no_messages))
    } else {
        ("/mp/collect", Rule::any_2xx())
    };
    let stream = input.setting("measurement_id").unwrap_or_default();
    Step {
        to: To::Path(Part::text(path)),
        query: vec![("measurement_id".to_owned(), Part::text(stream))],
        success: vec![success],
        ..Step::new("event", Method::Post, Body::Json(body))
    }
}

fn event(json: &mut Json, name: &str, params: impl FnOnce(&mut Json)) {
    json.list("events", |events| {
        events.object(|event| {
            event.text("name", Some(name));
            event.object("params", params);
        });
    });
}

fn purchase_params(json: &mut Json, input: &Input<'_>, browser: &Browser) {
    let lineitem = input.body.lineitem();
    transaction(json, input);
    json.text("affiliation", cut(input.body.contribution.contribution_form.get()));
    json.list("items", |items| {
        items.object(|item| {
            item.text("item_id", Some(&lineitem.entity_id.to_string()));
            item.text("item_name", cut(lineitem.committee_name.get()));
            item.amount("price", input.amount());
            item.number("quantity", 1);
        });
    });
    let first = input.occasion() == Occasion::Contribution;
    json.text("session_id", cut(browser.text("gaSessionId").filter(|_| first)));
    json.number("engagement_time_msec", 1);
}

/// A refund repeats that of its purchase.
fn transaction(json: &mut Json, input: &Input<'_>) {
    json.text("transaction_id", cut(Some(&shared_id(input))));
    json.text("currency", Some(CURRENCY));
    json.amount("value", input.amount());
}

fn user_data(json: &mut Json, input: &Input<'_>, email: Option<&str>) {
    let donor = &input.body.donor;
    let phone = phone_e164(donor.phone.get(), donor.country.get());
    json.one("sha256_email_address", email);
    json.one("sha256_phone_number", hashed(phone.as_deref()).as_deref());
    json.list("address", |list| {
        list.object(|address| {
            let of = |normalised: Option<String>| hashed(normalised.as_deref());
            address.text("sha256_first_name", of(ga4_name(donor.firstname.get())).as_deref());
            address.text("sha256_last_name", of(ga4_name(donor.lastname.get())).as_deref());
            address.text("sha256_street", of(ga4_street(donor.addr1.get())).as_deref());
            address.text("city", donor.city.get());
            address.text("region", donor.state.get());
            address.text("postal_code", donor.zip.get());
            address.text("country", iso2(donor.country.get()));
        });
    });
}

fn email(input: &Input<'_>) -> Option<String> {
    hashed(ga4_email(input.body.donor.email.get()).as_deref())
}

fn micros(input: &Input<'_>) -> u64 {
    unix(input.moved_at()).saturating_mul(MICROS)
}

/// A value of a parameter, as long as GA4 takes.
fn cut(value: Option<&str>) -> Option<&str> {
    let value = value?;
    let end = value.char_indices().nth(GA4_PARAMETER_CHARS).map_or(value.len(), |(at, _)| at);
    value.get(..end)
}
