//! Settings change answers: where days begin, what a week and a night are called, and units for people.

use serde_json::{Value, json};

#[path = "support/program.rs"]
mod program;

use program::{Folder, person};

const TOKYO: [&str; 2] = ["home_zone", "Asia/Tokyo"];
const AT_HOME: [&str; 2] = ["day_boundaries", "home"];

/// Runs a verb on the person's store after some settings were set, and returns one key of every row.
#[track_caller]
fn column(name: &str, settings: &[[&str; 2]], arguments: &[&str], key: &str) -> Value {
    let folder = Folder::new(name);
    folder.check(&["import", &person()], 4);
    for [key, value] in settings {
        folder.check(&["settings", "set", key, value], 0);
        assert_eq!(folder.answer(&["settings"])[key], *value);
    }
    assert_eq!(folder.answer(&["verify"]), json!({"ok": true, "exists": true, "findings": []}), "{settings:?}");
    let rows = folder.answer(arguments);
    rows.as_array().expect("rows").iter().map(|row| row[key].clone()).collect()
}

#[track_caller]
fn check_days(name: &str, settings: &[[&str; 2]], word: &str, expected: Value) {
    let folder = format!("{name}-{word}");
    assert_eq!(column(&folder, settings, &["daily", word], "day"), expected, "{settings:?}");
    // The roll-ups and the samples say the same.
    let buckets = ["query", word, "--bucket", "day"];
    assert_eq!(column(&folder, settings, &buckets, "day"), expected, "{settings:?}");
}

#[test]
fn days_begin_where_the_wearer_was_or_at_home() {
    // Steps over midnight in Berlin; in Tokyo all of them are on the day that is new there.
    let word = "step_count";
    check_days("berlin", &[], word, json!(["2026-03-14", "2026-03-15", "2026-04-01"]));
    check_days("where-i-was", &[TOKYO], word, json!(["2026-03-14", "2026-03-15", "2026-04-01"]));
    check_days("at-home", &[TOKYO, AT_HOME], word, json!(["2026-03-14", "2026-03-15", "2026-04-01"]));
    // Ten and eleven in the morning in Berlin are before and after midnight in Honolulu.
    let (word, noon) = ("apple_stand_hour", json!(["2026-03-14"]));
    check_days("berlin", &[], word, noon.clone());
    check_days("honolulu", &[["home_zone", "Pacific/Honolulu"], AT_HOME], word, json!(["2026-03-13", "2026-03-14"]));
    check_days("back", &[["home_zone", "Pacific/Honolulu"], AT_HOME, ["day_boundaries", "where_i_was"]], word, noon);
}

#[test]
fn the_home_zone_is_kept_at_the_first_import() {
    let folder = Folder::new("home");
    let zone = |zone: &str| {
        let output = folder.command(&["settings", "--json"]).env("TZ", zone).output().expect("runs");
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")["home_zone"].clone()
    };
    assert_eq!(zone("America/New_York"), "America/New_York");
    // Where the sleeper was, whatever the computer says.
    let import = |file: &str| folder.command(&["import", file]).env("TZ", "UTC").output().expect("runs");
    assert_eq!(import(&person()).status.code(), Some(4));
    assert_eq!(zone("America/New_York"), "Europe/Berlin");
    // Nobody chose it: it goes with the import that found it.
    folder.check(&["undo", "1"], 0);
    assert_eq!(zone("America/New_York"), "America/New_York");
    // An export that tells no zone: the computer's, also when the computer has moved.
    let plain = folder.path("plain.xml");
    let steps = "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Phone\" unit=\"count\" value=\"5\" \
                 startDate=\"2026-03-14 08:00:00 +0100\" endDate=\"2026-03-14 08:00:00 +0100\"/>";
    std::fs::write(&plain, format!("<HealthData locale=\"en_GB\">{steps}</HealthData>")).expect("written");
    assert_eq!(import(plain.to_str().expect("UTF-8")).status.code(), Some(0));
    assert_eq!(zone("America/New_York"), "UTC");
    // What somebody chose stays.
    folder.check(&["settings", "set", "home_zone", "Asia/Tokyo"], 0);
    folder.check(&["undo", "2"], 0);
    assert_eq!(zone("America/New_York"), "Asia/Tokyo");
}

#[test]
fn a_chosen_home_zone_can_be_given_up() {
    let folder = Folder::new("auto");
    let home = || {
        let settings = folder.answer(&["settings"]);
        json!([settings["home_zone"], settings["home_zone_from"]])
    };
    assert_eq!(home(), json!(["Europe/Berlin", "computer"]));
    folder.check(&["import", &person()], 4);
    assert_eq!(home(), json!(["Europe/Berlin", "samples"]));
    let before = folder.answer(&["daily"]);
    // Whether days follow the wearer says nothing about home.
    folder.check(&["settings", "set", "day_boundaries", "HOME"], 0);
    assert_eq!(home(), json!(["Europe/Berlin", "samples"]));
    folder.check(&["settings", "set", "home_zone", "pacific/HONOLULU"], 0);
    assert_eq!(home(), json!(["Pacific/Honolulu", "chosen"]));
    assert_ne!(folder.answer(&["daily"]), before);
    folder.check(&["settings", "set", "home_zone", "auto"], 0);
    assert_eq!(home(), json!(["Europe/Berlin", "samples"]));
    assert_eq!(folder.answer(&["daily"]), before);
    folder.check(&["verify"], 0);
    let nothing = Folder::new("auto-nothing");
    nothing.check(&["settings", "set", "home_zone", "Asia/Tokyo"], 0);
    nothing.check(&["settings", "set", "home_zone", "Auto"], 0);
    assert_eq!(nothing.answer(&["settings"])["home_zone_from"], "computer");
    nothing.check(&["settings", "set", "week_start", "Monday"], 0);
    assert_eq!(nothing.answer(&["settings"])["week_start"], "monday");
}

#[test]
fn an_import_says_when_days_are_only_those_of_the_computer() {
    let folder = Folder::new("zone-words");
    let file = folder.path("export.xml");
    std::fs::write(&file, "<HealthData locale=\"en_GB\"/>").expect("written");
    let words =
        String::from_utf8_lossy(&folder.check(&["import", file.to_str().expect("UTF-8")], 0).stdout).into_owned();
    assert!(words.contains("Days are those of Europe/Berlin, this computer's zone, because"), "{words}");
    let person = String::from_utf8_lossy(&folder.check(&["import", &person()], 4).stdout).into_owned();
    assert!(!person.contains("this computer's zone"), "{person}");
}

#[test]
fn weeks_begin_when_they_are_set_to() {
    let weeks = ["query", "heart_rate", "--bucket", "week"];
    for (start, first) in [
        ("monday", ["2026-03-09"].as_slice()),
        ("saturday", &["2026-03-14"]),
        ("sunday", &["2026-03-08", "2026-03-15"]),
    ] {
        assert_eq!(column(start, &[["week_start", start]], &weeks, "day"), json!(first), "{start}");
    }
}

#[test]
fn nights_are_called_by_the_morning_or_the_evening() {
    let days = |name: &str, label: &str, more: &[&str]| {
        column(name, &[["night_label", label]], &[&["sleep"], more].concat(), "day")
    };
    assert_eq!(days("wake", "wake", &[]), json!(["2026-03-14", "2026-03-14"]));
    // The nap after lunch belongs to its day either way.
    assert_eq!(days("evening", "evening", &[]), json!(["2026-03-13", "2026-03-14"]));
    assert_eq!(days("that-evening", "evening", &["--to", "2026-03-13"]), json!(["2026-03-13"]));
}

#[test]
fn units_are_for_people_only() {
    let folder = Folder::new("units");
    folder.check(&["import", &person()], 4);
    let before = folder.answer(&["daily", "body_mass"]);
    folder.check(&["settings", "set", "units", "imperial"], 0);
    assert_eq!(folder.answer(&["daily", "body_mass"]), before);
    for arguments in [&["daily", "body_mass"][..], &["query", "body_mass"], &["query", "body_mass", "--bucket", "day"]]
    {
        let words = String::from_utf8_lossy(&folder.check(arguments, 0).stdout).into_owned();
        assert!(words.contains("155.43  lb"), "{arguments:?}: {words}");
    }
}
