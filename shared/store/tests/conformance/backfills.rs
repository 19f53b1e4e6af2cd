//! Backfills: their rows, their indexes and their counts.

use crate::place::{Place, id, keys};
use contract::backfill::{Backfill, Counts, Cursor, Refusal, Source, Status};
use contract::id::{BackfillId, EntityId, WebhookId};
use futures_util::future::join_all;
use jiff::Timestamp;
use std::convert::Infallible;
use store::Store;
use store::backfills::{AddError, ChangeError, Filter, More};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("a time")
}

pub(crate) fn number(number: u128) -> BackfillId {
    BackfillId::of_bits(number)
}

/// A backfill of this webhook that was requested.
pub(crate) fn requested(of: u128, webhook: u128) -> Backfill {
    Backfill::request(number(of), (id(webhook), EntityId(4411)), at(0), "ada@example.org", at(10)).expect("requested")
}

/// Adds a backfill that is running.
pub(crate) async fn running(store: &Store, of: u128, webhook: u128) -> BackfillId {
    let mut backfill = requested(of, webhook);
    backfill.make_ready(at(100), "ada@example.org", at(101)).expect("ready");
    backfill.start(Source::History, &[], "staff", at(102)).expect("started");
    store.backfills().add(&backfill).await.expect("added");
    backfill.id
}

pub(crate) async fn a_backfill_comes_back_as_it_was_added(place: &mut Place) {
    let backfills = place.store.backfills();
    let mut added = requested(1, 1);
    added.make_ready(at(100), "Zoë", at(101)).expect("ready");
    backfills.add(&added).await.expect("added");
    assert_eq!(backfills.get(&number(1)).await.expect("read"), Some(added.clone()));
    assert_eq!(backfills.get(&number(2)).await.expect("read"), None);
    assert_eq!(backfills.counts(&number(1)).await.expect("read"), Counts::default());

    backfills.add(&added).await.expect("the very same again");
    let other = backfills.add(&requested(1, 2)).await;
    assert!(matches!(other, Err(AddError::Exists)), "{other:?}");
    place.reopen(keys(crate::place::KEY)).await;
    assert_eq!(place.store.backfills().get(&number(1)).await.expect("read"), Some(added));
}

pub(crate) async fn changes_of_a_backfill_made_at_once_are_all_kept(place: &mut Place) {
    let elsewhere = place.elsewhere().await;
    place.store.backfills().add(&requested(1, 1)).await.expect("added");
    let change = async |n: i64| {
        let store = if n % 2 == 0 { &place.store } else { &elsewhere };
        store.backfills().change(&number(1), |backfill| backfill.set_from(at(-n), "ada", at(20))).await
    };
    for changed in join_all((1..=20).map(change)).await {
        changed.expect("changed");
    }
    let after = elsewhere.backfills().get(&number(1)).await.expect("read").expect("there");
    assert_eq!((after.version, after.journal.entries().len()), (21, 21));
    assert!(after.updated_at > requested(1, 1).updated_at);
}

pub(crate) async fn a_backfill_is_paused_by_one_of_many(place: &mut Place) {
    let id = running(&place.store, 1, 1).await;
    let pause = || place.store.backfills().change(&id, |backfill| backfill.pause("ada", at(200)));
    let paused = join_all((0..8).map(|_| pause())).await;
    let (done, refused): (Vec<_>, Vec<_>) = paused.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 7));
    assert!(refused.iter().all(|refused| matches!(refused, Err(ChangeError::Refused(Refusal::Paused)))));
}

pub(crate) async fn a_refused_or_empty_change_writes_nothing_and_identity_stays(place: &mut Place) {
    let backfills = place.store.backfills();
    backfills.add(&requested(1, 1)).await.expect("added");
    let same = backfills.change(&number(1), |_| Ok::<(), Infallible>(())).await.expect("nothing to do");
    assert_eq!(same, requested(1, 1));
    let refused = backfills.change(&number(1), |backfill| backfill.pause("ada", at(20))).await;
    assert!(matches!(refused, Err(ChangeError::Refused(Refusal::NotStarted))), "{refused:?}");
    assert_eq!(backfills.get(&number(1)).await.expect("read"), Some(requested(1, 1)));
    let missing = backfills.change(&number(2), |_| Ok::<(), Infallible>(())).await;
    assert!(matches!(missing, Err(ChangeError::NotFound)), "{missing:?}");

    let another = |backfill: &mut Backfill| {
        *backfill = Backfill { status: Status::Ready, entity: EntityId(9), ..requested(2, 2) };
        Ok::<(), Infallible>(())
    };
    let stored = backfills.change(&number(1), another).await.expect("changed");
    assert_eq!((&stored.id, &stored.webhook, stored.entity), (&number(1), &id(1), EntityId(4411)));
    assert_eq!((stored.status, stored.version), (Status::Ready, 2));
}

async fn listed(store: &Store, webhook: Option<WebhookId>, status: Option<Status>) -> Vec<BackfillId> {
    let found = store.backfills().list(&Filter { webhook, status }, None, 1_000).await.expect("listed");
    found.into_iter().map(|backfill| backfill.id).collect()
}

pub(crate) async fn backfills_are_listed_newest_first_by_webhook_and_status(place: &mut Place) {
    let store = &place.store;
    for (of, webhook) in [(2, 1), (1, 1), (3, 2)] {
        store.backfills().add(&requested(of, webhook)).await.expect("added");
    }
    assert_eq!(listed(store, None, None).await, [number(3), number(2), number(1)]);
    assert_eq!(listed(store, Some(id(1)), None).await, [number(2), number(1)]);
    assert_eq!(listed(store, Some(id(9)), None).await, []);
    for of in [1, 3] {
        let ready = |backfill: &mut Backfill| backfill.make_ready(at(100), "ada", at(101));
        store.backfills().change(&number(of), ready).await.expect("ready");
    }
    assert_eq!(listed(store, None, Some(Status::Requested)).await, [number(2)]);
    assert_eq!(listed(store, None, Some(Status::Ready)).await, [number(3), number(1)]);
    assert_eq!(listed(store, Some(id(1)), Some(Status::Ready)).await, [number(1)]);
    assert_eq!(listed(store, Some(id(1)), None).await, [number(2), number(1)]);
    let cancel = |backfill: &mut Backfill| backfill.cancel(None, "ada", at(102));
    store.backfills().change(&number(3), cancel).await.expect("cancelled");
    assert_eq!(listed(store, None, Some(Status::Ready)).await, [number(1)]);
    assert_eq!(listed(store, None, Some(Status::Cancelled)).await, [number(3)]);
}

pub(crate) async fn a_list_of_backfills_goes_on_where_the_last_page_ended(place: &mut Place) {
    let backfills = place.store.backfills();
    join_all((1..=250).map(async |of| backfills.add(&requested(of, of % 2)).await.expect("added"))).await;
    let (all, of_webhook) = (Filter::default(), Filter { webhook: Some(id(1)), status: None });
    for (filter, expected) in [
        (all, (1..=250).rev().map(number).collect::<Vec<_>>()),
        (of_webhook, (1..=250).rev().filter(|of| of % 2 == 1).map(number).collect()),
    ] {
        let (mut found, mut before): (Vec<BackfillId>, Option<BackfillId>) = (Vec::new(), None);
        loop {
            let page = backfills.list(&filter, before.as_ref(), 60).await.expect("listed");
            found.extend(page.iter().map(|backfill| backfill.id.clone()));
            before = found.last().cloned();
            if page.len() < 60 {
                break;
            }
        }
        assert_eq!(found, expected);
    }
}

pub(crate) async fn the_cursor_of_a_paused_backfill_survives_a_restart(place: &mut Place) {
    let id = running(&place.store, 1, 1).await;
    let pause = |backfill: &mut Backfill| {
        backfill.advance(Cursor::new("history:4711").expect("short"))?;
        backfill.pause("ada", at(200))
    };
    let paused = place.store.backfills().change(&id, pause).await.expect("paused");
    place.reopen(keys(crate::place::KEY)).await;
    let found = place.store.backfills().get(&id).await.expect("read").expect("there");
    assert_eq!(found, paused);
    assert_eq!(found.cursor.as_ref().map(Cursor::as_str), Some("history:4711"));
}

pub(crate) async fn what_never_enters_the_window_is_counted_too(place: &mut Place) {
    let id = running(&place.store, 1, 1).await;
    let backfills = place.store.backfills();
    let more = || backfills.count_more(&id, More { repeated: 2, rejected: 1 });
    for counted in join_all((0..5).map(|_| more())).await {
        counted.expect("counted");
    }
    backfills.set_total(&id, 100).await.expect("set");
    backfills.set_total(&id, 90).await.expect("set again");
    let counts = backfills.counts(&id).await.expect("read");
    assert_eq!(counts, Counts { total: Some(90), repeated: 10, rejected: 5, ..Counts::default() });
}
