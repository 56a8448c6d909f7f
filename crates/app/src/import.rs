//! Importing a file: from a path to rows.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
pub use store::{ANOTHER_PERSON, HomeMoved, Phase, Progress, Report, TOO_MANY_ALIKE, TOO_MANY_NAMES};
use store::{Cancel, Delivery, ErrorKind, Store};

use crate::error::{About, Result, named};
use crate::folder::Folder;
use crate::input::Batches;
use crate::local::system_zone;

/// What to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A zip, a folder or an XML.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// How to import.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Report only, change nothing.
    pub dry_run: bool,
    /// Milliseconds since 1970 in UTC.
    pub now_ms: i64,
    /// Stops it at any moment; nothing is changed then.
    pub cancel: Cancel,
}

/// What an import did: the report, and what follows from it beyond the rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imported {
    /// Its keys are those of the answer.
    #[serde(flatten)]
    pub report: Report,
    /// Where the import moved the home zone that was known before, and with it days; else there is no such key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_zone: Option<HomeMoved>,
}

/// How long an import takes: the wait for another writer is not counted.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    start: Instant,
    may_write: bool,
}

impl Stopwatch {
    /// Begins at a moment.
    pub fn new(now: Instant) -> Self {
        Self { start: now, may_write: false }
    }

    /// Hears what the import is doing, and when.
    pub fn hear(&mut self, phase: Phase, now: Instant) {
        if phase != Phase::Waiting && !std::mem::replace(&mut self.may_write, true) {
            self.start = now;
        }
    }

    /// Seconds until a moment.
    pub fn seconds(&self, now: Instant) -> f64 {
        now.saturating_duration_since(self.start).as_secs_f64()
    }
}

/// Imports a file. `progress` is called after each batch and when all are in, and answers whether to go on; a stop
/// changes nothing.
/// The caller, who has a clock, fills `seconds` of the report, by a [`Stopwatch`].
pub fn import(
    folder: &Folder,
    input: &Input,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Imported> {
    let file = match input {
        Input::Stdin => None,
        Input::Path(path) => {
            std::fs::metadata(path).reading(path)?;
            Some(name_of(path))
        }
    };
    ingest(folder, input, file.as_deref(), options, progress)
}

/// The name without the folders above; `.` and `..` go by that of the folder that they stand for.
fn name_of(path: &Path) -> String {
    let real = if path.file_name().is_none() { path.canonicalize().ok() } else { None };
    let path = real.as_deref().unwrap_or(path);
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn ingest(
    folder: &Folder,
    input: &Input,
    file: Option<&str>,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Imported> {
    if matches!(input, Input::Path(path) if folder.is_store(path)) {
        return Err(health::Error::from(health::ErrorKind::NotAnExport).into());
    }
    let mut batches = Batches::open(input)?;
    // A dry run on a missing store must not create one, and a large file must not end in memory.
    let mut store = match options.dry_run && !folder.store_path().exists() {
        true => Store::scratch()?,
        false => folder.write()?,
    };
    let zone = system_zone();
    let Options { dry_run, now_ms, cancel } = options.clone();
    let delivery = Delivery { file, now_ms, home_zone: &zone, dry_run, cancel };
    let done = store.ingest(&delivery, &mut || batches.next(), progress);
    let mut report = done.map_err(|error| match (error.kind(), input) {
        (ErrorKind::Input(error), Input::Path(path)) => named(error, path),
        _ => error.into(),
    })?;
    let home_zone = report.home_zone.take();
    Ok(Imported { report, home_zone })
}

/// Problems that mean that a part of the input is lost or doubtful, though no record was refused.
const LOST: [&str; 12] = [
    "after_the_end",
    "bad_checksum",
    "bad_part",
    "bad_shape",
    "damaged_file",
    "duplicate_metadata",
    "too_large_file",
    "too_many_beats",
    "too_many_children",
    "too_many_references",
    "too_much_metadata",
    "truncated",
];

/// Whether some input did not come in: refused, cut off or damaged.
pub fn is_partial(report: &Report) -> bool {
    report.rejects() > 0 || report.problems.iter().any(|problem| LOST.contains(&problem.reason.as_str()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Code;
    use crate::testing::{PERSON, TestFolder};

    #[test]
    fn what_is_lost_makes_an_import_partial() {
        let of = |reason: &str| {
            let problem = store::ProblemCount { reason: reason.to_owned(), count: 1, first_position: None };
            is_partial(&Report { problems: vec![problem], ..Report::default() })
        };
        for reason in LOST {
            assert!(of(reason), "{reason}");
            assert!(crate::words::PROBLEMS.iter().any(|(code, _)| *code == reason), "{reason}");
        }
        for reason in ["missing_file", "no_records", "unknown_element", "implausible_date", "unsafe_entry_name"] {
            assert!(!of(reason), "{reason}");
        }
    }

    /// The home zone that an import tells to have moved, of nights that name zones.
    #[test]
    fn a_home_zone_that_moves_is_told() {
        let folder = TestFolder::new("home-moves");
        std::fs::create_dir_all(folder.dir()).expect("a folder");
        let import = |name: &str, zone: &str, days: std::ops::Range<u32>| {
            let nights: Vec<String> = days.map(|day| night(day, zone)).collect();
            let file = folder.dir().join(name);
            let text = format!("<HealthData locale=\"en_GB\">{}</HealthData>", nights.concat());
            std::fs::write(&file, text).expect("written");
            import(&folder, &Input::Path(file), &Options::default(), &mut |_| true).expect("an import").home_zone
        };
        assert_eq!(import("first.xml", "Europe/Paris", 1..5), None, "none was known before");
        assert_eq!(import("few.xml", "Asia/Tokyo", 5..7), None, "most nights tell Paris");
        let moved = HomeMoved { was: "Europe/Paris".to_owned(), now: "Asia/Tokyo".to_owned() };
        assert_eq!(import("many.xml", "Asia/Tokyo", 7..20), Some(moved.clone()));
        assert_eq!(import("again.xml", "Asia/Tokyo", 7..20), None);
        let words = crate::words::home_zone(&moved);
        assert!(words.contains("Asia/Tokyo now") && words.contains("set home_zone Europe/Paris"), "{words}");
        let undone = crate::undo::undo(&folder, 3, &Cancel::default(), &mut |_| true).expect("undone");
        assert_eq!(undone.home_zone, Some(HomeMoved { was: moved.now, now: moved.was }));
        crate::settings::set(&folder, "home_zone", "Europe/Rome").expect("set");
        assert_eq!(import("chosen.xml", "America/Lima", 20..28), None, "what is chosen stays");
    }

    /// While this import waits, another process chooses the home zone.
    #[test]
    fn a_home_zone_that_somebody_else_moves_meanwhile_is_not_this_imports() {
        let folder =
            TestFolder::of_rows("home-meanwhile", &(1..5).map(|day| night(day, "Europe/Paris")).collect::<Vec<_>>());
        let file = folder.dir().join("more.xml");
        std::fs::write(&file, format!("<HealthData>{}</HealthData>", night(9, "Europe/Paris"))).expect("written");
        let (holds, held) = std::sync::mpsc::channel();
        let (let_go, go) = std::sync::mpsc::channel::<()>();
        let other = folder.clone();
        let mut other = Some(std::thread::spawn(move || {
            let until_told = || holds.send(()).is_ok() && go.recv().is_ok();
            assert!(other.write().expect("a store").alone(until_told).expect("alone"));
        }));
        held.recv().expect("it holds the store");
        let imported = import(&folder, &Input::Path(file), &Options::default(), &mut |at| {
            if let Some(other) = other.take_if(|_| at.phase == Phase::Waiting) {
                let_go.send(()).expect("heard");
                other.join().expect("done");
                crate::settings::set(&folder, "home_zone", "Europe/Rome").expect("set");
            }
            true
        });
        assert!(other.is_none(), "it waited");
        assert_eq!(imported.expect("an import").home_zone, None);
    }

    #[test]
    fn the_wait_for_another_writer_takes_no_time() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let check = |phases: &[(Phase, u64)], expected: f64| {
            let mut watch = Stopwatch::new(begin);
            phases.iter().for_each(|(phase, seconds)| watch.hear(*phase, at(*seconds)));
            assert_eq!(watch.seconds(at(100)), expected, "{phases:?}");
        };
        use Phase::{Finishing, Reading, Waiting};
        check(&[], 100.0);
        check(&[(Reading, 0), (Reading, 10), (Finishing, 20)], 100.0);
        check(&[(Waiting, 1), (Reading, 60), (Reading, 70), (Finishing, 80)], 40.0);
        // Who lost the lock at the last moment was not told that it waits.
        check(&[(Reading, 5), (Reading, 70)], 95.0);
    }

    fn night(day: u32, zone: &str) -> String {
        format!(
            "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" \
             value=\"HKCategoryValueSleepAnalysisAsleepCore\" startDate=\"2026-03-{day:02} 01:00:00 +0000\" \
             endDate=\"2026-03-{day:02} 05:00:00 +0000\">\
             <MetadataEntry key=\"HKTimeZone\" value=\"{zone}\"/></Record>"
        )
    }

    #[test]
    fn who_cannot_write_in_time_is_told_and_readers_go_on() {
        let folder = TestFolder::new("busy");
        let other = folder.clone().waiting(Duration::ZERO);
        let mut seen = Vec::new();
        let options = Options::default();
        let report = import(&folder, &Input::Path(PERSON.into()), &options, &mut |_| {
            let refused = crate::settings::set(&other, "units", "imperial").map_err(|error| error.code);
            seen.push((refused, crate::status::status(&other).map(|status| status.records)));
            true
        });
        assert!(report.is_ok(), "{report:?}");
        assert!(!seen.is_empty() && seen.iter().all(|found| *found == (Err(Code::StoreBusy), Ok(0))), "{seen:?}");
        assert_eq!(crate::settings::set(&other, "units", "imperial"), Ok(()));
    }
}
