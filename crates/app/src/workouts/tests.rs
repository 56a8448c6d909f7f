//! Workouts of small made exports.

use serde_json::json;

use super::*;
use crate::Code;
use crate::testing::TestFolder;

const WATCH: &str =
    "sourceName=\"Watch\" device=\"&lt;&lt;HKDevice: 0x1&gt;, name:Apple Watch, hardware:Watch7,3&gt;\"";
const APP: &str = "sourceName=\"Runner\" device=\"&lt;&lt;HKDevice: 0x2&gt;, name:Apple Watch, hardware:Watch7,3&gt;\"";
const STRAP: &str = "sourceName=\"Strap\"";

/// Attributes of a time in minutes after 10:00 UTC.
fn time(from: i64, until: i64) -> String {
    let stamp = |at: i64| format!("2026-03-02 {:02}:{:02}:00 +0000", 10 + at / 60, at % 60);
    format!("startDate=\"{}\" endDate=\"{}\"", stamp(from), stamp(until))
}

fn record(kind: &str, unit: &str, writer: &str, from: i64, until: i64, value: f64) -> String {
    let when = time(from, until);
    format!("<Record type=\"HKQuantityTypeIdentifier{kind}\" unit=\"{unit}\" {writer} {when} value=\"{value}\"/>")
}

fn run(writer: &str, from: i64, until: i64, more: &str, inside: &str) -> String {
    let when = time(from, until);
    format!("<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" {writer} {when} {more}>{inside}</Workout>")
}

fn all(folder: &TestFolder) -> Vec<WorkoutAnswer> {
    workouts(folder, Listing::default()).expect("workouts")
}

#[test]
fn the_heart_rate_is_that_of_the_own_device_and_ends_with_the_workout() {
    let pulse = |writer, at, value| record("HeartRate", "count/min", writer, at, at, value);
    let rows = [
        pulse(WATCH, 0, 100.0),
        pulse(WATCH, 5, 150.0),
        pulse(STRAP, 5, 190.0),
        pulse(WATCH, 10, 140.0),
        pulse(WATCH, 11, 60.0),
        run(APP, 0, 10, "", ""),
    ];
    let found = all(&TestFolder::of_rows("own-device", &rows));
    assert_eq!(
        found[0].heart_rate,
        Some(HeartRateAnswer { min: 100.0, mean: found[0].heart_rate.expect("a heart rate").mean, max: 150.0 })
    );
    assert!((found[0].heart_rate.expect("a heart rate").mean - 125.0).abs() < 0.1, "{found:?}");
    assert_eq!(found[0].heart_rate_origin, Some("computed"));
}

#[test]
fn a_computed_total_knows_what_lies_beyond_the_workout() {
    // The phone saw the whole hour, the watch all but the workout: a sixth of it is the phone's.
    let rows = [
        record("DistanceWalkingRunning", "m", "sourceName=\"iPhone\"", 0, 60, 6000.0),
        record("DistanceWalkingRunning", "m", WATCH, 31, 60, 5000.0),
        run(WATCH, 0, 31, "", ""),
    ];
    let found = all(&TestFolder::of_rows("beyond", &rows));
    assert_eq!(found[0].distance_origin, Some("computed"));
    assert!((found[0].distance_m.expect("metres") - 1000.0).abs() < 0.1, "{found:?}");
}

#[test]
fn a_workout_says_where_its_numbers_come_from() {
    let pulse = |writer, at, value| record("HeartRate", "count/min", writer, at, at, value);
    let rows = [
        record("DistanceWalkingRunning", "m", "sourceName=\"iPhone\"", 0, 60, 6000.0),
        record("DistanceWalkingRunning", "m", WATCH, 0, 10, 900.0),
        pulse(WATCH, 2, 100.0),
        pulse(WATCH, 5, 150.0),
        pulse(STRAP, 5, 190.0),
        run(WATCH, 0, 31, "totalEnergyBurned=\"200\"", ""),
        run(STRAP, 1, 31, "", ""),
    ];
    let folder = TestFolder::of_rows("why", &rows);
    let listed = all(&folder);
    let found = detail(&folder, listed[0].id).expect("a workout");
    let why = |what: &str| found.why.iter().find(|why| why.what == what).expect("a reason");
    let told: Vec<&str> = found.why.iter().map(|why| why.what).collect();
    assert_eq!(told, ["length", "distance", "energy", "heart_rate", "splits", "zones"]);
    let added: f64 = why("distance").sources.iter().filter_map(|part| part.value).sum();
    assert!((added - found.workout.distance_m.expect("metres")).abs() < 1e-9, "{:?}", why("distance"));
    assert_eq!(why("distance").sources.len(), 2);
    assert!(why("energy").sources.is_empty() && why("energy").sentence.starts_with("Whoever wrote the workout"));
    let rows = |part: &crate::explain::SourcePart| (part.source.clone(), part.rows_used, part.rows_left_out);
    let expected = [("Watch".to_owned(), 2, 0), ("Strap".to_owned(), 0, 1)];
    assert_eq!(why("heart_rate").sources.iter().map(rows).collect::<Vec<_>>(), expected);
    let limits = found.zones.as_ref().expect("zones").limits;
    assert!(why("zones").sentence.contains(&format!("begin at {}, {}", limits[0].round(), limits[1].round())));
    // Who wrote the same, and which of them counts.
    let same = |id: i64| -> Vec<(i64, bool)> {
        detail(&folder, id).expect("a workout").same.iter().map(|other| (other.id, other.counts)).collect()
    };
    assert_eq!((same(listed[0].id), same(listed[1].id)), (vec![(listed[1].id, false)], vec![(listed[0].id, true)]));
}

#[test]
fn totals_say_where_they_come_from() {
    let energy = |sum: f64| format!("<WorkoutStatistics type=\"{ENERGY}\" sum=\"{sum}\" unit=\"kcal\"/>");
    let pulse = format!(
        "<WorkoutStatistics type=\"{HEART_RATE}\" average=\"130\" minimum=\"90\" maximum=\"170\" unit=\"count/min\"/>"
    );
    let rows = [
        record("DistanceWalkingRunning", "m", WATCH, 120, 140, 4000.0),
        run(WATCH, 0, 30, "totalEnergyBurned=\"200\" totalDistance=\"5\" totalDistanceUnit=\"km\"", ""),
        run(WATCH, 60, 90, "", &(energy(300.0) + &pulse)),
        run(WATCH, 120, 130, "", ""),
    ];
    let found = all(&TestFolder::of_rows("origins", &rows));
    let told = |row: &WorkoutAnswer| (row.energy_kcal, row.energy_origin, row.distance_m, row.distance_origin);
    assert_eq!(told(&found[0]), (Some(200.0), Some("row"), Some(5000.0), Some("row")));
    assert_eq!(told(&found[1]), (Some(300.0), Some("statistics"), None, None));
    assert_eq!(told(&found[2]), (None, None, Some(2000.0), Some("computed")));
    assert_eq!(found[1].heart_rate, Some(HeartRateAnswer { min: 90.0, mean: 130.0, max: 170.0 }));
    assert_eq!(found[1].heart_rate_origin, Some("statistics"));
}

#[test]
fn the_same_run_of_two_sources_counts_once() {
    let steps = record("StepCount", "count", WATCH, 0, 1, 10.0);
    let folder = TestFolder::of_rows(
        "same",
        &[steps, run(STRAP, 1, 31, "", ""), run(WATCH, 0, 30, "", ""), run(STRAP, 60, 90, "", "")],
    );
    let found = all(&folder);
    let told: Vec<_> = found.iter().map(|row| (row.source.as_deref(), row.same_as)).collect();
    assert_eq!(told, [(Some("Watch"), None), (Some("Strap"), Some(found[0].id)), (Some("Strap"), None)]);
    let one = detail(&folder, found[1].id).expect("a workout");
    assert_eq!(WorkoutAnswer { zone_minutes: None, ..one.workout }, found[1]);
}

#[test]
fn one_workout_has_splits_zones_and_pauses() {
    let event = |kind: &str, at: &str| {
        format!("<WorkoutEvent type=\"HKWorkoutEventType{kind}\" date=\"2026-03-02 10:{at}:00 +0000\"/>")
    };
    let rows = [
        record("DistanceWalkingRunning", "m", WATCH, 0, 10, 2000.0),
        record("HeartRate", "count/min", WATCH, 0, 0, 100.0),
        record("HeartRate", "count/min", WATCH, 6, 6, 200.0),
        run(WATCH, 0, 10, "", &(event("Pause", "02") + &event("Resume", "03"))),
    ];
    let folder = TestFolder::of_rows("detail", &rows);
    let found = detail(&folder, all(&folder)[0].id).expect("a workout");
    assert_eq!(found.workout.duration_s, Some(540.0));
    let pauses = json!([{"start": "2026-03-02T10:02:00.000Z", "end": "2026-03-02T10:03:00.000Z"}]);
    assert_eq!(serde_json::to_value(&found.pauses).expect("JSON"), pauses);
    let splits: Vec<_> = found.splits.iter().map(|split| (split.distance_m, split.moving_s)).collect();
    assert_eq!((splits, found.splits_origin), (vec![(1000.0, 240.0), (1000.0, 300.0)], Some("samples")));
    let zones = found.zones.expect("zones");
    assert_eq!(
        (zones.method, zones.highest_bpm, zones.limits),
        ("highest_minute", Some(200.0), [120.0, 140.0, 160.0, 180.0])
    );
    assert_eq!(zones.minutes, [5.0, 0.0, 0.0, 0.0, 4.0]);
    assert_eq!(found.workout.zone_minutes, Some(zones.minutes));
    let listed = workouts(&folder, Listing { zones: true, ..Listing::default() }).expect("workouts");
    assert_eq!((listed[0].zone_minutes, all(&folder)[0].zone_minutes), (Some(zones.minutes), None));
    assert_eq!((found.elevation_up_m, found.workout.route_points), (None, 0));
    crate::settings::set(&folder, "heart_zones", "90, 100, 199, 201").expect("set");
    crate::settings::set(&folder, "units", "imperial").expect("set");
    let found = detail(&folder, found.workout.id).expect("a workout");
    let miles: Vec<f64> = found.splits.iter().map(|split| split.distance_m.round()).collect();
    assert_eq!((found.split_m, found.tempo, miles), (1609.344, "pace", vec![1609.0, 391.0]));
    let zones = found.zones.expect("zones");
    assert_eq!((zones.method, zones.highest_bpm, zones.minutes), ("set", Some(200.0), [0.0, 0.0, 5.0, 4.0, 0.0]));
}

#[test]
fn the_highest_minute_is_the_one_that_all_samples_tell() {
    // Lone peaks of other days are higher than the minute in which everything was high; one lies after the workout.
    let pulse = |day: i64, second: i64, value: f64| {
        let at = format!("2026-{:02}-{:02} 10:00:{second:02} +0000", 1 + day / 28, 1 + day % 28);
        format!(
            "<Record type=\"{HEART_RATE}\" unit=\"count/min\" {WATCH} startDate=\"{at}\" endDate=\"{at}\" value=\"{value}\"/>"
        )
    };
    let days = |day: i64| {
        let steady = 150.0 + (day * 7 % 13) as f64;
        [pulse(day, 0, steady), pulse(day, 20, if day % 5 == 0 { 190.0 } else { steady }), pulse(day, 40, 100.0)]
    };
    let rows: Vec<String> = (0..56).flat_map(days).chain([run(WATCH, 0, 30, "", "")]).collect();
    let folder = TestFolder::of_rows("highest", &rows);
    let store = folder.read().expect("a store");
    let desk = Desk::new(&store).expect("a desk");
    let zones = zones(&store).expect("zones");
    let row = &store.workouts(i64::MIN, i64::MAX).expect("workouts")[0];
    let mut found = 0;
    // Ends that cut no minute, and such that do; a minute that is cut may be higher than when it was whole.
    let (noon, day) = (row.end_ms - row.end_ms % 86_400_000 + 36_000_000, 86_400_000);
    let cuts =
        (0..60).flat_map(|days| [-1, 0, 19_999, 20_000, 45_000, 59_999, 60_000].map(|ms| noon - days * day + ms));
    let ages_later: Vec<i64> = cuts.clone().map(|at| at + 730 * day).collect();
    for now_ms in cuts.chain(ages_later).chain([row.end_ms, row.end_ms + 700 * day, row.start_ms + 19_000]) {
        let points = store.points(desk.heart_rate.id.expect("heart rates"), i64::MIN, i64::MAX).expect("points");
        let (rule, ranks) = (Rule::of(&desk.heart_rate.kind), desk.orders.of(HEART_RATE));
        let all: Vec<Input> = points.iter().filter_map(|point| point.input(rule, ranks)).collect();
        let told = desk.highs(&zones, (row.start_ms, now_ms)).expect("highs").at(now_ms).expect("read");
        let since_ms = heart::believed_since(now_ms);
        let believed = all.iter().filter(|input| (since_ms..=now_ms).contains(&input.span.start_ms));
        let expected = heart::minutes(believed).into_iter().reduce(heart::Minute::higher);
        assert_eq!(told, heart::highest(expected, None), "{now_ms}");
        found += u32::from(told.is_some());
    }
    assert!(found > 700, "{found}");
}

#[test]
fn a_page_has_the_newest_workouts() {
    let folder = TestFolder::of_rows("page", &[0, 60, 120].map(|at| run(WATCH, at, at + 30, "", "")));
    let starts = |newest| -> Vec<String> {
        workouts(&folder, Listing { newest, ..Listing::default() })
            .expect("workouts")
            .into_iter()
            .map(|row| row.start)
            .collect()
    };
    let all = starts(None);
    assert_eq!((all.len(), starts(Some(2)), starts(Some(0)), starts(Some(9))), (3, all[1..].to_vec(), vec![], all));
}

#[test]
fn a_number_that_no_workout_has_is_a_mistake() {
    let folder = TestFolder::filled("no-workout");
    assert_eq!(detail(&folder, 999).expect_err("none").code, Code::UnknownWorkout);
    let range = Days::parse(Some("2001-01-01"), Some("2001-01-02")).expect("days");
    assert!(workouts(&folder, Listing { days: range, ..Listing::default() }).expect("an answer").is_empty());
}

#[test]
fn climbed_metres_tell_where_they_come_from() {
    let folder = TestFolder::filled("why-climbed");
    let found: Vec<DetailAnswer> = all(&folder).iter().map(|row| detail(&folder, row.id).expect("a workout")).collect();
    let told = |found: &DetailAnswer| found.why.iter().any(|why| why.what == "climbed");
    assert!(found.iter().all(|found| told(found) == found.elevation_up_m.is_some()));
    assert!(found.iter().any(told) && !found.iter().all(told));
}
