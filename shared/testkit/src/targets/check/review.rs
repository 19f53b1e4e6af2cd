//! The examination of one request.

use super::{Form, Json};
use crate::receiver::Request;
use crate::targets::Faults;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Display;

/// What is wrong with one request.
#[derive(Debug)]
pub(in crate::targets) struct Review {
    subject: String,
    violations: Vec<Violation>,
    /// Members of objects come in the order of their table.
    pub(in crate::targets) wants_order: bool,
    /// Members that no table has are passed over.
    pub(in crate::targets) takes_unknown: bool,
}

#[derive(Debug)]
struct Violation {
    path: String,
    text: String,
}

impl Review {
    /// Nothing is wrong yet. The query is not named, because some have secrets in it.
    pub(in crate::targets) fn of(target: &str, request: &Request) -> Self {
        let path = request.path.split('?').next().unwrap_or_default();
        Self {
            subject: format!("{target} {} {path}", request.method),
            violations: Vec::new(),
            wants_order: false,
            takes_unknown: false,
        }
    }

    /// Notes that the place (`$.order.amount`, or what else it is called) is not as it should be.
    pub(in crate::targets) fn note(&mut self, path: &str, expected: impl Display, got: impl Display) {
        let text = format!("{}: {path}: expected {expected}, got {got}", self.subject);
        self.violations.push(Violation { path: path.to_owned(), text });
    }

    /// Notes it unless the condition holds.
    pub(in crate::targets) fn holds(&mut self, holds: bool, path: &str, expected: impl Display, got: impl Display) {
        if !holds {
            self.note(path, expected, got);
        }
    }

    /// Notes it unless the two are equal.
    pub(in crate::targets) fn equal(&mut self, path: &str, expected: &str, got: &str) {
        self.holds(expected == got, path, format_args!("{expected:?}"), format_args!("{got:?}"));
    }

    /// Whether nothing is wrong so far.
    pub(in crate::targets) fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// The places of everything that is wrong, without the leading `$.`.
    pub(in crate::targets) fn paths(&self) -> impl Iterator<Item = &str> {
        self.violations.iter().map(|violation| violation.path.trim_start_matches("$."))
    }

    /// Tells the mock.
    pub(in crate::targets) fn close(self, faults: &mut Faults) {
        for violation in self.violations {
            faults.note(violation.text);
        }
    }

    /// A value against its form.
    pub(in crate::targets) fn form(&mut self, value: &Json, form: &Form) {
        form.check(value, "$", self);
    }

    /// A body that has nothing hollow: what would be an empty object or list is left out (`formats/plans.md` §3).
    pub(in crate::targets) fn filled(&mut self, value: &Json, path: &str) {
        match value {
            Json::Object(members) => {
                self.holds(!members.is_empty(), path, "nothing", "an empty object");
                members.iter().for_each(|(key, value)| self.filled(value, &format!("{path}.{key}")));
            }
            Json::List(items) => {
                self.holds(!items.is_empty(), path, "nothing", "an empty list");
                items.iter().enumerate().for_each(|(at, item)| self.filled(item, &format!("{path}[{at}]")));
            }
            _ => {}
        }
    }

    /// A header that must be there once, with exactly this value.
    pub(in crate::targets) fn header(&mut self, request: &Request, name: &str, expected: &str) {
        match one(request, name) {
            Ok(value) => self.equal(name, expected, value),
            Err(count) => self.note(name, format_args!("{expected:?}"), format_args!("{count} such headers")),
        }
    }

    /// A secret in a header of its own. Says whether it is right; its value is never quoted.
    pub(in crate::targets) fn token(&mut self, request: &Request, name: &str, secret: &str) -> bool {
        let right = one(request, name).is_ok_and(|value| value == secret);
        self.holds(right, name, "the token", if request.header(name).is_some() { "another" } else { "nothing" });
        right
    }

    /// HTTP Basic with standard base64. Says whether the credential is right; it is never quoted.
    pub(in crate::targets) fn basic(&mut self, request: &Request, user: &str, password: &str) -> bool {
        self.token(request, "authorization", &format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }

    /// The JSON of a body with exactly this content type; null, and a note, if it is none.
    pub(in crate::targets) fn json(&mut self, request: &Request, content_type: &str) -> Json {
        self.header(request, "content-type", content_type);
        Json::parse(&request.body).unwrap_or_else(|error| {
            self.note("$", "JSON", error);
            Json::Null
        })
    }

    /// A request without a body.
    pub(in crate::targets) fn no_body(&mut self, request: &Request) {
        self.holds(request.body.is_empty(), "body", "nothing", format_args!("{} bytes", request.body.len()));
    }
}

/// The value of a header that is there exactly once; else how often it is there.
pub(in crate::targets) fn one<'a>(request: &'a Request, name: &str) -> Result<&'a str, usize> {
    let mut found = request.headers.iter().filter(|(key, _)| key == name);
    match (found.next(), found.count()) {
        (Some((_, value)), 0) => Ok(value),
        (None, _) => Err(0),
        (Some(_), more) => Err(more + 1),
    }
}
