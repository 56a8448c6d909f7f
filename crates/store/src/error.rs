//! The one error of this crate.

use std::fmt;

/// Shorthand for this crate's results.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong in the store.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    #[source]
    kind: ErrorKind,
}

/// The ways in which the store can fail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Somebody else is writing.
    #[error("the store is busy")]
    Busy,
    /// A newer version of the app wrote it.
    #[error("the store was written by a newer version (schema {0})")]
    Newer(i64),
    /// The file is no store or is damaged.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The disk is full.
    #[error("no space is left")]
    NoSpace,
    /// No import has this number.
    #[error("there is no import {0}")]
    UnknownImport(i64),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A statement of the user's own is wrong, not allowed or took too long.
    #[error("{0}")]
    Statement(String),
    /// Any other answer of SQLite.
    #[error("the store failed: {0}")]
    Sqlite(rusqlite::Error),
}

impl Error {
    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::Busy,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => ErrorKind::Damaged(error.to_string()),
            Some(ErrorCode::DiskFull) => ErrorKind::NoSpace,
            Some(ErrorCode::OperationInterrupted) => ErrorKind::Cancelled,
            _ => ErrorKind::Sqlite(error),
        };
        kind.into()
    }
}
