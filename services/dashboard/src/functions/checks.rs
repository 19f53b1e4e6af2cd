//! Checks of what people enter. They go on after a mistake, so that all of them are told at once.

use crate::problem::{FieldError, Problem};
use crate::views::{NewAuthorization, NewCredentials, NewHeader};
use axum::http::{HeaderName, HeaderValue};
use contract::limits;
use contract::network::Way;
use contract::webhook::{Endpoint, reserved_header};
use ipnet::IpNet;
use secrecy::SecretString;
use std::str::FromStr;
use store::Authorization;

/// Collects mistakes.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks {
    errors: Vec<FieldError>,
}

/// Credentials that passed; absent parts were not given.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) authorization: Option<Authorization>,
    pub(super) headers: Option<Vec<(String, SecretString)>>,
}

impl Checked {
    /// Whether none were given.
    pub(super) fn is_nothing(&self) -> bool {
        self.authorization.is_none() && self.headers.is_none()
    }
}

impl Checks {
    /// The mistakes found, if there are any.
    pub(super) fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(self.errors)) }
    }

    pub(super) fn wrong(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    /// A word that a type knows.
    pub(super) fn word<T: FromStr<Err: std::fmt::Display>>(&mut self, field: &str, text: &str) -> Option<T> {
        text.parse().map_err(|error: T::Err| self.wrong(field, error.to_string())).ok()
    }

    pub(super) fn endpoint(&mut self, text: &str, allowed: &[IpNet]) -> Option<Endpoint> {
        sound_endpoint(text, allowed).map_err(|why| self.wrong("endpoint", why)).ok()
    }

    pub(super) fn name(&mut self, field: &str, text: &str) -> Option<String> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > limits::NAME_CHARS || text.chars().any(char::is_control) {
            self.wrong(field, format!("must be a name of 1 to {} characters in one line", limits::NAME_CHARS));
            return None;
        }
        Some(text.to_owned())
    }

    pub(super) fn email(&mut self, text: &str) -> Option<String> {
        let text = text.trim();
        let sound = text.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !local.contains('@')
                && domain.split('.').count() > 1
                && domain.split('.').all(|label| !label.is_empty())
        });
        if !sound || text.len() > limits::EMAIL_BYTES || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            self.wrong("contact_email", "must be one email address such as ana@example.org");
            return None;
        }
        Some(text.to_owned())
    }

    pub(super) fn within(&mut self, field: &str, number: u32, most: u32) {
        if !(1..=most).contains(&number) {
            self.wrong(field, format!("must be from 1 to {most}"));
        }
    }

    pub(super) fn credentials(&mut self, new: NewCredentials) -> Checked {
        let authorization = new.authorization.map(|new| self.authorization(new));
        let authorized = authorization.as_ref().is_some_and(|set| !matches!(set, Authorization::None));
        let headers = new.headers.map(|headers| self.headers(headers, authorized));
        Checked { authorization, headers }
    }

    fn authorization(&mut self, new: NewAuthorization) -> Authorization {
        match new {
            NewAuthorization::None => Authorization::None,
            NewAuthorization::Basic { username, password } => {
                self.credential("credentials.authorization.username", &username);
                self.credential("credentials.authorization.password", &password.0);
                if username.contains(':') {
                    self.wrong("credentials.authorization.username", "must not contain a colon (RFC 7617)");
                }
                Authorization::Basic { username, password: password.0.into() }
            }
            NewAuthorization::Bearer { token } => {
                self.credential("credentials.authorization.token", &token.0);
                if token.0.chars().any(|c| !c.is_ascii_graphic()) {
                    self.wrong("credentials.authorization.token", "must be ASCII text without spaces");
                }
                Authorization::Bearer { token: token.0.into() }
            }
        }
    }

    fn credential(&mut self, field: &str, text: &str) {
        let count = text.chars().count();
        if text.trim().is_empty() || count > limits::CREDENTIAL_CHARS || text.chars().any(char::is_control) {
            self.wrong(field, format!("must be 1 to {} characters in one line, not blank", limits::CREDENTIAL_CHARS));
        }
    }

    fn headers(&mut self, new: Vec<NewHeader>, authorized: bool) -> Vec<(String, SecretString)> {
        if new.len() > limits::CUSTOM_HEADERS {
            self.wrong("credentials.headers", format!("must be at most {} headers", limits::CUSTOM_HEADERS));
        }
        let mut headers: Vec<(String, SecretString)> = Vec::with_capacity(new.len());
        for (at, header) in new.into_iter().enumerate() {
            let field = format!("credentials.headers[{at}]");
            if let Some(message) = header_mistake(&header.name, authorized) {
                self.wrong(format!("{field}.name"), message);
            } else if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(&header.name)) {
                self.wrong(format!("{field}.name"), "is there twice");
            }
            self.credential(&format!("{field}.value"), &header.value.0);
            if HeaderValue::from_str(&header.value.0).is_err() {
                self.wrong(format!("{field}.value"), "must be a valid header value");
            }
            headers.push((header.name, header.value.0.into()));
        }
        headers
    }
}

/// An endpoint that can be connected to. Names are resolved at every attempt; what can be told without asking anyone
/// is told here.
pub(super) fn sound_endpoint(text: &str, allowed: &[IpNet]) -> Result<Endpoint, String> {
    let endpoint = Endpoint::parse(text).map_err(|error| error.to_string())?;
    Way::of(endpoint.url(), allowed).map_err(|refused| refused.to_string())?;
    Ok(endpoint)
}

/// Why nobody can set a header of this name.
fn header_mistake(name: &str, authorized: bool) -> Option<String> {
    let Ok(parsed) = HeaderName::from_str(name) else {
        return Some("must be a header name such as X-Api-Key".to_owned());
    };
    let name = parsed.as_str();
    if reserved_header(name) {
        return Some(format!("{name} is set by Tributary itself"));
    }
    if name == "authorization" && authorized {
        return Some("authorization is set by the user name or token already".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::Hidden;

    fn fields(check: impl FnOnce(&mut Checks)) -> Vec<String> {
        let mut checks = Checks::default();
        check(&mut checks);
        let errors = checks.finish().err().map(|problem| problem.errors).unwrap_or_default();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn an_endpoint_that_would_never_be_connected_to_is_refused_when_it_is_entered() {
        let check = |allowed: &[&str], url: &str, wrong| {
            let allowed: Vec<IpNet> = allowed.iter().map(|net| net.parse().expect("a network")).collect();
            assert_eq!(!fields(|c| drop(c.endpoint(url, &allowed))).is_empty(), wrong, "{url} with {allowed:?}");
        };
        check(&[], "https://crm.example.org/hook?list=7", false);
        check(&[], "https://crm.example.org:8443/", false);
        check(&[], "https://crm.example.org:22/", true);
        check(&[], "http://crm.example.org/", true);
        check(&[], "https://2130706433/", true);
        check(&[], "https://[::ffff:10.0.0.1]/", true);
        check(&[], "nonsense", true);
        check(&["127.0.0.0/8"], "http://127.0.0.1:9000/", false);
        check(&["127.0.0.0/8"], "http://10.0.0.1/", true);
        check(&["127.0.0.0/8"], "http://localhost:9000/", false);
    }

    #[test]
    fn an_email_address_is_one_address() {
        for good in ["ana@example.org", " a+b@x.example.org "] {
            assert!(fields(|c| drop(c.email(good))).is_empty(), "{good}");
        }
        for bad in ["", "ana", "@example.org", "ana@", "ana@local", "a@b@c.org", "a b@c.org", "ana@c..org"] {
            assert_eq!(fields(|c| drop(c.email(bad))), ["contact_email"], "{bad}");
        }
    }

    #[test]
    fn headers_that_the_sender_writes_itself_are_refused() {
        let header = |name: &str| NewHeader { name: name.to_owned(), value: Hidden("v".to_owned()) };
        let check = |name: &str, authorized, wrong| {
            let found = fields(|c| drop(c.headers(vec![header(name)], authorized)));
            assert_eq!(!found.is_empty(), wrong, "{name}");
        };
        for name in ["Host", "content-type", "Keep-Alive", "Webhook-Signature", "proxy-x", "a b", ""] {
            check(name, false, true);
        }
        check("X-Api-Key", false, false);
        check("Authorization", false, false);
        check("Authorization", true, true);
        let twice = fields(|c| drop(c.headers(vec![header("X-A"), header("x-a")], false)));
        assert_eq!(twice, ["credentials.headers[1].name"]);
        let many = (0..=limits::CUSTOM_HEADERS).map(|n| header(&format!("x-{n}"))).collect();
        assert_eq!(fields(|c| drop(c.headers(many, false))), ["credentials.headers"]);
    }

    #[test]
    fn credentials_are_whole_and_in_one_line() {
        let basic = |username: &str, password: &str| {
            let password = Hidden(password.to_owned());
            let authorization = NewAuthorization::Basic { username: username.to_owned(), password };
            fields(|c| drop(c.authorization(authorization)))
        };
        assert!(basic("ana", "s3cret with spaces").is_empty());
        assert_eq!(basic("", "x\ny").len(), 2);
        assert_eq!(basic("a:b", "x"), ["credentials.authorization.username"]);
        let bearer = NewAuthorization::Bearer { token: Hidden("two words".to_owned()) };
        assert_eq!(fields(|c| drop(c.authorization(bearer))), ["credentials.authorization.token"]);
    }
}
