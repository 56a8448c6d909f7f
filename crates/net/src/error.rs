//! The one error of this crate.

use std::net::SocketAddr;
use std::{fmt, io};

/// Shorthand for this crate's results.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong in the receiver.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
}

/// The ways in which the receiver can fail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another program listens there.
    #[error("another program uses {0}")]
    InUse(SocketAddr),
    /// The address is none of this computer's, or may not be used.
    #[error("{0} cannot be listened on: {1}")]
    NoAddress(SocketAddr, io::Error),
    /// The address is reachable from everywhere.
    #[error("{0} is no private address")]
    Public(SocketAddr),
    /// There is no invitation of that number that could be accepted.
    #[error("nobody waits for an answer to this invitation")]
    NobodyWaits,
    /// No phone has this number.
    #[error("there is no such phone")]
    UnknownPeer,
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom,
    /// A certificate could not be made or read.
    #[error("the certificate of this computer cannot be used: {0}")]
    Certificate(String),
    /// A text is no address of a server.
    #[error("this is no address of a server")]
    BadAddress,
    /// What was sent there could be read on the way.
    #[error("without encryption nothing is sent to an address outside of this network")]
    PlainHttp,
    /// A secret has letters that no header can carry.
    #[error("the secret has letters that cannot be sent")]
    BadSecret,
    /// A server gave a new secret in place of the old one, and it could not be kept.
    #[error("the new token of the server could not be kept")]
    NotKept,
    /// Nobody answers, or the connection was cut.
    #[error("the server cannot be reached, or hung up")]
    Unreachable,
    /// It takes too long.
    #[error("the server took too long")]
    TooSlow,
    /// It answers without an end.
    #[error("the server answered more than is read")]
    TooMuch,
    /// It sends to another address, of this host.
    #[error("the server sends to another address, of {0}")]
    SentElsewhere(String),
    /// Nobody whom the system believes has signed its certificate: SHA-256 in hexadecimal digits.
    #[error("nobody known has signed the certificate {0}")]
    UnknownCertificate(String),
    /// Its certificate is another one than the owner said yes to: SHA-256 in hexadecimal digits.
    #[error("the server shows another certificate: {0}")]
    ChangedCertificate(String),
    /// Its certificate is over, for another name, or broken.
    #[error("the certificate of the server is not valid")]
    BadCertificate,
    /// The store.
    #[error(transparent)]
    Store(store::Error),
    /// The network cannot be told of us.
    #[error("this computer cannot be found on the network: {0}")]
    Discovery(String),
    /// Files of the spool, or threads.
    #[error("the spool could not be reached: {0}")]
    Io(io::Error),
}

impl Error {
    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// What went wrong, by value.
    pub fn into_kind(self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::Store(error) => Some(error),
            ErrorKind::Io(error) | ErrorKind::NoAddress(_, error) => Some(error),
            _ => None,
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error.kind() {
            store::ErrorKind::UnknownPeer => ErrorKind::UnknownPeer.into(),
            _ => ErrorKind::Store(error).into(),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        ErrorKind::Io(error).into()
    }
}
