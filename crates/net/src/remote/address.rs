//! Where a server is, as people type it, checked.

use std::net::IpAddr;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::error::{ErrorKind, Result};

/// A server's address: `https://host[:port][/path]`, or plain http where it stays at home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads an address. Slashes at its end mean nothing.
    ///
    /// Errors: what is no address of http or https, or has a name, a password, a question or a mark in it
    /// (`BadAddress`); plain http to an address that is not private (`PlainHttp`). A name is looked up when it is used.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = || ErrorKind::BadAddress;
        let mut url = Url::parse(text.trim()).map_err(|_| bad())?;
        let is_bare = url.username().is_empty() && url.password().is_none();
        let is_whole = url.has_host() && url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !is_bare || !is_whole {
            return Err(bad().into());
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let address = Self(url);
        if address.is_plain() && address.ip().is_some_and(|ip| !is_at_home(ip)) {
            return Err(ErrorKind::PlainHttp.into());
        }
        Ok(address)
    }

    /// As it is kept and shown: without a slash at the end.
    pub fn text(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The host, for people.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether what is sent there can be read on the way.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The whole address of a path, which begins with a slash.
    pub(super) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text())
    }

    fn ip(&self) -> Option<IpAddr> {
        self.host().trim_matches(['[', ']']).parse().ok()
    }
}

/// Whether what is sent to an address without encryption stays at home: this computer, or a private network.
fn is_at_home(ip: IpAddr) -> bool {
    crate::is_private(ip.to_canonical(), false)
}

/// Looks names up as the system does. Of a name that is asked without encryption only addresses at home are used: it is
/// these that the connection is made to, so nobody can give another answer in between.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolver {
    pub plain: bool,
}

/// What was found lies outside, and the connection would be readable.
#[derive(Debug, thiserror::Error)]
#[error("no private address")]
pub(super) struct Outside;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let plain = self.plain;
        Box::pin(async move {
            // The port is filled in later.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<_> = found.filter(|at| !plain || is_at_home(at.ip())).collect();
            if plain && found.is_empty() {
                return Err(Outside.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_type_them() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Address::parse(text).expect("an address").text(), expected, "{text}");
        };
        check("https://ow.home.lan", "https://ow.home.lan");
        check(" https://OW.home.lan:443/ ", "https://ow.home.lan");
        check("https://ow.home.lan/health//", "https://ow.home.lan/health");
        check("http://192.168.1.20:8787/", "http://192.168.1.20:8787");
        check("http://[::1]:8787", "http://[::1]:8787");
        check("http://nas.local:8000", "http://nas.local:8000");
        assert_eq!(Address::parse("https://a.b/c/").expect("an address").join("/d"), "https://a.b/c/d");
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        let texts = [
            "",
            "ow.home.lan",
            "ftp://ow.home.lan",
            "file:///etc/passwd",
            "https://",
            "https://kim:secret@ow.home.lan",
            "https://ow.home.lan?token=1",
            "https://ow.home.lan#a",
        ];
        for text in texts {
            let error = Address::parse(text).expect_err(text);
            assert!(matches!(error.kind(), ErrorKind::BadAddress), "{text}");
        }
        for text in
            ["http://8.8.8.8", "http://[2001:4860::1]", "http://[::ffff:8.8.8.8]", "http://134744072", "http://0.0.0.0"]
        {
            let error = Address::parse(text).expect_err(text);
            assert!(matches!(error.kind(), ErrorKind::PlainHttp), "{text}");
        }
    }
}
