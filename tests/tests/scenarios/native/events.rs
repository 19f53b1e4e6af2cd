//! The reference events (`formats/plans.md` §2), as upstream publishes them.

use serde_json::{Value, json};
use testkit::builders::{Message, message};

/// The recipient.
pub(crate) const ENTITY: u64 = 48_213;

/// Contribution, instalment, refund of the contribution, cancellation of the series.
pub(crate) fn reference() -> [Message; 4] {
    let contribution = message("contribution").entity(ENTITY).order("AB300000118").lineitem(612_004_411);
    let instalment = contribution
        .clone()
        .lineitem(620_118_734)
        .amount("15.0")
        .field("lineitems.0.sequence", 1)
        .field("lineitems.0.paidAt", "2024-04-05T18:23:01-04:00");
    // Of the same donor, unlike the fixture's refund.
    let refund = contribution
        .clone()
        .top("type", "refund")
        .field("lineitems.0.refundedAt", "2024-03-14T09:15:02-04:00")
        .field("lineitems.0.disbursedAt", Value::Null);
    let cancellation = message("cancellation").entity(ENTITY).order("AB300000118").lineitem(655_310_087);
    [contribution, instalment, refund, cancellation]
}

/// The same of this moment, from the donor's browser: targets of advertising take no old events. With the second
/// that all of them happened in.
pub(crate) fn recent() -> ([Message; 4], u64) {
    let now = runtime::clock::now();
    let time = now.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let [contribution, instalment, refund, cancellation] = reference().map(|message| {
        message
            .tracking(tracking())
            .field("contribution.createdAt", time.as_str())
            .field("lineitems.0.paidAt", time.as_str())
    });
    let refund = refund.field("lineitems.0.refundedAt", time.as_str());
    let cancellation = cancellation.field("contribution.cancelledAt", time.as_str());
    ([contribution, instalment, refund, cancellation], now.as_second().unsigned_abs())
}

/// The donor's browser.
pub(crate) fn tracking() -> Value {
    json!({
        "ip": "203.0.113.9",
        "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Safari/605.1.15",
        "pageUrl": "https://platform.example.org/donate/spring-drive",
        "fbp": "fb.1.1709680900000.1098115397",
        "fbclid": "IwAR0FICTIONALclick",
        "gaClientId": "123456.7654321",
        "gaSessionId": "1709680900",
        "consent": {"adUserData": "GRANTED", "adPersonalization": "DENIED"},
    })
}
