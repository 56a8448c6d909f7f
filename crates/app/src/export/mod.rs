//! Taking everything out, losslessly: JSON lines or CSV.

pub mod csv;
pub mod line;
mod output;

use std::collections::BTreeMap;
use std::path::Path;

use health::EntryKind;
use health::kind::{self, Kind};
use health::time::{DayRange, parse_day};
use serde::Serialize;
use serde_json::Value;
use store::query::{EntryRow, SampleQuery};
use store::{Cancel, Steps, Store};

use crate::error::{Error, Result, cancelled};
use crate::folder::Folder;
use crate::local::{Days, find_kind, there, zones};
use line::Entries;
pub use output::Output;

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    Jsonl,
    /// Tables: one per kind of record.
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

/// What was written, what was not, and what lies beside it.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Rows.
    pub records: u64,
    /// How many of them there are of each kind of record.
    pub counts: BTreeMap<&'static str, u64>,
    /// Those of them that the owner hid; each says so.
    pub hidden: u64,
    /// Rows that the owner deleted and that wait to be removed: they are not written.
    pub deleted: u64,
    /// Files of an earlier export in the same folder that this one had no rows for; they are left alone.
    pub left: Vec<String>,
}

/// Writes the chosen rows, those that the owner hid with them: everything is meant, and each says so. CSV on one stream
/// has room for one table: that of the samples, or that of the one other kind of record that was chosen. A stop leaves
/// no file behind.
pub fn export(
    folder: &Folder,
    selection: &Selection,
    format: Format,
    output: Output<'_>,
    cancel: &Cancel,
) -> Result<Exported> {
    let store = folder.read()?;
    let chosen = Chosen::new(&store, selection)?;
    let mut writer = output::Writer::begin(output, format, &chosen.named)?;
    let mut go_on = || if cancel.is_cancelled() { Err(cancelled()) } else { Ok(()) };
    let written = write(&store, selection, &chosen, &mut go_on, &mut writer);
    writer.end(written)
}

/// Writes everything that counts, and what the owner hid, into a folder. `progress` hears before each row how far it
/// is; a stop leaves no file.
pub fn export_all(
    folder: &Folder,
    format: Format,
    out: &Path,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Steps),
) -> Result<Exported> {
    let store = folder.read()?;
    let selection = Selection::default();
    let chosen = Chosen::new(&store, &selection)?;
    let entries: i64 = store.entry_totals()?.iter().map(|row| row.count).sum();
    let mut steps = Steps { done: 0, of: (there(&store)? + entries).unsigned_abs() };
    let mut writer = output::Writer::begin(Output::Folder(out.to_owned()), format, &chosen.named)?;
    let mut go_on = || {
        if cancel.is_cancelled() {
            return Err(cancelled());
        }
        progress(steps);
        steps.done = steps.of.min(steps.done + 1);
        Ok(())
    };
    let written = write(&store, &selection, &chosen, &mut go_on, &mut writer);
    writer.end(written)
}

/// The value of the key `record` of sums and means that an app made.
const AGGREGATE: &str = "aggregate";

/// Everything that is no sample, from files and from phones.
fn entry_kinds() -> impl Iterator<Item = EntryKind> {
    EntryKind::ALL.into_iter().chain(EntryKind::PHONE)
}

/// The selection, looked up.
struct Chosen {
    kinds: Vec<(i64, Kind)>,
    entries: Vec<EntryKind>,
    /// What apps summed up.
    aggregates: bool,
    /// The values of the key `record` that were named; none where everything was chosen.
    named: Vec<&'static str>,
}

impl Chosen {
    fn new(store: &Store, selection: &Selection) -> Result<Self> {
        if selection.types.is_empty() {
            let kinds = store.kinds()?.into_iter();
            let kinds = kinds.map(|row| (row.id, kind::get_or_guess(&row.identifier, Some(&row.unit)))).collect();
            return Ok(Self { kinds, entries: entry_kinds().collect(), aggregates: true, named: Vec::new() });
        }
        let mut chosen = Self { kinds: Vec::new(), entries: Vec::new(), aggregates: false, named: Vec::new() };
        for word in &selection.types {
            if word == AGGREGATE {
                chosen.named.push(AGGREGATE);
                chosen.aggregates = true;
                continue;
            }
            let entry = entry_kinds().find(|entry| entry.as_str() == word);
            chosen.named.push(entry.map_or(csv::SAMPLE, EntryKind::as_str));
            match entry {
                Some(entry) => chosen.entries.push(entry),
                None => {
                    let found = find_kind(store, word)?;
                    chosen.kinds.extend(found.id.map(|id| (id, found.kind)));
                }
            }
        }
        chosen.named.sort_unstable();
        chosen.named.dedup();
        Ok(chosen)
    }
}

fn write(
    store: &Store,
    selection: &Selection,
    chosen: &Chosen,
    go_on: &mut dyn FnMut() -> Result<()>,
    writer: &mut output::Writer<'_>,
) -> Result<()> {
    let zones = zones(store)?;
    let days = selection.days.instants(&zones);
    let (from_ms, until_ms) = days.range_ms();
    let superseded = selection.superseded;
    for (kind_id, kind) in &chosen.kinds {
        let query = SampleQuery { kind_id: *kind_id, from_ms, until_ms, hidden: true, superseded, left_out: true };
        store.each_sample::<Error>(query, |row| {
            go_on()?;
            if !days.holds(row.start_ms) {
                return Ok(());
            }
            writer.done.hidden += u64::from(row.hidden);
            writer.put(csv::SAMPLE, &line::sample(row, kind))
        })?;
        let deleted = store.deleted_starts(*kind_id, (from_ms, until_ms))?;
        writer.done.deleted += deleted.into_iter().filter(|at_ms| days.holds(*at_ms)).count() as u64;
    }
    if chosen.aggregates && writer.takes(AGGREGATE) {
        store.each_aggregate::<Error>((from_ms, until_ms), |row| {
            go_on()?;
            writer.put(AGGREGATE, &line::aggregate(&row))
        })?;
    }
    let lines = Entries::new(store)?;
    for entry in &chosen.entries {
        if !writer.takes(entry.as_str()) {
            continue;
        }
        // Rings have a day and no instant.
        let rings = *entry == EntryKind::ActivitySummary;
        let range = if rings { (i64::MIN, i64::MAX) } else { (from_ms, until_ms) };
        store.each_entry::<Error>(Some(entry.as_str()), range, superseded, true, |row| {
            go_on()?;
            let chosen = if rings { is_inside(&days, row) } else { row.start_ms.is_none_or(|at_ms| days.holds(at_ms)) };
            if !chosen {
                return Ok(());
            }
            let line: Value = lines.line(row)?;
            writer.put(entry.as_str(), &line)
        })?;
    }
    Ok(())
}

/// Whether the day of a ring is one of the chosen.
fn is_inside(days: &DayRange<'_>, row: &EntryRow) -> bool {
    parse_day(&row.identity).is_none_or(|day| days.holds_day(day))
}
