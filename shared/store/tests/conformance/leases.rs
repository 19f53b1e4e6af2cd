//! Leases.

use crate::place::{Place, Server, until};
use futures_util::future::join_all;
use std::time::Duration;
use store::Store;

const HOUR: Duration = Duration::from_secs(3_600);

async fn take(store: &Store, name: &str, lasting: Duration) -> bool {
    store.leases().take(name, lasting).await.expect("answered")
}

pub(crate) async fn a_lease_has_one_holder_until_it_is_released(place: &mut Place) {
    let elsewhere = place.elsewhere().await;
    let stores = [&place.store, &elsewhere];
    let taken = join_all((0..40).map(|number| take(stores[number % 2], "a", HOUR))).await;
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
    assert!(take(&place.store, "b", HOUR).await, "another name is another lease");

    let winner = taken.iter().position(|taken| *taken).expect("one of them");
    let (holder, other) = (stores[winner % 2], stores[1 - winner % 2]);
    if matches!(place.server(), Server::Redis(_)) {
        other.leases().release("a").await.expect("not its own: nothing to do");
        assert!(!take(other, "a", HOUR).await, "only its holder releases it");
    }
    holder.leases().release("a").await.expect("released");
    assert!(take(other, "a", HOUR).await);
    assert!(!take(holder, "a", HOUR).await);
    holder.leases().release("c").await.expect("nobody's: nothing to do");
}

pub(crate) async fn a_lease_ends_by_itself(place: &mut Place) {
    let elsewhere = place.elsewhere().await;
    assert!(take(&place.store, "a", Duration::from_secs(1)).await);
    assert!(!take(&elsewhere, "a", HOUR).await);
    until("it ends", async || take(&elsewhere, "a", HOUR).await).await;
    if matches!(place.server(), Server::Redis(_)) {
        place.store.leases().release("a").await.expect("it is not its own any more");
    }
    assert!(!take(&place.store, "a", HOUR).await, "who has it now keeps it");
}

pub(crate) async fn a_renewed_lease_goes_on_and_an_ended_one_is_not_renewed(place: &mut Place) {
    let (second, elsewhere) = (Duration::from_secs(1), place.elsewhere().await);
    let renew = async |store: &Store, name: &str| store.leases().renew(name, HOUR).await.expect("answered");
    for name in ["a", "b"] {
        assert!(take(&place.store, name, second).await);
    }
    assert!(renew(&place.store, "a").await);
    if matches!(place.server(), Server::Redis(_)) {
        assert!(!renew(&elsewhere, "a").await, "only its holder renews it");
    }
    until("the other one ends", async || take(&elsewhere, "b", HOUR).await).await;
    assert!(!take(&elsewhere, "a", HOUR).await, "it would have ended too");
    if matches!(place.server(), Server::Redis(_)) {
        assert!(!renew(&place.store, "b").await, "another has it");
    }
    assert!(renew(&elsewhere, "b").await);
    assert!(renew(&place.store, "a").await, "again and again");
    place.store.leases().release("a").await.expect("released");
    assert!(!renew(&place.store, "a").await, "it is nobody's");
    assert!(take(&elsewhere, "a", HOUR).await);
    assert!(!renew(&place.store, "never taken").await);
}
