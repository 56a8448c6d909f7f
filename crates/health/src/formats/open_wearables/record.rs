//! Records and sleep stages: samples with Apple's identifier, in the SDK's units.

use crate::formats::phone::builder::{Builder, Draft, Percent, Reject, Value, Who, category, due};
use crate::formats::phone::fields::{Fields, Number, lossy};
use crate::formats::phone::names;
use crate::formats::phone::parts::{Details, DeviceText};
use crate::formats::phone::stamp::{self, Stamp};
use crate::phone::Flag;
use crate::{Result, Source};

/// The kind of sleep stages.
pub(super) const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";

const RECORD: [&str; 10] =
    ["id", "type", "startDate", "endDate", "zoneOffset", "source", "value", "unit", "parentId", "metadata"];
const STAGE: [&str; 9] =
    ["id", "stage", "startDate", "endDate", "zoneOffset", "source", "parentId", "values", "metadata"];

/// One of `data.records`.
pub(super) fn quantity_or_category(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let fields = Fields::read(text);
    let kind = fields.as_ref().and_then(|fields| fields.word("type"));
    let read = match &fields {
        Some(fields) => draft(fields, builder),
        None => Err("bad_shape"),
    };
    builder.keep(text, kind.as_deref(), read)
}

/// One of `data.sleep`.
pub(super) fn stage(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let fields = Fields::read(text);
    let read = match &fields {
        Some(fields) => stage_draft(fields, builder),
        None => Err("bad_shape"),
    };
    builder.keep(text, Some(SLEEP), read)
}

fn draft<'a>(fields: &Fields<'a>, builder: &mut Builder<'_, '_>) -> std::result::Result<Draft<'a>, Reject> {
    let name = fields.word("type").ok_or("bad_shape")?;
    let (start, end) = times(fields)?;
    let number = fields.number("value");
    let unit = fields.word("unit");
    let slot = builder.kind(&name, unit.as_deref())?;
    let value = match number {
        Number::Absent => Value::Nothing,
        number if builder.is_category(slot) => Value::Category(category(due(number)?)?),
        number => Value::Measure(builder.measure(slot, due(number)?, unit.as_deref(), Percent::Fraction)),
    };
    let mut details = details(fields, &RECORD);
    let by_hand = details.by_hand();
    note_parent(fields, &mut details);
    let who = who(fields, builder)?;
    Ok(Draft { slot, who, unit, start, end: Some(end), value, id: fields.id("id"), details: details.text(), by_hand })
}

fn stage_draft<'a>(fields: &Fields<'a>, builder: &mut Builder<'_, '_>) -> std::result::Result<Draft<'a>, Reject> {
    let (start, end) = times(fields)?;
    let value = match fields.get("stage") {
        None => Value::Nothing,
        Some(word) => {
            let word = lossy(word);
            names::sleep_stage(&word).map_or_else(|| Value::Word(word, Flag::UnknownStage), Value::Category)
        }
    };
    let slot = builder.kind(SLEEP, None)?;
    let mut details = details(fields, &STAGE);
    let by_hand = details.by_hand();
    note_parent(fields, &mut details);
    if let Some(values) = fields.get("values") {
        details.more("values", crate::formats::phone::fields::json(values));
    }
    let (who, id) = (who(fields, builder)?, fields.id("id"));
    Ok(Draft { slot, who, unit: None, start, end: Some(end), value, id, details: details.text(), by_hand })
}

pub(super) fn times(fields: &Fields<'_>) -> std::result::Result<(Stamp, Stamp), Reject> {
    let stamp = |name| fields.get(name).and_then(stamp::instant).ok_or("bad_time");
    Ok((stamp("startDate")?, stamp("endDate")?))
}

pub(super) fn details(fields: &Fields<'_>, known: &[&str]) -> Details {
    let mut details = Details::default();
    details.metadata(fields.get("metadata"));
    details.zone_offset(fields.word("zoneOffset"));
    details.rest(fields.rest(known));
    details
}

fn note_parent(fields: &Fields<'_>, details: &mut Details) {
    if let Some(parent) = fields.word("parentId") {
        details.more("parent", parent.into());
    }
}

/// Who wrote it. The product type is the phone's for other apps, so it is hardware only where Apple wrote.
pub(super) fn who(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<u32, Reject> {
    let text = fields.get("source").unwrap_or(b"{}");
    builder.who(text, || match Fields::read(text) {
        Some(source) => read_source(&source),
        None => Who { source: Source { name: lossy(text).into_owned(), ..Source::default() }, ..Who::default() },
    })
}

fn read_source(source: &Fields<'_>) -> Who {
    const KNOWN: [&str; 8] = [
        "appId",
        "name",
        "deviceName",
        "deviceManufacturer",
        "deviceModel",
        "deviceHardwareVersion",
        "deviceSoftwareVersion",
        "operatingSystemVersion",
    ];
    let bundle = source.word("appId");
    let by_apple = bundle.as_deref().is_some_and(|bundle| bundle.starts_with("com.apple.health"));
    let product = source.word("deviceModel");
    let hardware = source.word("deviceHardwareVersion");
    let mut device = DeviceText::default();
    device.add("name", source.word("deviceName"));
    device.add("manufacturer", source.word("deviceManufacturer"));
    device.add("product", product.as_ref());
    device.rest(source, &KNOWN);
    device.add("hardware", hardware.as_ref());
    device.add("software", source.word("deviceSoftwareVersion"));
    Who {
        source: Source {
            name: source.word("name").unwrap_or_default().into_owned(),
            bundle: bundle.map(|bundle| bundle.into_owned()),
            hardware: hardware.or(product.filter(|_| by_apple)).map(|hardware| hardware.into_owned()),
        },
        device: device.text(),
        version: source.object("operatingSystemVersion").map(|version| version_text(&version)),
    }
}

fn version_text(version: &Fields<'_>) -> String {
    let parts = ["majorVersion", "minorVersion", "patchVersion"].map(|name| version.get(name).map(lossy));
    let parts: Vec<_> = parts.iter().flatten().map(|part| part.as_ref()).collect();
    parts.join(".")
}
