//! `workouts[]` of export version 2 and 1. Names are in the phone's language; what is not English keeps its word.

use super::series::Series;
use crate::formats::body::Body;
use crate::formats::phone::builder::{Builder, Reject};
use crate::formats::phone::fields::{self, Fields, is_array, lossy};
use crate::formats::phone::parts::{Details, Track, entry};
use crate::formats::phone::{names, stamp};
use crate::phone::{Flag, Marks};
use crate::unit::conversion;
use crate::{Entry, EntryKind, Result, Source, kind};

const FRAME: [&str; 7] = ["id", "name", "start", "end", "duration", "route", "metadata"];

/// Quantities that are a statistic of a kind.
const SUMS: [(&str, &str); 7] = [
    ("activeEnergyBurned", "ActiveEnergyBurned"),
    ("activeEnergy", "ActiveEnergyBurned"),
    ("basalEnergy", "BasalEnergyBurned"),
    ("stepCount", "StepCount"),
    ("flightsClimbed", "FlightsClimbed"),
    ("totalSwimmingStrokeCount", "SwimmingStrokeCount"),
    ("swimStroke", "SwimmingStrokeCount"),
];

type Made = (Entry, Marks, Option<Entry>);

/// One item.
pub(super) fn read(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let workout = Some(EntryKind::Workout.as_str());
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
            builder.item(text, workout, Ok(()))
        }
        Err(reason) => builder.item(text, workout, Err(reason)),
    }
}

fn make(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<Made, Reject> {
    let start = fields.get("start").and_then(stamp::instant).ok_or("bad_time")?;
    let end = fields.get("end").and_then(stamp::instant).ok_or("bad_time")?;
    let id = fields.id("id");
    let mut marks = builder.marks(id.as_deref(), start, Some(end));
    let name = fields.get("name").map(lossy).unwrap_or_default().into_owned();
    let activity = names::workout(&name);

    let mut body = Body::default();
    body.set("activity", activity.clone());
    body.set("activity_raw", name.as_str());
    // Without pauses in version 2; version 1 does not say.
    let length = (end.ms - start.ms) as f64 / 1000.0;
    body.number("duration_s", fields.number("duration").known().or(Some(length)));
    let energy = quantity(fields, "activeEnergyBurned").or_else(|| quantity(fields, "activeEnergy"));
    body.number("energy_kcal", energy.and_then(|quantity| quantity.into("kcal")));
    body.number("distance_m", quantity(fields, "distance").and_then(|quantity| quantity.into("m")));
    body.set("statistics", statistics(fields));
    let odd = quantities(fields, &mut body);
    marks.flags.set_if(Flag::UnknownStatistic, odd);
    let mut details = Details::default();
    details.metadata(fields.get("metadata"));
    let mut series = Series::new(end.ms);
    for (key, value) in fields.iter().filter(|(key, value)| !FRAME.contains(key) && *value != b"null") {
        if is_array(value) {
            series.add(key, value);
        } else if Quantities::of(value).is_none() {
            details.more(key, fields::json(value));
        }
    }
    body.set("series", series.json());
    details.into_body(&mut body);

    let identity = activity.unwrap_or(name);
    let times = (Some(start.ms), Some(end.ms));
    let mut made = entry(EntryKind::Workout, identity.clone(), Source::default(), times);
    made.body = body.text();
    let route = fields.get("route").filter(|route| is_array(route)).map(|route| {
        let mut track = Track::default();
        track.places(route);
        let mut link = Body::default();
        link.set("activity", identity);
        link.instant("start", Some(start.ms));
        link.instant("end", Some(end.ms));
        link.set("uuid", marks.uuid.map(|uuid| uuid.to_string()));
        track.entry(link.json(), Source::default())
    });
    Ok((made, marks, route.filter(|route| !route.body.contains("\"points\":0"))))
}

/// A number with its unit.
#[derive(Debug, Clone)]
struct Quantity {
    number: f64,
    unit: Option<String>,
}

impl Quantity {
    fn read(fields: &Fields<'_>) -> Option<Self> {
        let unit = fields.word("units").map(|unit| unit.into_owned());
        Some(Self { number: fields.number("qty").known()?, unit })
    }

    /// The number in a unit; one without a unit is taken to be in it.
    fn into(self, unit: &str) -> Option<f64> {
        match self.unit {
            Some(from) => conversion(&from, unit).map(|conversion| conversion.apply(self.number)),
            None => Some(self.number),
        }
    }
}

fn quantity(fields: &Fields<'_>, name: &str) -> Option<Quantity> {
    fields.object(name).and_then(|fields| Quantity::read(&fields))
}

/// What an object beside the frame holds.
enum Quantities {
    One(Option<Quantity>),
    /// Least, mean and greatest, or ascent and descent.
    Several,
}

impl Quantities {
    fn of(text: &[u8]) -> Option<Self> {
        let fields = Fields::read(text)?;
        if fields.get("qty").is_some() || fields.get("units").is_some() && fields.iter().count() <= 2 {
            return Some(Self::One(Quantity::read(&fields)));
        }
        let several = ["min", "avg", "max", "ascent", "descent"].iter().any(|key| fields.get(key).is_some());
        several.then_some(Self::Several)
    }
}

/// Keeps all quantities as sent. True where one has no number.
fn quantities(fields: &Fields<'_>, body: &mut Body) -> bool {
    let (mut kept, mut odd) = (Body::default(), false);
    for (key, value) in fields.iter().filter(|(key, _)| !FRAME.contains(key)) {
        let Some(found) = Quantities::of(value) else { continue };
        odd |= matches!(found, Quantities::One(None));
        kept.set(key, fields::json(value));
    }
    body.set("quantities", kept.json());
    odd
}

/// Statistics of kinds, in their units.
fn statistics(fields: &Fields<'_>) -> Vec<serde_json::Value> {
    let mut found = Vec::new();
    for (key, name) in SUMS {
        let identifier = format!("HKQuantityTypeIdentifier{name}");
        let unit = kind::get(&identifier).map(|kind| kind.unit.clone()).unwrap_or_default();
        let Some(value) = quantity(fields, key).and_then(|quantity| quantity.into(&unit)) else { continue };
        let mut body = Body::default();
        body.set("type", identifier);
        body.set("unit", unit);
        body.number("sum", Some(value));
        found.push(body.json());
    }
    let heart = fields.object("heartRate").unwrap_or_default();
    let beats =
        |fields: &Fields<'_>, name: &str| quantity(fields, name).and_then(|quantity| quantity.into("count/min"));
    let mut body = Body::default();
    body.number("minimum", beats(&heart, "min"));
    body.number("average", beats(&heart, "avg").or_else(|| beats(fields, "avgHeartRate")));
    body.number("maximum", beats(&heart, "max").or_else(|| beats(fields, "maxHeartRate")));
    if body.weight() > 0 {
        body.set("type", "HKQuantityTypeIdentifierHeartRate");
        body.set("unit", "count/min");
        found.push(body.json());
    }
    found
}
