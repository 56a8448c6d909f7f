//! Is the store whole?

use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::system_zone;

/// The answer of `vitalog verify`.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// Whether nothing was found.
    pub ok: bool,
    /// What is not as it should be.
    pub findings: Vec<FindingAnswer>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FindingAnswer {
    /// What was checked.
    pub check: String,
    /// What is wrong.
    pub text: String,
}

/// What helps where the store cannot even be looked at.
const REMEDY: &str = "Restore a backup, or import your exports into a new data folder.";

/// Computes everything anew that is derived from rows: days, hours, summaries. Rows stay as they are, so what is wrong in
/// the file itself remains and is told by the next [`verify`].
pub fn repair(folder: &Folder) -> Result<()> {
    if !folder.store_path().exists() {
        return Ok(());
    }
    Ok(folder.write()?.rebuild(&system_zone())?)
}

/// Checks the file, its references and its roll-ups.
pub fn verify(folder: &Folder) -> Result<Verified> {
    let found =
        folder.read().and_then(|store| Ok(store.verify(&system_zone())?)).map_err(|error| match error.code {
            // Who is told by verify need not be sent there.
            Code::StoreDamaged => Error { hint: REMEDY.to_owned(), ..error },
            _ => error,
        })?;
    let findings: Vec<FindingAnswer> =
        found.into_iter().map(|f| FindingAnswer { check: f.check.to_owned(), text: f.text }).collect();
    Ok(Verified { ok: findings.is_empty(), findings })
}
