//! How much is there, and where it lies.

use std::collections::BTreeMap;

use health::EntryKind;
use health::time::{Zones, format_day, format_instant, parse_stamp};
use serde::Serialize;
use store::query::{EntryTotals, Totals};

use crate::error::Result;
use crate::folder::Folder;
use crate::local::{home_zone, zones};
use crate::receiver;

/// The answer of `vitalog status`.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// The data folder.
    pub data_dir: String,
    /// The store's file.
    pub store: StoreFile,
    /// Distinct live samples.
    pub records: i64,
    /// Samples besides that the owner hid or deleted: they are there, and count nowhere.
    #[serde(skip_serializing_if = "is_none")]
    pub hidden: u64,
    /// Kinds that have some.
    pub types: i64,
    /// Sources that wrote some.
    pub sources: i64,
    /// Earliest start of a sample; without samples, of anything else.
    pub first: Option<String>,
    /// Latest end of a sample; without samples, of anything else.
    pub last: Option<String>,
    /// The wearer's first local day with anything: a sample, a workout, rings.
    pub first_day: Option<String>,
    /// The last one. What ends at midnight belongs to the day before.
    pub last_day: Option<String>,
    /// What there is besides samples, by the keys of an import's report.
    pub entries: BTreeMap<&'static str, EntryStatus>,
    /// Imports that were not undone.
    pub imports: i64,
    /// When the newest of them was made.
    pub last_import: Option<String>,
    /// IANA name.
    pub home_zone: String,
    /// What still waits.
    pub pending: Pending,
    /// The LAN endpoint.
    pub receiver: Receiver,
}

/// Workouts, routes and the like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EntryStatus {
    /// How many.
    pub count: i64,
    /// Earliest start; of rings the first day.
    pub first: Option<String>,
    /// Latest end; of rings the last day.
    pub last: Option<String>,
}

/// The store's file.
#[derive(Debug, Clone, Serialize)]
pub struct StoreFile {
    /// Where it lies.
    pub path: String,
    /// Its size with its side files; 0 where there is none.
    pub bytes: u64,
    /// Version of its schema.
    pub schema: i64,
}

/// What still waits.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pending {
    /// Bodies from phones that are not in the store yet.
    pub deliveries: u64,
    /// Samples owed to servers.
    pub outbox: u64,
}

/// The LAN endpoint.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Receiver {
    /// Whether it listens.
    pub on: bool,
    /// Where.
    pub urls: Vec<String>,
}

/// Counts everything.
pub fn status(folder: &Folder) -> Result<Status> {
    let store = folder.read()?;
    let totals = store.totals()?;
    let entries = entries(store.entry_totals()?);
    // Instants and days as answers print them sort by time.
    let first =
        totals.first_ms.map(format_instant).or_else(|| entries.values().filter_map(|row| row.first.clone()).min());
    let last = totals.last_ms.map(format_instant).or_else(|| entries.values().filter_map(|row| row.last.clone()).max());
    let zones = zones(&store)?;
    let (first_day, last_day) = span(&totals, &entries, &zones).unzip();
    let path = folder.store_path();
    let size = |suffix: &str| {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        std::fs::metadata(name).map_or(0, |file| file.len())
    };
    Ok(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_dir: folder.dir().display().to_string(),
        store: StoreFile { path: path.display().to_string(), bytes: size("") + size("-wal"), schema: totals.schema },
        records: totals.records,
        hidden: store.owners_rows()?,
        types: totals.types,
        sources: totals.sources,
        first_day,
        last_day,
        first,
        last,
        entries,
        imports: totals.imports,
        last_import: totals.last_import_ms.map(format_instant),
        home_zone: home_zone(&store)?,
        pending: Pending {
            deliveries: receiver::pending(folder, &store)?.values().sum(),
            outbox: crate::remotes::waiting_for_all(&store)?,
        },
        receiver: receiver(folder),
    })
}

fn is_none(n: &u64) -> bool {
    *n == 0
}

/// The first and the last day of samples and of everything else; days sort as texts.
fn span(totals: &Totals, entries: &BTreeMap<&str, EntryStatus>, zones: &Zones) -> Option<(String, String)> {
    // Rings have a day and no instant.
    let day = |at: &String, before: i64| match parse_stamp(at) {
        Some(at_ms) => format_day(zones.day(at_ms - before)),
        None => at.clone(),
    };
    let samples = totals.days.map(|(first, last)| (format_day(first), format_day(last)));
    let of = |entry: &EntryStatus| {
        let (first, last) = entry.first.as_ref().zip(entry.last.as_ref())?;
        // A single instant at midnight begins its day.
        Some((day(first, 0), day(last, i64::from(first != last))))
    };
    let spans = || samples.iter().cloned().chain(entries.values().filter_map(of));
    Some((spans().map(|span| span.0).min()?, spans().map(|span| span.1).max()?))
}

/// Whether any program receives for this folder, and where.
fn receiver(folder: &Folder) -> Receiver {
    let urls = crate::receiver::listening(folder).map(|at| at.urls);
    Receiver { on: urls.is_some(), urls: urls.unwrap_or_default() }
}

/// The key of a kind in an import's report; none for the profile, which is no event.
fn key(kind: EntryKind) -> Option<&'static str> {
    Some(match kind {
        EntryKind::Workout => "workouts",
        EntryKind::Correlation => "correlations",
        EntryKind::Route => "routes",
        EntryKind::Ecg => "ecgs",
        EntryKind::ActivitySummary => "activity_days",
        EntryKind::ClinicalRecord => "clinical_records",
        EntryKind::Audiogram => "audiograms",
        EntryKind::VisionPrescription => "vision_prescriptions",
        _ => return None,
    })
}

fn entries(mut totals: Vec<EntryTotals>) -> BTreeMap<&'static str, EntryStatus> {
    let mut status = |kind: EntryKind| {
        let place = totals.iter().position(|row| row.kind == kind.as_str());
        let Some(row) = place.map(|place| totals.swap_remove(place)) else { return EntryStatus::default() };
        let (first, last) = match kind {
            EntryKind::ActivitySummary => (Some(row.identities.0), Some(row.identities.1)),
            _ => (row.first_ms.map(format_instant), row.last_ms.map(format_instant)),
        };
        EntryStatus { count: row.count, first, last }
    };
    EntryKind::ALL.into_iter().filter_map(|kind| Some((key(kind)?, status(kind)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(kind: EntryKind, first_ms: Option<i64>, days: (&str, &str)) -> EntryTotals {
        let identities = (days.0.to_owned(), days.1.to_owned());
        EntryTotals { kind: kind.as_str().to_owned(), count: 2, first_ms, last_ms: first_ms, identities }
    }

    #[test]
    fn days_are_those_of_everything() {
        let zones = Zones::named("Europe/Berlin").expect("a zone");
        let entry = |first: &str, last: &str| EntryStatus {
            count: 2,
            first: Some(first.to_owned()),
            last: Some(last.to_owned()),
        };
        let check = |days: Option<(i32, i32)>, others: &[(&str, &str)], expected: Option<(&str, &str)>| {
            let keys = ["activity_days", "ecgs", "workouts"];
            let entries = keys.into_iter().zip(others.iter().map(|(first, last)| entry(first, last))).collect();
            let found = span(&Totals { days, ..Totals::default() }, &entries, &zones);
            assert_eq!(found, expected.map(|(first, last)| (first.to_owned(), last.to_owned())), "{days:?} {others:?}");
        };
        // 13 and 15 March 2026.
        let samples = Some((20_525, 20_527));
        check(None, &[], None);
        check(samples, &[], Some(("2026-03-13", "2026-03-15")));
        check(samples, &[("2026-03-14", "2026-03-20")], Some(("2026-03-13", "2026-03-20")));
        let midnight = "2026-03-15T23:00:00.000Z";
        check(samples, &[("2026-03-12T08:00:00.000Z", midnight)], Some(("2026-03-12", "2026-03-15")));
        check(None, &[(midnight, midnight)], Some(("2026-03-16", "2026-03-16")));
    }

    #[test]
    fn entries_have_the_keys_of_the_report() {
        let found = entries(vec![
            total(EntryKind::ActivitySummary, None, ("2026-03-14", "2026-03-15")),
            total(EntryKind::Workout, Some(0), ("37", "52")),
            total(EntryKind::Profile, None, ("", "")),
        ]);
        let keys: Vec<&str> = crate::words::ENTRIES.iter().map(|(key, ..)| *key).collect();
        assert!(found.len() == keys.len() && keys.iter().all(|key| found.contains_key(key)), "{found:?}");
        assert_eq!(found["activity_days"].last.as_deref(), Some("2026-03-15"));
        assert_eq!(found["workouts"].first.as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(found["routes"], EntryStatus::default());
    }
}
