//! A copy of the store in one file.

use std::path::Path;

use serde::Serialize;
use store::{Cancel, SCHEMA_VERSION};

use crate::error::{About, Code, Error, Result};
use crate::folder::Folder;
use crate::kept;
use crate::local::there;

/// The answer of `vitalog backup`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackedUp {
    /// Where it lies, as it was named.
    pub file: String,
    /// Distinct live samples in it.
    pub records: i64,
    /// Its size.
    pub bytes: u64,
    /// Its schema.
    pub schema: i64,
}

/// Writes the store as it is now into a file of that name, which must not exist; imports that run go on. A stop or a
/// failure leaves no file.
pub fn backup(folder: &Folder, file: &Path, cancel: &Cancel) -> Result<BackedUp> {
    if !folder.store_path().exists() {
        let hint = "Name the data folder with --data-dir, or import an export first.";
        return Err(Error::new(Code::NotFound, "There is no store to back up.", hint));
    }
    let mut store = folder.read()?;
    kept::copy(&mut store, file, cancel)?;
    let bytes = std::fs::metadata(file).reading(file)?.len();
    let records = there(&store::Store::open_as_it_is(file).reading(file)?)?;
    Ok(BackedUp { file: file.display().to_string(), records, bytes, schema: SCHEMA_VERSION })
}
