//! Taking everything out, losslessly: JSON lines or CSV.

pub mod csv;
pub mod line;

use std::io::Write;

use health::kind;
use serde_json::Value;
use store::query::SampleQuery;

use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::local::{Days, find_kind, zones};

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    Jsonl,
    /// One row per sample.
    Csv,
}

/// What to take out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Types as the user wrote them, and words such as `workout`; everything where empty.
    pub types: Vec<String>,
    /// Which days.
    pub days: Days,
    /// Superseded rows too.
    pub superseded: bool,
}

/// Writes the chosen rows and returns how many. CSV has samples only: other records have no columns in common.
pub fn export(folder: &Folder, selection: &Selection, format: Format, out: &mut dyn Write) -> Result<u64> {
    let store = folder.read()?;
    let (from_ms, until_ms) = selection.days.instants(&zones(&store)?);
    let is_entry = |word: &str| health::EntryKind::ALL.iter().any(|entry| entry.as_str() == word);
    let (entries, types): (Vec<&String>, Vec<&String>) = selection.types.iter().partition(|word| is_entry(word));
    let mut written = 0;
    if format == Format::Csv {
        csv::header(out)?;
    }
    let mut put = |value: Value| -> Result<()> {
        match format {
            Format::Jsonl => writeln!(out, "{value}")?,
            Format::Csv => csv::row(out, &value)?,
        }
        written += 1;
        Ok(())
    };
    let all = selection.types.is_empty();
    let mut kinds = Vec::new();
    match all {
        true => kinds.extend(
            store.kinds()?.into_iter().map(|row| (row.id, kind::get_or_guess(&row.identifier, Some(&row.unit)))),
        ),
        false => {
            for word in types {
                let found = find_kind(&store, word)?;
                kinds.extend(found.id.map(|id| (id, found.kind)));
            }
        }
    }
    for (kind_id, kind) in &kinds {
        let query = SampleQuery { kind_id: *kind_id, from_ms, until_ms, superseded: selection.superseded };
        store.each_sample::<Error>(query, |sample| put(line::sample(sample, kind)))?;
    }
    if format == Format::Jsonl {
        for entry in health::EntryKind::ALL.iter().filter(|kind| all || entries.iter().any(|e| *e == kind.as_str())) {
            let kind = Some(entry.as_str());
            store.each_entry::<Error>(kind, (from_ms, until_ms), selection.superseded, true, |row| {
                put(line::entry(row))
            })?;
        }
    }
    Ok(written)
}
