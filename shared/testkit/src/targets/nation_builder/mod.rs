//! `NationBuilder`, API v2 and API v1 (`formats/nationbuilder.md`).

mod fields;
mod oauth;
mod records;
#[cfg(test)]
mod tests;
mod v1;
mod v2;

pub use records::{Donation, Nation, Signup, TrackingCode};

use super::check::{Review, answer_json, pairs, unix_now};
use super::limit::Limit;
use super::{Faults, Target};
use crate::receiver::{Answer, Request};
use oauth::Tokens;
use serde_json::json;
use std::time::Duration;

const TOKEN: &str = "/oauth/token";
/// `formats/nationbuilder.md` §7: 250 requests per 10 seconds and token, in v2.
const V2_CALLS: usize = 250;
const V2_PERIOD: Duration = Duration::from_secs(10);

/// A nation and an application registered in it. The webhook's endpoint is `mock.receiver().url("")`.
#[derive(Debug)]
pub struct NationBuilder {
    version: Version,
    tokens: Tokens,
    limit: Limit,
    /// What is stored, and what it may be.
    pub nation: Nation,
}

/// What the webhook is configured to speak; requests in the other version are faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

impl NationBuilder {
    /// A nation for a webhook that speaks v2.
    pub fn v2(client_id: &str, client_secret: &str, refresh_token: &str) -> Self {
        Self::of(Version::V2, Tokens::of(client_id, client_secret, refresh_token))
    }

    /// A nation for a webhook that speaks v1.
    pub fn v1(client_id: &str, client_secret: &str, refresh_token: &str) -> Self {
        Self::of(Version::V1, Tokens::of(client_id, client_secret, refresh_token))
    }

    fn of(version: Version, tokens: Tokens) -> Self {
        let limit = if version == Version::V2 { Limit::of(V2_CALLS, V2_PERIOD) } else { Limit::default() };
        Self { version, tokens, limit, nation: Nation::default() }
    }

    /// Every access token so far is refused with a 401; a refresh gives a new one.
    pub fn revoke_token(&mut self) {
        self.tokens.revoke_access();
    }

    /// The refresh token is refused from now on, until the customer enters this one.
    pub fn revoke_refresh_token(&mut self, new: &str) {
        self.tokens.replace_refresh(new);
    }

    /// Whether each refresh gives a new refresh token and ends the one before, which is the default.
    pub fn rotate_refresh_tokens(&mut self, rotate: bool) {
        self.tokens.rotates = rotate;
    }

    /// New access tokens are good for so long instead of 24 hours.
    pub fn set_token_life(&mut self, life: Duration) {
        self.tokens.life = life;
    }

    /// Refreshes that succeeded.
    pub fn refreshes(&self) -> u32 {
        self.tokens.refreshes
    }

    /// The next so many requests, other than those for a token, get a 429.
    pub fn limit_next(&mut self, requests: u32) {
        self.limit.refuse_next(requests);
    }

    fn judge(&mut self, request: &Request, review: &mut Review) -> Answer {
        let call = Call::of(request, review);
        if call.path == TOKEN {
            return self.tokens.answer(request, review);
        }
        let answer = self.authorized(&call, request, review);
        match self.version {
            Version::V1 => answer,
            Version::V2 => answer
                .header("ratelimit-limit", &V2_CALLS.to_string())
                .header("ratelimit-remaining", &self.limit.remaining().to_string())
                .header("ratelimit-reset", &(unix_now() + self.limit.reset_s(request.at)).to_string()),
        }
    }

    fn authorized(&mut self, call: &Call<'_>, request: &Request, review: &mut Review) -> Answer {
        if !self.tokens.check(request, review) {
            return flat(401, "unauthorized", "You are not authorized to access this content.");
        }
        if let Err(wait) = self.limit.take(request.at) {
            let body = json!({"message": "Too many requests"});
            return answer_json(429, &body).header("retry-after", &wait.to_string());
        }
        self.dispatch(call, request, review)
    }

    fn dispatch(&mut self, call: &Call<'_>, request: &Request, review: &mut Review) -> Answer {
        // The specification has one check of credentials, in v2. Which media type a webhook of v1 asks for there, it
        // does not say.
        if call.is("GET", &["v2", "donations"]) && call.query == [("page[size]".to_owned(), "1".to_owned())] {
            review.no_body(request);
            if self.version == Version::V2 {
                review.header(request, "accept", v2::MEDIA);
            }
            return v2::first_page(&self.nation);
        }
        let answer = match self.version {
            Version::V1 => v1::answer(&mut self.nation, call, request, review),
            Version::V2 => v2::answer(&mut self.nation, call, request, review),
        };
        answer.unwrap_or_else(|| {
            review.note("request", "one of the specification, in the version of the webhook", "another");
            not_found()
        })
    }
}

impl Target for NationBuilder {
    fn answer(&mut self, request: &Request, faults: &mut Faults) -> Answer {
        let mut review = Review::of("nationbuilder", request);
        let answer = self.judge(request, &mut review);
        review.close(faults);
        answer
    }
}

/// A request line, taken apart.
#[derive(Debug)]
struct Call<'a> {
    method: &'a str,
    path: &'a str,
    /// What follows `/api/`.
    steps: Vec<&'a str>,
    raw_query: &'a str,
    query: Vec<(String, String)>,
}

impl<'a> Call<'a> {
    fn of(request: &'a Request, review: &mut Review) -> Self {
        let (path, raw_query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let query = pairs(raw_query).unwrap_or_else(|| {
            review.note("query", "names and values", "something else");
            Vec::new()
        });
        let steps = path.strip_prefix("/api/").map(|rest| rest.split('/').collect()).unwrap_or_default();
        Self { method: &request.method, path, steps, raw_query, query }
    }

    fn is(&self, method: &str, steps: &[&str]) -> bool {
        self.method == method && self.steps == steps
    }
}

fn flat(status: u16, code: &str, message: &str) -> Answer {
    answer_json(status, &json!({"code": code, "message": message}))
}

fn not_found() -> Answer {
    flat(404, "not_found", "Record not found")
}
