//! What the tests of targets have in common: requests made by hand, and what came of them.

use super::{Faults, Target};
use crate::receiver::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Instant;

/// A target that gets requests directly.
pub(super) struct Trial<T> {
    pub(super) target: T,
    headers: Vec<(String, String)>,
}

/// What one request came to.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    /// Null when it is not JSON.
    pub(super) json: Value,
    pub(super) text: String,
    pub(super) faults: Vec<String>,
}

impl<T: Target> Trial<T> {
    pub(super) fn of(target: T) -> Self {
        Self { target, headers: Vec::new() }
    }

    /// A header that every request has from now on, instead of one of the same name.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.headers.retain(|(key, _)| key != name);
    }

    pub(super) fn basic(self, credential: &str) -> Self {
        self.with("authorization", &format!("Basic {}", STANDARD.encode(credential)))
    }

    pub(super) fn send(&mut self, method: &str, path: &str, body: &str) -> Outcome {
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: self.headers.clone(),
            body: body.to_owned().into(),
            at: Instant::now(),
            status: None,
        };
        let mut faults = Faults::default();
        let answer = self.target.answer(&request, &mut faults);
        let (status, headers, body) = answer.told().expect("targets answer in HTTP");
        Outcome {
            status,
            headers,
            json: serde_json::from_slice(&body).unwrap_or_default(),
            text: String::from_utf8_lossy(&body).into_owned(),
            faults: faults.texts().to_vec(),
        }
    }

    pub(super) fn get(&mut self, path: &str) -> Outcome {
        self.send("GET", path, "")
    }

    pub(super) fn post(&mut self, path: &str, body: &str) -> Outcome {
        self.send("POST", path, body)
    }

    /// A body with replacements, posted without a fault.
    pub(super) fn takes(&mut self, status: u16, path: &str, body: &str, changes: &[(&str, &str)]) -> Outcome {
        let changed = changes.iter().fold(body.to_owned(), |body, (from, to)| {
            assert!(body.contains(from), "the example has no {from}");
            body.replacen(from, to, 1)
        });
        self.post(path, &changed).clean(status)
    }

    /// Sends a body with each of its values in turn replaced by something that no field may be, and expects a fault.
    pub(super) fn takes_nothing_hollow(&mut self, method: &str, path: &str, body: &str) {
        let body: Value = serde_json::from_str(body).expect("the example is JSON");
        for at in members(&body, "") {
            for hollow in [json!(null), json!(""), json!([]), json!({}), json!([null]), json!({"x": 1})] {
                let mut changed = body.clone();
                *changed.pointer_mut(&at).expect("it is there") = hollow.clone();
                let outcome = self.send(method, path, &changed.to_string());
                assert!(!outcome.faults.is_empty(), "{at} is {hollow}, which nobody noticed");
            }
        }
    }

    /// Posts variations of a body and expects one that is wrong in this place to be refused with the status.
    /// A row is what is replaced, by what, and a part of the fault.
    pub(super) fn refuses(&mut self, status: u16, path: &str, body: &str, table: &[(&str, &str, &str)]) {
        for (from, to, fault) in table {
            assert!(body.contains(from), "the example has no {from}");
            let outcome = self.post(path, &body.replacen(from, to, 1));
            assert!(
                outcome.faults.iter().any(|text| text.contains(fault)),
                "{from} -> {to}: expected a fault of {fault}, got {:?}",
                outcome.faults
            );
            assert_eq!(outcome.status, status, "{from} -> {to}: {}", outcome.text);
        }
    }
}

/// Pointers to everything below a value.
pub(super) fn members(value: &Value, at: &str) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(key, value)| (format!("{at}/{key}"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(key, value)| (format!("{at}/{key}"), value)).collect(),
        _ => Vec::new(),
    };
    below.into_iter().flat_map(|(at, value)| std::iter::once(at.clone()).chain(members(value, &at))).collect()
}

impl Outcome {
    /// Expects that nothing was wrong.
    pub(super) fn clean(self, status: u16) -> Self {
        assert_eq!(self.faults, Vec::<String>::new());
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Expects that exactly this was wrong.
    pub(super) fn fault(self, status: u16, part: &str) -> Self {
        assert!(matches!(self.faults.as_slice(), [only] if only.contains(part)), "{part}: {:?}", self.faults);
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
