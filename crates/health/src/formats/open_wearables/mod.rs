//! The Open Wearables SDK and app: the body of `POST /api/v1/sdk/users/{id}/sync`, log events, answers.
//!
//! The SDK throws a chunk away on most refusals, so nothing of a body's content is one: what is odd is stored as sent
//! and marked, what cannot be read is a reject with its text. Stamps are whole seconds; Apple's identifiers are stable.

pub mod answers;
pub mod encode;
mod record;
#[cfg(test)]
mod tests;
mod workout;

use std::io::{Read, Seek};

use super::phone::builder::Builder;
use super::phone::fields::Fields;
use super::phone::frame::{self, Frame, shape};
use super::phone::limits::MAX_RECORD;
use super::phone::walk::Walker;
use super::phone::{Delivery, Feed, Sink};
use crate::phone::Deletion;
use crate::{EntryKind, Result};

/// Who the SDK says it is.
const PROVIDERS: [&str; 3] = ["apple", "samsung", "google"];
/// The lists below `data`.
const LISTS: [&str; 4] = ["records", "sleep", "workouts", "deleted"];

/// Reads a sync body and hands its records over in portions.
///
/// Errors: no JSON; a body that is no object, has no `data` or another provider; what the reader or the sink says.
pub fn decode(mut body: impl Read + Seek, sink: &mut Sink<'_>) -> Result<Delivery> {
    let frame = survey(&mut body)?;
    body.rewind()?;
    let mut builder = Builder::new(Feed::OpenWearables, sink);
    let mut walker = Walker::new(body)?;
    frame::whole(&mut walker, |key, walker| match key {
        "data" => frame::object(walker, |list, walker| records(list, walker, &mut builder)).map(|_| ()),
        _ => walker.skip(),
    })?;
    builder.finish(frame.into_map())
}

/// Looks at the frame only, so that nothing is handed over of a body that is refused.
fn survey(body: impl Read) -> Result<Frame> {
    let (mut frame, mut has_data) = (Frame::default(), false);
    frame::whole(&mut Walker::new(body)?, |key, walker| match key {
        "data" => {
            has_data = frame::object(walker, |list, walker| match list {
                list if LISTS.contains(&list) => walker.skip(),
                other => frame.take(&format!("data.{other}"), walker),
            })?;
            if has_data { Ok(()) } else { walker.skip() }
        }
        _ => frame.take(key, walker),
    })?;
    if !has_data {
        return Err(shape("data"));
    }
    match frame.text("provider") {
        Some(provider) if !PROVIDERS.contains(&provider) => Err(shape("provider")),
        _ => Ok(frame),
    }
}

fn records<R: Read>(list: &str, walker: &mut Walker<R>, builder: &mut Builder<'_, '_>) -> Result<()> {
    if !LISTS.contains(&list) {
        return walker.skip();
    }
    let is_list = frame::array(walker, |walker| {
        let raw = walker.value(MAX_RECORD)?;
        builder.position = raw.position;
        if !raw.whole {
            return builder.item(raw.text, None, Err("too_large"));
        }
        match list {
            "records" => record::quantity_or_category(raw.text, builder),
            "sleep" => record::stage(raw.text, builder),
            "workouts" => workout::read(raw.text, builder),
            _ => deletion(raw.text, builder),
        }
    })?;
    if is_list {
        return Ok(());
    }
    // Something else than a list: one reject, so that it is seen.
    let raw = walker.value(MAX_RECORD)?;
    builder.position = raw.position;
    if raw.text == b"null" { Ok(()) } else { builder.item(raw.text, kind_of(list), Err("bad_shape")) }
}

fn kind_of(list: &str) -> Option<&'static str> {
    match list {
        "workouts" => Some(EntryKind::Workout.as_str()),
        "sleep" => Some(record::SLEEP),
        _ => None,
    }
}

/// Some forks tell what was deleted.
fn deletion(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let fields = Fields::read(text).unwrap_or_default();
    match fields.word("id").or_else(|| super::phone::fields::string(text)) {
        Some(id) => {
            let kind = fields.word("type").map(|kind| kind.into_owned());
            builder.delete(Deletion { id: id.into_owned(), kind })
        }
        None => builder.item(text, None, Err("bad_shape")),
    }
}
