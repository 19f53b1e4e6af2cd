//! The guard: which addresses are connected to at all.
//!
//! A URL is checked before each request; the addresses of a name are checked when a connection is made, in
//! the resolver, so a name that changes its mind in between gains nothing. Host literals never reach a
//! resolver: the URL check judges them.

use contract::network::{Refused, Way};
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Semaphore;
use url::Url;

/// A name leads to no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its name has no address")]
pub(crate) struct NoAddress;

/// Judges URLs and addresses. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Guard {
    allowed: Arc<[IpNet]>,
    lookup: Arc<dyn Lookup>,
}

impl Guard {
    pub(crate) fn new(allowed: &[IpNet], lookup: Arc<dyn Lookup>) -> Self {
        Self { allowed: allowed.into(), lookup }
    }

    /// Judges a URL before a request is made to it. Each way has a connection pool of its own: a pooled
    /// connection is not checked again, so one that was made under the wider rule must not serve the
    /// narrower one.
    pub(crate) fn check(&self, url: &Url) -> Result<Way, Refused> {
        Way::of(url, &self.allowed)
    }

    /// The resolver of the connections of one way.
    pub(crate) fn resolver(&self, way: Way) -> Arc<Resolver> {
        Arc::new(Resolver { guard: self.clone(), way })
    }
}

/// Resolves names for reqwest and leaves out every address that is refused.
pub(crate) struct Resolver {
    guard: Guard,
    way: Way,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, way) = (self.guard.clone(), self.way);
        Box::pin(async move {
            let found = guard.lookup.lookup(name.as_str()).await?;
            let mut first_refusal = None;
            let mut kept = Vec::with_capacity(found.len());
            for address in found {
                match way.admit(address, &guard.allowed) {
                    Ok(()) => kept.push(SocketAddr::new(address, 0)),
                    Err(refused) => drop(first_refusal.get_or_insert(refused)),
                }
            }
            if kept.is_empty() {
                return Err(first_refusal.map_or_else(|| NoAddress.into(), Into::into));
            }
            let kept: Addrs = Box::new(kept.into_iter());
            Ok(kept)
        })
    }
}

pub(crate) type LookedUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Where addresses come from; tests bring their own.
pub(crate) trait Lookup: Send + Sync {
    fn lookup(&self, name: &str) -> LookedUp;
}

/// The system's resolver.
///
/// It blocks a thread and can't be cancelled, so a slow name server must not get all of them: the permit
/// stays with the thread until the system has answered, also when nobody waits for it any more.
pub(crate) struct SystemLookup(Arc<Semaphore>);

impl SystemLookup {
    pub(crate) fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }
}

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> LookedUp {
        let (permits, name) = (Arc::clone(&self.0), name.to_owned());
        Box::pin(async move {
            let permit = permits.acquire_owned().await.map_err(io::Error::other)?;
            let looking = tokio::task::spawn_blocking(move || {
                let found = (name.as_str(), 0).to_socket_addrs();
                drop(permit);
                found.map(|addresses| addresses.map(|address| address.ip()).collect())
            });
            looking.await.map_err(io::Error::other)?
        })
    }
}
