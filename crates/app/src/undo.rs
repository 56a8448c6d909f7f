//! Taking an import back.

use store::Cancel;
pub use store::{Steps, Undone};

use crate::error::Result;
use crate::folder::Folder;
use crate::local::system_zone;

/// Undoes an import; the store is then what it would be without it. `progress` is called before each step and answers
/// whether to go on; a stop, there or by `cancel`, changes nothing.
pub fn undo(folder: &Folder, import: i64, cancel: &Cancel, progress: &mut dyn FnMut(Steps) -> bool) -> Result<Undone> {
    let imports = folder.read()?.imports()?;
    match imports.iter().find(|row| row.id == import) {
        None => Err(store::Error::from(store::ErrorKind::UnknownImport(import)).into()),
        Some(row) if row.undone => Err(store::Error::from(store::ErrorKind::AlreadyUndone(import)).into()),
        Some(_) => take_back(folder, import, cancel, progress),
    }
}

fn take_back(folder: &Folder, import: i64, cancel: &Cancel, progress: &mut dyn FnMut(Steps) -> bool) -> Result<Undone> {
    let mut store = folder.write()?;
    let zone = system_zone();
    Ok(store.undo(import, &zone, cancel, progress)?)
}
