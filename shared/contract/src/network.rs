//! Which addresses an endpoint may have: an explicit table, the rest of IPv6 closed by default.
//!
//! Sources: the IANA special-purpose address registries (RFC 6890 and its successors) and the metadata
//! addresses that cloud providers document.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
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
    /// No host, or a scheme that is not of the web.
    #[error("it is not a web address")]
    NotWeb,
}

/// Which addresses a URL may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// https on an ordinary port: to any address that is not refused.
    Ordinary,
    /// Plain http or another port: to addresses inside `allow_networks` only.
    AllowedOnly,
}

impl Way {
    /// The way that is open to a URL, judged without asking anyone. A name passes here; each address that it
    /// leads to has to be judged by [`Way::admit`].
    pub fn of(url: &Url, allowed: &[IpNet]) -> Result<Self, Refused> {
        let port = url.port_or_known_default().ok_or(Refused::NotWeb)?;
        let way = match url.scheme() {
            "https" if PORTS.contains(&port) => Self::Ordinary,
            "https" | "http" => Self::AllowedOnly,
            _ => return Err(Refused::NotWeb),
        };
        match url.host().ok_or(Refused::NotWeb)? {
            Host::Ipv4(address) => way.admit(address.into(), allowed)?,
            Host::Ipv6(address) => way.admit(address.into(), allowed)?,
            // With nothing allowed, no address of the name can be.
            Host::Domain(_) if way == Self::AllowedOnly && allowed.is_empty() => return Err(Refused::Unusual),
            Host::Domain(_) => {}
        }
        Ok(way)
    }

    /// Judges an address that is about to be connected to on this way.
    pub fn admit(self, address: IpAddr, allowed: &[IpNet]) -> Result<(), Refused> {
        match (self, refused(address, allowed)) {
            (_, Some(range)) => Err(Refused::Range(range)),
            (Self::AllowedOnly, None) if !is_allowed(address, allowed) => Err(Refused::Unusual),
            (_, None) => Ok(()),
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(head: [u16; 3], tail: u16, prefix: u8) -> Ipv6Net {
    let [a, b, c] = head;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, tail), prefix)
}

/// The first that contains an address names it, so narrow ranges stand before wide ones.
const V4: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "this network"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 100, 100, 200, 32), "cloud metadata"), // Alibaba Cloud
    (v4(100, 64, 0, 0, 10), "carrier-grade NAT"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(168, 63, 129, 16, 32), "cloud metadata"), // Azure, a public address that only its guests reach
    (v4(169, 254, 169, 254, 32), "cloud metadata"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 192, 32), "cloud metadata"), // Oracle Cloud
    (v4(192, 0, 0, 0, 24), "protocol assignments"),
    (v4(192, 0, 2, 0, 24), "documentation"),
    (v4(192, 88, 99, 0, 24), "6to4 relays"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(198, 18, 0, 0, 15), "benchmarking"),
    (v4(198, 51, 100, 0, 24), "documentation"),
    (v4(203, 0, 113, 0, 24), "documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(255, 255, 255, 255, 32), "broadcast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

const V6: &[(Ipv6Net, &str)] = &[
    (v6([0, 0, 0], 0, 128), "unspecified"),
    (v6([0, 0, 0], 1, 128), "loopback"),
    (MAPPED, "IPv4-mapped"),
    (COMPATIBLE, "IPv4-compatible"),
    (NAT64, "NAT64"),
    (NAT64_LOCAL, "NAT64"),
    (v6([0x100, 0, 0], 0, 64), "discard"),
    (TEREDO, "Teredo"),
    (v6([0x2001, 2, 0], 0, 48), "benchmarking"),
    (v6([0x2001, 0, 0], 0, 23), "protocol assignments"),
    (v6([0x2001, 0xdb8, 0], 0, 32), "documentation"),
    (SIX_TO_FOUR, "6to4"),
    (v6([0x3fff, 0, 0], 0, 20), "documentation"),
    (v6([0xfd00, 0xec2, 0], 0x254, 128), "cloud metadata"), // AWS
    (v6([0xfd20, 0xce, 0], 0x254, 128), "cloud metadata"),  // Google Cloud
    (v6([0xfc00, 0, 0], 0, 7), "unique local"),
    (v6([0xfe80, 0, 0], 0, 10), "link-local"),
    (v6([0xfec0, 0, 0], 0, 10), "site-local"),
    (v6([0xff00, 0, 0], 0, 8), "multicast"),
];

/// All that is assigned for the public internet (RFC 4291 §2.4); what lies outside is refused.
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0, 0], 0, 3);
const NOT_GLOBAL: &str = "not global unicast";

const MAPPED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);
const COMPATIBLE: Ipv6Net = v6([0, 0, 0], 0, 96);
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0], 0, 96);
const NAT64_LOCAL: Ipv6Net = v6([0x64, 0xff9b, 1], 0, 48);
const TEREDO: Ipv6Net = v6([0x2001, 0, 0], 0, 32);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0], 0, 16);

/// The name of the range for which an endpoint may not have this address, or none when it may.
///
/// `allowed` opens ranges. An address that carries an IPv4 address is judged by both: opening `64:ff9b::/96`
/// for a network with NAT64 does not open the private addresses behind it. An IPv4-mapped address is the
/// IPv4 address itself, so whatever opens that opens it.
pub fn refused(address: IpAddr, allowed: &[IpNet]) -> Option<&'static str> {
    let name = range(address)?;
    if is_allowed(address, allowed) { None } else { Some(name) }
}

/// Whether `allowed` contains the address and nothing that it carries is refused. Inside, plain http and any
/// port are accepted too.
pub fn is_allowed(address: IpAddr, allowed: &[IpNet]) -> bool {
    let contains = |address: IpAddr| allowed.iter().any(|net| net.contains(&address));
    match carried(address) {
        Some(inner) if is_mapped(address) => contains(address) || contains(inner.into()),
        Some(inner) => contains(address) && refused(inner.into(), allowed).is_none(),
        None => contains(address),
    }
}

fn range(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => V4.iter().find(|(net, _)| net.contains(&address)).map(|(_, name)| *name),
        IpAddr::V6(address) => {
            let named = V6.iter().find(|(net, _)| net.contains(&address)).map(|(_, name)| *name);
            named.or_else(|| (!GLOBAL_UNICAST.contains(&address)).then_some(NOT_GLOBAL))
        }
    }
}

fn is_mapped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if MAPPED.contains(&address))
}

/// The IPv4 address that packets to this IPv6 address end up at.
fn carried(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let bits = address.to_bits();
    let low = |bits: u128| Ipv4Addr::from_bits(u32::try_from(bits & 0xffff_ffff).unwrap_or_default());
    if [MAPPED, COMPATIBLE, NAT64, NAT64_LOCAL].iter().any(|net| net.contains(&address)) {
        Some(low(bits))
    } else if SIX_TO_FOUR.contains(&address) {
        Some(low(bits >> 80))
    } else if TEREDO.contains(&address) {
        Some(low(!bits)) // RFC 4380 §4: the client's address with every bit turned round
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().expect("a network")).collect()
    }

    /// The addresses right before and right after a network, where there are any.
    fn neighbours(net: IpNet) -> [Option<IpAddr>; 2] {
        match net {
            IpNet::V4(net) => [
                net.network().to_bits().checked_sub(1).map(|bits| Ipv4Addr::from_bits(bits).into()),
                net.broadcast().to_bits().checked_add(1).map(|bits| Ipv4Addr::from_bits(bits).into()),
            ],
            IpNet::V6(net) => [
                net.network().to_bits().checked_sub(1).map(|bits| Ipv6Addr::from_bits(bits).into()),
                net.broadcast().to_bits().checked_add(1).map(|bits| Ipv6Addr::from_bits(bits).into()),
            ],
        }
    }

    /// Network, name, and what its neighbours before and after are refused for.
    const RANGES: &[(&str, &str, Option<&str>, Option<&str>)] = &[
        ("0.0.0.0/8", "this network", None, None),
        ("10.0.0.0/8", "private", None, None),
        ("100.64.0.0/10", "carrier-grade NAT", None, None),
        ("100.100.100.200/32", "cloud metadata", Some("carrier-grade NAT"), Some("carrier-grade NAT")),
        ("127.0.0.0/8", "loopback", None, None),
        ("168.63.129.16/32", "cloud metadata", None, None),
        ("169.254.0.0/16", "link-local", None, None),
        ("169.254.169.254/32", "cloud metadata", Some("link-local"), Some("link-local")),
        ("172.16.0.0/12", "private", None, None),
        ("192.0.0.0/24", "protocol assignments", None, None),
        ("192.0.0.192/32", "cloud metadata", Some("protocol assignments"), Some("protocol assignments")),
        ("192.0.2.0/24", "documentation", None, None),
        ("192.88.99.0/24", "6to4 relays", None, None),
        ("192.168.0.0/16", "private", None, None),
        ("198.18.0.0/15", "benchmarking", None, None),
        ("198.51.100.0/24", "documentation", None, None),
        ("203.0.113.0/24", "documentation", None, None),
        ("224.0.0.0/4", "multicast", None, Some("reserved")),
        ("240.0.0.0/4", "reserved", Some("multicast"), None),
        ("255.255.255.255/32", "broadcast", Some("reserved"), None),
        ("::/128", "unspecified", None, Some("loopback")),
        ("::1/128", "loopback", Some("unspecified"), Some("IPv4-compatible")),
        ("::/96", "IPv4-compatible", None, Some(NOT_GLOBAL)),
        ("::ffff:0:0/96", "IPv4-mapped", Some(NOT_GLOBAL), Some(NOT_GLOBAL)),
        ("64:ff9b::/96", "NAT64", Some(NOT_GLOBAL), Some(NOT_GLOBAL)),
        ("64:ff9b:1::/48", "NAT64", Some(NOT_GLOBAL), Some(NOT_GLOBAL)),
        ("100::/64", "discard", Some(NOT_GLOBAL), Some(NOT_GLOBAL)),
        ("2001::/23", "protocol assignments", None, None),
        ("2001::/32", "Teredo", None, Some("protocol assignments")),
        ("2001:2::/48", "benchmarking", Some("protocol assignments"), Some("protocol assignments")),
        ("2001:db8::/32", "documentation", None, None),
        ("2002::/16", "6to4", None, None),
        ("3fff::/20", "documentation", None, None),
        ("fc00::/7", "unique local", Some(NOT_GLOBAL), Some(NOT_GLOBAL)),
        ("fd00:ec2::254/128", "cloud metadata", Some("unique local"), Some("unique local")),
        ("fd20:ce::254/128", "cloud metadata", Some("unique local"), Some("unique local")),
        ("fe80::/10", "link-local", Some(NOT_GLOBAL), Some("site-local")),
        ("fec0::/10", "site-local", Some("link-local"), Some("multicast")),
        ("ff00::/8", "multicast", Some("site-local"), None),
    ];

    #[test]
    fn every_range_is_refused_from_its_first_to_its_last_address_and_not_beyond() {
        for (text, name, before, after) in RANGES {
            let net: IpNet = text.parse().expect("a network");
            let inside = |address: IpAddr| {
                let narrower = RANGES.iter().any(|(other, other_name, ..)| {
                    let other: IpNet = other.parse().expect("a network");
                    other.prefix_len() > net.prefix_len()
                        && other.contains(&address)
                        && refused(address, &[]) == Some(*other_name)
                });
                assert!(narrower || refused(address, &[]) == Some(*name), "{address} of {text}");
            };
            inside(net.network());
            inside(net.broadcast());
            let [previous, next] = neighbours(net);
            assert_eq!(previous.and_then(|address| refused(address, &[])), *before, "before {text}");
            assert_eq!(next.and_then(|address| refused(address, &[])), *after, "after {text}");
        }
    }

    #[test]
    fn the_test_above_knows_every_range_of_the_table() {
        let table = V4.iter().map(|(net, name)| (IpNet::V4(*net), *name));
        for (net, name) in table.chain(V6.iter().map(|(net, name)| (IpNet::V6(*net), *name))) {
            let known = |(text, known, ..): &(&str, &str, _, _)| *known == name && text.parse() == Ok(net);
            assert!(RANGES.iter().any(known), "{net} {name}");
        }
        assert_eq!(RANGES.len(), V4.len() + V6.len());
    }

    #[test]
    fn the_public_internet_is_open_and_all_other_ipv6_is_not() {
        for open in ["1.1.1.1", "93.184.215.14", "172.15.255.255", "2606:4700::1111", "2a00:1450::1", "2000::"] {
            assert_eq!(refused(ip(open), &[]), None, "{open}");
        }
        for closed in ["4000::", "1fff::1", "5f00::1", "e000::1", "::2:0:0:1"] {
            assert_eq!(refused(ip(closed), &[]), Some(NOT_GLOBAL), "{closed}");
        }
    }

    #[test]
    fn an_allowed_network_opens_what_it_contains_and_nothing_else() {
        let allowed = nets(&["127.0.0.0/8", "fd12:3456::/32"]);
        for open in ["127.0.0.1", "127.255.255.255", "::ffff:127.0.0.1", "fd12:3456::9"] {
            assert_eq!(refused(ip(open), &allowed), None, "{open}");
            assert!(is_allowed(ip(open), &allowed), "{open}");
        }
        for closed in ["10.0.0.1", "::1", "::ffff:10.0.0.1", "fd12:3457::9", "::127.0.0.1", "64:ff9b::7f00:1"] {
            assert!(refused(ip(closed), &allowed).is_some(), "{closed}");
        }
        assert!(!is_allowed(ip("1.1.1.1"), &allowed), "public, so not refused, but not opened either");
    }

    #[test]
    fn what_an_address_carries_stays_closed_behind_an_allowed_network() {
        let allowed = nets(&["64:ff9b::/96", "2002::/16", "2001::/32"]);
        let check = |text: &str, expected: Option<&str>| assert_eq!(refused(ip(text), &allowed), expected, "{text}");
        check("64:ff9b::101:101", None);
        check("64:ff9b::a9fe:a9fe", Some("NAT64"));
        check("64:ff9b::7f00:1", Some("NAT64"));
        check("2002:101:101::1", None);
        check("2002:7f00:1::1", Some("6to4"));
        check("2001:0:1:2:3:4:fefe:fefe", None); // carries 1.1.1.1
        check("2001:0:1:2:3:4:80ff:fffe", Some("Teredo")); // carries 127.0.0.1
    }

    fn check(allowed: &[&str], url: &str) -> Result<Way, Refused> {
        Way::of(&Url::parse(url).expect("a URL"), &nets(allowed))
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
