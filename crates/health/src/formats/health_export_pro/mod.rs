//! Health Export Pro: the body of its upload and the answer.
//!
//! Samples by Apple's identifiers, with UUID, device and metadata, in the units that the phone prefers. Routes stand
//! apart from their workouts and may come in another body.

mod encode;
mod medication;
mod sample;
#[cfg(test)]
mod tests;
mod workout;

use std::io::{Read, Seek};

use serde_json::{Value as Json, json};

pub use self::encode::{body, encode};
use super::body::Body;
use super::phone::builder::Builder;
use super::phone::fields::{self, Fields};
use super::phone::frame::{self, Frame, shape};
use super::phone::limits::{MAX_PART, MAX_RECORD};
use super::phone::parts::{Track, entry};
use super::phone::walk::Walker;
use super::phone::{Delivery, Feed, Sink};
use crate::phone::{Marks, Uuid};
use crate::{EntryKind, Result, Source, kind};

/// Reads a body and hands its records over in portions.
///
/// Errors: no JSON (400); no object `data` (422); what reader or sink say.
pub fn decode(mut body: impl Read + Seek, sink: &mut Sink<'_>) -> Result<Delivery> {
    let frame = survey(&mut body)?;
    body.rewind()?;
    let mut builder = Builder::new(Feed::HealthExportPro, sink);
    frame::whole(&mut Walker::new(body)?, |key, walker| match key {
        "data" => frame::object(walker, |key, walker| records(key, walker, &mut builder)).map(|_| ()),
        "workoutRoutes" => {
            let read = frame::object(walker, |uuid, walker| route(uuid, walker, &mut builder))?;
            if read { Ok(()) } else { walker.skip() }
        }
        "characteristics" => {
            let raw = walker.value(MAX_PART)?;
            if raw.whole { profile(raw.text, &mut builder) } else { Ok(()) }
        }
        _ => walker.skip(),
    })?;
    builder.finish(frame.into_map())
}

fn survey(body: impl Read) -> Result<Frame> {
    let (mut frame, mut has_data) = (Frame::default(), false);
    frame::whole(&mut Walker::new(body)?, |key, walker| match key {
        "data" => {
            has_data = frame::object(walker, |_, walker| walker.skip())?;
            if has_data { Ok(()) } else { walker.skip() }
        }
        "workoutRoutes" if walker.peek()? == Some(b'{') => frame::object(walker, |_, walker| walker.skip()).map(|_| ()),
        // Who somebody is belongs into the profile, not into a report of deliveries.
        "characteristics" => walker.skip(),
        _ => frame.take(key, walker),
    })?;
    if has_data { Ok(frame) } else { Err(shape("data")) }
}

/// The answer: `count` is new, known and replaced records, without rejects and routes.
pub fn answer(count: u64) -> Json {
    json!({"ok": true, "count": count})
}

fn records<R: Read>(key: &str, walker: &mut Walker<R>, builder: &mut Builder<'_, '_>) -> Result<()> {
    match walker.peek()? {
        Some(b'[') => {}
        Some(b'n') => return walker.skip(),
        _ => {
            let raw = walker.value(MAX_RECORD)?;
            builder.position = raw.position;
            return builder.item(raw.text, Some(key), Err("bad_shape"));
        }
    }
    frame::records(walker, MAX_RECORD, builder, |text, builder| match key {
        "workouts" => workout::read(text, builder),
        "medicationDoseEvents" => medication::dose(text, builder),
        "medications" => medication::definition(text, builder),
        kind => sample::read(kind, text, builder),
    })
}

/// The parts of a workout's track, joined.
fn route<R: Read>(uuid: &str, walker: &mut Walker<R>, builder: &mut Builder<'_, '_>) -> Result<()> {
    let raw = walker.value(MAX_RECORD)?;
    builder.position = raw.position;
    if !raw.whole {
        // Routes are no items, so this one is counted as one to be seen.
        return builder.item(raw.text, Some(EntryKind::Route.as_str()), Err("too_large"));
    }
    let mut track = Track::default();
    for part in fields::items(raw.text) {
        let locations = Fields::read(part).unwrap_or_default();
        track.places(locations.get("locations").unwrap_or(b"[]"));
    }
    if track.len() == 0 {
        return Ok(());
    }
    track.sort();
    let uuid = uuid.parse().map_or_else(|_| uuid.to_owned(), |uuid: Uuid| uuid.to_string());
    builder.entry(track.entry(json!({"uuid": uuid}), Source::default()), Marks::default())
}

/// Birth date, sex and so on, in the words of an export where they are known.
fn profile(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let fields = Fields::read(text).unwrap_or_default();
    let mut body = Body::default();
    for (key, value) in fields.iter() {
        let word = fields::lossy(value).to_lowercase();
        let value = match (key, word.as_str()) {
            ("biologicalSex", "female" | "1") => "HKBiologicalSexFemale".into(),
            ("biologicalSex", "male" | "2") => "HKBiologicalSexMale".into(),
            ("biologicalSex", "other" | "3") => "HKBiologicalSexOther".into(),
            _ => fields::json(value),
        };
        body.set(&kind::slug(key), value);
    }
    let mut entry = entry(EntryKind::Profile, "me".to_owned(), Source::default(), (None, None));
    entry.body = body.text();
    if entry.body == "{}" { Ok(()) } else { builder.entry(entry, Marks::default()) }
}
