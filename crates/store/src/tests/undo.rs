//! What leaves no trace: dry runs, stops, imports that were taken back.

use super::*;

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
