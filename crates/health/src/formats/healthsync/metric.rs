//! `metrics[]`: samples, sleep stages, other categories, daily statistics.

use std::borrow::Cow;

use crate::formats::phone::builder::{Builder, Draft, Percent, Reject, Value, Who, category, due};
use crate::formats::phone::fields::{self, Fields, Number};
use crate::formats::phone::names;
use crate::formats::phone::parts::Details;
use crate::formats::phone::stamp::{self, Stamp};
use crate::kind::{Kind, Style};
use crate::phone::{Aggregate, Flag, Flags, Grain, Marks};
use crate::{Result, Source};

pub(super) const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";

const KNOWN: [&str; 9] =
    ["id", "type", "value", "unit", "start_at", "end_at", "source_name", "source_bundle_id", "metadata"];

/// One item.
pub(super) fn read(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let fields = Fields::read(text).unwrap_or_default();
    let name = fields.word("type");
    if is_aggregate(&fields) {
        let made = aggregate(&fields, builder);
        return match made {
            Ok((slot, who, details, aggregate)) => {
                builder.aggregate(slot, who, details, aggregate)?;
                builder.item(text, None, Ok(()))
            }
            Err(reason) => builder.item(text, name.as_deref(), Err(reason)),
        };
    }
    let made = sample(&fields, builder);
    builder.keep(text, name.as_deref(), made)
}

fn is_aggregate(fields: &Fields<'_>) -> bool {
    let named = fields.id("id").is_some_and(|id| super::id(&id).starts_with("aggregate:"));
    named || fields.object("metadata").is_some_and(|metadata| metadata.get("aggregation").is_some())
}

fn sample<'a>(fields: &Fields<'a>, builder: &mut Builder<'_, '_>) -> std::result::Result<Draft<'a>, Reject> {
    let name = fields.word("type").ok_or("bad_shape")?;
    let (start, end) = times(fields)?;
    let unit = fields.word("unit").filter(|unit| unit != "category_value");
    let slot = builder.kind(&name, unit.as_deref())?;
    let metadata = fields.object("metadata").unwrap_or_default();
    let number = fields.number("value");
    let mut details = Details::default();
    details.metadata(fields.get("metadata"));
    details.rest(fields.rest(&KNOWN));
    let identifier = builder.kind_at(slot).map(|slot| slot.kind.identifier.clone()).unwrap_or_default();
    let (value, unit) = if identifier == SLEEP {
        // The value is how long the stage was; it is told again only where the stamps say something else.
        let seconds = end.map(|end| (end.ms - start.ms) as f64 / 1000.0);
        if let Some(value) = number.known().filter(|value| seconds.is_none_or(|s| (s - value).abs() > 1.0)) {
            details.more("value", value.into());
        }
        (stage(&metadata), None)
    } else if builder.is_category(slot) {
        let number = if number == Number::Absent { metadata.number("category_value") } else { number };
        let value = if number == Number::Absent { Value::Nothing } else { Value::Category(category(due(number)?)?) };
        (value, None)
    } else if number == Number::Absent {
        (Value::Nothing, unit)
    } else {
        (Value::Measure(builder.measure(slot, due(number)?, unit.as_deref(), Percent::Fraction)), unit)
    };
    let by_hand = details.by_hand();
    let who = who(fields, builder)?;
    let id = fields.id("id").map(|id| Cow::Owned(super::id(&id).to_owned()));
    Ok(Draft { slot, who, unit, start, end, value, id, details: details.text(), by_hand })
}

/// The stage stands in the metadata, as a word or as Apple's integer.
fn stage<'a>(metadata: &Fields<'a>) -> Value<'a> {
    let word = metadata.word("sleep_stage");
    let number = || metadata.number("category_value").known().and_then(|number| category(number).ok());
    let known = word.as_deref().and_then(names::sleep_stage).or_else(number);
    match (known, word) {
        (Some(stage), _) => Value::Category(stage),
        (None, Some(word)) => Value::Word(word, Flag::UnknownStage),
        (None, None) => Value::Nothing,
    }
}

/// An end that was told must be readable; one that was not told is unknown.
pub(super) fn times(fields: &Fields<'_>) -> std::result::Result<(Stamp, Option<Stamp>), Reject> {
    let start = fields.get("start_at").and_then(stamp::instant).ok_or("bad_time")?;
    let end = fields.get("end_at").map(|end| stamp::instant(end).ok_or("bad_time")).transpose()?;
    Ok((start, end))
}

/// Who wrote it.
pub(super) fn who(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<u32, Reject> {
    let (name, bundle) = (fields.get("source_name").unwrap_or(b""), fields.get("source_bundle_id").unwrap_or(b""));
    builder.who(&[name, b" ", bundle].concat(), || {
        let bundle = (!bundle.is_empty()).then(|| fields::lossy(bundle).into_owned());
        let source = Source { name: fields::lossy(name).into_owned(), bundle, hardware: None };
        Who { source, ..Who::default() }
    })
}

type Made = (usize, u32, Option<String>, Aggregate);

fn aggregate(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<Made, Reject> {
    let name = fields.word("type").ok_or("bad_shape")?;
    let (start, end) = times(fields)?;
    let end = end.ok_or("no_end")?;
    let unit = fields.word("unit").filter(|unit| unit != "category_value");
    let slot = builder.kind(&name, unit.as_deref())?;
    let number = due(fields.number("value"))?;
    let metadata = fields.object("metadata").unwrap_or_default();
    let mut details = Details::default();
    details.metadata(fields.get("metadata"));
    details.rest(fields.rest(&KNOWN));
    let measure = builder.measure(slot, number, unit.as_deref(), Percent::Fraction);
    let kind = builder.kind_at(slot).map(|slot| slot.kind.clone()).ok_or("bad_shape")?;
    let word = metadata.word("aggregation").unwrap_or_default();
    let (value, in_unit) = match measure.value {
        Some(value) => (value, kind.unit_of(unit.as_deref()).to_owned()),
        None => (number, unit.as_deref().unwrap_or_default().to_owned()),
    };
    let mut flags = Flags::default();
    flags.set_if(Flag::EndBeforeStart, end.ms < start.ms);
    flags.set_if(Flag::UnknownUnit, measure.value.is_none());
    let id = fields.id("id");
    let aggregate = Aggregate {
        feed: builder.feed,
        kind: 0,
        source: 0,
        grain: grain(&metadata),
        start_ms: start.ms,
        end_ms: end.ms,
        stats: vec![(statistic(&word, &kind).to_owned(), value)],
        original_unit: unit.as_deref().filter(|unit| *unit != in_unit).map(str::to_owned),
        unit: in_unit,
        label: None,
        details: 0,
        marks: id.map_or(Marks { flags, ..Marks::default() }, |id| builder.named(Some(super::id(&id)), flags)),
    };
    let who = who(fields, builder)?;
    Ok((slot, who, details.text(), aggregate))
}

fn grain(metadata: &Fields<'_>) -> Grain {
    let word = metadata.word("aggregation_period").unwrap_or_default();
    Grain::ALL.into_iter().find(|grain| grain.as_str() == word).unwrap_or(Grain::Day)
}

fn statistic(word: &str, kind: &Kind) -> &'static str {
    let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
    match kind.style {
        _ if ends(&["sum", "total"]) => "sum",
        _ if ends(&["average", "avg", "mean"]) => "avg",
        _ if ends(&["min", "minimum"]) => "min",
        _ if ends(&["max", "maximum"]) => "max",
        Style::Cumulative | Style::Category => "sum",
        _ => "avg",
    }
}
