//! `workouts`: Apple's numbers for activities and events, statistics by identifier.

use serde_json::Value as Json;

use super::sample::{details, times, who};
use crate::formats::body::Body;
use crate::formats::phone::builder::{Builder, Reject};
use crate::formats::phone::fields::{self, Fields, Number, lossy};
use crate::formats::phone::parts::entry;
use crate::formats::phone::stamp;
use crate::phone::{Flag, Marks};
use crate::time::format_instant;
use crate::unit::conversion;
use crate::{Entry, EntryKind, Result, kind};

const KNOWN: [&str; 14] = [
    "uuid",
    "workoutActivityType",
    "durationSeconds",
    "startDate",
    "endDate",
    "totalEnergyBurned",
    "totalDistance",
    "totalDistanceUnit",
    "allStatistics",
    "events",
    "activities",
    "metadata",
    "sourceRevision",
    "device",
];

/// Apple's words for events, by number.
const EVENTS: [&str; 8] =
    ["Pause", "Resume", "Lap", "Marker", "MotionPaused", "MotionResumed", "Segment", "PauseOrResumeRequest"];

/// Keys of a statistic and its words in the normal form.
const STATISTICS: [(&str, &str); 7] = [
    ("sumQuantity", "sum"),
    ("averageQuantity", "average"),
    ("minimumQuantity", "minimum"),
    ("maximumQuantity", "maximum"),
    ("mostRecentQuantity", "most_recent"),
    ("mostRecent", "most_recent"),
    ("duration", "duration"),
];

/// One item.
pub(super) fn read(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let workout = Some(EntryKind::Workout.as_str());
    let made = match Fields::read(text) {
        Some(fields) => make(&fields, builder),
        None => Err("bad_shape"),
    };
    match made {
        Ok((entry, marks)) => {
            builder.entry(entry, marks)?;
            builder.item(text, workout, Ok(()))
        }
        Err(reason) => builder.item(text, workout, Err(reason)),
    }
}

fn make(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<(Entry, Marks), Reject> {
    let (start, end) = times(fields)?;
    let who = who(fields, builder)?;
    let mut marks = builder.marks(fields.id("uuid").as_deref(), start, end);
    let raw = fields.get("workoutActivityType").map(lossy).unwrap_or_default();
    let number = fields.number("workoutActivityType").known();
    let activity = number.and_then(|number| kind::activity_identifier(number as i64));
    let mut body = Body::default();
    body.set("activity", activity);
    body.set("activity_raw", raw.as_ref());
    body.number("duration_s", fields.number("durationSeconds").known());
    body.number("energy_kcal", total(fields, "totalEnergyBurned", Some("kcal"), "kcal"));
    let distance_unit = fields.word("totalDistanceUnit");
    body.number("distance_m", total(fields, "totalDistance", distance_unit.as_deref().or(Some("m")), "m"));
    let (statistics, odd) = statistics(fields.object("allStatistics").unwrap_or_default());
    marks.flags.set_if(Flag::UnknownStatistic, odd);
    body.set("statistics", statistics);
    body.set("events", list(fields, "events", event));
    body.set("activities", list(fields, "activities", leg));
    details(fields, &KNOWN).into_body(&mut body);
    let by = builder.who_at(who);
    body.set("device", by.device);
    body.set("source_version", by.version);
    let identity = activity.map_or_else(|| raw.into_owned(), str::to_owned);
    let times = (Some(start.ms), Some(end.unwrap_or(start).ms));
    let mut made = entry(EntryKind::Workout, identity, by.source, times);
    made.body = body.text();
    Ok((made, marks))
}

/// A total, as a number or as a quantity with its own unit.
fn total(fields: &Fields<'_>, name: &str, unit: Option<&str>, wanted: &str) -> Option<f64> {
    let (number, unit) = match fields.object(name) {
        Some(quantity) => (quantity.number("quantity").known()?, quantity.word("unit")),
        None => (fields.number(name).known()?, unit.map(Into::into)),
    };
    conversion(unit.as_deref().unwrap_or(wanted), wanted).map(|conversion| conversion.apply(number))
}

/// Statistics in the units of their kinds; true where one has no number or a word that nobody knows.
fn statistics(all: Fields<'_>) -> (Vec<Json>, bool) {
    let (mut found, mut odd) = (Vec::new(), false);
    for (identifier, text) in all.iter() {
        let Some(statistic) = Fields::read(text) else {
            odd = true;
            found.push(serde_json::json!({"type": identifier, "more": fields::json(text)}));
            continue;
        };
        let known = kind::get(identifier).map(|kind| kind.unit.as_str());
        let mut body = Body::default();
        body.set("type", identifier);
        for (key, word) in STATISTICS {
            let Some(quantity) = statistic.object(key) else { continue };
            let Number::Known(number) = quantity.number("quantity") else {
                odd = true;
                continue;
            };
            let sent = quantity.word("unit").unwrap_or_default();
            // How long a statistic is, is time whatever it is about.
            let wanted = if word == "duration" { Some("s") } else { known };
            let converted = wanted.and_then(|unit| Some((conversion(&sent, unit)?.apply(number), unit)));
            let (value, unit) = converted.unwrap_or((number, &sent));
            body.number(word, Some(value));
            if word != "duration" {
                body.set("unit", unit);
            }
        }
        let unknown: Vec<&str> = STATISTICS.iter().map(|(key, _)| *key).collect();
        let rest = statistic.rest(&unknown);
        odd |= rest.keys().any(|key| key.ends_with("Quantity"));
        body.set("more", rest);
        found.push(body.json());
    }
    (found, odd)
}

fn list(fields: &Fields<'_>, name: &str, read: fn(&Fields<'_>) -> Json) -> Vec<Json> {
    let items = fields::items(fields.get(name).unwrap_or(b"[]"));
    items.map(|item| Fields::read(item).map_or_else(|| fields::json(item), |fields| read(&fields))).collect()
}

fn instant(fields: &Fields<'_>, name: &str) -> Option<Json> {
    let text = fields.get(name)?;
    Some(stamp::instant(text).map_or_else(|| fields::json(text), |stamp| format_instant(stamp.ms).into()))
}

fn event(fields: &Fields<'_>) -> Json {
    let number = fields.number("type").known().map(|number| number as usize);
    let word = number.and_then(|number| EVENTS.get(number.checked_sub(1)?));
    let kind = word.map(|word| Json::from(format!("HKWorkoutEventType{word}")));
    let ms = |name: &str| fields.get(name).and_then(stamp::instant).map(|stamp| stamp.ms);
    let length = ms("startDate").zip(ms("endDate")).map(|(start, end)| (end - start) as f64 / 1000.0);
    let mut body = Body::default();
    body.set("type", kind.or_else(|| fields.get("type").map(fields::json)));
    body.set("at", instant(fields, "startDate"));
    body.number("duration_s", length.filter(|length| *length != 0.0));
    body.set("metadata", fields.get("metadata").map(fields::json));
    body.set("more", fields.rest(&["type", "startDate", "endDate", "metadata"]));
    body.json()
}

fn leg(fields: &Fields<'_>) -> Json {
    let mut body = Body::default();
    body.set("uuid", fields.word("uuid"));
    body.set("start", instant(fields, "startDate"));
    body.set("end", instant(fields, "endDate"));
    body.number("duration_s", fields.number("duration").known());
    body.set("metadata", fields.get("metadata").map(fields::json));
    body.set("more", fields.rest(&["uuid", "startDate", "endDate", "duration", "metadata"]));
    body.json()
}
