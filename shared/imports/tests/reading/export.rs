//! A large export: every good row is the event that `formats/history-csv.md` says, every bad one is told.
//!
//! What is expected is computed here from the record from which the row was written.

use crate::support::{body, options, stream};
use contract::event::Kind;
use contract::id::EventId;
use imports::sample::{Flaw, Gift, Gifts, Wall, export};
use imports::{Reader, Record, RowKey};
use serde_json::{Value, json};

const ROWS: usize = 100_000;

#[test]
fn every_good_row_of_a_large_export_is_its_event_and_every_bad_one_is_told() {
    let gifts: Vec<Gift> = Gifts::new(7, 100).take(ROWS).collect();
    let mut file = Vec::new();
    let lines = export(&mut file, &gifts).expect("memory");
    let mut records = Reader::new(vec![stream(&file)], options());
    let (mut good, mut bad) = (0, 0);
    for (gift, line) in gifts.iter().zip(lines) {
        match records.next().expect("a record for every row").expect("a sound file") {
            Record::Row(row) => {
                assert_eq!((gift.flaw, row.place.line), (None, line));
                check(gift, &row.items);
                good += 1;
            }
            Record::Bad(row) => {
                let flaw = gift.flaw.unwrap_or_else(|| panic!("line {line} is good: {:?}", row.reasons));
                assert_eq!((row.place.line, row.reasons[0].code.name()), (line, code(flaw)), "{flaw:?}");
                assert_eq!((row.raw, row.whole), (gift.row(), true));
                bad += 1;
            }
        }
    }
    assert!(records.next().is_none());
    assert_eq!((good, bad), (ROWS - ROWS / 100, ROWS / 100));
}

fn code(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::Receipt | Flaw::Lineitem => "no_id",
        Flaw::Amount => "no_amount",
        Flaw::Date => "bad_date",
        Flaw::Flag | Flaw::Bytes => "bad_value",
        Flaw::Short | Flaw::Quote => "bad_row",
    }
}

fn check(gift: &Gift, items: &[imports::Item]) {
    let expected: Vec<_> = std::iter::once((Kind::Contribution, gift.date))
        .chain(gift.refunded.map(|refunded| (Kind::Refund, refunded)))
        .collect();
    assert_eq!(items.len(), expected.len());
    for (item, (kind, wall)) in items.iter().zip(expected) {
        let at = contract::body::parse_time(&wall.sent()).expect("a time");
        assert_eq!((item.event.kind, item.at, item.event.occurred_at), (kind, at, Some(at)));
        assert_eq!((item.event.lineitem, item.event.entity.0), (gift.lineitem, gift.entity));
        assert_eq!(item.key, RowKey::Lineitem(gift.lineitem));
        let (lineitem, second) = (gift.lineitem.to_string(), at.as_second().to_string());
        let id = match kind {
            Kind::Refund => EventId::derive(&["refund", &lineitem, &second]),
            kind => EventId::derive(&[kind.name(), &lineitem]),
        };
        assert_eq!(item.event.id, id);
        let (found, mut said) = (body(item), said(gift, kind));
        // Derived of the line item's number alone; `rules.rs` holds the specification's example against it.
        said["contribution"]["uniqueIdentifier"] = found["contribution"]["uniqueIdentifier"].clone();
        assert_eq!(found, said);
    }
}

fn money(cents: u64) -> String {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    text.strip_suffix('0').map_or(text.clone(), ToOwned::to_owned)
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

/// The body of the event, as the specification says it.
fn said(gift: &Gift, kind: Kind) -> Value {
    let [first, last, street, city, employer] = gift.words;
    let mut donor = json!({
        "firstname": first, "lastname": last, "addr1": street, "city": city, "state": "OH", "zip": gift.zip,
        "country": "United States", "isEligibleForExpressLane": false,
        "employerData": {
            "employer": text(employer), "occupation": null, "employerAddr1": null, "employerCity": null,
            "employerState": null, "employerZip": null, "employerCountry": null,
        },
    });
    if let Some(email) = &gift.email {
        donor["email"] = json!(email);
    }
    let form = json!({
        "name": "spring-drive", "kind": "page", "ownerEmail": null, "managingEntityName": null,
        "managingEntityCommitteeName": null,
    });
    json!({ "donor": donor, "contribution": contribution(gift), "lineitems": [lineitem(gift, kind)], "form": form })
}

fn contribution(gift: &Gift) -> Value {
    let mut refcodes = json!({});
    for (key, code) in ["refcode", "refcode2"].into_iter().zip(gift.codes) {
        if let Some(code) = code {
            refcodes[key] = json!(code);
        }
    }
    let custom = gift.custom.map_or(json!([]), |[label, answer]| json!([{ "label": label, "answer": answer }]));
    json!({
        "createdAt": gift.began.unwrap_or(gift.date).sent(), "orderNumber": format!("AB{}", gift.receipt),
        "contributionForm": "spring-drive", "refcodes": refcodes, "refcode": gift.codes[0],
        "refcode2": gift.codes[1], "creditCardExpiration": null, "recurringPeriod": period(gift),
        "recurringDuration": if gift.number.is_some() { json!("infinite") } else { json!(1) },
        "weeklyRecurringSunset": null, "abTestName": null, "isRecurring": gift.number.is_some(),
        "isPaypal": gift.paypal, "isMobile": gift.mobile, "abTestVariation": null, "isExpress": gift.express,
        "withExpressLane": false, "expressSignup": false, "uniqueIdentifier": null, "textMessageOption": "unknown",
        "giftDeclined": null, "giftIdentifier": null, "shippingName": null, "shippingAddr1": null,
        "shippingCity": null, "shippingState": null, "shippingZip": null, "shippingCountry": null,
        "smartBoostAmount": null, "customFields": custom, "merchandise": [], "bumpYourRecurring": null,
        "status": "approved", "thanksUrl": null,
    })
}

fn lineitem(gift: &Gift, kind: Kind) -> Value {
    let mut item = json!({
        "sequence": gift.number.unwrap_or(1) - 1, "entityId": gift.entity, "fecId": "C00999901",
        "committeeName": "Okonedo for Harbor County", "amount": money(gift.cents),
        "recurringAmount": gift.number.map(|_| money(gift.cents)), "paidAt": gift.date.sent(),
        "paymentId": gift.payment, "lineitemId": gift.lineitem,
    });
    if kind == Kind::Refund {
        item["refundedAt"] = json!(gift.refunded.as_ref().map(Wall::sent));
        item["disbursedAt"] = Value::Null;
        item["recoveredAt"] = Value::Null;
    } else {
        item["amountLessAbFees"] = json!(gift.fee.map(|fee| money(gift.cents - fee)));
    }
    item
}

fn period(gift: &Gift) -> &'static str {
    match (gift.number, gift.weekly) {
        (None, _) => "once",
        (Some(_), true) => "weekly",
        (Some(_), false) => "monthly",
    }
}
