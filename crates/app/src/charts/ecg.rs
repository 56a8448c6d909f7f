//! Electrocardiograms, as they were recorded.

use chart::Model;
use chart::ecg::{self, Recording, pages};
use health::formats::ecg::unpack;
use health::language::word;
use health::time::Zones;
use health::{key, say};
use serde_json::Value;
use store::Store;

use super::workout::unknown;
use crate::error::{Code, Error, Result};

const MICROVOLTS: f64 = 1000.0;

/// Returns a page of a recording.
pub(super) fn chart(store: &Store, zones: &Zones, id: i64, page: usize) -> Result<Model> {
    let entry = store
        .entry("ecg", id)?
        .ok_or(())
        .or_else(|()| Err(unknown(store, "ecg", "electrocardiogram", Code::UnknownEcg, id)?))?;
    let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let voltages = entry.payload.as_deref().and_then(unpack).unwrap_or_default();
    // Whoever says nothing means microvolts, as Apple does.
    let divisor = if text("unit") == "mV" { 1.0 } else { MICROVOLTS };
    // One that could not be read is drawn as a break in the line.
    let millivolts: Vec<f64> = voltages.iter().map(|voltage| voltage.map_or(f64::NAN, |v| v / divisor)).collect();
    let recording = Recording {
        start_ms: entry.start_ms.unwrap_or_default(),
        hertz: body.get("sample_rate_hz").and_then(Value::as_f64).unwrap_or_default(),
        millivolts: &millivolts,
        classification: &text("classification"),
        lead: &text("lead"),
    };
    let pages = pages(&recording);
    if !(1..=pages).contains(&page) {
        let hint = if pages == 1 { word(key!("There is one.")) } else { say!("There are {pages}.", pages) };
        return Err(Error::new(Code::BadUsage, say!("This recording has no page {page}.", page), hint));
    }
    Ok(ecg::model(&recording, page - 1, zones))
}
