//! Who is turned away before anything is looked at: strangers, names that are not ours, web pages.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, Uri, header};

/// The two ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    /// The other side.
    pub peer: SocketAddr,
    /// Ours.
    pub local: SocketAddr,
    /// Whether nobody between them can read along.
    pub is_secure: bool,
}

impl Ends {
    /// The other side's address as people write it.
    pub fn address(&self) -> String {
        plain(self.peer.ip()).to_string()
    }

    /// How an address of ours begins on this connection.
    pub fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }
}

/// An address without the clothes of version 6.
pub(super) fn plain(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

/// Whether an address is one of a private network. That of carriers counts where the owner says so: it is a VPN's, too.
pub(crate) fn is_private(ip: IpAddr, shared: bool) -> bool {
    match plain(ip) {
        IpAddr::V4(four) => four.is_private() || four.is_link_local() || (shared && is_shared(four)),
        IpAddr::V6(six) => is_unique_local(six) || (six.segments()[0] & 0xffc0) == 0xfe80,
    }
}

fn is_shared(four: Ipv4Addr) -> bool {
    let [a, b, ..] = four.octets();
    a == 100 && (b & 0b1100_0000) == 64
}

fn is_unique_local(six: Ipv6Addr) -> bool {
    (six.segments()[0] & 0xfe00) == 0xfc00
}

/// Whether somebody at this address may come at all. Loopback may where it is what was bound.
pub(super) fn may_come(ends: Ends, shared: bool) -> bool {
    let (peer, local) = (plain(ends.peer.ip()), plain(ends.local.ip()));
    let near = |ip: IpAddr| ip.is_loopback() || is_private(ip, shared);
    near(peer) && near(local) && (!peer.is_loopback() || local.is_loopback() || peer == local)
}

/// Whether the request names us: the address that it came to, or a name of ours, with our port. A name that somebody
/// points at us is none of them.
pub(super) fn names_us(headers: &HeaderMap, uri: &Uri, local: SocketAddr, names: &[String]) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    // Proxies are asked with whole addresses.
    uri.authority().is_none() && is_ours(host, local, names)
}

fn is_ours(host: &str, local: SocketAddr, names: &[String]) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let port_fits = match port {
        Some(port) => port.bytes().all(|b| b.is_ascii_digit()) && port.parse() == Ok(local.port()),
        None => local.port() == 80,
    };
    if !port_fits {
        return false;
    }
    let ip = plain(local.ip());
    let literal = match ip {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => format!("[{six}]"),
    };
    name == literal
        || (ip.is_loopback() && name.eq_ignore_ascii_case("localhost"))
        || names.iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Whether a web page sent the request. Phone apps say nothing of where they come from; browsers always do. Pages of
/// ours (`is_page`) are made for browsers: there the same origin is allowed, and an address that somebody typed.
pub(super) fn is_foreign_page(headers: &HeaderMap, is_page: bool, scheme: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text("host").unwrap_or_default();
    let fetch = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-user"];
    if !is_page {
        return text("origin").is_some()
            || text("referer").is_some()
            || fetch.iter().any(|name| text(name).is_some_and(|value| value != "none"));
    }
    let own = format!("{scheme}://{host}");
    text("origin").is_some_and(|origin| origin != own)
        || text("referer").is_some_and(|from| from != own && !from.starts_with(&format!("{own}/")))
        || text("sec-fetch-site").is_some_and(|site| !["none", "same-origin"].contains(&site))
}

/// Whether somebody followed a link that says nothing of where it was: from our own page without encryption to the same
/// page with it, which to a browser is another site. Good for pages alone that show nothing and change nothing.
pub(super) fn is_followed_link(headers: &HeaderMap) -> bool {
    let is = |name: &str, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
    headers.get("origin").is_none()
        && headers.get("referer").is_none()
        && is("sec-fetch-mode", "navigate")
        && is("sec-fetch-dest", "document")
}

/// How often an address may do something in a minute.
#[derive(Debug)]
pub(super) struct Limiter {
    most: u32,
    seen: Mutex<HashMap<IpAddr, (i64, u32)>>,
}

/// A minute.
const WINDOW_MS: i64 = 60_000;
/// Addresses that are remembered at once; a network of people has some dozens.
const MAX_ADDRESSES: usize = 4_096;

impl Limiter {
    pub fn new(most: u32) -> Self {
        Self { most, seen: Mutex::default() }
    }

    /// Counts one and tells whether it was one too many.
    pub fn count(&self, ip: IpAddr, now_ms: i64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, (since, _)| now_ms - *since < WINDOW_MS);
        if seen.len() >= MAX_ADDRESSES && !seen.contains_key(&plain(ip)) {
            // Who has so many addresses is not held by this anyway, and others must not suffer for it.
            let oldest = seen.iter().min_by_key(|(_, (since, _))| *since).map(|(ip, _)| *ip);
            oldest.map(|ip| seen.remove(&ip));
        }
        let (_, count) = seen.entry(plain(ip)).or_insert((now_ms, 0));
        *count += 1;
        *count > self.most
    }

    /// Tells whether an address has had its part of this minute.
    pub fn is_full(&self, ip: IpAddr, now_ms: i64) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&plain(ip)).is_some_and(|(since, count)| now_ms - since < WINDOW_MS && *count >= self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn only_private_addresses_may_come() {
        let check = |peer: &str, local: &str, expected: bool| {
            let ends = Ends { peer: address(peer), local: address(local), is_secure: false };
            assert_eq!(may_come(ends, false), expected, "{peer} to {local}");
        };
        for peer in ["10.1.2.3:9", "172.16.0.1:9", "172.31.255.1:9", "192.168.1.7:9", "169.254.3.4:9"] {
            check(peer, "192.168.1.20:8787", true);
        }
        check("[::ffff:192.168.1.7]:9", "192.168.1.20:8787", true);
        for peer in ["8.8.8.8:9", "172.32.0.1:9", "100.64.0.1:9", "[2001:db8::1]:9", "127.0.0.1:9"] {
            check(peer, "192.168.1.20:8787", false);
        }
        check("[fe80::1]:9", "[fd00::2]:8787", true);
        check("[fc00::1]:9", "[fe80::2]:8787", true);
        check("127.0.0.1:9", "127.0.0.1:8787", true);
        check("192.168.1.7:9", "8.8.8.8:8787", false);
        let vpn = Ends { peer: address("100.100.1.1:9"), local: address("100.100.1.2:8787"), is_secure: false };
        assert_eq!((may_come(vpn, false), may_come(vpn, true)), (false, true));
    }

    #[track_caller]
    fn check_host(hosts: &[&str], expected: bool) {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().expect("a header"));
        }
        let names = ["kims-desktop-hv.local".to_owned()];
        let found = names_us(&headers, &Uri::from_static("/"), address("192.168.1.20:8787"), &names);
        assert_eq!(found, expected, "{hosts:?}");
    }

    #[test]
    fn our_own_names_are_let_through() {
        check_host(&["192.168.1.20:8787"], true);
        check_host(&["kims-desktop-hv.local:8787"], true);
        check_host(&["Kims-Desktop-HV.local:8787"], true);
    }

    #[test]
    fn no_other_host_is() {
        let foreign = [
            "",
            ":8787",
            "evil.example:8787",
            "192.168.1.20",
            "192.168.1.20:80",
            "192.168.1.20:",
            "192.168.1.20:8788",
            "192.168.1.20.:8787",
            "192.168.1.20:08787x",
            "192.168.1.20.evil.example:8787",
            "192.168.1.21:8787",
            "192.168.001.20:8787",
            "0xc0a80114:8787",
            "3232235796:8787",
            "192.168.276:8787",
            "0.0.0.0:8787",
            "127.0.0.1:8787",
            "localhost:8787",
            "LOCALHOST:8787",
            "localhost.:8787",
            "[::1]:8787",
            "[::]:8787",
            "[::ffff:192.168.1.20]:8787",
            "[::ffff:127.0.0.1]:8787",
            "[::ffff:c0a8:114]:8787",
            "kims-desktop-hv.local",
            "kims-desktop-hv.local.:8787",
            "kims-desktop-hv.local:80",
            "kims-desktop-hv:8787",
            "x.kims-desktop-hv.local:8787",
            "kims-desktop-hv.local.evil.example:8787",
            "kims-desktop.local:8787",
            "user@192.168.1.20:8787",
            "192.168.1.20:8787/",
            "192.168.1.20:8787,evil",
            "192.168.1.20 :8787",
            "http://192.168.1.20:8787",
            "192.168.1.20:+8787",
            "192.168.1.20:8787:8787",
            "1.192.168.1.20.nip.example:8787",
        ];
        assert_eq!(foreign.len(), 40);
        foreign.iter().for_each(|host| check_host(&[host], false));
        check_host(&[], false);
        check_host(&["192.168.1.20:8787", "192.168.1.20:8787"], false);
        check_host(&["192.168.1.20:8787", "evil.example:8787"], false);
    }

    #[track_caller]
    fn check_page(headers: &[(&'static str, &str)], feed: bool, page: bool) {
        let mut map = HeaderMap::new();
        map.insert("host", "192.168.1.20:8787".parse().expect("a header"));
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        assert_eq!(
            (is_foreign_page(&map, false, "http"), is_foreign_page(&map, true, "http")),
            (feed, page),
            "{headers:?}"
        );
    }

    #[test]
    fn web_pages_are_turned_away() {
        let own = "http://192.168.1.20:8787";
        check_page(&[], false, false);
        check_page(&[("sec-fetch-site", "none")], false, false);
        check_page(&[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], true, false);
        check_page(&[("origin", own)], true, false);
        check_page(&[("referer", &format!("{own}/pair/K7QX2M9B"))], true, false);
        check_page(&[("sec-fetch-site", "same-origin")], true, false);
        for origin in ["null", "http://evil.example", "https://192.168.1.20:8787", "http://192.168.1.20:87870"] {
            check_page(&[("origin", origin)], true, true);
        }
        for site in ["cross-site", "same-site", "", "None", "?"] {
            check_page(&[("sec-fetch-site", site)], true, true);
        }
        check_page(&[("referer", "http://evil.example/")], true, true);
        check_page(&[("referer", "http://192.168.1.20:87870/")], true, true);
        check_page(&[("sec-fetch-mode", "no-cors")], true, false);
    }

    #[test]
    fn on_an_encrypted_connection_our_own_pages_are_encrypted_too() {
        let check = |origin: &str, expected: bool| {
            let headers = [("host", "192.168.1.20:8787"), ("origin", origin)];
            let map = headers.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
            assert_eq!(is_foreign_page(&HeaderMap::from_iter(map), true, "https"), expected, "{origin}");
        };
        check("https://192.168.1.20:8787", false);
        check("http://192.168.1.20:8787", true);
        check("https://evil.example", true);
    }

    #[test]
    fn a_link_is_followed_by_people_only() {
        let check = |headers: &[(&'static str, &'static str)], expected: bool| {
            let map = headers.iter().map(|(name, value)| {
                (axum::http::HeaderName::from_static(name), axum::http::HeaderValue::from_static(value))
            });
            assert_eq!(is_followed_link(&map.collect()), expected, "{headers:?}");
        };
        let link = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "cross-site")];
        check(&link, true);
        check(&link[..1], false);
        check(&[], false);
        check(&[link[0], ("sec-fetch-dest", "iframe")], false);
        check(&[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")], false);
        check(&[link[0], link[1], ("origin", "http://evil.example")], false);
        check(&[link[0], link[1], ("referer", "http://evil.example/")], false);
    }

    #[test]
    fn an_address_has_so_much_a_minute() {
        let limiter = Limiter::new(2);
        let (a, b) = (address("10.0.0.1:1").ip(), address("[::ffff:10.0.0.1]:1").ip());
        assert_eq!([a, b, a].map(|ip| limiter.count(ip, 0)), [false, false, true]);
        assert!(limiter.is_full(a, 59_999) && !limiter.is_full(a, 60_000));
        assert!(!limiter.count(address("10.0.0.2:1").ip(), 0));
        assert!(!limiter.count(a, 60_000));
    }

    #[test]
    fn who_comes_from_all_addresses_leaves_a_place_for_another_one() {
        let limiter = Limiter::new(2);
        for n in 0..=MAX_ADDRESSES as u32 {
            limiter.count(Ipv4Addr::from_bits(0x0a00_0000 + n).into(), i64::from(n));
        }
        let honest = address("192.168.1.7:1").ip();
        assert_eq!([1, 2, 3].map(|at_ms| limiter.count(honest, 5_000 + at_ms)), [false, false, true]);
        assert_eq!(limiter.seen.lock().expect("nobody panicked").len(), MAX_ADDRESSES);
    }
}
