//! The ledger.

use crate::place::{KEY, Place, Server, id, keys, until};
use contract::id::WebhookId;
use contract::limits;
use futures_util::future::join_all;
use redis::aio::MultiplexedConnection;
use redis::cmd;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use store::Place::{Line, Resource, Series};
use store::{Entry, Error, Ledger, Remembered};

const LINE: u64 = 612_004_411;
const SERIES: &str = "AB300000118-48213";
const PAGE: &str = "page:spring drive:\"été\"";

fn entry(at: store::Place, name: &str, value: impl Into<Value>) -> Entry {
    Entry { at, name: name.to_owned(), value: value.into() }
}

/// One value of each scope.
fn one_of_each() -> [Entry; 3] {
    [
        entry(Line(LINE), "donation_id", 4411),
        entry(Series(SERIES.to_owned()), "order_id", "A-7"),
        entry(Resource, PAGE, "p1"),
    ]
}

async fn read(ledger: &Ledger, id: &WebhookId) -> Remembered {
    ledger.read(id, LINE, Some(SERIES), &[PAGE.to_owned()]).await.expect("read")
}

fn values(of: &[(&str, Value)]) -> BTreeMap<String, Value> {
    of.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// What [`one_of_each`] left.
fn each() -> Remembered {
    Remembered {
        line: values(&[("donation_id", json!(4411))]),
        series: values(&[("order_id", json!("A-7"))]),
        resource: values(&[(PAGE, json!("p1"))]),
    }
}

pub(crate) async fn values_come_back_from_their_places(place: &mut Place) {
    let ledger = place.store.ledger();
    assert_eq!(read(ledger, &id(1)).await, Remembered::default());
    ledger.write(&id(1), &[]).await.expect("nothing to do");
    ledger.write(&id(1), &one_of_each()).await.expect("written");
    assert_eq!(read(ledger, &id(1)).await, each());

    let more = [
        entry(Line(LINE), "donation_id", json!({ "a": [1, null, "\"é\n"] })),
        entry(Line(LINE), "note", Value::Null),
        entry(Line(LINE + 1), "donation_id", 1),
        entry(Series(format!("{SERIES}1")), "order_id", "B"),
        entry(Resource, "code:a", 27.5),
    ];
    ledger.write(&id(1), &more).await.expect("written");
    ledger.write(&id(1), &more).await.expect("written again");
    let resources = ["code:a", "code:b", PAGE, "code:a"].map(str::to_owned);
    let found = ledger.read(&id(1), LINE, None, &resources).await.expect("read");
    let expected = Remembered {
        line: values(&[("donation_id", json!({ "a": [1, null, "\"é\n"] })), ("note", Value::Null)]),
        series: BTreeMap::new(),
        resource: values(&[("code:a", json!(27.5)), (PAGE, json!("p1"))]),
    };
    assert_eq!(found, expected);
    let found = ledger.read(&id(1), LINE + 1, Some(SERIES), &[]).await.expect("read");
    let line = values(&[("donation_id", json!(1))]);
    assert_eq!(found, Remembered { line, series: each().series, resource: BTreeMap::new() });
}

pub(crate) async fn two_webhooks_do_not_see_each_others_values(place: &mut Place) {
    let ledger = place.store.ledger();
    ledger.write(&id(1), &one_of_each()).await.expect("written");
    assert_eq!(read(ledger, &id(2)).await, Remembered::default());
    ledger.write(&id(2), &[entry(Line(LINE), "donation_id", "other")]).await.expect("written");
    assert_eq!(read(ledger, &id(1)).await, each());
}

pub(crate) async fn values_survive_a_restart(place: &mut Place) {
    place.store.ledger().write(&id(1), &one_of_each()).await.expect("written");
    place.reopen(keys(KEY)).await;
    assert_eq!(read(place.store.ledger(), &id(1)).await, each());
}

pub(crate) async fn values_written_at_once_are_all_kept(place: &mut Place) {
    let elsewhere = place.elsewhere().await;
    let (one, id) = (id(1), |number: usize| format!("value {number}"));
    let write = |number: usize| {
        let ledger = if number.is_multiple_of(2) { place.store.ledger() } else { elsewhere.ledger() };
        let entry = entry(Line(LINE), &id(number), number);
        let one = &one;
        async move { ledger.write(one, &[entry]).await }
    };
    for written in join_all((0..40).map(write)).await {
        written.expect("written");
    }
    let expected: BTreeMap<String, Value> = (0..40).map(|number| (id(number), json!(number))).collect();
    assert_eq!(read(elsewhere.ledger(), &one).await.line, expected);
}

pub(crate) async fn a_value_ends_with_its_lifetime_and_reading_is_a_use(place: &mut Place) {
    let ledger = place.store.ledger();
    let briefly = ledger.keeping(Duration::from_secs(2));
    // Its life is so short that it never prolongs another one: it looks without using.
    let looking = ledger.keeping(Duration::ZERO);
    for number in [1, 2] {
        briefly.write(&id(number), &one_of_each()).await.expect("written");
    }
    ledger.write(&id(2), &[entry(Resource, "code:a", 1)]).await.expect("written, for longer");
    assert_eq!(read(ledger, &id(1)).await, each(), "used");
    assert_eq!(read(&looking, &id(2)).await, each(), "not used");
    until("what nobody uses is gone", async || read(&looking, &id(2)).await == Remembered::default()).await;
    assert_eq!(read(&looking, &id(1)).await, each());
    let found = ledger.read(&id(2), LINE, None, &[PAGE.to_owned(), "code:a".to_owned()]).await.expect("read");
    assert_eq!(found.resource, values(&[("code:a", json!(1))]), "each resource has a life of its own");

    ledger.write(&id(2), &[entry(Line(LINE), "note", "new")]).await.expect("written");
    let found = read(ledger, &id(2)).await;
    assert_eq!(found, Remembered { line: values(&[("note", json!("new"))]), ..Remembered::default() });
}

pub(crate) async fn forgetting_resources_leaves_lines_series_and_other_webhooks(place: &mut Place) {
    let ledger = place.store.ledger();
    ledger.forget_resources(&id(1)).await.expect("nothing to forget");
    for number in [1, 2] {
        ledger.write(&id(number), &one_of_each()).await.expect("written");
    }
    ledger.forget_resources(&id(1)).await.expect("forgotten");
    assert_eq!(read(ledger, &id(1)).await, Remembered { resource: BTreeMap::new(), ..each() });
    assert_eq!(read(ledger, &id(2)).await, each());
    ledger.write(&id(1), &[entry(Resource, PAGE, "p2")]).await.expect("written");
    assert_eq!(read(ledger, &id(1)).await.resource, values(&[(PAGE, json!("p2"))]));
}

pub(crate) async fn what_is_too_long_is_refused_with_all_that_came_with_it(place: &mut Place) {
    let ledger = place.store.ledger();
    let long = "é".repeat(limits::CAPTURED_CHARS);
    ledger.write(&id(1), &[entry(Line(LINE), "a", long.clone())]).await.expect("as long as it may be");
    let too_long = [
        entry(Line(LINE), "b", format!("{long}é")),
        entry(Line(LINE), &"b".repeat(limits::LEDGER_NAME_BYTES + 1), 1),
        entry(Series("b".repeat(limits::LEDGER_NAME_BYTES + 1)), "b", 1),
    ];
    for too_long in too_long {
        let refused = ledger.write(&id(1), &[entry(Line(LINE), "c", 1), too_long]).await.expect_err("too long");
        assert!(matches!(&refused, Error::TooLong { key } if key.contains(id(1).as_str())), "{refused:?}");
        assert!(!refused.is_unavailable());
        assert_eq!(read(ledger, &id(1)).await.line, values(&[("a", json!(long))]));
    }
}

/// How long each of these keys still lives and when the resource expires, in Unix milliseconds.
async fn expiries(redis: &mut MultiplexedConnection, keys: &[String]) -> (Vec<i64>, i64) {
    let mut all = Vec::new();
    for key in keys {
        all.push(cmd("PEXPIRETIME").arg(key).query_async(redis).await.expect("read"));
    }
    (all, cmd("ZSCORE").arg(&keys[3]).arg(PAGE).query_async(redis).await.expect("read"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_a_use_is_written_once_a_day_and_every_key_expires() {
    const DAY_MS: i64 = 24 * 3_600 * 1_000;
    let place = Place::on_redis().await;
    let Server::Redis(server) = place.server() else { panic!("another server") };
    let client = redis::Client::open(server.redis_url.as_str()).expect("a URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("connects");
    let begin = runtime::clock::now().as_millisecond();
    place.store.ledger().write(&id(1), &one_of_each()).await.expect("written");

    let names = [format!("line:{LINE}"), format!("series:{SERIES}"), "resources".to_owned(), "expiry".to_owned()];
    let keys = names.map(|name| format!("{}ledger:{}:{name}", server.key_prefix, id(1)));
    let written = expiries(&mut redis, &keys).await;
    let least = begin + limits::LEDGER_S.cast_signed() * 1_000;
    assert!(written.0.iter().chain([&written.1]).all(|expiry| (least..least + DAY_MS).contains(expiry)), "{written:?}");
    read(place.store.ledger(), &id(1)).await;
    assert_eq!(expiries(&mut redis, &keys).await, written, "used today already");

    for key in &keys {
        let _: () = cmd("PEXPIREAT").arg(key).arg(least - 2 * DAY_MS).query_async(&mut redis).await.expect("set");
    }
    let _: () = cmd("ZADD").arg(&keys[3]).arg(least - 2 * DAY_MS).arg(PAGE).query_async(&mut redis).await.expect("set");
    read(place.store.ledger(), &id(1)).await;
    let used = expiries(&mut redis, &keys).await;
    assert!(used.0.iter().chain([&used.1]).all(|expiry| *expiry >= least), "{used:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_a_write_removes_the_resources_that_expired() {
    let place = Place::on_redis().await;
    let Server::Redis(server) = place.server() else { panic!("another server") };
    let client = redis::Client::open(server.redis_url.as_str()).expect("a URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("connects");
    let ledger = place.store.ledger();
    ledger.write(&id(1), &[entry(Resource, "code:a", 1), entry(Resource, "code:b", 2)]).await.expect("written");
    let [resources, expiry] =
        ["resources", "expiry"].map(|name| format!("{}ledger:{}:{name}", server.key_prefix, id(1)));
    let _: () = cmd("ZADD").arg(&expiry).arg(1).arg("code:a").query_async(&mut redis).await.expect("set");
    ledger.write(&id(1), &[entry(Resource, "code:c", 3)]).await.expect("written");
    let mut left: Vec<String> = cmd("HKEYS").arg(&resources).query_async(&mut redis).await.expect("read");
    left.sort();
    assert_eq!(left, ["code:b", "code:c"]);
    let count: u64 = cmd("ZCARD").arg(&expiry).query_async(&mut redis).await.expect("read");
    assert_eq!(count, 2);
}
