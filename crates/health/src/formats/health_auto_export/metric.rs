//! `metrics[]`: one object per metric, whose points are samples or aggregates.

use std::io::Read;

use serde_json::Map;

use super::Request;
use super::grain::{self, Metric};
use super::night;
use crate::formats::phone::builder::{Builder, Draft, Percent, Reject, Value, Who};
use crate::formats::phone::fields::{self, Fields, Number};
use crate::formats::phone::frame;
use crate::formats::phone::limits::MAX_RECORD;
use crate::formats::phone::parts::{Details, DeviceText, entry};
use crate::formats::phone::stamp::{self, Stamp, When};
use crate::formats::phone::walk::Walker;
use crate::kind::{self, Style};
use crate::phone::{Aggregate, Flag, Grain, Marks, PhoneBatch};
use crate::time::Day;
use crate::{Batch, Entry, EntryKind, Result, Source};

/// Two samples in one point.
const PRESSURE: &str = "HKCorrelationTypeIdentifierBloodPressure";

const KNOWN: [&str; 14] = [
    "date",
    "qty",
    "source",
    "Min",
    "Avg",
    "Max",
    "end",
    "endDate",
    "units",
    "value",
    "mealTime",
    "reason",
    "systolic",
    "diastolic",
];

/// Reads the list of metrics; `known` are the same in the same order, as the frame told them.
pub(super) fn metrics<R: Read>(
    walker: &mut Walker<R>,
    known: &mut dyn Iterator<Item = Metric>,
    request: Request<'_>,
    builder: &mut Builder<'_, '_>,
) -> Result<()> {
    let is_array = frame::array(walker, |walker| {
        if walker.peek()? != Some(b'{') {
            let raw = walker.value(MAX_RECORD)?;
            builder.position = raw.position;
            return builder.item(raw.text, None, Err("bad_shape"));
        }
        let metric = known.next().unwrap_or_default();
        frame::object(walker, |key, walker| match key {
            "data" => {
                frame::records(walker, MAX_RECORD, builder, |text, builder| point(text, &metric, request, builder))
            }
            _ => walker.skip(),
        })
        .map(|_| ())
    })?;
    if is_array { Ok(()) } else { walker.skip() }
}

fn point(text: &[u8], metric: &Metric, request: Request<'_>, builder: &mut Builder<'_, '_>) -> Result<()> {
    let fields = Fields::read(text).unwrap_or_default();
    let slot = match builder.kind(&metric.name, metric.units.as_deref()) {
        Ok(slot) if !metric.name.is_empty() => slot,
        Ok(_) => return builder.item(text, None, Err("bad_shape")),
        Err(reason) => return builder.item(text, None, Err(reason)),
    };
    let identifier = builder.kind_at(slot).map(|slot| slot.kind.identifier.clone()).unwrap_or_default();
    let made = match identifier.as_str() {
        night::SLEEP => return night::read(text, &fields, slot, metric, builder),
        PRESSURE => return pressure(text, &fields, metric, request, builder),
        _ if builder.is_category(slot) => count(&fields, slot, metric, request, builder),
        _ => quantity(&fields, slot, metric, request, builder),
    };
    keep(text, Some(&identifier), made, builder)
}

/// A sample or an aggregate.
enum Made<'a> {
    Sample(Draft<'a>),
    Aggregate(usize, u32, Option<String>, Aggregate),
}

fn keep(
    text: &[u8],
    identifier: Option<&str>,
    made: std::result::Result<Made<'_>, Reject>,
    builder: &mut Builder<'_, '_>,
) -> Result<()> {
    match made {
        Ok(made) => {
            put(made, builder)?;
            builder.item(text, identifier, Ok(()))
        }
        Err(reason) => builder.item(text, identifier, Err(reason)),
    }
}

fn put(made: Made<'_>, builder: &mut Builder<'_, '_>) -> Result<()> {
    match made {
        Made::Sample(draft) => builder.sample(draft),
        Made::Aggregate(slot, who, details, aggregate) => builder.aggregate(slot, who, details, aggregate),
    }
}

/// The two halves of a blood pressure and their keys.
const HALVES: [(&str, &str); 2] = [
    ("HKQuantityTypeIdentifierBloodPressureSystolic", "systolic"),
    ("HKQuantityTypeIdentifierBloodPressureDiastolic", "diastolic"),
];

/// Systolic and diastolic of one moment, and that they belong together.
fn pressure(
    text: &[u8],
    fields: &Fields<'_>,
    metric: &Metric,
    request: Request<'_>,
    builder: &mut Builder<'_, '_>,
) -> Result<()> {
    let mut both = Vec::new();
    for half in HALVES {
        match half_of(half, fields, metric, request, builder) {
            Ok(made) => both.push(made),
            Err(reason) => return builder.item(text, Some(PRESSURE), Err(reason)),
        }
    }
    let samples = both.iter().all(|made| matches!(made, Made::Sample(_)));
    both.into_iter().try_for_each(|made| put(made, builder))?;
    let when = fields.get("date").and_then(stamp::when).filter(|_| samples);
    if let Some(when) = when {
        let (start, _) = moment(when, request);
        let mut members = Batch::default();
        let mut take = |part: PhoneBatch| {
            members = part.batch;
            Ok(())
        };
        let mut inner = Builder::new(builder.feed, &mut take);
        for half in HALVES {
            if let Ok(made) = half_of(half, fields, metric, request, &mut inner) {
                put(made, &mut inner)?;
            }
        }
        inner.finish(Map::new())?;
        (members.records_read, members.bytes_read) = (0, 0);
        let marks = builder.marks(None, start, None);
        builder.entry(correlation(start, members), marks)?;
    }
    builder.item(text, Some(PRESSURE), Ok(()))
}

fn half_of<'a>(
    (name, key): (&str, &str),
    fields: &Fields<'a>,
    metric: &Metric,
    request: Request<'_>,
    builder: &mut Builder<'_, '_>,
) -> std::result::Result<Made<'a>, Reject> {
    let slot = builder.kind(name, metric.units.as_deref())?;
    let number = fields.number(key).known().ok_or("bad_value")?;
    make(fields, slot, metric, request, Points::One(number), builder)
}

/// Told from others as the reader of exports does.
fn correlation(start: Stamp, members: Batch) -> Entry {
    let mut kinds = members.kinds.clone();
    kinds.sort_unstable();
    let identity = format!("{PRESSURE}||{}", kinds.join(" "));
    let source = members.sources.first().cloned().unwrap_or_default();
    let mut made = entry(EntryKind::Correlation, identity, source, (Some(start.ms), Some(start.ms)));
    made.body = serde_json::json!({"type": PRESSURE}).to_string();
    made.members = Some(Box::new(members));
    made
}

/// What a point's numbers are.
#[derive(Debug, Clone, Copy)]
enum Points {
    One(f64),
    Spread { min: f64, avg: Option<f64>, max: f64 },
}

fn quantity<'a>(
    fields: &Fields<'a>,
    slot: usize,
    metric: &Metric,
    request: Request<'_>,
    builder: &mut Builder<'_, '_>,
) -> std::result::Result<Made<'a>, Reject> {
    let number = |name: &str| match fields.number(name) {
        Number::Bad => Err("bad_value"),
        number => Ok(number.known()),
    };
    let (min, avg, max) = (number("Min")?, number("Avg")?, number("Max")?);
    let one = number("qty")?.or(avg);
    let points = match (min, max) {
        (Some(min), Some(max)) if min != max => Points::Spread { min, avg: one, max },
        _ => Points::One(one.or(min).or(max).ok_or("bad_value")?),
    };
    make(fields, slot, metric, request, points, builder)
}

fn make<'a>(
    fields: &Fields<'a>,
    slot: usize,
    metric: &Metric,
    request: Request<'_>,
    points: Points,
    builder: &mut Builder<'_, '_>,
) -> std::result::Result<Made<'a>, Reject> {
    let when = fields.get("date").and_then(stamp::when).ok_or("bad_time")?;
    let (start, day) = moment(when, request);
    let unit = fields.word("units").map(|unit| unit.into_owned()).or_else(|| metric.units.clone());
    let details = details(fields);
    let who = source(fields.get("source"), builder)?;
    let spread = matches!(points, Points::Spread { .. });
    let grain = day.map(|_| request.grain.unwrap_or(Grain::Day)).or_else(|| grain::of_point(request, metric, spread));
    let mut measure = |number| builder.measure(slot, number, unit.as_deref(), Percent::Hundred);
    let (grain, numbers) = match (grain, points) {
        (None, Points::One(number) | Points::Spread { min: number, .. }) => {
            let value = Value::Measure(measure(number));
            let end = fields.first(&["end", "endDate"]).and_then(stamp::instant);
            let by_hand = details.by_hand();
            let (unit, details) = (unit.map(Into::into), details.text());
            return Ok(Made::Sample(Draft { slot, who, unit, start, end, value, id: None, details, by_hand }));
        }
        (Some(grain), Points::One(number)) => (grain, vec![("", measure(number), number)]),
        (Some(grain), Points::Spread { min, avg, max }) => {
            let mut numbers = vec![("min", measure(min), min), ("max", measure(max), max)];
            numbers.extend(avg.map(|avg| ("avg", measure(avg), avg)));
            (grain, numbers)
        }
    };
    let kind = builder.kind_at(slot).map(|slot| (slot.kind.clone(), slot.known)).ok_or("bad_shape")?;
    let lost = numbers.iter().any(|(_, measure, _)| measure.value.is_none());
    let only = if kind.0.style == Style::Cumulative || !kind.1 { "sum" } else { "avg" };
    let stats = numbers.iter().map(|(word, measure, sent)| {
        let word = if word.is_empty() { only } else { word };
        (word.to_owned(), if lost { *sent } else { measure.value.unwrap_or(*sent) })
    });
    let kinds_unit = kind.0.unit_of(unit.as_deref()).to_owned();
    let in_unit = if lost { unit.clone().unwrap_or_default() } else { kinds_unit };
    let mut marks = marks_of(start);
    numbers.iter().for_each(|(_, measure, _)| marks.flags.join(measure.flags));
    let aggregate = Aggregate {
        feed: builder.feed,
        kind: 0,
        source: 0,
        grain,
        start_ms: start.ms,
        end_ms: grain.end_ms(start.ms).ok_or("bad_time")?,
        stats: stats.collect(),
        original_unit: unit.filter(|unit| *unit != in_unit),
        unit: in_unit,
        label: None,
        details: 0,
        marks,
    };
    Ok(Made::Aggregate(slot, who, details.text(), suspicious(aggregate, &kind.0.identifier)))
}

/// A day of resting energy below 100 kJ is impossible: the number is in another unit than it says, and nobody knows
/// which.
fn suspicious(mut aggregate: Aggregate, identifier: &str) -> Aggregate {
    const LEAST_KCAL: f64 = 100.0 / 4.184;
    let resting = kind::short_name(identifier) == "BasalEnergyBurned" && aggregate.grain == Grain::Day;
    let little = aggregate.stats.iter().any(|(_, value)| (0.0..LEAST_KCAL).contains(value) && *value > 0.0);
    aggregate.marks.flags.set_if(Flag::SuspiciousUnit, resting && little && aggregate.unit == "kcal");
    aggregate
}

/// Counts of categories: they have no end and none of Apple's values, so they are never samples.
fn count<'a>(
    fields: &Fields<'a>,
    slot: usize,
    metric: &Metric,
    request: Request<'_>,
    builder: &mut Builder<'_, '_>,
) -> std::result::Result<Made<'a>, Reject> {
    let when = fields.get("date").and_then(stamp::when).ok_or("bad_time")?;
    let (start, day) = moment(when, request);
    let grain = day.map_or_else(|| grain::of_count(request, metric), |_| request.grain.unwrap_or(Grain::Day));
    let sum = match fields.number("qty") {
        Number::Bad => return Err("bad_value"),
        number => number.known(),
    };
    // Words with a count each, e.g. `"Protection Used": 1`.
    let words = fields.iter().filter(|(key, _)| !KNOWN.contains(key));
    let words = words.filter_map(|(key, value)| Some((key, fields::number(value).known()?)));
    let word = |word: &str| word.trim().to_lowercase().replace(' ', "_");
    let mut stats: Vec<(String, f64)> = sum.map(|sum| ("sum".to_owned(), sum)).into_iter().collect();
    stats.extend(words.map(|(key, value)| (word(key), value)));
    if stats.is_empty() {
        return Err("bad_value");
    }
    let mut details = Details::default();
    let others = fields.iter().filter(|(key, value)| !KNOWN.contains(key) && fields::number(value) == Number::Bad);
    others.for_each(|(key, value)| details.more(key, fields::json(value)));
    let who = source(fields.get("source"), builder)?;
    let aggregate = Aggregate {
        feed: builder.feed,
        kind: 0,
        source: 0,
        grain,
        start_ms: start.ms,
        end_ms: grain.end_ms(start.ms).ok_or("bad_time")?,
        stats,
        unit: metric.units.clone().unwrap_or_else(|| "count".to_owned()),
        original_unit: None,
        label: fields.word("value").map(|label| label.into_owned()),
        details: 0,
        marks: marks_of(start),
    };
    Ok(Made::Aggregate(slot, who, details.text(), aggregate))
}

fn marks_of(start: Stamp) -> Marks {
    let mut marks = Marks::default();
    marks.flags.set_if(Flag::StartFine, start.fine);
    marks
}

/// The moment of a stamp, and the day where only that was told.
fn moment(when: When, request: Request<'_>) -> (Stamp, Option<Day>) {
    match when {
        When::Instant(stamp) => (stamp, None),
        When::Day(day) => {
            let (ms, _) = request.zones.day_bounds(day);
            (Stamp { ms, fine: false, offset_s: 0 }, Some(day))
        }
    }
}

/// Words that stand beside a number, as the metadata that the export has for them.
fn details(fields: &Fields<'_>) -> Details {
    let mut details = Details::default();
    let words = [
        ("mealTime", "HKBloodGlucoseMealTime", [("before meal", 1), ("after meal", 2)]),
        ("reason", "HKInsulinDeliveryReason", [("basal", 1), ("bolus", 2)]),
    ];
    for (key, apples, numbers) in words {
        let Some(word) = fields.word(key) else { continue };
        let folded = word.trim().to_lowercase();
        if let Some((_, number)) = numbers.iter().find(|(known, _)| *known == folded) {
            details.metadata_entry(apples, number.to_string());
        }
        details.more(key, word.into());
    }
    if let Some(value) = fields.get("value") {
        details.more("value", fields::json(value));
    }
    details.rest(fields.rest(&KNOWN));
    details
}

/// Who wrote it: a name, several with `|` between them, or an object.
pub(super) fn source(text: Option<&[u8]>, builder: &mut Builder<'_, '_>) -> std::result::Result<u32, Reject> {
    let text = text.unwrap_or(b"\"\"");
    builder.who(text, || {
        let Some(fields) = Fields::read(text) else {
            let source = Source { name: fields::lossy(text).into_owned(), ..Source::default() };
            return Who { source, ..Who::default() };
        };
        // No other list of this app tells a bundle, so one here must not make the same watch two sources.
        let mut device = DeviceText::default();
        device.rest(&fields, &["name"]);
        let name = fields.word("name").unwrap_or_default().into_owned();
        Who { source: Source { name, ..Source::default() }, device: device.text(), version: None }
    })
}
