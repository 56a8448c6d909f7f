//! Limits of the store, from both sides, and many of what there are usually few.

use health::Problem;

use super::*;
use crate::REJECTS_KEPT;
use crate::place::MAX_ALIKE;
use crate::rollup::{self, Rule};
use health::time::Zones;

fn refused(rejects: u64) -> Batch {
    let problem = Problem {
        reason: "bad_time",
        position: Some(1),
        kind: Some(STEPS.to_owned()),
        rejected: Some("x".to_owned()),
        file: None,
        count: 1,
    };
    Batch { problems: (0..rejects).map(|_| problem.clone()).collect(), ..Batch::default() }
}

#[test]
fn so_many_rejects_are_kept_and_all_are_counted() {
    for (rejects, kept) in
        [(REJECTS_KEPT - 1, REJECTS_KEPT - 1), (REJECTS_KEPT, REJECTS_KEPT), (REJECTS_KEPT + 1, REJECTS_KEPT)]
    {
        let mut store = store_of(&[]);
        let delivery = Delivery { file: None, now_ms: 0, home_zone: "UTC", dry_run: false, cancel: Cancel::default() };
        let mut queue = [refused(1), refused(rejects - 1)].into_iter();
        let report = store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| true).expect("ingests");
        assert_eq!((report.rejects(), report.problems[0].count), (rejects, rejects));
        assert_eq!(store.rejects(1, usize::MAX >> 1).expect("rejects").len() as u64, kept);
    }
}

/// So many samples of one time, in batches of a size, into a store that knows the kind or not: how many are left out.
#[track_caller]
fn check_alike(count: usize, at_once: usize, known: bool, expected: u64) {
    let rows: Vec<Line> = (0..count).map(|n| steps(HOUR, 2 * HOUR, 1.0 + n as f64)).collect();
    let before = [steps(9 * HOUR, 10 * HOUR, 1.0)];
    let mut store = if known { store_of(&[&export(5, &before)]) } else { store_of(&[]) };
    let report = ingest_by(at_once, &mut store, &export(10, &rows), false).expect("ingests");
    let what = format!("{count} by {at_once}, known {known}");
    assert_eq!((report.records, report.rejects()), (count as u64, expected), "{what}");
    assert_eq!(report.counts.new, count as u64 - expected, "{what}");
    let rows: u64 = store.conn.query_row("SELECT count(*) FROM samples", [], |row| row.get(0)).expect("a number");
    assert_eq!(rows - u64::from(known), count as u64 - expected, "{what}");
    assert_eq!(store.verify("Europe/Berlin").expect("verifies"), [], "{what}");
}

#[test]
fn so_many_samples_of_one_time_are_told_apart() {
    for (count, expected) in [(MAX_ALIKE, 0), (MAX_ALIKE + 1, 1), (3 * MAX_ALIKE, 2 * MAX_ALIKE as u64)] {
        for at_once in [count, 100] {
            check_alike(count, at_once, false, expected);
            check_alike(count, at_once, true, expected);
        }
    }
}

/// What one import holds of a full place does not depend on what lay there before.
#[test]
fn a_full_place_is_the_same_in_any_order() {
    let values = |from: usize, count: usize| -> Vec<Line> {
        (from..from + count).map(|n| steps(HOUR, 2 * HOUR, 1.0 + n as f64)).collect()
    };
    let before = export(5, &values(100, MAX_ALIKE));
    let after = export(10, &values(0, 2 * MAX_ALIKE + 50));
    let of = |exports: &[&Export]| {
        let mut store = store_of(&[]);
        for export in exports {
            ingest_by(100, &mut store, export, false).expect("ingests");
        }
        store
    };
    let mut store = of(&[&before, &after]);
    let found = dump(&store);
    assert_eq!(differences(&found, &dump(&of(&[&after, &before]))), Vec::<String>::new());
    undo(&mut store, 1);
    assert_eq!(differences(&dump(&store), &dump(&of(&[&after]))), Vec::<String>::new());
}

#[test]
fn a_day_of_many_sources_is_summed_like_any_other() {
    let names: Vec<&'static str> = (0..200).map(|n| &*Box::leak(format!("App {n}").into_boxed_str())).collect();
    let minute = |n: usize| n as i64 * 60_000;
    let row = |(n, name): (usize, &&'static str)| Line {
        source: name,
        hardware: None,
        ..steps(minute(n), minute(n + 2), 1.0)
    };
    // All of them twice, so that each comes back after its sums were closed.
    let rows: Vec<Line> = names.iter().cycle().take(2 * names.len()).enumerate().map(row).collect();
    let mut store = store_of(&[&export(10, &rows)]);
    assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
    let found = dump(&store);
    assert_eq!(found.iter().filter(|line| line.starts_with("daily")).count(), names.len());
    store.rebuild("Europe/Berlin").expect("rebuilds");
    assert_eq!(differences(&dump(&store), &found), Vec::<String>::new());
}

#[test]
fn days_that_were_summed_by_another_guess_are_told_and_made_anew() {
    let amount = |start, end| Line { kind: "HKQuantityTypeIdentifierNewCount", ..steps(start, end, 8.0) };
    // Over midnight in Berlin, and without a length: no sum after all.
    let rows = [amount(22 * HOUR, 24 * HOUR), amount(30 * HOUR, 30 * HOUR)];
    let mut store = store_of(&[&export(10, &rows)]);
    let expected = dump(&store);
    assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
    let zones = Zones::named("Europe/Berlin").expect("a zone");
    let by_name = Rule::of("HKQuantityTypeIdentifierNewCount");
    rollup::rebuild(&store.conn, &zones, 1, by_name, (-9, 9)).expect("sums");
    assert_ne!(dump(&store), expected);
    let findings = store.verify("Europe/Berlin").expect("verifies");
    assert!(findings.iter().any(|finding| finding.check == "daily"), "{findings:?}");
    store.rebuild("Europe/Berlin").expect("rebuilds");
    assert_eq!(differences(&dump(&store), &expected), Vec::<String>::new());
}
