use super::*;
use crate::event;
use crate::id::{EventId, NoticeId};
use crate::{limits, webhook};
use serde_json::value::RawValue;

mod life;
mod selection;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("in range")
}

fn requested() -> Backfill {
    let of = (WebhookId::parse("wh_1").expect("valid"), EntityId(7));
    Backfill::request(BackfillId::parse("bf_1").expect("valid"), of, at(0), "ada@example.org", at(10)).expect("made")
}

/// A backfill that got to this status the usual way. Its span ends at 100.
fn in_status(status: Status) -> Backfill {
    let mut backfill = requested();
    let ready = |backfill: &mut Backfill| backfill.make_ready(at(100), "ada@example.org", at(101));
    let started = |backfill: &mut Backfill| {
        ready(backfill)?;
        backfill.start(Source::History, &[], "staff", at(102))
    };
    let done = match status {
        Status::Requested => Ok(()),
        Status::Ready => ready(&mut backfill),
        Status::Running => started(&mut backfill),
        Status::Paused => started(&mut backfill).and_then(|()| backfill.pause("staff", at(103))),
        Status::Yielding => started(&mut backfill).and_then(|()| backfill.give_way("live is late", at(103))),
        Status::Completed => started(&mut backfill).and_then(|()| backfill.complete(at(104))),
        Status::Failed => started(&mut backfill).and_then(|()| backfill.fail("no file", ITSELF, at(104))),
        Status::Cancelled => backfill.cancel(None, "staff", at(104)),
    };
    done.expect("the usual way");
    assert_eq!(backfill.status, status);
    backfill
}

#[test]
fn the_wire_form_is_stable() {
    let mut backfill = in_status(Status::Paused);
    backfill.kinds = vec![Kind::Refund];
    backfill.source = Source::files(vec!["paid.csv.gz".to_owned()]).expect("a source");
    backfill.advance(Cursor::new("0:4711").expect("short")).expect("advanced");
    let golden = r#"{"id":"bf_1","version":1,"webhook":"wh_1","entity":7,"from":"2023-11-14T22:13:20Z","until":"2023-11-14T22:15:00Z","status":"paused","kinds":["refund"],"source":{"of":"files","names":["paid.csv.gz"]},"cursor":"0:4711","created_at":"2023-11-14T22:13:30Z","updated_at":"2023-11-14T22:13:30Z","started_at":"2023-11-14T22:15:02Z","journal":[{"at":"2023-11-14T22:13:30Z","who":"ada@example.org","what":"requested from 2023-11-14T17:13:20-05:00"},{"at":"2023-11-14T22:15:01Z","who":"ada@example.org","what":"ready: the webhook was activated at 2023-11-14T17:15:00-05:00"},{"at":"2023-11-14T22:15:02Z","who":"staff","what":"started from the history"},{"at":"2023-11-14T22:15:03Z","who":"staff","what":"paused"}]}"#;
    assert_eq!(serde_json::to_string(&backfill).expect("encodes"), golden);
    assert_eq!(serde_json::from_str::<Backfill>(golden).expect("decodes"), backfill);
}

#[test]
fn the_wire_form_of_a_notice_is_stable() {
    let check = |what: What, golden: &str| {
        let (id, webhook) = (NoticeId::parse("ntc_1").expect("valid"), WebhookId::parse("wh_1").expect("valid"));
        let notice = Notice { id, at: at(0), webhook, to: "ada@example.org".to_owned(), what };
        assert_eq!(serde_json::to_string(&notice).expect("encodes"), golden);
        assert_eq!(serde_json::from_str::<Notice>(golden).expect("decodes"), notice);
    };
    let backfill = requested().id;
    check(
        What::BackfillBegan { backfill: backfill.clone(), from: at(0), until: at(100) },
        r#"{"id":"ntc_1","at":"2023-11-14T22:13:20Z","webhook":"wh_1","to":"ada@example.org","what":"backfill_began","backfill":"bf_1","from":"2023-11-14T22:13:20Z","until":"2023-11-14T22:15:00Z"}"#,
    );
    let counts = Counts { total: Some(9), sent: 6, done: 3, failed: 2, skipped: 1, repeated: 3, rejected: 4 };
    check(
        What::BackfillEnded { backfill, status: Status::Failed, reason: Some("no file".to_owned()), counts },
        r#"{"id":"ntc_1","at":"2023-11-14T22:13:20Z","webhook":"wh_1","to":"ada@example.org","what":"backfill_ended","backfill":"bf_1","status":"failed","reason":"no file","counts":{"total":9,"sent":6,"done":3,"failed":2,"skipped":1,"repeated":3,"rejected":4}}"#,
    );
}

#[test]
fn a_status_comes_back_from_its_word() {
    for status in Status::ALL {
        assert_eq!(status.name().parse(), Ok(status));
        assert_eq!(serde_json::to_value(status).expect("a word"), status.name());
    }
    assert_eq!("asleep".parse::<Status>(), Err(UnknownStatus));
}

#[test]
fn what_comes_from_outside_is_bounded() {
    let name = |bytes| "x".repeat(bytes);
    let cursor = limits::BACKFILL_CURSOR_BYTES;
    assert_eq!(Cursor::new(name(cursor)).map(String::from), Ok(name(cursor)));
    assert_eq!(Cursor::new(name(cursor + 1)), Err(CursorTooLong));
    assert!(serde_json::from_value::<Cursor>(name(cursor + 1).into()).is_err());
    let check = |names: Vec<String>, error| assert_eq!(Source::files(names).err(), error);
    check(vec![], Some(BadSource::NoFile));
    check(vec![name(limits::BACKFILL_FILE_NAME_BYTES)], None);
    check(vec![name(limits::BACKFILL_FILE_NAME_BYTES + 1)], Some(BadSource::LongName));
    check(vec![name(1); limits::BACKFILL_FILES], None);
    check(vec![name(1); limits::BACKFILL_FILES + 1], Some(BadSource::ManyFiles));
}

#[test]
fn rate_and_time_left_follow_from_two_readings() {
    let reading = |second, total, done, repeated| Reading {
        at: at(second),
        counts: Counts { total, done, repeated, sent: done, ..Counts::default() },
    };
    let check = |earlier: Reading, later: Reading, per_s, left_s: Option<u64>| {
        let left = left_s.map(std::time::Duration::from_secs);
        assert_eq!(progress(&earlier, &later), Progress { per_s, left }, "{earlier:?} {later:?}");
    };
    check(reading(0, Some(98), 10, 0), reading(10, Some(98), 40, 10), Some(4.0), Some(12));
    check(reading(0, Some(100), 10, 0), reading(10, Some(100), 10, 0), Some(0.0), None);
    check(reading(0, Some(40), 10, 0), reading(10, Some(40), 40, 0), Some(3.0), Some(0));
    check(reading(0, Some(40), 40, 0), reading(10, Some(40), 40, 0), Some(0.0), Some(0));
    check(reading(0, None, 0, 0), reading(10, None, 40, 0), Some(4.0), None);
    check(reading(0, Some(40), 0, 0), reading(0, Some(40), 1, 0), None, None);
    check(reading(9, Some(40), 0, 0), reading(0, Some(40), 1, 0), None, None);
    check(reading(0, Some(1), 2, 0), reading(1, Some(1), 1, 0), Some(0.0), Some(0));
}

#[test]
fn a_fingerprint_never_changes() {
    let check = |event: &str, bucket, bits: u64| {
        let fingerprint = Fingerprint::of(&EventId::parse(event).expect("valid"));
        assert_eq!((fingerprint.bucket(), fingerprint.bytes()), (bucket, bits.to_be_bytes()), "{event}");
        assert_eq!(Fingerprint::stored(bucket, bits.to_be_bytes()), fingerprint);
    };
    check("evt_1", 14_347, 0x4358_8960_2e75_f436);
    check("evt_0104656172d900c9398d685e121db13a", 13_535, 0xc648_2889_46ad_37d5);
}

#[test]
fn fingerprints_fill_all_buckets_alike() {
    let mut buckets = vec![0_u32; usize::from(limits::SENT_BUCKETS)];
    for number in 0..160_000 {
        buckets[usize::from(Fingerprint::of(&EventId::of_bits(number)).bucket())] += 1;
    }
    assert!(buckets.iter().all(|count| *count < 40), "{:?}", buckets.iter().max());
}
