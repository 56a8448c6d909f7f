//! Quantities, categories, sleep stages and totals of days.

use super::day::{STARTS, Totals};
use super::{SOURCES, source};
use crate::Result;
use crate::formats::phone::builder::{Builder, Draft, Percent, Reject, Value, category, due};
use crate::formats::phone::fields::{self, Fields, Number, lossy};
use crate::formats::phone::names;
use crate::formats::phone::parts::Details;
use crate::formats::phone::stamp::{self, Stamp, When};
use crate::kind::Style;
use crate::phone::{Aggregate, Flag, Grain, Marks};

const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";
const ENDS: [&str; 2] = ["endDate", "end"];
const VALUES: [&str; 6] = ["metric", "qty", "value", "rawValue", "unit", "uuid"];

/// One item. A metric inside the sample goes before that of the body.
pub(super) fn read(metric: &str, text: &[u8], totals: &Totals<'_>, builder: &mut Builder<'_, '_>) -> Result<()> {
    let fields = Fields::read(text).unwrap_or_default();
    let inner = fields.word("metric");
    let metric = inner.as_deref().unwrap_or(metric);
    if Totals::is_total(metric, &fields) {
        return match total(metric, &fields, totals, builder) {
            Ok((slot, who, details, aggregate)) => {
                builder.aggregate(slot, who, details, aggregate)?;
                builder.item(text, None, Ok(()))
            }
            Err(reason) => {
                let identifier = names::kind_of(builder.feed, metric);
                builder.item(text, Some(&identifier), Err(reason))
            }
        };
    }
    let made = sample(metric, &fields, builder);
    builder.keep(text, Some(metric), made)
}

/// An end that was told must be readable.
pub(super) fn times(fields: &Fields<'_>) -> std::result::Result<(Stamp, Option<Stamp>), Reject> {
    let start = fields.first(&STARTS).and_then(stamp::instant).ok_or("bad_time")?;
    let end = fields.first(&ENDS).map(|end| stamp::instant(end).ok_or("bad_time")).transpose()?;
    Ok((start, end))
}

fn sample<'a>(
    metric: &str,
    fields: &Fields<'a>,
    builder: &mut Builder<'_, '_>,
) -> std::result::Result<Draft<'a>, Reject> {
    let (start, end) = times(fields)?;
    let unit = fields.word("unit");
    let slot = builder.kind(metric, unit.as_deref())?;
    let identifier = builder.kind_at(slot).map(|slot| slot.kind.identifier.clone()).unwrap_or_default();
    let mut details = details(fields);
    let (value, unit) = if identifier == SLEEP {
        end.ok_or("no_end")?;
        (Value::Category(stage(fields)?), None)
    } else if builder.is_category(slot) {
        (Value::Category(event(fields, start, end, &mut details)?), None)
    } else if identifier.starts_with("HKCorrelationTypeIdentifier") {
        return Err("bad_shape");
    } else {
        let number = match fields.number("qty") {
            Number::Absent => fields.number("value"),
            number => number,
        };
        (Value::Measure(builder.measure(slot, due(number)?, unit.as_deref(), Percent::Fraction)), unit)
    };
    let by_hand = details.by_hand();
    let who = source(fields, builder)?;
    Ok(Draft { slot, who, unit, start, end, value, id: fields.id("uuid"), details: details.text(), by_hand })
}

/// A stage, as a word or as Apple's integer. Nobody told an identifier, so one that is neither cannot be kept as sent.
fn stage(fields: &Fields<'_>) -> std::result::Result<i64, Reject> {
    let text = fields.first(&["value", "rawValue", "qty"]).ok_or("unknown_stage")?;
    let number = fields::number(text).known().and_then(|number| category(number).ok());
    number.filter(|stage| (0..=5).contains(stage)).or_else(|| names::sleep_stage(&lossy(text))).ok_or("unknown_stage")
}

/// Of an event with a length the quantity is seconds; then Apple's integer stands beside it.
fn event(
    fields: &Fields<'_>,
    start: Stamp,
    end: Option<Stamp>,
    details: &mut Details,
) -> std::result::Result<i64, Reject> {
    let Number::Known(raw) = fields.number("rawValue") else {
        let number = fields.first(&["qty", "value"]).map_or(Number::Absent, fields::number);
        return category(due(number)?);
    };
    let length = end.map(|end| (end.ms - start.ms) as f64 / 1000.0);
    if let Some(qty) = fields.number("qty").known().filter(|qty| length.is_none_or(|s| (s - qty).abs() > 1.0)) {
        details.more("qty", qty.into());
    }
    category(raw)
}

fn details(fields: &Fields<'_>) -> Details {
    let mut details = Details::default();
    details.metadata(fields.get("metadata"));
    let first = SOURCES.iter().find(|key| fields.get(key).is_some());
    let known: Vec<&str> = STARTS.iter().chain(&ENDS).chain(&VALUES).chain(first).copied().collect();
    let mut rest = fields.rest(&known);
    rest.remove("metadata");
    details.rest(rest);
    details
}

type Made = (usize, u32, Option<String>, Aggregate);

fn total(
    metric: &str,
    fields: &Fields<'_>,
    totals: &Totals<'_>,
    builder: &mut Builder<'_, '_>,
) -> std::result::Result<Made, Reject> {
    let when: When = fields.first(&STARTS).and_then(stamp::when).ok_or("bad_time")?;
    let start = totals.start(when);
    let unit = fields.word("unit");
    let slot = builder.kind(metric, unit.as_deref())?;
    let number = due(fields.number("qty"))?;
    let measure = builder.measure(slot, number, unit.as_deref(), Percent::Fraction);
    let kind = builder.kind_at(slot).map(|slot| slot.kind.clone()).ok_or("bad_shape")?;
    let sum = matches!(kind.style, Style::Cumulative | Style::Category);
    let in_unit = match measure.value {
        Some(_) => kind.unit_of(unit.as_deref()).to_owned(),
        None => unit.as_deref().unwrap_or_default().to_owned(),
    };
    let mut marks = Marks::default();
    marks.flags.join(measure.flags);
    marks.flags.set_if(Flag::StartFine, start.fine);
    let end = fields.first(&ENDS).and_then(stamp::instant);
    let mut details = details(fields);
    if let Some(end) = end {
        details.more("end", crate::time::format_instant(end.ms).into());
    }
    let aggregate = Aggregate {
        feed: builder.feed,
        kind: 0,
        source: 0,
        grain: Grain::Day,
        start_ms: start.ms,
        end_ms: Grain::Day.end_ms(start.ms).ok_or("bad_time")?,
        stats: vec![((if sum { "sum" } else { "avg" }).to_owned(), measure.value.unwrap_or(number))],
        original_unit: unit.as_deref().filter(|unit| *unit != in_unit).map(str::to_owned),
        unit: in_unit,
        label: None,
        details: 0,
        marks,
    };
    let who = source(fields, builder)?;
    Ok((slot, who, details.text(), aggregate))
}
