use super::*;

#[derive(Debug, Clone, Copy)]
enum Act {
    MakeReady,
    SetFrom,
    Start,
    Advance,
    Pause,
    Resume,
    GiveWay,
    GoOn,
    Complete,
    Fail,
    Cancel,
}

fn act(backfill: &mut Backfill, act: Act) -> Result<(), Refusal> {
    let (who, now) = ("grace", at(200));
    match act {
        Act::MakeReady => backfill.make_ready(at(190), who, now),
        Act::SetFrom => backfill.set_from(at(5), who, now),
        Act::Start => backfill.start(Source::History, &[], who, now),
        Act::Advance => backfill.advance(Cursor::new("9").expect("short")),
        Act::Pause => backfill.pause(who, now),
        Act::Resume => backfill.resume(who, now),
        Act::GiveWay => backfill.give_way("late", now),
        Act::GoOn => backfill.go_on(now),
        Act::Complete => backfill.complete(now),
        Act::Fail => backfill.fail("broken", who, now),
        Act::Cancel => backfill.cancel(Some("not wanted"), who, now),
    }
}

/// What each act makes of a backfill of each status, in the order of [`Status::ALL`].
#[test]
#[rustfmt::skip]
fn every_act_has_its_result_in_every_status() {
    use Refusal as R;
    use Status::{Cancelled, Completed, Failed, Paused, Ready, Requested, Running, Yielding};
    let ended = [Err(R::Ended(Completed)), Err(R::Ended(Failed)), Err(R::Ended(Cancelled))];
    let table: [(Act, [Result<Status, Refusal>; 5]); 11] = [
        // act            requested              ready                  running             paused                  yielding
        (Act::MakeReady, [Ok(Ready),             Ok(Ready),             Err(R::Started),    Err(R::Started),        Err(R::Started)]),
        (Act::SetFrom,   [Ok(Requested),         Ok(Ready),             Err(R::Started),    Err(R::Started),        Err(R::Started)]),
        (Act::Start,     [Err(R::NotReady),      Ok(Running),           Err(R::Running),    Err(R::Paused),         Err(R::Paused)]),
        (Act::Advance,   [Err(R::NotStarted),    Err(R::NotStarted),    Ok(Running),        Ok(Paused),             Ok(Yielding)]),
        (Act::Pause,     [Err(R::NotStarted),    Err(R::NotStarted),    Ok(Paused),         Err(R::Paused),         Ok(Paused)]),
        (Act::Resume,    [Err(R::NotStarted),    Err(R::NotStarted),    Err(R::Running),    Ok(Running),            Ok(Running)]),
        (Act::GiveWay,   [Err(R::NotStarted),    Err(R::NotStarted),    Ok(Yielding),       Err(R::Paused),         Err(R::Paused)]),
        (Act::GoOn,      [Err(R::NotStarted),    Err(R::NotStarted),    Err(R::Running),    Err(R::PausedByPerson), Ok(Running)]),
        (Act::Complete,  [Err(R::NotStarted),    Err(R::NotStarted),    Ok(Completed),      Err(R::Paused),         Err(R::Paused)]),
        (Act::Fail,      [Err(R::NotStarted),    Err(R::NotStarted),    Ok(Failed),         Ok(Failed),             Ok(Failed)]),
        (Act::Cancel,    [Ok(Cancelled),         Ok(Cancelled),         Ok(Cancelled),      Ok(Cancelled),          Ok(Cancelled)]),
    ];
    for (deed, results) in table {
        for (status, expected) in Status::ALL.into_iter().zip(results.into_iter().chain(ended)) {
            check(deed, status, expected);
        }
    }
}

fn check(deed: Act, status: Status, expected: Result<Status, Refusal>) {
    let before = in_status(status);
    let mut after = before.clone();
    let done = act(&mut after, deed);
    assert_eq!(done.map(|()| after.status), expected, "{deed:?} in {status:?}");
    if expected.is_err() {
        assert_eq!(after, before, "{deed:?} in {status:?} was refused and changes nothing");
        return;
    }
    assert_eq!(after.started_at.is_some(), before.started_at.is_some() || matches!(deed, Act::Start), "{deed:?}");
    assert_eq!(after.ended_at, after.status.has_ended().then(|| at(200)), "{deed:?} in {status:?}");
    let entries = after.journal.entries();
    assert_eq!(&entries[..before.journal.entries().len()], before.journal.entries());
    let [told] = &entries[before.journal.entries().len()..] else {
        return assert!(matches!(deed, Act::Advance), "{deed:?} tells of it once");
    };
    let who = if matches!(deed, Act::GiveWay | Act::GoOn | Act::Complete) { ITSELF } else { "grace" };
    assert_eq!((told.at, told.who.as_str()), (at(200), who), "{deed:?} in {status:?}");
}

#[test]
fn a_reason_belongs_to_its_status() {
    let check = |backfill: Backfill, reason: Option<&str>| assert_eq!(backfill.reason.as_deref(), reason);
    check(in_status(Status::Yielding), Some("live is late"));
    check(in_status(Status::Failed), Some("no file"));
    let mut backfill = in_status(Status::Yielding);
    backfill.go_on(at(200)).expect("goes on");
    check(backfill, None);
    let mut backfill = in_status(Status::Yielding);
    backfill.pause("staff", at(200)).expect("paused");
    check(backfill, None);
    let mut backfill = in_status(Status::Ready);
    backfill.cancel(Some("asked for by phone"), "staff", at(200)).expect("cancelled");
    check(backfill, Some("asked for by phone"));
}

#[test]
fn no_start_date_lies_in_the_future() {
    let of = (WebhookId::parse("wh_1").expect("valid"), EntityId(7));
    let request = |from| Backfill::request(BackfillId::of_bits(1), of.clone(), from, "ada", at(10)).err();
    assert_eq!((request(at(10)), request(at(11))), (None, Some(Refusal::Future)));
    let mut backfill = requested();
    assert_eq!(backfill.set_from(at(21), "ada", at(20)), Err(Refusal::Future));
    assert_eq!((backfill.set_from(at(20), "ada", at(20)), backfill.from), (Ok(()), at(20)));
}

#[test]
fn the_latest_activation_before_the_start_ends_the_span() {
    let mut backfill = in_status(Status::Ready);
    assert_eq!(backfill.until, Some(at(100)));
    backfill.make_ready(at(150), "ada", at(151)).expect("activated again");
    assert_eq!(backfill.until, Some(at(150)));
    backfill.start(Source::History, &[], "staff", at(152)).expect("started");
    backfill.make_ready(at(200), "ada", at(201)).expect_err("it runs");
    assert_eq!(backfill.until, Some(at(150)));
}

#[test]
fn kinds_are_kept_once_and_in_their_order() {
    let mut backfill = in_status(Status::Ready);
    let kinds = [Kind::Cancellation, Kind::Contribution, Kind::Cancellation];
    backfill.start(Source::History, &kinds, "staff", at(152)).expect("started");
    assert_eq!(backfill.kinds, [Kind::Contribution, Kind::Cancellation]);
}

#[test]
fn a_full_journal_forgets_first_what_no_person_did() {
    let mut backfill = in_status(Status::Running);
    backfill.pause("ada", at(200)).expect("paused");
    backfill.resume("grace", at(201)).expect("resumed");
    let people = backfill.journal.entries().to_vec();
    for n in 0..limits::BACKFILL_JOURNAL_ENTRIES {
        backfill.give_way(&"é".repeat(limits::BACKFILL_REASON_BYTES), at(300)).unwrap_or_else(|e| panic!("{n}: {e}"));
        backfill.go_on(at(301)).expect("goes on");
    }
    let entries = backfill.journal.entries();
    assert_eq!(entries.len(), limits::BACKFILL_JOURNAL_ENTRIES);
    assert_eq!(entries[..people.len()], people);
    assert!(entries.iter().all(|entry| entry.what.len() <= limits::BACKFILL_REASON_BYTES));

    for _ in 0..limits::BACKFILL_JOURNAL_ENTRIES {
        backfill.pause("ada", at(400)).expect("paused");
        backfill.resume("grace", at(401)).expect("resumed");
    }
    let entries = backfill.journal.entries();
    assert_eq!(entries.len(), limits::BACKFILL_JOURNAL_ENTRIES);
    assert_eq!(entries[0], people[0], "who requested it is never forgotten");
    assert_eq!((entries[1].what.as_str(), entries[2].what.as_str()), ("resumed", "paused"), "then the oldest goes");
}
