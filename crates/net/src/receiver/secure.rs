//! Encrypted connections on the same port: which certificate is shown by now, and who is told to come that way.
//!
//! A connection that begins with a handshake is encrypted, any other one is not; there is no second port to open or to
//! remember. The certificate is made in memory and never lies on a disk.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use store::Store;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::authority::{Authority, Leaf};
use crate::error::{ErrorKind, Result};

/// Tells from the store, and from the addresses that are listened on, how connections are encrypted; asked at the start
/// and every few seconds, so that a change holds without a new start. None where they are not.
pub type HttpsOf = Arc<dyn Fn(&Store, &[IpAddr]) -> Result<Option<Https>> + Send + Sync>;

/// How connections are encrypted.
#[derive(Debug, Clone)]
pub struct Https {
    /// Who signs the receiver's certificate.
    pub authority: Arc<Authority>,
    /// Whether what is not encrypted is let in no further than to the profile of that authority.
    pub is_only: bool,
}

/// The first byte of a handshake; a request begins with a letter.
const HANDSHAKE: u8 = 0x16;

/// What is shown to phones by now.
#[derive(Default)]
pub(super) struct Secure {
    shown: RwLock<Option<Arc<Shown>>>,
    /// Holds without a certificate, too: then nobody gets in.
    is_only: AtomicBool,
    /// Held from asking for what is wanted until it is shown: who asked earlier must not show it later.
    pub turn: Mutex<()>,
}

/// A certificate that is shown, and what it takes to say so.
pub(super) struct Shown {
    pub authority: Arc<Authority>,
    /// SHA-256 of the authority's certificate, which stays when the receiver's own changes.
    pub fingerprint: String,
    /// The names and addresses that a certificate was wanted for.
    asked: (Vec<String>, Vec<IpAddr>),
    leaf: Leaf,
    config: Arc<ServerConfig>,
}

impl Secure {
    pub fn shown(&self) -> Option<Arc<Shown>> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether what is not encrypted is let in no further than to the profile.
    pub fn is_only(&self) -> bool {
        self.is_only.load(Ordering::Acquire)
    }

    /// Shows a certificate for these names and addresses, a new one where the one that is shown is not that or ends
    /// soon; none where none is wanted, or where the authority may speak for none of them. Tells whether anything is
    /// another than before.
    pub fn keep(&self, wanted: Option<Https>, names: &[String], addresses: &[IpAddr], now_ms: i64) -> Result<bool> {
        let is_only = wanted.as_ref().is_some_and(|https| https.is_only);
        let turned = self.is_only.swap(is_only, Ordering::AcqRel) != is_only;
        let before = self.shown();
        let after = match wanted {
            None => None,
            Some(https) => match before.as_ref().filter(|shown| shown.is(&https, names, addresses, now_ms)) {
                Some(_) => return Ok(turned),
                None => shown(https, names, addresses, now_ms)?,
            },
        };
        let changed = turned || before.is_some() || after.is_some();
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = after;
        Ok(changed)
    }
}

fn shown(https: Https, names: &[String], addresses: &[IpAddr], now_ms: i64) -> Result<Option<Arc<Shown>>> {
    let Some(leaf) = https.authority.leaf(names, addresses, now_ms)? else { return Ok(None) };
    let config = Arc::new(config(&leaf)?);
    let (fingerprint, asked) = (https.authority.fingerprint(), (names.to_vec(), addresses.to_vec()));
    Ok(Some(Arc::new(Shown { authority: https.authority, fingerprint, asked, leaf, config })))
}

/// TLS 1.3 and 1.2, no certificate of the phone's, and HTTP/1.1 as on connections that are not encrypted.
fn config(leaf: &Leaf) -> Result<ServerConfig> {
    let certificate = SingleCertAndKey::from(Arc::clone(&leaf.certified));
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| ErrorKind::Certificate(error.to_string()))?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(certificate));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

impl Shown {
    fn is(&self, https: &Https, names: &[String], addresses: &[IpAddr], now_ms: i64) -> bool {
        self.fingerprint == https.authority.fingerprint()
            && self.asked.0 == names
            && self.asked.1 == addresses
            && now_ms < self.leaf.due_ms
    }

    /// Whether the certificate is for a host as it stands in an address, without its port.
    pub fn is_for(&self, host: &str) -> bool {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        self.leaf.names.iter().any(|name| name.eq_ignore_ascii_case(host))
            || literal.parse().is_ok_and(|ip: IpAddr| self.leaf.addresses.contains(&ip))
    }

    /// A name or address that it is for, as in an address: the name first, because it stays.
    pub fn host(&self) -> Option<String> {
        let literal = |ip: &IpAddr| if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
        self.leaf.names.first().cloned().or_else(|| self.leaf.addresses.first().map(literal))
    }

    /// Agrees on keys with the other side.
    pub async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        TlsAcceptor::from(Arc::clone(&self.config)).accept(stream).await.ok()
    }
}

/// Whether the other side begins with a handshake; waits until it has said anything.
pub(super) async fn is_handshake(stream: &TcpStream) -> bool {
    let mut first = [0];
    stream.peek(&mut first).await.is_ok_and(|length| length == 1) && first[0] == HANDSHAKE
}
