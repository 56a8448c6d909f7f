//! The store seen through its one door: batches in, rows out.

mod acts;
mod days;
mod delivered;
mod histories;
mod limits;
mod links;
mod nested;
mod nights;
mod orders;
mod phones;
mod reimports;
mod remotes;
mod renames;
mod repeats;
mod told;
mod undo;
mod units;
mod variants;
mod verify;
mod waits;
mod whereabouts;

use std::path::Path;

use health::batch::NONE;
use health::series::sleep::{Segment, Session};
use health::time::Day;
use health::{Batch, Document, Entry, EntryKind, Origin, Sample, Source};
use rusqlite::types::ValueRef;

use crate::{Cancel, Delivery, ErrorKind, Report, SLEEP, Store, Undone, source_rank};

const HOUR: i64 = 3_600_000;
const STEPS: &str = "HKQuantityTypeIdentifierStepCount";
const PULSE: &str = "HKQuantityTypeIdentifierHeartRate";
const WATER: &str = "HKQuantityTypeIdentifierDietaryWater";
/// A type that no table knows.
const NEW: &str = "HKQuantityTypeIdentifierNewThing";

/// An export in three words: when it was written and what it holds.
#[derive(Clone, Debug)]
struct Export {
    date: i64,
    /// It does not say when it was written.
    undated: bool,
    rows: Vec<Line>,
    workouts: Vec<(i64, &'static str)>,
    /// Rows that stand inside a correlation, there without their device; mostly at top level, too.
    nested: Vec<Line>,
    /// Workouts of one hour, each with what tells it from the others and by which name the watch wrote it; or one of a
    /// later hour, [`WHOLE`] or in part.
    alike: Vec<(u8, &'static str)>,
    complete: bool,
}

const WHOLE: u8 = 103;
/// It ends sooner.
const TORN: u8 = 104;
const TORN_AT_THE_END: u8 = 105;
/// Another copy of the first one.
const COPIED: u8 = 106;
const INCOMPLETE: &str = "{\"incomplete\":true}";

#[derive(Clone, Copy, Debug)]
struct Line {
    kind: &'static str,
    source: &'static str,
    hardware: Option<&'static str>,
    start: i64,
    end: i64,
    value: f64,
    original: Option<f64>,
    unit: &'static str,
    version: Option<&'static str>,
    typed: bool,
}

fn steps(start: i64, end: i64, value: f64) -> Line {
    let (source, hardware) = ("Kim's Watch", Some("Watch6,1"));
    Line {
        kind: STEPS,
        source,
        hardware,
        start,
        end,
        value,
        original: None,
        unit: "count",
        version: None,
        typed: false,
    }
}

/// The same time spent asleep, in bed, or in core sleep.
fn asleep(line: Line, what: u8) -> Line {
    let stage = [1.0, 0.0, 3.0][usize::from(what)];
    Line { kind: SLEEP, value: stage, ..line }
}

impl Line {
    /// The same in an export that prints a type that no table knows in some unit of mass; empty for none.
    fn printed_in(self, unit: &'static str) -> Self {
        if self.kind != NEW {
            return self;
        }
        let printed = health::unit::conversion("kg", unit).map_or(self.value, |found| found.apply(self.value));
        // Six digits, as an export has them.
        Line { value: format!("{printed:.5e}").parse().expect("a number"), ..self }.read_from(unit)
    }

    /// The same as the reader gives it that finds the value in some unit.
    fn read_from(self, unit: &'static str) -> Self {
        let (kind, printed) = (health::kind::get_or_guess(self.kind, None), Some(unit).filter(|unit| !unit.is_empty()));
        let value = kind.conversion(printed).map_or(self.value, |found| found.apply(self.value));
        Line { value, original: (value != self.value).then_some(self.value), unit, ..self }
    }
}

fn export(date: i64, rows: &[Line]) -> Export {
    let (workouts, nested, alike) = (Vec::new(), Vec::new(), Vec::new());
    Export { date, undated: false, rows: rows.to_vec(), workouts, nested, alike, complete: true }
}

fn index_of<T: PartialEq + Clone>(list: &mut Vec<T>, item: &T) -> u32 {
    let found = list.iter().position(|known| known == item).unwrap_or_else(|| {
        list.push(item.clone());
        list.len() - 1
    });
    found as u32
}

fn batch(lines: &[Line]) -> Batch {
    let mut batch = Batch::default();
    for line in lines {
        let source = Source { name: line.source.into(), bundle: None, hardware: line.hardware.map(str::to_owned) };
        let unit = Some(line.unit.to_owned()).filter(|unit| !unit.is_empty());
        let origin = Origin { device: None, version: line.version.map(str::to_owned), unit };
        batch.samples.push(Sample {
            kind: index_of(&mut batch.kinds, &line.kind.to_owned()),
            source: index_of(&mut batch.sources, &source),
            origin: index_of(&mut batch.origins, &origin),
            details: NONE,
            text: NONE,
            user_entered: line.typed,
            start_ms: line.start,
            end_ms: line.end,
            created_ms: Some(line.end),
            value: Some(line.value),
            original: line.original,
        });
    }
    batch
}

/// Takes in batches that were made by hand.
fn ingest_batches(store: &mut Store, batches: &[Batch]) {
    let mut queue = batches.iter().cloned();
    let delivery =
        Delivery { file: None, now_ms: 0, home_zone: "Europe/Berlin", dry_run: false, cancel: Cancel::default() };
    store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| true).expect("ingests");
}

fn batches(export: &Export, size: usize) -> Vec<Batch> {
    let mut all: Vec<Batch> = export.rows.chunks(size).map(batch).collect();
    let mut last = Batch::default();
    // An export calls its watch by one name.
    let watch =
        export.rows.iter().find(|line| line.hardware == Some("Watch6,1")).map_or("Kim's Watch", |line| line.source);
    let workout = |name: &str, start: i64, activity: &str, body: String| Entry {
        kind: EntryKind::Workout,
        identity: activity.to_owned(),
        source: Source { name: name.into(), bundle: None, hardware: Some("Watch6,1".into()) },
        start_ms: Some(start),
        end_ms: Some(start + HOUR),
        body,
        payload: None,
        members: None,
    };
    for (start, activity) in &export.workouts {
        let body = format!("{{\"activity\":\"{activity}\",\"as_of\":{}}}", export.date);
        last.entries.push(workout(watch, *start, activity, body));
    }
    for (what, name) in &export.alike {
        last.entries.push(match *what {
            TORN => Entry { end_ms: Some(71 * HOUR - 1), ..workout(name, 70 * HOUR, "Ski", INCOMPLETE.into()) },
            TORN_AT_THE_END => workout(name, 70 * HOUR, "Ski", INCOMPLETE.into()),
            WHOLE => workout(name, 70 * HOUR, "Ski", "{}".into()),
            COPIED => workout(name, 60 * HOUR, "Rowing", "{\"created\":\"2026\",\"strokes\":0}".into()),
            _ => workout(name, 60 * HOUR, "Rowing", format!("{{\"strokes\":{what}}}")),
        });
    }
    for line in &export.nested {
        let bare = Line { hardware: None, ..*line };
        last.entries.push(Entry {
            kind: EntryKind::Correlation,
            identity: format!("{} {}", line.kind, line.value),
            // Not every app writes it.
            source: Source {
                name: line.source.into(),
                bundle: None,
                hardware: line.hardware.filter(|_| export.date % 3 > 0).map(str::to_owned),
            },
            start_ms: Some(line.start),
            end_ms: Some(line.end),
            body: "{}".into(),
            payload: None,
            members: Some(Box::new(batch(&[bare]))),
        });
    }
    last.document = Some(Document {
        export_date_ms: (!export.undated).then_some(export.date),
        complete: export.complete,
        fingerprint: Some(format!(
            "{:?}",
            (export.date, export.undated, &export.rows, &export.workouts, &export.nested, &export.alike)
        )),
        ..Document::default()
    });
    all.push(last);
    // A hint, and no more: here it comes at the right time, too early, or with the last batch.
    let ends = export.rows.len() % all.len();
    all[ends].samples_end = true;
    let mut document = all[all.len() - 1].document.clone().unwrap_or_default();
    document.complete = false;
    // Known from the beginning of an archive, from the end of a bare document.
    document.fingerprint.take_if(|_| export.rows.len().is_multiple_of(2));
    if let Some(first) = all.first_mut() {
        first.document.get_or_insert(document);
    }
    all
}

fn try_ingest(store: &mut Store, export: &Export, dry_run: bool) -> crate::Result<Report> {
    ingest_by(3, store, export, dry_run)
}

fn ingest_by(size: usize, store: &mut Store, export: &Export, dry_run: bool) -> crate::Result<Report> {
    let mut queue = batches(export, size).into_iter();
    let delivery = Delivery {
        file: Some("export.zip"),
        now_ms: 0,
        home_zone: "Europe/Berlin",
        dry_run,
        cancel: Cancel::default(),
    };
    store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| true)
}

fn ingest(store: &mut Store, export: &Export) -> Report {
    try_ingest(store, export, false).expect("ingests")
}

fn try_undo(store: &mut Store, import: i64) -> crate::Result<Undone> {
    store.undo(import, "Europe/Berlin", &Cancel::default(), &mut |_| true)
}

fn undo(store: &mut Store, import: i64) -> Undone {
    try_undo(store, import).expect("undoes")
}

fn store_of(exports: &[&Export]) -> Store {
    let mut store = Store::empty(Path::new("")).expect("opens");
    for export in exports {
        ingest(&mut store, export);
    }
    store
}

fn text(cell: ValueRef<'_>) -> String {
    match cell {
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}

/// Lines that only one of two dumps has.
fn differences(a: &[String], b: &[String]) -> Vec<String> {
    let only = |mark: &'static str, a: &[String], b: &[String]| {
        a.iter().filter(|line| !b.contains(line)).map(|line| format!("{mark} {line}")).collect::<Vec<_>>()
    };
    [only("-", a, b), only("+", b, a)].concat()
}

/// Everything that a reader can see, as text, without per-store numbers.
fn dump(store: &Store) -> Vec<String> {
    let queries = [
        "SELECT 'sample', k.identifier, s.start_ms, s.duration_ms, l.name, s.value, s.original, coalesce(o.unit, 'none') || coalesce(' ' || o.version, ''), s.copies,
                s.superseded_by IS NULL
         FROM samples s JOIN kinds k ON k.id = s.kind_id JOIN source_labels l ON l.source_id = s.source_id
              JOIN origins o ON o.id = s.origin_id ORDER BY 2, 3, 4, 5, 6",
        "SELECT 'daily', k.identifier, d.day, l.name, d.n, d.total, d.minimum, d.maximum, d.seconds, 0
         FROM daily d JOIN kinds k ON k.id = d.kind_id JOIN source_labels l ON l.source_id = d.source_id
         ORDER BY 2, 3, 4",
        "SELECT 'merged', k.identifier, m.day, m.n, m.value, m.minimum, m.maximum, m.total, m.naive || ' ' || m.weight || coalesce(' ' || m.peak || ' ' || m.peak_ms, ''),
                (SELECT group_concat(l.name || '=' || json_extract(p.value, '$[1]')) FROM json_each(m.parts) p
                 JOIN source_labels l ON l.source_id = json_extract(p.value, '$[0]'))
         FROM merged m JOIN kinds k ON k.id = m.kind_id ORDER BY 2, 3",
        "SELECT 'hour', k.identifier, h.start_ms, h.n, h.value, h.minimum, h.maximum, h.mean, h.total, h.naive
         FROM hourly h JOIN kinds k ON k.id = h.kind_id ORDER BY 2, 3",
        "SELECT 'kind', identifier, unit, 0, 0, 0, 0, 0, 0, 0 FROM kinds ORDER BY 2",
        "SELECT 'setting', key, value, 0, 0, 0, 0, 0, 0, 0 FROM settings ORDER BY 2",
        "SELECT 'stay', from_ms, zone, 0, 0, 0, 0, 0, 0, 0 FROM stays ORDER BY 2",
        "SELECT 'series', k.identifier, l.name, y.n, y.stored, y.first_ms, y.last_ms, 0, 0, 0
         FROM series_summary y JOIN kinds k ON k.id = y.kind_id JOIN source_labels l ON l.source_id = y.source_id
         ORDER BY 2, 3",
        "SELECT 'entry', kind, identity, start_ms, body, superseded_by IS NULL, 0, 0, 0, 0 FROM entries ORDER BY 3, 4, 5",
    ];
    let mut lines = Vec::new();
    for sql in queries {
        let mut statement = store.conn.prepare(sql).expect("valid SQL");
        let mut rows = statement.query([]).expect("runs");
        while let Some(row) = rows.next().expect("reads") {
            let cells: Vec<String> = (0..10).map(|i| text(row.get_ref(i).expect("a cell"))).collect();
            lines.push(cells.join(" "));
        }
    }
    lines.extend(nights_of(store));
    lines
}

/// Each session of sleep with its sources by name, and whether they stand behind those that tell stages.
fn nights_of(store: &Store) -> Vec<String> {
    let orders = store.orders().expect("orders");
    let ranks = orders.of(SLEEP);
    let line = |session: Session| {
        let slice = |slice: &Segment| {
            let source = ranks.name(source_rank(slice.rank));
            format!(
                "{} {} {:?} {source} {}",
                slice.start_ms,
                slice.end_ms,
                slice.stage,
                slice.rank == source_rank(slice.rank)
            )
        };
        let slices: Vec<String> = session.slices.iter().map(slice).collect();
        let (start, end) = (session.start_ms, session.end_ms);
        format!("night {} {:?} {start} {end} {:?} {slices:?}", session.day, session.kind, session.bed())
    };
    store.nights(&orders, (Day::MIN, Day::MAX)).expect("nights").into_iter().map(line).collect()
}

#[track_caller]
fn check_same(a: &Store, b: &Store) {
    let (a, b) = (dump(a), dump(b));
    for (left, right) in a.iter().zip(&b) {
        assert_eq!(left, right);
    }
    assert_eq!(a.len(), b.len(), "{a:#?} {b:#?}");
}

#[track_caller]
fn check_total(store: &Store, kind: &str, expected: (i64, f64)) {
    let got: (i64, f64) = store
        .conn
        .query_row(
            "SELECT count(*), coalesce(sum(value * copies), 0) FROM samples s JOIN kinds k ON k.id = s.kind_id
             WHERE k.identifier = ?1 AND superseded_by IS NULL",
            [kind],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("counts");
    assert_eq!(got, expected);
}
