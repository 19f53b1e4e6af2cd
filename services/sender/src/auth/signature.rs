//! The Standard Webhooks headers, beside whatever the scheme adds.

use crate::client::Request;
use crate::failure::Failure;
use contract::id::DeliveryId;
use contract::signature;
use contract::webhook::Signing;
use jiff::Timestamp;
use reqwest::header::{HeaderName, HeaderValue};
use store::Secrets;

/// Signs a complete request, as it is sent now.
pub(crate) fn sign(
    request: &mut Request,
    (secrets, signing): (&Secrets, Signing),
    id: &DeliveryId,
    now: Timestamp,
) -> Result<(), Failure> {
    let at = now.as_second();
    let signature = signature::sign(&secrets.signers(signing, now), id, at, &request.body)
        .map_err(|_| Failure::Unsendable("the webhook has no signing secret, and nothing goes out unsigned"))?;
    for (name, value) in
        [("webhook-id", id.to_string()), ("webhook-timestamp", at.to_string()), ("webhook-signature", signature)]
    {
        let value = HeaderValue::try_from(value).map_err(|_| Failure::Unsendable("the signature"))?;
        request.headers.insert(HeaderName::from_static(name), value);
    }
    Ok(())
}
