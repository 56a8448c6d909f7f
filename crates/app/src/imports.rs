//! What was imported.

use health::kind::get_or_guess;
use health::language::word;
use health::time::format_instant;
use serde::Serialize;
use serde_json::{Map, Value, json};
pub use store::REJECTS_KEPT;
use store::query::{ImportRow, RejectRow};
use store::{ErrorKind, Report, Store};

use crate::error::Result;
use crate::folder::Folder;
use crate::import::is_partial;

/// The channel of phones.
const PHONE: &str = "phone";
/// Rejects that an answer lists; more are only counted.
pub const REJECTS_LISTED: usize = 1_000;

/// One row of `vitalog imports`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportAnswer {
    /// Its number.
    pub import: i64,
    /// `file` or `phone`.
    pub channel: String,
    /// Name of the file.
    pub file: Option<String>,
    /// Label of the phone.
    pub device: Option<String>,
    /// When it was made.
    pub at: String,
    /// As in its report.
    pub outcome: Option<String>,
    /// As in its report.
    pub new: u64,
    /// As in its report.
    pub known: u64,
    /// As in its report.
    pub superseded: u64,
    /// Records and entries that were refused.
    pub rejected: u64,
    /// Whether it was undone.
    pub undone: bool,
    /// Exact repeats inside the file, as in its report.
    pub duplicates: u64,
    /// Whether some of its input was rejected or lost; see [`is_partial`].
    pub partial: bool,
    /// When the phone wrote the export, where it says so.
    pub export_date: Option<String>,
}

/// Lists every import, the oldest first.
pub fn imports(folder: &Folder) -> Result<Vec<ImportAnswer>> {
    let store = folder.read()?;
    let answer = store.imports()?.into_iter().map(|row| {
        let report = report(&store, &row)?;
        Ok(ImportAnswer {
            import: row.id,
            channel: row.channel,
            file: row.file,
            device: row.device,
            at: format_instant(row.at_ms),
            rejected: report.rejects(),
            export_date: report.export_date.clone(),
            new: report.counts.new,
            known: report.counts.known,
            duplicates: report.counts.duplicates,
            superseded: report.superseded,
            partial: is_partial(&report),
            outcome: Some(report.outcome).filter(|outcome| !outcome.is_empty()),
            undone: row.undone,
        })
    });
    answer.collect()
}

/// A report that cannot be read is no reason to hide the import. That of a phone is made of all that it brought.
fn report(store: &Store, row: &ImportRow) -> Result<Report> {
    let report: Report = serde_json::from_str(&row.report).unwrap_or_default();
    if row.channel != PHONE {
        return Ok(report);
    }
    let counts = store.brought(row.id)?;
    let records = counts.new + counts.known + counts.replaced + counts.rejected;
    Ok(Report { import: Some(row.id), counts, records, ..report })
}

/// The answer of `vitalog imports IMPORT`: the report as the import gave it, and what was refused.
#[derive(Debug, Clone, Serialize)]
pub struct ImportDetail {
    /// The keys of the report. `seconds` is not among them: the store does not keep it.
    #[serde(flatten)]
    pub kept: Map<String, Value>,
    /// The same, to be worded.
    #[serde(skip)]
    pub report: Report,
    /// `file` or `phone`.
    pub channel: String,
    /// Label of the phone.
    pub device: Option<String>,
    /// When it was made.
    pub at: String,
    /// Whether it was undone; then its rejects are gone too.
    pub undone: bool,
    /// The first of what was refused, at most [`REJECTS_LISTED`], in the order of the file.
    pub rejects: Vec<Reject>,
    /// How much was refused.
    pub rejects_total: u64,
    /// The first files beside the document that were missing or not whole, at most [`REJECTS_LISTED`].
    pub files: Vec<LostFile>,
}

/// A file beside the document that was not there, or not whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LostFile {
    /// `missing_file`, `damaged_file` or `too_large_file`.
    pub reason: String,
    /// `route`, `ecg` or `clinical_record`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its name in the archive, shortened if very long.
    pub file: Option<String>,
}

/// A record or entry that was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// Where it begins: byte position in the uncompressed document.
    pub position: Option<u64>,
    /// Apple's identifier, where known.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What people call the type.
    pub name: Option<String>,
    /// Code such as `bad_time`.
    pub reason: String,
    /// As it stood, shortened if very long.
    pub text: Option<String>,
}

impl From<RejectRow> for Reject {
    fn from(row: RejectRow) -> Self {
        let name = row.kind.as_deref().map(|kind| word(&get_or_guess(kind, None).name));
        Self { position: row.position, kind: row.kind, name, reason: row.reason, text: row.raw }
    }
}

/// Tells everything about one import.
pub fn detail(folder: &Folder, import: i64) -> Result<ImportDetail> {
    let store = folder.read()?;
    let unknown = || store::Error::from(ErrorKind::UnknownImport(import));
    let row = store.imports()?.into_iter().find(|row| row.id == import).ok_or_else(unknown)?;
    let mut kept: Map<String, Value> = serde_json::from_str(&row.report).unwrap_or_default();
    let report = report(&store, &row)?;
    if row.channel == PHONE {
        kept.extend(json!(report).as_object().cloned().unwrap_or_default());
    }
    kept.remove("seconds");
    let files = store.lost_files(import, REJECTS_LISTED)?.into_iter();
    let files = files.map(|lost| LostFile { reason: lost.reason, kind: lost.kind, file: lost.file }).collect();
    Ok(ImportDetail {
        kept,
        files,
        rejects_total: report.rejects(),
        report,
        channel: row.channel,
        device: row.device,
        at: format_instant(row.at_ms),
        undone: row.undone,
        rejects: store.rejects(import, REJECTS_LISTED)?.into_iter().map(Reject::from).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use crate::import::{Input, Options, import};
    use crate::testing::TestFolder;

    /// An export whose records have no readable value.
    fn broken(records: usize) -> String {
        let record = "<Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"Watch\" unit=\"count/min\" \
                      startDate=\"2026-03-01 10:00:00 +0100\" endDate=\"2026-03-01 10:00:00 +0100\" value=\"high\"/>";
        format!("<?xml version=\"1.0\"?><HealthData locale=\"en_GB\">{}</HealthData>", record.repeat(records))
    }

    #[test]
    fn a_long_list_of_rejects_is_cut_and_counted() {
        let folder = TestFolder::new("rejects");
        std::fs::create_dir_all(folder.dir()).expect("a folder");
        let file = folder.dir().join("export.xml");
        std::fs::write(&file, broken(REJECTS_LISTED + 5)).expect("written");
        import(&folder, &Input::Path(file), &Options::default(), &mut |_| true).expect("an import");
        let found = detail(&folder, 1).expect("an import");
        assert_eq!((found.rejects.len(), found.rejects_total), (REJECTS_LISTED, REJECTS_LISTED as u64 + 5));
        let positions: Vec<_> = found.rejects.iter().map(|reject| reject.position).collect();
        assert!(positions.is_sorted() && positions.first() != positions.last(), "in the order of the file");
        assert_eq!(detail(&folder, 2).expect_err("none").code, Code::UnknownImport);
    }

    #[test]
    fn files_that_are_missing_or_damaged_are_told_by_name_and_are_no_rejects() {
        let folder = TestFolder::new("lost-files");
        let export = folder.dir().join("apple_health_export");
        std::fs::create_dir_all(export.join("electrocardiograms")).expect("a folder");
        let times = "startDate=\"2026-03-01 10:00:00 +0100\" endDate=\"2026-03-01 11:00:00 +0100\"";
        let path = format!("/workout-routes/{}.gpx", "x".repeat(300));
        let workout = format!("<Workout workoutActivityType=\"X\" {times}><FileReference path=\"{path}\"/></Workout>");
        std::fs::write(export.join("export.xml"), format!("<HealthData>{workout}</HealthData>")).expect("written");
        std::fs::write(export.join("electrocardiograms/ecg_2026.csv"), "nothing").expect("written");
        let report = import(&folder, &Input::Path(export), &Options::default(), &mut |_| true).expect("an import");
        assert!(crate::words::see_rejects(&report.report).is_some());
        let found = detail(&folder, 1).expect("an import");
        assert_eq!((found.rejects.len(), found.rejects_total), (0, 0));
        let lost = |reason: &str, kind: &str, file: String| LostFile {
            reason: reason.to_owned(),
            kind: Some(kind.to_owned()),
            file: Some(file),
        };
        let shortened = format!("{}\u{2026}", path.get(..256).expect("long"));
        let damaged = lost("damaged_file", "ecg", "/electrocardiograms/ecg_2026.csv".to_owned());
        assert_eq!(found.files, [lost("missing_file", "route", shortened), damaged]);
    }
}
