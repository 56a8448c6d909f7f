//! The store seen through its one door: batches in, rows out.

use std::path::Path;

use health::batch::NONE;
use health::{Batch, Document, Entry, EntryKind, Origin, Sample, Source};
use rusqlite::types::ValueRef;

use crate::{Delivery, ErrorKind, Report, Store};

const HOUR: i64 = 3_600_000;
const STEPS: &str = "HKQuantityTypeIdentifierStepCount";
const PULSE: &str = "HKQuantityTypeIdentifierHeartRate";
const WATER: &str = "HKQuantityTypeIdentifierDietaryWater";

/// An export in three words: when it was written and what it holds.
#[derive(Clone, Debug)]
struct Export {
    date: i64,
    rows: Vec<Line>,
    workouts: Vec<(i64, &'static str)>,
    complete: bool,
}

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
    typed: bool,
}

fn steps(start: i64, end: i64, value: f64) -> Line {
    let (source, hardware) = ("Kim's Watch", Some("Watch6,1"));
    Line { kind: STEPS, source, hardware, start, end, value, original: None, unit: "count", typed: false }
}

fn export(date: i64, rows: &[Line]) -> Export {
    Export { date, rows: rows.to_vec(), workouts: Vec::new(), complete: true }
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
        let origin = Origin { device: None, version: None, unit: Some(line.unit.to_owned()) };
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

fn batches(export: &Export, size: usize) -> Vec<Batch> {
    let mut all: Vec<Batch> = export.rows.chunks(size).map(batch).collect();
    let mut last = Batch::default();
    for (start, activity) in &export.workouts {
        last.entries.push(Entry {
            kind: EntryKind::Workout,
            identity: (*activity).to_owned(),
            source: Source { name: "Kim's Watch".into(), bundle: None, hardware: Some("Watch6,1".into()) },
            start_ms: Some(*start),
            end_ms: Some(start + HOUR),
            body: format!("{{\"activity\":\"{activity}\",\"as_of\":{}}}", export.date),
            payload: None,
            members: None,
        });
    }
    last.document = Some(Document {
        export_date_ms: Some(export.date),
        complete: export.complete,
        fingerprint: Some(format!("{}-{}", export.date, export.rows.len())),
        ..Document::default()
    });
    all.push(last);
    // A hint, and no more: here it comes at the right time, too early, or with the last batch.
    let ends = export.rows.len() % all.len();
    all[ends].samples_end = true;
    let mut document = all[all.len() - 1].document.clone().unwrap_or_default();
    document.complete = false;
    document.fingerprint = None;
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
    let delivery = Delivery { file: Some("export.zip"), now_ms: 0, home_zone: "Europe/Berlin", dry_run };
    store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| true)
}

fn ingest(store: &mut Store, export: &Export) -> Report {
    try_ingest(store, export, false).expect("ingests")
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
        "SELECT 'sample', k.identifier, s.start_ms, s.duration_ms, l.name, s.value, s.original, o.unit, s.copies,
                s.superseded_by IS NULL
         FROM samples s JOIN kinds k ON k.id = s.kind_id JOIN source_labels l ON l.source_id = s.source_id
              JOIN origins o ON o.id = s.origin_id ORDER BY 2, 3, 4, 5, 6",
        "SELECT 'daily', k.identifier, d.day, l.name, d.n, d.total, d.minimum, d.maximum, d.seconds, 0
         FROM daily d JOIN kinds k ON k.id = d.kind_id JOIN source_labels l ON l.source_id = d.source_id
         ORDER BY 2, 3, 4",
        "SELECT 'merged', k.identifier, m.day, m.n, m.value, m.minimum, m.maximum, m.total, m.naive,
                (SELECT group_concat(l.name || '=' || json_extract(p.value, '$[1]')) FROM json_each(m.parts) p
                 JOIN source_labels l ON l.source_id = json_extract(p.value, '$[0]'))
         FROM merged m JOIN kinds k ON k.id = m.kind_id ORDER BY 2, 3",
        "SELECT 'setting', key, value, 0, 0, 0, 0, 0, 0, 0 FROM settings ORDER BY 2",
        "SELECT 'stay', from_ms, zone, 0, 0, 0, 0, 0, 0, 0 FROM stays ORDER BY 2",
        "SELECT 'series', k.identifier, l.name, y.n, y.stored, y.first_ms, y.last_ms, 0, 0, 0
         FROM series_summary y JOIN kinds k ON k.id = y.kind_id JOIN source_labels l ON l.source_id = y.source_id
         ORDER BY 2, 3",
        "SELECT 'entry', kind, identity, start_ms, body, superseded_by IS NULL, 0, 0, 0, 0 FROM entries ORDER BY 3, 4",
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
    lines
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

#[test]
fn r1_the_same_file_again_adds_nothing_and_says_so() {
    let a = export(10, &[steps(0, HOUR, 100.0), steps(HOUR, 2 * HOUR, 50.0)]);
    let mut store = store_of(&[&a]);
    let before = dump(&store);
    let report = ingest(&mut store, &a);
    assert_eq!(report.outcome, "already_imported");
    assert_eq!((report.import, report.counts.new, report.counts.known), (Some(1), 0, 2));
    assert_eq!(dump(&store), before);
}

#[test]
fn r2_a_later_export_with_the_same_samples_adds_nothing() {
    let rows: Vec<Line> = (0..100).map(|i| steps(i * HOUR, (i + 1) * HOUR, i as f64)).collect();
    let mut store = store_of(&[&export(10, &rows)]);
    let report = ingest(&mut store, &export(20, &rows));
    assert_eq!((report.counts.new, report.counts.known, report.superseded, report.kept), (0, 100, 0, 0));
    check_total(&store, STEPS, (100, 4950.0));
}

#[test]
fn r3_condensed_rows_supersede_what_they_condense() {
    let ten = HOUR / 6;
    let a = export(10, &[steps(0, ten, 1000.0), steps(ten, 2 * ten, 1000.0), steps(2 * ten, 3 * ten, 1000.0)]);
    let b = export(20, &[steps(0, 3 * ten, 3000.0)]);
    let mut store = store_of(&[&a]);
    let report = ingest(&mut store, &b);
    assert_eq!((report.counts.new, report.superseded, report.kept), (1, 3, 0));
    check_total(&store, STEPS, (1, 3000.0));
    check_same(&store, &store_of(&[&b, &a]));
}

#[test]
fn r4_a_new_phone_keeps_the_old_phones_years() {
    let old: Vec<Line> = (0..50).map(|i| steps(i * HOUR, (i + 1) * HOUR, 10.0)).collect();
    let new: Vec<Line> = (9000..9050).map(|i| steps(i * HOUR, (i + 1) * HOUR, 10.0)).collect();
    let mut store = store_of(&[&export(10, &old)]);
    let report = ingest(&mut store, &export(20, &new));
    assert_eq!((report.counts.new, report.superseded, report.kept), (50, 0, 50));
    check_total(&store, STEPS, (100, 1000.0));
}

#[test]
fn r6_two_glasses_of_water_in_one_second_are_two_also_after_another_import() {
    let glass = Line { kind: WATER, typed: true, unit: "mL", ..steps(5000, 5000, 250.0) };
    let mut store = store_of(&[&export(10, &[glass, glass])]);
    check_total(&store, WATER, (1, 500.0));
    let report = ingest(&mut store, &export(20, &[glass, glass]));
    assert_eq!((report.counts.new, report.counts.known, report.counts.duplicates), (0, 2, 0));
    check_total(&store, WATER, (1, 500.0));
}

#[test]
fn repeats_of_anything_else_are_duplicates_wherever_they_stand() {
    let beat = Line { kind: PULSE, unit: "count/min", ..steps(5000, 5000, 61.0) };
    let other = Line { start: 9000, end: 9000, ..beat };
    // Batches hold three rows: the second repeat comes in a batch of its own.
    let rows = [beat, beat, other, other, other, beat];
    let a = export(10, &rows);
    let mut store = Store::empty(Path::new("")).expect("opens");
    let report = ingest(&mut store, &a);
    assert_eq!((report.records, report.counts.new, report.counts.duplicates), (6, 2, 4));
    let report = ingest(&mut store, &export(20, &rows));
    assert_eq!((report.records, report.counts.known, report.counts.duplicates), (6, 2, 4));
}

#[test]
fn rows_come_out_as_they_went_in_however_many_come_at_once() {
    let rows: Vec<Line> = (0..500_i64)
        .map(|i| {
            let base = steps(i / 3 * HOUR, i / 3 * HOUR + (i % 2) * HOUR, 1.0 + i as f64);
            let source = if i % 5 == 0 { "Kim's iPhone" } else { base.source };
            Line { source, original: (i % 7 == 0).then_some(0.5), typed: i % 11 == 0, ..base }
        })
        .collect();
    let dump_of = |size| {
        let mut store = Store::empty(Path::new("")).expect("opens");
        let report = ingest_by(size, &mut store, &export(1, &rows), false).expect("ingests");
        assert_eq!(report.by_type.values().map(|kind| kind.counts.new).sum::<u64>(), 500);
        dump(&store)
    };
    let expected = dump_of(1);
    for size in [31, 33, 100, 1000] {
        assert_eq!(differences(&dump_of(size), &expected), Vec::<String>::new(), "{size} at once");
    }
}

#[test]
fn a_row_that_comes_back_counts_again() {
    let rows: Vec<Line> = (0..3).map(|i| steps(i * HOUR, (i + 1) * HOUR, 1.0)).collect();
    let without = [rows[0], rows[2]];
    let (a, b, c) = (export(1, &rows), export(2, &without), export(3, &rows));
    let expected = dump(&store_of(&[&c, &a, &b]));
    assert_eq!(differences(&dump(&store_of(&[&a, &b, &c])), &expected), Vec::<String>::new());
}

#[test]
fn repeats_that_lie_batches_apart_are_as_those_side_by_side() {
    let glass = Line { kind: WATER, end: 0, unit: "mL", typed: true, ..steps(0, 0, 250.0) };
    let pulse = |i: i64| Line { kind: PULSE, end: i * HOUR, unit: "count/min", ..steps(i * HOUR, 0, 60.0) };
    let pulses: Vec<Line> = (0..9).map(pulse).collect();
    let apart = [&[glass, pulses[0]][..], &pulses, &[glass, pulses[0]]].concat();
    let mut near = [&[glass, glass, pulses[0], pulses[0]][..], &pulses].concat();
    near.sort_by_key(|line| (line.kind, line.start));
    let expected = dump(&store_of(&[&export(1, &near), &export(2, &near)]));
    for (first, second) in [(&near, &apart), (&apart, &near), (&apart, &apart)] {
        let mut store = store_of(&[&export(1, first)]);
        let second = export(2, second);
        let report = ingest(&mut store, &Export { rows: [second.rows.clone(), vec![pulse(99)]].concat(), ..second });
        let water = &report.by_type[WATER].counts;
        assert_eq!((water.new, water.known, water.duplicates), (0, 2, 0));
        let dump: Vec<String> = dump(&store);
        let missing: Vec<&String> =
            expected.iter().filter(|line| line.contains(WATER) && !dump.contains(line)).collect();
        assert_eq!(missing, Vec::<&String>::new());
    }
}

#[test]
fn members_that_come_before_their_twins_are_stored_once() {
    let lines: Vec<Line> = (0..10_050).map(|i| steps(i * HOUR, i * HOUR + 60_000, 1.0)).collect();
    let mut first = batches(&export(1, &[]), 1).remove(0);
    first.entries = lines
        .iter()
        .map(|line| Entry {
            kind: EntryKind::Correlation,
            identity: "HKCorrelationTypeIdentifierFood".into(),
            source: Source { name: line.source.into(), bundle: None, hardware: line.hardware.map(str::to_owned) },
            start_ms: Some(line.start),
            end_ms: Some(line.end),
            body: "{}".into(),
            payload: None,
            members: Some(Box::new(batch(&[*line]))),
        })
        .collect();
    let mut store = Store::empty(Path::new("")).expect("opens");
    let delivery = Delivery { file: None, now_ms: 0, home_zone: "UTC", dry_run: false };
    let mut queue = [first, batch(&lines)].into_iter();
    store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| true).expect("ingests");
    let count = |sql: &str| store.conn.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    assert_eq!(count("SELECT count(*) FROM samples"), 10_050);
    assert_eq!(count("SELECT count(*) FROM correlation_members"), 10_050);
    assert_eq!(store.verify("UTC").expect("verifies"), []);
}

#[test]
fn several_values_of_one_second_are_several_samples() {
    let a = [steps(0, HOUR, 1.0), steps(0, HOUR, 2.0), steps(0, HOUR, 3.0), steps(0, HOUR, 4.0)];
    let mut store = store_of(&[&export(10, &a)]);
    check_total(&store, STEPS, (4, 10.0));
    let report = ingest(&mut store, &export(20, &a));
    assert_eq!((report.counts.new, report.counts.known), (0, 4));
}

#[test]
fn changed_units_and_a_renamed_watch_are_the_same_samples() {
    let energy = |start: i64, name: &'static str, value: f64, original: Option<f64>, unit: &'static str| Line {
        kind: "HKQuantityTypeIdentifierActiveEnergyBurned",
        source: name,
        original,
        unit,
        ..steps(start, start + 60_000, value)
    };
    let a: Vec<Line> = (0..40).map(|i| energy(i * HOUR, "Kim's Watch", 1.0 + i as f64, None, "kcal")).collect();
    let b: Vec<Line> = (0..44)
        .map(|i| {
            let kilojoules = ((1.0 + i as f64) * 4.184 * 1000.0).round() / 1000.0;
            energy(i * HOUR, "Sasha's Watch", kilojoules / 4.184, Some(kilojoules), "kJ")
        })
        .collect();
    let (a, b) = (export(10, &a), export(20, &b));
    let mut store = store_of(&[&a]);
    let report = ingest(&mut store, &b);
    assert_eq!((report.counts.new, report.counts.known, report.superseded), (4, 40, 0));
    check_same(&store, &store_of(&[&b]));
    check_same(&store_of(&[&b, &a]), &store_of(&[&b]));
    store.undo(2, "Europe/Berlin").expect("undoes");
    check_same(&store, &store_of(&[&a]));
}

#[test]
fn a_truncated_export_supersedes_nothing() {
    let a = export(10, &[steps(0, HOUR, 1.0), steps(HOUR, 2 * HOUR, 1.0)]);
    let b = Export { complete: false, ..export(20, &[steps(0, HOUR, 1.0)]) };
    check_total(&store_of(&[&a, &b]), STEPS, (2, 2.0));
}

#[test]
fn a_workout_that_a_newer_export_rewrote_does_not_count() {
    let with = |date, workouts: &[(i64, &'static str)]| Export {
        workouts: workouts.to_vec(),
        ..export(date, &[steps(0, HOUR, 1.0)])
    };
    let a = with(10, &[(0, "Running"), (900 * HOUR, "Yoga")]);
    let b = with(20, &[(60_000, "Running"), (900 * HOUR, "Yoga")]);
    let store = store_of(&[&a, &b]);
    let live: i64 =
        store.conn.query_row("SELECT count(*) FROM workouts", [], |row| row.get(0)).expect("the view answers");
    assert_eq!(live, 2);
    check_same(&store, &store_of(&[&b, &a]));
}

#[test]
fn a_dry_run_and_a_stop_change_nothing() {
    let a = export(10, &[steps(0, HOUR, 1.0)]);
    let mut store = store_of(&[&a]);
    let before = dump(&store);
    let b = export(20, &[steps(0, HOUR, 1.0), steps(HOUR, 2 * HOUR, 1.0)]);
    let report = try_ingest(&mut store, &b, true).expect("reports");
    assert_eq!((report.outcome.as_str(), report.import, report.counts.new), ("dry_run", None, 1));
    assert_eq!(dump(&store), before);
    let mut queue = batches(&b, 3).into_iter();
    let delivery = Delivery { file: None, now_ms: 0, home_zone: "UTC", dry_run: false };
    let stopped = store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| false);
    assert!(matches!(stopped.expect_err("stops").kind(), ErrorKind::Cancelled));
    assert_eq!(dump(&store), before);
}

#[test]
fn an_undone_file_is_not_known_any_more() {
    let a = export(10, &[steps(0, HOUR, 1.0)]);
    let mut store = store_of(&[&a]);
    assert_eq!(store.undo(1, "UTC").expect("undoes").removed, 1);
    check_same(&store, &store_of(&[]));
    assert!(matches!(store.undo(1, "UTC").expect_err("once only").kind(), ErrorKind::AlreadyUndone(1)));
    assert!(matches!(store.undo(9, "UTC").expect_err("no such").kind(), ErrorKind::UnknownImport(9)));
    assert_eq!(ingest(&mut store, &a).counts.new, 1);
    check_same(&store, &store_of(&[&a]));
}

#[test]
fn t5_a_walk_over_midnight_gives_each_day_its_part() {
    // 23:50 to 00:10 in Berlin, in winter.
    let start = 23 * HOUR - HOUR / 6;
    let store = store_of(&[&export(10, &[steps(start, start + HOUR / 3, 600.0)])]);
    let mut statement = store.conn.prepare("SELECT day, total FROM daily ORDER BY day").expect("valid");
    let days: Vec<(i64, f64)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).and_then(Iterator::collect).expect("reads");
    // 1970 began at 23:00 UTC in Berlin.
    assert_eq!(days, [(0, 300.0), (1, 300.0)]);
}

#[test]
fn another_home_zone_moves_days_and_loses_nothing() {
    let rows: Vec<Line> = (0..48).map(|i| steps(i * HOUR, (i + 1) * HOUR, 1.0)).collect();
    let mut store = store_of(&[&export(10, &rows)]);
    let before = dump(&store);
    store.set_day_setting("home_zone", "Asia/Tokyo", "UTC").expect("rebuilds");
    assert_ne!(dump(&store), before);
    let few = dump(&store);
    store.rebuild("UTC").expect("rebuilds");
    assert!(dump(&store) == few, "all days made anew are those that were");
    store.set_day_setting("home_zone", "Europe/Berlin", "UTC").expect("rebuilds");
    // From now on it is a choice and no find.
    let found = |line: &String| line.starts_with("setting home_zone_found");
    assert_eq!(dump(&store), before.into_iter().filter(|line| !found(line)).collect::<Vec<_>>());
}

mod links;
mod verify;

mod orders {
    use proptest::prelude::*;

    use super::*;

    /// Steps, pulses and water; watch and phone; measured and typed in.
    fn line() -> impl Strategy<Value = Line> {
        let place = (0..60_i64, 1..3_i64, 0..3_u8);
        (place, 0..3_u8, prop::bool::ANY, prop::bool::weighted(0.2)).prop_map(
            |((start, length, value), kind, phone, typed)| {
                let base = steps(start * HOUR / 2, (start + length) * HOUR / 2, f64::from(value) * 0.1 + 1.0);
                let base = match kind {
                    0 => Line { kind: PULSE, end: base.start, unit: "count/min", ..base },
                    1 => Line { kind: WATER, end: base.start, unit: "mL", ..base },
                    _ => base,
                };
                match phone {
                    true => Line { source: "Kim's iPhone", hardware: None, typed, ..base },
                    false => Line { typed, ..base },
                }
            },
        )
    }

    /// Three exports of one history: rows come, go and come back, and some stand in a file several times, side by side
    /// or batches apart.
    fn exports() -> impl Strategy<Value = Vec<Export>> {
        let row = (line(), prop::collection::vec(0..3_usize, 3));
        prop::collection::vec(row, 0..25).prop_map(|rows| {
            let export = |i: usize| {
                let once = rows.iter().filter(|(_, times)| times[i] > 0).map(|(line, _)| *line);
                let again = rows.iter().filter(|(_, times)| times[i] > 1).map(|(line, _)| *line);
                Export { date: 10 + i as i64, ..export(0, &once.chain(again).collect::<Vec<_>>()) }
            };
            (0..3).map(export).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn any_order_of_imports_ends_the_same(exports in exports()) {
            let [a, b, c] = &exports[..] else { unreachable!() };
            let mut store = store_of(&[a, b, c]);
            let expected = dump(&store);
            store.rebuild("Europe/Berlin").expect("rebuilds");
            prop_assert_eq!(differences(&dump(&store), &expected), Vec::<String>::new());
            for order in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
                prop_assert_eq!(differences(&dump(&store_of(&order)), &expected), Vec::<String>::new());
            }
        }

        #[test]
        fn an_undo_leaves_the_store_as_if_it_had_not_been(exports in exports(), which in 0..3_usize) {
            let all: Vec<&Export> = exports.iter().collect();
            let mut store = store_of(&all);
            store.undo(which as i64 + 1, "Europe/Berlin").expect("undoes");
            let rest: Vec<&Export> = all.iter().enumerate().filter(|(i, _)| *i != which).map(|(_, e)| *e).collect();
            prop_assert_eq!(differences(&dump(&store), &dump(&store_of(&rest))), Vec::<String>::new());
        }
    }
}
