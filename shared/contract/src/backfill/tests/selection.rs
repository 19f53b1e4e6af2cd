use super::*;
use crate::event::Event;
use crate::lane::Lane;
use crate::matching::{takes, takes_selected};
use crate::webhook::{Endpoint, Options, Type, Webhook};
use proptest::prelude::*;

/// An event as ingest makes it: received and happened at these seconds.
fn event(received: i64, happened: i64) -> Event {
    let body = format!(
        r#"{{"contribution":{{"createdAt":"2001-01-01T00:00:00Z","cancelledAt":"{2}"}},"lineitems":[{{"lineitemId":1,"paidAt":"{0}","refundedAt":"{1}"}}]}}"#,
        at(happened),
        at(happened + 1_000),
        at(happened + 2_000),
    );
    Event {
        id: EventId::derive(&["contribution", "1"]),
        kind: Kind::Contribution,
        entity: EntityId(7),
        lineitem: 1,
        status: Some(event::Status::Approved),
        received_at: at(received),
        occurred_at: None,
        managing_entity: None,
        upstream_id: None,
        body: RawValue::from_string(body).expect("JSON"),
        tracking: None,
    }
}

fn webhook(activated: i64) -> Webhook {
    Webhook {
        id: WebhookId::parse("wh_1").expect("valid"),
        version: 1,
        entity: EntityId(7),
        kind: Type::DEFAULT,
        connection: None,
        settings: crate::catalogue::Settings::default(),
        endpoint: Endpoint::parse("https://crm.example.org/").expect("valid"),
        status: webhook::Status::Active,
        status_reason: None,
        options: Options::default(),
        created_at: at(0),
        updated_at: at(0),
        activated_at: Some(at(activated)),
    }
}

/// From 0 until `until`.
fn backfill(until: i64, source: Source) -> Backfill {
    let mut backfill = requested();
    backfill.make_ready(at(until), "ada", at(until)).expect("ready");
    backfill.start(source, &[], "staff", at(until)).expect("started");
    backfill
}

fn files() -> Source {
    Source::files(vec!["paid.csv".to_owned()]).expect("a source")
}

#[test]
fn an_event_happened_when_its_own_field_says() {
    let of = |kind| happened_at(&Event { kind, ..event(0, 5) });
    assert_eq!(of(Kind::Contribution), Some(at(5)));
    assert_eq!(of(Kind::Refund), Some(at(1_005)));
    assert_eq!(of(Kind::Cancellation), Some(at(2_005)));
    for body in ["{}", r#"{"lineitems":[]}"#, r#"{"lineitems":[{"paidAt":"soon"}]}"#, r#"{"lineitems":[{"paidAt":7}]}"#]
    {
        let body = RawValue::from_string(body.to_owned()).expect("JSON");
        let bare = Event { body, ..event(0, 5) };
        assert_eq!(happened_at(&bare), None);
        assert_eq!(backfill(100, files()).selects(&bare), Err(Reason::Timeless));
        assert_eq!(happened_at(&Event { occurred_at: Some(at(3)), ..bare }), Some(at(3)));
    }
}

#[test]
fn the_history_ends_by_when_an_event_was_received_and_files_by_when_it_happened() {
    let check = |received, happened, history: Result<(), Reason>, in_files: Result<(), Reason>| {
        let event = event(received, happened);
        assert_eq!(backfill(100, Source::History).selects(&event), history, "{received} {happened}");
        assert_eq!(backfill(100, files()).selects(&event), in_files, "{received} {happened}");
    };
    check(50, 49, Ok(()), Ok(()));
    check(0, -1, Err(Reason::TooEarly), Err(Reason::TooEarly));
    check(0, 0, Ok(()), Ok(()));
    check(99, 99, Ok(()), Ok(()));
    check(100, 99, Err(Reason::TooLate), Ok(()));
    check(99, 100, Ok(()), Err(Reason::TooLate));
    check(100, 100, Err(Reason::TooLate), Err(Reason::TooLate));
    check(9_999, 50, Err(Reason::TooLate), Ok(()));
}

#[test]
fn another_entity_another_kind_and_a_span_without_end_are_not_selected() {
    let other = Event { entity: EntityId(8), ..event(50, 50) };
    assert_eq!(backfill(100, Source::History).selects(&other), Err(Reason::Entity));
    let mut refunds = backfill(100, Source::History);
    refunds.kinds = vec![Kind::Refund];
    assert_eq!(refunds.selects(&event(50, 50)), Err(Reason::Kind));
    assert_eq!(refunds.selects(&Event { kind: Kind::Refund, ..event(50, 50) }), Ok(()));
    assert_eq!(requested().selects(&event(50, 50)), Err(Reason::NotReady));
}

#[test]
fn the_history_is_read_from_before_the_start_date() {
    let backfill = requested();
    assert!(backfill.history_from() < backfill.from);
    let earliest = Backfill { from: Timestamp::MIN, ..backfill };
    assert_eq!(earliest.history_from(), Timestamp::MIN);
}

proptest! {
    /// Every event of the entity from the start date on comes once: live, or with the backfill from the history.
    #[test]
    fn live_and_backfill_meet_without_gap_or_repeat(
        activated in 1_i64..1_000,
        received in -100_i64..1_100,
        late_by in -200_i64..200,
    ) {
        let (event, webhook) = (event(received, received - late_by), webhook(activated));
        let live = takes(&webhook, &event, Lane::Live).is_ok();
        let selected = backfill(activated, Source::History).selects(&event);
        let by_backfill = selected.is_ok() && takes_selected(&webhook, &event).is_ok();
        if received - late_by >= 0 {
            prop_assert!(live != by_backfill, "live {live}, backfill {selected:?}");
        } else {
            prop_assert_eq!(selected, Err(if live { Reason::TooLate } else { Reason::TooEarly }));
        }
    }

    /// What happened within the span is in the backfill from files, whenever it is read.
    #[test]
    fn files_fill_exactly_the_span(activated in 1_i64..1_000, read in 0_i64..5_000, happened in -100_i64..1_100) {
        let event = event(read, happened);
        let selected = backfill(activated, files()).selects(&event).is_ok();
        prop_assert_eq!(selected, (0..activated).contains(&happened));
    }
}

#[test]
fn events_are_counted_in_the_eastern_month_in_which_they_happened() {
    let of = |kind, paid: &str, amount: &str| {
        let body = format!(
            r#"{{"contribution":{{"cancelledAt":"{paid}"}},"lineitems":[{{"amount":"{amount}","paidAt":"{paid}","refundedAt":"{paid}"}}]}}"#
        );
        Event { kind, body: RawValue::from_string(body).expect("JSON"), ..event(0, 0) }
    };
    let mut tally = Tally::default();
    tally.count(&of(Kind::Contribution, "2024-02-01T04:59:59Z", "25.5"));
    tally.count(&of(Kind::Contribution, "2024-02-01T05:00:00Z", "1.05"));
    tally.count(&of(Kind::Contribution, "2024-02-29T00:00:00Z", "2.0"));
    tally.count(&of(Kind::Refund, "2024-02-29T00:00:00Z", "2.0"));
    tally.count(&of(Kind::Cancellation, "2024-02-29T00:00:00Z", "9.0"));
    let sum = |events, cents| Sum { events, cents };
    let rows: Vec<_> = tally.rows().collect();
    let expected = [
        ("2024-01", "contribution", sum(1, 2_550)),
        ("2024-02", "cancellation", sum(1, 0)),
        ("2024-02", "contribution", sum(2, 305)),
        ("2024-02", "refund", sum(1, 200)),
    ];
    assert_eq!((rows.as_slice(), tally.total()), (&expected[..], sum(5, 3_055)));
}
