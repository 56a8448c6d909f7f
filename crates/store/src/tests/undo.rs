//! What leaves no trace: dry runs, stops, imports that were taken back.

use super::*;
use crate::Phase;

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
    let delivery = Delivery { file: None, now_ms: 0, home_zone: "UTC", dry_run: false, cancel: Cancel::default() };
    // The first time nothing is in yet.
    let mut told = 0;
    let stopped = store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| {
        told += 1;
        told < 2
    });
    assert!(matches!(stopped.expect_err("stops").kind(), ErrorKind::Cancelled));
    assert_eq!(dump(&store), before);
}

#[test]
fn a_stop_when_all_batches_are_in_changes_nothing() {
    let rows = |n: i64| (0..n).map(|i| steps(i * HOUR, (i + 1) * HOUR, 1.0)).collect::<Vec<_>>();
    let mut store = store_of(&[&export(10, &rows(4))]);
    let before = dump(&store);
    for goes_on in [true, false] {
        let mut queue = batches(&export(20, &rows(9)), 3).into_iter();
        let cancel = Cancel::default();
        let delivery = Delivery { file: None, now_ms: 0, home_zone: "UTC", dry_run: false, cancel: cancel.clone() };
        let mut phases = Vec::new();
        let stopped = store.ingest(&delivery, &mut || Ok(queue.next()), &mut |at| {
            phases.push(at.phase);
            if at.phase == Phase::Finishing && goes_on {
                cancel.cancel();
            }
            at.phase == Phase::Reading || goes_on
        });
        assert!(matches!(stopped.expect_err("stops").kind(), ErrorKind::Cancelled));
        assert_eq!((phases.len(), phases.last()), (6, Some(&Phase::Finishing)), "{phases:?}");
        assert_eq!(dump(&store), before);
        assert_eq!(store.imports().expect("imports").len(), 1);
    }
    assert_eq!(ingest(&mut store, &export(20, &rows(9))).counts.new, 5, "the next import is not stopped");
}

#[test]
fn an_undo_that_is_stopped_at_any_step_changes_nothing() {
    let pulse = Line { kind: PULSE, unit: "count/min", ..steps(5000, 5000, 61.0) };
    let (a, b) = (export(10, &[steps(0, HOUR, 1.0), pulse]), export(20, &[steps(0, 2 * HOUR, 2.0)]));
    let mut store = store_of(&[&a, &b]);
    let before = dump(&store);
    let mut stop_at = |step: u64, goes_on: bool| {
        let cancel = Cancel::default();
        store.undo(2, "Europe/Berlin", &cancel, &mut |steps| {
            assert_eq!(steps.of, 3, "steps, pulses, and what follows");
            if steps.done == step && goes_on {
                cancel.cancel();
            }
            steps.done != step || goes_on
        })
    };
    for step in 0..3 {
        for goes_on in [true, false] {
            let stopped = stop_at(step, goes_on).expect_err("stops");
            assert!(matches!(stopped.kind(), ErrorKind::Cancelled));
        }
    }
    assert_eq!(dump(&store), before);
    undo(&mut store, 2);
    check_same(&store, &store_of(&[&a]));
}

#[test]
fn an_undone_file_is_not_known_any_more() {
    let a = export(10, &[steps(0, HOUR, 1.0)]);
    let mut store = store_of(&[&a]);
    assert_eq!(undo(&mut store, 1).removed, 1);
    check_same(&store, &store_of(&[]));
    assert!(matches!(try_undo(&mut store, 1).expect_err("once only").kind(), ErrorKind::AlreadyUndone(1)));
    assert!(matches!(try_undo(&mut store, 9).expect_err("no such").kind(), ErrorKind::UnknownImport(9)));
    assert_eq!(ingest(&mut store, &a).counts.new, 1);
    check_same(&store, &store_of(&[&a]));
}

/// What is in the dictionaries, and which views there are.
fn texts(store: &Store) -> Vec<String> {
    let mut statement = store
        .conn
        .prepare(
            "SELECT 'kind ' || identifier FROM kinds UNION ALL SELECT 'origin ' || coalesce(version, '') || ' ' || coalesce(unit, '') FROM origins
             UNION ALL SELECT 'source ' || coalesce(hardware, '') FROM sources UNION ALL SELECT 'name ' || name FROM source_names
             UNION ALL SELECT 'text ' || text FROM category_texts UNION ALL SELECT 'detail ' || json FROM details
             UNION ALL SELECT 'absence' FROM absences UNION ALL SELECT 'reject' FROM rejects
             UNION ALL SELECT 'log ' || coalesce(version, '') FROM sample_log l JOIN origins o ON o.id = l.origin_id
             UNION ALL SELECT type || ' ' || name FROM sqlite_schema ORDER BY 1",
        )
        .expect("valid SQL");
    statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("reads")
}

fn with_texts(date: i64, lines: &[Line], text: &str) -> Vec<Batch> {
    let mut batches = batches(&export(date, lines), 99);
    batches[0].details.push(format!("{{\"metadata\":{{\"k\":\"{text}\"}}}}"));
    batches[0].texts.push(text.to_owned());
    for sample in &mut batches[0].samples {
        (sample.details, sample.text) = (0, 0);
    }
    batches
}

#[test]
fn an_undo_leaves_no_text_and_no_view_behind() {
    let own = Line {
        kind: "HKCategoryTypeIdentifierMindfulSession",
        unit: "",
        source: "An app",
        hardware: None,
        ..steps(0, HOUR, 0.0)
    };
    let first = || with_texts(10, &[steps(0, HOUR, 1.0)], "a");
    let second = || with_texts(20, &[Line { version: Some("18.2"), ..steps(0, HOUR, 1.0) }, own], "a");
    let third = || with_texts(30, &[own], "b");
    let of = |all: &[&dyn Fn() -> Vec<Batch>]| {
        let mut store = store_of(&[]);
        all.iter().for_each(|batches| ingest_batches(&mut store, &batches()));
        store
    };
    let mut store = of(&[&first, &second, &third]);
    undo(&mut store, 3);
    assert_eq!(texts(&store), texts(&of(&[&first, &second])));
    undo(&mut store, 2);
    assert_eq!(texts(&store), texts(&of(&[&first])));
    undo(&mut store, 1);
    assert_eq!(texts(&store), texts(&of(&[])));
    ingest_batches(&mut store, &second());
    assert_eq!(texts(&store), texts(&of(&[&second])));
    check_same(&store, &of(&[&second]));
    // What it saw first and others saw too stays theirs.
    let mut store =
        of(&[&first, &second, &|| with_texts(40, &[Line { version: Some("18.2"), ..steps(0, HOUR, 1.0) }], "a")]);
    undo(&mut store, 2);
    assert_eq!(store.verify("UTC").expect("verifies"), []);
    undo(&mut store, 1);
    check_same(&store, &of(&[&|| with_texts(40, &[Line { version: Some("18.2"), ..steps(0, HOUR, 1.0) }], "a")]));
    assert_eq!(store.verify("UTC").expect("verifies"), []);
}

#[test]
fn a_kind_gets_the_view_that_an_undone_one_had() {
    let of = |kind| Line { kind, ..steps(0, HOUR, 1.0) };
    let count = |store: &Store| {
        store.conn.query_row("SELECT count(*) FROM novel_thing", [], |row| row.get::<_, i64>(0)).expect("a view")
    };
    let (first, second) = ("HKQuantityTypeIdentifierNovelThing", "HKDataTypeNovelThing");
    assert_eq!(crate::view_name(first), crate::view_name(second));
    let mut store = store_of(&[&export(10, &[of(first)]), &export(20, &[of(second), Line { start: 1, ..of(second) }])]);
    assert_eq!(count(&store), 1);
    undo(&mut store, 1);
    assert_eq!(count(&store), 2);
}

/// Which of the imports that stand held an entry, as how many of them there are up to it, and what each wrote down of
/// it.
fn log_of_entries(store: &Store) -> Vec<String> {
    let mut statement = store
        .conn
        .prepare(
            "SELECT e.identity, e.start_ms, e.body,
                    (SELECT count(*) FROM imports i WHERE i.undone = 0 AND i.id <= e.import_id),
                    (SELECT count(*) FROM imports i WHERE i.undone = 0 AND i.id <= l.import_id), l.body, l.payload
             FROM entries e JOIN entry_log l ON l.entry_id = e.id ORDER BY 1, 2, 5",
        )
        .expect("valid SQL");
    let line = |row: &rusqlite::Row<'_>| (0..7).map(|i| row.get_ref(i).map(text)).collect::<Result<Vec<_>, _>>();
    let lines = statement.query_map([], |row| line(row).map(|cells| cells.join(" ")));
    lines.and_then(Iterator::collect).expect("reads")
}

/// Imports with the same workout or record, which looks as each was written, are undone one at a time: the first two
/// numbers tell the order of the exports, equal ones look the same.
#[test]
fn an_undo_leaves_no_image_of_an_entry_behind() {
    let ways: [&[i64]; 9] = [
        &[10, 20],
        &[20, 10],
        &[10, 10],
        &[10, 20, 10],
        &[10, 10, 20],
        &[10, 20, 20],
        &[20, 10, 30],
        &[10, 20, 30, 20, 10],
        &[30, 10, 10, 20, 20],
    ];
    let of = |dates: &[(usize, i64)]| {
        let mut store = store_of(&[]);
        for (number, date) in dates {
            // A row of its own tells the files of one moment apart.
            let mut export = export(*date, &[steps(*number as i64 * HOUR, (*number as i64 + 1) * HOUR, 1.0)]);
            export.workouts.push((0, "Walking"));
            let mut batches = batches(&export, 3);
            let mut record = batches[batches.len() - 1].entries[0].clone();
            record.kind = EntryKind::ClinicalRecord;
            record.identity = "A record".to_owned();
            (record.start_ms, record.end_ms) = (Some(date * 1000), None);
            record.body = format!("{{\"received\":\"1970-01-01T00:00:{date}Z\"}}");
            record.payload = Some(vec![*date as u8]);
            batches[0].entries.push(record);
            ingest_batches(&mut store, &batches);
        }
        store
    };
    for dates in ways {
        let all: Vec<(usize, i64)> = dates.iter().copied().enumerate().collect();
        for gone in 0..all.len() {
            let mut store = of(&all);
            undo(&mut store, gone as i64 + 1);
            let left: Vec<_> = all.iter().copied().filter(|(number, _)| *number != gone).collect();
            assert_eq!(log_of_entries(&store), log_of_entries(&of(&left)), "{dates:?} without number {gone}");
        }
    }
}

/// Where no sample tells it, home is where the computer was at the first import that stands.
#[test]
fn an_undone_import_does_not_say_where_home_is() {
    let exports = [export(10, &[steps(0, HOUR, 1.0)]), export(20, &[steps(HOUR, 2 * HOUR, 1.0)])];
    let take_in = |store: &mut Store, export: &Export, home_zone| {
        let mut queue = batches(export, 3).into_iter();
        let delivery = Delivery { file: None, now_ms: 0, home_zone, dry_run: false, cancel: Cancel::default() };
        store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| true).expect("ingests");
    };
    let mut store = store_of(&[]);
    take_in(&mut store, &exports[0], "Asia/Tokyo");
    take_in(&mut store, &exports[1], "America/New_York");
    let both = dump(&store);
    let mut alone = store_of(&[]);
    take_in(&mut alone, &exports[1], "America/New_York");
    store.undo(1, "Europe/Berlin", &Cancel::default(), &mut |_| true).expect("undoes");
    check_same(&store, &alone);
    // Who comes after the first one has no say.
    take_in(&mut store, &exports[0], "Asia/Tokyo");
    store.undo(3, "Europe/Berlin", &Cancel::default(), &mut |_| true).expect("undoes");
    check_same(&store, &alone);
    assert_ne!(both, dump(&alone));
}
