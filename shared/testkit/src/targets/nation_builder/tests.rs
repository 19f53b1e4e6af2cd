mod v1;
mod v2;

use super::NationBuilder;
use crate::targets::trial::{Outcome, Trial};
use serde_json::json;
use std::time::Duration;

const REFRESH: &str = r#"{
    "grant_type": "refresh_token",
    "refresh_token": "FICTIONAL-refresh",
    "client_id": "FICTIONAL-client",
    "client_secret": "FICTIONAL-secret"
}"#;
const CHECK: &str = "/api/v2/donations?page[size]=1";

fn refresh(trial: &mut Trial<NationBuilder>, body: &str) -> Outcome {
    trial.unset("authorization");
    trial.set("content-type", "application/json");
    let outcome = trial.post("/oauth/token", body);
    trial.set("authorization", &format!("Bearer {}", outcome.json["access_token"].as_str().unwrap_or_default()));
    outcome
}

/// A target for v2 whose requests have the first access token.
fn trial() -> Trial<NationBuilder> {
    authorized(
        NationBuilder::v2("FICTIONAL-client", "FICTIONAL-secret", "FICTIONAL-refresh"),
        "application/vnd.api+json",
    )
}

fn authorized(target: NationBuilder, media: &str) -> Trial<NationBuilder> {
    let mut trial = Trial::of(target);
    refresh(&mut trial, REFRESH).clean(200);
    trial.with("content-type", media).with("accept", media)
}

#[test]
fn a_refresh_gives_an_access_token_and_a_new_refresh_token() {
    let mut trial = trial();
    let renewed = REFRESH.replace("FICTIONAL-refresh", "FICTIONAL-renewed-1");
    let second = refresh(&mut trial, &renewed).clean(200);
    assert_eq!(second.json["access_token"], "FICTIONAL-access-2");
    assert_eq!(second.json["refresh_token"], "FICTIONAL-renewed-2");
    assert_eq!((&second.json["token_type"], &second.json["expires_in"]), (&json!("Bearer"), &json!(86_400)));
    refresh(&mut trial, &renewed).fault(400, "$.refresh_token: expected the newest refresh token, got one that was");
    trial.target.rotate_refresh_tokens(false);
    for _ in 0..2 {
        let kept = refresh(&mut trial, &REFRESH.replace("FICTIONAL-refresh", "FICTIONAL-renewed-2")).clean(200);
        assert_eq!(kept.json.get("refresh_token"), None);
    }
    assert_eq!(trial.target.refreshes(), 4);
}

#[test]
fn wrong_credentials_get_no_token() {
    let mut trial = Trial::of(NationBuilder::v2("FICTIONAL-client", "FICTIONAL-secret", "FICTIONAL-refresh"));
    for (from, to, status) in [
        ("FICTIONAL-secret", "other", 401),
        ("FICTIONAL-client", "other", 401),
        ("FICTIONAL-refresh", "other", 400),
        ("\"refresh_token\",", "\"password\",", 400),
        ("client_id", "client", 400),
        ("{", "", 400),
    ] {
        let outcome = refresh(&mut trial, &REFRESH.replacen(from, to, 1));
        assert_eq!((outcome.status, outcome.faults.is_empty()), (status, false), "{from} -> {to}: {outcome:?}");
    }
    trial.target.revoke_refresh_token("FICTIONAL-new");
    refresh(&mut trial, REFRESH).fault(400, "$.refresh_token: expected the newest refresh token, got another");
    refresh(&mut trial, &REFRESH.replace("FICTIONAL-refresh", "FICTIONAL-new")).clean(200);
    assert_eq!(trial.target.refreshes(), 1);
}

#[test]
fn requests_need_an_access_token_that_is_good() {
    let mut trial = trial();
    // Nobody sends what a check does not have.
    trial.unset("content-type");
    assert_eq!(trial.get(CHECK).clean(200).json, json!({"data": []}));
    let in_query = trial.get(&format!("{CHECK}&access_token=FICTIONAL-access-1"));
    assert!(in_query.faults[0].ends_with("query: expected no token, got access_token"), "{in_query:?}");

    trial.target.revoke_token();
    let revoked = trial.get(CHECK).clean(401);
    assert_eq!(revoked.json["code"], "unauthorized");
    for wrong in ["Bearer FICTIONAL-access-9", "FICTIONAL-access-1", ""] {
        trial.set("authorization", wrong);
        trial.get(CHECK).fault(401, "authorization");
    }

    trial.target.set_token_life(Duration::ZERO);
    refresh(&mut trial, &REFRESH.replace("FICTIONAL-refresh", "FICTIONAL-renewed-1")).clean(200);
    trial.get(CHECK).fault(401, "authorization: expected a token with time left");
}

#[test]
fn the_limit_is_told_in_every_answer() {
    let mut trial = trial();
    let first = trial.get(CHECK).clean(200);
    assert_eq!((first.header("ratelimit-limit"), first.header("ratelimit-remaining")), (Some("250"), Some("249")));
    assert!(first.header("ratelimit-reset").is_some_and(|reset| reset.parse::<u64>().is_ok()), "{first:?}");
    trial.target.limit_next(1);
    let asked = trial.get(CHECK).clean(429);
    assert_eq!((asked.header("retry-after"), asked.json.get("code")), (Some("2"), None));
    for _ in 1..250 {
        trial.get(CHECK).clean(200);
    }
    let over = trial.get(CHECK).clean(429);
    assert_eq!((over.header("retry-after"), over.header("ratelimit-remaining")), (Some("10"), Some("0")));
}
