//! `workouts`: English names, kilocalories and metres.

use super::sample::times;
use super::{SOURCES, source};
use crate::formats::body::Body;
use crate::formats::health_auto_export::series::Series;
use crate::formats::phone::builder::{Builder, Reject};
use crate::formats::phone::fields::{Fields, is_array, lossy};
use crate::formats::phone::names;
use crate::formats::phone::parts::{Details, Track, entry};
use crate::phone::Marks;
use crate::{Entry, EntryKind, Result};

const KNOWN: [&str; 15] = [
    "name",
    "sport_type",
    "start",
    "end",
    "date",
    "startDate",
    "endDate",
    "duration",
    "activeEnergy",
    "calories",
    "distance",
    "distance_m",
    "avgHeartRate",
    "maxHeartRate",
    "route",
];

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

type Made = (Entry, Marks, Option<Entry>);

fn make(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<Made, Reject> {
    let (start, end) = times(fields)?;
    let who = source(fields, builder)?;
    let end_ms = end.unwrap_or(start).ms;
    let name = fields.first(&["name", "sport_type"]).map(lossy).unwrap_or_default().into_owned();
    let activity = names::workout(&name);
    let number = |names: &[&str]| names.iter().find_map(|name| fields.number(name).known());
    let mut body = Body::default();
    body.set("activity", activity.clone());
    body.set("activity_raw", name.as_str());
    let length = end.map(|end| (end.ms - start.ms) as f64 / 1000.0);
    body.number("duration_s", number(&["duration"]).or(length));
    body.number("energy_kcal", number(&["activeEnergy", "calories"]));
    body.number("distance_m", number(&["distance", "distance_m"]));
    let (mean, most) = (number(&["avgHeartRate"]), number(&["maxHeartRate"]));
    if mean.or(most).is_some() {
        let mut heart = Body::default();
        heart.set("type", "HKQuantityTypeIdentifierHeartRate");
        heart.set("unit", "count/min");
        heart.number("average", mean);
        heart.number("maximum", most);
        body.set("statistics", vec![heart.json()]);
    }
    let mut series = Series::new(end_ms);
    let lists: Vec<(&str, &[u8])> = fields.iter().filter(|(key, value)| is_array(value) && *key != "route").collect();
    lists.iter().for_each(|(key, value)| series.add(key, value));
    body.set("series", series.json());
    let first = SOURCES.iter().find(|key| fields.get(key).is_some());
    let known: Vec<&str> = KNOWN.iter().chain(lists.iter().map(|(key, _)| key)).chain(first).copied().collect();
    let mut details = Details::default();
    details.metadata(fields.get("metadata"));
    let mut rest = fields.rest(&known);
    rest.remove("metadata");
    details.rest(rest);
    details.into_body(&mut body);
    let identity = activity.unwrap_or(name);
    let source = builder.source_of(who);
    let mut made = entry(EntryKind::Workout, identity.clone(), source.clone(), (Some(start.ms), Some(end_ms)));
    made.body = body.text();
    let marks = builder.marks(fields.id("uuid").as_deref(), start, end);
    let route = fields.get("route").filter(|route| is_array(route)).map(|route| {
        let mut track = Track::default();
        track.places(route);
        let mut link = Body::default();
        link.set("activity", identity);
        link.instant("start", Some(start.ms));
        link.instant("end", Some(end_ms));
        (track.len() > 0).then(|| track.entry(link.json(), source))
    });
    Ok((made, marks, route.flatten()))
}
