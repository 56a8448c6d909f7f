//! Is the store whole?

use serde::Serialize;

use crate::error::Result;
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
#[derive(Debug, Clone, Serialize)]
pub struct FindingAnswer {
    /// What was checked.
    pub check: String,
    /// What is wrong.
    pub text: String,
}

/// Checks the file, its references and its roll-ups.
pub fn verify(folder: &Folder) -> Result<Verified> {
    let found = folder.read()?.verify(&system_zone())?;
    let findings: Vec<FindingAnswer> =
        found.into_iter().map(|f| FindingAnswer { check: f.check.to_owned(), text: f.text }).collect();
    Ok(Verified { ok: findings.is_empty(), findings })
}
