//! Lines of JSON: native messages and bare bodies, mixed.

use crate::support::read;
use contract::event::Kind;
use contract::limits::{IMPORT_ROW_BYTES, IMPORT_ROW_SHOWN_BYTES};
use imports::RowKey;

const CONTRIBUTION: &str = r#""createdAt":"2024-03-05T18:22:41-05:00","orderNumber":"AB300000118""#;

fn item(id: u64, more: &str) -> String {
    format!(r#"{{"entityId":7,"amount":"27.50","paidAt":"2024-03-05T18:22:49-05:00","lineitemId":{id}{more}}}"#)
}

fn body(contribution: &str, items: &[String]) -> String {
    format!(r#"{{"contribution":{{{CONTRIBUTION}{contribution}}},"lineitems":[{}]}}"#, items.join(","))
}

fn native(kind: &str, body: &str) -> String {
    format!(r#"{{"id":"m-1","type":"{kind}","occurred_at":"2020-01-01T00:00:00Z","data":{body}}}"#)
}

const REFUNDED: &str = r#","refundedAt":"2024-03-14T09:15:02-04:00""#;
const CANCELLED: &str = r#","cancelledAt":"2024-07-19T07:40:10-04:00""#;

#[test]
fn native_messages_and_bare_bodies_may_be_mixed() {
    let lines = [
        native("contribution", &body("", &[item(1, ""), item(2, "")])),
        body("", &[item(3, "")]),
        native("refund", &body("", &[item(4, REFUNDED)])),
        body("", &[item(5, REFUNDED)]),
        native("cancellation", &body(CANCELLED, &[item(6, "")])),
        body(CANCELLED, &[item(7, "")]),
    ];
    let all = read(lines.join("\r\n\r\n"));
    assert_eq!(all.codes(), []);
    assert_eq!(all.good_lines, [1, 3, 5, 7, 9, 11]);
    let found: Vec<_> = all.items.iter().map(|item| (item.event.kind, item.event.lineitem)).collect();
    let (c, r, x) = (Kind::Contribution, Kind::Refund, Kind::Cancellation);
    assert_eq!(found, [(c, 1), (c, 2), (c, 3), (r, 4), (r, 5), (x, 6), (x, 7)]);
    for item in &all.items {
        let (at, key) = match item.event.kind {
            Kind::Contribution => ("2024-03-05T23:22:49Z", RowKey::Lineitem(item.event.lineitem)),
            Kind::Refund => ("2024-03-14T13:15:02Z", RowKey::Lineitem(item.event.lineitem)),
            Kind::Cancellation => ("2024-07-19T11:40:10Z", RowKey::Receipt("AB300000118".into())),
        };
        assert_eq!((item.at.to_string().as_str(), &item.key), (at, &key), "the event's own time selects it");
    }
}

#[test]
fn a_bad_line_is_told_with_upstreams_reasons_and_hides_no_neighbour() {
    let good = body("", &[item(1, "")]);
    let bad = [
        native("gift", &body("", &[])),
        body("", &[item(1, r#","sequence":"one""#)]),
        format!("{good} {good}"),
        good[..good.len() - 2].to_owned(),
        "nonsense".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
    ];
    let lines: Vec<_> = bad.iter().flat_map(|bad| [good.as_str(), bad]).collect();
    let all = read(lines.join("\n"));
    assert_eq!((all.items.len(), all.bad.len()), (bad.len(), bad.len()));
    assert!(all.bad.iter().zip(&bad).all(|(found, bad)| found.raw == bad.as_bytes() && found.whole));
    assert!(all.bad.iter().all(|bad| bad.reasons[0].code.name() == "bad_message" && bad.header.is_none()));
    let reasons = |at: usize| all.bad[at].reasons.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        reasons(0),
        [
            "bad_message: $.type: expected contribution, refund or cancellation",
            "bad_message: $.data.lineitems: expected a list of 1 to 500 line items"
        ]
    );
    assert_eq!(reasons(1), ["bad_message: $.lineitems[0].sequence: expected a whole number that is not negative"]);
    let column = |at: usize| all.bad[at].place.column.as_deref().map(ToOwned::to_owned);
    assert_eq!((column(0), column(1)), (None, None));
    assert_eq!(column(2), Some((good.len() + 2).to_string()));
    assert_eq!((column(3), column(4)), (Some((good.len() - 2).to_string()), Some("2".to_owned())));
}

#[test]
fn bytes_that_are_not_utf_8_make_the_line_bad_and_not_the_file() {
    let good = body("", &[item(1, "")]);
    let bytes = [b"{\"donor\":{\"firstname\":\"\xff\"}}\n", good.as_bytes()].concat();
    let all = read(bytes);
    assert_eq!((all.items.len(), all.codes()), (1, vec![(1, "bad_message")]));
}

#[test]
fn a_line_over_the_limit_is_a_bad_row_of_which_the_beginning_is_kept() {
    let good = body("", &[item(1, "")]);
    let padded = |bytes: usize| format!("{}{}", good, " ".repeat(bytes - good.len()));
    let long = |bytes: usize| format!("{{\"x\":\"{}\"}}", "y".repeat(bytes - 8));
    let lines = [
        good.clone(),
        long(IMPORT_ROW_BYTES + 1),
        padded(IMPORT_ROW_BYTES),
        padded(IMPORT_ROW_BYTES + 1),
        long(5 * IMPORT_ROW_BYTES),
        good.clone(),
        long(3 * IMPORT_ROW_BYTES),
    ];
    for end in ["\n", "\r\n"] {
        let all = read(lines.join(end));
        assert_eq!(all.good_lines, [1, 3, 6]);
        assert_eq!(all.codes(), [(2, "bad_row"), (4, "bad_row"), (5, "bad_row"), (7, "bad_row")]);
        for bad in &all.bad {
            let line = lines[usize::try_from(bad.place.line).expect("small") - 1].as_bytes();
            assert_eq!((bad.raw.as_slice(), bad.whole), (&line[..IMPORT_ROW_SHOWN_BYTES], false));
        }
    }
}
