//! Samples and workouts in InfluxDB's line protocol.
//!
//! ```text
//!   ...HeartRate,device=Watch7\,3,source=Kim,unit=count/min,series=09c1... seconds=0.0,value=61.0 1773468131000
//!   measurement  tags                                                       fields                 ms
//! ```
//!
//! There, two points of one measurement, tags and time are one, and the later one takes the place of the earlier. So
//! every point has the tag `series`: digits that follow from its other tags, the names of its fields, and, of rows that
//! would be one point, which of them it is. It makes no further series but for these. Time and `series` name a point
//! exactly, so that it can be taken back, too; both fit into the number that the ledger knows a row by.
//!
//! This is for curves: metadata, electrocardiograms, routes and so on have no place here. Writes only.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::outgoing::{Held, Line, Outgoing};
use super::vitalog;
use crate::digest::sha256;
use crate::time::parse_stamp;

const DAY_MS: i64 = 86_400_000;
/// Bits of `series`; those of a millisecond of a day are before them.
const SERIES_BITS: u32 = 37;
/// The measurement of workouts.
const WORKOUT: &str = "workout";
/// What 64 bits of nanoseconds can tell: 1677-09-22 to 2262-04-11.
const TIMES_MS: std::ops::Range<i64> = -9_223_286_400_000..9_223_286_400_000;

/// Makes the point of a JSON line. Of those that would be the same point each has a number, from 0. The slot is its
/// `series`.
///
/// Errors: what is neither sample nor workout (`no_place`), what has no start, or one that nanoseconds cannot tell
/// (`bad_time`), what has nothing to tell (`no_value`).
pub fn encode(line: &Map<String, Json>, nth: u32) -> Result<Outgoing, Held> {
    let kept = vitalog::kept(line)?;
    let told = Line(&kept);
    let (start, end) = told.times()?;
    let start_ms = parse_stamp(start).filter(|ms| TIMES_MS.contains(ms)).ok_or("bad_time")?;
    let mut tags = BTreeMap::from([("source", told.text("source")), ("device", told.text("device_hw"))]);
    let activity = kept.get("activity").map(Json::to_string);
    let (measurement, mut fields) = match told.text("record") {
        Some("sample") => {
            tags.extend([("unit", told.text("unit")), ("meaning", told.text("meaning"))]);
            (told.text("type").ok_or("bad_shape")?, of_sample(&told))
        }
        Some(WORKOUT) => {
            tags.insert("activity", told.text("activity_raw").or(activity.as_deref()));
            (WORKOUT, of_workout(&kept))
        }
        _ => return Err("no_place"),
    };
    if told.text("end").is_some() {
        let end_ms = parse_stamp(end).ok_or("bad_time")?;
        fields.insert("seconds".to_owned(), float((end_ms - start_ms) as f64 / 1000.0));
    }
    if fields.is_empty() {
        return Err("no_value");
    }
    let tags: String = tags.into_iter().filter_map(|(key, text)| Some(tag(key, text?))).collect();
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let series = series(&format!("{nth} {} {tags}", names.join(",")));
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{}={value}", escaped(name))).collect();
    let head = format!("{}{tags},series={series}", escaped(measurement));
    Ok(Outgoing {
        slot: series,
        identity: format!("{head} {start_ms}"),
        text: format!("{head} {} {start_ms}", fields.join(",")),
    })
}

/// The number of a point among those of its measurement and day: its millisecond, then its `series`.
pub fn number(point: &Outgoing) -> Option<u64> {
    let start_ms: i64 = point.text.rsplit_once(' ')?.1.parse().ok()?;
    let series = u64::from_str_radix(&point.slot, 16).ok()?;
    Some((start_ms.rem_euclid(DAY_MS) as u64) << SERIES_BITS | series)
}

/// When and of which `series` the point of a number is; `day_ms` is when its day begins.
pub fn place(number: u64, day_ms: i64) -> (i64, String) {
    (day_ms + (number >> SERIES_BITS) as i64, digits(number & ((1 << SERIES_BITS) - 1)))
}

/// The measurement of a series of our store: a sort of record, and the type of samples.
pub fn measurement<'a>(record: &str, kind: &'a str) -> &'a str {
    if record == "sample" { kind } else { WORKOUT }
}

fn series(text: &str) -> String {
    let hash = sha256(text.as_bytes());
    let number = hash.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    digits(number & ((1 << SERIES_BITS) - 1))
}

fn digits(series: u64) -> String {
    format!("{series:010x}")
}

/// The fields of a sample: one type has numbers, or else whole numbers, for ever; a server takes no other then.
fn of_sample(told: &Line<'_>) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let is_category = told.text("kind") == Some("category");
    let value = told.number("value").map(|value| if is_category { format!("{}i", value as i64) } else { float(value) });
    let as_sent = told.number("original_value").map(float).filter(|_| value.is_none());
    let label = told.text("label").map(quoted);
    let copies = told.number("copies").map(|copies| format!("{}i", copies as i64));
    let all = [("value", value), ("original_value", as_sent), ("label", label), ("copies", copies)];
    fields.extend(all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    fields
}

/// The fields of a workout: all its numbers.
fn of_workout(line: &Map<String, Json>) -> BTreeMap<String, String> {
    let numbers = line.iter().filter(|(key, _)| *key != "activity");
    numbers.filter_map(|(key, value)| Some((key.clone(), float(value.as_f64()?)))).collect()
}

fn float(value: f64) -> String {
    format!("{value:?}")
}

fn tag(key: &str, text: &str) -> String {
    format!(",{key}={}", escaped(text))
}

/// Names and tags. Neither can hold the end of a line, and a backslash at the wrong place means something else: they
/// become a blank and a slash.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ',' | '=' | ' ' => escaped.extend(['\\', c]),
            '\\' => escaped.push('/'),
            c if c.is_control() => escaped.push_str("\\ "),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A text as a field.
fn quoted(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn point(line: &Json, nth: u32) -> Outgoing {
        encode(line.as_object().expect("an object"), nth).expect("a point")
    }

    #[track_caller]
    fn check(line: Json, expected: &str) {
        let point = point(&line, 0);
        assert_eq!(point.text.replace(&point.slot, "SERIES"), expected);
    }

    fn beat() -> Json {
        json!({"record": "sample", "type": "HeartRate", "kind": "quantity", "start": "2026-03-14T06:02:11.250Z",
            "end": "2026-03-14T06:02:12.000Z", "value": 61.0, "unit": "count/min", "source": "Kim\u{2019}s, Watch",
            "device_hw": "Watch7,3", "uuid": null})
    }

    #[test]
    fn samples_and_workouts_are_points() {
        check(
            beat(),
            "HeartRate,device=Watch7\\,3,source=Kim\u{2019}s\\,\\ Watch,unit=count/min,series=SERIES \
             seconds=0.75,value=61.0 1773468131250",
        );
        check(
            json!({"record": "sample", "type": "Sleep", "kind": "category", "start": "1969-12-31T23:59:59.999Z",
                "value": 3, "meaning": "asleep core", "source": "a\\b\nc=", "label": "so \"called\"\\"}),
            "Sleep,meaning=asleep\\ core,source=a/b\\ c\\=,series=SERIES label=\"so \\\"called\\\"\\\\\",value=3i -1",
        );
        check(
            json!({"record": "workout", "activity": 37, "activity_raw": "Running", "start": "1970-01-01T00:00:01.000Z",
                "end": "1970-01-01T00:01:01.000Z", "duration_s": 60.0, "distance_m": 200, "uuid": "A"}),
            "workout,activity=Running,series=SERIES distance_m=200.0,duration_s=60.0,seconds=60.0 1000",
        );
    }

    #[test]
    fn rows_of_one_time_are_points_of_their_own() {
        let beat = beat();
        assert_ne!(point(&beat, 0).slot, point(&beat, 1).slot);
        assert_eq!(point(&beat, 1), point(&beat, 1));
        let mut other = beat.clone();
        other["value"] = json!(62.0);
        assert_eq!(point(&beat, 0).identity, point(&other, 0).identity, "they have numbers");
        other["source"] = json!("Phone");
        assert_ne!(point(&beat, 0).identity, point(&other, 0).identity);
        // A point keeps the fields that a later one with the same name has not.
        other = beat.clone();
        other["label"] = json!("x");
        assert_ne!(point(&beat, 0).slot, point(&other, 0).slot);
    }

    #[test]
    fn a_number_says_where_its_point_lies() {
        for start in ["2026-03-14T06:02:11.250Z", "1969-12-31T23:59:59.999Z", "2026-03-14T00:00:00.000Z"] {
            let mut beat = beat();
            beat["start"] = json!(start);
            let point = point(&beat, 0);
            let start_ms = parse_stamp(start).expect("a stamp");
            let day_ms = start_ms.div_euclid(DAY_MS) * DAY_MS;
            assert_eq!(place(number(&point).expect("a number"), day_ms), (start_ms, point.slot));
        }
    }

    #[test]
    fn what_is_no_point_is_held_back() {
        let check = |line: Json, expected: Held| assert_eq!(encode(line.as_object().expect("one"), 0), Err(expected));
        check(json!({"record": "ecg", "start": "2026-03-14T06:02:11.250Z"}), "no_place");
        check(json!({"record": "sample", "type": "T", "value": 1.0}), "bad_time");
        check(json!({"record": "sample", "type": "T", "value": 1.0, "start": "2300-01-01T00:00:00.000Z"}), "bad_time");
        check(json!({"record": "sample", "type": "T", "start": "2026-03-14T06:02:11.250Z"}), "no_value");
    }
}
