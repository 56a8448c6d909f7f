//! Sleep: stages as samples where a point has a start, a night that the app summed up where it has none.

use super::grain::Metric;
use super::metric::source;
use crate::formats::body::Body;
use crate::formats::phone::builder::{Builder, Draft, Reject, Value};
use crate::formats::phone::fields::{Fields, lossy};
use crate::formats::phone::names;
use crate::formats::phone::parts::{Details, entry};
use crate::formats::phone::stamp::{self, Stamp, When};
use crate::phone::Marks;
use crate::time::format_day;
use crate::unit::conversion;
use crate::{Entry, EntryKind, Result};

/// The kind of sleep stages.
pub(super) const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";

const STAGE: [&str; 5] = ["startDate", "endDate", "qty", "value", "source"];

/// Keys of a night and their words in the normal form; the numbers are hours.
const PARTS: [(&str, &str); 7] = [
    ("core", "core_s"),
    ("deep", "deep_s"),
    ("rem", "rem_s"),
    ("awake", "awake_s"),
    ("asleep", "unspecified_s"),
    ("inBed", "in_bed_s"),
    ("totalSleep", "total_s"),
];

const FRAME: [&str; 6] = ["date", "source", "sleepStart", "sleepEnd", "inBedStart", "inBedEnd"];

/// One point.
pub(super) fn read(
    text: &[u8],
    fields: &Fields<'_>,
    slot: usize,
    metric: &Metric,
    builder: &mut Builder<'_, '_>,
) -> Result<()> {
    if fields.get("startDate").is_some() {
        let made = stage(fields, slot, builder);
        return builder.keep(text, Some(SLEEP), made);
    }
    match night(fields, metric, builder) {
        Ok((entry, marks)) => {
            builder.entry(entry, marks)?;
            builder.item(text, None, Ok(()))
        }
        Err(reason) => builder.item(text, Some(SLEEP), Err(reason)),
    }
}

/// A stage. Nobody told its identifier, so one that is none of Apple's cannot be kept as sent.
fn stage<'a>(
    fields: &Fields<'a>,
    slot: usize,
    builder: &mut Builder<'_, '_>,
) -> std::result::Result<Draft<'a>, Reject> {
    let start = fields.get("startDate").and_then(stamp::instant).ok_or("bad_time")?;
    let end = fields.get("endDate").ok_or("no_end").and_then(|end| stamp::instant(end).ok_or("bad_time"))?;
    let word = fields.get("value").map(lossy).ok_or("unknown_stage")?;
    let stage = names::sleep_stage(&word).ok_or("unknown_stage")?;
    let mut details = Details::default();
    details.rest(fields.rest(&STAGE));
    let who = source(fields.get("source"), builder)?;
    let value = Value::Category(stage);
    let details = details.text();
    Ok(Draft { slot, who, unit: None, start, end: Some(end), value, id: None, details, by_hand: false })
}

fn night(
    fields: &Fields<'_>,
    metric: &Metric,
    builder: &mut Builder<'_, '_>,
) -> std::result::Result<(Entry, Marks), Reject> {
    let stamp = |name: &str| fields.get(name).and_then(stamp::instant);
    let (in_bed_start, in_bed_end) = (stamp("inBedStart"), stamp("inBedEnd"));
    let start = stamp("sleepStart").or(in_bed_start).ok_or("bad_time")?;
    let end = stamp("sleepEnd").or(in_bed_end).ok_or("bad_time")?;
    let day = match fields.get("date").and_then(stamp::when) {
        Some(When::Day(day)) => day,
        Some(When::Instant(stamp)) => stamp.day(),
        None => end.day(),
    };
    let unit = metric.units.as_deref().unwrap_or("hr");
    let seconds = conversion(unit, "s").or_else(|| conversion("hr", "s")).ok_or("bad_shape")?;
    let part = |name: &str| fields.number(name).known().map(|value| seconds.apply(value));
    let mut stats = Body::default();
    PARTS.iter().for_each(|(name, word)| stats.number(word, part(name)));
    let stages = ["core", "deep", "rem"].iter().filter_map(|name| part(name)).reduce(|a, b| a + b);
    let most = [part("asleep"), stages].into_iter().flatten().reduce(f64::max);
    stats.number("total_s", part("totalSleep").or(most));

    let mut body = Body::default();
    body.set("day", format_day(day));
    body.set("stats", stats.json());
    body.instant("in_bed_start", in_bed_start.map(|stamp: Stamp| stamp.ms));
    body.instant("in_bed_end", in_bed_end.map(|stamp| stamp.ms));
    let known: Vec<&str> = FRAME.iter().copied().chain(PARTS.iter().map(|(name, _)| *name)).collect();
    let mut details = Details::default();
    details.rest(fields.rest(&known));
    details.into_body(&mut body);
    let who = source(fields.first(&["source", "sleepSource"]), builder)?;
    let times = (Some(start.ms), Some(end.ms));
    let mut made = entry(EntryKind::SleepSummary, format_day(day), builder.source_of(who), times);
    made.body = body.text();
    Ok((made, builder.marks(None, start, Some(end))))
}
