//! Lines of samples and aggregates.

use std::borrow::Cow;

use super::PER_STORE;
use crate::formats::apple_export::device;
use crate::formats::body::Body;
use crate::formats::phone::Feed;
use crate::formats::phone::builder::{Builder, Draft, Measure, Percent, Reject, Value, Who, category, due};
use crate::formats::phone::fields::{self, Fields, Number};
use crate::formats::phone::stamp::{self, Stamp};
use crate::phone::{Aggregate, Flag, Flags, Grain, Marks};
use crate::{Result, Source};

/// Equal samples that one line may stand for.
const MAX_COPIES: f64 = 10_000.0;

const KNOWN: [&str; 21] = [
    "type",
    "row",
    "kind",
    "start",
    "end",
    "value",
    "unit",
    "source",
    "uuid",
    "bundle",
    "device_hw",
    "device",
    "source_version",
    "created",
    "original_value",
    "original_unit",
    "label",
    "meaning",
    "unit_unknown",
    "copies",
    "flags",
];

/// Feeds whose stamps have milliseconds.
const FINE: [&str; 3] = ["healthsync", "hep", "healthsave"];

/// One sample, or several equal ones.
pub(super) fn read(line: &[u8], fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> Result<()> {
    let created = fields.get("created").and_then(stamp::instant).map(|stamp| stamp.ms);
    let copies = match fields.number("copies") {
        Number::Absent => 1.0,
        number => number.known().filter(|n| (1.0..=MAX_COPIES).contains(n)).unwrap_or(0.0),
    };
    let kind = fields.word("type");
    if copies < 1.0 {
        return builder.item(line, kind.as_deref(), Err("bad_value"));
    }
    let name = fields.word("row");
    // What is forwarded is told as it stands there: how often a file had it, and what is odd about it.
    let repeats = fields.number("repeats").known().filter(|n| name.is_some() && (1.0..=MAX_COPIES).contains(n));
    let flags = words(fields).filter(|_| name.is_some());
    for _ in 0..repeats.unwrap_or(copies) as u64 {
        match draft(fields, builder) {
            Ok(draft) => builder.sample_named(draft, created, name.as_deref(), flags)?,
            Err(reason) => return builder.item(line, kind.as_deref(), Err(reason)),
        }
    }
    builder.item(line, kind.as_deref(), Ok(()))
}

/// Makes the draft of a sample.
pub(super) fn draft<'a>(fields: &Fields<'a>, builder: &mut Builder<'_, '_>) -> std::result::Result<Draft<'a>, Reject> {
    let name = fields.word("type").ok_or("bad_shape")?;
    let (start, end, flags) = times(fields)?;
    let (unit, printed) = (fields.word("unit"), fields.word("original_unit"));
    let slot = builder.kind(&name, unit.as_deref())?;
    let original = match fields.number("original_value") {
        Number::Bad => return Err("bad_value"),
        number => number.known(),
    };
    let value = match (fields.number("value"), fields.word("label")) {
        (Number::Absent, Some(word)) => Value::Word(word, Flag::UnknownStage),
        (Number::Absent, None) if original.is_none() => Value::Nothing,
        (Number::Absent, None) => {
            let mut flags = Flags::default();
            flags.set(Flag::UnknownUnit);
            Value::Measure(Measure { value: None, original, flags })
        }
        (number, _) if builder.is_category(slot) => Value::Category(category(due(number)?)?),
        (number, _) => {
            // In the kind's unit, unless the sender's table has another one.
            let measure = builder.measure(slot, due(number)?, unit.as_deref(), Percent::Fraction);
            Value::Measure(Measure { original: original.or(measure.original), ..measure })
        }
    };
    let details = details(fields);
    let who = who(fields, builder)?;
    let by_hand = fields.object("metadata").and_then(|metadata| metadata.flag("HKWasUserEntered")).unwrap_or(false);
    let id = fields.id("uuid");
    let unit = printed.or(unit.filter(|_| !builder.is_category(slot)));
    let mut draft = Draft { slot, who, unit, start, end, value, id, details, by_hand };
    if flags.has(Flag::EndUnknown) {
        draft.end = None;
    }
    Ok(draft)
}

/// Start, end and flags. A line prints milliseconds of every stamp, so how fine one was told is known from the flags,
/// or guessed: from a fraction, or from a feed that has fractions.
pub(super) fn times(fields: &Fields<'_>) -> std::result::Result<(Stamp, Option<Stamp>, Flags), Reject> {
    let start = fields.get("start").and_then(stamp::instant).ok_or("bad_time")?;
    let end = fields.get("end").map(|end| stamp::instant(end).ok_or("bad_time")).transpose()?;
    let words = words(fields);
    let flags = words.unwrap_or_default();
    let fine_feed = fields
        .get("seen")
        .is_some_and(|seen| fields::items(seen).filter_map(fields::string).any(|feed| FINE.contains(&feed.as_ref())));
    let fine = |stamp: Stamp, flag: Flag| Stamp {
        fine: if words.is_some() { flags.has(flag) } else { fine_feed || stamp.ms % 1000 != 0 },
        ..stamp
    };
    Ok((fine(start, Flag::StartFine), end.map(|end| fine(end, Flag::EndFine)), flags))
}

/// The flags that a line tells.
fn words(fields: &Fields<'_>) -> Option<Flags> {
    let words: Vec<Cow<'_, str>> = fields::items(fields.get("flags")?).filter_map(fields::string).collect();
    let mut flags = Flags::default();
    for (flag, word) in Flags::ALL {
        flags.set_if(flag, words.iter().any(|known| known == word));
    }
    Some(flags)
}

/// Metadata, beats and everything else beside the value, as it was.
fn details(fields: &Fields<'_>) -> Option<String> {
    let mut body = Body::default();
    let others =
        fields.iter().filter(|(key, value)| !KNOWN.contains(key) && !PER_STORE.contains(key) && *value != b"null");
    others.for_each(|(key, value)| body.set(key, fields::json(value)));
    let text = body.text();
    (text != "{}").then_some(text)
}

/// Who wrote a record.
pub(super) fn who(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<u32, Reject> {
    let keys = ["source", "bundle", "device_hw", "device", "source_version"];
    let key: Vec<u8> = keys.iter().flat_map(|key| [fields.get(key).unwrap_or(b""), b" "]).flatten().copied().collect();
    builder.who(&key, || {
        let text = |name: &str| fields.word(name).map(|text| text.into_owned());
        let device = text("device");
        let hardware = text("device_hw").or_else(|| device.as_deref().and_then(device::hardware).map(str::to_owned));
        let source = Source { name: text("source").unwrap_or_default(), bundle: text("bundle"), hardware };
        Who { source, device, version: text("source_version") }
    })
}

const AGGREGATE: [&str; 15] = [
    "type",
    "row",
    "grain",
    "start",
    "end",
    "stats",
    "unit",
    "original_unit",
    "source",
    "bundle",
    "device_hw",
    "feed",
    "label",
    "uuid",
    "flags",
];

/// One aggregate, of whichever app made it.
pub(super) fn aggregate(line: &[u8], fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> Result<()> {
    let name = fields.word("type");
    match make(fields, builder) {
        Ok((slot, who, details, aggregate)) => {
            builder.aggregate(slot, who, details, aggregate)?;
            builder.item(line, None, Ok(()))
        }
        Err(reason) => builder.item(line, name.as_deref(), Err(reason)),
    }
}

type Made = (usize, u32, Option<String>, Aggregate);

fn make(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<Made, Reject> {
    let name = fields.word("type").ok_or("bad_shape")?;
    let (start, end, flags) = times(fields)?;
    let grain = fields.word("grain").ok_or("bad_shape")?;
    let grain = Grain::ALL.into_iter().find(|known| known.as_str() == grain).ok_or("bad_shape")?;
    let stats = fields.object("stats").ok_or("bad_shape")?;
    let stats: Option<Vec<(String, f64)>> =
        stats.iter().map(|(word, value)| Some((word.to_owned(), fields::number(value).known()?))).collect();
    let unit = fields.word("unit");
    let slot = builder.kind(&name, unit.as_deref())?;
    let mut rest = Body::default();
    let others =
        fields.iter().filter(|(key, value)| !AGGREGATE.contains(key) && !PER_STORE.contains(key) && *value != b"null");
    others.for_each(|(key, value)| rest.set(key, fields::json(value)));
    let rest = rest.text();
    let mut marks = Marks { flags, ..Marks::default() };
    marks.flags.set_if(Flag::StartFine, start.fine);
    builder.call(&mut marks, fields.word("row").as_deref());
    let aggregate = Aggregate {
        feed: fields.word("feed").and_then(|word| Feed::find(&word)).unwrap_or(Feed::Vitalog),
        kind: 0,
        source: 0,
        grain,
        start_ms: start.ms,
        end_ms: end.map_or_else(|| grain.end_ms(start.ms), |end| Some(end.ms)).ok_or("bad_time")?,
        stats: stats.filter(|stats| !stats.is_empty()).ok_or("bad_value")?,
        unit: unit.unwrap_or_default().into_owned(),
        original_unit: fields.word("original_unit").map(|unit| unit.into_owned()),
        label: fields.word("label").map(|label| label.into_owned()),
        details: 0,
        marks,
    };
    let who = who(fields, builder)?;
    Ok((slot, who, (rest != "{}").then_some(rest), aggregate))
}
