//! Quantities and categories, under the key that is their type.

use crate::formats::phone::builder::{Builder, Draft, Percent, Reject, Value, Who, category, due};
use crate::formats::phone::fields::{Fields, Number};
use crate::formats::phone::parts::{Details, DeviceText};
use crate::formats::phone::stamp::{self, Stamp};
use crate::{Result, Source};

const KNOWN: [&str; 8] = ["uuid", "value", "unit", "startDate", "endDate", "metadata", "sourceRevision", "device"];

/// One item.
pub(super) fn read(kind: &str, text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let made = match Fields::read(text) {
        Some(fields) => make(kind, &fields, builder),
        None => Err("bad_shape"),
    };
    builder.keep(text, Some(kind), made)
}

fn make<'a>(kind: &str, fields: &Fields<'a>, builder: &mut Builder<'_, '_>) -> std::result::Result<Draft<'a>, Reject> {
    let (start, end) = times(fields)?;
    let unit = fields.word("unit");
    let slot = builder.kind(kind, unit.as_deref())?;
    let value = match fields.number("value") {
        Number::Absent => Value::Nothing,
        number if builder.is_category(slot) => Value::Category(category(due(number)?)?),
        number => Value::Measure(builder.measure(slot, due(number)?, unit.as_deref(), Percent::Fraction)),
    };
    let details = details(fields, &KNOWN);
    let by_hand = details.by_hand();
    let who = who(fields, builder)?;
    Ok(Draft { slot, who, unit, start, end, value, id: fields.id("uuid"), details: details.text(), by_hand })
}

/// An end that was told must be readable.
pub(super) fn times(fields: &Fields<'_>) -> std::result::Result<(Stamp, Option<Stamp>), Reject> {
    let start = fields.get("startDate").and_then(stamp::instant).ok_or("bad_time")?;
    let end = fields.get("endDate").map(|end| stamp::instant(end).ok_or("bad_time")).transpose()?;
    Ok((start, end))
}

/// Metadata and what we have no word for.
pub(super) fn details(fields: &Fields<'_>, known: &[&str]) -> Details {
    let mut details = Details::default();
    details.metadata(fields.get("metadata"));
    details.rest(fields.rest(known));
    details
}

/// Who wrote it.
pub(super) fn who(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<u32, Reject> {
    let (revision, device) = (fields.get("sourceRevision").unwrap_or(b"{}"), fields.get("device").unwrap_or(b"{}"));
    builder.who(&[revision, device].concat(), || {
        read_source(&Fields::read(revision).unwrap_or_default(), &Fields::read(device).unwrap_or_default())
    })
}

/// The product type is only the phone that stored a sample, unless Apple's own app wrote it.
fn read_source(revision: &Fields<'_>, device: &Fields<'_>) -> Who {
    let source = revision.object("source").unwrap_or_default();
    let bundle = source.word("bundleIdentifier");
    let by_apple = bundle.as_deref().is_some_and(|bundle| bundle.starts_with("com.apple.health"));
    let product = revision.word("productType");
    let hardware = device.word("hardwareVersion");
    let version = revision.word("version");
    let system = revision.word("operatingSystemVersion");
    let mut text = DeviceText::default();
    text.add("name", device.word("name"));
    text.add("manufacturer", device.word("manufacturer"));
    text.add("model", device.word("model"));
    text.add("product", product.as_ref());
    text.add("system", system.as_ref());
    text.rest(device, &["name", "manufacturer", "model", "hardwareVersion", "softwareVersion"]);
    text.rest(revision, &["source", "version", "productType", "operatingSystemVersion"]);
    text.rest(&source, &["name", "bundleIdentifier"]);
    text.add("hardware", hardware.as_ref());
    text.add("software", device.word("softwareVersion"));
    Who {
        source: Source {
            name: source.word("name").unwrap_or_default().into_owned(),
            bundle: bundle.map(|bundle| bundle.into_owned()),
            hardware: hardware.or(product.filter(|_| by_apple)).map(|hardware| hardware.into_owned()),
        },
        device: text.text(),
        version: version.map(|version| version.into_owned()),
    }
}
