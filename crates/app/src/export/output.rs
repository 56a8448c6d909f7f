//! Where an export goes: one stream, or a folder with one file for JSON lines and one table per kind of record for CSV.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use health::EntryKind;
use serde_json::Value;

use super::{Exported, Format, csv};
use crate::error::{About, Code, Error, Result};
use crate::folder::{create_private, private_file};

/// Where the lines go.
pub enum Output<'a> {
    /// One stream for all.
    Stream(&'a mut dyn Write),
    /// A folder, which is made where it is missing.
    Folder(PathBuf),
}

/// The name of the file of JSON lines.
const JSON_LINES: &str = "vitalog.jsonl";
/// What a file is called until it is whole.
const UNFINISHED: &str = "part";

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
            (Output::Folder(dir), _) => Target::Files(Files::new(dir, format)?),
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
    open: BTreeMap<String, BufWriter<File>>,
}

impl Files {
    fn new(dir: PathBuf, format: Format) -> Result<Self> {
        create_private(&dir)?;
        let mut files = Self { dir, format, open: BTreeMap::new() };
        if format == Format::Jsonl {
            // An empty store is an empty file, and none is not.
            files.of(csv::SAMPLE)?;
        }
        Ok(files)
    }

    fn unfinished(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.{UNFINISHED}"))
    }

    /// The file that a record belongs in.
    fn of(&mut self, record: &str) -> Result<&mut BufWriter<File>> {
        let name = match self.format {
            Format::Jsonl => JSON_LINES.to_owned(),
            Format::Csv => table(record),
        };
        let (path, meant) = (self.unfinished(&name), self.dir.join(&name));
        match self.open.entry(name) {
            Entry::Occupied(file) => Ok(file.into_mut()),
            Entry::Vacant(place) => {
                let mut file = BufWriter::new(private_file(&path, &meant)?);
                if self.format == Format::Csv {
                    csv::header(&mut file, record)?;
                }
                Ok(place.insert(file))
            }
        }
    }

    /// Returns the files of an earlier export.
    fn end(mut self, mut result: Result<()>) -> Result<Vec<String>> {
        let open = std::mem::take(&mut self.open);
        let ours = EntryKind::ALL.into_iter().map(EntryKind::as_str).chain([csv::SAMPLE]).map(table);
        let earlier = ours.chain([JSON_LINES.to_owned()]).filter(|name| !open.contains_key(name));
        let mut left: Vec<String> = earlier.filter(|name| self.dir.join(name).exists()).collect();
        left.sort_unstable();
        for (name, mut file) in open {
            result = result.and_then(|()| file.flush().writing(Path::new(&name)));
            drop(file);
            let unfinished = self.unfinished(&name);
            match &result {
                Ok(()) => fs::rename(unfinished, self.dir.join(&name)).writing(Path::new(&name))?,
                // The first failure is the one to tell.
                Err(_) => drop(fs::remove_file(unfinished)),
            }
        }
        result.map(|()| left)
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
    use super::one_table;

    #[track_caller]
    fn check(records: &[&'static str], expected: Option<&str>) {
        assert_eq!(one_table(records).ok(), expected);
    }

    #[test]
    fn a_stream_takes_one_table() {
        check(&["sample", "workout"], None);
        check(&["workout"], Some("workout"));
        check(&["workout", "route"], None);
        check(&[], Some("sample"));
    }
}
