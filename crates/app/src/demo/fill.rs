//! The sample store: an export is generated and imported like anybody's.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter};
use std::path::Path;

use health::Batch;
use health::formats::apple_export::Reader;
use health::time::{Day, Zones};
use serde::Serialize;
use store::{Cancel, Delivery, Report};

use super::guard::Guarded;
use super::{DemoOptions, DemoTruth, write_export};
use crate::error::{About, Result, cancelled};
use crate::folder::{Folder, create_private, settle};
use crate::import::Progress;
use crate::imports::imports;
use crate::local::system_zone;
use crate::new_file::new_file;
use crate::undo::undo;

/// What the export is called.
const EXPORT: &str = "export.zip";

/// What `vitalog demo` answers.
#[derive(Debug, Clone, Serialize)]
pub struct Filled {
    /// The data folder of the sample store.
    pub data_dir: String,
    /// Whether another sample person had to go.
    pub replaced: bool,
    /// The import's report.
    pub report: Report,
}

/// The day before today, by UTC: the last whole day everywhere in Europe.
pub fn yesterday(now_ms: i64) -> Day {
    Zones::from_name("UTC", &[]).day(now_ms) - 1
}

/// Writes an export and imports it into the sample folder. An older sample is taken back: two people in one store are
/// nobody. That also mends a run that was killed before it did so. `progress` hears how far the import is and answers
/// whether to go on; a stop, there or by `cancel`, leaves everything as it was.
pub fn fill(
    folder: &Folder,
    options: &DemoOptions<'_>,
    now_ms: i64,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Filled> {
    prepare(folder)?;
    let demo = folder.demo();
    let report = add(&demo, options, now_ms, cancel, progress)?;
    let others = report.import.map_or(Ok(0), |import| take_back_others(&demo, import))?;
    Ok(Filled { data_dir: demo.dir().display().to_string(), replaced: others > 0, report })
}

/// The answer of `vitalog demo --export`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Written {
    /// Where it lies, as it was named.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Exact answers about it, to test a reader with.
    pub truth: DemoTruth,
}

/// Writes an export of a sample person into a new file, and no store. A stop by `cancel` leaves nothing behind.
pub fn write_file(file: &Path, options: &DemoOptions<'_>, cancel: &Cancel) -> Result<Written> {
    let truth = new_file(file, |unfinished| {
        let opened = File::create(unfinished).writing(file)?;
        let written = write_export(Guarded::new(BufWriter::new(opened), cancel), options);
        if cancel.is_cancelled() { Err(cancelled()) } else { written.writing(file) }
    })?;
    let bytes = std::fs::metadata(file).reading(file)?.len();
    Ok(Written { file: file.display().to_string(), bytes, truth })
}

/// Makes the sample folder, and the data folder around it as private as the first import would.
pub(crate) fn prepare(folder: &Folder) -> Result<()> {
    create_private(folder.dir())?;
    settle(folder.dir(), folder.demo().dir(), create_private)
}

fn add(
    demo: &Folder,
    options: &DemoOptions<'_>,
    now_ms: i64,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Report> {
    let file = nameless(&demo.dir().join(EXPORT))?;
    let written = write_export(Guarded::new(BufWriter::new(&file), cancel), options);
    if cancel.is_cancelled() {
        return Err(cancelled());
    }
    written?;
    let mut reader = Reader::archive(BufReader::new(file))?;
    // The fingerprint goes ahead, so that the same person is recognised before anything is parsed.
    let mut known = Some(Batch { document: Some(reader.known().clone()), ..Batch::default() });
    let zone = system_zone();
    let delivery = Delivery { file: Some(EXPORT), now_ms, home_zone: &zone, dry_run: false, cancel: cancel.clone() };
    let mut next = || known.take().map_or_else(|| reader.next_batch(), |known| Ok(Some(known)));
    Ok(demo.write()?.ingest(&delivery, &mut next, progress)?)
}

/// A file that is gone as soon as nobody has it open, however this program ends.
fn nameless(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // FILE_FLAG_DELETE_ON_CLOSE
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0400_0000);
    let file = options.open(path)?;
    #[cfg(unix)]
    std::fs::remove_file(path)?;
    Ok(file)
}

/// Returns how many there were.
fn take_back_others(demo: &Folder, keep: i64) -> Result<usize> {
    let mut others = imports(demo)?;
    others.retain(|row| !row.undone && row.import != keep);
    for import in &others {
        // A stop here would leave two people in the store.
        undo(demo, import.import, &Cancel::default(), &mut |_| true)?;
    }
    Ok(others.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::testing::TestFolder;

    fn options(seed: u64) -> DemoOptions<'static> {
        DemoOptions { seed, end_day: 20_500, days: 2, zone: "Europe/Berlin", records: None }
    }

    #[test]
    fn another_sample_takes_the_place_of_the_first() {
        let folder = TestFolder::new("sample");
        let fill = |seed| {
            let filled = fill(&folder, &options(seed), 0, &Cancel::default(), &mut |_| true).expect("filled");
            let status = crate::status::status(&folder.demo()).expect("a status");
            assert_eq!((status.records as u64, status.imports), (filled.report.records, 1), "seed {seed}");
            (filled.report.outcome, filled.replaced)
        };
        let steps =
            [(1, "imported", false), (2, "imported", true), (2, "already_imported", false), (1, "imported", true)];
        for (seed, outcome, replaced) in steps {
            assert_eq!(fill(seed), (outcome.to_owned(), replaced), "seed {seed}");
        }
    }

    #[test]
    fn a_stop_leaves_no_file() {
        let folder = TestFolder::new("stopped");
        let file = folder.dir().join("person.zip");
        std::fs::create_dir_all(folder.dir()).expect("a folder");
        let cancel = Cancel::default();
        cancel.cancel();
        let stopped = write_file(&file, &options(1), &cancel);
        assert_eq!(stopped.map_err(|error| error.code), Err(Code::Cancelled));
        assert_eq!(std::fs::read_dir(folder.dir()).expect("a folder").count(), 0);
        assert!(write_file(&file, &options(1), &Cancel::default()).is_ok_and(|written| written.bytes > 1000));
    }

    #[test]
    fn two_people_left_by_a_killed_run_are_one_after_the_next() {
        for (next, outcome) in [(1, "already_imported"), (2, "already_imported"), (3, "imported")] {
            let folder = TestFolder::new(&format!("killed-{next}"));
            prepare(&folder).expect("a folder");
            for seed in [1, 2] {
                add(&folder.demo(), &options(seed), 0, &Cancel::default(), &mut |_| true).expect("added");
            }
            assert_eq!(crate::status::status(&folder.demo()).expect("a status").imports, 2);
            let report = fill(&folder, &options(next), 0, &Cancel::default(), &mut |_| true).expect("filled").report;
            let status = crate::status::status(&folder.demo()).expect("a status");
            assert_eq!((report.outcome.as_str(), status.imports), (outcome, 1));
            assert_eq!(status.records as u64, report.records, "seed {next}");
        }
    }

    #[test]
    fn while_the_sample_is_imported_nothing_but_the_store_lies_there() {
        let folder = TestFolder::new("nameless");
        let mut seen = Vec::new();
        let filled = fill(&folder, &options(1), 0, &Cancel::default(), &mut |_| {
            let files = std::fs::read_dir(folder.demo().dir()).expect("a folder");
            seen.extend(files.map(|file| file.expect("a file").file_name().into_string().expect("a name")));
            true
        });
        assert!(filled.is_ok(), "{filled:?}");
        assert!(!seen.is_empty() && seen.iter().all(|name| name.starts_with("vitalog.db")), "{seen:?}");
    }
}
