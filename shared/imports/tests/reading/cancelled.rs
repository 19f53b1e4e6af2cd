//! `formats/history-csv.md` §6: cancelled rows, joined to the last payment of their series.

use crate::support::{All, body, export, options, paid, read_all, stream};
use contract::event::Kind;
use contract::id::EventId;
use imports::sample::{CANCELLED_HEADER, Wall, row};
use imports::{Options, Payment, Reader, Record, RowKey};
use serde_json::{Value, json};

fn cancelled(cells: &[(&str, &str)]) -> String {
    let own = [("Receipt ID", "AB300000118"), ("Cancelled On", "2026-09-01 07:40:10")];
    row(CANCELLED_HEADER, &[cells, &own].concat())
}

fn file(rows: &[String]) -> String {
    [CANCELLED_HEADER.to_owned(), rows.join("\n")].join("\n")
}

fn payment(number: &str, cells: &[(&str, &str)]) -> String {
    let lineitem = format!("61200441{number}");
    let date = format!("2026-0{number}-11 12:15:54");
    let own =
        [("Recurrence Number", number), ("Lineitem ID", &lineitem), ("Date", &date), ("Recurring Type", "forever")];
    paid(&[cells, &own].concat())
}

/// The payments' export and the cancelled one, in both orders.
#[track_caller]
fn joined(payments: &[String], rows: &[String]) -> All {
    let (payments, rows) = (export(payments), file(rows));
    let first = read_all(vec![stream(&payments), stream(&rows)], options());
    let second = read_all(vec![stream(&rows), stream(&payments)], options());
    let of = |all: &All| {
        let cancelled = all.items.iter().filter(|item| item.event.kind == Kind::Cancellation);
        cancelled.map(body).collect::<Vec<_>>()
    };
    assert_eq!(of(&first), of(&second), "the order of the files makes no difference");
    let items = first.items.into_iter().filter(|item| item.event.kind == Kind::Cancellation).collect();
    All { items, bad: first.bad, ..All::default() }
}

/// The cells make this value of the cancellation, of a series with three payments.
#[track_caller]
fn check(cells: &[(&str, &str)], pointer: &str, expected: impl Into<Value>) {
    let expected = expected.into();
    let payments = [payment("1", &[]), payment("2", &[]), payment("3", &[("Reference Code 2", "seg-b")])];
    let all = joined(&payments, &[cancelled(cells)]);
    assert_eq!(all.codes(), [], "{cells:?}: {:?}", all.bad);
    assert_eq!(all.bodies()[0].pointer(pointer).cloned().unwrap_or_else(|| json!("absent")), expected, "{cells:?}");
}

#[track_caller]
fn bad(cells: &[(&str, &str)], code: &str, column: &str) {
    let all = joined(&[payment("1", &[])], &[cancelled(cells)]);
    let reasons: Vec<_> = all.bad[0].reasons.iter().map(|r| (r.code.name(), r.at.as_ref())).collect();
    assert_eq!(reasons, [(code, column)], "{cells:?}");
}

#[test]
fn a_cancelled_row_is_a_cancellation_of_the_last_payment() {
    let payments = [payment("3", &[("Refund Date", "2026-08-01")]), payment("1", &[]), payment("2", &[])];
    let all = joined(&payments, &[cancelled(&[])]);
    let [item] = &all.items[..] else { panic!("one event: {:?}", all.bad) };
    assert_eq!((item.event.lineitem, item.key.clone()), (612_004_413, RowKey::Receipt("AB300000118".into())));
    assert_eq!(item.at.to_string(), "2026-09-01T11:40:10Z");
    let second = item.at.as_second().to_string();
    assert_eq!(item.event.id, EventId::derive(&["cancellation", "AB300000118", "48213", &second]));
    let body = body(item);
    assert_eq!(body["contribution"]["createdAt"], json!("2026-01-11T12:15:54-05:00"));
    assert_eq!(body["lineitems"][0]["sequence"], json!(2));
    assert!(body["lineitems"][0].get("refundedAt").is_none());
}

#[test]
fn texts_of_the_row_go_to_their_fields() {
    for (column, pointer) in [
        ("Donor First Name", "/donor/firstname"),
        ("Donor Last Name", "/donor/lastname"),
        ("Donor Address", "/donor/addr1"),
        ("Donor City", "/donor/city"),
        ("Donor State", "/donor/state"),
        ("Donor ZIP", "/donor/zip"),
        ("Donor Country", "/donor/country"),
        ("Donor Employer", "/donor/employerData/employer"),
        ("Donor Occupation", "/donor/employerData/occupation"),
        ("Donor Email", "/donor/email"),
        ("Donor Phone", "/donor/phone"),
        ("Contribution Form", "/contribution/contributionForm"),
        ("Contribution Form", "/form/name"),
        ("Form Name", "/contribution/contributionForm"),
        ("Form Name", "/form/name"),
        ("Reference Code", "/contribution/refcode"),
        ("Reference Code", "/contribution/refcodes/refcode"),
        ("Credit Card Expiration", "/contribution/creditCardExpiration"),
        ("AB Test Name", "/contribution/abTestName"),
        ("AB Test Variation", "/contribution/abTestVariation"),
        ("Gift Identifier", "/contribution/giftIdentifier"),
        ("Cancelation Reason", "/contribution/cancellationReason"),
        ("Owner Email", "/form/ownerEmail"),
        ("Managed Entitity Name", "/form/managingEntityName"),
        ("Managed Entity Committee Name", "/form/managingEntityCommitteeName"),
    ] {
        check(&[(column, "a, \"é\"")], pointer, json!("a, \"é\""));
    }
}

#[test]
fn flags_of_the_row_go_to_their_fields() {
    for (column, pointer) in [
        ("Is Eligible For Express Lane", "/donor/isEligibleForExpressLane"),
        ("Is Paypal", "/contribution/isPaypal"),
        ("Is Mobile", "/contribution/isMobile"),
        ("Express Donor", "/contribution/isExpress"),
        ("With Express Lane", "/contribution/withExpressLane"),
        ("Express Sign Up", "/contribution/expressSignup"),
        ("Gift Declined", "/contribution/giftDeclined"),
    ] {
        check(&[(column, "t")], pointer, json!(true));
        bad(&[(column, "yes")], "bad_value", column);
    }
}

#[test]
fn what_the_row_does_not_say_comes_from_the_payment() {
    let cells = [
        ("Reference Code 2", "seg-b"),
        ("Employer City", "Dayton"),
        ("Donor City", "not this one"),
        ("Shipping Zip", "04530"),
        ("Custom Field 1 Label", "Q?"),
        ("Fundraising Page", "spring-drive"),
        ("Recipient Gov ID", "C1"),
        ("Monthly Recurring Amount", "15.00"),
        ("Payment ID", "9"),
    ];
    let all = joined(&[payment("1", &cells)], &[cancelled(&[])]);
    let body = &all.bodies()[0];
    for (pointer, value) in [
        ("/contribution/refcodes", json!({"refcode2": "seg-b"})),
        ("/contribution/refcode2", json!("seg-b")),
        ("/donor/employerData/employerCity", json!("Dayton")),
        ("/donor/city", Value::Null),
        ("/contribution/shippingZip", json!("04530")),
        ("/contribution/customFields", json!([{"label": "Q?", "answer": null}])),
        ("/contribution/contributionForm", json!("spring-drive")),
        ("/form/name", json!("spring-drive")),
        ("/lineitems/0/fecId", json!("C1")),
        ("/lineitems/0/paymentId", json!(9)),
        ("/lineitems/0/amount", json!("25.0")),
        ("/lineitems/0/recurringAmount", Value::Null),
        ("/contribution/isRecurring", json!(true)),
    ] {
        assert_eq!(body.pointer(pointer), Some(&value), "{pointer}");
    }
    assert!(body["contribution"].get("status").is_none() && body["contribution"].get("thanksUrl").is_none());
    assert!(body["contribution"]["uniqueIdentifier"].is_string());
}

#[test]
fn times_and_amounts_fall_back_as_said() {
    let initial = ("Initial Contribution Date", "2025-01-02 03:04:05");
    check(&[initial], "/contribution/createdAt", json!("2025-01-02T03:04:05-05:00"));
    check(&[], "/contribution/createdAt", json!("2026-01-11T12:15:54-05:00"));
    check(&[], "/contribution/cancelledAt", json!("2026-09-01T07:40:10-04:00"));
    check(&[("Recurring Amount", "3.00"), ("Recurrence Amount", "4.00")], "/lineitems/0/recurringAmount", json!("3.0"));
    check(&[("Recurrence Amount", "4.00")], "/lineitems/0/recurringAmount", json!("4.0"));
    check(&[("Recur Completed", "7")], "/contribution/recurCompleted", json!(7));
    check(&[], "/contribution/recurCompleted", json!(3));
    check(
        &[("Weekly Recurring Sunset", "2027-01-02 00:00:00")],
        "/contribution/weeklyRecurringSunset",
        json!("2027-01-02"),
    );
    bad(&[("Cancelled On", "")], "bad_date", "Cancelled On");
    bad(&[("Cancelled On", "9/1/2026")], "bad_date", "Cancelled On");
    bad(&[("Initial Contribution Date", "x")], "bad_value", "Initial Contribution Date");
    bad(&[("Receipt ID", "")], "no_id", "Receipt ID");
}

#[test]
fn periods_lengths_and_types_are_told_as_said() {
    let (period, duration) = ("/contribution/recurringPeriod", "/contribution/recurringDuration");
    let (kind, pledged) = ("/contribution/recurringType", "/contribution/recurPledged");
    check(&[], period, json!("monthly"));
    check(&[("Recurring Period", "weekly")], period, json!("weekly"));
    check(&[("Recurrence Frequency", "weekly")], period, json!("weekly"));
    check(&[("Recurring Period", "monthly"), ("Recurrence Frequency", "weekly")], period, json!("monthly"));
    bad(&[("Recurring Period", "yearly")], "bad_value", "Recurring Period");
    bad(&[("Recurrence Frequency", "daily")], "bad_value", "Recurrence Frequency");
    check(&[("Recurring Duration", "forever")], duration, json!("infinite"));
    check(&[("Recurring Duration", "6"), ("Initial Pledge Length", "12")], duration, json!(6));
    check(&[("Initial Pledge Length", "12")], duration, json!(12));
    check(&[("Initial Pledge Length", "unlimited")], duration, json!("infinite"));
    check(&[("Initial Pledge Length", "12")], pledged, json!(12));
    check(&[("Initial Pledge Length", "unlimited")], pledged, Value::Null);
    check(&[("Initial Pledge Length", "12")], kind, json!("initially monthly"));
    check(&[("Initial Pledge Length", "unlimited")], kind, json!("initially forever"));
    check(&[("Recurring Duration", "5")], kind, json!("initially monthly"));
    check(&[], kind, json!("initially forever"));
    check(&[("Recurring Period", "weekly")], kind, json!("initially weekly"));
    let adjustable = payment("4", &[("Recurring Type", "monthly_adjustable")]);
    let all = joined(&[payment("1", &[]), adjustable], &[cancelled(&[])]);
    assert_eq!(all.bodies()[0].pointer(kind), Some(&json!("initially monthly adjustable")));
}

#[test]
fn a_donors_request_is_active_and_anything_else_is_other() {
    let kind = "/contribution/cancellationType";
    check(&[("Cancelation Reason", "donor_request")], kind, json!("Active"));
    check(&[("Cancelation Reason", "card_expired")], kind, json!("Other"));
    check(&[], kind, json!("Other"));
    check(&[], "/contribution/cancellationReason", Value::Null);
}

#[test]
fn a_series_without_a_payment_is_told() {
    let all = joined(&[payment("1", &[("Receipt ID", "AB7")])], &[cancelled(&[])]);
    assert_eq!(all.codes(), [(2, "no_payment")]);
    // The payment's own row is bad.
    let all = joined(&[payment("1", &[("Amount", "0.00")])], &[cancelled(&[])]);
    assert!(all.codes().contains(&(2, "no_payment")), "{:?}", all.codes());
}

#[test]
fn payments_of_json_files_are_joined_too() {
    let data = json!({
        "contribution": {"createdAt": "2024-03-05T18:22:41-05:00", "orderNumber": "AB300000118", "merchandise":
            [{"name": "T-shirt", "itemId": 5120, "details": null}]},
        "lineitems": [{"sequence": 4, "entityId": 48213, "amount": "15.0", "paidAt": "2024-07-05T18:23:02-04:00",
            "lineitemId": 655_310_087}],
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gifts.ndjson");
    std::fs::write(&path, format!("{data}\n")).expect("written");
    let sources = vec![stream(file(&[cancelled(&[])])), imports::Source::file(&path)];
    let all = read_all(sources, options());
    assert_eq!((all.items.len(), all.bad.len()), (2, 0));
    let body = body(&all.items[0]);
    assert_eq!(body["contribution"]["merchandise"][0]["itemId"], json!(5120));
    assert_eq!(body["contribution"]["createdAt"], json!("2024-03-05T18:22:41-05:00"));
    assert_eq!(
        (&body["lineitems"][0]["lineitemId"], &body["contribution"]["recurCompleted"]),
        (&json!(655_310_087), &json!(5))
    );
}

#[test]
fn the_later_one_of_the_files_payments_and_the_held_ones_is_joined() {
    let check = |sequence: u64, lineitem: u64| {
        let held = json!({
            "contribution": {"createdAt": "2024-03-05T18:22:41-05:00", "orderNumber": "AB300000118"},
            "lineitems": [{"sequence": sequence, "entityId": 48213, "amount": "15.0",
                "paidAt": "2024-07-05T18:23:02-04:00", "lineitemId": 9}],
        });
        let held = Payment { body: held.to_string(), adjustable: false };
        let held = move |receipt: &str| (receipt == "AB300000118").then(|| held.clone());
        let sources = vec![stream(export(&[payment("3", &[])])), stream(file(&[cancelled(&[])]))];
        let all = read_all(sources, Options { held: Some(Box::new(held)), ..options() });
        assert_eq!(all.items.last().map(|item| item.event.lineitem), Some(lineitem), "{sequence}");
    };
    check(1, 612_004_413);
    check(2, 9);
    check(7, 9);
}

#[test]
fn older_exports_with_22_columns_are_taken() {
    let header = CANCELLED_HEADER.split(',').take(22).collect::<Vec<_>>().join(",");
    let cells = [("Receipt ID", "AB300000118"), ("Cancelled On", "2026-09-01"), ("Recurrence Frequency", "monthly")];
    let old = format!("{header}\r\n{}\r\n", row(&header, &cells));
    let all = read_all(vec![stream(old), stream(export(&[payment("1", &[])]))], options());
    assert_eq!((all.items.len(), all.bad.len()), (2, 0), "{:?}", all.bad);
}

#[test]
fn the_correct_spelling_of_the_misspelled_column_is_taken() {
    let header = CANCELLED_HEADER.replace("Entitity", "Entity");
    let cells = [("Receipt ID", "AB300000118"), ("Cancelled On", "2026-09-01"), ("Managed Entity Name", "Harbor")];
    let all = read_all(
        vec![stream(export(&[payment("1", &[])])), stream(format!("{header}\n{}", row(&header, &cells)))],
        options(),
    );
    assert_eq!(all.bodies()[1]["form"]["managingEntityName"], json!("Harbor"));
}

#[test]
fn payments_of_other_entities_are_not_joined_when_one_is_asked_for() {
    let sources = vec![
        stream(export(&[payment("1", &[]), payment("2", &[("Recipient ID", "7")])])),
        stream(file(&[cancelled(&[])])),
    ];
    let entity = Some(contract::id::EntityId(48_213));
    let mut records = Reader::new(sources, Options { entity, ..options() }).skip(2);
    let Some(Ok(Record::Row(row))) = records.next() else { panic!("a cancellation") };
    assert_eq!(row.items[0].event.lineitem, 612_004_411);
}

/// What the rows of a large export have in turn: one in a hundred is bad, and says how.
struct Series {
    receipt: String,
    on: Wall,
    name: &'static str,
    flaw: Option<&'static str>,
}

fn series(number: u32) -> Series {
    const NAMES: [&str; 4] = ["Ana \"Nana\"", "O'Neil, Jr.", "李", "Zoë\r\nMaría"];
    // Every hour of the days on which the clocks change comes up, the hour that there is twice or never among them.
    let (month, day) = [(3, 10), (11, 3), (1 + number % 12, 1 + number % 28)][number as usize % 3];
    let flaw = (number % 100 == 99).then(|| ["Cancelled On", "Receipt ID", "series"][number as usize / 100 % 3]);
    Series {
        receipt: format!("AB{}", 300_000_000 + number),
        on: Wall { year: 2024, month, day, clock: (number / 3 % 24, number % 60, number / 7 % 60) },
        name: NAMES[number as usize % 4],
        flaw,
    }
}

impl Series {
    fn payment(&self, number: u32) -> String {
        let lineitem = (600_000_000 + number).to_string();
        paid(&[("Receipt ID", &self.receipt), ("Lineitem ID", &lineitem), ("Recurrence Number", "1")])
    }

    fn row(&self) -> String {
        let on = if self.flaw == Some("Cancelled On") { "11/03/2024".to_owned() } else { self.on.to_string() };
        let receipt = if self.flaw == Some("Receipt ID") { "" } else { &self.receipt };
        row(CANCELLED_HEADER, &[("Receipt ID", receipt), ("Cancelled On", &on), ("Donor First Name", self.name)])
    }
}

#[test]
fn every_good_row_of_a_large_export_is_a_cancellation_and_every_bad_one_is_told() {
    const ROWS: u32 = 100_000;
    let all: Vec<Series> = (0..ROWS).map(series).collect();
    let has_payment = |series: &Series| series.flaw != Some("series");
    let payments = (0..).zip(&all).filter(|(_, series)| has_payment(series));
    let payments: Vec<_> = payments.map(|(number, series)| series.payment(number)).collect();
    let rows: Vec<_> = all.iter().map(Series::row).collect();
    let read = read_all(vec![stream(export(&payments)), stream(file(&rows))], options());
    assert!(read.errors.is_empty(), "{:?}", read.errors);

    let mut found = read.items.iter().filter(|item| item.event.kind == Kind::Cancellation);
    let mut bad = read.bad.iter();
    let mut line = 2;
    for (number, series) in (0_u64..).zip(&all) {
        if let Some(flaw) = series.flaw {
            let told = bad.next().expect("a bad row");
            let code = match flaw {
                "Cancelled On" => "bad_date",
                "Receipt ID" => "no_id",
                _ => "no_payment",
            };
            assert_eq!((told.place.line, told.reasons[0].code.name()), (line, code), "{flaw}");
        } else {
            let item = found.next().expect("an event");
            assert_eq!(
                (item.event.lineitem, &item.key),
                (600_000_000 + number, &RowKey::Receipt(series.receipt.clone()))
            );
            let body = body(item);
            assert_eq!(body["contribution"]["cancelledAt"], json!(series.on.sent()));
            assert_eq!(body["donor"]["firstname"], json!(series.name));
        }
        line += 1 + rows[usize::try_from(number).expect("small")].matches('\n').count() as u64;
    }
    assert_eq!((found.next().is_none(), bad.next().is_none()), (true, true));
}
