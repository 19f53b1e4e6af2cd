use super::*;
use crate::id::{EntityId, EventId};
use proptest::prelude::*;

const CONTRIBUTION: &str =
    r#"{"createdAt":"2024-03-05T18:22:41-05:00","orderNumber":"AB300000118","status":"approved","note":1.10}"#;

fn at() -> Timestamp {
    Timestamp::from_second(1_700_000_000).expect("in range")
}

fn item(id: u64, entity: u64, more: &str) -> String {
    format!(r#"{{"entityId":{entity}, "amount":"27.50","paidAt":"2024-03-05T18:22:49-05:00","lineitemId":{id}{more}}}"#)
}

fn data(items: &[String]) -> String {
    format!(
        r#"{{"donor":{{"firstname":"Marisol"}},"contribution":{CONTRIBUTION},
        "lineitems":[{}],"form":{{"managingEntityName":"Harbor Coalition"}},"source":"web"}}"#,
        items.join(",")
    )
}

fn message(kind: &str, data: &str) -> String {
    format!(r#"{{"type":"{kind}","id":"m-1","data":{data},"tracking":{{ "fbp":"1" }},"later":true}}"#)
}

fn events(kind: &str, data: &str) -> Vec<Event> {
    native(message(kind, data).as_bytes(), at()).expect("a good message")
}

fn paths(document: &str) -> Vec<String> {
    native(document.as_bytes(), at()).expect_err("rejected").reasons.into_iter().map(|reason| reason.path).collect()
}

#[test]
fn every_line_item_becomes_an_event_with_the_blocks_around_it() {
    let events = events("contribution", &data(&[item(1, 48_213, ""), item(2, 4_411, ",\"x\":1E2")]));
    assert_eq!(events.len(), 2);
    let event = &events[1];
    assert_eq!((event.entity, event.lineitem, event.kind), (EntityId(4_411), 2, Kind::Contribution));
    assert_eq!(event.managing_entity.as_deref(), Some("Harbor Coalition"));
    assert_eq!(event.upstream_id.as_deref(), Some("m-1"));
    assert_eq!(event.occurred_at, "2024-03-05T23:22:49Z".parse().ok());
    assert_eq!(event.received_at, at());
    assert_eq!(event.tracking.as_ref().map(|raw| raw.get()), Some(r#"{"fbp":"1"}"#));
    let body = event.body.get();
    for part in [
        r#"{"donor":{"firstname":"Marisol","lastname":"","#,
        r#""status":"approved","thanksUrl":null,"note":1.10},"lineitems":[{"sequence":0,"entityId":4411,"#,
        r#""lineitemId":2,"amountLessAbFees":null,"x":1E2}],"form":{"name":"","#,
        r#""managingEntityCommitteeName":null},"source":"web"}"#,
    ] {
        assert!(body.contains(part), "{part} is not in {body}");
    }
    assert_eq!(crate::body::canonical(&event.body, event.kind).expect("canonical").get(), body);
}

#[test]
fn ids_are_derived_from_what_happened() {
    let refunded = |time: &str| data(&[item(1, 5, &format!(r#","refundedAt":"{time}""#))]);
    let cancelled =
        |time: &str, item: String| data(&[item]).replace("\"note\"", &format!(r#""cancelledAt":"{time}","note""#));
    let id = |kind, data: &str| events(kind, data).remove(0).id;
    let (early, late) = ("2024-03-14T09:15:02-04:00", "2024-03-14T09:15:03-04:00");
    assert_eq!(id("contribution", &data(&[item(1, 5, "")])), EventId::derive(&["contribution", "1"]));
    assert_eq!(id("refund", &refunded(early)), EventId::derive(&["refund", "1", "1710422102"]));
    assert_eq!(id("refund", &refunded(early)), id("refund", &refunded("2024-03-14T13:15:02.5Z")));
    assert_ne!(id("refund", &refunded(early)), id("refund", &refunded(late)));
    let one = id("cancellation", &cancelled(early, item(1, 5, "")));
    assert_eq!(one, EventId::derive(&["cancellation", "AB300000118", "5", "1710422102"]));
    assert_eq!(one, id("cancellation", &cancelled(early, item(2, 5, ""))));
}

#[test]
fn a_payment_that_is_approved_later_is_another_event() {
    let approved = data(&[item(1, 5, "")]);
    let id = |status: &str| events("contribution", &approved.replace("approved", status)).remove(0).id;
    assert_eq!(id("approved"), EventId::derive(&["contribution", "1"]));
    assert_eq!(id("pending"), id("pending"));
    assert_ne!(id("pending"), id("approved"));
    assert_ne!(id("declined"), id("approved"));
    assert_ne!(id("declined"), id("pending"));
}

#[test]
fn the_status_comes_from_the_body_and_a_refund_is_of_an_approved_payment() {
    use crate::event::Status;
    let declined = data(&[item(1, 5, r#","refundedAt":"2024-03-14T09:15:02-04:00""#)]).replace("approved", "declined");
    assert_eq!(events("contribution", &declined)[0].status, Some(Status::Declined));
    assert_eq!(events("refund", &declined)[0].status, Some(Status::Approved));
    let cancelled = declined.replace("\"note\"", r#""cancelledAt":"2024-03-14T09:15:02-04:00","note""#);
    assert_eq!(events("cancellation", &cancelled)[0].status, None);
}

#[test]
fn one_wrong_line_item_rejects_the_message_with_every_reason() {
    let bad = message("contribution", &data(&[item(1, 5, ""), item(2, 5, r#","amount":-3,"paidAt":"soon""#)]));
    assert_eq!(paths(&bad), ["$.data.lineitems[1].amount", "$.data.lineitems[1].paidAt"]);
    assert_eq!(paths(&bad.replace("\"contribution\",\"id\"", "\"gift\",\"id\""))[0], "$.type");
    assert_eq!(
        paths(r#"{"id":7,"occurred_at":"now","tracking":[]}"#),
        ["$.type", "$.id", "$.occurred_at", "$.data", "$.tracking"]
    );
    assert_eq!(paths("{\"type\":"), ["$"]);
    assert_eq!(paths("null"), ["$"]);
}

#[test]
fn a_bare_body_tells_its_kind_by_its_shape() {
    let kind = |body: &str| bare(body.as_bytes(), at()).expect("a good body")[0].kind;
    let plain = data(&[item(1, 5, "")]);
    assert_eq!(kind(&plain), Kind::Contribution);
    assert_eq!(kind(&data(&[item(1, 5, r#","refundedAt":"2024-03-14T09:15:02-04:00""#)])), Kind::Refund);
    assert_eq!(kind(&data(&[item(1, 5, r#","refundedAt":null"#)])), Kind::Contribution);
    assert_eq!(
        kind(&plain.replace("\"note\"", r#""cancelledAt":"2024-07-19T07:40:10-04:00","note""#)),
        Kind::Cancellation
    );
    let mixed = data(&[item(1, 5, ""), item(2, 5, r#","refundedAt":"2024-03-14T09:15:02-04:00""#)]);
    let rejection = bare(mixed.as_bytes(), at()).expect_err("the first is not refunded");
    assert_eq!(rejection.reasons[0].path, "$.lineitems[0].refundedAt");
}

#[test]
fn a_message_and_its_bare_body_are_the_same_event() {
    let data = data(&[item(1, 5, ""), item(2, 6, "")]);
    let wrapped: Vec<_> =
        events("contribution", &data).into_iter().map(|event| (event.id, event.body.get().to_owned())).collect();
    let bare: Vec<_> = bare(data.as_bytes(), at())
        .expect("good")
        .into_iter()
        .map(|event| (event.id, event.body.get().to_owned()))
        .collect();
    assert_eq!(wrapped, bare);
}

#[test]
fn an_event_never_holds_a_line_feed() {
    let pretty = message("contribution", &data(&[item(1, 5, "")])).replace(",\"", ",\n  \"");
    let event = native(pretty.as_bytes(), at()).expect("good").remove(0);
    assert!(!serde_json::to_string(&event).expect("encodes").contains('\n'));
}

#[test]
fn every_limit_is_a_reason() {
    let check = |document: String, part: &str| {
        let rejection = native(document.as_bytes(), at()).expect_err("over the limit");
        assert!(rejection.to_string().contains(part), "{rejection}");
    };
    let items = |n| (0..n).map(|id| item(id, 5, "")).collect::<Vec<_>>();
    assert_eq!(events("contribution", &data(&items(500))).len(), 500);
    check(message("contribution", &data(&items(501))), "1 to 500 line items");
    check(message("contribution", &data(&[])), "1 to 500 line items");
    check(" ".repeat(limits::UPSTREAM_MESSAGE_BYTES) + "{}", "at most 1 MiB");
    let nested =
        |n: usize| message("contribution", &data(&[item(1, 5, "")]).replace("1.10", &("[".repeat(n) + &"]".repeat(n))));
    assert!(native(nested(124).as_bytes(), at()).is_ok());
    check(nested(125), "127 deep");
    let wide = data(&items(500)).replace("1.10", &format!("\"{}\"", "x".repeat(40_000)));
    check(message("contribution", &wide), "fewer line items");
    assert_eq!(native(b"\xff{}", at()).expect_err("not text").to_string(), "$: expected UTF-8");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        prop_assert!(native(&bytes, at()).is_err());
        prop_assert!(bare(&bytes, at()).is_err());
    }

    #[test]
    fn a_message_cut_or_changed_anywhere_is_read_or_rejected(at_byte in 0..600_usize, byte: u8, cut: bool) {
        let mut bytes = message("contribution", &data(&[item(1, 5, "")])).into_bytes();
        let at_byte = at_byte % bytes.len();
        if cut { bytes.truncate(at_byte); } else { bytes[at_byte] = byte; }
        for event in native(&bytes, at()).into_iter().chain(bare(&bytes, at())).flatten() {
            let again = crate::body::canonical(&event.body, event.kind).expect("canonical");
            prop_assert_eq!(again.get(), event.body.get());
        }
    }
}
