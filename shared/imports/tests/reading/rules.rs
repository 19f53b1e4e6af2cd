//! `formats/history-csv.md` §3 to §5 and §8: one case for each rule of paid and refunded rows.

use crate::support::{All, export, options, paid, read, read_all, stream};
use contract::event::Kind;
use contract::id::{EntityId, EventId};
use imports::RowKey;
use imports::sample::{HEADER, row};
use serde_json::{Value, json};

fn one(cells: &[(&str, &str)]) -> All {
    read(export(&[paid(cells)]))
}

/// The cells make this value of the contribution event.
#[track_caller]
fn check(cells: &[(&str, &str)], pointer: &str, expected: impl Into<Value>) {
    let expected = expected.into();
    let all = one(cells);
    assert_eq!(all.codes(), [], "{cells:?}: {:?}", all.bad);
    let body = &all.bodies()[0];
    assert_eq!(body.pointer(pointer).cloned().unwrap_or_else(|| json!("absent")), expected, "{cells:?}");
}

/// The cells make the row bad, and the reasons say this.
#[track_caller]
fn bad(cells: &[(&str, &str)], code: &str, column: &str) {
    let all = one(cells);
    assert!(all.items.is_empty(), "{cells:?}");
    let reasons: Vec<_> = all.bad[0].reasons.iter().map(|r| (r.code.name(), r.at.as_ref())).collect();
    assert_eq!(reasons, [(code, column)], "{cells:?}");
    assert_eq!(all.bad[0].place.column.as_deref(), Some(column));
}

#[test]
fn texts_go_to_their_fields_unchanged() {
    for (column, pointer) in [
        ("Donor First Name", "/donor/firstname"),
        ("Donor Last Name", "/donor/lastname"),
        ("Donor Addr1", "/donor/addr1"),
        ("Donor City", "/donor/city"),
        ("Donor State", "/donor/state"),
        ("Donor ZIP", "/donor/zip"),
        ("Donor Country", "/donor/country"),
        ("Donor Employer", "/donor/employerData/employer"),
        ("Donor Occupation", "/donor/employerData/occupation"),
        ("Employer Addr1", "/donor/employerData/employerAddr1"),
        ("Employer City", "/donor/employerData/employerCity"),
        ("Employer State", "/donor/employerData/employerState"),
        ("Employer ZIP", "/donor/employerData/employerZip"),
        ("Employer Country", "/donor/employerData/employerCountry"),
        ("Donor Email", "/donor/email"),
        ("Donor Phone", "/donor/phone"),
        ("Fundraising Page", "/contribution/contributionForm"),
        ("Fundraising Page", "/form/name"),
        ("Reference Code", "/contribution/refcode"),
        ("Reference Code", "/contribution/refcodes/refcode"),
        ("Reference Code 2", "/contribution/refcode2"),
        ("Reference Code 2", "/contribution/refcodes/refcode2"),
        ("AB Test Name", "/contribution/abTestName"),
        ("AB Variation", "/contribution/abTestVariation"),
        ("Gift Identifier", "/contribution/giftIdentifier"),
        ("Shipping Addr1", "/contribution/shippingAddr1"),
        ("Shipping City", "/contribution/shippingCity"),
        ("Shipping State", "/contribution/shippingState"),
        ("Shipping Zip", "/contribution/shippingZip"),
        ("Shipping Country", "/contribution/shippingCountry"),
        ("Recipient Gov ID", "/lineitems/0/fecId"),
        ("Recipient Committee", "/lineitems/0/committeeName"),
        ("Recipient", "/lineitems/0/committeeName"),
        ("Managed Entity Name", "/form/managingEntityName"),
        ("Managed Entity Committee Name", "/form/managingEntityCommitteeName"),
    ] {
        for text in ["04530", "  spaced  ", "a,b \"c\"\r\nd\te\u{1}", "José 李 \u{1f600}", "null", "-0"] {
            check(&[(column, text)], pointer, json!(text));
        }
    }
}

#[test]
fn blank_cells_are_no_values() {
    for blank in ["", "  "] {
        check(&[("Donor First Name", blank)], "/donor/firstname", json!(""));
        check(&[("Donor City", blank)], "/donor/city", Value::Null);
        check(&[("Donor Email", blank)], "/donor/email", json!("absent"));
        check(&[("Donor Phone", blank)], "/donor/phone", json!("absent"));
        check(&[("Reference Code", blank)], "/contribution/refcodes", json!({}));
        check(&[("Smart Boost Amount", blank)], "/contribution/smartBoostAmount", Value::Null);
        check(&[("Fee", blank)], "/lineitems/0/amountLessAbFees", Value::Null);
        check(&[("Payment ID", blank)], "/lineitems/0/paymentId", Value::Null);
        check(&[("Recipient Committee", blank), ("Recipient", "R")], "/lineitems/0/committeeName", json!("R"));
    }
}

#[test]
fn what_no_column_says_is_what_the_specification_says() {
    for (pointer, value) in [
        ("/donor/isEligibleForExpressLane", json!(false)),
        ("/contribution/creditCardExpiration", Value::Null),
        ("/contribution/uniqueIdentifier", json!("9244dec8-0a0c-518d-99fc-bcaab8fb6a13")),
        ("/contribution/shippingName", Value::Null),
        ("/contribution/merchandise", json!([])),
        ("/contribution/bumpYourRecurring", Value::Null),
        ("/contribution/status", json!("approved")),
        ("/contribution/thanksUrl", Value::Null),
        ("/contribution/retryUrl", json!("absent")),
        ("/contribution/customFields", json!([])),
        ("/form/ownerEmail", Value::Null),
    ] {
        check(&[], pointer, value);
    }
}

#[test]
fn flags_are_t_or_f_or_blank() {
    for (column, pointer) in [
        ("Paypal", "/contribution/isPaypal"),
        ("Mobile", "/contribution/isMobile"),
        ("ActBlue Express Donor", "/contribution/isExpress"),
        ("ActBlue Express Lane", "/contribution/withExpressLane"),
        ("New Express Signup", "/contribution/expressSignup"),
    ] {
        check(&[(column, "t")], pointer, json!(true));
        check(&[(column, "f")], pointer, json!(false));
        check(&[(column, "")], pointer, json!(false));
        bad(&[(column, "true")], "bad_value", column);
    }
    check(&[("Gift Declined", "")], "/contribution/giftDeclined", Value::Null);
    check(&[("Gift Declined", "f")], "/contribution/giftDeclined", json!(false));
    bad(&[("Gift Declined", "1")], "bad_value", "Gift Declined");
}

#[test]
fn amounts_are_money() {
    let amount = "/lineitems/0/amount";
    for (cell, sent) in [
        ("25.00", "25.0"),
        ("25.50", "25.5"),
        ("25.05", "25.05"),
        ("$1,000.00", "1000.0"),
        (" 7 ", "7.0"),
        ("0.01", "0.01"),
    ] {
        check(&[("Amount", cell)], amount, json!(sent));
    }
    for cell in ["", "0", "0.00", "-5.00", "(5.00)", "5.001", "five", "1e3", "$", "99999999999999999999"] {
        bad(&[("Amount", cell)], "no_amount", "Amount");
    }
    check(&[("Fee", "0.99")], "/lineitems/0/amountLessAbFees", json!("24.01"));
    check(&[("Fee", "25.00")], "/lineitems/0/amountLessAbFees", json!("0.0"));
    bad(&[("Fee", "25.01")], "bad_value", "Fee");
    bad(&[("Fee", "-1.00")], "bad_value", "Fee");
    check(&[("Smart Boost Amount", "3.00")], "/contribution/smartBoostAmount", json!("3.0"));
    bad(&[("Smart Boost Amount", "x")], "bad_value", "Smart Boost Amount");
}

#[test]
fn a_row_is_recurring_if_any_of_its_columns_says_so() {
    let period = "/contribution/recurringPeriod";
    let duration = "/contribution/recurringDuration";
    for (column, cell, sent, length) in [
        ("Mobile", "t", "once", json!(1)),
        ("Recur Weekly", "f", "once", json!(1)),
        ("Recur Weekly", "t", "weekly", json!("infinite")),
        ("Recurring Total Months", "unlimited", "monthly", json!("infinite")),
        ("Recurring Total Months", "2", "monthly", json!(2)),
        ("Recurring Total Months", "1", "once", json!(1)),
        ("Recurring Type", "forever", "monthly", json!("infinite")),
        ("Recurring Type", "monthly_adjustable", "monthly", json!("infinite")),
        ("Recurring Pledged", "1", "once", json!(1)),
        ("Recurring Pledged", "forever", "monthly", json!("infinite")),
        ("Recurring Pledged", "12", "monthly", json!(12)),
        ("Recurrence Number", "1", "once", json!(1)),
        ("Recurrence Number", "2", "monthly", json!("infinite")),
    ] {
        check(&[(column, cell)], period, json!(sent));
        check(&[(column, cell)], duration, length);
        check(&[(column, cell)], "/contribution/isRecurring", json!(sent != "once"));
    }
    check(&[("Recurring Total Months", "6"), ("Recurring Pledged", "forever")], duration, json!(6));
    check(&[("Recur Weekly", "t"), ("Recurring Total Months", "3")], period, json!("weekly"));
    bad(&[("Recurring Total Months", "forever")], "bad_value", "Recurring Total Months");
    bad(&[("Recurring Pledged", "unlimited")], "bad_value", "Recurring Pledged");
    bad(&[("Recurring Type", "weekly")], "bad_value", "Recurring Type");
}

#[test]
fn the_recurring_amount_is_that_of_the_period() {
    let amounts = [("Monthly Recurring Amount", "15.00"), ("Weekly Recurring Amount", "4.00")];
    let with = |column, cell| [&amounts[..], &[(column, cell)]].concat();
    let pointer = "/lineitems/0/recurringAmount";
    check(&with("Recurring Pledged", "forever"), pointer, json!("15.0"));
    check(&with("Recur Weekly", "t"), pointer, json!("4.0"));
    check(&with("Recur Weekly", "f"), pointer, Value::Null);
    check(&[("Recur Weekly", "t")], pointer, Value::Null);
}

#[test]
fn the_sequence_counts_from_zero() {
    check(&[("Recurrence Number", "")], "/lineitems/0/sequence", json!(0));
    check(&[("Recurrence Number", "1")], "/lineitems/0/sequence", json!(0));
    check(&[("Recurrence Number", "5")], "/lineitems/0/sequence", json!(4));
    bad(&[("Recurrence Number", "0")], "bad_value", "Recurrence Number");
    bad(&[("Recurrence Number", "-1")], "bad_value", "Recurrence Number");
}

#[test]
fn text_message_options_are_three_words() {
    for (cell, word) in [
        ("", "unknown"),
        ("opt_in", "opt_in"),
        ("t", "opt_in"),
        ("opt_out", "opt_out"),
        ("f", "opt_out"),
        ("x", "unknown"),
    ] {
        check(&[("Text Message Opt In", cell)], "/contribution/textMessageOption", json!(word));
    }
}

#[test]
fn the_custom_field_is_one_entry_if_it_has_a_label_or_a_value() {
    let pointer = "/contribution/customFields";
    let (label, value) = (("Custom Field 1 Label", "Q?"), ("Custom Field 1 Value", "A"));
    check(&[label, value], pointer, json!([{"label": "Q?", "answer": "A"}]));
    check(&[label], pointer, json!([{"label": "Q?", "answer": null}]));
    check(&[value], pointer, json!([{"label": null, "answer": "A"}]));
}

#[test]
fn the_kind_of_the_form_is_lower_case_and_a_page_if_blank() {
    check(&[("Kind", "")], "/form/kind", json!("page"));
    check(&[("Kind", "Merchandise")], "/form/kind", json!("merchandise"));
}

#[test]
fn times_are_eastern_and_fall_back_as_said() {
    let summer = "2026-05-11T12:15:54-04:00";
    check(&[], "/lineitems/0/paidAt", json!(summer));
    check(&[], "/contribution/createdAt", json!(summer));
    check(&[("Payment Date", "2026-01-15 09:00:00")], "/lineitems/0/paidAt", json!("2026-01-15T09:00:00-05:00"));
    check(&[("Payment Date", "2026-01-15 09:00:00")], "/contribution/createdAt", json!(summer));
    check(
        &[("Weekly Recurring Sunset", "2027-01-02 23:30:00")],
        "/contribution/weeklyRecurringSunset",
        json!("2027-01-02"),
    );
    check(&[("Weekly Recurring Sunset", "2027-01-02")], "/contribution/weeklyRecurringSunset", json!("2027-01-02"));
    for column in ["Date", "Payment Date", "Refund Date"] {
        bad(&[(column, "05/11/2026")], "bad_date", column);
    }
    bad(&[("Refund ID", "7")], "bad_date", "Refund Date");
    for column in ["Weekly Recurring Sunset", "Disbursement Date", "Recovery Date"] {
        bad(&[(column, "soon")], "bad_value", column);
    }
    // Without a payment date, a blank date takes both; it is told once.
    bad(&[("Date", ""), ("Payment Date", "2026-01-15 09:00:00")], "bad_date", "Date");
}

#[test]
fn a_bad_id_rejects_the_row() {
    for cell in ["", "300000118", "AB", "ab300000118", "AB30000x118", "AB 1"] {
        bad(&[("Receipt ID", cell)], "no_id", "Receipt ID");
    }
    for cell in ["", "L1", "-1", "1.0", "99999999999999999999"] {
        bad(&[("Lineitem ID", cell)], "no_id", "Lineitem ID");
    }
    bad(&[("Recipient ID", "")], "bad_value", "Recipient ID");
    bad(&[("Payment ID", "P-1")], "bad_value", "Payment ID");
}

#[test]
fn every_reason_of_a_row_is_told_and_none_quotes_it() {
    let all = one(&[("Amount", "secret"), ("Mobile", "secret"), ("Date", "secret"), ("Receipt ID", "secret")]);
    let reasons: Vec<_> = all.bad[0].reasons.iter().map(ToString::to_string).collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(reasons.iter().all(|reason| !reason.contains("secret")), "{reasons:?}");
    assert_eq!(reasons[0], "no_id: Receipt ID: expected AB and 1 to 18 digits, such as AB300000118");
}

#[test]
fn a_paid_row_is_a_contribution_with_the_id_of_the_live_event() {
    let all = one(&[]);
    let [item] = &all.items[..] else { panic!("one event") };
    assert_eq!((item.event.kind, item.event.entity), (Kind::Contribution, EntityId(48_213)));
    assert_eq!(item.event.id, EventId::derive(&["contribution", "612004411"]));
    assert_eq!((item.at.as_second(), item.event.occurred_at), (1_778_516_154, Some(item.at)));
    assert_eq!(item.event.received_at, crate::support::received_at());
    assert_eq!(item.key, RowKey::Lineitem(612_004_411));
}

#[test]
fn a_refunded_row_is_a_contribution_and_a_refund() {
    let cells = [
        ("Refund Date", "2026-06-01 08:00:00"),
        ("Disbursement Date", "2026-05-20 06:00:00"),
        ("Recovery Date", "2026-06-02"),
        ("Fee", "1.00"),
        ("Donor City", "Bath"),
    ];
    let all = one(&cells);
    let kinds: Vec<_> = all.items.iter().map(|item| item.event.kind).collect();
    assert_eq!(kinds, [Kind::Contribution, Kind::Refund]);
    let [contribution, refund] = &all.bodies()[..] else { panic!("two events") };
    let item = |body: &Value, key: &str| body["lineitems"][0].get(key).cloned().unwrap_or_else(|| json!("absent"));
    for (key, of_refund) in [
        ("refundedAt", json!("2026-06-01T08:00:00-04:00")),
        ("disbursedAt", json!("2026-05-20T06:00:00-04:00")),
        ("recoveredAt", json!("2026-06-02T00:00:00-04:00")),
    ] {
        assert_eq!((item(contribution, key), item(refund, key)), (json!("absent"), of_refund), "{key}");
    }
    assert_eq!(item(contribution, "amountLessAbFees"), json!("24.0"));
    assert_eq!(item(refund, "amountLessAbFees"), json!("absent"));
    assert_eq!(contribution["donor"], refund["donor"]);
    assert_eq!(all.items[1].at.to_string(), "2026-06-01T12:00:00Z");
    assert_eq!(all.items[0].key, all.items[1].key);
}

#[test]
fn the_first_payment_of_a_series_gives_its_date_wherever_it_stands() {
    let payment = |number: &str, date: &str| {
        paid(&[("Recurrence Number", number), ("Date", date), ("Recurring Type", "forever")])
    };
    let stranger = paid(&[("Receipt ID", "AB7"), ("Recurrence Number", "3"), ("Date", "2026-04-01")]);
    let files = [
        export(&[payment("3", "2026-07-11"), stranger]),
        export(&[payment("1", "2026-05-11"), payment("2", "2026-06-11")]),
    ];
    let all = read_all(files.iter().map(stream).collect(), options());
    let created: Vec<_> = all.bodies().iter().map(|body| body["contribution"]["createdAt"].clone()).collect();
    let first = "2026-05-11T00:00:00-04:00";
    assert_eq!(created, [first, "2026-04-01T00:00:00-04:00", first, first]);
}

#[test]
fn the_same_row_in_two_files_gives_the_same_events() {
    let file = export(&[paid(&[("Refund Date", "2026-06-01 08:00:00")])]);
    let all = read_all(vec![stream(&file), stream(&file)], options());
    let ids: Vec<_> = all.items.iter().map(|item| (&item.event.id, item.event.body.get(), &item.key)).collect();
    assert_eq!(ids[..2], ids[2..]);
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn rows_of_other_entities_are_told_when_one_is_asked_for() {
    let file = export(&[paid(&[]), paid(&[("Recipient ID", "7"), ("Amount", "x")])]);
    let all = read_all(vec![stream(&file)], imports::Options { entity: Some(EntityId(48_213)), ..options() });
    assert_eq!((all.items.len(), all.codes()), (1, vec![(3, "other_entity")]));
    assert_eq!(all.bad[0].reasons.len(), 1);
}

#[test]
fn columns_are_found_by_name_and_unknown_ones_are_ignored() {
    let header = "lineitem id,New Thing, AMOUNT ,Reserved,Recipient ID,Reserved,Date,receipt ID";
    let cells = [
        ("lineitem id", "5"),
        (" AMOUNT ", "1.50"),
        ("Recipient ID", "7"),
        ("Date", "2026-05-11"),
        ("receipt ID", "AB1"),
    ];
    let all = read(format!("{header}\n{}\n", row(header, &cells)));
    let body = &all.bodies()[0];
    assert_eq!((&body["lineitems"][0]["lineitemId"], &body["lineitems"][0]["amount"]), (&json!(5), &json!("1.5")));
    assert!(all.bad.is_empty());
    assert_eq!(HEADER.split(',').filter(|name| *name == "Reserved").count(), 7);
}

#[test]
fn a_passport_number_is_never_read() {
    let all = one(&[("Donor US Passport Number", "X1234567"), ("Comments", "private")]);
    let event = serde_json::to_string(&all.items[0].event).expect("JSON");
    assert!(!event.contains("X1234567") && !event.contains("private"));
}
