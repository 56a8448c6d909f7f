//! The same history imported again: what is known, what is new, what a newer export rewrote.

use super::*;

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
fn a_known_file_is_told_at_once_while_somebody_else_writes() {
    let dir = std::env::temp_dir().join(format!("vitalog-known {}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let path = dir.join("a store.db");
    // An archive's fingerprint is known before its first record.
    let known = |rows: &[Line]| {
        let mut batches = batches(&export(10, rows), 3);
        let document = batches.last().and_then(|last| last.document.clone());
        batches[0].document = document;
        batches
    };
    let try_ingest = |store: &mut Store, rows: &[Line], dry_run| {
        let mut queue = known(rows).into_iter();
        let delivery = Delivery { file: None, now_ms: 0, home_zone: "UTC", dry_run, cancel: Cancel::default() };
        store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| true)
    };
    let rows = [steps(0, HOUR, 1.0), steps(HOUR, 2 * HOUR, 1.0)];
    try_ingest(&mut Store::open(&path).expect("a store"), &rows, false).expect("ingests");
    let writer = Store::open(&path).expect("a store");
    writer.conn.execute_batch("BEGIN IMMEDIATE").expect("a writer");
    let mut store = Store::open_within(&path, std::time::Duration::ZERO).expect("a store");
    for (dry_run, outcome) in [(false, "already_imported"), (true, "dry_run")] {
        let report = try_ingest(&mut store, &rows, dry_run).expect("known");
        assert_eq!((report.outcome.as_str(), report.counts.known), (outcome, 2));
        let refused = try_ingest(&mut store, &rows[1..], dry_run).expect_err("another file must wait");
        assert!(matches!(refused.kind(), ErrorKind::Busy), "{refused}");
    }
    drop((store, writer));
    std::fs::remove_dir_all(&dir).expect("removed");
}

/// What an import did to the rows of earlier ones it did once.
#[test]
fn a_known_file_changes_no_row_and_tells_none() {
    let hours = |values: &[f64]| {
        (1..).zip(values).map(|(i, value)| steps(i * HOUR, (i + 1) * HOUR, *value)).collect::<Vec<_>>()
    };
    let a = export(10, &[hours(&[1.0, 2.0, 3.0, 4.0]), vec![steps(-99 * HOUR, -98 * HOUR, 5.0)]].concat());
    let b = export(20, &[steps(HOUR, 3 * HOUR, 3.0), steps(3 * HOUR, 5 * HOUR, 7.0)]);
    let c = export(30, &hours(&[1.0, 2.0, 3.0, 4.0]));
    let mut store = store_of(&[&a]);
    for (export, expected) in [(&b, (4, 1, 0)), (&c, (2, 1, 4))] {
        let found = |report: &Report| (report.superseded, report.kept, report.restored);
        assert_eq!(found(&ingest(&mut store, export)), expected);
        for dry_run in [false, true] {
            let again = try_ingest(&mut store, export, dry_run).expect("known");
            assert_eq!(again.counts.known, again.records);
            assert_eq!(found(&again), (0, 0, 0), "{}", again.outcome);
        }
    }
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
fn a_row_that_comes_back_counts_again() {
    let rows: Vec<Line> = (0..3).map(|i| steps(i * HOUR, (i + 1) * HOUR, 1.0)).collect();
    let without = [rows[0], rows[2]];
    let (a, b, c) = (export(1, &rows), export(2, &without), export(3, &rows));
    let expected = dump(&store_of(&[&c, &a, &b]));
    assert_eq!(differences(&dump(&store_of(&[&a, &b, &c])), &expected), Vec::<String>::new());
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
    undo(&mut store, 2);
    check_same(&store, &store_of(&[&a]));
}

#[test]
fn a_truncated_export_supersedes_nothing() {
    let a = export(10, &[steps(0, HOUR, 1.0), steps(HOUR, 2 * HOUR, 1.0)]);
    let b = Export { complete: false, ..export(20, &[steps(0, HOUR, 1.0)]) };
    check_total(&store_of(&[&a, &b]), STEPS, (2, 2.0));
}

#[test]
fn what_a_truncated_export_had_is_superseded_by_a_whole_one() {
    let cut = Export { complete: false, ..export(10, &[steps(0, HOUR, 1.0)]) };
    let newer = export(30, &[steps(HOUR, 2 * HOUR, 1.0)]);
    let older = export(20, &[steps(HOUR, 2 * HOUR, 1.0), steps(0, HOUR, 1.0)]);
    let undated = Export { undated: true, ..export(0, &[steps(0, HOUR, 1.0)]) };
    for first in [&cut, &undated] {
        check_total(&store_of(&[first, &newer]), STEPS, (1, 1.0));
        check_total(&store_of(&[&newer, first]), STEPS, (1, 1.0));
        check_same(&store_of(&[first, &newer, &older]), &store_of(&[&older, first, &newer]));
    }
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
fn of_one_moment_the_copy_that_is_whole_counts() {
    let workouts = |end: i64, mark: &str| {
        let mut batches = batches(&Export { workouts: vec![(0, "Running")], ..export(10, &[]) }, 3);
        batches.iter_mut().flat_map(|batch| &mut batch.entries).for_each(|entry| entry.end_ms = Some(end));
        let fingerprint = Some(format!("zip:1{mark}"));
        batches
            .iter_mut()
            .filter_map(|batch| batch.document.as_mut())
            .for_each(|d| d.fingerprint.clone_from(&fingerprint));
        batches
    };
    // Whatever their fingerprints are worth.
    for n in 0..8 {
        let (whole, damaged) = (workouts(HOUR, ""), workouts(HOUR / 2, &format!(" damaged {n}")));
        for order in [[&whole, &damaged], [&damaged, &whole]] {
            let mut store = store_of(&[]);
            order.iter().for_each(|batches| ingest_batches(&mut store, batches));
            let ends: Vec<i64> = store
                .conn
                .prepare("SELECT end_ms FROM entries WHERE superseded_by IS NULL")
                .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
                .expect("reads");
            assert_eq!(ends, [HOUR]);
        }
    }
}
