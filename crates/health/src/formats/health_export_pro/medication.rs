//! `medicationDoseEvents` and `medications`. Definitions carry no time and come again every time.

use super::sample::{details, times, who};
use crate::formats::body::Body;
use crate::formats::phone::builder::{Builder, Reject};
use crate::formats::phone::fields::{self, Fields, lossy};
use crate::formats::phone::parts::entry;
use crate::phone::Marks;
use crate::{Entry, EntryKind, Result, Source, kind};

/// What became of a dose, by Apple's number.
const STATUS: [&str; 6] = ["not_interacted", "notification_not_sent", "snoozed", "taken", "skipped", "not_logged"];

const DOSE: [&str; 12] = [
    "uuid",
    "medicationName",
    "medicationNickname",
    "scheduleType",
    "logStatus",
    "doseQuantity",
    "unit",
    "startDate",
    "endDate",
    "metadata",
    "sourceRevision",
    "device",
];

type Made = std::result::Result<(Entry, Marks), Reject>;

/// One dose.
pub(super) fn dose(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let fields = Fields::read(text);
    let made = fields.map_or(Err("bad_shape"), |fields| make_dose(&fields, builder));
    keep(text, EntryKind::MedicationDose, made, builder)
}

/// One definition.
pub(super) fn definition(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let made = Fields::read(text).ok_or("bad_shape").and_then(|fields| make_definition(&fields));
    keep(text, EntryKind::Medication, made, builder)
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

fn make_dose(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> Made {
    let (start, end) = times(fields)?;
    let name = fields.word("medicationName").ok_or("bad_shape")?;
    let number = fields.number("logStatus").known();
    let status = number.and_then(|number| STATUS.get((number as usize).checked_sub(1)?));
    let mut body = Body::default();
    body.set("name", name.as_ref());
    body.set("nickname", fields.word("medicationNickname"));
    body.set("status", status.copied());
    let raw = fields.get("logStatus").filter(|_| status.is_none());
    body.set("status_raw", raw.map(|text| lossy(text).into_owned()));
    body.set("scheduled", fields.number("scheduleType").known().map(|kind| kind == 2.0));
    body.set("schedule_type", fields.get("scheduleType").map(fields::json));
    body.number("dose", fields.number("doseQuantity").known());
    body.set("unit", fields.word("unit"));
    details(fields, &DOSE).into_body(&mut body);
    let who = who(fields, builder)?;
    let by = builder.who_at(who);
    body.set("device", by.device);
    body.set("source_version", by.version);
    let times = (Some(start.ms), end.map(|end| end.ms));
    let mut made = entry(EntryKind::MedicationDose, kind::fold(&name), by.source, times);
    made.body = body.text();
    Ok((made, builder.marks(fields.id("uuid").as_deref(), start, end)))
}

fn make_definition(fields: &Fields<'_>) -> Made {
    let name = fields.word("displayText").ok_or("bad_shape")?;
    let mut body = Body::default();
    body.set("name", name.as_ref());
    body.set("nickname", fields.word("nickname"));
    body.set("archived", fields.flag("isArchived"));
    body.set("scheduled", fields.flag("hasSchedule"));
    body.set("form", fields.word("generalForm"));
    body.set("more", fields.rest(&["displayText", "nickname", "isArchived", "hasSchedule", "generalForm"]));
    let mut made = entry(EntryKind::Medication, kind::fold(&name), Source::default(), (None, None));
    made.body = body.text();
    Ok((made, Marks::default()))
}
