//! Charts of a whole made-up person: every family draws, and no chart says another number than `query`.

use std::collections::BTreeMap;

use chart::layer::Layer;
use chart::{Model, Size, Theme};
use health::time::{Day, HOUR_MS, format_day, parse_day};
use store::Cancel;

use super::picture::{Format, picture};
use super::*;
use crate::demo::{DemoOptions, fill};
use crate::error::Code;
use crate::query::{Grain, query};
use crate::sleep::SLEEP;
use crate::testing::TestFolder;

const END: &str = "2026-03-31";
const DAYS: u32 = 36;

/// A sample store, and a now some days after its end.
fn demo(name: &str) -> (TestFolder, Folder, i64) {
    let folder = TestFolder::new(name);
    let end_day: Day = parse_day(END).expect("a day");
    let now_ms = i64::from(end_day + 8) * 24 * HOUR_MS;
    let options = DemoOptions { seed: 3, end_day, days: DAYS, zone: "Europe/Berlin", records: None };
    fill(&folder, &options, now_ms, &Cancel::default(), &mut |_| true).expect("a sample store");
    let demo = folder.demo();
    (folder, demo, now_ms)
}

fn ask(folder: &Folder, word: &str, reach: Option<Reach>, now_ms: i64) -> Model {
    let subject = Subject::parse(word).expect("a subject");
    let question = Question { subject, reach, last: None, page: 1, now_ms };
    chart(folder, &question).unwrap_or_else(|error| panic!("{word}: {error}"))
}

#[track_caller]
fn check_drawn(word: &str, model: &Model) {
    assert!(!model.is_empty(), "{word} shows something");
    assert!(!model.summary.is_empty() && !model.table.rows.is_empty(), "{word}");
    for theme in [Theme::Light, Theme::Dark] {
        let draw = |format| picture(model, Size::new(480, 300), theme, format, 1.0).expect("a picture");
        let svg = String::from_utf8(draw(Format::Svg)).expect("text");
        assert!(svg.starts_with("<svg ") && svg.contains(">\n<") && svg.contains(&model.days), "{word}");
        assert!(draw(Format::Png).starts_with(b"\x89PNG\r\n"), "{word}");
    }
}

#[test]
fn what_lies_in_the_future_moves_no_chart() {
    let (_kept, folder, now_ms) = demo("charts-future");
    let last = |now_ms| {
        let days = ["heart_rate", "step_count", "sleep"].map(|word| ask(&folder, word, Some(Reach::Day), now_ms).days);
        assert_eq!(days[0], days[1]);
        days
    };
    let (whole, ten_days_before) = (last(now_ms), last(now_ms - 18 * 24 * HOUR_MS));
    assert!(whole.iter().zip(&ten_days_before).all(|(whole, before)| whole != before), "{whole:?}");
    assert_eq!(last(0), whole, "all of it lies in the future");
}

#[test]
fn every_kind_of_chart_is_drawn_from_the_sample_store() {
    let (_kept, folder, now_ms) = demo("charts-drawn");
    let store = folder.read().expect("a store");
    let newest = |kind: &str| store.entry_ids(kind).expect("entries").pop().expect("one");
    let (route, ecg) = (newest("route"), newest("ecg"));
    let with_route: String = store.entry("route", route).expect("read").expect("a route").body;
    let start = with_route.split("\"start\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let start_ms = health::time::parse_stamp(start).expect("an instant");
    let workout =
        store.entry_ids("workout").expect("entries").into_iter().find(|id| {
            store.entry("workout", *id).expect("read").is_some_and(|entry| entry.start_ms == Some(start_ms))
        });
    let workout = workout.expect("the workout of the route");
    let numbered = [format!("workout:{workout}"), format!("workout:{workout}:profiles"), format!("ecg:{ecg}")];
    let words = [
        "heart_rate",
        "resting_heart_rate",
        "environmental_audio_exposure",
        "step_count",
        "mindful_session",
        "body_mass",
        "blood_pressure",
        "sleep",
        "sleep:night",
        "sleep:nights",
        "sleep:stages",
        "sleep:regularity",
        "rings",
        "step_count:calendar",
        "sleep:calendar",
        "step_count,resting_heart_rate",
        "sleep,heart_rate_variability_sdnn",
    ];
    for word in words.into_iter().chain(numbered.iter().map(String::as_str)) {
        check_drawn(word, &ask(&folder, word, None, now_ms));
    }
    for (word, reach) in [("heart_rate:raw", Reach::Week), ("heart_rate:capsules", Reach::Day)] {
        check_drawn(word, &ask(&folder, word, Some(reach), now_ms));
    }
    for (word, reach) in
        [("heart_rate", Reach::Day), ("sleep", Reach::Day), ("rings", Reach::Day), ("sleep", Reach::Year)]
    {
        check_drawn(word, &ask(&folder, word, Some(reach), now_ms));
    }
}

/// The numbers of `query` by start, where all of it was asked for.
fn counted(folder: &Folder, word: &str, grain: Grain, now_ms: i64) -> BTreeMap<i64, crate::query::BucketAnswer> {
    let days = crate::local::Days::default();
    let question = crate::query::Question { word: word.to_owned(), days, grain: Some(grain), by_source: false, now_ms };
    let rows = query(folder, &question, grain).expect("rows");
    rows.into_iter().filter_map(|row| Some((health::time::parse_stamp(&row.start)?, row))).collect()
}

#[track_caller]
fn check_same(folder: &Folder, word: &str, (reach, grain): (Reach, Grain), times: f64, now_ms: i64) {
    let model = ask(folder, word, Some(reach), now_ms);
    let rows = counted(folder, word, grain, now_ms);
    let sums = rows.values().all(|row| row.stat == "sum");
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1.0);
    assert!(!model.buckets.is_empty(), "{word}");
    for bucket in &model.buckets {
        let row = rows.get(&bucket.start_ms).unwrap_or_else(|| panic!("{word}: no bucket at {}", bucket.label));
        assert_eq!((health::time::format_instant(bucket.end_ms), bucket.complete), (row.end.clone(), row.complete));
        if sums {
            assert!(
                near(bucket.mean * bucket.n as f64, row.value * times),
                "{word} {}: {bucket:?} {row:?}",
                bucket.label
            );
        } else {
            let found = [Some(bucket.mean), Some(bucket.min), Some(bucket.max)];
            let told = [Some(row.value), row.min, row.max].map(|value| value.map(|value| value * times));
            assert!(
                found.iter().zip(&told).all(|(a, b)| a.zip(*b).is_some_and(|(a, b)| near(a, b))),
                "{word}: {bucket:?} {row:?}"
            );
            assert_eq!(bucket.n, row.n.unsigned_abs());
        }
    }
}

#[test]
fn a_chart_says_the_same_numbers_as_query() {
    let (_kept, folder, now_ms) = demo("charts-same");
    let ranges = [
        (Reach::Day, Grain::Hour),
        (Reach::Week, Grain::Day),
        (Reach::HalfYear, Grain::Week),
        (Reach::Year, Grain::Month),
    ];
    for (word, times) in [
        ("heart_rate", 1.0),
        ("step_count", 1.0),
        ("distance_walking_running", 0.001),
        ("resting_heart_rate", 1.0),
        ("oxygen_saturation", 100.0),
        ("environmental_audio_exposure", 1.0),
    ] {
        for range in ranges {
            check_same(&folder, word, range, times, now_ms);
        }
    }
    // Four weeks are made of days, too.
    let window = ask(&folder, "heart_rate", Some(Reach::Days(28)), now_ms);
    let month = ask(&folder, "heart_rate", Some(Reach::Month), now_ms);
    assert_eq!(window.buckets.as_slice(), &month.buckets[month.buckets.len() - 28..]);
}

/// Whether a model has capsules, lines, zones and a strip of workouts.
fn looks(model: &Model) -> (bool, bool, bool, bool) {
    let has = |wanted: fn(&Layer) -> bool| model.layers.iter().any(wanted);
    (
        has(|layer| matches!(layer, Layer::Capsules { .. })),
        has(|layer| matches!(layer, Layer::Line { .. })),
        has(|layer| matches!(layer, Layer::Blocks { .. })),
        !model.panels.is_empty(),
    )
}

#[test]
fn heart_rates_are_drawn_as_asked_among_zones_and_workouts() {
    let (_kept, folder, now_ms) = demo("charts-pulse");
    let look = |word: &str, reach| looks(&ask(&folder, word, Some(reach), now_ms));
    assert_eq!(look("heart_rate:zones", Reach::Month), (true, false, true, true));
    assert_eq!(look("heart_rate", Reach::Month), (true, false, false, true));
    assert_eq!(look("heart_rate:raw", Reach::Week), (false, true, false, true));
    assert_eq!(look("heart_rate", Reach::Year), (true, false, false, false));
    let (capsules, line, ..) = look("heart_rate:capsules", Reach::Day);
    assert!(capsules && !line);
    assert!(look("heart_rate:raw", Reach::Day).1);
    for (word, reach) in
        [("heart_rate:raw", Reach::Month), ("heart_rate:zones", Reach::Year), ("sleep, sleep", Reach::Year)]
    {
        let subject = Subject::parse(word).expect("a subject");
        let question = Question { subject, reach: Some(reach), last: None, page: 1, now_ms };
        assert_eq!(chart(&folder, &question).expect_err(word).code, Code::BadUsage);
    }
}

#[test]
fn the_last_of_all_days_is_no_first_one() {
    let (_kept, folder, now_ms) = demo("charts-last-day");
    let subject = Subject::parse("step_count").expect("a subject");
    for reach in [Reach::Day, Reach::Week, Reach::HalfYear, Reach::Year] {
        let last = parse_day("9999-12-31");
        let model = chart(&folder, &Question { subject: subject.clone(), reach: Some(reach), last, page: 1, now_ms });
        let model = model.expect("a chart");
        assert!(model.days.ends_with("9998") || model.days.ends_with("9999"), "{}", model.days);
        assert!(!model.x.ticks.is_empty() && model.x.ticks.len() < 40, "{:?}", model.x.ticks);
    }
}

#[test]
fn goals_are_lines_and_weights_are_in_the_unit_of_tables() {
    let (_kept, folder, now_ms) = demo("charts-goals");
    let rules = |word: &str, reach| {
        let model = ask(&folder, word, Some(reach), now_ms);
        let found = model.layers.iter().find_map(|layer| match layer {
            Layer::Rules { rules } => Some(rules.clone()),
            _ => None,
        });
        (found, model.unit)
    };
    assert_eq!(rules("step_count", Reach::Month).0, None);
    crate::settings::set(&folder, "goals", "step_count=9000, body_mass=70").expect("set");
    assert_eq!(rules("step_count", Reach::Month).0, Some(vec![9000.0]));
    assert_eq!(rules("step_count", Reach::Day).0, None, "an hour has no goal");
    assert_eq!(rules("body_mass", Reach::Month), (Some(vec![70.0]), "kg".to_owned()));
    crate::settings::set(&folder, "units", "imperial").expect("set");
    let (goal, unit) = rules("body_mass", Reach::Month);
    assert!(unit == "lb" && (goal.expect("a goal")[0] - 154.32).abs() < 0.01);
    let heaviest = ask(&folder, "body_mass", Some(Reach::Month), now_ms).totals.expect("weights").max;
    let stored = counted(&folder, "body_mass", Grain::Day, now_ms);
    let most = stored.values().filter_map(|row| row.max).fold(0.0, f64::max);
    assert!(heaviest > 2.0 * most * 0.99 && heaviest <= 2.205 * most, "{heaviest} {most}");
}

#[test]
fn who_reads_miles_sees_routes_and_profiles_in_miles() {
    let (_kept, folder, now_ms) = demo("charts-miles");
    let listed = crate::workouts::workouts(&folder, Default::default()).expect("workouts");
    let routed = listed.iter().find(|row| row.route_points > 0).expect("a workout with a route").id;
    let told = || {
        let route = ask(&folder, &format!("workout:{routed}"), None, now_ms);
        let profiles = ask(&folder, &format!("workout:{routed}:profiles"), None, now_ms);
        (route.summary + " " + &profiles.summary, profiles.table.columns.join(", "))
    };
    let (words, columns) = told();
    assert!(
        words.contains(" km ") && words.contains(" min/km; ") && columns.contains("Elevation, m"),
        "{words}{columns}"
    );
    crate::settings::set(&folder, "units", "imperial").expect("set");
    let (words, columns) = told();
    assert!(
        words.contains(" mi ") && words.contains(" min/mi; ") && columns.contains("Elevation, ft"),
        "{words}{columns}"
    );
    assert!(!words.contains("km"), "{words}");
}

#[test]
fn rings_count_minutes_where_the_watch_does_and_need_no_goal() {
    let day = |day: &str, more: &str| format!("<ActivitySummary dateComponents=\"{day}\" {more}/>");
    let zeros = "activeEnergyBurned=\"0\" activeEnergyBurnedGoal=\"0\" activeEnergyBurnedUnit=\"kcal\"";
    let rows = [
        day("2026-03-01", &format!("{zeros} appleMoveTime=\"45\" appleMoveTimeGoal=\"60\"")),
        day("2026-03-02", "activeEnergyBurned=\"300\" activeEnergyBurnedUnit=\"kcal\" appleExerciseTime=\"12\""),
    ];
    let folder = TestFolder::of_rows("charts-rings", &rows);
    let summary = |text: &str| {
        let (subject, last) = (Subject::Rings, parse_day(text));
        chart(&folder, &Question { subject, reach: Some(Reach::Day), last, page: 1, now_ms: 0 }).expect("rings").summary
    };
    assert!(summary("2026-03-01").contains("Move 45 of 60 min"), "{}", summary("2026-03-01"));
    assert!(summary("2026-03-02").contains("Move 300 kcal, Exercise 12 min"), "{}", summary("2026-03-02"));
}

#[test]
fn a_typical_day_of_glucose_needs_fourteen() {
    let rows = |days: i64| -> Vec<String> {
        let row = |i: i64| {
            let at = format!("2026-03-{:02} {:02}:10:00 +0000", 1 + i / 24, i % 24);
            format!(
                "<Record type=\"HKQuantityTypeIdentifierBloodGlucose\" unit=\"mg/dL\" sourceName=\"Sensor\" \
                 startDate=\"{at}\" endDate=\"{at}\" value=\"{}\"/>",
                90 + i % 24
            )
        };
        (0..days * 24).map(row).collect()
    };
    let model = |days: i64| {
        let folder = TestFolder::of_rows(&format!("charts-sugar-{days}"), &rows(days));
        ask(&folder, "blood_glucose:profile", None, 1_790_000_000_000)
    };
    let (few, enough) = (model(13), model(14));
    assert!(few.is_empty() && few.summary.contains("13 days") && few.summary.contains("14"), "{}", few.summary);
    assert!(!enough.is_empty() && enough.summary.contains("14 days"), "{}", enough.summary);
    assert_eq!(enough.table.rows.len(), 48);
}

#[test]
fn the_unfinished_week_is_marked_and_today_counts_for_no_average() {
    let (_kept, folder, later_ms) = demo("charts-today");
    // Noon of the last day: a Tuesday.
    let noon_ms = i64::from(parse_day(END).expect("a day")) * 24 * HOUR_MS + 11 * HOUR_MS;
    let week = |now_ms: i64| ask(&folder, "step_count", Some(Reach::HalfYear), now_ms).buckets.pop().expect("a week");
    let (open, whole) = (week(noon_ms), week(later_ms));
    assert!(!open.complete && whole.complete);
    assert_eq!((open.n, whole.n), (1, 2), "Monday alone, then Monday and Tuesday");
    let days = ask(&folder, "step_count", Some(Reach::Week), noon_ms).buckets;
    assert_eq!(days.iter().filter(|day| !day.complete).count(), 1);
    assert!((open.mean - days[days.len() - 2].mean).abs() < 1e-6);
}

#[test]
fn without_data_a_chart_says_so() {
    let folder = TestFolder::new("charts-empty");
    let now_ms = i64::from(parse_day(END).expect("a day")) * 24 * HOUR_MS;
    for word in
        ["step_count", "heart_rate", "vo2_max", "body_mass", "blood_glucose", "blood_pressure", "sleep", "rings"]
    {
        for reach in [Reach::Day, Reach::Month, Reach::HalfYear, Reach::Year, Reach::All] {
            let model = ask(&folder, word, Some(reach), now_ms);
            assert!(model.is_empty() && model.summary.contains("no"), "{word}: {}", model.summary);
            picture(&model, Size::new(480, 300), Theme::Light, Format::Svg, 1.0).expect("a picture");
        }
    }
    for word in ["sleep:calendar", "step_count:calendar", "sleep:regularity", "step_count,sleep"] {
        assert!(ask(&folder, word, None, now_ms).is_empty(), "{word}");
    }
}

#[test]
fn an_unknown_number_brings_near_ones() {
    let folder = TestFolder::filled("charts-numbers");
    let error = |word: &str| {
        let subject = Subject::parse(word).expect("a subject");
        chart(&folder, &Question { subject, reach: None, last: None, page: 9, now_ms: 0 }).expect_err("refused")
    };
    let store = folder.read().expect("a store");
    let ids = |kind: &str| store.entry_ids(kind).expect("entries");
    let workout = error("workout:999");
    assert_eq!(workout.code, Code::UnknownWorkout);
    assert!(workout.hint.contains(&format!("workout:{}", ids("workout")[0])), "{}", workout.hint);
    // The number of a workout is not that of a recording.
    assert_eq!(error(&format!("ecg:{}", ids("workout")[0])).code, Code::UnknownEcg);
    assert_eq!(error(&format!("ecg:{}", ids("ecg")[0])).code, Code::BadUsage, "it has no page 9");
    assert_eq!(error("heart_rat").code, Code::UnknownType);
}

/// The rows of both numbers and the correlation that names them are one reading; it goes by either of its types.
#[test]
fn blood_pressure_is_paired() {
    let folder = TestFolder::filled("charts-pressure");
    let model = ask(&folder, "blood_pressure", Some(Reach::All), 1_790_000_000_000);
    let systolic = ask(&folder, "blood_pressure_systolic", Some(Reach::All), 1_790_000_000_000);
    let diastolic = ask(&folder, "HKQuantityTypeIdentifierBloodPressureDiastolic", Some(Reach::All), 1_790_000_000_000);
    let summaries =
        [&model, &systolic, &diastolic].map(|model| model.summary.split_once(' ').expect("words").1.to_owned());
    let expected = [
        "14 Mar 2026 your blood pressure was 121 over 79 mmHg in 1 reading.",
        "14 Mar 2026 your systolic blood pressure was 121 mmHg in 1 value.",
        "14 Mar 2026 your diastolic blood pressure was 79 mmHg in 1 value.",
    ];
    assert_eq!(summaries, expected);
    for half in [systolic, diastolic] {
        assert_eq!(Model { summary: model.summary.clone(), ..half }, model);
    }
    assert_eq!((model.table.rows.len(), model.title.as_str()), (1, "Blood pressure"));
}

#[test]
fn a_night_in_two_parts_is_drawn_as_one() {
    let row = |from: &str, until: &str| {
        format!(
            r#"<Record type="HKCategoryTypeIdentifierSleepAnalysis" value="HKCategoryValueSleepAnalysisAsleepCore"
             sourceName="Watch" startDate="2026-03-{from}:00 +0000" endDate="2026-03-{until}:00 +0000"/>"#
        )
    };
    let rows = [row("02 22:00", "02 23:50"), row("03 02:10", "03 06:40")];
    let folder = TestFolder::of_rows("charts-parts", &rows);
    crate::settings::set(&folder, "home_zone", "Europe/London").expect("set");
    let night = ask(&folder, "sleep:night", Some(Reach::Day), 0);
    assert!(night.summary.contains("from 22:00 to 06:40: 6 h 20 min asleep"), "{}", night.summary);
    assert_eq!(night.table.rows.len(), 2);
    let silent = [row("10 23:00", "11 01:00"), row("11 01:30", "11 06:00")];
    let silent = TestFolder::of_rows("charts-silent", &silent);
    let silent = ask(&silent, "sleep:night", Some(Reach::Day), 0);
    assert!(silent.summary.contains("Awake 30 min"), "{}", silent.summary);
    assert_eq!(silent.table.rows[1][2..], ["Nothing written (awake)", "30 min"]);
    let nights = ask(&folder, "sleep:nights", Some(Reach::Week), 0);
    assert!(nights.summary.contains("1 night, with 6 h 20 min of sleep"), "{}", nights.summary);
}

#[test]
fn a_blood_pressure_without_its_other_half_is_shown_alone() {
    let row = |half: &str, value: u32, time: &str| {
        format!(
            r#"<Record type="HKQuantityTypeIdentifierBloodPressure{half}" sourceName="Cuff" unit="mmHg" value="{value}"
             startDate="2026-03-02 {time}:00 +0000" endDate="2026-03-02 {time}:00 +0000"/>"#
        )
    };
    let rows = [row("Systolic", 120, "08:00"), row("Diastolic", 80, "08:00"), row("Systolic", 190, "09:00")];
    let folder = TestFolder::of_rows("charts-lone", &rows);
    let found = ask(&folder, "blood_pressure", Some(Reach::Week), 0);
    assert!(found.summary.ends_with("was 120 over 80 mmHg in 1 reading; 1 value alone."), "{}", found.summary);
    let upper: Vec<&str> = found.table.rows.iter().map(|row| row[2].as_str()).collect();
    assert_eq!((upper, found.table.rows[1][3].as_str()), (vec!["120", "190"], "no data"));
    assert_eq!(found.keys.last().map(|key| key.label.as_str()), Some("a value alone"));
}

#[test]
fn the_owners_own_range_of_glucose_is_a_band() {
    let row = |minute: u32, value: u32| {
        format!(
            r#"<Record type="HKQuantityTypeIdentifierBloodGlucose" sourceName="Sensor" unit="mg/dL" value="{value}"
             startDate="2026-03-02 08:{minute:02}:00 +0000" endDate="2026-03-02 08:{minute:02}:00 +0000"/>"#
        )
    };
    let folder = TestFolder::of_rows("charts-glucose", &[row(0, 60), row(10, 70), row(20, 180), row(30, 181)]);
    let ask = || ask(&folder, "blood_glucose", Some(Reach::Day), 0);
    let band = |model: &Model| model.layers.iter().any(|layer| matches!(layer, Layer::Band { .. }));
    assert!(!band(&ask()) && !ask().summary.contains("It was from"), "nobody set one");
    crate::settings::set(&folder, "glucose_range", "70,180").expect("set");
    // Ten minutes each, and the last one holds for a quarter of an hour.
    assert!(
        band(&ask()) && ask().summary.contains("It was from 70 to 180 for 44 % of the 45 min"),
        "{}",
        ask().summary
    );
}

/// Nights from 23 to 7 h and, to Saturdays and Sundays, from 0 to 8 h.
#[test]
fn nights_to_free_days_are_beside_the_others() {
    let night = |n: Day| {
        // 2 March 2026 is a Monday.
        let day = 20_514 + n;
        let (from, until) = match n % 7 {
            5 | 6 => (format!("{} 00:00", format_day(day)), format!("{} 08:00", format_day(day))),
            _ => (format!("{} 23:00", format_day(day - 1)), format!("{} 07:00", format_day(day))),
        };
        format!(
            "<Record type=\"{SLEEP}\" sourceName=\"Watch\" startDate=\"{from}:00 +0000\" endDate=\"{until}:00 +0000\" \
             value=\"HKCategoryValueSleepAnalysisAsleepCore\"/>"
        )
    };
    let told = |name: &str, nights: Day| {
        let folder = TestFolder::of_rows(name, &(0..nights).map(night).collect::<Vec<_>>());
        let now_ms = i64::from(20_514 + nights) * 86_400_000;
        ask(&folder, "sleep:regularity", Some(Reach::Month), now_ms).summary
    };
    let two_weeks = told("free-days", 14);
    let sentence = "In the 4 nights to Saturdays and Sundays it lay 1 h later than in the 10 others.";
    assert!(two_weeks.replace('\u{a0}', " ").contains(sentence), "{two_weeks}");
    assert!(!told("free-days-few", 13).contains("Saturdays"), "of three nights nothing is said");
}
