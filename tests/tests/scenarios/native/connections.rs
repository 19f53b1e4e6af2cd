//! A receiver for each connection, and how a webhook for it is set up, as in the formats' own examples.

use super::events::ENTITY;
use super::listeners::Setup;
use serde_json::json;
use testkit::targets::osdi::Token;
use testkit::targets::{
    ActionKit, ActionNetwork, BlueStateDigital, Ga4, IsPolitical, Meta, NationBuilder, NgpVan, Osdi, SalsaClassic,
    SalsaEngage, Switchboard, Tatango,
};

/// What no answer and no attempt may show.
pub(crate) const SECRET: &str = "FICTIONAL-s3cret/&?";
/// Meta's mark of a trial.
pub(crate) const TRIAL: &str = "FICT7";

pub(crate) fn actionkit() -> Setup<ActionKit> {
    let target = ActionKit::new("tributary", SECRET, "Default Import Stub", "tributary-");
    let settings = json!({"host": "ak.okonedo.example.org", "username": "tributary", "password": SECRET});
    Setup::new(target, ("actionkit", "api"), "/rest/v1/", settings)
}

pub(crate) fn action_network(marks: bool) -> Setup<ActionNetwork> {
    let settings = json!({"token": SECRET, "tags": ["tributary-donor"], "mark_person": marks});
    Setup::new(ActionNetwork::new(SECRET), ("action_network", "api"), "/api/v2", settings)
}

pub(crate) fn ngpvan(adjustments: bool) -> Setup<NgpVan> {
    let settings = json!({
        "application": "TributaryApp",
        "api_key": SECRET,
        "designations": [{"entity": ENTITY.to_string(), "designation": "18754"}],
        "refund_adjustments": adjustments,
    });
    Setup::new(NgpVan::new("TributaryApp", SECRET, &[18_754]), ("ngpvan", "api"), "/v4", settings)
}

pub(crate) fn nationbuilder(version: &'static str) -> Setup<NationBuilder> {
    let (client, refresh) = ("FICTIONAL-client", "FICTIONAL-refresh");
    let target = match version {
        "v1" => NationBuilder::v1(client, SECRET, refresh),
        _ => NationBuilder::v2(client, SECRET, refresh),
    };
    let settings = json!({"slug": "okonedo", "client_id": client, "client_secret": SECRET, "refresh_token": refresh});
    Setup::new(target, ("nationbuilder", version), "", settings)
}

/// With a signup helper, or without one.
pub(crate) fn osdi(signs_up: bool) -> Setup<Osdi> {
    let path = "/osdi/record_donation_helper?group=7";
    let target = Osdi::new(path, Token::Header(SECRET.to_owned()));
    let settings = json!({"token": SECRET, "token_in": "header", "tags": ["tributary-donor"]});
    let setup = Setup::new(target, ("osdi", "api"), path, settings);
    if signs_up { setup.with_url("signup_url", Osdi::SIGNUP) } else { setup }
}

pub(crate) fn blue_state_digital() -> Setup<BlueStateDigital> {
    let settings = json!({
        "host": "tools.example.org",
        "api_id": "tributary",
        "api_secret": SECRET,
        "custom_fields": [{"value": "order_number", "name": "tributary_order"}],
    });
    Setup::new(BlueStateDigital::new("tributary", SECRET), ("blue_state_digital", "api"), "", settings)
}

pub(crate) fn salsa_classic(refunds: bool) -> Setup<SalsaClassic> {
    let email = "ana@example.org";
    let settings = json!({
        "host": "hq.salsalabs.example.org", "email": email, "password": SECRET, "organization_key": "50123",
        "refunds": refunds,
    });
    Setup::new(SalsaClassic::new(email, SECRET, Some("50123")), ("salsa", "classic"), "", settings)
}

pub(crate) fn salsa_engage() -> Setup<SalsaEngage> {
    let mut target = SalsaEngage::new(SECRET);
    target.custom_fields = vec!["tributary_order".to_owned()];
    let settings = json!({"token": SECRET, "custom_fields": [{"value": "order_number", "name": "tributary_order"}]});
    Setup::new(target, ("salsa", "engage"), "/api/integration/ext/v1", settings)
}

pub(crate) fn isp() -> Setup<IsPolitical> {
    let settings = json!({"account": "Okonedo", "login": "TRIB", "password": SECRET});
    Setup::new(IsPolitical::new("Okonedo", "TRIB", SECRET), ("isp", "api"), "/api/PublicForms/", settings)
}

pub(crate) fn switchboard() -> Setup<Switchboard> {
    let settings = json!({"username": "okonedo", "password": SECRET});
    let target = Switchboard::new("okonedo", SECRET, "other");
    Setup::new(target, ("switchboard", "ingestion"), "/webhooks/donations/v1", settings)
}

pub(crate) fn tatango() -> Setup<Tatango> {
    let email = "sms@okonedo.example.org";
    let settings = json!({"email": email, "api_key": SECRET, "list_id": "7701"});
    Setup::new(Tatango::new(email, SECRET, "7701"), ("tatango", "subscribers"), "/api/v2", settings)
}

/// With a mark that says that all of it is a trial, or without one.
pub(crate) fn meta(trial: bool) -> Setup<Meta> {
    let mut target = Meta::new("1234567890", SECRET);
    let mut settings = json!({"dataset_id": "1234567890", "access_token": SECRET});
    if trial {
        target.test_event_code = Some(TRIAL.to_owned());
        settings["test_event_code"] = TRIAL.into();
    }
    Setup::new(target, ("ad_tracking", "meta"), "/v25.0/1234567890/events", settings)
}

pub(crate) fn ga4() -> Setup<Ga4> {
    let settings = json!({"measurement_id": "G-FICTIONAL1", "api_secret": SECRET});
    Setup::new(Ga4::new("G-FICTIONAL1", SECRET), ("ad_tracking", "ga4"), "", settings)
}
