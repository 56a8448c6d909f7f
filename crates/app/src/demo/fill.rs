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
use crate::imports::imports;
use crate::undo::undo;

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

/// Writes an export into the sample folder, imports it, and removes it again. An older sample is taken back: two people
/// in one store are nobody. `progress` hears how far the import is and answers whether to go on.
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
    let report = written?;
    if let Some(import) = report.import {
        take_back_others(&demo, import)?;
    }
    Ok(Filled { data_dir: demo.dir().display().to_string(), report })
}

fn take_back_others(demo: &Folder, keep: i64) -> Result<()> {
    for import in imports(demo)?.iter().filter(|row| !row.undone && row.import != keep) {
        undo(demo, import.import)?;
    }
    Ok(())
}

fn write(path: &std::path::Path, options: &DemoOptions<'_>) -> Result<()> {
    let file = BufWriter::new(File::create(path)?);
    write_export(file, options)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[test]
    fn another_sample_takes_the_place_of_the_first() {
        let folder = TestFolder::new("sample");
        let fill = |seed| {
            let options = DemoOptions { seed, end_day: 20_500, days: 2, zone: "Europe/Berlin", records: None };
            let report = fill(&folder, &options, 0, &mut |_| true).expect("filled").report;
            let status = crate::status::status(&folder.demo()).expect("a status");
            (report.outcome, report.records, status.records as u64, status.imports)
        };
        for (seed, outcome) in [(1, "imported"), (2, "imported"), (2, "already_imported"), (1, "imported")] {
            let (found, records, stored, imports) = fill(seed);
            assert_eq!((found.as_str(), stored, imports), (outcome, records, 1), "seed {seed}");
        }
    }
}
