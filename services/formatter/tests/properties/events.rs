//! Arbitrary valid events, as upstream may publish them.

use contract::event::{Event, Kind};
use contract::upstream;
use jiff::Timestamp;
use jiff::tz::Offset;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Fields of text that may be missing, null, empty or anything.
const TEXTS: [&str; 35] = [
    "donor.firstname",
    "donor.lastname",
    "donor.addr1",
    "donor.city",
    "donor.state",
    "donor.zip",
    "donor.country",
    "donor.email",
    "donor.employerData.employer",
    "donor.employerData.occupation",
    "donor.employerData.employerAddr1",
    "donor.employerData.employerCity",
    "donor.employerData.employerState",
    "donor.employerData.employerZip",
    "donor.employerData.employerCountry",
    "contribution.contributionForm",
    "contribution.refcode",
    "contribution.refcode2",
    "contribution.refcodes.refcode",
    "contribution.refcodes.refcode2",
    "contribution.refcodes.other",
    "contribution.creditCardExpiration",
    "contribution.uniqueIdentifier",
    "contribution.shippingName",
    "contribution.shippingCountry",
    "contribution.recurringType",
    "contribution.cancellationReason",
    "contribution.cancellationType",
    "form.name",
    "form.kind",
    "form.managingEntityName",
    "tracking.fbclid",
    "tracking.userAgent",
    "tracking.gaClientId",
    "tracking.pageUrl",
];
/// Texts that mean something somewhere, or that someone might take for something.
const WORDS: [&str; 28] = [
    "Marisol",
    "Zoë Ångström-O'Neil",
    "李小龍",
    "مريم",
    "👩🏽‍🔧",
    "e\u{301}",
    " \t ",
    "a \"quoted\" \\ name",
    "${capture.van_id}",
    "{\"$ref\":\"capture.van_id\"}",
    "a&b=c;d,e|f",
    "\u{0}\u{1}\u{7f}\u{2028}",
    "marisol@example.org",
    "9375550142",
    "+44 20 7946 0958",
    "(937) 555-0142 ext. 9",
    "45402",
    "45402-1187",
    "OH",
    "United States",
    "Canada",
    "Côte d'Ivoire",
    "opt_in",
    "Active",
    "Lapsed",
    "Mozilla/5.0 (iPhone)",
    "https://platform.example.org/donate/spring-drive?x=1#y",
    "123456.7654321",
];

/// One event of any kind.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    let kind = select(&Kind::ALL[..]);
    // Good ones often: without both, the targets that send texts take nothing.
    let phone = prop_oneof![1 => text(), 1 => Just(Some(json!("+1 937 555-0142")))];
    let consent = prop_oneof![1 => text(), 1 => Just(Some(json!("opt_in")))];
    let parts = (contribution(), phone, consent);
    (kind, vec(text(), TEXTS.len()), parts, vec(lineitem(), 1..3)).prop_map(|(kind, texts, parts, items)| {
        let (contribution, phone, consent) = parts;
        let mut message = json!({
            "type": kind.name(),
            "data": {"donor": {}, "contribution": contribution, "lineitems": items, "form": {}},
        });
        for (pointer, key, text) in
            [("/data/donor", "phone", phone), ("/data/contribution", "textMessageOption", consent)]
        {
            if let (Some(place), Some(text)) = (message.pointer_mut(pointer), text) {
                place[key] = text;
            }
        }
        for (path, text) in TEXTS.iter().zip(texts) {
            let Some(text) = text else { continue };
            let mut place = &mut message;
            if !path.starts_with("tracking.") {
                place = &mut place["data"];
            }
            for key in path.split('.') {
                place = &mut place[key];
            }
            *place = text;
        }
        let mut events = upstream::native(message.to_string().as_bytes(), Timestamp::UNIX_EPOCH).expect("a valid one");
        events.remove(0)
    })
}

/// None: the key is not there.
fn text() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => Just(Some(json!(""))),
        10 => select(&WORDS[..]).prop_map(|word| Some(json!(word))),
        2 => vec(any::<char>(), 0..12).prop_map(|chars| Some(json!(chars.into_iter().collect::<String>()))),
    ]
}

/// The fields of the contribution that are not just text.
fn contribution() -> impl Strategy<Value = Value> {
    let recurring = select(vec![
        json!({}),
        json!({"recurringPeriod": "once", "recurringDuration": 1, "isRecurring": false}),
        json!({"recurringPeriod": "monthly", "recurringDuration": "infinite", "isRecurring": true}),
        json!({"recurringPeriod": "weekly", "recurringDuration": 12}),
        json!({"recurringPeriod": "yearly", "recurringDuration": null, "isRecurring": null}),
        json!({"recurringPeriod": null, "isRecurring": true}),
    ]);
    let order = prop_oneof![4 => Just("AB300000118"), 1 => select(&WORDS[7..])];
    let answers = prop_oneof![3 => vec(answer(), 0..4).prop_map(|fields| json!(fields)), 1 => Just(Value::Null)];
    let status = prop_oneof![2 => Just(Value::Null), 5 => Just(json!("approved")), 1 => Just(json!("declined"))];
    let flags = vec(any::<Option<bool>>(), 3);
    (recurring, order, answers, status, flags, [time(), time()]).prop_map(
        |(mut body, order, answers, status, flags, [created, cancelled])| {
            body["createdAt"] = json!(created);
            body["cancelledAt"] = json!(cancelled);
            body["orderNumber"] = json!(order);
            body["customFields"] = answers;
            body["status"] = status;
            body["refcodes"] = json!({});
            for (key, flag) in ["isPaypal", "isMobile", "giftDeclined"].into_iter().zip(flags) {
                body[key] = json!(flag);
            }
            body
        },
    )
}

/// A question and its answer, which may be long.
fn answer() -> impl Strategy<Value = Value> {
    let question =
        select(vec!["How did you hear of us?", "how-did you hear of us", "Form", "Can you volunteer?", "???"]);
    (proptest::option::weighted(0.9, question), text(), prop_oneof![9 => Just(1_usize), 1 => Just(1_000)]).prop_map(
        |(question, text, times)| match text {
            Some(Value::String(text)) => json!({"label": question, "answer": text.repeat(times)}),
            other => json!({"label": question, "answer": other}),
        },
    )
}

fn lineitem() -> impl Strategy<Value = Value> {
    let entity = prop_oneof![3 => Just(48_213), 1 => any::<u64>()];
    let sequence = prop_oneof![3 => Just(0), 3 => 1..60_u64, 1 => Just(u64::MAX)];
    let later = proptest::option::of(money());
    let name = text();
    (entity, any::<u64>(), sequence, money(), later, name, [time(), time()]).prop_map(
        |(entity, id, sequence, amount, later, name, [paid, refunded])| {
            let mut item = Map::new();
            item.insert("entityId".to_owned(), json!(entity));
            item.insert("lineitemId".to_owned(), json!(id));
            item.insert("sequence".to_owned(), json!(sequence));
            item.insert("amount".to_owned(), json!(amount));
            item.insert("recurringAmount".to_owned(), json!(later));
            item.insert("paidAt".to_owned(), json!(paid));
            item.insert("refundedAt".to_owned(), json!(refunded));
            item.extend(name.map(|name| ("committeeName".to_owned(), name)));
            Value::Object(item)
        },
    )
}

fn money() -> impl Strategy<Value = String> {
    prop_oneof![6 => 1..1_000_000_u64, 1 => any::<u64>(), 1 => Just(0)]
        .prop_map(|cents| format!("{}.{:02}", cents / 100, cents % 100))
}

/// Any second from 1901 to 9998, in UTC or at another offset.
fn time() -> impl Strategy<Value = String> {
    let second = prop_oneof![9 => 1_500_000_000..1_900_000_000_i64, 1 => -2_177_452_800..253_339_228_800_i64];
    (second, select(vec![0, -5, 5])).prop_map(|(second, hours)| {
        let time = Timestamp::from_second(second).expect("a time").to_zoned(Offset::constant(hours).to_time_zone());
        time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    })
}
