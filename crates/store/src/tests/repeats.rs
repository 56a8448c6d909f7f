//! Rows that stand several times in one file, and several values of one place.

use super::*;

#[test]
fn r6_two_glasses_of_water_in_one_second_are_two_also_after_another_import() {
    let glass = Line { kind: WATER, typed: true, unit: "mL", ..steps(5000, 5000, 250.0) };
    let mut store = store_of(&[&export(10, &[glass, glass])]);
    check_total(&store, WATER, (1, 500.0));
    let report = ingest(&mut store, &export(20, &[glass, glass]));
    assert_eq!((report.counts.new, report.counts.known, report.counts.duplicates), (0, 2, 0));
    check_total(&store, WATER, (1, 500.0));
}

/// Glasses of one second: how many each export has, by their dates; what the report of the last says (new, known,
/// superseded, restored), what counts then, and what its undo says (removed, restored, superseded).
#[track_caller]
fn check_glasses(exports: &[(i64, usize)], report: [u64; 4], counts: usize, undone: [u64; 3]) {
    let other = |kind| Line { kind, unit: "mL", ..steps(9000, 9000, 100.0) };
    for (kind, typed) in [(WATER, false), (PULSE, true)] {
        let glass = Line { kind, typed, unit: "mL", ..steps(5000, 5000, 250.0) };
        // Side by side in one batch, and batches apart.
        for apart in [0, 4] {
            let export = |(date, n): &(i64, usize)| {
                let mut rows = vec![other(kind)];
                rows.extend(
                    (0..*n).flat_map(|_| std::iter::once(glass).chain(std::iter::repeat_n(other(STEPS), apart))),
                );
                super::export(*date, &rows)
            };
            let exports: Vec<Export> = exports.iter().map(export).collect();
            let (last, before) = exports.split_last().expect("some");
            let mut store = store_of(&before.iter().collect::<Vec<_>>());
            let found = ingest(&mut store, last);
            let of_kind = found.by_type[kind].counts;
            assert_eq!([of_kind.new, of_kind.known - 1, found.superseded, found.restored], report, "{kind} {apart}");
            assert_eq!(found.records, found.counts.new + found.counts.known + found.counts.duplicates);
            let total: i64 = store
                .conn
                .query_row("SELECT sum(copies) FROM samples WHERE start_ms = 5000", [], |row| row.get(0))
                .expect("a sum");
            assert_eq!(total, counts as i64);
            let back = undo(&mut store, exports.len() as i64);
            assert_eq!([back.removed, back.restored, back.superseded], undone, "{kind} {apart}");
            check_same(&store, &store_of(&before.iter().collect::<Vec<_>>()));
        }
    }
}

#[test]
fn more_or_fewer_glasses_than_before_are_new_or_superseded() {
    check_glasses(&[(10, 1), (20, 3)], [2, 1, 0, 0], 3, [2, 0, 0]);
    check_glasses(&[(10, 3), (20, 1)], [0, 1, 2, 0], 1, [0, 2, 0]);
    check_glasses(&[(10, 3), (20, 3)], [0, 3, 0, 0], 3, [0, 0, 0]);
    // An older export knows it worse.
    check_glasses(&[(20, 1), (10, 3)], [2, 1, 0, 0], 1, [2, 0, 0]);
    check_glasses(&[(20, 3), (10, 1)], [0, 1, 0, 0], 3, [0, 0, 0]);
    check_glasses(&[(10, 1), (20, 2), (30, 4)], [2, 2, 0, 0], 4, [2, 0, 0]);
    // Some of those that the one before had superseded.
    check_glasses(&[(10, 3), (20, 1), (30, 2)], [0, 2, 0, 1], 2, [0, 0, 1]);
    check_glasses(&[(10, 3), (20, 1), (30, 4)], [1, 3, 0, 2], 4, [1, 0, 2]);
    // None of them, where the export has the time.
    check_glasses(&[(10, 3), (20, 0)], [0, 0, 3, 0], 3, [0, 3, 0]);
    check_glasses(&[(10, 3), (20, 1), (30, 0)], [0, 0, 1, 0], 1, [0, 1, 0]);
    // Its undo brings back all three of the first, which the second lacks.
    check_glasses(&[(10, 3), (20, 0), (30, 2)], [0, 2, 0, 2], 2, [0, 1, 3]);
    check_glasses(&[(10, 1), (20, 0), (30, 3)], [2, 1, 0, 1], 3, [2, 0, 1]);
}

#[test]
fn glasses_that_an_export_does_not_reach_are_kept_one_and_all() {
    let glass = Line { kind: WATER, unit: "mL", ..steps(5000, 5000, 250.0) };
    for later in [9000, 30 * HOUR] {
        let other = Line { start: later, end: later, value: 100.0, ..glass };
        let mut store = store_of(&[&export(10, &[glass, glass, glass, other])]);
        let report = ingest(&mut store, &export(20, &[other]));
        let gone = if later == 9000 { (3, 0) } else { (0, 3) };
        assert_eq!((report.superseded, report.kept), gone);
    }
}

#[test]
fn all_glasses_of_an_import_are_removed_with_it() {
    let glass = Line { kind: WATER, unit: "mL", ..steps(5000, 5000, 250.0) };
    for others in [&[][..], &[steps(0, HOUR, 1.0)]] {
        let mut store = store_of(&[&export(10, others), &export(20, &[others, &[glass; 3]].concat())]);
        assert_eq!(undo(&mut store, 2).removed, 3);
        check_same(&store, &store_of(&[&export(10, others)]));
    }
    let mut store = store_of(&[&export(20, &[glass; 3])]);
    assert_eq!(undo(&mut store, 1).removed, 3);
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
    let delivery = Delivery { file: None, now_ms: 0, home_zone: "UTC", dry_run: false, cancel: Cancel::default() };
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
