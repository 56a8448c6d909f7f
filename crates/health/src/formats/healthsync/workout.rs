//! `workouts[]`: five activities have a word, everything else is `other`, which says nothing.

use super::metric::{times, who};
use crate::formats::body::Body;
use crate::formats::phone::builder::{Builder, Reject};
use crate::formats::phone::fields::{Fields, lossy};
use crate::formats::phone::names;
use crate::formats::phone::parts::{Details, entry};
use crate::phone::Marks;
use crate::{Entry, EntryKind, Result};

const KNOWN: [&str; 11] = [
    "id",
    "activity_type",
    "start_at",
    "end_at",
    "duration_seconds",
    "active_energy_kcal",
    "total_energy_kcal",
    "distance_meters",
    "source_name",
    "source_bundle_id",
    "metadata",
];

/// One item.
pub(super) fn read(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let made = match Fields::read(text) {
        Some(fields) => make(&fields, builder),
        None => Err("bad_shape"),
    };
    let workout = Some(EntryKind::Workout.as_str());
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
    let id = fields.id("id");
    let marks = builder.marks(id.as_deref().map(super::id), start, end);
    let word = fields.get("activity_type").map(lossy).unwrap_or_default();
    let activity = names::workout(&word).filter(|_| word != "other");
    let mut body = Body::default();
    body.set("activity", activity.clone());
    body.set("activity_raw", word.as_ref());
    body.number("duration_s", fields.number("duration_seconds").known());
    body.number("distance_m", fields.number("distance_meters").known());
    let (active, total) = (fields.number("active_energy_kcal").known(), fields.number("total_energy_kcal").known());
    body.number("energy_kcal", active.or(total));
    body.number("total_energy_kcal", total.filter(|total| active.is_some_and(|active| active != *total)));
    let mut details = Details::default();
    details.metadata(fields.get("metadata"));
    details.rest(fields.rest(&KNOWN));
    details.into_body(&mut body);
    let identity = activity.unwrap_or_else(|| word.into_owned());
    let times = (Some(start.ms), Some(end.unwrap_or(start).ms));
    let mut made = entry(EntryKind::Workout, identity, builder.source_of(who), times);
    made.body = body.text();
    Ok((made, marks))
}
