//! Workouts: statistics by the SDK's words, laps as events, places as a route of its own.

use serde_json::Value as Json;

use super::record::{details, times, who};
use crate::formats::body::Body;
use crate::formats::phone::builder::{Builder, Reject};
use crate::formats::phone::fields::{self, Fields, Number, is_array, items, lossy};
use crate::formats::phone::parts::{Track, entry};
use crate::formats::phone::{names, stamp};
use crate::phone::{Flag, Marks};
use crate::time::format_instant;
use crate::unit::conversion;
use crate::{Entry, EntryKind, Result, kind};

const KNOWN: [&str; 12] = [
    "id",
    "type",
    "startDate",
    "endDate",
    "zoneOffset",
    "source",
    "values",
    "laps",
    "route",
    "parentId",
    "metadata",
    "segments",
];

/// Words for statistics, the kind they are about, and which statistic of it they are.
const STATISTICS: [(&str, &str, &str); 13] = [
    ("activeEnergyBurned", "ActiveEnergyBurned", "sum"),
    ("basalEnergyBurned", "BasalEnergyBurned", "sum"),
    ("stepCount", "StepCount", "sum"),
    ("swimmingStrokeCount", "SwimmingStrokeCount", "sum"),
    ("minHeartRate", "HeartRate", "minimum"),
    ("averageHeartRate", "HeartRate", "average"),
    ("maxHeartRate", "HeartRate", "maximum"),
    ("averageRunningPower", "RunningPower", "average"),
    ("averageRunningSpeed", "RunningSpeed", "average"),
    ("averageRunningStrideLength", "RunningStrideLength", "average"),
    ("averageVerticalOscillation", "RunningVerticalOscillation", "average"),
    ("averageGroundContactTime", "RunningGroundContactTime", "average"),
    ("averageCyclingPower", "CyclingPower", "average"),
];

/// More of them, which newer SDKs send.
const CYCLING: [(&str, &str, &str); 2] =
    [("averageCyclingCadence", "CyclingCadence", "average"), ("averageCyclingSpeed", "CyclingSpeed", "average")];

/// Words that are no statistic of a kind; they stay in the list of values.
const OTHERS: [&str; 25] = [
    "duration",
    "distance",
    "elevationAscended",
    "elevationDescended",
    "averageSpeed",
    "maxSpeed",
    "averageMETs",
    "lapLength",
    "swimmingLocationType",
    "indoorWorkout",
    "weatherTemperature",
    "weatherHumidity",
    "meanHeartRate",
    "altitudeGain",
    "maxAltitude",
    "minAltitude",
    "meanSpeed",
    "meanCadence",
    "maxCadence",
    "vo2Max",
    "totalEnergyBurned",
    "totalDistance",
    "totalSteps",
    "totalDuration",
    "calories",
];

/// One of `data.workouts`.
pub(super) fn read(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let workout = EntryKind::Workout.as_str();
    let made = match Fields::read(text) {
        Some(fields) => make(&fields, builder),
        None => Err("bad_shape"),
    };
    match made {
        Ok((entry, marks, route)) => {
            builder.entry(entry, marks)?;
            if let Some(route) = route {
                builder.entry(route, Marks::default())?;
            }
            builder.item(text, Some(workout), Ok(()))
        }
        Err(reason) => builder.item(text, Some(workout), Err(reason)),
    }
}

type Made = (Entry, Marks, Option<Entry>);

fn make(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<Made, Reject> {
    let (start, end) = times(fields)?;
    let who = who(fields, builder)?;
    let id = fields.id("id");
    let mut marks = builder.marks(id.as_deref(), start, Some(end));
    let raw = fields.get("type").map(lossy).unwrap_or_default().into_owned();
    let activity = names::sdk_workout(&raw.trim().to_lowercase());
    marks.flags.set_if(Flag::UnknownType, activity.is_none());

    let mut body = Body::default();
    body.set("activity", activity.clone());
    body.set("activity_raw", raw.as_str());
    let values = Values::read(fields.get("values"));
    marks.flags.set_if(Flag::UnknownStatistic, values.odd);
    values.put(&mut body);
    body.set("events", laps(fields.get("laps")));
    let mut details = details(fields, &KNOWN);
    for name in ["parentId", "segments"] {
        if let Some(value) = fields.get(name) {
            details.more(name, fields::json(value));
        }
    }
    details.into_body(&mut body);
    let by = builder.who_at(who);
    body.set("device", by.device);
    body.set("source_version", by.version);

    let identity = activity.unwrap_or(raw);
    let mut made = entry(EntryKind::Workout, identity.clone(), by.source, (Some(start.ms), Some(end.ms)));
    made.body = body.text();
    let route = fields.get("route").map(|route| {
        let mut track = Track::default();
        track.places(route);
        let uuid = marks.uuid.map(|uuid| uuid.to_string()).or(id.map(|id| id.into_owned()));
        let mut link = Body::default();
        link.set("activity", identity);
        link.instant("start", Some(start.ms));
        link.instant("end", Some(end.ms));
        link.set("uuid", uuid);
        track.entry(link.json(), made.source.clone())
    });
    Ok((made, marks, route))
}

/// The list of statistics.
#[derive(Debug, Default)]
struct Values {
    sent: Vec<Json>,
    statistics: Vec<Json>,
    duration_s: Option<f64>,
    distance_m: Option<f64>,
    energy_kcal: Option<f64>,
    /// One of them has no number or a word that nobody knows.
    odd: bool,
}

impl Values {
    fn read(text: Option<&[u8]>) -> Self {
        let mut values = Self::default();
        let Some(text) = text else { return values };
        if !is_array(text) {
            (values.sent, values.odd) = (vec![fields::json(text)], true);
            return values;
        }
        let mut found: Vec<(&str, Body)> = Vec::new();
        for item in items(text) {
            values.sent.push(fields::json(item));
            let fields = Fields::read(item).unwrap_or_default();
            let (word, unit) = (fields.word("type").unwrap_or_default(), fields.word("unit"));
            let Number::Known(number) = fields.number("value") else {
                values.odd = true;
                continue;
            };
            let in_unit = |unit_of: &str| unit.as_deref().map_or(Some(number), |unit| convert(number, unit, unit_of));
            match word.as_ref() {
                "duration" => values.duration_s = in_unit("s"),
                "distance" => values.distance_m = in_unit("m"),
                "activeEnergyBurned" => values.energy_kcal = in_unit("kcal"),
                _ => {}
            }
            let known = STATISTICS.iter().chain(&CYCLING).find(|(known, _, _)| *known == word);
            match known {
                Some((_, name, which)) => add(&mut found, name, which, number, unit.as_deref()),
                None => values.odd |= !OTHERS.contains(&word.as_ref()) && word != "totalCalories",
            }
        }
        values.statistics = found.into_iter().map(|(_, body)| body.json()).collect();
        values
    }

    fn put(self, body: &mut Body) {
        body.number("duration_s", self.duration_s);
        body.number("distance_m", self.distance_m);
        body.number("energy_kcal", self.energy_kcal);
        body.set("statistics", self.statistics);
        body.set("values", self.sent);
    }
}

fn convert(number: f64, from: &str, to: &str) -> Option<f64> {
    conversion(from, to).map(|conversion| conversion.apply(number))
}

/// Adds a statistic to that of its kind.
fn add(found: &mut Vec<(&'static str, Body)>, name: &'static str, which: &str, number: f64, unit: Option<&str>) {
    let identifier = format!("HKQuantityTypeIdentifier{name}");
    let kinds = kind::get(&identifier).map(|kind| kind.unit.as_str()).unwrap_or_default();
    let converted = unit.map_or(Some(number), |unit| convert(number, unit, kinds));
    let (value, unit) = converted.map_or((number, unit.unwrap_or_default()), |value| (value, kinds));
    let at = found.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
        let mut body = Body::default();
        body.set("type", identifier);
        body.set("unit", unit);
        found.push((name, body));
        found.len() - 1
    });
    if let Some((_, body)) = found.get_mut(at) {
        body.number(which, Some(value));
    }
}

/// Laps, segments and markers as events.
fn laps(text: Option<&[u8]>) -> Vec<Json> {
    let Some(text) = text else { return Vec::new() };
    if !is_array(text) {
        return vec![fields::json(text)];
    }
    items(text).map(lap).collect()
}

fn lap(text: &[u8]) -> Json {
    let Some(fields) = Fields::read(text) else { return fields::json(text) };
    let word = fields.get("type").map(lossy).unwrap_or_default();
    let kind = match word.as_ref() {
        "lap" => "HKWorkoutEventTypeLap",
        "segment" => "HKWorkoutEventTypeSegment",
        "marker" => "HKWorkoutEventTypeMarker",
        other => other,
    };
    let instant = |name: &str| fields.get(name).and_then(stamp::instant).map(|stamp| format_instant(stamp.ms));
    let sent = |name: &str| fields.get(name).map(fields::json);
    let mut body = Body::default();
    body.set("type", kind);
    body.set("at", instant("startDate").map(Json::from).or_else(|| sent("startDate")));
    body.set("end", instant("endDate").map(Json::from).or_else(|| sent("endDate")));
    body.number("duration_s", fields.number("duration").known());
    body.number("distance_m", fields.number("distanceM").known());
    body.set("metadata", sent("metadata"));
    body.set("more", fields.rest(&["type", "startDate", "endDate", "duration", "distanceM", "metadata"]));
    body.json()
}
