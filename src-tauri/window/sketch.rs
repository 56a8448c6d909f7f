//! A stand-in for the `app` crate until it is connected: keeps in memory what it reads, one record a line.
//!
//! It exists so that the window can be built and driven. Delete it, and its line in `lib.rs`, when the real one is in.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chart::model::Bucket;
use chart::{Model, Range, heart_rate};
use health::time::{Zones, format_instant, parse_stamp};
use serde_json::{Value, json};

use super::backend::{AppError, Backend, Progress};

const HEART_RATE: &str = "HKQuantityTypeIdentifierHeartRate";

/// Everything that was read since the program started.
#[derive(Debug, Default)]
pub struct Sketch(Mutex<Vec<Import>>);

#[derive(Debug)]
struct Import {
    file: String,
    undone: bool,
    rows: BTreeMap<String, BTreeMap<i64, f64>>,
}

impl Sketch {
    fn held(&self) -> MutexGuard<'_, Vec<Import>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rows(&self) -> BTreeMap<String, BTreeMap<i64, f64>> {
        let mut all: BTreeMap<String, BTreeMap<i64, f64>> = BTreeMap::new();
        for import in self.held().iter().filter(|import| !import.undone) {
            for (kind, rows) in &import.rows {
                all.entry(kind.clone()).or_default().extend(rows);
            }
        }
        all
    }
}

fn zones() -> Zones {
    let name = std::env::var("TZ").unwrap_or_default();
    Zones::named(&name).or_else(|| Zones::named("UTC")).unwrap_or_else(|| unreachable!("UTC is always known"))
}

fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let start = line.find(&format!(" {name}=\""))? + name.len() + 3;
    line[start..].split('"').next()
}

impl Backend for Sketch {
    fn status(&self) -> Result<Value, AppError> {
        let rows = self.rows();
        let instants = || rows.values().flat_map(|rows| rows.keys().copied());
        Ok(json!({
            "records": instants().count(), "types": rows.len(), "imports": self.held().len(),
            "first": instants().min().map(format_instant), "last": instants().max().map(format_instant),
            "store": {"path": "", "bytes": 0},
        }))
    }

    fn types(&self) -> Result<Value, AppError> {
        let rows = self.rows();
        Ok(rows
            .iter()
            .map(|(identifier, rows)| {
                let kind = health::kind::find(identifier);
                json!({
                    "identifier": identifier,
                    "name": kind.map_or(identifier.as_str(), |k| k.name.as_str()),
                    "kind": "quantity",
                    "unit": kind.map_or("", |k| k.unit.as_str()),
                    "count": rows.len(),
                    "first": rows.keys().next().copied().map(format_instant),
                    "last": rows.keys().next_back().copied().map(format_instant),
                    "sources": 1,
                })
            })
            .collect())
    }

    fn imports(&self) -> Result<Value, AppError> {
        let row = |(i, import): (usize, &Import)| {
            json!({
                "import": i + 1, "channel": "file", "file": import.file, "device": null, "at": "2026-03-01T21:58:00.000Z",
                "outcome": "imported", "new": import.rows.values().map(BTreeMap::len).sum::<usize>(), "known": 0,
                "superseded": 0, "undone": import.undone,
            })
        };
        Ok(self.held().iter().enumerate().map(row).collect())
    }

    fn undo(&self, id: i64) -> Result<Value, AppError> {
        let mut held = self.held();
        let import = usize::try_from(id - 1).ok().and_then(|i| held.get_mut(i));
        let import = import.ok_or_else(|| AppError::new("unknown_import", "There is no such import.", ""))?;
        import.undone = true;
        let removed: usize = import.rows.values().map(BTreeMap::len).sum();
        Ok(json!({"import": id, "removed": removed, "restored": 0}))
    }

    fn import(&self, path: &Path, progress: &mut dyn FnMut(Progress) -> bool) -> Result<Value, AppError> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let unreadable = || AppError::new("unreadable", "The file could not be read.", "Check that it is still there.");
        let file = File::open(path).map_err(|_| unreadable())?;
        let length = file.metadata().map_or(0, |about| about.len()).max(1);
        let (started, mut bytes, mut records, mut rejected) = (Instant::now(), 0, 0_u64, 0_u64);
        let (mut rows, mut first_position, mut known) = (BTreeMap::<String, BTreeMap<i64, f64>>::new(), None, false);
        for line in BufReader::new(file).lines() {
            let line = line.map_err(|_| unreadable())?;
            bytes += line.len() as u64 + 1;
            known |= line.contains("<HealthData");
            if !line.trim_start().starts_with("<Record ") {
                continue;
            }
            records += 1;
            let at = attribute(&line, "startDate").and_then(parse_stamp);
            let value = attribute(&line, "value").and_then(|value| value.parse().ok());
            match (attribute(&line, "type"), at, value) {
                (Some(kind), Some(at), Some(value)) => {
                    rows.entry(kind.to_owned()).or_default().insert(at, value);
                }
                _ => {
                    rejected += 1;
                    first_position.get_or_insert(bytes - line.len() as u64 - 1);
                }
            }
            let seconds = started.elapsed().as_secs_f64().max(1e-6);
            let fraction = bytes as f64 / length as f64;
            let go_on = progress(Progress {
                records,
                records_per_second: records as f64 / seconds,
                mb_per_second: bytes as f64 / 1e6 / seconds,
                seconds_left: Some(seconds / fraction - seconds),
                fraction: Some(fraction.min(1.0)),
            });
            if !go_on {
                return Err(AppError::new("cancelled", "The import was cancelled.", "Nothing was changed."));
            }
        }
        if !known {
            return Err(AppError::new(
                "not_an_export",
                "This file is not an Apple Health export.",
                "In the Health app choose your picture, then Export All Health Data.",
            ));
        }
        let stored: usize = rows.values().map(BTreeMap::len).sum();
        let mut held = self.held();
        held.push(Import { file: name.clone(), undone: false, rows });
        let problems = if rejected > 0 {
            json!([{"reason": "bad_time", "count": rejected, "first_position": first_position}])
        } else {
            json!([])
        };
        Ok(json!({
            "import": held.len(), "outcome": "imported", "file": name, "records": records, "new": stored, "known": 0,
            "replaced": 0, "duplicates": records - rejected - stored as u64, "rejected": rejected, "superseded": 0,
            "kept": 0, "problems": problems, "seconds": started.elapsed().as_secs_f64(), "xml_bytes": bytes,
        }))
    }

    fn heart_rate(&self, range_days: u32, end_ms: Option<i64>) -> Result<Model, AppError> {
        let (rows, zones) = (self.rows(), zones());
        let rows = rows.get(HEART_RATE).cloned().unwrap_or_default();
        let last = rows.keys().next_back().copied().unwrap_or(0);
        let range = Range::ending(end_ms.unwrap_or(last), range_days, &zones);
        let bucket = |(start_ms, end_ms): (i64, i64)| {
            let values: Vec<f64> = rows.range(start_ms..end_ms).map(|(_, value)| *value).collect();
            let n = values.len();
            Bucket {
                start_ms,
                end_ms,
                min: values.iter().copied().fold(f64::INFINITY, f64::min),
                max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                mean: values.iter().sum::<f64>() / n.max(1) as f64,
                n: n as u64,
                complete: end_ms <= last,
                label: String::new(),
            }
        };
        let buckets: Vec<Bucket> = range.slots(&zones).into_iter().map(bucket).collect();
        Ok(heart_rate::model(&buckets, range, &zones))
    }
}
