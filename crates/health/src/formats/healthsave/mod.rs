//! HealthSave: the body of `POST /api/apple/batch`, and what its probes and batches are answered.
//!
//! One metric per body. Nobody tells identifiers, and most samples have neither end nor unit. Six metrics are totals of
//! days whatever they say, so they are aggregates.

pub mod answers;
mod day;
mod medical;
mod sample;
#[cfg(test)]
mod tests;
mod workout;

use std::io::{Read, Seek};

use self::day::Totals;
use super::phone::builder::{Builder, Reject, Who};
use super::phone::fields::{self, Fields, is_array};
use super::phone::frame::{self, Frame, shape};
use super::phone::limits::MAX_RECORD;
use super::phone::walk::Walker;
use super::phone::{Delivery, Feed, Sink};
use crate::time::Zones;
use crate::{Result, Source};

/// Keys that name who wrote a sample, the first that is there counts.
const SOURCES: [&str; 6] = ["source", "source_id", "sourceName", "device", "deviceName", "device_id"];

/// Reads a body and hands its records over in portions; `zones` says where a total's day begins.
///
/// Errors: no JSON (400); no object, no `metric`, or `samples` that are no list (422); what reader or sink say.
pub fn decode(mut body: impl Read + Seek, zones: &Zones, sink: &mut Sink<'_>) -> Result<Delivery> {
    let (frame, totals) = survey(&mut body, zones)?;
    body.rewind()?;
    let metric = frame.text("metric").unwrap_or_default().to_owned();
    let mut builder = Builder::new(Feed::HealthSave, sink);
    frame::whole(&mut Walker::new(body)?, |key, walker| match key {
        "samples" => frame::records(walker, MAX_RECORD, &mut builder, |text, builder| match metric.as_str() {
            "workouts" => workout::read(text, builder),
            "ecg" => medical::ecg(text, builder),
            "activity_summaries" => medical::rings(text, &totals, builder),
            "medication_dose_event" => medical::dose(text, builder),
            metric => sample::read(metric, text, &totals, builder),
        }),
        _ => walker.skip(),
    })?;
    builder.finish(frame.into_map())
}

fn survey<'z>(body: impl Read, zones: &'z Zones) -> Result<(Frame, Totals<'z>)> {
    let (mut frame, mut totals, mut has_samples) = (Frame::default(), Totals::new(zones), false);
    frame::whole(&mut Walker::new(body)?, |key, walker| match key {
        "samples" => {
            has_samples = walker.peek()? == Some(b'[');
            if !has_samples {
                return walker.skip();
            }
            frame::array(walker, |walker| {
                let raw = walker.value(MAX_RECORD)?;
                totals.saw(&Fields::read(raw.text).filter(|_| raw.whole).unwrap_or_default());
                Ok(())
            })
            .map(|_| ())
        }
        _ => frame.take(key, walker),
    })?;
    match frame.text("metric") {
        None => Err(shape("metric")),
        Some(_) if !has_samples => Err(shape("samples")),
        Some(_) => Ok((frame, totals)),
    }
}

/// Who wrote a sample.
fn source(fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> std::result::Result<u32, Reject> {
    let text = fields.first(&SOURCES).unwrap_or(b"\"\"");
    builder.who(text, || {
        let name = if is_array(text) { String::new() } else { fields::lossy(text).into_owned() };
        Who { source: Source { name, ..Source::default() }, ..Who::default() }
    })
}
