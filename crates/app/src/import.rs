//! Importing a file: from a path to rows.

use std::path::PathBuf;

pub use store::Report;

use crate::error::{Code, Error, Result};
use crate::folder::Folder;

/// What to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A zip, a folder or an XML.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records so far.
    pub records: u64,
    /// Input read so far, in the measure of `total_bytes`.
    pub bytes: u64,
    /// Size of the input, where known.
    pub total_bytes: Option<u64>,
}

/// How to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Report only, change nothing.
    pub dry_run: bool,
    /// Milliseconds since 1970 in UTC.
    pub now_ms: i64,
}

/// Imports a file. `progress` is called after each batch and answers whether to go on; a stop changes nothing.
/// The caller, who has a clock, fills `seconds` of the report.
pub fn import(
    folder: &Folder,
    input: &Input,
    options: Options,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Report> {
    let file = match input {
        Input::Stdin => None,
        Input::Path(path) => {
            std::fs::metadata(path)?;
            path.file_name().map(|name| name.to_string_lossy().into_owned())
        }
    };
    ingest(folder, input, file.as_deref(), options, progress)
}

/// To be connected: open the reader on the input and hand its batches to `folder.write()?.ingest(...)`; a dry run on a
/// missing store must not create one.
fn ingest(
    _folder: &Folder,
    _input: &Input,
    _file: Option<&str>,
    _options: Options,
    _progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Report> {
    Err(Error::new(Code::StoreFailed, "This build cannot import.", ""))
}
