//! The one error of this crate.

use std::fmt;
use std::io;

/// Shorthand for this crate's results.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong and, where there is one, the byte position in the uncompressed document.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    #[source]
    kind: ErrorKind,
    position: Option<u64>,
}

/// The ways in which reading can fail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing inside is an Apple Health document.
    #[error("no Apple Health document inside")]
    NotAnExport,
    /// The input has no bytes; or the XML file in it, which is named, has none.
    #[error("the input is empty")]
    Empty(Option<String>),
    /// Several Apple Health documents are inside.
    #[error("more than one Apple Health document inside")]
    Several,
    /// The archive's structure cannot be read.
    #[error("the archive is damaged: {0}")]
    DamagedArchive(String),
    /// The document or the archive is encrypted.
    #[error("the archive is encrypted")]
    Encrypted,
    /// A limit was passed; the text names it.
    #[error("the input is larger than the limit: {0}")]
    TooLarge(&'static str),
    /// The document cannot be read as a whole.
    #[error("the document is damaged: {0}")]
    Damaged(String),
    /// What a phone sent is no JSON. In HTTP's words: 400.
    #[error("the body is not JSON")]
    NotJson,
    /// What a phone sent is JSON and not what its protocol says; the text names the part. In HTTP's words: 422.
    #[error("the body has another shape than its protocol: {0}")]
    Shape(&'static str),
    /// What a phone sent has more brackets inside each other than any app's. In HTTP's words: 422.
    #[error("the body has too many brackets inside each other")]
    TooDeep,
    /// What a phone sent has a longer text than any app's. In HTTP's words: 422.
    #[error("a text in the body is too long")]
    LongText,
    /// What a phone sent has a form that we do not read; the text says what to do about it. In HTTP's words: 415.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// Reading failed.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// Builds an error at a byte position.
    pub fn at(kind: ErrorKind, position: u64) -> Self {
        Self { kind, position: Some(position) }
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where in the uncompressed document, if known.
    pub fn position(&self) -> Option<u64> {
        self.position
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        match self.position {
            Some(position) => write!(f, " (at byte {position})"),
            None => Ok(()),
        }
    }
}

impl<K: Into<ErrorKind>> From<K> for Error {
    fn from(kind: K) -> Self {
        Self { kind: kind.into(), position: None }
    }
}
