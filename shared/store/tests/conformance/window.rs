//! The window of a backfill, and the record of what was sent.

use crate::backfills::{at, number, running};
use crate::place::{KEY, Place, event, id, keys};
use contract::backfill::Settled;
use contract::backfill::{Backfill, Counts, Fingerprint, Refusal};
use contract::id::{BackfillId, DeliveryId};
use contract::limits;
use futures_util::future::join_all;
use std::collections::{HashMap, HashSet};
use store::Admission::{New, NoRoom, Outstanding, Repeated};
use store::{Admission, Begun, Store};

type Item = (DeliveryId, Fingerprint);

/// The delivery of the `number`th event to this webhook.
fn item(number: u128, webhook: u128) -> Item {
    let event = event(number);
    (DeliveryId::derive(&event, &id(webhook)), Fingerprint::of(&event))
}

fn items(numbers: std::ops::Range<u128>) -> Vec<Item> {
    numbers.map(|number| item(number, 1)).collect()
}

async fn begin(store: &Store, of: &BackfillId, items: &[Item], capacity: u64) -> Begun {
    store.backfills().window().begin(of, items, capacity).await.expect("answered").expect("it is running")
}

async fn settle(store: &Store, of: &BackfillId, number: u128, how: Settled) -> bool {
    store.backfills().window().settle(of, &item(number, 1).0, how).await.expect("answered")
}

async fn counts(store: &Store, of: &BackfillId) -> (Counts, u64) {
    let outstanding = store.backfills().window().outstanding(of).await.expect("read");
    (store.backfills().counts(of).await.expect("read"), outstanding)
}

async fn recorded(store: &Store, webhook: u128, numbers: std::ops::Range<u128>) -> Vec<bool> {
    let events: Vec<_> = numbers.map(|number| Fingerprint::of(&event(number))).collect();
    store.backfills().sent().contains(&id(webhook), &events).await.expect("answered")
}

async fn change(store: &Store, of: &BackfillId, change: fn(&mut Backfill) -> Result<(), Refusal>) {
    store.backfills().change(of, change).await.expect("changed");
}

pub(crate) async fn a_window_takes_deliveries_up_to_its_capacity(place: &mut Place) {
    let (store, of) = (&place.store, running(&place.store, 1, 1).await);
    assert_eq!(begin(store, &of, &[], 5).await, Begun { admissions: vec![], room: 5 });
    assert_eq!(begin(store, &of, &items(0..3), 5).await, Begun { admissions: vec![New; 3], room: 2 });
    let again = begin(store, &of, &items(1..7), 5).await;
    assert_eq!(again, Begun { admissions: vec![Outstanding, Outstanding, New, New, NoRoom, NoRoom], room: 0 });
    let twice = [item(9, 1), item(9, 1)];
    assert_eq!(begin(store, &of, &twice, 6).await, Begun { admissions: vec![New, Outstanding], room: 0 });
    assert_eq!(begin(store, &of, &items(20..21), 2).await, Begun { admissions: vec![NoRoom], room: 0 });
    assert!(settle(store, &of, 0, Settled::Done).await);
    assert_eq!(begin(store, &of, &items(20..21), 6).await, Begun { admissions: vec![New], room: 0 });
    assert_eq!(counts(store, &of).await, (Counts { sent: 7, done: 1, ..Counts::default() }, 6));
    let held = store.backfills().window().holds(&of, &[item(0, 1).0, item(9, 1).0, item(99, 1).0]).await;
    assert_eq!(held.expect("answered"), [false, true, false]);
}

pub(crate) async fn several_callers_together_keep_to_the_capacity(place: &mut Place) {
    let elsewhere = place.elsewhere().await;
    let of = running(&place.store, 1, 1).await;
    let call = async |n: u128| {
        let store = if n.is_multiple_of(2) { &place.store } else { &elsewhere };
        begin(store, &of, &items(n * 50..n * 50 + 60), 200).await
    };
    let begun = join_all((0..10).map(call)).await;
    let count = |wanted| begun.iter().flat_map(|begun| &begun.admissions).filter(|found| **found == wanted).count();
    assert_eq!(count(New), 200, "the last ten of each call are the first ten of another");
    assert_eq!(count(New) + count(NoRoom) + count(Outstanding), 600);
    assert_eq!(counts(&elsewhere, &of).await, (Counts { sent: 200, ..Counts::default() }, 200));
}

pub(crate) async fn a_delivery_is_counted_by_the_call_that_took_it_out(place: &mut Place) {
    let elsewhere = place.elsewhere().await;
    let of = running(&place.store, 1, 1).await;
    begin(&place.store, &of, &items(0..2), 9).await;
    let how = [Settled::Done, Settled::Failed, Settled::Skipped];
    let call = async |n: usize| settle([&place.store, &elsewhere][n % 2], &of, 0, how[n % 3]).await;
    let counted = join_all((0..12).map(call)).await;
    assert_eq!(counted.iter().filter(|counted| **counted).count(), 1);
    assert!(!settle(&elsewhere, &of, 7, Settled::Done).await, "it never was in the window");
    assert!(!settle(&elsewhere, &number(9), 0, Settled::Done).await, "there is no such backfill");
    let (counts, outstanding) = counts(&place.store, &of).await;
    assert_eq!((counts.sent, counts.settled(), outstanding), (2, 1, 1));
}

pub(crate) async fn what_was_delivered_or_skipped_is_never_begun_again(place: &mut Place) {
    let (store, first) = (&place.store, running(&place.store, 1, 1).await);
    let (second, other) = (running(store, 2, 1).await, running(store, 3, 2).await);
    begin(store, &first, &items(0..4), 9).await;
    let window = store.backfills().window();
    let how = [Settled::Done, Settled::Failed, Settled::Skipped];
    let all: Vec<_> = items(0..3).into_iter().zip(how).map(|((delivery, _), how)| (delivery, how)).collect();
    assert_eq!(window.settle_all(&first, &all).await.expect("answered"), [true; 3]);
    assert_eq!(window.settle_all(&first, &all).await.expect("answered"), [false; 3]);
    assert_eq!(recorded(store, 1, 0..5).await, [true, false, true, false, false]);
    assert_eq!(recorded(store, 2, 0..5).await, [false; 5], "each webhook has its own");
    for of in [&first, &second] {
        let admissions = begin(store, of, &items(0..4), 9).await.admissions;
        let outstanding = if *of == first { Outstanding } else { New };
        assert_eq!(admissions, [Repeated, New, Repeated, outstanding], "{of}");
    }
    let elsewhere: Vec<Item> = (0..4).map(|number| item(number, 2)).collect();
    assert_eq!(begin(store, &other, &elsewhere, 9).await.admissions, [New; 4]);
    let expected = Counts { sent: 5, done: 1, failed: 1, skipped: 1, ..Counts::default() };
    assert_eq!(counts(store, &first).await, (expected, 2));

    place.reopen(keys(KEY)).await;
    assert_eq!(recorded(&place.store, 1, 0..5).await, [true, false, true, false, false]);
    assert_eq!(counts(&place.store, &first).await, (expected, 2), "window and counts survive a restart");
    assert_eq!(
        begin(&place.store, &first, &items(0..4), 9).await.admissions,
        [Repeated, Outstanding, Repeated, Outstanding]
    );
}

pub(crate) async fn nothing_is_begun_while_a_backfill_is_not_running(place: &mut Place) {
    let (store, of) = (&place.store, running(&place.store, 1, 1).await);
    let refused = async |of: &BackfillId| {
        store.backfills().window().begin(of, &items(0..2), 9).await.expect("answered").is_none()
    };
    assert!(refused(&number(9)).await, "there is no such backfill");
    change(store, &of, |backfill| backfill.give_way("late", at(200))).await;
    assert!(refused(&of).await);
    change(store, &of, |backfill| backfill.go_on(at(201))).await;
    assert_eq!(begin(store, &of, &items(5..6), 9).await.admissions, [New]);
    change(store, &of, |backfill| backfill.pause("ada", at(202))).await;
    assert!(refused(&of).await);
    assert!(settle(store, &of, 5, Settled::Done).await, "what is on its way is settled all the same");
    change(store, &of, |backfill| backfill.cancel(None, "ada", at(203))).await;
    assert!(refused(&of).await);
    assert_eq!(counts(store, &of).await, (Counts { sent: 1, done: 1, ..Counts::default() }, 0));
}

pub(crate) async fn a_dropped_window_settles_as_nothing(place: &mut Place) {
    let (store, of) = (&place.store, running(&place.store, 1, 1).await);
    let other = running(store, 2, 2).await;
    let window = store.backfills().window();
    begin(store, &of, &items(0..5), 9).await;
    begin(store, &other, &[item(0, 2)], 9).await;
    settle(store, &of, 0, Settled::Done).await;
    assert_eq!(window.drop_all(&of).await.expect("dropped"), 4);
    assert_eq!(window.drop_all(&of).await.expect("dropped"), 0);
    assert!(!settle(store, &of, 1, Settled::Done).await);
    assert_eq!(recorded(store, 1, 0..2).await, [true, false]);
    assert_eq!(counts(store, &of).await, (Counts { sent: 5, done: 1, ..Counts::default() }, 0));
    assert_eq!(counts(store, &other).await, (Counts { sent: 1, ..Counts::default() }, 1), "another keeps its own");
    assert_eq!(begin(store, &of, &items(1..2), 9).await, Begun { admissions: vec![New], room: 8 });
}

pub(crate) async fn more_than_a_chunk_is_taken_in_several_steps(place: &mut Place) {
    let (store, of) = (&place.store, running(&place.store, 1, 1).await);
    let all = items(0..2 * limits::BACKFILL_CHUNK as u128 + 100);
    let begun = begin(store, &of, &all, 1_050).await;
    let new = begun.admissions.iter().take_while(|admission| **admission == New).count();
    assert_eq!((new, begun.admissions.len(), begun.room), (1_050, 1_100, 0));
    assert!(begun.admissions[new..].iter().all(|admission| *admission == NoRoom));
    let settled: Vec<_> = all.iter().map(|(delivery, _)| (delivery.clone(), Settled::Done)).collect();
    let counted = store.backfills().window().settle_all(&of, &settled).await.expect("answered");
    assert_eq!((counted.len(), counted.iter().filter(|counted| **counted).count()), (1_100, 1_050));
    let found = recorded(store, 1, 0..1_100).await;
    assert_eq!((found.len(), found.iter().filter(|found| **found).count()), (1_100, 1_050));
    let held: Vec<_> = all.into_iter().map(|(delivery, _)| delivery).collect();
    assert_eq!(store.backfills().window().holds(&of, &held).await.expect("answered"), vec![false; 1_100]);
}

/// Fingerprints lie one behind another: what looks like one across two of them is none.
pub(crate) async fn neighbours_in_a_bucket_do_not_look_like_a_third(place: &mut Place) {
    let (store, of) = (&place.store, running(&place.store, 1, 1).await);
    let fingerprint = |bytes| Fingerprint::stored(77, bytes);
    let [left, right] = [fingerprint([9, 9, 9, 9, 1, 2, 3, 4]), fingerprint([5, 6, 7, 8, 0, b'\n', b'%', 0xff])];
    let across = fingerprint([1, 2, 3, 4, 5, 6, 7, 8]);
    let zeros = fingerprint([0; 8]);
    let begun = [left, right, zeros, zeros].into_iter().zip(0..);
    let begun: Vec<Item> = begun.map(|(event, number)| (item(number, 1).0, event)).collect();
    begin(store, &of, &begun, 9).await;
    for number in 0..4 {
        assert!(settle(store, &of, number, Settled::Done).await);
    }
    let found = async |events: &[Fingerprint]| store.backfills().sent().contains(&id(1), events).await.expect("read");
    assert_eq!(found(&[left, right, across, zeros]).await, [true, true, false, true]);
    let elsewhere = Fingerprint::stored(78, left.bytes());
    assert_eq!(found(&[elsewhere]).await, [false], "another bucket");
    begin(store, &of, &[(item(5, 1).0, across)], 9).await;
    settle(store, &of, 5, Settled::Skipped).await;
    assert_eq!(found(&[across, left, right]).await, [true; 3]);
}

/// What a window has to do, in a few lines.
#[derive(Default)]
struct Model {
    window: HashSet<u128>,
    sent: HashSet<u128>,
    counts: Counts,
}

impl Model {
    const CAPACITY: usize = 40;

    fn begin(&mut self, number: u128) -> Admission {
        if self.sent.contains(&number) {
            Repeated
        } else if self.window.contains(&number) {
            Outstanding
        } else if self.window.len() == Self::CAPACITY {
            NoRoom
        } else {
            self.counts.sent += 1;
            self.window.insert(number);
            New
        }
    }

    fn settle(&mut self, number: u128, how: Settled) -> bool {
        let counted = self.window.remove(&number);
        if counted {
            match how {
                Settled::Done => self.counts.done += 1,
                Settled::Failed => self.counts.failed += 1,
                Settled::Skipped => self.counts.skipped += 1,
            }
            if how != Settled::Failed {
                self.sent.insert(number);
            }
        }
        counted
    }
}

/// Many steps in an arbitrary order.
pub(crate) async fn a_window_does_what_its_model_does(place: &mut Place) {
    let (store, of) = (&place.store, running(&place.store, 1, 1).await);
    let (mut model, mut admitted) = (Model::default(), HashMap::<Admission, u32>::new());
    let mut roll = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: u64| {
        roll = roll.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (roll >> 33) % below
    };
    for step in 0..200 {
        let numbers: Vec<u128> = (0..=next(12)).map(|_| u128::from(next(100))).collect();
        if next(2) == 0 {
            let chunk: Vec<Item> = numbers.iter().map(|number| item(*number, 1)).collect();
            let admissions: Vec<_> = numbers.iter().map(|number| model.begin(*number)).collect();
            admissions.iter().for_each(|admission| *admitted.entry(*admission).or_default() += 1);
            let room = (Model::CAPACITY - model.window.len()) as u64;
            let begun = begin(store, &of, &chunk, Model::CAPACITY as u64).await;
            assert_eq!(begun, Begun { admissions, room }, "step {step}");
        } else {
            let mut how =
                || [Settled::Done, Settled::Failed, Settled::Skipped][usize::try_from(next(3)).expect("small")];
            let settled: Vec<(u128, Settled)> = numbers.into_iter().map(|number| (number, how())).collect();
            let chunk: Vec<_> = settled.iter().map(|(number, how)| (item(*number, 1).0, *how)).collect();
            let counted: Vec<bool> = settled.iter().map(|(number, how)| model.settle(*number, *how)).collect();
            let answered = store.backfills().window().settle_all(&of, &chunk).await.expect("answered");
            assert_eq!(answered, counted, "step {step}");
        }
    }
    assert!([New, Outstanding, Repeated, NoRoom].iter().all(|met| admitted.contains_key(met)), "{admitted:?}");
    let Model { window, sent, counts: expected } = model;
    assert_eq!(counts(store, &of).await, (expected, window.len() as u64));
    assert_eq!(expected.sent, expected.settled() + window.len() as u64);
    let known: Vec<bool> = (0..100).map(|number| sent.contains(&number)).collect();
    assert_eq!(recorded(store, 1, 0..100).await, known);
}
