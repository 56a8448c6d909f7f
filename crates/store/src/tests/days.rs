//! Local days: what a walk over midnight and another home zone do to them.

use super::*;

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
    store.set_home_zone(Some("Asia/Tokyo"), "UTC").expect("rebuilds");
    assert_ne!(dump(&store), before);
    let few = dump(&store);
    store.rebuild("UTC").expect("rebuilds");
    assert!(dump(&store) == few, "all days made anew are those that were");
    store.set_home_zone(Some("Europe/Berlin"), "UTC").expect("rebuilds");
    // From now on it is a choice and no find.
    let found = |line: &String| line.starts_with("setting home_zone_found");
    assert_eq!(dump(&store), before.into_iter().filter(|line| !found(line)).collect::<Vec<_>>());
}

#[test]
fn a_kind_that_nobody_knows_is_a_sum_only_while_every_row_has_a_length() {
    let hover =
        |start, end, value| Line { kind: "HKQuantityTypeIdentifierDistanceHovering", ..steps(start, end, value) };
    let start = 23 * HOUR - HOUR / 6;
    let (long, moment) = (hover(start, start + HOUR / 3, 600.0), hover(100 * HOUR, 100 * HOUR, 5.0));
    let days = |store: &Store| -> Vec<(i64, f64)> {
        let mut statement = store.conn.prepare("SELECT day, total FROM daily ORDER BY day").expect("valid");
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).and_then(Iterator::collect).expect("reads")
    };
    let mut store = store_of(&[&export(10, &[long])]);
    assert_eq!(days(&store), [(0, 300.0), (1, 300.0)]);
    let before = dump(&store);
    let both = export(20, &[long, moment]);
    ingest(&mut store, &both);
    assert_eq!(days(&store), [(0, 600.0), (4, 5.0)]);
    check_same(&store, &store_of(&[&both]));
    assert!(store.verify("UTC").expect("checks").is_empty());
    undo(&mut store, 2);
    assert_eq!(dump(&store), before);
    assert!(store.verify("UTC").expect("checks").is_empty());
}

#[test]
fn a_store_of_the_first_and_the_last_instants_is_whole() {
    let at = |stamp: &str| health::time::parse_stamp(stamp).expect("a stamp");
    let (first, last) = (at("0001-01-01T00:00:00Z"), at("9999-12-30T22:00:00Z"));
    let pulse = |at: i64| Line { kind: PULSE, unit: "count/min", ..steps(at, at, 60.0) };
    for zone in ["UTC", "Pacific/Pago_Pago", "Pacific/Kiritimati", "Europe/Berlin"] {
        for (start, end) in [(first, first), (first, first + HOUR), (last - HOUR, last), (last, last), (first, last)] {
            let night = asleep(steps(start, end, 0.0), 2);
            let rows = [steps(start, end, 60.0), steps(end, end, 1.0), pulse(start), pulse(end), night];
            let mut store = store_of(&[&Export { workouts: vec![(start, "Run")], ..export(10, &rows) }]);
            assert_eq!(store.verify("UTC").expect("checks"), [], "{start} to {end}");
            store.set_home_zone(Some(zone), "UTC").expect("rebuilds");
            assert_eq!(store.verify("UTC").expect("checks"), [], "{zone} {start} to {end}");
            undo(&mut store, 1);
            assert_eq!(store.verify("UTC").expect("checks"), [], "{zone} {start} to {end}");
        }
    }
}

/// What an interval weighs after midnight changes with it, also where a later import brings or takes it.
#[test]
fn a_day_knows_what_reaches_into_it() {
    let minute = HOUR / 60;
    let pulse = |at: i64, value| Line { kind: PULSE, unit: "count/min", ..steps(at, at, value) };
    let noise = |from: i64, until: i64, value| Line {
        kind: "HKQuantityTypeIdentifierEnvironmentalAudioExposure",
        unit: "dBASPL",
        ..steps(from, until, value)
    };
    // Midnight in Berlin.
    let midnight = 47 * HOUR;
    let rows = [pulse(midnight + 2 * minute, 80.0), noise(midnight + HOUR, midnight + 2 * HOUR, 60.0)];
    let late = [pulse(midnight - 3 * minute, 60.0), noise(midnight - HOUR, midnight + HOUR, 60.0)];
    let all = [&rows[..], &late].concat();
    let weights = |store: &Store| -> Vec<(i64, f64)> {
        let mut statement = store.conn.prepare("SELECT day, weight FROM merged ORDER BY kind_id, day").expect("valid");
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).and_then(Iterator::collect).expect("reads")
    };
    let minutes = |n: i64| (n * minute) as f64;
    let mut store = store_of(&[&export(10, &rows)]);
    assert_eq!(weights(&store), [(2, minutes(10)), (2, minutes(60))]);
    let before = dump(&store);
    ingest(&mut store, &export(20, &all));
    assert_eq!(weights(&store), [(1, minutes(3)), (2, minutes(10)), (1, minutes(60)), (2, minutes(120))]);
    check_same(&store, &store_of(&[&export(20, &all)]));
    assert_eq!(store.verify("UTC").expect("checks"), []);
    undo(&mut store, 2);
    assert_eq!(dump(&store), before);
}

/// Hours and minutes that two sources tell, or that a later import tells again, count once.
#[test]
fn hours_stood_and_minutes_of_two_sources_count_once() {
    let of = |kind, source, start, end, value| Line { kind, source, unit: "", ..steps(start, end, value) };
    let stand = |source, hour: i64, value| {
        of("HKCategoryTypeIdentifierAppleStandHour", source, hour * HOUR, (hour + 1) * HOUR, value)
    };
    let mindful = |source, from: i64, until: i64| {
        of("HKCategoryTypeIdentifierMindfulSession", source, from * HOUR / 60, until * HOUR / 60, 0.0)
    };
    let watch = "Kim's Watch";
    let first = [stand(watch, 8, 0.0), stand(watch, 9, 1.0), mindful(watch, 600, 610)];
    let second = [stand("Other", 8, 0.0), stand("Other", 9, 0.0), mindful("Other", 605, 620)];
    let all = export(20, &[first, second].concat());
    let totals = |store: &Store| -> Vec<f64> {
        let sql = "SELECT coalesce(m.total, d.total) FROM kinds k
                   LEFT JOIN merged m ON m.kind_id = k.id
                   LEFT JOIN (SELECT kind_id, sum(total) AS total FROM daily GROUP BY kind_id) d ON d.kind_id = k.id
                   ORDER BY k.identifier";
        let mut statement = store.conn.prepare(sql).expect("valid");
        statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("reads")
    };
    let mut store = store_of(&[&export(10, &first)]);
    assert_eq!(totals(&store), [1.0, 10.0]);
    ingest(&mut store, &all);
    assert_eq!(totals(&store), [2.0, 20.0]);
    check_same(&store, &store_of(&[&all]));
    undo(&mut store, 2);
    assert_eq!(totals(&store), [1.0, 10.0]);
    assert_eq!(store.verify("UTC").expect("checks"), []);
}

/// More samples than are merged at a time, of a day that a flight west gives back when the next one has begun.
#[test]
fn a_day_that_comes_twice_keeps_all_its_samples() {
    let pulse = |n: i64| Line { kind: PULSE, unit: "count/min", ..steps(n * 4000, n * 4000, 60.0) };
    let rows: Vec<Line> = (0..36 * HOUR / 4000).map(pulse).collect();
    let fly = |store: &mut Store| {
        super::nights::travel(store, 1, 20 * HOUR, "Europe/Berlin");
        super::nights::travel(store, 2, 28 * HOUR, "America/Los_Angeles");
    };
    let (mut store, mut other) = (store_of(&[]), store_of(&[]));
    ingest_by(50_000, &mut store, &export(10, &rows), false).expect("ingests");
    fly(&mut store);
    let sql = "SELECT coalesce(sum(n), 0) FROM merged m JOIN kinds k ON k.id = m.kind_id WHERE k.identifier = ?1";
    let merged: i64 = store.conn.query_row(sql, [PULSE], |row| row.get(0)).expect("a sum");
    assert_eq!(merged, rows.len() as i64);
    fly(&mut other);
    ingest_by(50_000, &mut other, &export(10, &rows), false).expect("ingests");
    check_same(&store, &other);
}
