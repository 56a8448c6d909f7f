//! Importing a file: from a path to rows.

use std::path::PathBuf;

use health::Batch;
use store::Delivery;
pub use store::{Progress, Report};

use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::home_zone;

/// What to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A zip, a folder or an XML.
    Path(PathBuf),
    /// Standard input.
    Stdin,
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

fn ingest(
    folder: &Folder,
    input: &Input,
    file: Option<&str>,
    options: Options,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Report> {
    let mut next = open(input)?;
    // A dry run on a missing store must not create one.
    let mut store = match options.dry_run && !folder.store_path().exists() {
        true => folder.read()?,
        false => folder.write()?,
    };
    let zone = home_zone(&store)?;
    let delivery = Delivery { file, now_ms: options.now_ms, home_zone: &zone, dry_run: options.dry_run };
    Ok(store.ingest(&delivery, &mut next, progress)?)
}

/// To be connected: opens the reader of exports; each call of the answer yields one batch.
fn open(_input: &Input) -> Result<impl FnMut() -> health::Result<Option<Batch>>> {
    let next = || Ok(None);
    match cfg!(test) {
        true => Ok(next),
        false => Err(Error::new(Code::StoreFailed, "This build cannot read exports.", "")),
    }
}
