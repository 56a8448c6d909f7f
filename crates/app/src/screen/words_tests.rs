//! What the window is told of the sample store in the language that nobody speaks: every word of the product is marked
//! in it, so that one without other words stands out. In German nothing of what is told stays English.

use health::language::{Language, speak};
use health::time::{HOUR_MS, parse_day};
use serde::Serialize;
use serde_json::Value;
use store::Cancel;

use super::*;
use crate::demo::{DemoOptions, fill};
use crate::folder::Folder;
use crate::testing::TestFolder;

const END: &str = "2026-03-31";
/// Signs of units, names of zones and what is the same everywhere.
const NO_WORDS: [&str; 34] = [
    "bpm", "mmHg", "kcal", "ms", "mg", "dL", "mmol", "L", "kg", "km", "ml", "mV", "mm", "s", "h", "min", "m", "cm",
    "g", "dB", "C", "W", "rpm", "SDNN", "RMSSD", "VO", "Europe", "Berlin", "America", "New", "York", "MB", "T", "Z",
];
/// Every kind of chart, and the types of each kind of rule.
const SUBJECTS: [&str; 28] = [
    "heart_zones",
    "step_count:years",
    "heart_rate:years:weeks",
    "sleep:night:heart_rate+respiratory_rate",
    "heart_rate",
    "heart_rate:raw",
    "heart_rate:zones",
    "resting_heart_rate",
    "heart_rate_variability_sdnn",
    "respiratory_rate",
    "environmental_audio_exposure",
    "step_count",
    "flights_climbed",
    "distance_walking_running",
    "mindful_session",
    "apple_stand_hour",
    "body_mass",
    "blood_pressure",
    "blood_glucose",
    "blood_glucose:profile",
    "sleep",
    "sleep:night",
    "sleep:regularity",
    "rings",
    "step_count:calendar",
    "sleep:calendar",
    "step_count,resting_heart_rate",
    "sleep,heart_rate_variability_sdnn:next",
];

fn demo(name: &str) -> (TestFolder, Folder, i64) {
    let folder = TestFolder::new(name);
    let end_day = parse_day(END).expect("a day");
    let now_ms = i64::from(end_day + 1) * 24 * HOUR_MS + 7 * HOUR_MS;
    let options = DemoOptions { seed: 3, end_day, days: 40, zone: "Europe/Berlin", records: None };
    fill(&folder, &options, now_ms, &Cancel::default(), &mut |_| true).expect("a sample store");
    let demo = folder.demo();
    (folder, demo, now_ms)
}

/// Words of a text that are not marked.
fn unmarked(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.filter(|word| !word.ends_with('\u{eb}') && !NO_WORDS.contains(word)).collect()
}

#[track_caller]
fn check_marked(of: &str, text: &str) {
    assert_eq!(unmarked(text), [""; 0], "{of}: {text}");
}

/// Every text under one of some keys, wherever it stands.
#[track_caller]
fn check_keys(of: &str, answer: &impl Serialize, keys: &[&str]) {
    let value = serde_json::to_value(answer).expect("json");
    let mut open = vec![(of.to_owned(), value)];
    while let Some((place, value)) = open.pop() {
        match value {
            Value::Object(fields) => open.extend(fields),
            Value::Array(values) => open.extend(values.into_iter().map(|value| (place.clone(), value))),
            Value::String(text) if keys.contains(&place.as_str()) => check_marked(&format!("{of}, {place}"), &text),
            _ => {}
        }
    }
}

#[test]
fn every_word_of_a_screen_has_other_words() {
    let (_kept, folder, now_ms) = demo("screen-words");
    let _spoken = speak(Language::Pseudo);
    let workouts = workouts(&folder, &crate::workouts::Filter { most: 1000, ..Default::default() }).expect("workouts");
    check_keys("workouts", &workouts, &["activity_name"]);
    check_keys("kinds of workouts", &workouts.list.kinds, &["name"]);
    let newest = workouts.list.rows.iter().find(|row| row.answer.route_points > 0).expect("a route").answer.id;
    check_keys("workout", &workout(&folder, newest).expect("a workout"), &["activity_name"]);
    check_keys("types", &types(&folder).expect("types"), &["name"]);
    check_keys("changes", &changes(&folder, END, now_ms).expect("changes"), &["name", "unit"]);
    let recorded = ecgs(&folder).expect("recordings");
    check_keys("ecgs", &recorded, &["classification"]);
    let beside = beside(&folder, "step_count", ("2026-03-02", END), Earlier::Before, now_ms).expect("two stretches");
    check_keys("beside", &beside, &["unit"]);

    let numbered =
        [format!("workout:{newest}"), format!("workout:{newest}:profiles"), format!("ecg:{}", recorded[0].id)];
    for subject in SUBJECTS.into_iter().chain(numbered.iter().map(String::as_str)) {
        let ranges: &[&str] =
            if subject.starts_with("heart_rate:") { &["day", "week"] } else { &["day", "month", "year"] };
        for range in ranges {
            let ask = Ask { subject: subject.to_owned(), range: (*range).to_owned(), ..Ask::default() };
            let shown = chart(&folder, &ask, now_ms).expect("a chart");
            let of = format!("{subject} of {range}");
            let keys = ["title", "unit", "days", "summary", "label", "text", "columns", "rows", "name"];
            check_keys(&of, &shown.model, &keys);
            check_keys(&of, &shown.slots, &keys);
            check_keys(&of, &shown.hero, &keys);
            assert_eq!(shown.slots.is_empty(), in_english(&folder, &ask, now_ms).slots.is_empty(), "{of}");
        }
    }
}

/// The same in English.
fn in_english(folder: &Folder, ask: &Ask, now_ms: i64) -> Shown {
    let _english = speak(Language::English);
    chart(folder, ask, now_ms).expect("a chart")
}

#[test]
fn a_screen_shows_the_same_numbers_in_every_language() {
    let (_kept, folder, now_ms) = demo("screen-numbers");
    for subject in SUBJECTS {
        let ask = Ask { subject: subject.to_owned(), range: "week".to_owned(), ..Ask::default() };
        let english = in_english(&folder, &ask, now_ms);
        for language in ["de", "pseudo"] {
            let _spoken = speak(Language::of(language));
            let shown = chart(&folder, &ask, now_ms).expect("a chart");
            let numbers = |hero: Hero| (hero.what, hero.value.to_bits(), hero.digits, hero.with_data, hero.slots);
            assert_eq!(shown.hero.map(numbers), english.hero.clone().map(numbers), "{subject} in {language}");
            let places =
                |slots: &[Slot]| slots.iter().map(|slot| (slot.from, slot.to, slot.parts.len())).collect::<Vec<_>>();
            assert_eq!(places(&shown.slots), places(&english.slots), "{subject} in {language}");
        }
    }
}

#[test]
fn every_number_is_explained_in_other_words() {
    let (_kept, folder, now_ms) = demo("screen-explained");
    let _spoken = speak(Language::Pseudo);
    for subject in
        ["step_count", "heart_rate", "resting_heart_rate", "body_mass", "apple_stand_hour", "dietary_water", "sleep"]
    {
        let explained = crate::explain::explain(&folder, subject, END).expect("an explanation");
        check_marked(subject, &explained.sentence);
    }
    for check in
        crate::doctor::doctor(&folder, now_ms).iter().filter(|check| !["zone", "version"].contains(&check.check))
    {
        check_marked(check.check, &check.found);
        check_marked(check.check, &check.fix);
    }
}

#[test]
fn what_goes_wrong_is_told_in_german() {
    let (_kept, folder, now_ms) = demo("screen-errors");
    let _spoken = speak(Language::of("de"));
    let check = |error: crate::error::Error, expected: (&str, &str)| {
        assert_eq!((error.message.as_str(), error.hint.as_str()), expected);
    };
    let set = crate::settings::set(&folder, "units", "furlongs").expect_err("no unit");
    check(set, ("`furlongs` ist kein Wert für `units`.", "Erlaubt: metric, imperial."));
    let ask = Ask { subject: "heart_rate:zones".to_owned(), range: "year".to_owned(), ..Ask::default() };
    let zones = chart(&folder, &ask, now_ms).expect_err("too long");
    let hint = "Wählen Sie einen Tag, eine Woche oder einen Monat.";
    check(zones, ("Herzfrequenzzonen werden höchstens für einen Monat gezeichnet.", hint));
    let sql = crate::sql::sql(&folder, "DELETE FROM samples").map(|_| ()).expect_err("refused");
    assert_eq!(sql.message, "Hier wird nur gelesen, und diese Anweisung täte mehr.");
    let path = std::path::Path::new("/nowhere/at/all.csv");
    let lost = crate::charts::picture::write(path, b"").expect_err("no folder");
    check(lost, ("Der Ordner `nowhere` fehlt.", "Prüfen Sie den Pfad."));
}
