//! HealthSync (healthykit): the body of `POST /api/apple-health/sync`, its answer, and the items of its read-back.
//!
//! Samples carry Apple's identifier behind `healthkit:` and stamps with milliseconds. A backfill sends daily statistics
//! instead, whose names begin with `healthkit:aggregate:`; they are aggregates and never samples.

mod encode;
mod metric;
pub mod read_back;
#[cfg(test)]
mod tests;
mod workout;

use std::io::{Read, Seek};

use serde_json::{Value as Json, json};

pub use self::encode::{body, encode};
use super::phone::builder::Builder;
use super::phone::frame::{self, Frame, shape};
use super::phone::limits::MAX_RECORD;
use super::phone::walk::Walker;
use super::phone::{Delivery, Feed, Sink};
use crate::Result;

/// What stands before Apple's identifier.
const PREFIX: &str = "healthkit:";

/// Reads a body and hands its records over in portions. `frame` of the delivery has `device_id`, `export_id`,
/// `timezone` and the rest.
///
/// Errors: no JSON (400); no object, no `export_id`, or `metrics` and `workouts` that are no lists (422); what reader
/// or sink say.
pub fn decode(mut body: impl Read + Seek, sink: &mut Sink<'_>) -> Result<Delivery> {
    let frame = survey(&mut body)?;
    body.rewind()?;
    let mut builder = Builder::new(Feed::HealthSync, sink);
    frame::whole(&mut Walker::new(body)?, |key, walker| {
        let read = match key {
            "metrics" => metric::read,
            "workouts" => workout::read,
            _ => return walker.skip(),
        };
        frame::records(walker, MAX_RECORD, &mut builder, read)
    })?;
    builder.finish(frame.into_map())
}

fn survey(body: impl Read) -> Result<Frame> {
    let (mut frame, mut lists) = (Frame::default(), 0);
    frame::whole(&mut Walker::new(body)?, |key, walker| match key {
        "metrics" | "workouts" => {
            lists += 1;
            frame::list(walker, "metrics and workouts")
        }
        _ => frame.take(key, walker),
    })?;
    match frame.text("export_id") {
        None => Err(shape("export_id")),
        Some(_) if lists == 0 => Err(shape("metrics and workouts")),
        Some(_) => Ok(frame),
    }
}

/// The answer: all three keys, or the app sends the batch again. `duplicates` are records that were known or replaced.
pub fn answer(received: u64, duplicates: u64) -> Json {
    json!({"ok": true, "received": received, "duplicates": duplicates})
}

/// Apple's identifier, or the sender's name as it stands.
fn id(text: &str) -> &str {
    text.strip_prefix(PREFIX).unwrap_or(text)
}
