//! The sample store: an export is generated and imported like anybody's.

use std::fs::File;
use std::io::BufWriter;

use health::time::{Day, Zones};
use serde::Serialize;
use store::Report;

use super::{DemoOptions, write_export};
use crate::error::Result;
use crate::folder::{Folder, create_private};
use crate::import::{Input, Options, Progress, import};

/// What `vitalog demo` answers.
#[derive(Debug, Clone, Serialize)]
pub struct Filled {
    /// The data folder of the sample store.
    pub data_dir: String,
    /// The import's report.
    pub report: Report,
}

/// The day before today, by UTC: the last whole day everywhere in Europe.
pub fn yesterday(now_ms: i64) -> Day {
    Zones::from_name("UTC", &[]).day(now_ms) - 1
}

/// Writes an export into the sample folder, imports it, and removes it again. It is a later export of the person who is
/// there already. `progress` hears how far the import is and answers whether to go on.
pub fn fill(
    folder: &Folder,
    options: &DemoOptions<'_>,
    now_ms: i64,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Filled> {
    let demo = folder.demo();
    create_private(demo.dir())?;
    let path = demo.dir().join("export.zip");
    let written = write(&path, options)
        .and_then(|()| import(&demo, &Input::Path(path.clone()), Options { dry_run: false, now_ms }, progress));
    std::fs::remove_file(&path)?;
    Ok(Filled { data_dir: demo.dir().display().to_string(), report: written? })
}

fn write(path: &std::path::Path, options: &DemoOptions<'_>) -> Result<()> {
    let file = BufWriter::new(File::create(path)?);
    write_export(file, options)?;
    Ok(())
}
