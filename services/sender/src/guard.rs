//! The guard: which addresses are connected to at all.
//!
//! A URL is checked before each request; the addresses of a name are checked when a connection is made, in
//! the resolver, so a name that changes its mind in between gains nothing. Host literals never reach a
//! resolver: the URL check judges them.

use contract::network;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Semaphore;
use url::{Host, Url};

/// Ports that endpoints on the public internet may have.
const PORTS: [u16; 2] = [443, 8443];

/// Why nothing is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The address lies in a range that no endpoint may have.
    #[error("its address is in a range that is never connected to ({0})")]
    Range(&'static str),
    /// Plain http or another port, outside `allow_networks`.
    #[error("it is not https on port 443 or 8443, as it must be outside allow_networks")]
    Unusual,
    /// The name leads to no address.
    #[error("its name has no address")]
    NoAddress,
    /// No host, or a scheme that is not of the web.
    #[error("it is not a web address")]
    NotWeb,
}

/// Which connections a request may use. Each way has a connection pool of its own: a pooled connection is
/// not checked again, so one that was made under the wider rule must not serve the narrower one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// https on an ordinary port, to any address that is not refused.
    Ordinary,
    /// Plain http or another port, to addresses inside `allow_networks` only.
    AllowedOnly,
}

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

    /// Judges a URL before a request is made to it.
    pub(crate) fn check(&self, url: &Url) -> Result<Way, Refused> {
        let port = url.port_or_known_default().ok_or(Refused::NotWeb)?;
        let way = match url.scheme() {
            "https" if PORTS.contains(&port) => Way::Ordinary,
            "https" | "http" => Way::AllowedOnly,
            _ => return Err(Refused::NotWeb),
        };
        match url.host().ok_or(Refused::NotWeb)? {
            Host::Ipv4(address) => self.admit(way, address.into())?,
            Host::Ipv6(address) => self.admit(way, address.into())?,
            // With nothing allowed, no address of the name can be.
            Host::Domain(_) if way == Way::AllowedOnly && self.allowed.is_empty() => return Err(Refused::Unusual),
            Host::Domain(_) => {}
        }
        Ok(way)
    }

    /// The resolver of the connections of one way.
    pub(crate) fn resolver(&self, way: Way) -> Arc<Resolver> {
        Arc::new(Resolver { guard: self.clone(), way })
    }

    fn admit(&self, way: Way, address: IpAddr) -> Result<(), Refused> {
        match (way, network::refused(address, &self.allowed)) {
            (_, Some(range)) => Err(Refused::Range(range)),
            (Way::AllowedOnly, None) if !network::is_allowed(address, &self.allowed) => Err(Refused::Unusual),
            (_, None) => Ok(()),
        }
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
                match guard.admit(way, address) {
                    Ok(()) => kept.push(SocketAddr::new(address, 0)),
                    Err(refused) => drop(first_refusal.get_or_insert(refused)),
                }
            }
            if kept.is_empty() {
                return Err(first_refusal.unwrap_or(Refused::NoAddress).into());
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Lookup for Nothing {
        fn lookup(&self, _name: &str) -> LookedUp {
            Box::pin(async { Ok(Vec::new()) })
        }
    }

    fn check(allowed: &[&str], url: &str) -> Result<Way, Refused> {
        let allowed: Vec<IpNet> = allowed.iter().map(|net| net.parse().expect("a network")).collect();
        Guard::new(&allowed, Arc::new(Nothing)).check(&Url::parse(url).expect("a URL"))
    }

    #[test]
    fn without_allowed_networks_only_https_on_its_ports_passes() {
        for (url, expected) in [
            ("https://crm.example.org/", Ok(Way::Ordinary)),
            ("https://crm.example.org:8443/", Ok(Way::Ordinary)),
            ("https://93.184.215.14/", Ok(Way::Ordinary)),
            ("https://[2606:4700::1111]/", Ok(Way::Ordinary)),
            ("https://crm.example.org:8080/", Err(Refused::Unusual)),
            ("https://93.184.215.14:22/", Err(Refused::Unusual)),
            ("http://crm.example.org/", Err(Refused::Unusual)),
            ("http://93.184.215.14/", Err(Refused::Unusual)),
            ("ftp://crm.example.org/", Err(Refused::NotWeb)),
        ] {
            assert_eq!(check(&[], url), expected, "{url}");
        }
    }

    #[test]
    fn every_spelling_of_a_refused_literal_is_refused() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://%31%32%37.0.0.1/",
            "http://127.0.0.1:9/",
        ] {
            assert_eq!(check(&[], url), Err(Refused::Range("loopback")), "{url}");
        }
        for (url, range) in [
            ("https://[::1]/", "loopback"),
            ("https://[::ffff:127.0.0.1]/", "IPv4-mapped"),
            ("https://[64:ff9b::a9fe:a9fe]/", "NAT64"),
            ("https://169.254.169.254/latest/meta-data/", "cloud metadata"),
            ("https://10.0.0.8/", "private"),
        ] {
            assert_eq!(check(&[], url), Err(Refused::Range(range)), "{url}");
        }
    }

    #[test]
    fn inside_an_allowed_network_http_and_any_port_pass() {
        let allowed = ["127.0.0.0/8"];
        assert_eq!(check(&allowed, "http://127.0.0.1:9000/"), Ok(Way::AllowedOnly));
        assert_eq!(check(&allowed, "https://127.0.0.1/"), Ok(Way::Ordinary));
        assert_eq!(check(&allowed, "http://localhost:9000/"), Ok(Way::AllowedOnly), "the resolver decides");
        assert_eq!(check(&allowed, "http://93.184.215.14/"), Err(Refused::Unusual));
        assert_eq!(check(&allowed, "https://93.184.215.14:22/"), Err(Refused::Unusual));
        assert_eq!(check(&allowed, "http://10.0.0.1:9000/"), Err(Refused::Range("private")));
    }
}
