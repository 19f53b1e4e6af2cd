//! Meta's Conversions API (`formats/ad-tracking.md` §4).

use super::browser::Browser;
use super::hashing::{hashed, meta_city, meta_country, meta_email, meta_name, meta_state, meta_zip};
use super::{CURRENCY, need_wanted, shared_id};
use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::{Json, object};
use crate::value::{phone_digits, unix};
use contract::limits::META_EVENT_AGE_S;
use contract::plan::{Body, Check, Method, NoPlan, Operator, Plan, Rule, Step, Text};
use std::net::IpAddr;

pub(in crate::formats) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => {}
        Occasion::Refund | Occasion::Cancellation => return Err(NoPlan::NotSupported.into()),
    }
    let browser = Browser::of(input.event);
    need_wanted(input)?;
    if browser.consent("adUserData") == Some("DENIED") {
        return Err(NoPlan::NoConsent.into());
    }
    let visit = Visit::of(input, &browser)?;
    let donor = Donor::of(input);
    if donor.email.is_none() && donor.phone.is_none() {
        return Err(NoPlan::NoContact.into());
    }
    let received = Check::json("/events_received", Operator::Equals(1.into()));
    let step = Step {
        success: vec![Rule::status(&[200]).and(received)],
        ..Step::new("event", Method::Post, Body::Json(body(input, visit.as_ref(), &donor)))
    };
    let expires_at = input.expires(input.body.lineitem().paid_at, META_EVENT_AGE_S);
    Ok(Plan { expires_at, ..input.plan(vec![step]) })
}

/// The visit that led to a first payment. Later ones are made by the system, and browser data say nothing of them.
struct Visit<'a> {
    agent: &'a str,
    page: &'a str,
    browser: &'a Browser,
}

impl<'a> Visit<'a> {
    fn of(input: &Input<'_>, browser: &'a Browser) -> Result<Option<Self>, NoPlan> {
        if input.occasion() == Occasion::Instalment {
            return Ok(None);
        }
        let agent = browser.text("userAgent").ok_or(NoPlan::NoBrowserContext)?;
        let page = browser.text("pageUrl").ok_or(NoPlan::NoBrowserContext)?;
        Ok(Some(Self { agent, page, browser }))
    }

    /// Meta refuses what is no address.
    fn ip(&self) -> Option<&str> {
        self.browser.text("ip").filter(|ip| ip.parse::<IpAddr>().is_ok())
    }

    /// The click that led to the page, as Meta's cookie has it.
    fn click(&self, input: &Input<'_>) -> Option<String> {
        let of_id = |id| format!("fb.1.{}.{id}", input.body.contribution.created_at.at.as_millisecond());
        self.browser.text("fbc").map(str::to_owned).or_else(|| self.browser.text("fbclid").map(of_id))
    }
}

/// Who gave, hashed.
struct Donor {
    email: Option<String>,
    phone: Option<String>,
    others: [(&'static str, Option<String>); 6],
}

impl Donor {
    fn of(input: &Input<'_>) -> Self {
        let donor = &input.body.donor;
        let country = donor.country.get();
        let phone = phone_digits(donor.phone.get(), country);
        let phone = phone.as_deref().map(|digits| digits.trim_start_matches('0'));
        let of = |normalised: Option<String>| hashed(normalised.as_deref());
        Self {
            email: of(meta_email(donor.email.get())),
            phone: hashed(phone),
            others: [
                ("fn", of(meta_name(donor.firstname.get()))),
                ("ln", of(meta_name(donor.lastname.get()))),
                ("ct", of(meta_city(donor.city.get()))),
                ("st", of(meta_state(donor.state.get(), country))),
                ("zp", of(meta_zip(donor.zip.get(), country))),
                ("country", of(meta_country(country))),
            ],
        }
    }

    fn write(&self, json: &mut Json) {
        json.one("em", self.email.as_deref());
        json.one("ph", self.phone.as_deref());
        for (name, hash) in &self.others {
            json.one(name, hash.as_deref());
        }
        json.one("external_id", self.email.as_deref());
    }
}

/// One event a request: an event that is too old makes Meta refuse all of them.
fn body(input: &Input<'_>, visit: Option<&Visit<'_>>, donor: &Donor) -> Text {
    object(|json| {
        json.list("data", |data| data.object(|json| event(json, input, visit, donor)));
        json.text("test_event_code", input.setting("test_event_code"));
    })
}

fn event(json: &mut Json, input: &Input<'_>, visit: Option<&Visit<'_>>, donor: &Donor) {
    json.text("event_name", input.setting("event_name"));
    json.number("event_time", unix(input.body.lineitem().paid_at));
    json.text("event_id", Some(&shared_id(input)));
    json.text("action_source", Some(if visit.is_some() { "website" } else { "system_generated" }));
    json.text("event_source_url", visit.map(|visit| visit.page));
    json.object("user_data", |json| {
        donor.write(json);
        if let Some(visit) = visit {
            json.text("client_ip_address", visit.ip());
            json.text("client_user_agent", Some(visit.agent));
            json.text("fbc", visit.click(input).as_deref());
            json.text("fbp", visit.browser.text("fbp"));
        }
    });
    json.object("custom_data", |json| {
        json.text("currency", Some(CURRENCY));
        json.amount("value", input.amount());
        json.text("order_id", Some(input.order()));
        json.text("content_name", input.body.contribution.contribution_form.get());
    });
    if input.ticked("limited_data_use") {
        json.one("data_processing_options", Some("LDU"));
        // Meta finds out where the donor is.
        json.number("data_processing_options_country", 0);
        json.number("data_processing_options_state", 0);
    }
}
