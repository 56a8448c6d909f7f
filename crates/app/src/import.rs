//! Importing a file: from a path to rows.

use std::path::{Path, PathBuf};

pub use store::{ANOTHER_PERSON, Phase, Progress, Report, TOO_MANY_ALIKE, TOO_MANY_NAMES};
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

/// Imports a file. `progress` is called after each batch and when all are in, and answers whether to go on; a stop
/// changes nothing.
/// The caller, who has a clock, fills `seconds` of the report.
pub fn import(
    folder: &Folder,
    input: &Input,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Report> {
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
) -> Result<Report> {
    let mut batches = Batches::open(input)?;
    // A dry run on a missing store must not create one, and a large file must not end in memory.
    let mut store = match options.dry_run && !folder.store_path().exists() {
        true => Store::scratch()?,
        false => folder.write()?,
    };
    let zone = system_zone();
    let Options { dry_run, now_ms, cancel } = options.clone();
    let delivery = Delivery { file, now_ms, home_zone: &zone, dry_run, cancel };
    store.ingest(&delivery, &mut || batches.next(), progress).map_err(|error| match (error.kind(), input) {
        (ErrorKind::Input(error), Input::Path(path)) => named(error, path),
        _ => error.into(),
    })
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
