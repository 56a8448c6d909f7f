//! Health Auto Export (JSON, export version 1 and 2): metrics, workouts and the other collections, and the answer.
//!
//! Most of what it sends are sums and means of buckets. Whether a point is a sample or an aggregate is told by our own
//! address, by a header, by its shape, or by where all stamps of the metric lie (`Grains`). Its CSV is not read: its
//! fields are documented nowhere.

mod collections;
pub(super) mod ecg;
mod grain;
mod metric;
mod night;
pub(super) mod series;
#[cfg(test)]
mod tests;
mod workout;

use std::io::{Read, Seek};

use serde_json::{Value as Json, json};

use self::grain::Grains;
use super::phone::builder::Builder;
use super::phone::frame::{self, Frame, shape};
use super::phone::limits::MAX_RECORD;
use super::phone::walk::Walker;
use super::phone::{Delivery, Feed, Sink};
use crate::phone::Grain;
use crate::time::Zones;
use crate::{ErrorKind, Result};

/// Lists below `data` and what reads their items.
const LISTS: [&str; 8] =
    ["metrics", "workouts", "symptoms", "ecg", "heartRateNotifications", "stateOfMind", "medications", "cycleTracking"];

/// What the request says about its body.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Our own address said `agg=raw`: points are samples.
    pub raw: bool,
    /// How long the buckets are, by the header `automation-aggregation`.
    pub grain: Option<Grain>,
    /// Where a day without a clock begins and ends.
    pub zones: &'a Zones,
}

impl<'a> Request<'a> {
    /// Reads the query of the address and the header `automation-aggregation`.
    pub fn new(query: &str, aggregation: Option<&str>, zones: &'a Zones) -> Self {
        let raw = query.split('&').any(|pair| pair.eq_ignore_ascii_case("agg=raw"));
        Self { raw, grain: aggregation.and_then(grain::of_header), zones }
    }
}

/// Refuses a body by its content type, in words that the app's activity log can show.
pub fn check_content_type(content_type: Option<&str>) -> Result<()> {
    let lower = content_type.unwrap_or_default().trim().to_ascii_lowercase();
    let csv = lower.starts_with("multipart/") || lower.starts_with("text/csv");
    if csv { Err(ErrorKind::Unsupported(CSV).into()) } else { Ok(()) }
}

const CSV: &str = "This address reads JSON, not CSV: in Health Auto Export set the automation's export format to JSON.";

/// Reads a body and hands its records over in portions.
///
/// Errors: CSV (415); no JSON (400); no object `data`, or lists in it that are none (422); what reader or sink say.
pub fn decode(mut body: impl Read + Seek, request: Request<'_>, sink: &mut Sink<'_>) -> Result<Delivery> {
    refuse_csv(&mut body)?;
    body.rewind()?;
    let (frame, grains) = survey(&mut body, request)?;
    body.rewind()?;
    let mut builder = Builder::new(Feed::HealthAutoExport, sink);
    let mut metrics = grains.iter();
    frame::whole(&mut Walker::new(body)?, |key, walker| match key {
        "data" => frame::object(walker, |list, walker| match list {
            "metrics" => metric::metrics(walker, &mut metrics, request, &mut builder),
            "workouts" => frame::records(walker, MAX_RECORD, &mut builder, workout::read),
            "ecg" => frame::records(walker, MAX_RECORD, &mut builder, ecg::read),
            list if LISTS.contains(&list) => {
                frame::records(walker, MAX_RECORD, &mut builder, |text, builder| collections::read(list, text, builder))
            }
            _ => walker.skip(),
        })
        .map(|_| ()),
        _ => walker.skip(),
    })?;
    builder.finish(frame.into_map())
}

/// A multipart body whose content type was lost on the way.
fn refuse_csv(body: &mut impl Read) -> Result<()> {
    let mut start = Vec::new();
    body.take(2).read_to_end(&mut start)?;
    if start == b"--" { Err(ErrorKind::Unsupported(CSV).into()) } else { Ok(()) }
}

/// Looks at the frame and at the stamps of all metrics.
fn survey(body: impl Read, request: Request<'_>) -> Result<(Frame, Grains)> {
    let (mut frame, mut grains, mut has_data) = (Frame::default(), Grains::default(), false);
    frame::whole(&mut Walker::new(body)?, |key, walker| match key {
        "data" => {
            has_data = frame::object(walker, |list, walker| match list {
                "metrics" if walker.peek()? == Some(b'[') => grains.survey(walker, request),
                list if LISTS.contains(&list) => frame::list(walker, "a list in data"),
                other => frame.take(&format!("data.{other}"), walker),
            })?;
            if has_data { Ok(()) } else { walker.skip() }
        }
        _ => frame.take(key, walker),
    })?;
    if has_data { Ok((frame, grains)) } else { Err(shape("data")) }
}

/// The answer. The app looks at the status only.
pub fn answer() -> Json {
    json!({"ok": true})
}
