//! What is sent comes back from the decoder as it was; what the server would collapse, refuse or distort is named.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::formats::open_wearables::{decode, record::SLEEP};
use crate::formats::phone::Decoded;
use crate::time::{HOUR_MS, TimeZone};

const NOW: i64 = 1_800_000_000_000;
const MINUTE: i64 = 60_000;

fn zones() -> Zones {
    Zones::home(TimeZone::get("Europe/Berlin").expect("a zone"))
}

fn source(name: &str, hardware: Option<&str>) -> Source {
    Source { name: name.to_owned(), bundle: None, hardware: hardware.map(str::to_owned) }
}

fn watch() -> Source {
    source("Ann’s Apple Watch", Some("Watch7,3"))
}

fn phone() -> Source {
    source("Ann’s iPhone", Some("iPhone16,1"))
}

fn quantity<'a>(name: &'a str, at_ms: i64, value: f64, source: &'a Source) -> Row<'a> {
    Row { value: Some(value), ..Row::new(name, (at_ms, at_ms), source) }
}

fn stage(stage: i64, minutes: (i64, i64), source: &Source) -> Row<'_> {
    let times = (minutes.0 * MINUTE, minutes.1 * MINUTE);
    Row { value: Some(stage as f64), ..Row::new(SLEEP, times, source) }
}

const PULSE: &str = "HKQuantityTypeIdentifierHeartRate";
const STEPS: &str = "HKQuantityTypeIdentifierStepCount";

fn parse(body: &Body) -> Json {
    serde_json::from_slice(&body.bytes).expect("JSON")
}

fn reasons(bodies: &Bodies<'_>) -> Vec<(usize, Reason)> {
    bodies.held().iter().map(|held| (held.row, held.reason)).collect()
}

#[track_caller]
fn check(rows: &[Row<'_>], sent: &[&[usize]], held: &[(usize, Reason)], later: &[usize]) {
    let zones = zones();
    let bodies = samples(rows, &Options::new(&zones, NOW));
    assert_eq!(reasons(&bodies), held);
    assert_eq!(bodies.later(), later);
    assert_eq!(bodies.map(|body| body.rows).collect::<Vec<_>>(), sent);
}

#[test]
fn a_body_is_what_the_sdk_sends() {
    let (zones, watch) = (zones(), watch());
    let row = Row {
        device: Some("name:Apple Watch, manufacturer:Apple Inc., model:Watch, hardware:Watch7,3, software:11.1"),
        version: Some("11.1"),
        uuid: "65F462FC-BC38-5476-B097-E4389D5AE2B1".parse().ok(),
        details: Some(r#"{"beats":[{"bpm":60}],"metadata":{"HKMetadataKeyHeartRateMotionContext":"1"}}"#),
        ..quantity(PULSE, 1_772_604_005_000, 61.0, &watch)
    };
    let mut bodies = samples(std::slice::from_ref(&row), &Options::new(&zones, NOW));
    let body = bodies.next().expect("a body");
    assert!(bodies.next().is_none());
    let expected = json!({"provider": "apple", "sdkVersion": concat!("vitalog-", env!("CARGO_PKG_VERSION")),
        "syncTimestamp": "2027-01-15T08:00:00Z", "data": {"records": [{
            "id": "65F462FC-BC38-5476-B097-E4389D5AE2B1", "type": PULSE, "startDate": "2026-03-04T06:00:05Z",
            "endDate": "2026-03-04T06:00:05Z", "zoneOffset": "+01:00", "value": 61, "unit": "bpm",
            "metadata": {"HKMetadataKeyHeartRateMotionContext": "1"},
            "source": {"name": "Ann’s Apple Watch", "deviceName": "Apple Watch", "deviceManufacturer": "Apple Inc.",
                "deviceModel": "Watch7,3", "deviceType": "watch", "deviceHardwareVersion": "Watch7,3",
                "deviceSoftwareVersion": "11.1",
                "operatingSystemVersion": {"majorVersion": 11, "minorVersion": 1, "patchVersion": 0}}}]}});
    assert_eq!(parse(&body), expected);
    assert_eq!((body.rows, body.adds.points), (vec![0], BTreeMap::from([("heart_rate", 1)])));
    let opening: Json = serde_json::from_slice(&opening(NOW)).expect("JSON");
    assert_eq!(opening["data"], json!({}));
    assert_eq!(opening["syncTimestamp"], expected["syncTimestamp"]);
}

#[test]
fn the_wearers_own_offset_counts_before_the_place() {
    let (zones, watch) = (zones(), watch());
    let offset = |details: Option<&'static str>| {
        let row = Row { details, ..quantity(PULSE, 0, 61.0, &watch) };
        let body = samples(&[row], &Options::new(&zones, NOW)).next().expect("a body");
        parse(&body)["data"]["records"][0]["zoneOffset"].clone()
    };
    assert_eq!(offset(None), "+01:00");
    assert_eq!(offset(Some(r#"{"zone_offset":"-03:30"}"#)), "-03:30");
    assert_eq!(offset(Some(r#"{"zone_offset":"Europe/Oslo"}"#)), "+01:00");
    assert_eq!(offset(Some(r#"{"metadata":{"HKTimeZone":"Asia/Tokyo"}}"#)), "+09:00");
}

#[test]
fn a_body_has_one_source_and_no_more_items_than_asked_for() {
    let (zones, watch, phone) = (zones(), watch(), phone());
    let sources = [&watch, &phone];
    let rows: Vec<Row<'_>> = (0..50).map(|n| quantity(PULSE, n * 1000, 60.0, sources[n as usize % 2])).collect();
    let options = Options { max_items: 10, ..Options::new(&zones, NOW) };
    let bodies: Vec<Body> = samples(&rows, &options).collect();
    assert_eq!(bodies.iter().map(|body| body.rows.len()).collect::<Vec<_>>(), [10, 10, 5, 10, 10, 5]);
    for body in &bodies {
        let sent = parse(body);
        let records = sent["data"]["records"].as_array().expect("records");
        let names: BTreeSet<&str> = records.iter().filter_map(|record| record["source"]["name"].as_str()).collect();
        assert_eq!(names.len(), 1);
        assert!(records.windows(2).all(|two| two[0]["startDate"].as_str() <= two[1]["startDate"].as_str()));
        assert_eq!(body.adds.points["heart_rate"], records.len() as u64);
    }
}

#[test]
fn large_metadata_ends_a_body() {
    let (zones, watch) = (zones(), watch());
    let details = json!({"metadata": {"note": "x".repeat(MAX_BYTES / 3)}}).to_string();
    let rows: Vec<Row<'_>> =
        (0..7).map(|n| Row { details: Some(&details), ..quantity(PULSE, n * 1000, 60.0, &watch) }).collect();
    let bodies: Vec<Body> = samples(&rows, &Options::new(&zones, NOW)).collect();
    assert_eq!(bodies.iter().map(|body| body.rows.len()).collect::<Vec<_>>(), [3, 3, 1]);
}

#[test]
fn what_ends_last_is_sent_of_one_instant() {
    let (watch, phone) = (watch(), phone());
    let steps = |end: i64, value: f64, source| Row { end_ms: end, ..quantity(STEPS, 0, value, source) };
    let rows = [steps(60_000, 10.0, &watch), steps(90_000, 5.0, &watch), steps(90_000, 4.0, &watch)];
    check(&rows, &[&[1]], &[(0, Reason::SameInstant), (2, Reason::SameInstant)], &[]);
    check(&[steps(0, 1.0, &watch), steps(0, 1.0, &watch)], &[&[0]], &[(1, Reason::SameInstant)], &[]);
    // Another source, another millisecond, another type: nothing collapses.
    let rows = [steps(0, 1.0, &watch), steps(0, 1.0, &phone), quantity(STEPS, 1, 1.0, &watch)];
    check(&rows, &[&[0, 2], &[1]], &[], &[]);
    check(&[quantity(STEPS, 0, 1.0, &watch), quantity(PULSE, 0, 60.0, &watch)], &[&[1, 0]], &[], &[]);
}

#[test]
fn types_that_share_a_series_collapse_too() {
    let watch = watch();
    let rows = [
        quantity("HKQuantityTypeIdentifierDistanceRowing", 0, 5.0, &watch),
        quantity("HKQuantityTypeIdentifierDistanceWheelchair", 0, 6.0, &watch),
    ];
    check(&rows, &[&[1]], &[(0, Reason::SameInstant)], &[]);
}

#[test]
fn sources_that_the_server_cannot_tell_apart_are_one() {
    let long = "n".repeat(64);
    let (a, b) = (source(&format!("{long}a"), None), source(&format!("{long}b"), None));
    check(&[quantity(STEPS, 0, 1.0, &a), quantity(STEPS, 0, 2.0, &b)], &[&[0], &[1]], &[], &[]);
    let (a, b) =
        (Source { bundle: Some("a".to_owned()), ..watch() }, Source { bundle: Some("b".to_owned()), ..watch() });
    check(&[quantity(STEPS, 0, 1.0, &a), quantity(STEPS, 0, 2.0, &b)], &[&[1]], &[(0, Reason::SameInstant)], &[]);
}

#[test]
fn what_the_server_would_refuse_is_held_back_and_named() {
    let watch = watch();
    let rows = [
        quantity(PULSE, 0, 61.0, &watch),
        quantity("HKQuantityTypeIdentifierDietaryWater", 0, 1.0, &watch),
        quantity("HKCategoryTypeIdentifierMindfulSession", 0, 0.0, &watch),
        quantity("HKQuantityTypeIdentifierUnderwaterDepth", 0, 3.0, &watch),
        quantity("HKQuantityTypeIdentifierBloodAlcoholContent", 0, 0.0005, &watch),
        Row::new(STEPS, (0, 0), &watch),
        quantity(STEPS, 0, f64::NAN, &watch),
        quantity(STEPS, 0, 1e7, &watch),
    ];
    let held = [
        (1, Reason::NotStored),
        (2, Reason::NotStored),
        (3, Reason::AnotherType),
        (4, Reason::UnclearUnit),
        (5, Reason::NoValue),
        (6, Reason::NoValue),
        (7, Reason::TooLarge),
    ];
    check(&rows, &[&[0]], &held, &[]);
}

#[test]
fn a_night_stays_whole_and_the_oldest_goes_first() {
    let (zones, watch) = (zones(), watch());
    let night = |day: i64| (0..6).map(move |n| (day * 1440 + n * 60, day * 1440 + n * 60 + 60));
    let mut rows: Vec<Row<'_>> =
        [2, 0, 1].into_iter().flat_map(night).map(|minutes| stage(3 + minutes.0 / 60 % 3, minutes, &watch)).collect();
    rows.reverse();
    let options = Options { max_items: 13, ..Options::new(&zones, NOW) };
    let bodies: Vec<Body> = samples(&rows, &options).collect();
    assert_eq!(bodies.iter().map(|body| (body.rows.len(), body.adds.nights)).collect::<Vec<_>>(), [(12, 2), (6, 1)]);
    let starts: Vec<i64> = bodies.iter().flat_map(|body| &body.rows).map(|at| rows[*at].start_ms).collect();
    assert!(starts.is_sorted());
    // A night that has more than a body takes is one body all the same.
    let bodies = samples(&rows, &Options { max_items: 4, ..options }).map(|body| body.rows.len());
    assert_eq!(bodies.collect::<Vec<_>>(), [6, 6, 6]);
}

#[test]
fn a_gap_of_two_hours_still_joins() {
    let watch = watch();
    let rows = [stage(3, (0, 60), &watch), stage(3, (180, 240), &watch), stage(3, (361, 400), &watch)];
    let zones = zones();
    let body = samples(&rows, &Options::new(&zones, NOW)).next().expect("a body");
    assert_eq!(body.adds.nights, 2);
}

#[test]
fn stages_that_the_server_would_lose_are_named() {
    let watch = watch();
    let unknown = Row { value: None, ..stage(0, (0, 5), &watch) };
    let rows = [
        stage(2, (0, 10), &watch),  // awake before anybody slept
        stage(3, (10, 70), &watch), // asleep
        stage(4, (70, 70), &watch), // no length
        stage(2, (70, 80), &watch), // awake in between
        stage(3, (10, 70), &watch), // the same once more
        unknown,
        stage(6, (90, 95), &watch),
        stage(2, (300, 310), &watch), // awake alone
    ];
    let held = [
        (0, Reason::AwakeAlone),
        (2, Reason::NoLength),
        (4, Reason::SameInstant),
        (5, Reason::UnknownStage),
        (6, Reason::UnknownStage),
        (7, Reason::AwakeAlone),
    ];
    check(&rows, &[&[1, 3]], &held, &[]);
}

#[test]
fn a_night_is_told_by_the_source_that_knows_most() {
    let (watch, phone, ring) = (watch(), phone(), source("Ring", None));
    let rows = [
        stage(0, (0, 500), &phone), // in bed from before the watch says anything
        stage(3, (30, 200), &watch),
        stage(5, (200, 400), &watch),
        stage(1, (20, 480), &ring),     // asleep, without stages
        stage(0, (1440, 1900), &phone), // a night that only the phone knows
    ];
    check(&rows, &[&[4], &[1, 2]], &[(0, Reason::AnotherSource), (3, Reason::AnotherSource)], &[]);
    let mut turned: Vec<Row<'_>> = rows.to_vec();
    turned.reverse();
    check(&turned, &[&[0], &[3, 2]], &[(1, Reason::AnotherSource), (4, Reason::AnotherSource)], &[]);
}

#[test]
fn last_night_waits() {
    let (watch, phone) = (watch(), phone());
    let end = NOW / MINUTE - SETTLED_MS / MINUTE;
    check(&[stage(3, (end - 60, end), &watch)], &[&[0]], &[], &[]);
    check(&[stage(3, (end - 60, end + 1), &watch)], &[], &[], &[0]);
    // What is told by less waits for nobody: it is not sent.
    let rows = [stage(3, (end - 60, end + 1), &watch), stage(0, (end - 90, end - 5), &phone)];
    check(&rows, &[], &[(1, Reason::AnotherSource)], &[0]);
}

fn run<'a>(source: &'a Source, start_ms: i64, body: &'a str) -> Workout<'a> {
    let activity = "HKWorkoutActivityTypeRunning";
    Workout { activity, start_ms, end_ms: start_ms + 1_800_000, source, uuid: None, body }
}

#[test]
fn a_workout_goes_with_its_statistics() {
    let (zones, watch) = (zones(), watch());
    let body = json!({"duration_s": 1700.5, "distance_m": 5000, "energy_kcal": 300,
        "metadata": {"HKIndoorWorkout": "0", "HKElevationAscended": "1250 cm", "HKAverageMETs": "8.1 kcal/hr·kg",
            "HKWeatherTemperature": "64.4 degF", "HKWeatherHumidity": "4300 %"},
        "statistics": [
            {"type": "HKQuantityTypeIdentifierActiveEnergyBurned", "unit": "kcal", "sum": 300.5},
            {"type": "HKQuantityTypeIdentifierBasalEnergyBurned", "unit": "kcal", "sum": 40},
            {"type": "HKQuantityTypeIdentifierRunningStrideLength", "unit": "m", "average": 1.03},
            {"type": "HKQuantityTypeIdentifierHeartRate", "unit": "count/min", "average": 141.5, "minimum": 96,
                "maximum": 177}]})
    .to_string();
    let rows = [run(&watch, 0, &body)];
    let sent = workouts(&rows, &Options::new(&zones, NOW)).next().expect("a body");
    let workout = parse(&sent)["data"]["workouts"][0].clone();
    assert_eq!((&workout["type"], &workout["zoneOffset"]), (&json!("running"), &json!("+01:00")));
    let values: Vec<(&str, f64)> = workout["values"]
        .as_array()
        .expect("values")
        .iter()
        .map(|value| (value["type"].as_str().expect("a word"), value["value"].as_f64().expect("a number")))
        .collect();
    let expected = [
        ("duration", 1700.5),
        ("activeEnergyBurned", 300.5),
        ("distance", 5000.0),
        ("basalEnergyBurned", 40.0),
        ("minHeartRate", 96.0),
        ("averageHeartRate", 141.5),
        ("maxHeartRate", 177.0),
        ("elevationAscended", 12.5),
        ("averageMETs", 8.1),
        ("weatherTemperature", 18.0),
        ("weatherHumidity", 43.0),
        ("indoorWorkout", 0.0),
    ];
    assert_eq!(values.len(), expected.len(), "{values:?}");
    for (got, wanted) in values.iter().zip(expected) {
        assert!(got.0 == wanted.0 && (got.1 - wanted.1).abs() < 1e-9, "{got:?} {wanted:?}");
    }
    assert_eq!(sent.adds.workouts, 1);
    assert_eq!(
        sent.adds.points.keys().copied().collect::<Vec<_>>(),
        ["average_met", "weather_humidity", "weather_temperature"]
    );
}

#[test]
fn workouts_that_the_server_would_not_keep_are_named() {
    let (zones, watch, phone) = (zones(), watch(), phone());
    let fast = json!({"metadata": {"HKMaximumSpeed": "1000 m/s"}}).to_string();
    let far = json!({"distance_m": 1e7}).to_string();
    let other = Workout { activity: "HKWorkoutActivityTypeYoga", ..run(&watch, 0, "{}") };
    let rows = [run(&watch, 0, "{}"), other, run(&phone, 0, "{}"), run(&watch, 1, &fast), run(&watch, 2, &far)];
    let bodies = workouts(&rows, &Options::new(&zones, NOW));
    let held = [(1, Reason::SameWorkout), (3, Reason::TooLarge), (4, Reason::TooLarge)];
    assert_eq!(reasons(&bodies), held);
    assert_eq!(bodies.map(|body| body.rows).collect::<Vec<_>>(), [vec![0], vec![2]]);
    let turned = [other, run(&watch, 0, "{}")];
    assert_eq!(reasons(&workouts(&turned, &Options::new(&zones, NOW))), [(0, Reason::SameWorkout)]);
}

/// What a phone told through the SDK goes on in the same words.
#[test]
fn a_workout_of_the_sdk_is_passed_on_as_it_came() {
    let zones = zones();
    let vector = crate::formats::phone::vectors::one("open-wearables", "sync-03-workouts.json");
    let decoded = read(vector.to_string().as_bytes());
    let entries: Vec<_> = decoded.batches.iter().flat_map(|part| &part.batch.entries).collect();
    let rows: Vec<Workout<'_>> = entries
        .iter()
        .map(|entry| Workout {
            activity: &entry.identity,
            start_ms: entry.start_ms.expect("a start"),
            end_ms: entry.end_ms.expect("an end"),
            source: &entry.source,
            uuid: None,
            body: &entry.body,
        })
        .collect();
    let bodies: Vec<Body> = workouts(&rows, &Options::new(&zones, NOW)).collect();
    let mut sent: Vec<Json> = bodies.iter().flat_map(|body| lists(body, "workouts")).collect();
    let mut expected: Vec<Json> = vector["data"]["workouts"].as_array().expect("workouts").clone();
    for list in [&mut sent, &mut expected] {
        list.sort_by_key(|workout| workout["startDate"].to_string());
    }
    assert_eq!(sent.len(), expected.len());
    for (got, wanted) in sent.iter().zip(&expected) {
        for key in ["type", "startDate", "endDate"] {
            assert_eq!(got[key], wanted[key]);
        }
        let kept = |workout: &Json| -> Vec<Json> {
            let left_out = ["swimmingStrokeCount", "averageRunningStrideLength", "averageVerticalOscillation"];
            let values = workout["values"].as_array().expect("values").iter();
            let values = values.filter(|value| {
                let word = value["type"].as_str().expect("a word");
                !left_out.contains(&word) && word != "averageGroundContactTime"
            });
            values.map(|value| json!([value["type"], value["value"].as_f64(), value["unit"]])).collect()
        };
        assert_eq!(kept(got), kept(wanted));
    }
}

fn lists(body: &Body, name: &str) -> Vec<Json> {
    parse(body)["data"][name].as_array().cloned().unwrap_or_default()
}

fn read(body: &[u8]) -> Decoded {
    Decoded::gather(|sink| decode(Cursor::new(body), sink)).expect("a body")
}

/// A row as a line of an export has it.
fn line(row: &Row<'_>) -> serde_json::Map<String, Json> {
    let mut line = json!({"record": "sample", "type": row.kind, "start": crate::time::format_instant(row.start_ms),
        "end": crate::time::format_instant(row.end_ms), "value": row.value, "source": row.source.name,
        "device_hw": row.source.hardware, "device": row.device, "source_version": row.version});
    let details: Json = serde_json::from_str(row.details.unwrap_or("{}")).expect("JSON");
    line["metadata"] = details["metadata"].clone();
    line.as_object().expect("an object").clone()
}

fn pieces(fates: &[lines::Fate]) -> Vec<&crate::formats::outgoing::Outgoing> {
    fates.iter().filter_map(|fate| if let lines::Fate::Piece(piece) = fate { Some(piece) } else { None }).collect()
}

#[test]
fn a_night_is_one_piece_and_a_workout_has_its_own_key() {
    use super::lines::{Fate, bodies, lines};
    let (zones, watch, phone) = (zones(), watch(), phone());
    let rows = [
        stage(2, (0, 10), &watch),
        stage(3, (10, 70), &watch),
        stage(4, (70, 90), &watch),
        stage(0, (0, 100), &phone),
        stage(3, (NOW / MINUTE - 100, NOW / MINUTE - 10), &watch),
        quantity(STEPS, 0, 5.0, &phone),
    ];
    let mut told: Vec<_> = rows.iter().map(line).collect();
    let workout = json!({"record": "workout", "activity": 37, "activity_raw": "Outdoor Run", "source": "Strava",
        "start": "2026-03-14T17:00:00.000Z", "end": "2026-03-14T17:45:00.000Z", "distance_m": 9000,
        "device": "name:X, hardware:Watch7,3", "duration_s": 2700.5});
    told.push(workout.as_object().expect("an object").clone());
    told.push(json!({"record": "ecg", "start": "2026-03-14T17:00:00.000Z"}).as_object().expect("an object").clone());
    let fates = lines(&told, &Options::new(&zones, NOW));
    let kinds: Vec<String> = fates
        .iter()
        .map(|fate| match fate {
            Fate::Piece(piece) => piece.slot.replace('\n', "/"),
            other => format!("{other:?}"),
        })
        .collect();
    let expected = [
        "Held(AwakeAlone)",
        "sleep/Watch7,3/Ann’s Apple Watch",
        "PartOf(1)",
        "Held(AnotherSource)",
        "Later",
        "records/iPhone16,1/Ann’s iPhone",
        "workouts/Watch7,3/Strava",
        "Held(NotStored)",
    ];
    assert_eq!(kinds, expected);
    let pieces = pieces(&fates);
    assert_eq!(pieces[1].identity, "steps\niPhone16,1\nAnn’s iPhone\n0");
    assert_eq!(pieces[2].identity, "workout\nWatch7,3\nStrava\n1773507600000 1773510300000");
    let joined = bodies(&pieces, NOW);
    assert_eq!(joined.iter().map(|body| body.pieces.clone()).collect::<Vec<_>>(), [[0], [1], [2]]);
    let night: Json = serde_json::from_str(&joined[0].text).expect("JSON");
    let stages = night["data"]["sleep"].as_array().expect("stages").iter().map(|stage| stage["stage"].clone());
    assert_eq!(stages.collect::<Vec<_>>(), ["light", "deep"]);
    let run: Json = serde_json::from_str(&joined[2].text).expect("JSON");
    assert_eq!(run["data"]["workouts"][0]["type"], "running");
    assert_eq!(run["data"]["workouts"][0]["values"][0], json!({"type": "duration", "value": 2700.5, "unit": "s"}));
}

/// A sample as it is compared: kind, start, end, source, metadata, and its value, which is compared by its closeness.
type Told = (String, i64, i64, Source, String, f64);

fn told(body: &Body) -> Vec<Told> {
    let decoded = read(&body.bytes);
    assert_eq!(decoded.delivery.counts.rejected, 0);
    let one = |part: &crate::phone::PhoneBatch, sample: &crate::Sample| {
        let batch = &part.batch;
        let details = batch.details.get(sample.details as usize).map_or("{}", String::as_str);
        let details: Json = serde_json::from_str(details).expect("JSON");
        let source = batch.sources[sample.source as usize].clone();
        let value = sample.value.expect("a value");
        let kind = batch.kinds[sample.kind as usize].clone();
        (kind, sample.start_ms, sample.end_ms, source, details["metadata"].to_string(), value)
    };
    decoded.batches.iter().flat_map(|part| part.batch.samples.iter().map(|sample| one(part, sample))).collect()
}

const SOURCES: [(&str, Option<&str>); 4] = [
    ("Ann’s Apple Watch", Some("Watch7,3")),
    ("Ann’s iPhone", Some("iPhone16,1")),
    ("Ann’s iPhone", None),
    ("Läufer \"Pro\"", None),
];
const METADATA: &str = r#"{"metadata":{"HKWasUserEntered":"1","note":"Müsli / 80 g"}}"#;

/// A row by numbers: kind, start, length, value, source, metadata.
type Numbers = (usize, i64, i64, f64, usize, bool);

fn any_numbers(kinds: std::ops::Range<usize>, starts: i64, unit_ms: i64) -> impl Strategy<Value = Vec<Numbers>> {
    // No oxygen below 1 %: the decoder takes that for a fraction, which some phones send.
    let value = prop_oneof![8 => 0.02f64..0.9, 1 => Just(1e8), 1 => Just(f64::NAN)];
    let one = (
        kinds,
        (0..starts).prop_map(move |n| n * unit_ms),
        (0i64..5).prop_map(move |n| n * unit_ms),
        value,
        0..4usize,
        any::<bool>(),
    );
    prop::collection::vec(one, 1..120)
}

/// Every type that the server has a place for, and some others.
fn kinds() -> Vec<&'static str> {
    let of_apple = crate::kind::all().map(|kind| kind.identifier.as_str());
    let (mut taken_ones, refused): (Vec<&str>, Vec<&str>) =
        of_apple.filter(|kind| *kind != SLEEP).partition(|kind| taken(kind).is_ok());
    taken_ones.extend(refused.into_iter().take(9));
    taken_ones
}

fn sources() -> Vec<Source> {
    SOURCES.iter().map(|(name, hardware)| source(name, *hardware)).collect()
}

fn rows<'a>(numbers: &[Numbers], kinds: &[&'a str], sources: &'a [Source]) -> Vec<Row<'a>> {
    numbers
        .iter()
        .map(|(kind, start, length, value, source, has_metadata)| Row {
            value: Some(*value),
            details: has_metadata.then_some(METADATA),
            ..Row::new(kinds[*kind % kinds.len()], (*start, start + length), &sources[*source])
        })
        .collect()
}

/// Every row is sent, held back or to come later, and nothing is twice.
fn all_accounted(rows: usize, bodies: &[Body], held: &[Held], later: &[usize]) {
    let sent = bodies.iter().flat_map(|body| body.rows.iter().copied());
    let mut all: Vec<usize> = sent.chain(held.iter().map(|held| held.row)).chain(later.iter().copied()).collect();
    all.sort_unstable();
    assert_eq!(all, (0..rows).collect::<Vec<_>>());
}

fn same(got: &mut [Told], wanted: &mut [Told]) {
    let key = |told: &Told| (told.0.clone(), told.1, told.2, told.3.clone(), told.4.clone());
    got.sort_by_key(key);
    wanted.sort_by_key(key);
    assert_eq!(got.len(), wanted.len());
    for (got, wanted) in got.iter().zip(wanted.iter()) {
        assert_eq!(key(got), key(wanted));
        assert!((got.5 - wanted.5).abs() <= 1e-9 * wanted.5.abs(), "{got:?} {wanted:?}");
    }
}

fn expected(rows: &[Row<'_>], bodies: &[Body]) -> Vec<Told> {
    let row = |at: &usize| {
        let row = &rows[*at];
        let details: Json = serde_json::from_str(row.details.unwrap_or("{}")).expect("JSON");
        let value = row.value.expect("a value");
        (row.kind.to_owned(), row.start_ms, row.end_ms, row.source.clone(), details["metadata"].to_string(), value)
    };
    bodies.iter().flat_map(|body| &body.rows).map(row).collect()
}

proptest! {
    #[test]
    fn what_is_sent_comes_back_and_nothing_collapses(numbers in any_numbers(0..100, 30, 250), most in 1usize..40) {
        let (kinds, sources, zones) = (kinds(), sources(), zones());
        let rows = rows(&numbers, &kinds, &sources);
        let iterator = samples(&rows, &Options { max_items: most, ..Options::new(&zones, NOW) });
        let (held, later) = (iterator.held().to_vec(), iterator.later().to_vec());
        let bodies: Vec<Body> = iterator.collect();
        all_accounted(rows.len(), &bodies, &held, &later);
        let mut got: Vec<Told> = bodies.iter().flat_map(told).collect();
        same(&mut got, &mut expected(&rows, &bodies));
        // The server's key: model and name, series, start. Each of them once.
        let mut keys = BTreeSet::new();
        for record in bodies.iter().flat_map(|body| lists(body, "records")) {
            let series = taken(record["type"].as_str().expect("a type")).expect("a series");
            let text = |key: &str| record["source"][key].to_string();
            let new = keys.insert((text("deviceModel"), text("name"), series, record["startDate"].to_string()));
            prop_assert!(new, "{record}");
        }
        // A row that gives way does so to one that is sent.
        for Held { row, .. } in held.iter().filter(|held| held.reason == Reason::SameInstant) {
            let (lost, series) = (&rows[*row], taken(rows[*row].kind));
            let won = bodies.iter().flat_map(|body| &body.rows).map(|at| &rows[*at]).any(|other| {
                taken(other.kind) == series && other.start_ms == lost.start_ms && other.source == lost.source
                    && other.end_ms >= lost.end_ms
            });
            prop_assert!(won);
        }
    }

    #[test]
    fn the_order_of_rows_decides_nothing(
        numbers in any_numbers(0..6, 8, 250),
        stages in any_numbers(0..1, 40, 9 * MINUTE),
    ) {
        let (sources, zones) = (sources(), zones());
        let nights = numbers_to_stages(&stages, &sources);
        for rows in [rows(&numbers, &kinds(), &sources), nights] {
            let texts = |rows: &[Row<'_>]| {
                let bodies = samples(rows, &Options::new(&zones, NOW));
                let mut sent: Vec<String> = bodies.flat_map(|body| {
                    lists(&body, "records").into_iter().chain(lists(&body, "sleep"))
                }).map(|mut item| {
                    // Which of several that differ in nothing but this goes is left open.
                    item["metadata"] = Json::Null;
                    item.to_string()
                }).collect();
                sent.sort();
                sent
            };
            let mut turned = rows.clone();
            turned.reverse();
            prop_assert_eq!(texts(&rows), texts(&turned));
        }
    }

    #[test]
    fn lines_give_the_same_as_rows(
        numbers in any_numbers(0..100, 30, 250),
        stages in any_numbers(0..1, 40, 9 * MINUTE),
    ) {
        use super::lines::{Fate, bodies, lines};
        let (sources, zones) = (sources(), zones());
        for rows in [rows(&numbers, &kinds(), &sources), numbers_to_stages(&stages, &sources)] {
            let options = Options { max_items: usize::MAX, ..Options::new(&zones, NOW) };
            let told: Vec<_> = rows.iter().map(line).collect();
            let fates = lines(&told, &options);
            let direct = samples(&rows, &options);
            for (at, fate) in fates.iter().enumerate() {
                let held = direct.held().iter().find(|held| held.row == at).map(|held| held.reason);
                // NaN is no JSON, and nothing is no value either.
                prop_assert_eq!(matches!(fate, Fate::Held(_)), held.is_some());
                prop_assert_eq!(matches!(fate, Fate::Later), direct.later().contains(&at));
                if let (Fate::Held(got), Some(wanted)) = (fate, held) {
                    prop_assert_eq!(*got, wanted);
                }
            }
            let pieces = pieces(&fates);
            let identities: BTreeSet<&str> = pieces.iter().map(|piece| piece.identity.as_str()).collect();
            prop_assert_eq!(identities.len(), pieces.len());
            let items = |text: &[u8]| {
                let body: Json = serde_json::from_slice(text).expect("JSON");
                let lists = ["records", "sleep"].map(|name| body["data"][name].as_array().cloned().unwrap_or_default());
                lists.concat().iter().map(Json::to_string).collect::<Vec<_>>()
            };
            let joined = bodies(&pieces, NOW);
            let mut got: Vec<String> = joined.iter().flat_map(|body| items(body.text.as_bytes())).collect();
            let mut wanted: Vec<String> = direct.flat_map(|body| items(&body.bytes)).collect();
            got.sort();
            wanted.sort();
            prop_assert_eq!(got, wanted);
        }
    }

    #[test]
    fn nights_come_back_whole(numbers in any_numbers(0..1, 60, 11 * MINUTE), most in 1usize..40) {
        let (sources, zones) = (sources(), zones());
        let rows = numbers_to_stages(&numbers, &sources);
        let iterator = samples(&rows, &Options { max_items: most, ..Options::new(&zones, NOW) });
        let (held, later) = (iterator.held().to_vec(), iterator.later().to_vec());
        let bodies: Vec<Body> = iterator.collect();
        all_accounted(rows.len(), &bodies, &held, &later);
        same(&mut bodies.iter().flat_map(told).collect::<Vec<_>>(), &mut expected(&rows, &bodies));
        let mut nights = 0;
        let mut ends: BTreeMap<&Source, i64> = BTreeMap::new();
        for body in &bodies {
            let of: BTreeSet<&Source> = body.rows.iter().map(|at| rows[*at].source).collect();
            prop_assert_eq!(of.len(), 1);
            // No body begins within two hours of what an earlier one of its source held, and each begins with sleep.
            let first = &rows[body.rows[0]];
            prop_assert!(ends.get(first.source).is_none_or(|end| first.start_ms - end > GAP_MS));
            prop_assert!(first.value != Some(2.0));
            prop_assert!(body.rows.iter().map(|at| rows[*at].start_ms).is_sorted());
            let end = body.rows.iter().map(|at| rows[*at].end_ms).max().expect("rows");
            let known = ends.entry(first.source).or_insert(i64::MIN);
            *known = end.max(*known);
            nights += body.adds.nights;
        }
        // Nothing of two sources overlaps.
        let spans: Vec<(&Source, i64, i64)> = bodies.iter().flat_map(|body| &body.rows)
            .map(|at| (rows[*at].source, rows[*at].start_ms, rows[*at].end_ms)).collect();
        for (source, start, end) in &spans {
            let hit = spans.iter().any(|(other, from, until)| other != source && from < end && start < until);
            prop_assert!(!hit);
        }
        prop_assert_eq!(nights == 0, bodies.is_empty());
    }
}

/// Rows of sleep by numbers; the value becomes a stage, now and then one that nobody knows.
fn numbers_to_stages<'a>(numbers: &[Numbers], sources: &'a [Source]) -> Vec<Row<'a>> {
    let mut rows = rows(numbers, &[SLEEP], sources);
    for row in &mut rows {
        row.value = row.value.filter(|value| *value < 1.0).map(|value| (value * 7.0).floor());
        row.details = None;
        // Sources sleep in turns, else one has nearly everything.
        let turn = sources.iter().position(|source| source == row.source).unwrap_or(0) as i64;
        (row.start_ms, row.end_ms) = (row.start_ms + turn * 5 * HOUR_MS, row.end_ms + turn * 5 * HOUR_MS);
    }
    rows
}
