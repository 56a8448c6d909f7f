//! Electrocardiograms without voltages, days of rings, doses.

use super::day::{STARTS, Totals};
use super::sample::times;
use super::source;
use crate::formats::body::Body;
use crate::formats::health_auto_export::ecg as trace;
use crate::formats::phone::builder::{Builder, Reject};
use crate::formats::phone::fields::{Fields, Number};
use crate::formats::phone::names;
use crate::formats::phone::parts::entry;
use crate::formats::phone::stamp;
use crate::phone::Marks;
use crate::{Entry, EntryKind, Result, Source, kind};

/// Keys of a day's rings and their words in the normal form.
const RINGS: [(&str, &str); 16] = [
    ("activeEnergyBurned", "active_energy_kcal"),
    ("active_energy", "active_energy_kcal"),
    ("activeEnergyBurnedGoal", "active_energy_goal_kcal"),
    ("basal_energy", "basal_energy_kcal"),
    ("appleMoveTime", "move_min"),
    ("appleMoveTimeGoal", "move_goal_min"),
    ("appleExerciseTime", "exercise_min"),
    ("exercise_minutes", "exercise_min"),
    ("appleExerciseTimeGoal", "exercise_goal_min"),
    ("appleStandHours", "stand_hours"),
    ("stand_hours", "stand_hours"),
    ("appleStandHoursGoal", "stand_goal_hours"),
    ("steps", "steps"),
    ("distance", "distance_m"),
    ("flights_climbed", "flights"),
    ("date", ""),
];

type Made = std::result::Result<(Entry, Marks), Reject>;

/// One electrocardiogram.
pub(super) fn ecg(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let made = match Fields::read(text) {
        Some(fields) => source(&fields, builder).and_then(|who| trace::make(&fields, who, builder)),
        None => Err("bad_shape"),
    };
    keep(text, EntryKind::Ecg, made, builder)
}

/// One day of rings. Fields that are missing say nothing.
pub(super) fn rings(text: &[u8], totals: &Totals<'_>, builder: &mut Builder<'_, '_>) -> Result<()> {
    let made = Fields::read(text).ok_or("bad_shape").and_then(|fields| make_rings(&fields, totals));
    keep(text, EntryKind::ActivitySummary, made, builder)
}

/// One dose.
pub(super) fn dose(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let made = match Fields::read(text) {
        Some(fields) => make_dose(&fields, builder),
        None => Err("bad_shape"),
    };
    keep(text, EntryKind::MedicationDose, made, builder)
}

fn keep(text: &[u8], kind: EntryKind, made: Made, builder: &mut Builder<'_, '_>) -> Result<()> {
    match made {
        Ok((entry, marks)) => {
            builder.entry(entry, marks)?;
            builder.item(text, Some(kind.as_str()), Ok(()))
        }
        Err(reason) => builder.item(text, Some(kind.as_str()), Err(reason)),
    }
}

fn make_rings(fields: &Fields<'_>, totals: &Totals<'_>) -> Made {
    let date = totals.date(fields.get("date").and_then(stamp::when).ok_or("bad_time")?);
    let mut body = Body::default();
    body.set("date", date.as_str());
    let mut found = 0;
    for (key, word) in RINGS.iter().filter(|(_, word)| !word.is_empty()) {
        match fields.number(key) {
            Number::Bad => return Err("bad_value"),
            Number::Known(value) => {
                found += 1;
                body.number(word, Some(value));
            }
            Number::Absent => {}
        }
    }
    let known: Vec<&str> = RINGS.iter().map(|(key, _)| *key).collect();
    body.set("more", fields.rest(&known));
    if found == 0 {
        return Err("bad_value");
    }
    let mut made = entry(EntryKind::ActivitySummary, date, Source::default(), (None, None));
    made.body = body.text();
    Ok((made, Marks::default()))
}

const DOSE: [&str; 8] = [
    "medication_name",
    "medication_status",
    "scheduled_date",
    "scheduled_dose_quantity",
    "dose_quantity",
    "medication_unit",
    "source",
    "uuid",
];

fn make_dose(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> Made {
    let (start, end) = times(fields)?;
    let name = fields.word("medication_name").ok_or("bad_shape")?;
    let status = fields.word("medication_status");
    let known = status.as_deref().and_then(names::dose_status);
    let mut body = Body::default();
    body.set("name", name.as_ref());
    body.set("status", known);
    body.set("status_raw", status.filter(|_| known.is_none()));
    body.set("scheduled", fields.get("scheduled_date").is_some());
    body.instant("scheduled_at", fields.get("scheduled_date").and_then(stamp::instant).map(|stamp| stamp.ms));
    body.number("dose", fields.number("dose_quantity").known());
    body.number("scheduled_dose", fields.number("scheduled_dose_quantity").known());
    body.set("unit", fields.word("medication_unit"));
    let known: Vec<&str> = DOSE.iter().chain(&STARTS).copied().collect();
    body.set("more", fields.rest(&known));
    let who = source(fields, builder)?;
    let times = (Some(start.ms), end.map(|end| end.ms));
    let mut made = entry(EntryKind::MedicationDose, kind::fold(&name), builder.source_of(who), times);
    made.body = body.text();
    Ok((made, builder.marks(fields.id("uuid").as_deref(), start, end)))
}
