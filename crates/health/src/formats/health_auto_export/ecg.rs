//! `ecg[]`: electrocardiograms with their voltages. The classification is in the phone's language and kept as it
//! stands.

use crate::formats::body::Body;
use crate::formats::ecg;
use crate::formats::phone::builder::{Builder, Reject};
use crate::formats::phone::fields::{self, Fields, lossy};
use crate::formats::phone::parts::{Details, entry};
use crate::formats::phone::stamp;
use crate::phone::Marks;
use crate::time::format_instant;
use crate::{Entry, EntryKind, Result};

use super::metric::source;

/// Voltages of one ECG; real ones have some 15,360.
const MAX_VOLTAGES: usize = 1_000_000;

const KNOWN: [&str; 8] = [
    "start",
    "end",
    "classification",
    "averageHeartRate",
    "numberOfVoltageMeasurements",
    "samplingFrequency",
    "source",
    "voltageMeasurements",
];

/// One item.
pub(super) fn read(text: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let kind = Some(EntryKind::Ecg.as_str());
    let made = match Fields::read(text) {
        Some(fields) => source(fields.get("source"), builder).and_then(|who| make(&fields, who, builder)),
        None => Err("bad_shape"),
    };
    match made {
        Ok((entry, marks)) => {
            builder.entry(entry, marks)?;
            builder.item(text, kind, Ok(()))
        }
        Err(reason) => builder.item(text, kind, Err(reason)),
    }
}

/// The entry of an electrocardiogram, also of an app that sends no voltages.
pub(in crate::formats) fn make(
    fields: &Fields<'_>,
    who: u32,
    builder: &mut Builder<'_, '_>,
) -> std::result::Result<(Entry, Marks), Reject> {
    let start = fields.get("start").and_then(stamp::instant).ok_or("bad_time")?;
    let end = fields.get("end").map(|end| stamp::instant(end).ok_or("bad_time")).transpose()?;
    let mut trace = Trace::default();
    fields::items(fields.get("voltageMeasurements").unwrap_or(b"[]")).for_each(|point| trace.add(point, start.ms));
    if trace.microvolts.len() > MAX_VOLTAGES {
        return Err("too_large");
    }
    let mut body = Body::default();
    body.instant("recorded", Some(start.ms));
    body.set("classification", fields.get("classification").map(lossy).map(|text| text.into_owned()));
    body.number("avg_hr", fields.number("averageHeartRate").known());
    body.number("sample_rate_hz", fields.number("samplingFrequency").known());
    let told = fields.number("numberOfVoltageMeasurements").known();
    body.number("n", told.or(Some(trace.microvolts.len() as f64)));
    if !trace.microvolts.is_empty() {
        body.set("unit", "µV");
    }
    body.set("first_voltage_at", trace.first_ms.filter(|ms| *ms != start.ms).map(format_instant));
    let mut details = Details::default();
    details.rest(fields.rest(&KNOWN));
    if trace.bad > 0 {
        details.more("bad_voltages", trace.bad.into());
    }
    details.into_body(&mut body);
    let times = (Some(start.ms), Some(end.unwrap_or(start).ms));
    let mut made = entry(EntryKind::Ecg, "ecg".to_owned(), builder.source_of(who), times);
    made.body = body.text();
    made.payload = (!trace.microvolts.is_empty()).then(|| ecg::pack(&trace.microvolts));
    Ok((made, builder.marks(None, start, end)))
}

/// The voltages; their own stamps are even steps of the sampling rate, so a lost one keeps its place.
#[derive(Debug, Default)]
struct Trace {
    microvolts: Vec<Option<f64>>,
    first_ms: Option<i64>,
    bad: u64,
}

impl Trace {
    fn add(&mut self, text: &[u8], start_ms: i64) {
        let fields = Fields::read(text).unwrap_or_default();
        let factor = match fields.word("units").as_deref() {
            Some("V") => 1e6,
            Some("mV") => 1e3,
            _ => 1.0,
        };
        let voltage = fields.number("voltage").known();
        self.bad += u64::from(voltage.is_none());
        if self.microvolts.is_empty() {
            let seconds = fields.number("date").known().and_then(|seconds| stamp::near(seconds, start_ms));
            let stamp = seconds.or_else(|| fields.get("date").and_then(stamp::instant));
            self.first_ms = stamp.map(|stamp| stamp.ms);
        }
        if self.microvolts.len() <= MAX_VOLTAGES {
            self.microvolts.push(voltage.map(|voltage| voltage * factor));
        }
    }
}
