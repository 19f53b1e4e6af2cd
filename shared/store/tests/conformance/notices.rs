//! Notices, and the pulse.

use crate::backfills::{at, number};
use crate::place::{KEY, Place, Server, id, keys, until};
use contract::backfill::{Counts, Notice, Status, What};
use contract::id::NoticeId;
use contract::limits;
use redis::cmd;
use std::time::Duration;
use store::Store;

fn notice(of: u128) -> Notice {
    let counts = Counts { total: Some(3), done: 3, sent: 3, ..Counts::default() };
    let what = if of.is_multiple_of(2) {
        What::BackfillBegan { backfill: number(of), from: at(0), until: at(100) }
    } else {
        What::BackfillEnded { backfill: number(of), status: Status::Completed, reason: None, counts }
    };
    Notice { id: NoticeId::of_bits(of), at: at(7), webhook: id(1), to: "ada@example.org".to_owned(), what }
}

async fn append(store: &Store, of: u128) {
    store.notices().append(&notice(of)).await.expect("appended");
}

async fn listed(store: &Store, before: Option<u128>, limit: usize) -> Vec<Notice> {
    let before = before.map(NoticeId::of_bits);
    store.notices().list(before.as_ref(), limit).await.expect("listed")
}

pub(crate) async fn notices_are_listed_newest_first(place: &mut Place) {
    assert_eq!(listed(&place.store, None, 9).await, []);
    for of in [2, 1, 3, 5, 4, 2] {
        append(&place.store, of).await;
    }
    assert_eq!(
        listed(&place.store, None, 9).await,
        [5, 4, 3, 2, 1].map(notice),
        "the one that came twice is there once"
    );
    assert_eq!(listed(&place.store, None, 2).await, [5, 4].map(notice));
    assert_eq!(listed(&place.store, Some(4), 2).await, [3, 2].map(notice));
    assert_eq!(listed(&place.store, Some(1), 2).await, []);
    place.reopen(keys(KEY)).await;
    assert_eq!(listed(&place.store, Some(2), 9).await, [1].map(notice));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_a_notice_is_forgotten_after_its_time() {
    let place = Place::on_redis().await;
    let Server::Redis(server) = place.server() else { unreachable!("this is on Redis") };
    for of in [1, 2, 3] {
        append(&place.store, of).await;
    }
    let client = redis::Client::open(server.redis_url.as_str()).expect("a URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("connects");
    let key = |of| format!("{}notice:{}", server.key_prefix, NoticeId::of_bits(of));
    let left: u64 = cmd("TTL").arg(key(1)).query_async(&mut redis).await.expect("read");
    assert!((limits::NOTICE_S - 60..=limits::NOTICE_S).contains(&left), "{left}");
    for of in [1, 2] {
        let _: () = cmd("PEXPIREAT").arg(key(of)).arg(1).query_async(&mut redis).await.expect("set");
    }
    assert_eq!(listed(&place.store, None, 9).await, [notice(3)]);
    append(&place.store, 4).await;
    let ids = format!("{}notices", server.key_prefix);
    let known: Vec<String> = cmd("ZRANGE").arg(ids).arg(0).arg(-1).query_async(&mut redis).await.expect("read");
    assert_eq!(known, [3, 4].map(|of| NoticeId::of_bits(of).to_string()), "adding one forgets those that expired");
}

pub(crate) async fn the_pulse_is_the_largest_age_of_all_processes_and_ends(place: &mut Place) {
    let elsewhere = place.elsewhere().await;
    let read = async |store: &Store| store.pulse().read().await.expect("read");
    let tell = async |store: &Store, ms| store.pulse().late(Duration::from_millis(ms)).await.expect("told");
    assert_eq!(read(&place.store).await, None);
    tell(&place.store, 70).await;
    assert_eq!(read(&elsewhere).await, Some(Duration::from_millis(70)));
    // Within the same second this process keeps it for the next time.
    tell(&place.store, 9_000).await;
    assert_eq!(read(&place.store).await, Some(Duration::from_millis(70)));
    let told = async || {
        tell(&place.store, 5).await;
        read(&elsewhere).await == Some(Duration::from_millis(9_000))
    };
    until("the largest age since is told", told).await;
    if matches!(place.server(), Server::Redis(_)) {
        tell(&elsewhere, 12_000).await;
        assert_eq!(read(&place.store).await, Some(Duration::from_millis(12_000)));
    }
    until("it is over", async || read(&place.store).await.is_none()).await;
}
