//! Where a server is, as people type it, checked.

use std::net::{IpAddr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::error::{ErrorKind, Result};

/// What may stand behind the question mark of an address; whose it is says its protocol.
const OPTIONS: [&str; 4] = ["bucket", "db", "org", "sslmode"];
/// The schemes of a PostgreSQL database.
const DATABASE: [&str; 2] = ["postgres", "postgresql"];

/// A server's address: `https://host[:port][/path][?options]`, or plain http where it stays at home; or that of a
/// database, `postgres://user@host[:port]/name`, plain with `?sslmode=disable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Without options.
    url: Url,
    options: Vec<(String, String)>,
    text: String,
}

impl Address {
    /// Reads an address. Slashes at its end mean nothing.
    ///
    /// Errors: what is no address of http, https or a database, or has a password, a mark or options that nobody knows
    /// in it, or a name where it is none of a database (`BadAddress`); a plain one that is not private (`PlainHttp`). A
    /// name is looked up when it is used.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = || ErrorKind::BadAddress;
        let mut url = Url::parse(text.trim()).map_err(|_| bad())?;
        let is_database = DATABASE.contains(&url.scheme());
        let is_bare = (url.username().is_empty() || is_database) && url.password().is_none();
        if !(is_database || matches!(url.scheme(), "http" | "https")) || !is_bare || !is_whole(&url) {
            return Err(bad().into());
        }
        let options: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        if !options.iter().all(|(key, value)| OPTIONS.contains(&key.as_str()) && !value.is_empty()) {
            return Err(bad().into());
        }
        let question = url.query().map(|question| format!("?{question}")).unwrap_or_default();
        url.set_query(None);
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let text = format!("{}{question}", url.as_str().trim_end_matches('/'));
        let address = Self { url, options, text };
        if address.is_plain() && address.ip().is_some_and(|ip| !is_at_home(ip)) {
            return Err(ErrorKind::PlainHttp.into());
        }
        Ok(address)
    }

    /// As it is kept and shown: without a slash at the end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The host, for people.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether what is sent there can be read on the way.
    pub fn is_plain(&self) -> bool {
        self.url.scheme() == "http" || (self.is_database() && self.option("sslmode") == Some("disable"))
    }

    /// Whether it is one of a PostgreSQL database.
    pub(super) fn is_database(&self) -> bool {
        DATABASE.contains(&self.url.scheme())
    }

    /// An option.
    pub(super) fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether it has these options at most.
    pub(super) fn has_only(&self, keys: &[&str]) -> bool {
        self.options.iter().all(|(key, _)| keys.contains(&key.as_str()))
    }

    /// The whole address of a path, which begins with a slash.
    pub(super) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.url.as_str().trim_end_matches('/'))
    }

    fn ip(&self) -> Option<IpAddr> {
        self.host().trim_matches(['[', ']']).parse().ok()
    }
}

/// A path with options behind it.
pub(super) fn with_options(path: &str, options: &[(&str, &str)]) -> String {
    // Only for its way of writing options.
    let mut url = Url::parse("http://localhost").ok();
    let question = url.as_mut().and_then(|url| {
        url.query_pairs_mut().extend_pairs(options);
        url.query().map(str::to_owned)
    });
    format!("{path}?{}", question.unwrap_or_default())
}

fn is_whole(url: &Url) -> bool {
    url.host_str().is_some_and(|host| !host.is_empty()) && url.fragment().is_none()
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
            let found = look_up(name.as_str(), 0, plain).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a name; of one that is asked `plain`, those at home, of which there is one at least (else the error
/// is [`Outside`]).
pub(super) async fn look_up(
    name: &str,
    port: u16,
    plain: bool,
) -> std::result::Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let found = tokio::net::lookup_host((name, port)).await?;
    let found: Vec<_> = found.filter(|at| !plain || is_at_home(at.ip())).collect();
    if plain && found.is_empty() {
        return Err(Outside.into());
    }
    Ok(found)
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
        check("http://127.0.0.1:8086/?org=home&bucket=health", "http://127.0.0.1:8086?org=home&bucket=health");
        check("postgres://kim@db.home.lan:5432/health", "postgres://kim@db.home.lan:5432/health");
        check("postgres://kim@[::1]/health?sslmode=disable", "postgres://kim@[::1]/health?sslmode=disable");
        assert_eq!(Address::parse("https://a.b/c/").expect("an address").join("/d"), "https://a.b/c/d");
        assert_eq!(Address::parse("https://a.b/?org=x").expect("an address").join("/d"), "https://a.b/d");
        assert_eq!(with_options("/d", &[("org", "a b"), ("c", "&")]), "/d?org=a+b&c=%26");
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
            "https://ow.home.lan?org=",
            "postgres://kim:secret@db.home.lan/health",
            "postgres://kim@db.home.lan/health?password=secret",
            "postgres:///health",
            "postgres://kim@/health",
            "https://ow.home.lan#a",
        ];
        for text in texts {
            let error = Address::parse(text).expect_err(text);
            assert!(matches!(error.kind(), ErrorKind::BadAddress), "{text}");
        }
        for text in
            ["http://8.8.8.8", "http://[2001:4860::1]", "http://[::ffff:8.8.8.8]", "http://134744072", "http://0.0.0.0"]
                .into_iter()
                .chain(["postgres://kim@8.8.8.8/health?sslmode=disable"])
        {
            let error = Address::parse(text).expect_err(text);
            assert!(matches!(error.kind(), ErrorKind::PlainHttp), "{text}");
        }
    }
}
