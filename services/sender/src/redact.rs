//! What is taken out of an answer before it is kept: secrets, email addresses and the donor
//! (`formats/plans.md` §12).
//!
//! Targets echo what they are sent, escaped for wherever they put it; some repeat a wrong key in their error
//! text.

use crate::auth::{self, Proof};
use crate::client::Request;
use crate::spelling;
use contract::limits;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::fmt::Write as _;
use store::{Authorization, Secrets};

const TAKEN_OUT: &str = "[redacted]";
/// What is shorter stands in every answer by chance, and taking it out would only garble the text.
const SHORTEST_CHARS: usize = 3;
/// The one field of a donor that says nothing about the person.
const COUNTRY: &str = "country";
/// Query parameters whose values authenticate.
const PARAMETERS: [&str; 4] = ["access_token=", "api_secret=", "api_mac=", "osdi-api-token="];

/// What is to be taken out.
pub(crate) struct Hidden {
    secrets: Vec<String>,
    donor: Vec<String>,
}

impl Hidden {
    /// Every secret of a webhook, what was obtained with them and how a request carried them, and the donor of an
    /// event.
    pub(crate) fn of(secrets: &Secrets, proof: Option<&Proof>, request: Option<&Request>, event: &str) -> Self {
        let mut words = secret(secrets);
        words.extend(proof.into_iter().flat_map(obtained));
        words.extend(request.into_iter().flat_map(carried));
        let telling = |word: &String| word.chars().nth(SHORTEST_CHARS - 1).is_some();
        words.retain(telling);
        let mut donor = donor(event);
        donor.retain(telling);
        Self { secrets: words, donor }
    }

    /// The beginning of an answer, without what nobody may see.
    pub(crate) fn answer(&self, body: &[u8]) -> String {
        let words: Vec<&str> = self.secrets.iter().chain(&self.donor).map(String::as_str).collect();
        let text = spelling::without(&String::from_utf8_lossy(body), &words, TAKEN_OUT);
        cut(without_emails(&without_parameters(&text)), limits::ANSWER_KEPT_BYTES)
    }

    /// The request of a test: its line, headers and body. The donor of a test is nobody.
    pub(crate) fn request(&self, request: &Request) -> String {
        let mut text = format!("{} {}\n", request.method, request.url);
        for (name, value) in &request.headers {
            let value = value.to_str().ok().filter(|_| !value.is_sensitive()).unwrap_or(TAKEN_OUT);
            // Writing to a string can't fail.
            let _ = writeln!(text, "{name}: {value}");
        }
        if !request.body.is_empty() {
            let _ = write!(text, "\n{}", String::from_utf8_lossy(&request.body));
        }
        let words: Vec<&str> = self.secrets.iter().map(String::as_str).collect();
        cut(without_parameters(&spelling::without(&text, &words, TAKEN_OUT)), limits::REQUEST_KEPT_BYTES)
    }
}

fn cut(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// Every stored secret in every form in which it travels.
fn secret(secrets: &Secrets) -> Vec<String> {
    let mut words: Vec<String> = secrets.headers.iter().map(|(_, value)| value.expose_secret().to_owned()).collect();
    match &secrets.authorization {
        Authorization::None => {}
        Authorization::Basic { username, password } => {
            let password = password.expose_secret();
            words.push(password.to_owned());
            words.push(auth::basic_credential(username, password));
        }
        Authorization::Bearer { token } => words.push(token.expose_secret().to_owned()),
    }
    words.extend(secrets.fields.values().map(|value| value.expose_secret().to_owned()));
    words.extend(secrets.access.as_ref().map(|access| access.token.expose_secret().to_owned()));
    for key in &secrets.signing {
        let secret = key.secret.expose();
        words.push(secret.to_owned());
        words.extend(secret.strip_prefix("whsec_").map(str::to_owned));
        words.extend(key.private.as_ref().map(|private| private.expose().to_owned()));
    }
    words
}

/// Tokens, and the values of cookies one by one.
fn obtained(proof: &Proof) -> Vec<String> {
    match proof {
        Proof::Stored => Vec::new(),
        Proof::Token(token) => vec![token.expose_secret().to_owned()],
        Proof::Session(cookies) => {
            let values = cookies.expose_secret().split("; ").filter_map(|cookie| Some(cookie.split_once('=')?.1));
            values.map(str::to_owned).collect()
        }
    }
}

/// What stands in headers that authenticate, with and without the word before it.
fn carried(request: &Request) -> Vec<String> {
    let sensitive = request.headers.values().filter(|value| value.is_sensitive());
    let texts = sensitive.filter_map(|value| value.to_str().ok());
    let words = texts.flat_map(|text| [Some(text), text.split_once(' ').map(|(_, rest)| rest)]);
    words.flatten().map(str::to_owned).collect()
}

/// Every text of the donor, and the phone number as formats write it.
fn donor(event: &str) -> Vec<String> {
    let mut words = Vec::new();
    if let Ok(Value::Object(event)) = serde_json::from_str(event)
        && let Some(donor) = event.get("donor")
    {
        collect(donor, &mut words);
        let phone = donor.get("phone").and_then(Value::as_str).unwrap_or_default();
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        let local = digits.strip_prefix('1').filter(|rest| rest.len() == 10).unwrap_or(&digits);
        words.extend(
            [format!("+1{local}"), format!("1{local}"), local.to_owned()].into_iter().filter(|_| !local.is_empty()),
        );
    }
    words
}

fn collect(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => words.push(text.clone()),
        Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, words)),
        Value::Object(fields) => {
            fields.iter().filter(|(name, _)| *name != COUNTRY).for_each(|(_, value)| collect(value, words));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Takes out the values of parameters that authenticate, whoever's they are.
fn without_parameters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let first = |rest: &str| PARAMETERS.iter().filter_map(|name| Some(rest.find(name)? + name.len())).min();
    while let Some(start) = first(rest) {
        let value = &rest[start..];
        let end = value.find(|c: char| c.is_whitespace() || "&\"'<>#\\".contains(c)).unwrap_or(value.len());
        out.push_str(&rest[..start]);
        if end > 0 {
            out.push_str(TAKEN_OUT);
        }
        rest = &value[end..];
    }
    out.push_str(rest);
    out
}

/// Takes out everything of the form `local@domain`.
fn without_emails(text: &str) -> String {
    let local = |c: char| c.is_alphanumeric() || "._%+-'".contains(c);
    let domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let name = before.trim_end_matches(local);
        let host = after.find(|c| !domain(c)).unwrap_or(after.len());
        if name.len() == before.len() || host == 0 {
            out.push_str(&rest[..=at]);
            rest = after;
        } else {
            out.push_str(name);
            out.push_str(TAKEN_OUT);
            rest = &after[host..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
