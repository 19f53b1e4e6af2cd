//! What people can do with webhooks and queues. The JSON API calls these, and so will the pages.

mod adding;
mod attempts;
mod backfills;
mod checks;
mod editing;
mod entities;
mod form;
mod history;
mod put_aside;
mod sources;
mod test_send;
mod types;
mod undelivered;
mod webhooks;

pub use history::Lines;

use broker::Broker;
use feed::Feed;
use ipnet::IpNet;
use std::sync::Arc;
use std::time::Duration;
use store::Store;

/// The functions, over one store and one broker. Cheap to clone.
#[derive(Clone)]
pub struct Functions {
    store: Store,
    broker: Broker,
    feed: Feed,
    /// Networks that the sender may connect to besides public ones.
    allow_networks: Arc<[IpNet]>,
}

impl Functions {
    /// Functions over these. Backfills of files give way while live deliveries reach the sender later than
    /// `live_age`.
    pub fn new(store: Store, broker: Broker, allow_networks: &[IpNet], live_age: Duration) -> Self {
        let feed = Feed::new(broker.clone(), store.clone(), live_age);
        Self { store, broker, feed, allow_networks: allow_networks.into() }
    }
}

/// A number of entries that was asked for, kept within the limit.
fn page(asked: Option<usize>, default: usize) -> usize {
    asked.unwrap_or(default).clamp(1, contract::limits::API_PAGE_ENTRIES)
}
