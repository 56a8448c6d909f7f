//! Types that no table knows: one unit for all that measure the same, whatever was imported in whatever order.

use super::*;

/// A reading of an hour, printed in some unit; empty for none.
fn reading(hour: i64, value: f64, unit: &'static str) -> Line {
    Line { kind: NEW, ..steps(hour * HOUR, hour * HOUR, value) }.read_from(unit)
}

fn unit(store: &Store) -> Option<String> {
    store.kinds().expect("kinds").pop().map(|kind| kind.unit)
}

/// Live values in the order of time.
fn values(store: &Store) -> Vec<f64> {
    let sql = "SELECT value FROM samples WHERE superseded_by IS NULL ORDER BY start_ms, value";
    let mut statement = store.conn.prepare(sql).expect("valid SQL");
    statement.query_map([], |row| row.get(0)).expect("runs").collect::<rusqlite::Result<_>>().expect("values")
}

/// Imports exports, the oldest first, in any order, and undoes each: what is left is as if the others had never been.
#[track_caller]
fn check(exports: &[&[Line]], values_expected: &[f64], unit_expected: &str) {
    let exports: Vec<Export> = exports.iter().zip(10..).map(|(rows, date)| export(date, rows)).collect();
    let expected = store_of(&exports.iter().collect::<Vec<_>>());
    assert_eq!((values(&expected).as_slice(), unit(&expected).as_deref()), (values_expected, Some(unit_expected)));
    for from in 0..exports.len() {
        for backwards in [false, true] {
            let mut order: Vec<usize> = (0..exports.len()).map(|i| (i + from) % exports.len()).collect();
            if backwards {
                order.reverse();
            }
            let mut store = store_of(&order.iter().map(|which| &exports[*which]).collect::<Vec<_>>());
            check_whole(&store, &expected);
            for (which, import) in order.iter().zip(1..) {
                undo(&mut store, import);
                let rest: Vec<&Export> =
                    exports.iter().enumerate().filter(|(i, _)| i != which).map(|(_, e)| e).collect();
                check_whole(&store, &store_of(&rest));
                ingest(&mut store, &exports[*which]);
                check_whole(&store, &expected);
                // The next one is undone in a store as it was.
                store = store_of(&order.iter().map(|which| &exports[*which]).collect::<Vec<_>>());
            }
        }
    }
}

#[track_caller]
fn check_whole(store: &Store, expected: &Store) {
    assert_eq!(differences(&dump(store), &dump(expected)), Vec::<String>::new());
    assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
}

#[test]
fn one_file_that_prints_metres_and_kilometres_has_metres() {
    check(&[&[reading(1, 1000.0, "m"), reading(2, 1.0, "km")]], &[1000.0, 1000.0], "m");
    let store = store_of(&[&export(1, &[reading(1, 1000.0, "m"), reading(2, 1.0, "km")])]);
    let daily = store.conn.query_row("SELECT value, unit FROM days", [], |row| Ok((row.get(0)?, row.get(1)?)));
    assert_eq!(daily.expect("a day"), (1000.0, "m".to_owned()));
}

#[test]
fn a_sample_in_kilograms_and_in_pounds_is_one() {
    let (kilograms, pounds) = ([reading(1, 70.0, "kg")], [reading(1, 154.324, "lb")]);
    check(&[&kilograms, &pounds], &[70.000_188_907_88], "kg");
    check(&[&pounds, &kilograms], &[70.0], "kg");
    check(&[&pounds, &pounds], &[70.000_188_907_88], "kg");
    let mut store = store_of(&[&export(10, &kilograms)]);
    let report = ingest(&mut store, &export(20, &pounds));
    let c = report.counts;
    assert_eq!((c.new, c.known, report.superseded), (0, 1, 0), "{report:?}");
    let printed = store.conn.query_row(
        "SELECT s.original, o.unit FROM samples s JOIN origins o ON o.id = s.origin_id",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    );
    assert_eq!(printed.expect("one sample"), (154.324, "lb".to_owned()));
}

#[test]
fn without_a_unit_numbers_stay_and_the_type_has_one_as_long_as_all_have() {
    let (kilograms, none) = ([reading(1, 70.0, "kg")], [reading(1, 70.0, "")]);
    // The newest export says how the sample looks.
    check(&[&kilograms, &none], &[70.0], "");
    check(&[&none, &kilograms], &[70.0], "kg");
    check(&[&kilograms, &[kilograms[0], reading(2, 71.0, "")]], &[70.0, 71.0], "");
    check(&[&none, &[reading(1, 154.324, "lb")], &kilograms], &[70.0], "kg");
}

#[test]
fn what_measures_several_things_has_no_unit_until_one_is_undone() {
    let (mass, length) = (reading(1, 70.0, "kg"), reading(2, 2.0, "km"));
    check(&[&[mass], &[mass, length], &[mass, length, reading(3, 5.0, "furlong")]], &[70.0, 2000.0, 5.0], "");
    check(&[&[reading(1, 5.0, "furlong")], &[reading(1, 5.0, "fathom")]], &[5.0], "fathom");
    // What counts no more has no say.
    check(&[&[length], &[mass]], &[70.0], "kg");
    let mut store = store_of(&[&export(10, &[mass]), &export(20, &[mass, length])]);
    assert_eq!(unit(&store).as_deref(), Some(""));
    undo(&mut store, 2);
    assert_eq!(unit(&store).as_deref(), Some("kg"));
}

/// A store as an earlier version wrote it: numbers as they were printed, and the unit that came first.
#[test]
fn numbers_of_an_earlier_version_are_converted() {
    let rows = [reading(1, 70.0, "kg"), reading(2, 154.324, "lb"), reading(3, 5.0, "")];
    let logged = [Line { version: Some("9.0"), ..rows[1] }];
    let exports = [export(10, &rows), Export { complete: false, ..export(20, &logged) }];
    let store = || store_of(&[&exports[0], &exports[1]]);
    let (expected, mut earlier) = (store(), store());
    assert_eq!(unit(&expected).as_deref(), Some(""));
    let lost = |table| {
        format!(
            "UPDATE {table} SET value = original, original = NULL WHERE original IS NOT NULL;
             UPDATE {table} SET value = NULL, original = value WHERE origin_id IN (SELECT id FROM origins WHERE unit IS NULL);"
        )
    };
    let sql = lost("samples") + &lost("sample_log") + "UPDATE kinds SET unit = 'lb'";
    earlier.conn.execute_batch(&sql).expect("as it was");
    assert!(!earlier.verify("Europe/Berlin").expect("an answer").is_empty());
    for _ in 0..2 {
        crate::units::convert(&earlier.conn).expect("converts");
        earlier.rebuild("Europe/Berlin").expect("rebuilds");
        check_whole(&earlier, &expected);
    }
    undo(&mut earlier, 2);
    check_whole(&earlier, &store_of(&[&exports[0]]));
}

#[test]
fn a_unit_that_does_not_follow_from_the_samples_is_found() {
    let store = store_of(&[&export(10, &[reading(1, 70.0, "kg"), Line { unit: "count", ..steps(0, HOUR, 5.0) }])]);
    store.conn.execute("UPDATE kinds SET unit = 'st'", []).expect("damage");
    let findings = store.verify("Europe/Berlin").expect("an answer");
    assert_eq!(findings.iter().map(|found| found.check).collect::<Vec<_>>(), ["units"], "{findings:?}");
}
