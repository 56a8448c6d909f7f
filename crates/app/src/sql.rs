//! The user's own SQL, reading only.

pub use store::query::Answer;

use crate::error::Result;
use crate::folder::Folder;

/// Runs one statement that reads.
pub fn sql(folder: &Folder, statement: &str) -> Result<Answer> {
    Ok(folder.read()?.sql(statement)?)
}
