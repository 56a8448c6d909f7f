//! Where an export goes: one stream, or a folder with one file for JSON lines and one table per kind of record for CSV.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use health::EntryKind;
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

/// An export under way.
pub(super) struct Writer<'a> {
    format: Format,
    target: Target<'a>,
    written: u64,
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
                false => Target::Files(Files::new(path, format)?),
            },
            (Output::Stream(out), Format::Jsonl) => Target::Stream(out, None),
            (Output::Stream(out), Format::Csv) => {
                let record = one_table(records)?;
                csv::header(out, record)?;
                Target::Stream(out, Some(record))
            }
        };
        Ok(Self { format, target, written: 0 })
    }

    /// Whether lines of a record are wanted at all.
    pub fn takes(&self, record: &str) -> bool {
        !matches!(&self.target, Target::Stream(_, Some(table)) if *table != record)
    }

    /// Writes one line.
    pub fn put(&mut self, record: &str, line: &Value) -> Result<()> {
        let out: &mut dyn Write = match &mut self.target {
            Target::Stream(out, _) => out,
            Target::Files(files) => files.of(record)?,
        };
        self.written += 1;
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
        Ok(Exported { records: self.written, left })
    }
}

/// The files of an export, with a name of their own until they are whole.
struct Files {
    dir: PathBuf,
    format: Format,
    open: BTreeMap<String, (BufWriter<File>, Unfinished)>,
    /// The name of the only file, where the user named one.
    only: Option<String>,
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
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
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
            return Err(Error::new(
                Code::BadUsage,
                format!("`{name}` is called as a file, and would be a folder."),
                hint,
            ));
        }
        let dir = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut files = Self { dir, format, open: BTreeMap::new(), only: Some(name) };
        files.of(records.first().copied().unwrap_or(csv::SAMPLE))?;
        Ok(files)
    }

    /// The file that a record belongs in.
    fn of(&mut self, record: &str) -> Result<&mut BufWriter<File>> {
        let name = match (&self.only, self.format) {
            (Some(name), _) => name.clone(),
            (None, Format::Jsonl) => JSON_LINES.to_owned(),
            (None, Format::Csv) => table(record),
        };
        let meant = self.dir.join(&name);
        match self.open.entry(name) {
            Entry::Occupied(file) => Ok(&mut file.into_mut().0),
            Entry::Vacant(place) => {
                let unfinished = Unfinished::of(&meant)?;
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
        let ours = EntryKind::ALL.into_iter().map(EntryKind::as_str).chain([csv::SAMPLE]).map(table);
        let earlier =
            ours.chain([JSON_LINES.to_owned()]).filter(|name| self.only.is_none() && !open.contains_key(name));
        let mut left: Vec<String> = earlier.filter(|name| self.dir.join(name).exists()).collect();
        left.sort_unstable();
        for (name, (mut file, unfinished)) in open {
            let meant = self.dir.join(&name);
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

/// Whether the user means a file and no folder. What is a folder already stays one.
fn names_file(path: &Path) -> bool {
    (has_ending(path, &LINES) || has_ending(path, &FILES)) && !path.is_dir()
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

    use super::*;
    use crate::export::{Selection, export};
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
        let types = types.iter().map(|word| (*word).to_owned()).collect();
        let selection = Selection { types, ..Selection::default() };
        let done = export(&folder, &selection, format, Output::Folder(dir.join(name)));
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

    #[test]
    fn a_stream_takes_one_table() {
        check(&["sample", "workout"], None);
        check(&["workout"], Some("workout"));
        check(&["workout", "route"], None);
        check(&[], Some("sample"));
    }
}
