//! Taking an import back.

use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::folder::Folder;

/// The answer of `vitalog undo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// The import that was taken back.
    pub import: i64,
    /// Rows that only it held.
    pub removed: u64,
    /// Rows that it had superseded and that count again.
    pub restored: u64,
}

/// Undoes an import; the store is then what it would be without it.
pub fn undo(folder: &Folder, import: i64) -> Result<Undone> {
    let imports = folder.read()?.imports()?;
    match imports.iter().find(|row| row.id == import) {
        None => Err(store::Error::from(store::ErrorKind::UnknownImport(import)).into()),
        Some(row) if row.undone => Err(store::Error::from(store::ErrorKind::AlreadyUndone(import)).into()),
        Some(_) => take_back(folder, import),
    }
}

/// To be connected: `folder.write()?.undo(import, &home_zone)`.
fn take_back(_folder: &Folder, _import: i64) -> Result<Undone> {
    Err(Error::new(Code::StoreFailed, "This build cannot undo imports.", ""))
}
