//! Where an export goes: one stream, or a folder with one file for JSON lines and one table per kind of record for CSV.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use health::language::word;
use health::{EntryKind, key, say};
use serde_json::Value;

use super::{Exported, Format, csv};
use crate::error::{About, Code, Error, Result};
use crate::folder::create_private;
use crate::new_file::Unfinished;

/// Where the lines go.
pub enum Output<'a> {
    /// One stream for all.
    Stream(&'a mut dyn Write),
    /// A folder, which is made where it is missing; or where its name ends as that of a file does, the file itself.
    Folder(PathBuf),
}

/// The name of the file of JSON lines.
const JSON_LINES: &str = "vitalog.jsonl";

/// What begins with a longer line is no export.
const LONGEST_LINE: u64 = 64 << 20;

/// An export under way.
pub(super) struct Writer<'a> {
    format: Format,
    target: Target<'a>,
    /// What is told in the end.
    pub done: Exported,
}

enum Target<'a> {
    /// A stream, and for CSV the one record whose table it is.
    Stream(&'a mut dyn Write, Option<&'static str>),
    Files(Files),
}

impl<'a> Writer<'a> {
    /// Opens the output for the `records` that were named; none stands for all.
    pub fn begin(output: Output<'a>, format: Format, records: &[&'static str]) -> Result<Self> {
        let target = match (output, format) {
            (Output::Folder(path), _) => match names_file(&path) {
                true => Target::Files(Files::one(path, format, records)?),
                // Without what stands behind the name: a file that has it can be named.
                false => Target::Files(Files::new(path.components().collect(), format)?),
            },
            (Output::Stream(out), Format::Jsonl) => Target::Stream(out, None),
            (Output::Stream(out), Format::Csv) => {
                let record = one_table(records)?;
                csv::header(out, record)?;
                Target::Stream(out, Some(record))
            }
        };
        Ok(Self { format, target, done: Exported::default() })
    }

    /// Whether lines of a record are wanted at all.
    pub fn takes(&self, record: &str) -> bool {
        !matches!(&self.target, Target::Stream(_, Some(table)) if *table != record)
    }

    /// Writes one line.
    pub fn put(&mut self, record: &'static str, line: &Value) -> Result<()> {
        let out: &mut dyn Write = match &mut self.target {
            Target::Stream(out, _) => out,
            Target::Files(files) => files.of(record)?,
        };
        self.done.records += 1;
        *self.done.counts.entry(record).or_default() += 1;
        match self.format {
            Format::Jsonl => writeln!(out, "{line}")?,
            Format::Csv => csv::row(out, record, line)?,
        }
        Ok(())
    }

    /// Gives the files their names, or takes them away where the export failed.
    pub fn end(self, result: Result<()>) -> Result<Exported> {
        let left = match self.target {
            Target::Files(files) => files.end(result)?,
            Target::Stream(..) => result.map(|()| Vec::new())?,
        };
        Ok(Exported { left, ..self.done })
    }
}

/// The files of an export, with a name of their own until they are whole.
struct Files {
    dir: PathBuf,
    format: Format,
    open: BTreeMap<PathBuf, (BufWriter<File>, Unfinished)>,
    /// The only file, where the user named one.
    only: Option<PathBuf>,
}

impl Files {
    fn new(dir: PathBuf, format: Format) -> Result<Self> {
        create_private(&dir)?;
        let mut files = Self { dir, format, open: BTreeMap::new(), only: None };
        if format == Format::Jsonl {
            // An empty store is an empty file, and none is not.
            files.of(csv::SAMPLE)?;
        }
        Ok(files)
    }

    /// One file, for what is only one: all lines, or the table of the one record that was named.
    fn one(path: PathBuf, format: Format, records: &[&'static str]) -> Result<Self> {
        let fits = match format {
            Format::Jsonl => has_ending(&path, &LINES),
            Format::Csv => has_ending(&path, &["csv"]) && records.len() == 1,
        };
        if !fits {
            let hint = match format {
                Format::Jsonl => "Name a folder, or a file that ends with .jsonl.",
                Format::Csv => {
                    "CSV is a table for each kind of record: name a folder for them, or one kind with --types and a file \
                     that ends with .csv."
                }
            };
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            let message = format!("`{name}` is called as a file, and would be a folder.");
            return Err(Error::new(Code::BadUsage, message, hint));
        }
        let mut files = Self { dir: PathBuf::new(), format, open: BTreeMap::new(), only: Some(path) };
        files.of(records.first().copied().unwrap_or(csv::SAMPLE))?;
        Ok(files)
    }

    /// The file that a record belongs in.
    fn of(&mut self, record: &str) -> Result<&mut BufWriter<File>> {
        let meant = match (&self.only, self.format) {
            (Some(file), _) => file.clone(),
            (None, Format::Jsonl) => self.dir.join(JSON_LINES),
            (None, Format::Csv) => self.dir.join(table(record)),
        };
        match self.open.entry(meant) {
            Entry::Occupied(file) => Ok(&mut file.into_mut().0),
            Entry::Vacant(place) => {
                refuse_others(place.key(), self.format, record)?;
                let unfinished = Unfinished::replacing(place.key())?;
                let mut file = BufWriter::new(unfinished.open()?);
                if self.format == Format::Csv {
                    csv::header(&mut file, record)?;
                }
                Ok(&mut place.insert((file, unfinished)).0)
            }
        }
    }

    /// Returns the files of an earlier export.
    fn end(mut self, mut result: Result<()>) -> Result<Vec<String>> {
        let open = std::mem::take(&mut self.open);
        let ours = super::entry_kinds().map(EntryKind::as_str).chain([csv::SAMPLE, super::AGGREGATE]).map(table);
        let is_earlier = |name: &String| {
            let file = self.dir.join(name);
            self.only.is_none() && !open.contains_key(&file) && file.exists()
        };
        let mut left: Vec<String> = ours.chain([JSON_LINES.to_owned()]).filter(is_earlier).collect();
        left.sort_unstable();
        for (meant, (mut file, unfinished)) in open {
            result = result.and_then(|()| file.flush().writing(&meant));
            drop(file);
            result = result.and_then(|()| unfinished.finish());
        }
        result.map(|()| left)
    }
}

/// How files of JSON lines are called.
const LINES: [&str; 2] = ["jsonl", "ndjson"];
/// How other files are called that somebody might expect of an export.
const FILES: [&str; 9] = ["csv", "json", "txt", "tsv", "zip", "gz", "xls", "xlsx", "db"];

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| endings.contains(&ending.as_str()))
}

/// Whether the user means a file and no folder. What is a folder already stays one, and `st.csv/` becomes one.
fn names_file(path: &Path) -> bool {
    // What stands behind the name says that it is a folder's.
    let ends_with_name =
        path.file_name().is_some_and(|name| path.as_os_str().as_encoded_bytes().ends_with(name.as_encoded_bytes()));
    (has_ending(path, &LINES) || has_ending(path, &FILES)) && ends_with_name && !path.is_dir()
}

/// A file that an export made may be replaced by the next one; somebody's own that has the name may not.
fn refuse_others(file: &Path, format: Format, record: &str) -> Result<()> {
    // What is no file, or cannot be read, is told by who writes there.
    let found = if file.is_file() { File::open(file).ok() } else { None };
    if found.is_none_or(|found| is_export(found, format, record)) {
        return Ok(());
    }
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let message = say!("`{name}` is there already, and is no export of this kind.", name);
    Err(Error::new(Code::File, message, word(key!("Name another file or folder, or move that one away."))))
}

/// Whether a file is empty or begins as an export does.
fn is_export(file: File, format: Format, record: &str) -> bool {
    let mut line = Vec::new();
    if BufReader::new(file).take(LONGEST_LINE).read_until(b'\n', &mut line).is_err() {
        return false;
    }
    match format {
        _ if line.is_empty() => true,
        Format::Jsonl => serde_json::from_slice(&line).is_ok_and(|value: Value| value.get("record").is_some()),
        Format::Csv => str::from_utf8(&line).is_ok_and(|line| csv::is_header(line, record)),
    }
}

/// The file of a record's table.
fn table(record: &str) -> String {
    format!("{record}.csv")
}

/// The record whose table a stream takes: the only one that was named, or the samples where none was.
fn one_table(records: &[&'static str]) -> Result<&'static str> {
    match records {
        [] => Ok(csv::SAMPLE),
        [only] => Ok(only),
        several => Err(Error::new(
            Code::BadUsage,
            format!("Standard output takes one table, and these are {}: {}.", several.len(), several.join(", ")),
            "Name a folder with --out: it gets one table for each.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use store::Cancel;

    use super::*;
    use crate::export::{Selection, export, export_all};
    use crate::testing::TestFolder;

    #[track_caller]
    fn check(records: &[&'static str], expected: Option<&str>) {
        assert_eq!(one_table(records).ok(), expected);
    }

    /// What an export of some types to a name beside a store leaves there, or what it says.
    #[track_caller]
    fn check_named(name: &str, format: Format, types: &[&str], expected: std::result::Result<&[&str], &str>) {
        let folder = TestFolder::filled(&format!("export-{name}-{}", types.len()));
        let dir = folder.dir().join("out");
        fs::create_dir(&dir).expect("made");
        let done = export_to(&folder, dir.join(name), types, format);
        let files = fs::read_dir(&dir).expect("a folder").map(|file| file.expect("one").path());
        let lines = |path: &Path| fs::read_to_string(path).map_or(0, |text| text.lines().count() as u64);
        let mut found: Vec<String> = Vec::new();
        for path in files {
            assert_eq!(path.is_dir(), !names_file(&path), "{path:?}");
            let heading = u64::from(format == Format::Csv);
            assert!(path.is_dir() || done.as_ref().is_ok_and(|done| lines(&path) == done.records + heading));
            found.push(path.file_name().expect("a name").to_string_lossy().into_owned());
        }
        match expected {
            Ok(names) => assert_eq!((done.map(drop), found), (Ok(()), names.iter().map(|n| (*n).to_owned()).collect())),
            Err(hint) => {
                let error = done.expect_err("refused");
                assert!(error.code == Code::BadUsage && error.hint.contains(hint), "{error:?}");
                assert!(found.is_empty(), "{found:?}");
            }
        }
    }

    #[test]
    fn a_name_of_a_file_is_that_of_the_one_file_or_refused() {
        use Format::{Csv, Jsonl};
        check_named("all.jsonl", Jsonl, &[], Ok(&["all.jsonl"]));
        check_named("ALL.NDJSON", Jsonl, &["workout", "ecg"], Ok(&["ALL.NDJSON"]));
        check_named("all", Jsonl, &[], Ok(&["all"]));
        check_named("all.2026", Csv, &[], Ok(&["all.2026"]));
        check_named("workouts.csv", Csv, &["workout"], Ok(&["workouts.csv"]));
        check_named("steps.csv", Csv, &["step_count"], Ok(&["steps.csv"]));
        check_named("all.csv", Csv, &[], Err("a folder"));
        check_named("all.csv", Csv, &["workout", "ecg"], Err("a folder"));
        check_named("all.xlsx", Csv, &["workout"], Err("a folder"));
        for name in ["all.csv", "all.json", "all.zip"] {
            check_named(name, Jsonl, &[], Err(".jsonl"));
        }
    }

    fn export_to(folder: &TestFolder, path: PathBuf, types: &[&str], format: Format) -> Result<Exported> {
        let types = types.iter().map(|word| (*word).to_owned()).collect();
        export(folder, &Selection { types, ..Selection::default() }, format, Output::Folder(path), &Cancel::default())
    }

    fn files(folder: &Path) -> Vec<std::ffi::OsString> {
        let mut names: Vec<_> = fs::read_dir(folder).expect("a folder").map(|f| f.expect("one").file_name()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn an_export_of_everything_tells_how_far_it_is_and_leaves_nothing_when_stopped() {
        let folder = TestFolder::filled("export-all");
        let (dir, cancel) = (folder.dir().join("out"), Cancel::default());
        let mut heard = Vec::new();
        let done = export_all(&folder, Format::Csv, &dir, &cancel, &mut |steps| heard.push(steps)).expect("exported");
        let whole = export_to(&folder, folder.dir().join("whole"), &[], Format::Csv).expect("exported");
        assert_eq!((done, files(&dir)), (whole, files(&folder.dir().join("whole"))));
        assert!(heard.len() > 10 && heard.is_sorted_by_key(|steps| steps.done), "{heard:?}");
        assert!(heard.iter().all(|steps| steps.done <= steps.of && steps.of > 10), "{heard:?}");
        let (stopped, mut rows) = (folder.dir().join("stopped"), 0);
        let error = export_all(&folder, Format::Jsonl, &stopped, &cancel, &mut |_| {
            rows += 1;
            if rows == 5 {
                cancel.cancel();
            }
        });
        assert_eq!((error.expect_err("stopped").code, rows), (Code::Cancelled, 5));
        assert!(files(&stopped).is_empty());
    }

    #[test]
    fn a_name_with_a_slash_behind_it_is_a_folders() {
        let folder = TestFolder::filled("export-slash");
        let dir = folder.dir().join("out");
        fs::create_dir(&dir).expect("made");
        for (name, end) in [("st.csv", "/"), ("wo.csv", "/.")] {
            let path = PathBuf::from(format!("{}{end}", dir.join(name).display()));
            export_to(&folder, path.clone(), &["workout"], Format::Csv).expect("exported");
            assert_eq!(files(&dir.join(name)), ["workout.csv"]);
        }
        fs::write(dir.join("a.csv"), "theirs").expect("written");
        let path = PathBuf::from(format!("{}/", dir.join("a.csv").display()));
        let error = export_to(&folder, path, &["workout"], Format::Csv).expect_err("a file");
        assert_eq!((error.code, error.message.as_str()), (Code::File, "`a.csv` is a file, and no folder."));
        assert_eq!(fs::read_to_string(dir.join("a.csv")).expect("there"), "theirs");
        assert_eq!(files(&dir), ["a.csv", "st.csv", "wo.csv"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_no_text_is_kept() {
        use std::os::unix::ffi::OsStrExt;
        let folder = TestFolder::filled("export-no-text");
        let dir = folder.dir().join("out");
        fs::create_dir(&dir).expect("made");
        let name = |bytes: &'static [u8]| std::ffi::OsStr::from_bytes(bytes);
        let (file, below) = (name(b"all\xff.jsonl"), name(b"all\xff"));
        for name in [file, below] {
            export_to(&folder, dir.join(name), &[], Format::Jsonl).expect("exported");
        }
        assert_eq!(files(&dir), [below, file]);
        assert_eq!(files(&dir.join(below)), [JSON_LINES]);
    }

    #[test]
    fn somebodys_own_file_is_not_replaced() {
        let folder = TestFolder::filled("export-own");
        let dir = folder.dir().join("out");
        fs::create_dir(&dir).expect("made");
        let own = [("sample.csv", "start,mine\n1,2\n"), ("vitalog.jsonl", "{\"mine\":1}\n"), ("b.csv", "my list\n")];
        own.iter().for_each(|(name, text)| fs::write(dir.join(name), text).expect("written"));
        let refused = |path: PathBuf, types: &[&str], format| {
            let error = export_to(&folder, path, types, format).expect_err("refused");
            assert!(error.code == Code::File && error.message.contains("is there already"), "{error:?}");
            assert_eq!(files(&dir), ["b.csv", "sample.csv", "vitalog.jsonl"]);
            own.iter().for_each(|(name, text)| assert_eq!(fs::read_to_string(dir.join(name)).expect("there"), *text));
        };
        refused(dir.clone(), &[], Format::Csv);
        refused(dir.clone(), &[], Format::Jsonl);
        refused(dir.join("b.csv"), &["workout"], Format::Csv);
        // One that is empty, or an export, is.
        fs::write(dir.join("b.csv"), "").expect("written");
        for _ in 0..2 {
            export_to(&folder, dir.join("b.csv"), &["workout"], Format::Csv).expect("exported");
            export_to(&folder, dir.join("all.jsonl"), &[], Format::Jsonl).expect("exported");
        }
        assert!(fs::read_to_string(dir.join("b.csv")).expect("there").lines().count() > 1);
    }

    /// Of a pipe that nobody reads: neither is it waited for nor is it replaced.
    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_and_stays() {
        let folder = TestFolder::filled("export-pipe");
        let dir = folder.dir().join("out");
        fs::create_dir(&dir).expect("made");
        for name in ["all.jsonl", "workout.csv"] {
            let made = std::process::Command::new("mkfifo").arg(dir.join(name)).status();
            assert!(made.expect("it runs").success());
        }
        let refused = |path: PathBuf, types: &[&str], format| {
            let error = export_to(&folder, path, types, format).expect_err("refused");
            assert!(error.code == Code::File && error.message.contains("pipe"), "{error:?}");
            assert_eq!(files(&dir), ["all.jsonl", "workout.csv"]);
        };
        refused(dir.join("all.jsonl"), &[], Format::Jsonl);
        refused(dir.join("workout.csv"), &["workout"], Format::Csv);
        refused(dir.clone(), &[], Format::Csv);
    }

    #[test]
    fn what_a_killed_export_has_left_goes_with_the_next_one_and_nothing_else() {
        let folder = TestFolder::filled("export-left");
        let dir = folder.dir().join("out");
        fs::create_dir(&dir).expect("made");
        for name in ["workout.csv", "workout.csv.part", "workout.csv.vitalog.part", "ecg.csv.vitalog.part"] {
            fs::write(dir.join(name), "half").expect("written");
        }
        fs::remove_file(dir.join("workout.csv")).expect("removed");
        export_to(&folder, dir.clone(), &["workout"], Format::Csv).expect("exported");
        assert_eq!(files(&dir), ["ecg.csv.vitalog.part", "workout.csv", "workout.csv.part"]);
        assert_eq!(fs::read_to_string(dir.join("workout.csv.part")).expect("there"), "half");
        assert!(fs::read_to_string(dir.join("workout.csv")).expect("there").lines().count() > 1);
    }

    #[test]
    fn a_stop_leaves_no_file_behind_and_the_earlier_ones() {
        let folder = TestFolder::filled("export-stopped");
        let dir = folder.dir().join("out");
        export_to(&folder, dir.clone(), &["ecg"], Format::Csv).expect("exported");
        let cancel = Cancel::default();
        cancel.cancel();
        let stopped = export(&folder, &Selection::default(), Format::Csv, Output::Folder(dir.clone()), &cancel);
        assert_eq!(stopped.map_err(|error| error.code), Err(Code::Cancelled));
        assert_eq!(files(&dir), ["ecg.csv"]);
    }

    #[test]
    fn a_stream_takes_one_table() {
        check(&["sample", "workout"], None);
        check(&["workout"], Some("workout"));
        check(&["workout", "route"], None);
        check(&[], Some("sample"));
    }
}
