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
    let stopped = store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| false);
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
        assert_eq!((phases.len(), phases.last()), (5, Some(&Phase::Finishing)), "{phases:?}");
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
