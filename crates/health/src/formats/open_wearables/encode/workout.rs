//! Workouts with their statistics, in the SDK's words.
//!
//! Places, laps and segments stay here: the server takes and forgets them. So do statistics of which it would make
//! points beside the samples that they are made of; those that no sample tells (weather, METs) go.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::source::{Numbers, Writer};
use super::wire::{Reason, fits};
use super::{Adds, Group, Plan, Workout};
use crate::formats::phone::fields::printed;
use crate::formats::phone::names;
use crate::kind;
use crate::time::Zones;
use crate::unit::conversion;

/// Statistics of a kind: the SDK's word, Apple's kind without prefix, which statistic, in which unit.
const STATISTICS: [(&str, &str, &str, &str); 7] = [
    ("basalEnergyBurned", "BasalEnergyBurned", "sum", "kcal"),
    ("stepCount", "StepCount", "sum", "count"),
    ("minHeartRate", "HeartRate", "minimum", "bpm"),
    ("averageHeartRate", "HeartRate", "average", "bpm"),
    ("maxHeartRate", "HeartRate", "maximum", "bpm"),
    ("averageRunningPower", "RunningPower", "average", "W"),
    ("averageRunningSpeed", "RunningSpeed", "average", "m/s"),
];
/// Statistics that stand in metadata as a number and a unit.
const METADATA: [(&str, &str, &str); 8] = [
    ("elevationAscended", "HKElevationAscended", "m"),
    ("elevationDescended", "HKElevationDescended", "m"),
    ("averageSpeed", "HKAverageSpeed", "m/s"),
    ("maxSpeed", "HKMaximumSpeed", "m/s"),
    ("averageMETs", "HKAverageMETs", "kcal/kg/hr"),
    ("lapLength", "HKLapLength", "m"),
    ("weatherTemperature", "HKWeatherTemperature", "degC"),
    ("weatherHumidity", "HKWeatherHumidity", "%"),
];
/// Statistics of which the server makes a point at the end of the workout, and its name.
const POINTS: [(&str, &str); 3] = [
    ("averageMETs", "average_met"),
    ("weatherTemperature", "weather_temperature"),
    ("weatherHumidity", "weather_humidity"),
];
/// Statistics of samples that the server has anyway, of which it would make further ones, and sums that it would add to
/// them.
const LEFT_OUT: [&str; 11] = [
    "swimmingStrokeCount",
    "averageRunningStrideLength",
    "averageVerticalOscillation",
    "averageGroundContactTime",
    "meanCadence",
    "maxCadence",
    "vo2Max",
    "totalEnergyBurned",
    "totalDistance",
    "totalSteps",
    "totalDuration",
];
/// Statistics that the server refuses from a thousand on, with all of the batch.
const BELOW_A_THOUSAND: [&str; 5] =
    ["averageHeartRate", "meanHeartRate", "averageSpeed", "maxSpeed", "averageRunningSpeed"];
/// Statistics that the server keeps as whole numbers of 32 bits.
const WHOLE: [&str; 3] = ["duration", "stepCount", "maxHeartRate"];

/// A statistic as it is sent.
#[derive(Debug, Clone, PartialEq)]
struct Statistic {
    word: String,
    value: f64,
    unit: String,
}

/// Groups workouts by their source, in the order of time, and holds back what the server would refuse or not keep.
pub(super) fn plan(rows: &[Workout<'_>]) -> Plan {
    let mut plan = Plan::default();
    let mut numbers = Numbers::default();
    let mut chosen: HashMap<(usize, i64, i64), usize> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        if statistics(row, &body(row)).iter().any(|statistic| !is_taken(statistic)) {
            plan.hold(at, Reason::TooLarge);
            continue;
        }
        let key = (numbers.of(row.source, None), row.start_ms, row.end_ms);
        let other = chosen.get(&key).and_then(|known| rows.get(*known).map(|other| (*known, other)));
        match other {
            // The order in which they come decides nothing.
            Some((_, other)) if (other.activity, other.body) <= (row.activity, row.body) => {
                plan.hold(at, Reason::SameWorkout);
            }
            other => {
                other.into_iter().for_each(|(known, _)| plan.hold(known, Reason::SameWorkout));
                chosen.insert(key, at);
            }
        }
    }
    let mut order: Vec<_> = chosen.into_iter().collect();
    order.sort_unstable();
    for ((source, _, _), at) in order {
        if plan.groups.len() <= source {
            plan.groups.resize_with(source + 1, Group::default);
        }
        plan.groups[source].rows.push(at);
    }
    plan
}

fn is_taken(statistic: &Statistic) -> bool {
    let (word, value) = (statistic.word.as_str(), statistic.value.abs());
    let whole = || WHOLE.contains(&word) && value < f64::from(i32::MAX);
    (whole() || fits(statistic.value)) && !(BELOW_A_THOUSAND.contains(&word) && value >= 1000.0)
}

/// Writes a workout and counts the points that come of it.
pub(super) fn write<'a>(
    row: &Workout<'a>,
    zones: &Zones,
    sources: &mut Writer<'a>,
    out: &mut super::write::Json,
    adds: &mut Adds,
) {
    let body = body(row);
    out.raw("{");
    if let Some(uuid) = row.uuid {
        out.text("id", &uuid.to_string());
    }
    out.text("type", &word(row.activity));
    out.instant("startDate", row.start_ms);
    out.instant("endDate", row.end_ms);
    let named = body.get("metadata").and_then(|metadata| metadata.get("HKTimeZone")).and_then(Json::as_str);
    out.zone(body.get("zone_offset").and_then(Json::as_str), named, zones, row.start_ms);
    sources.put(row.source, None, None, out);
    out.key("values");
    out.raw("[");
    for statistic in statistics(row, &body) {
        out.comma();
        out.raw("{");
        out.text("type", &statistic.word);
        out.number("value", statistic.value);
        out.text("unit", &statistic.unit);
        out.raw("}");
        if let Some((_, series)) = POINTS.iter().find(|(known, _)| *known == statistic.word) {
            *adds.points.entry(series).or_default() += 1;
        }
    }
    out.raw("]");
    if let Some(metadata) = body.get("metadata").filter(|metadata| metadata.is_object()) {
        out.key("metadata");
        out.raw(metadata.to_string());
    }
    out.raw("}");
}

/// The SDK's word for an activity. Of one that it has no word for its own in snake case, which the server takes for
/// something else than it knows.
fn word(activity: &str) -> String {
    match activity.strip_prefix("HKWorkoutActivityType") {
        Some(name) => names::sdk_word(name).map_or_else(|| kind::slug(name), str::to_owned),
        None => activity.to_owned(),
    }
}

fn body(row: &Workout<'_>) -> Json {
    serde_json::from_str(row.body).unwrap_or_default()
}

/// What is sent of a workout's numbers: those that came in the SDK's words as they came, else ours in its order.
fn statistics(row: &Workout<'_>, body: &Json) -> Vec<Statistic> {
    let told = body.get("values").and_then(Json::as_array).map(|values| values.iter().filter_map(as_told).collect());
    let mut found: Vec<Statistic> = told.unwrap_or_default();
    if found.is_empty() {
        found = ours(row, body);
    }
    found.retain(|statistic| statistic.value.is_finite() && !LEFT_OUT.contains(&statistic.word.as_str()));
    found
}

fn as_told(value: &Json) -> Option<Statistic> {
    let text = |key: &str| value.get(key).and_then(Json::as_str).map(str::to_owned);
    Some(Statistic { word: text("type")?, value: value.get("value")?.as_f64()?, unit: text("unit")? })
}

fn ours(row: &Workout<'_>, body: &Json) -> Vec<Statistic> {
    let number = |key: &str| body.get(key).and_then(Json::as_f64);
    let lasted = row.end_ms.saturating_sub(row.start_ms) as f64 / 1000.0;
    let mut found = Vec::new();
    let mut put = |word: &str, value: Option<f64>, unit: &str| {
        found.extend(value.map(|value| Statistic { word: word.to_owned(), value, unit: unit.to_owned() }));
    };
    put("duration", Some(number("duration_s").unwrap_or(lasted)), "s");
    let active = figure(body, |name| name == "ActiveEnergyBurned", "sum", "kcal");
    put("activeEnergyBurned", active.or_else(|| number("energy_kcal")), "kcal");
    let distance = figure(body, |name| name.starts_with("Distance"), "sum", "m");
    put("distance", number("distance_m").or(distance), "m");
    for (word, name, which, unit) in STATISTICS {
        put(word, figure(body, |known| known == name, which, unit), unit);
    }
    let metadata = |key: &str| body.get("metadata").and_then(|metadata| metadata.get(key)).and_then(Json::as_str);
    for (word, key, unit) in METADATA {
        put(word, metadata(key).and_then(|text| quantity(text, unit)), unit);
    }
    for (word, key, unit) in
        [("indoorWorkout", "HKIndoorWorkout", "bool"), ("swimmingLocationType", "HKSwimmingLocationType", "enum")]
    {
        put(word, metadata(key).and_then(printed), unit);
    }
    found
}

/// A statistic of the first kind that is meant, in a unit.
fn figure(body: &Json, is_it: impl Fn(&str) -> bool, which: &str, unit: &str) -> Option<f64> {
    let list = body.get("statistics").and_then(Json::as_array)?;
    list.iter().find_map(|statistic| {
        let text = |key: &str| statistic.get(key).and_then(Json::as_str);
        let value = text("type").filter(|kind| is_it(kind::short_name(kind))).and(statistic.get(which))?.as_f64()?;
        Some(conversion(text("unit")?, unit)?.apply(value))
    })
}

/// `64.4 degF` in a unit. Of humidity, apps write 43 % as 4300 %, and some as 43 %.
fn quantity(text: &str, unit: &str) -> Option<f64> {
    let (number, printed_unit) = text.trim().rsplit_once(' ')?;
    let value = conversion(printed_unit, unit)?.apply(printed(number)?);
    Some(if unit == "%" && value > 100.0 { value / 100.0 } else { value })
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn numbers_of_metadata_are_read_in_any_unit() {
        let check = |text: &str, unit: &str, expected: Option<f64>| {
            let got = quantity(text, unit).map(|value| (value * 1e6).round() / 1e6);
            assert_eq!(got, expected, "{text}");
        };
        check("64.4 degF", "degC", Some(18.0));
        check("4300 %", "%", Some(43.0));
        check("43 %", "%", Some(43.0));
        check("1250 cm", "m", Some(12.5));
        check("8.1 kcal/hr·kg", "kcal/kg/hr", Some(8.1));
        check("12 furlong", "m", None);
        check("12", "m", None);
        check("", "m", None);
    }

    #[test]
    fn activities_have_the_words_of_the_sdk() {
        assert_eq!(word("HKWorkoutActivityTypeTraditionalStrengthTraining"), "strength_training");
        assert_eq!(word("HKWorkoutActivityTypeRunning"), "running");
        assert_eq!(word("HKWorkoutActivityTypeZorbing"), "zorbing");
        assert_eq!(word("swimming_pool"), "swimming_pool");
    }
}
