//! The rows of a span as JSON lines: what the store has, as a server is to have it.

use std::collections::BTreeMap;

use health::kind::{self, Kind};
use health::phone::{Flag, Flags};
use health::time::parse_day;
use serde_json::{Map, Value, json};
use store::Store;
use store::query::{EntryNames, EntryRow, Names, SampleQuery, SampleRow};
use store::remotes::{SAMPLE, Span};

use crate::error::{Error, Result};
use crate::export::line::{self, Entries};

const DAY_MS: i64 = 86_400_000;

/// Reads spans at one moment.
pub(super) struct Reader<'a> {
    store: &'a Store,
    kinds: BTreeMap<String, (i64, Kind)>,
    names: Names,
    entry_names: EntryNames,
    /// Those too that as they were told can be in no number.
    left_out: bool,
    since_ms: i64,
}

impl<'a> Reader<'a> {
    /// Reads what many rows share. `left_out` asks for those too that as they were told can be in no number.
    pub fn new(store: &'a Store, left_out: bool, since_ms: Option<i64>) -> Result<Self> {
        let known = |row: store::query::KindRow| {
            let kind = kind::get_or_guess(&row.identifier, Some(&row.unit));
            (row.identifier, (row.id, kind))
        };
        Ok(Self {
            store,
            kinds: store.kinds()?.into_iter().map(known).collect(),
            names: store.sample_names()?,
            entry_names: store.entry_names()?,
            left_out,
            since_ms: since_ms.unwrap_or(i64::MIN),
        })
    }

    /// Hands over the lines of a span in a fixed order. An error of `each` ends it.
    pub fn lines(&self, span: &Span, each: &mut dyn FnMut(Map<String, Value>) -> Result<()>) -> Result<()> {
        let (from_ms, until_ms) = span.range_ms();
        let range = (from_ms.max(self.since_ms), until_ms);
        let record = span.series.record.as_str();
        match record {
            SAMPLE => self.samples(&span.series.kind, range, each),
            "aggregate" => self.store.each_aggregate::<Error>(range, |row| object(line::aggregate(&row), each)),
            _ => {
                // What has no start is cut by its day, as rings are.
                let range = if from_ms == i64::MIN { (from_ms, until_ms) } else { range };
                let entries = Entries::without_points(self.store);
                let is_wanted = |row: &EntryRow| {
                    let day = if row.start_ms.is_none() { parse_day(&row.identity) } else { None };
                    day.is_none_or(|day| (i64::from(day) + 1) * DAY_MS > self.since_ms)
                };
                self.store.each_entry_by::<Error>(&self.entry_names, Some(record), range, (false, true), |row| {
                    if is_wanted(row) { object(entries.line(row)?, each) } else { Ok(()) }
                })
            }
        }
    }

    /// Hands over the samples of a type that start in a range, also those that are not for the server.
    pub fn samples(
        &self,
        kind: &str,
        (from_ms, until_ms): (i64, i64),
        each: &mut dyn FnMut(Map<String, Value>) -> Result<()>,
    ) -> Result<()> {
        let Some((kind_id, kind)) = self.kinds.get(kind) else { return Ok(()) };
        let left_out = self.left_out;
        let query = SampleQuery { kind_id: *kind_id, from_ms, until_ms, hidden: false, superseded: false, left_out };
        self.store.each_sample_by::<Error>(&self.names, query, |row| {
            let mut line = line::sample(row, kind);
            line["flags"] = json!(flags(row).words_of_all().collect::<Vec<_>>());
            object(line, each)
        })
    }
}

fn object(line: Value, each: &mut dyn FnMut(Map<String, Value>) -> Result<()>) -> Result<()> {
    match line {
        Value::Object(line) => each(line),
        _ => Ok(()),
    }
}

/// How fine the stamps of a row are and what is odd about it, of all who told it together.
fn flags(row: &SampleRow) -> Flags {
    let told = row.told.clone().unwrap_or_default();
    let mut flags = Flags::default();
    for (flag, _) in Flags::ALL {
        let holds = match flag {
            Flag::StartFine => told.flags.has(flag) || row.start_ms % 1000 != 0,
            Flag::EndFine => told.flags.has(flag) || row.end_ms % 1000 != 0,
            Flag::EndUnknown => told.endless && !row.filed,
            other => told.flags.has(other),
        };
        flags.set_if(flag, holds);
    }
    flags
}
