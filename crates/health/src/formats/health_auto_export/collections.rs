//! Symptoms, heart rate notifications, states of mind, medications and cycle tracking.
//!
//! Names, severities and statuses may be in the phone's language: English is understood, the rest is kept and not
//! guessed.

use super::metric::source;
use crate::formats::body::Body;
use crate::formats::phone::builder::{Builder, Draft, Reject, Value};
use crate::formats::phone::fields::{self, Fields, lossy};
use crate::formats::phone::names;
use crate::formats::phone::parts::{Details, entry};
use crate::formats::phone::stamp::{self, Stamp};
use crate::kind::{self, Nature};
use crate::phone::Marks;
use crate::{Entry, EntryKind, Result};

/// One item of a list.
pub(super) fn read(list: &str, text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let fields = Fields::read(text).unwrap_or_default();
    let made = match list {
        "symptoms" => {
            let made = symptom(&fields, builder);
            return builder.keep(text, fields.word("name").as_deref(), made);
        }
        "heartRateNotifications" => {
            let made = notification(&fields, builder);
            return builder.keep(text, None, made);
        }
        "cycleTracking" => {
            let made = cycle(&fields, builder);
            return builder.keep(text, Some("cycle_tracking"), made);
        }
        "stateOfMind" => (EntryKind::StateOfMind, state_of_mind(&fields, builder)),
        _ => (EntryKind::MedicationDose, dose(&fields, builder)),
    };
    let (kind, made) = made;
    match made {
        Ok((entry, marks)) => {
            builder.entry(entry, marks)?;
            builder.item(text, Some(kind.as_str()), Ok(()))
        }
        Err(reason) => builder.item(text, Some(kind.as_str()), Err(reason)),
    }
}

type Sample<'a> = std::result::Result<Draft<'a>, Reject>;
type Made = std::result::Result<(Entry, Marks), Reject>;

fn times(fields: &Fields<'_>) -> std::result::Result<(Stamp, Option<Stamp>), Reject> {
    let start = fields.first(&["start", "date"]).and_then(stamp::instant).ok_or("bad_time")?;
    let end = fields.word("end").map(|_| fields.get("end").and_then(stamp::instant).ok_or("bad_time")).transpose()?;
    Ok((start, end))
}

fn symptom<'a>(fields: &Fields<'a>, builder: &mut Builder<'_, '_>) -> Sample<'a> {
    let (start, end) = times(fields)?;
    let name = fields.word("name").ok_or("bad_shape")?;
    let known = kind::find(&name).filter(|kind| kind.nature == Nature::Category && kind.group == "symptoms");
    let slot = match known {
        Some(kind) => builder.kind(&kind.identifier, None)?,
        None => builder.kind(&format!("x-hae:symptom:{name}"), None)?,
    };
    let severity = fields.word("severity");
    let value = severity.as_deref().and_then(severity_of);
    let by_hand = fields.flag("userEntered").unwrap_or(false);
    let mut details = Details::default();
    if by_hand {
        details.metadata_entry("HKWasUserEntered", "1".to_owned());
    }
    if let Some(word) = severity.filter(|_| value.is_none()) {
        details.more("severity", word.into());
    }
    details.rest(fields.rest(&["start", "end", "date", "name", "severity", "userEntered", "source"]));
    let who = source(fields.get("source"), builder)?;
    let value = value.map_or(Value::Nothing, Value::Category);
    Ok(Draft { slot, who, unit: None, start, end, value, id: fields.id("id"), details: details.text(), by_hand })
}

/// Apple's integer of a symptom's severity.
fn severity_of(word: &str) -> Option<i64> {
    Some(match kind::fold(word).as_str() {
        "unspecified" => 0,
        "notpresent" => 1,
        "mild" => 2,
        "moderate" => 3,
        "severe" => 4,
        _ => return None,
    })
}

fn notification<'a>(fields: &Fields<'a>, builder: &mut Builder<'_, '_>) -> Sample<'a> {
    let (start, end) = times(fields)?;
    let word = fields.get("heartNotification").map(lossy).unwrap_or_default();
    let folded = word.to_lowercase();
    let event = [("irregular", "IrregularHeartRhythm"), ("low", "LowHeartRate"), ("high", "HighHeartRate")];
    let name = match event.iter().find(|(part, _)| folded.contains(part)) {
        Some((_, name)) => format!("HKCategoryTypeIdentifier{name}Event"),
        None => "heart_rate_notification".to_owned(),
    };
    let slot = builder.kind(&name, None)?;
    let mut details = Details::default();
    let threshold = fields.get("threshold");
    let number = threshold.and_then(|text| match Fields::read(text) {
        Some(fields) => fields.number("qty").known(),
        None => fields::number(text).known(),
    });
    if let Some(number) = number {
        details.metadata_entry("HKHeartRateEventThreshold", format!("{number} count/min"));
    } else if let Some(threshold) = threshold {
        details.more("threshold", fields::json(threshold));
    }
    details.rest(fields.rest(&["start", "end", "date", "threshold", "source"]));
    let who = source(fields.get("source"), builder)?;
    let value = if builder.is_category(slot) { Value::Category(0) } else { Value::Nothing };
    let details = details.text();
    Ok(Draft { slot, who, unit: None, start, end, value, id: fields.id("id"), details, by_hand: false })
}

/// Documented nowhere: kept as it stands and counted.
fn cycle<'a>(fields: &Fields<'a>, builder: &mut Builder<'_, '_>) -> Sample<'a> {
    let (start, end) = times(fields)?;
    let slot = builder.kind("cycle_tracking", None)?;
    let mut details = Details::default();
    details.rest(fields.rest(&["start", "end", "date", "source"]));
    let who = source(fields.get("source"), builder)?;
    let (id, details) = (fields.id("id"), details.text());
    Ok(Draft { slot, who, unit: None, start, end, value: Value::Nothing, id, details, by_hand: false })
}

fn state_of_mind(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> Made {
    let (start, end) = times(fields)?;
    let id = fields.id("id");
    let mut body = Body::default();
    let sent = |name: &str| fields.get(name).map(fields::json);
    body.set("kind", sent("kind"));
    body.number("valence", fields.number("valence").known());
    body.set("valence_classification", sent("valenceClassification"));
    body.set("labels", sent("labels"));
    body.set("associations", sent("associations"));
    let mut details = Details::default();
    details.metadata(fields.get("metadata"));
    details.rest(fields.rest(&[
        "id",
        "start",
        "end",
        "date",
        "kind",
        "valence",
        "valenceClassification",
        "labels",
        "associations",
        "metadata",
        "source",
    ]));
    details.into_body(&mut body);
    let who = source(fields.get("source"), builder)?;
    let times = (Some(start.ms), end.map(|end| end.ms));
    let identity = fields.word("kind").unwrap_or_default().into_owned();
    let mut made = entry(EntryKind::StateOfMind, identity, builder.source_of(who), times);
    made.body = body.text();
    Ok((made, builder.marks(id.as_deref(), start, end)))
}

const DOSE: [&str; 9] =
    ["displayText", "start", "end", "scheduledDate", "dosage", "units", "status", "scheduledDosage", "source"];

fn dose(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> Made {
    let (start, end) = times(fields)?;
    let name = fields.word("displayText").ok_or("bad_shape")?;
    let scheduled = fields.get("scheduledDate").and_then(stamp::instant);
    let status = fields.word("status");
    let known = status.as_deref().and_then(names::dose_status);
    let mut body = Body::default();
    body.set("name", name.as_ref());
    body.set("status", known);
    body.set("status_raw", status.filter(|_| known.is_none()));
    body.set("scheduled", fields.word("scheduledDate").is_some());
    body.instant("scheduled_at", scheduled.map(|stamp| stamp.ms));
    body.number("dose", fields.number("dosage").known());
    body.number("scheduled_dose", fields.number("scheduledDosage").known());
    body.set("unit", fields.word("units"));
    let mut details = Details::default();
    details.rest(fields.rest(&DOSE));
    details.into_body(&mut body);
    let who = source(fields.get("source"), builder)?;
    let times = (Some(start.ms), end.map(|end| end.ms));
    let mut made = entry(EntryKind::MedicationDose, kind::fold(&name), builder.source_of(who), times);
    made.body = body.text();
    Ok((made, builder.marks(fields.id("id").as_deref(), start, end)))
}
