//! What must hold on every installation.

pub(crate) mod arriving;
pub(crate) mod backfilling;
pub(crate) mod files;
mod native;
pub(crate) mod operating;
pub(crate) mod presets;
pub(crate) mod refusing;
pub(crate) mod retrying;

pub(crate) use native::{living, recording, refused, repeating, trying};

use anyhow::{Context, Result};
use serde_json::Value;
use testkit::receiver::Request;

/// The JSON body that a receiver got.
fn body(request: &Request) -> Result<Value> {
    serde_json::from_slice(&request.body).context("the delivered body is not JSON")
}

/// `lineitems[0].lineitemId` of a delivered body.
fn lineitem(request: &Request) -> Result<u64> {
    let body = body(request)?;
    body.pointer("/lineitems/0/lineitemId").and_then(Value::as_u64).context("no lineitemId")
}

/// The line items that arrived, sorted.
fn lineitems(requests: &[Request]) -> Result<Vec<u64>> {
    let mut ids = requests.iter().map(lineitem).collect::<Result<Vec<u64>>>()?;
    ids.sort_unstable();
    Ok(ids)
}

/// A header of a delivered request.
fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.header(name)
}

/// Verifies a delivery's signature as its receiver would, with the library of the specification's authors.
fn verify(secret: &str, request: &Request) -> Result<()> {
    let mut headers = reqwest::header::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, header(request, name).with_context(|| format!("no {name}"))?.parse()?);
    }
    standardwebhooks::Webhook::new(secret)?.verify(&request.body, &headers).context("the signature does not verify")
}

/// A member of an answer, as text.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
