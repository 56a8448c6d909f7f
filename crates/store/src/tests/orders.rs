//! The same store, whatever the order of imports, and as if an undone one had never been.

use proptest::prelude::*;

use super::*;

/// Steps, pulses, water and a type that no table knows; watch and phone; measured and typed in.
fn line() -> impl Strategy<Value = Line> {
    let place = (0..60_i64, 1..3_i64, 0..3_u8);
    let version = prop::sample::select(vec![None, None, Some("17.1"), Some("9.0"), Some("10.3")]);
    (place, 0..5_u8, prop::bool::ANY, prop::bool::weighted(0.2), version).prop_map(
        |((start, length, value), kind, phone, typed, version)| {
            let base =
                Line { version, ..steps(start * HOUR / 2, (start + length) * HOUR / 2, f64::from(value) * 0.1 + 1.0) };
            let base = match kind {
                // Few have a length.
                0 if value == 0 => Line { kind: PULSE, unit: "count/min", ..base },
                0 => Line { kind: PULSE, end: base.start, unit: "count/min", ..base },
                1 => Line { kind: WATER, end: base.start, unit: "mL", ..base },
                2 => asleep(base, value),
                3 => Line { kind: NEW, unit: "kg", ..base },
                _ => base,
            };
            match phone {
                true => Line { source: "Kim's iPhone", hardware: None, typed, ..base },
                false => Line { typed, ..base },
            }
        },
    )
}

/// How often a row stands in each of three files, and by which version it stands there again.
type Often = (Vec<usize>, Option<&'static str>);

fn often() -> impl Strategy<Value = Often> {
    (prop::collection::vec(0..3_usize, 3), prop::sample::select(vec![None, Some("17.1"), Some("9.0")]))
}

/// Three exports of one history: rows come, go and come back, and some stand in a file several times, side by side
/// or batches apart, also as another version wrote them. Each export has a unit of its own for what no table knows.
fn exports() -> impl Strategy<Value = Vec<Export>> {
    prop::collection::vec((line(), often()), 0..25).prop_map(|rows| {
        let export = |i: usize| {
            let once = rows.iter().filter(|(_, (times, _))| times[i] > 0).map(|(line, _)| *line);
            let again = rows.iter().filter(|(_, (times, _))| times[i] > 1);
            let again = again.map(|(line, (_, version))| Line { version: version.or(line.version), ..*line });
            let rows: Vec<Line> = once.chain(again).map(|line| line.printed_in(["kg", "lb", ""][i])).collect();
            let workouts = (0..3).filter(|n| n != &i).map(|n| (n as i64 * HOUR, "Running")).collect();
            Export { date: 10 + i as i64, workouts, ..export(0, &rows) }
        };
        (0..3).map(export).collect()
    })
}

/// The same, some of them written in one moment or nobody knows when.
fn exports_of_few_moments() -> impl Strategy<Value = Vec<Export>> {
    (exports(), prop::collection::vec((0..2_i64, prop::bool::weighted(0.3)), 3)).prop_map(|(mut exports, dates)| {
        for (export, (date, undated)) in exports.iter_mut().zip(dates) {
            (export.date, export.undated) = (10 + date, undated);
        }
        exports
    })
}

#[test]
fn of_values_in_a_chain_the_same_one_counts_in_any_order() {
    let weight = |value| Line { value, ..steps(0, 0, 0.0) };
    let chain = [export(10, &[weight(100.0)]), export(20, &[weight(100.009)]), export(30, &[weight(100.018)])];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let store = store_of(&order.map(|which: usize| &chain[which]));
        check_total(&store, STEPS, (1, 100.018));
        assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
    }
}

/// Imports exports, each newer than those before, and undoes each once: the reports account for every sample that
/// counts, and where `entries_add_up` for every entry, as they do as long as no names turn out to be one or two.
#[track_caller]
pub(super) fn check_reports(exports: &[Export], entries_add_up: bool) {
    let mut store = store_of(&[]);
    for export in exports {
        let (before, entries_before) = (counted(&store), entries(&store));
        let report = ingest(&mut store, export);
        let (now, entries_now) = (counted(&store), entries(&store));
        assert_eq!(before + report.counts.new + report.restored, now + report.superseded, "{report:?}");
        let Some(import) = report.import.filter(|_| report.outcome == "imported") else { continue };
        let back = undo(&mut store, import);
        assert_eq!((counted(&store), entries(&store)), (before, entries_before));
        if entries_add_up {
            let new = report.workouts.new + report.correlations.new;
            assert_eq!(entries_before + new, entries_now, "{report:?}");
            // An undo counts entries, too.
            assert_eq!(now + new + back.restored, before + back.removed + back.superseded, "{back:?}");
        }
        ingest(&mut store, export);
    }
}

/// Samples that count, copies that are counted among them.
fn counted(store: &Store) -> u64 {
    store.conn.query_row("SELECT coalesce(sum(n), 0) FROM daily", [], |row| row.get(0)).expect("a sum")
}

/// Entries that imports have, those that a newer one has superseded among them.
fn entries(store: &Store) -> u64 {
    store.conn.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).expect("a number")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_order_of_imports_ends_the_same(exports in prop_oneof![exports(), exports_of_few_moments()]) {
        let [a, b, c] = &exports[..] else { unreachable!() };
        let mut store = store_of(&[a, b, c]);
        let expected = dump(&store);
        store.rebuild("Europe/Berlin").expect("rebuilds");
        prop_assert_eq!(differences(&dump(&store), &expected), Vec::<String>::new());
        prop_assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
        for order in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
            prop_assert_eq!(differences(&dump(&store_of(&order)), &expected), Vec::<String>::new());
        }
    }

    #[test]
    fn what_counts_is_what_the_reports_say(mut exports in exports()) {
        exports.iter_mut().for_each(|export| export.nested = export.rows.iter().step_by(5).copied().collect());
        check_reports(&exports, true);
    }

    #[test]
    fn an_undo_leaves_the_store_as_if_it_had_not_been(exports in exports(), which in 0..3_usize) {
        let all: Vec<&Export> = exports.iter().collect();
        let mut store = store_of(&all);
        undo(&mut store, which as i64 + 1);
        let rest: Vec<&Export> = all.iter().enumerate().filter(|(i, _)| *i != which).map(|(_, e)| *e).collect();
        prop_assert_eq!(differences(&dump(&store), &dump(&store_of(&rest))), Vec::<String>::new());
        prop_assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
    }
}
