//! The one client of the whole program.

use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, redirect};

use super::address::{Address, Outside, Resolver};
use super::postgresql::Place;
use super::trust::Trust;
use crate::error::{Error, ErrorKind, Result};

/// Bytes of an answer that are read.
pub const ANSWER_LIMIT: usize = 1024 * 1024;
/// How long a request may take, from the first look-up to the last byte of the answer.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a connection may take.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// Letters of a server's own words that are shown.
const MOST_WORDS: usize = 300;

/// A secret of the owner's. It never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret; blanks and ends of lines around it, which pasting adds, are not part of it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The secret itself: for the key store, and for a header.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A question to a server. It prints nothing that it carries: a password may be in a body.
#[derive(Clone)]
pub struct Request {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// Where, below the server's address; it begins with a slash.
    pub path: String,
    /// Header and secret, where one is needed; with the word before it, such as `Bearer`.
    pub secret: Option<(String, Option<&'static str>, Secret)>,
    /// The type of the body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} with {} bytes", self.method, self.path, self.body.len())
    }
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// The body, not longer than [`ANSWER_LIMIT`].
    pub body: Vec<u8>,
}

impl Answer {
    /// The server's own words, for people: the text of an error, or the first line, shortened, without what is no text.
    pub fn words(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let told = json.as_ref().and_then(|json| {
            ["detail", "error", "message"].iter().find_map(|key| json.get(key).and_then(|word| word.as_str()))
        });
        let line = told.unwrap_or_else(|| text.trim().lines().next().unwrap_or_default());
        shortened(line)
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Words of a server as they are shown.
pub(super) fn shortened(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).take(MOST_WORDS).collect()
}

/// Asks one server.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    address: Address,
    trust: std::sync::Arc<Trust>,
    timeout: Duration,
    /// Of a database: what is open.
    database: Place,
}

impl Client {
    /// One for a server. `pinned` is the SHA-256 of the certificate that the owner said yes to.
    pub fn new(address: Address, pinned: Option<&str>) -> Result<Self> {
        Self::with(address, pinned, TIMEOUT)
    }

    /// The same, with another time that a request may take.
    pub fn with(address: Address, pinned: Option<&str>, timeout: Duration) -> Result<Self> {
        let trust = Trust::new(pinned)?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(trust.config()?)
            .dns_resolver(std::sync::Arc::new(Resolver { plain: address.is_plain() }))
            // Nobody is followed: a secret goes to the host that the owner named, and to no other.
            .redirect(redirect::Policy::none())
            // What is repeated is said above, and a proxy would hide where a connection goes.
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .connect_timeout(CONNECT.min(timeout))
            .timeout(timeout)
            .user_agent(concat!("Vitalog/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| ErrorKind::NoRandom)?;
        Ok(Self { http, address, trust, timeout, database: Place::default() })
    }

    /// Where it is.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Which certificates are believed.
    pub(super) fn trust(&self) -> &std::sync::Arc<Trust> {
        &self.trust
    }

    /// How long a request may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What is open of a database.
    pub(super) fn database(&self) -> &Place {
        &self.database
    }

    /// Asks, and reads the answer, whatever its status.
    ///
    /// Errors: a server that is not there, hangs up or is too slow (`Unreachable`, `TooSlow`), one that sends elsewhere
    /// (`SentElsewhere`) or more than [`ANSWER_LIMIT`] (`TooMuch`), a certificate that is not believed
    /// (`UnknownCertificate`, `ChangedCertificate`, `BadCertificate`), a name outside for plain http (`PlainHttp`).
    pub async fn ask(&self, request: Request) -> Result<Answer> {
        self.trust.take_doubt();
        let answer = self.build(request)?.send().await.map_err(|error| self.failure(&error))?;
        if answer.status().is_redirection() {
            let to = answer.headers().get("location").and_then(|to| to.to_str().ok());
            let host = to.and_then(|to| reqwest::Url::parse(to).ok()).and_then(|to| Some(to.host_str()?.to_owned()));
            return Err(ErrorKind::SentElsewhere(host.unwrap_or_else(|| self.address.host().to_owned())).into());
        }
        self.read(answer).await
    }

    fn build(&self, request: Request) -> Result<reqwest::RequestBuilder> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| ErrorKind::BadAddress)?;
        let mut headers = HeaderMap::new();
        if let Some((name, word, secret)) = request.secret {
            let text = word.map_or_else(|| secret.reveal().to_owned(), |word| format!("{word} {}", secret.reveal()));
            let mut value = HeaderValue::from_str(&text).map_err(|_| ErrorKind::BadSecret)?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| ErrorKind::BadSecret)?, value);
        }
        if let Some(kind) = request.content_type {
            headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        Ok(self.http.request(method, self.address.join(&request.path)).headers(headers).body(request.body))
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<Answer> {
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(seconds);
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| self.failure(&error))? {
            if body.len() + piece.len() > ANSWER_LIMIT {
                return Err(ErrorKind::TooMuch.into());
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, retry_after, body })
    }

    /// What went wrong, without an address: that would be a secret's neighbour in a log.
    fn failure(&self, error: &reqwest::Error) -> Error {
        let kind = match self.trust.take_doubt() {
            Some(doubt) => doubt.into(),
            None if is_outside(error) => ErrorKind::PlainHttp,
            None if error.is_timeout() => ErrorKind::TooSlow,
            None => ErrorKind::Unreachable,
        };
        kind.into()
    }
}

fn is_outside(error: &reqwest::Error) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if error.is::<Outside>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// Seconds; a server that says a time of day instead is waited for as if it had said nothing.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::new(" sk-1234\n");
        assert_eq!(secret.reveal(), "sk-1234");
        let header = Some(("authorization".to_owned(), Some("Bearer"), secret));
        let request = Request { method: "GET", path: "/".into(), secret: header, content_type: None, body: Vec::new() };
        assert!(!format!("{request:?}").contains("1234"));
        let client = Client::new(Address::parse("http://127.0.0.1:1").expect("an address"), None).expect("a client");
        assert!(!format!("{:?}", client.build(request)).contains("1234"));
    }

    #[test]
    fn words_of_a_server_are_text_and_short() {
        let words = |body: &str| Answer { status: 400, retry_after: None, body: body.into() }.words();
        assert_eq!(words(r#"{"detail":"Field required"}"#), "Field required");
        assert_eq!(words(r#"{"error":{"a":1}}"#), r#"{"error":{"a":1}}"#);
        assert_eq!(words("<html>\n\u{1b}[31m"), "<html>");
        assert_eq!(words("\u{1b}[31mred"), "[31mred");
        assert_eq!(words(&"x".repeat(5_000)).len(), MOST_WORDS);
        let bytes = Answer { status: 400, retry_after: None, body: vec![0xff, 0xfe] };
        assert_eq!(bytes.words().chars().count(), 2);
    }
}
