//! The user's own SQL, reading only.

pub use store::query::Answer;

use crate::error::{Code, Error, Result};
use crate::folder::Folder;

/// Runs one statement that reads.
pub fn sql(folder: &Folder, statement: &str) -> Result<Answer> {
    if statement.trim().trim_end_matches(';').is_empty() {
        let hint = "Write one SELECT, such as \"SELECT * FROM steps\".";
        return Err(Error::new(Code::BadSql, "There is no statement to run.", hint));
    }
    Ok(folder.read()?.sql(statement)?)
}
