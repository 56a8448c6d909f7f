//! Days and nights of made exports against a truth that shares no code with the program.

use std::collections::BTreeMap;

use serde_json::Value;

#[path = "support/shared.rs"]
mod shared;

use shared::{Folder, json, text};

/// Zones on three continents with other clock changes, each with a seed of its own.
const HOMES: [(&str, &str); 3] = [("Europe/Berlin", "1"), ("America/New_York", "2"), ("Asia/Tokyo", "3")];
/// Records over ten years: days with a handful of samples, and days with many.
const SPARSE: &str = "12000";
const DENSE: &str = "120000";

#[test]
fn ten_sparse_years_at_home_are_right_on_every_day() {
    let folder = Folder::new("sparse");
    HOMES.iter().for_each(|home| check_home(&folder, *home, SPARSE));
}

#[test]
fn ten_dense_years_at_home_are_right_on_every_day() {
    let folder = Folder::new("dense");
    HOMES.iter().for_each(|home| check_home(&folder, *home, DENSE));
}

/// Two journeys a year. By home days steps and nights of these exports are right all the same; of larger ones some days
/// around journeys differ, for the truth gives a row over a midnight of home to the day of its start. Where days follow
/// the wearer, steps of the hours around a journey are on another day than at home, but none is lost, and a night stays
/// where it is. What one source wrote over a midnight of home belongs to two days, so that its sums move between
/// neighbours and nowhere else.
#[test]
fn journeys_move_no_night_and_lose_no_step() {
    let folder = Folder::new("travel");
    for (zone, seed) in HOMES {
        let truth = imported(&folder, (zone, seed), &["--records", SPARSE]);
        check_steps(&truth, &days(&folder, seed, "StepCount"), zone);
        check_nights(&folder, seed, &truth, zone);
        let expected: f64 =
            truth["steps_merged_home"].as_object().expect("days").values().filter_map(Value::as_f64).sum();
        for kind in ["ActiveEnergyBurned", "BasalEnergyBurned"] {
            check_total(&truth, &days(&folder, seed, kind), kind, zone);
        }
        assert!(folder.vitalog(seed, &["settings", "set", "day_boundaries", "where_i_was"]).status.success());
        let ours: f64 = days(&folder, seed, "StepCount").values().filter_map(|row| row["value"].as_f64()).sum();
        assert!((ours - expected).abs() <= 1e-6 * expected, "{zone}: {ours} for {expected}");
        check_nights(&folder, seed, &truth, zone);
    }
}

fn check_total(truth: &Value, ours: &BTreeMap<String, Value>, kind: &str, zone: &str) {
    let days = truth["daily_home"][format!("HKQuantityTypeIdentifier{kind}")].as_object().expect("days");
    let expected: f64 = days.values().filter_map(|row| text(&row[1]).parse::<f64>().ok()).sum();
    let ours: f64 = ours.values().filter_map(|row| row["value"].as_f64()).sum();
    assert!((ours - expected).abs() <= 1e-9 * expected, "{zone} {kind}: {ours} for {expected}");
}

fn check_home(folder: &Folder, (zone, seed): (&str, &str), records: &str) {
    let truth = imported(folder, (zone, seed), &["--no-travel", "--records", records]);
    check_steps(&truth, &days(folder, seed, "StepCount"), zone);
    check_nights(folder, seed, &truth, zone);
    check_sums(folder, seed, &truth, zone);
}

/// Imports ten years of somebody who lives in a zone, by days of that zone, and returns the truth.
fn imported(folder: &Folder, (zone, seed): (&str, &str), options: &[&str]) -> Value {
    let file = folder.path(&format!("{seed}.zip"));
    let usual = ["--home-tz", zone, "--seed", seed, "--years", "10", "--quiet", "--out", &file];
    let truth = folder.tool("make_export.py", &[&usual[..], options].concat(), "--truth");
    for setting in [["home_zone", zone], ["day_boundaries", "home"]] {
        assert!(folder.vitalog(seed, &[&["settings", "set"][..], &setting].concat()).status.success());
    }
    folder.import(seed, &file);
    truth
}

/// Rows of a type by day, in units of a person's export.
fn days(folder: &Folder, data: &str, kind: &str) -> BTreeMap<String, Value> {
    let rows = json(&folder.vitalog(data, &["daily", kind, "--json"]).stdout);
    rows.as_array().expect("rows").iter().map(|row| (text(&row["day"]), row.clone())).collect()
}

fn value(rows: &BTreeMap<String, Value>, day: &str) -> f64 {
    rows.get(day).and_then(|row| row["value"].as_f64()).unwrap_or(0.0)
}

/// Watch and phone saw the same walks: within two in a thousand on every day.
fn check_steps(truth: &Value, ours: &BTreeMap<String, Value>, zone: &str) {
    let expected = truth["steps_merged_home"].as_object().expect("days");
    for (day, steps) in expected {
        let steps = steps.as_f64().expect("a number");
        assert!((value(ours, day) - steps).abs() <= 0.002 * steps, "{zone} {day}: {} for {steps}", value(ours, day));
    }
    let more: Vec<&String> = ours.keys().filter(|day| !expected.contains_key(*day)).collect();
    assert!(more.is_empty() && !expected.is_empty(), "{zone}: {more:?}");
}

/// Watch, phone and an app saw the same nights: within a minute on every one.
fn check_nights(folder: &Folder, data: &str, truth: &Value, zone: &str) {
    let rows = json(&folder.vitalog(data, &["sleep", "--json"]).stdout);
    let mut asleep: BTreeMap<String, f64> = BTreeMap::new();
    for row in rows.as_array().expect("rows") {
        *asleep.entry(text(&row["day"])).or_default() += row["asleep_min"].as_f64().unwrap_or(0.0);
    }
    let expected = truth["sleep_nights"].as_object().expect("nights");
    for (day, night) in expected {
        let minutes = night["asleep"].as_f64().expect("seconds") / 60.0;
        let ours = asleep.remove(day).unwrap_or(f64::NAN);
        assert!((ours - minutes).abs() <= 1.0, "{zone} {day}: {ours} for {minutes}");
    }
    assert!(asleep.is_empty() && !expected.is_empty(), "{zone}: {asleep:?}");
}

/// Sums of one source need no merging: exact, in the unit as printed.
fn check_sums(folder: &Folder, data: &str, truth: &Value, zone: &str) {
    let mut checked = 0;
    for (kind, expected) in truth["daily_home"].as_object().expect("types") {
        let ours = days(folder, data, kind);
        let described = &truth["record_types"][kind.as_str()];
        // Of a category the generator adds up codes.
        if kind.starts_with("HKCategoryTypeIdentifier") {
            continue;
        }
        let one_source = described["by_source"].as_object().is_some_and(|sources| sources.len() == 1);
        if !one_source || ours.values().any(|row| row["stat"] != "sum") {
            continue;
        }
        checked += 1;
        let factor = match described["unit"].as_str() {
            Some("fl_oz_us") => 29.573_529_562_5,
            _ => 1.0,
        };
        for (day, row) in expected.as_object().expect("days") {
            let printed: f64 = text(&row[1]).parse().expect("a number");
            let (ours, expected) = (value(&ours, day), printed * factor);
            assert!((ours - expected).abs() <= 1e-6 * expected.max(1.0), "{zone} {kind} {day}: {ours} for {expected}");
        }
    }
    assert!(checked >= 4, "{zone}: only {checked} types");
}
