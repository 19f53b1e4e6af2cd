//! Access tokens for a refresh token (`formats/nationbuilder.md` §1.1).

use crate::receiver::{Answer, Request};
use crate::targets::check::{Form, Json, Review, TEXT, answer_json, must, unix_now};
use serde_json::json;
use std::time::{Duration, Instant};

/// `formats/nationbuilder.md` §1.1: 24 hours.
const LIFE: Duration = Duration::from_secs(24 * 3_600);

const REFRESH: Form = Form::Object(&[
    must("grant_type", Form::Word(&["refresh_token"])),
    must("refresh_token", TEXT),
    must("client_id", TEXT),
    must("client_secret", TEXT),
]);

/// The application's credentials and the tokens that it was given.
#[derive(Debug)]
pub(super) struct Tokens {
    client_id: String,
    client_secret: String,
    refresh: String,
    replaced: Vec<String>,
    access: Vec<Access>,
    pub(super) rotates: bool,
    pub(super) life: Duration,
    pub(super) refreshes: u32,
}

#[derive(Debug)]
struct Access {
    token: String,
    issued: Instant,
    life: Duration,
    revoked: bool,
}

impl Tokens {
    pub(super) fn of(client_id: &str, client_secret: &str, refresh: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            refresh: refresh.to_owned(),
            replaced: Vec::new(),
            access: Vec::new(),
            rotates: true,
            life: LIFE,
            refreshes: 0,
        }
    }

    pub(super) fn revoke_access(&mut self) {
        self.access.iter_mut().for_each(|access| access.revoked = true);
    }

    pub(super) fn replace_refresh(&mut self, new: &str) {
        self.replaced.clear();
        new.clone_into(&mut self.refresh);
    }

    /// Whether the request has an access token that is good. A revoked one is no mistake of the sender's, one that
    /// has run out is: its expiry was told.
    pub(super) fn check(&self, request: &Request, review: &mut Review) -> bool {
        let in_query = request.path.contains("access_token");
        review.holds(!in_query, "query", "no token", "access_token");
        let sent = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(access) = self.access.iter().find(|access| sent == Some(&access.token)) else {
            let got = if sent.is_some() { "another" } else { "nothing" };
            review.note("authorization", "Bearer and an access token that was issued", got);
            return false;
        };
        let fresh = request.at.saturating_duration_since(access.issued) < access.life;
        review.holds(fresh, "authorization", "a token with time left", "one that has run out");
        fresh && !access.revoked
    }

    pub(super) fn answer(&mut self, request: &Request, review: &mut Review) -> Answer {
        let post = request.method == "POST" && !request.path.contains('?');
        review.holds(post, "request", "POST without a query", "another");
        let body = review.json(request, "application/json");
        review.form(&body, &REFRESH);
        if !review.is_clean() {
            return error(400, "invalid_request");
        }
        let client = body.text("/client_id") == self.client_id && body.text("/client_secret") == self.client_secret;
        review.holds(client, "$.client_id", "the client and its secret", "others");
        if !client {
            return error(401, "invalid_client");
        }
        if let Some(wrong) = self.wrong_refresh(&body) {
            review.note("$.refresh_token", "the newest refresh token", wrong);
            return error(400, "invalid_grant");
        }
        self.issue(request.at)
    }

    fn wrong_refresh(&self, body: &Json) -> Option<&'static str> {
        let sent = body.text("/refresh_token");
        let replaced = self.replaced.iter().any(|before| before == sent);
        (sent != self.refresh).then_some(if replaced { "one that was replaced" } else { "another" })
    }

    fn issue(&mut self, now: Instant) -> Answer {
        self.refreshes += 1;
        let token = format!("FICTIONAL-access-{}", self.refreshes);
        let mut body = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.life.as_secs(),
            "created_at": unix_now(),
        });
        if self.rotates {
            let next = format!("FICTIONAL-renewed-{}", self.refreshes);
            body["refresh_token"] = json!(next);
            self.replaced.push(std::mem::replace(&mut self.refresh, next));
        }
        self.access.push(Access { token, issued: now, life: self.life, revoked: false });
        answer_json(200, &body)
    }
}

fn error(status: u16, error: &str) -> Answer {
    answer_json(status, &json!({"error": error, "error_description": "The request was refused."}))
}
