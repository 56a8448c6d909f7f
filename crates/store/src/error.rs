//! The one error of this crate.

use std::{fmt, io};

/// Shorthand for this crate's results.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong in the store.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
}

/// The ways in which the store can fail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another process is writing and did not finish within five seconds.
    #[error("another Vitalog is writing to the store")]
    Busy,
    /// The file was written by a newer Vitalog.
    #[error("the store has schema {found}, this program knows {known}")]
    Newer {
        /// The file's schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// The file is no store, or its pages are broken.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// Changes lie beside the store, and its folder is read-only, so they cannot be read.
    #[error("changes beside the store cannot be read in a read-only folder")]
    Unsettled,
    /// The disk or a quota is full.
    #[error("no space left on the disk of the store")]
    NoSpace,
    /// The caller asked to stop; nothing changed.
    #[error("cancelled")]
    Cancelled,
    /// No import has this number.
    #[error("there is no import {0}")]
    UnknownImport(i64),
    /// The import was undone before.
    #[error("import {0} was undone before")]
    AlreadyUndone(i64),
    /// No act has this number.
    #[error("there is no act {0}")]
    UnknownAct(i64),
    /// The act was taken back before.
    #[error("act {0} was taken back before")]
    ActIsOver(i64),
    /// No phone has this number.
    #[error("there is no such phone")]
    UnknownPeer,
    /// No remote has this number or name.
    #[error("there is no such server")]
    UnknownRemote,
    /// Another remote has this name.
    #[error("another server has this name")]
    RemoteExists,
    /// No source has this number.
    #[error("there is no such source")]
    UnknownSource,
    /// Two sources cannot be one: their hardware or their apps are known and differ.
    #[error("the two sources are different devices or apps")]
    TwoDevices,
    /// A file that was to be put in the store's place is no whole copy of one.
    #[error("the file is no copy of a store")]
    NoCopy,
    /// A statement of the user's own is wrong, not allowed or took too long.
    #[error("{0}")]
    Statement(String),
    /// The input failed while it was read; nothing changed.
    #[error(transparent)]
    Input(health::Error),
    /// Anything else that SQLite reports.
    #[error("SQLite: {0}")]
    Sqlite(rusqlite::Error),
    /// Files of the store could not be reached.
    #[error("the store's file could not be reached: {0}")]
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
            ErrorKind::Input(e) => e.source(),
            ErrorKind::Sqlite(e) => Some(e),
            ErrorKind::Io(e) => Some(e),
            _ => None,
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase, OperationInterrupted,
            ReadOnly, SystemIoFailure,
        };
        // Asked before anything else: another call to the system may answer for itself.
        let system = io::Error::last_os_error();
        let kind = match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => ErrorKind::Busy,
            Some(OperationInterrupted) => ErrorKind::Cancelled,
            Some(DiskFull) => ErrorKind::NoSpace,
            Some(SystemIoFailure) if is_full(&system) => ErrorKind::NoSpace,
            Some(DatabaseCorrupt | NotADatabase) => ErrorKind::Damaged(error.to_string()),
            // A value that is not of its column: something else wrote there.
            _ if is_no_value(&error) => ErrorKind::Damaged(error.to_string()),
            Some(CannotOpen | ReadOnly) => ErrorKind::Io(io::ErrorKind::PermissionDenied.into()),
            _ => ErrorKind::Sqlite(error),
        };
        Self { kind }
    }
}

fn is_no_value(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    matches!(error, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))
}

/// SQLite says "full" only where the system says ENOSPC; a quota and a limit on file sizes are an I/O error like
/// others, and what tells them apart is the system's own number.
fn is_full(system: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(system.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

impl From<health::Error> for Error {
    fn from(error: health::Error) -> Self {
        let kind = match error.kind() {
            health::ErrorKind::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Input(error),
        };
        Self { kind }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        ErrorKind::Io(error).into()
    }
}
