//! A store that was damaged behind our back, and what is said about it.

use super::*;

/// Pulses and overlapping steps of a watch and a phone, of which a newer export rewrote some and changed others, and
/// workouts likewise.
fn whole() -> Store {
    let phone = |line: Line| Line { source: "Kim's iPhone", hardware: Some("iPhone15,2"), ..line };
    let pulse = |minute: i64, value| {
        let at = minute * 60_000;
        Line { kind: PULSE, unit: "count/min", ..steps(at, at, value) }
    };
    let walks: Vec<Line> = (0..4).map(|i| steps(i * HOUR, (i + 1) * HOUR, 100.0)).collect();
    let first = [&walks[..], &[phone(steps(0, 2 * HOUR, 300.0)), pulse(1, 60.0), pulse(2, 70.0)]].concat();
    let condensed = steps(0, 2 * HOUR, 201.0);
    let kilocount = Line { original: Some(0.3), unit: "kcount", ..phone(steps(0, 2 * HOUR, 300.0)) };
    let second = [condensed, walks[2], walks[3], kilocount, pulse(1, 60.0), pulse(3, 90.0)];
    let with = |date, workouts: &[(i64, &'static str)], rows: &[Line]| Export {
        workouts: workouts.to_vec(),
        ..export(date, rows)
    };
    store_of(&[
        &with(10, &[(0, "Running"), (900 * HOUR, "Yoga")], &first),
        &with(20, &[(60_000, "Running"), (900 * HOUR, "Yoga")], &second),
    ])
}

#[track_caller]
fn check(damage: &str, expected: &[&str]) {
    check_in(whole, damage, expected);
}

#[track_caller]
fn check_in(whole: fn() -> Store, damage: &str, expected: &[&str]) {
    let store = whole();
    store.conn.execute_batch(damage).expect("damage");
    if !damage.is_empty() {
        assert!(store.conn.total_changes() > whole().conn.total_changes(), "nothing was damaged: {damage}");
    }
    let findings = store.verify("Europe/Berlin").expect("an answer");
    assert_eq!(findings.iter().map(|f| f.check).collect::<Vec<_>>(), expected, "{damage}: {findings:?}");
}

#[test]
fn a_check_tells_how_far_it_is_and_can_be_stopped() {
    let (mut store, cancel) = (whole(), Cancel::default());
    let mut heard = Vec::new();
    let found = store.verify_within("Europe/Berlin", &cancel, &mut |steps| heard.push(steps)).expect("an answer");
    assert_eq!(found, []);
    let last = heard.last().expect("steps");
    assert!(heard.windows(2).all(|two| two[0].done + 1 == two[1].done) && heard.len() > 6, "{heard:?}");
    assert_eq!((last.done + 1, last.of), (heard.len() as u64, heard.len() as u64));
    let mut after = 0;
    let stopped = store.verify_within("Europe/Berlin", &cancel, &mut |steps| {
        after = steps.done;
        if steps.done == 2 {
            cancel.cancel();
        }
    });
    assert!(matches!(stopped.expect_err("stopped").kind(), ErrorKind::Cancelled));
    assert!(after <= 3, "it stops where it is");
    assert_eq!(store.verify("Europe/Berlin").expect("and can be asked again"), []);
}

#[test]
fn what_is_made_anew_can_be_stopped() {
    let (mut store, cancel) = (whole(), Cancel::default());
    cancel.cancel();
    let stopped = store.rebuild_within("Europe/Berlin", &cancel).expect_err("stopped");
    assert!(matches!(stopped.kind(), ErrorKind::Cancelled), "{stopped}");
    assert_eq!(store.verify("Europe/Berlin").expect("as it was"), []);
}

#[test]
fn what_is_whole_has_no_findings() {
    check("", &[]);
}

#[test]
fn a_roll_up_that_differs_from_the_recount_is_found() {
    check("UPDATE series_summary SET n = n + 1 WHERE kind_id = 1 AND source_id = 1", &["series_summary"]);
    check("DELETE FROM daily WHERE source_id = 2", &["daily"]);
    check("UPDATE daily SET total = total + 1 WHERE source_id = 2", &["daily"]);
    check("UPDATE daily SET maximum = 75 WHERE source_id = 2", &["daily"]);
    check("UPDATE daily SET day = day + 1 WHERE source_id = 2", &["daily", "daily"]);
}

#[test]
fn a_merged_day_that_differs_from_its_samples_is_found() {
    let steps = "kind_id = (SELECT id FROM kinds WHERE identifier LIKE '%StepCount')";
    for change in [
        "n = n + 1",
        "value = value + 1",
        "minimum = 0",
        "maximum = 0",
        "mean = 0",
        "total = 0",
        "naive = 0",
        "weight = 9",
        "peak = 9, peak_ms = 0",
    ] {
        check(&format!("UPDATE merged SET {change} WHERE {steps}"), &["merged"]);
    }
    check(&format!("UPDATE merged SET parts = replace(parts, '[[1,', '[[2,') WHERE {steps}"), &["merged"]);
    check(&format!("UPDATE merged SET parts = 'no JSON' WHERE {steps}"), &["merged"]);
    check(&format!("UPDATE merged SET day = day + 9 WHERE {steps}"), &["merged", "merged"]);
    check("DELETE FROM merged", &["merged", "merged"]);
    check(&format!("DELETE FROM merge_orders WHERE {steps}"), &["merged"]);
    check(
        "INSERT INTO merged SELECT kind_id, day - 9, n, value, minimum, maximum, mean, total, naive, weight, parts, peak, peak_ms FROM merged
           WHERE kind_id = 1",
        &["merged"],
    );
}

#[test]
fn an_hour_that_differs_from_its_samples_is_found() {
    for change in ["n = n + 1", "value = value + 1", "minimum = -1", "start_ms = start_ms + 1"] {
        check(&format!("UPDATE hourly SET {change} WHERE kind_id = 1"), &["hourly"]);
    }
    check("DELETE FROM hourly WHERE kind_id = 1", &["hourly"]);
    check("UPDATE settings SET value = value + 1 WHERE key = 'hourly_until'", &["hourly"]);
}

/// A night that a watch saw and a phone knows the time in bed of, and an hour in bed later on.
fn slept() -> Store {
    let in_bed = |from, until| Line { source: "Kim's iPhone", ..asleep(steps(from * HOUR, until * HOUR, 0.0), 1) };
    let core = asleep(steps(24 * HOUR, 30 * HOUR, 0.0), 2);
    store_of(&[&export(10, &[core, in_bed(23, 31), in_bed(60, 61)])])
}

#[test]
fn a_night_that_differs_from_its_samples_is_found() {
    let check = |damage: &str, expected: &[&str]| check_in(slept, damage, expected);
    check("", &[]);
    for change in [
        "end_ms = end_ms + 1",
        "day = day + 1",
        "day = 1000000000000",
        "kind = 1",
        "kind = 7",
        "in_bed_ms = in_bed_ms + 1",
        "in_bed_estimated = 1",
        "latency_ms = NULL",
        // In deep sleep; of a source that is not there; half a slice; a length that no time has.
        "slices = unhex(replace(hex(slices), '13', '14'))",
        "slices = unhex(replace(hex(slices), '13', '73'))",
        "slices = substr(slices, 1, 2)",
        "slices = x'00ffffffffffffffffff0113'",
        "slices = x''",
    ] {
        check(&format!("UPDATE nights SET {change} WHERE end_ms = 30 * 3600000"), &["nights"]);
    }
    check("UPDATE nights SET start_ms = start_ms + 1 WHERE end_ms = 30 * 3600000", &["nights", "nights"]);
    check("DELETE FROM nights", &["nights", "nights"]);
    check("UPDATE merge_orders SET source_id = 3 - source_id WHERE source_id > 0", &["nights"]);
    check_in(whole, "INSERT INTO nights VALUES (0, 1, 0, 2, 1, 0, NULL, x'')", &["nights"]);
}

#[test]
fn samples_that_are_not_as_the_imports_have_them_are_found() {
    check(
        "UPDATE samples SET superseded_by = NULL WHERE superseded_by IS NOT NULL AND start_ms = 3600000",
        &["series_summary", "presence", "daily", "merged", "hourly"],
    );
    // Everything derived is in tune with it: only the imports know better.
    let mut store = whole();
    store.conn.execute_batch("UPDATE samples SET superseded_by = 2 WHERE start_ms = 7200000").expect("damage");
    store.rebuild("Europe/Berlin").expect("rebuilds");
    let findings = store.verify("Europe/Berlin").expect("an answer");
    assert_eq!(findings.iter().map(|f| f.check).collect::<Vec<_>>(), ["presence"], "{findings:?}");
    check("DELETE FROM absences WHERE source_id = 1 AND kind_id = 1", &["presence", "presence"]);
    check("UPDATE samples SET original = NULL WHERE original IS NOT NULL", &["presence"]);
    check("UPDATE entries SET superseded_by = NULL", &["presence"]);
    check("DELETE FROM entry_log WHERE entry_id = 2", &["presence"]);
}

#[test]
fn only_some_findings_are_listed() {
    let rows: Vec<Line> = (0..30).map(|i| steps(i * 24 * HOUR, i * 24 * HOUR + 1, 1.0)).collect();
    let store = store_of(&[&export(1, &rows)]);
    store.conn.execute_batch("UPDATE daily SET n = 9").expect("damage");
    let findings = store.verify("Europe/Berlin").expect("an answer");
    assert_eq!((findings.len(), findings[20].text.as_str()), (21, "and 10 more"));
}

#[test]
fn a_reference_to_nothing_is_found() {
    check("DELETE FROM origins WHERE id = 2", &["references"]);
    check("UPDATE samples SET details_id = 5 WHERE start_ms = 7200000", &["references"]);
    check(
        "INSERT INTO sample_log SELECT kind_id, start_ms + 1, source_id, duration_ms, ordinal, import_id, value, original,
             origin_id, details_id, created_delay_ms, copies FROM sample_log LIMIT 1",
        &["references"],
    );
    check("INSERT INTO correlation_members VALUES (1, 1, 5, 1, 5, 5)", &["references"]);
    check(
        "PRAGMA foreign_keys = OFF; INSERT INTO source_names (source_id, name, import_id) VALUES (9, 'x', 1)",
        &["references"],
    );
}
