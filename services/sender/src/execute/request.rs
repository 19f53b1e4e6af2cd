//! The request of one step.

use super::{Job, body, url, values::Values};
use crate::auth::{self, Proof};
use crate::client::Request;
use crate::failure::Failure;
use contract::lane::Lane;
use contract::plan::{Method, OnUnclear, Plan, Rule, Step};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};

/// The request of a step as it is sent now: the endpoint and the credentials are the webhook's of this moment.
pub(super) fn request(
    job: &Job<'_>,
    step: &Step,
    values: &Values,
    proof: &Proof,
    now: Timestamp,
) -> Result<Request, Failure> {
    let (planned, party) = (job.planned, &job.party);
    let beside = match (job.lane, party.connection) {
        (Lane::Backfill, Some(connection)) => connection.backfill_query.as_slice(),
        _ => &[],
    };
    let url = url::url(&party.webhook.endpoint, &step.to, &step.query, beside, values)?;
    let (body, content_type) = body::body(&step.body, planned.delivery.event.body.get(), values)?;
    let mut headers = auth::custom_headers(party.secrets)?;
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in &step.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            return Err(Failure::Unsendable("a header of the plan"));
        };
        headers.insert(name, value);
    }
    let method = match step.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let (decides, once) = (decides(step), once(&planned.plan, step));
    let mut request = Request { method, url, headers, body, decides, once };
    auth::apply(party, proof, &mut request, now)?;
    if planned.plan.signed {
        auth::sign(&mut request, (party.secrets, party.webhook.options.signing), &planned.delivery.id, now)?;
    }
    Ok(request)
}

/// Whether anything is looked for in the answer's body.
fn decides(step: &Step) -> bool {
    let checked = |rules: &[Rule]| rules.iter().any(|rule| !rule.checks.is_empty());
    !step.capture.is_empty() || checked(&step.success) || checked(&step.duplicate)
}

/// Whether a repeat could make a second record, which the plan then has to look up or leave to a person.
fn once(plan: &Plan, step: &Step) -> bool {
    let dear = plan.on_unclear == OnUnclear::Hold || plan.steps.iter().any(|step| step.recheck);
    dear && !step.repeatable && step.method != Method::Get
}
