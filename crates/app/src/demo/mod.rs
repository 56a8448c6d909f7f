//! Nobody's health data: a seeded generator of Apple exports, realistic enough to look at and exact enough to test.
//!
//! The sample store is not filled directly: an `export.zip` is written and imported like anybody's. Days are drawn
//! one by one and written at once, so ten years need no more memory than ten days (but for a few numbers per day,
//! which the rings and workouts repeat). The same seed gives the same bytes.

mod body;
mod cycle;
mod extras;
mod fill;
mod guard;
mod movement;
mod plan;
mod random;
mod walking;
mod workouts;

use std::collections::BTreeMap;
use std::io::{self, Seek, Write};

use health::formats::apple_export::write::{Author, ExportWriter, Record, zones};
use health::time::{Day, HOUR_MS, Zones};
use serde::Serialize;

#[cfg(test)]
pub(crate) use fill::prepare;
pub use fill::{Filled, Written, fill, write_file, yesterday};
use plan::{MINUTE_MS, Plan};

/// Records per day of this wearer, roughly: turns a wished number of records into days.
const RECORDS_PER_DAY: u64 = 1440;
/// Above this number of days the document may pass four gigabytes.
const LARGE_FROM_DAYS: u32 = 5000;

const WATCH: Author = Author {
    name: "Kim\u{2019}s Apple\u{a0}Watch",
    version: "11.2",
    device: Some("name:Apple Watch, manufacturer:Apple Inc., model:Watch, hardware:Watch7,3, software:11.2"),
};
const PHONE: Author = Author {
    name: "Kim\u{2019}s iPhone",
    version: "18.2",
    device: Some("name:iPhone, manufacturer:Apple Inc., model:iPhone, hardware:iPhone15,4, software:18.2"),
};
const BY_HAND: Author = Author { name: "Health", version: "18.2", device: None };
const SCALE: Author = Author {
    name: "Plain Scale",
    version: "212",
    device: Some("name:Plain Scale, manufacturer:Example, model:PS-1, hardware:1.0, software:2.12"),
};
const CUFF: Author = Author { name: "Cuff Diary", version: "57", device: None };
const LARDER: Author = Author { name: "Larder", version: "1840", device: None };
const STILLNESS: Author = Author { name: "Stillness", version: "33", device: None };

/// What to write.
#[derive(Debug, Clone)]
pub struct DemoOptions<'a> {
    /// The same seed gives the same person.
    pub seed: u64,
    /// The day of the export; it is written at eight in the evening.
    pub end_day: Day,
    /// How many days, the last one included.
    pub days: u32,
    /// Where the person lives, as an IANA name.
    pub zone: &'a str,
    /// Instead of `days`: about this many records, with the same mix.
    pub records: Option<u64>,
}

/// What was written of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KindTruth {
    /// Records at the top level.
    pub count: u64,
    /// Sum of the values as printed; 0 for categories.
    pub sum: f64,
    /// The unit as printed.
    pub unit: Option<String>,
}

/// Exact answers about an export that was written.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DemoTruth {
    /// Records at the top level.
    pub records: u64,
    /// The same by Apple's identifier.
    pub kinds: BTreeMap<String, KindTruth>,
    /// Workouts.
    pub workouts: u64,
    /// Routes, each a file.
    pub routes: u64,
    /// Electrocardiograms, each a file.
    pub ecgs: u64,
    /// Correlations: blood pressure and meals.
    pub correlations: u64,
    /// Days with rings.
    pub activity_days: u64,
    /// Beats in heart rate variability lists.
    pub beats: u64,
    /// Minutes asleep by the day of waking up, from the watch.
    pub asleep_minutes: BTreeMap<String, f64>,
}

/// What later parts of the document repeat of a day.
#[derive(Debug, Clone, Copy, Default)]
struct DaySums {
    active_kcal: f64,
    exercise_minutes: u32,
    stand_hours: u32,
    training: TrainingSums,
}

/// Figures of a workout, collected while its samples are written.
#[derive(Debug, Clone, Copy, Default)]
struct TrainingSums {
    active_kcal: f64,
    basal_kcal: f64,
    distance_km: f64,
    heart_n: u32,
    heart_sum: f64,
    heart_min: f64,
    heart_max: f64,
}

/// An export under way.
struct Scribe<'a, W: Write + Seek> {
    writer: ExportWriter<W>,
    truth: DemoTruth,
    zones: Zones,
    options: &'a DemoOptions<'a>,
    export_ms: i64,
    first_day: Day,
    sums: Vec<DaySums>,
}

/// Writes an export and returns exact answers about it.
///
/// # Errors
///
/// Fails when `out` fails, or when the zone is unknown.
pub fn write_export<W: Write + Seek>(out: W, options: &DemoOptions) -> io::Result<DemoTruth> {
    let unknown = || io::Error::new(io::ErrorKind::InvalidInput, "there is no such time zone");
    let home = zones(options.zone).ok_or_else(unknown)?;
    let days = options.records.map_or(options.days, |n| n.div_ceil(RECORDS_PER_DAY).try_into().unwrap_or(u32::MAX));
    let days = days.clamp(1, 20_000);
    let export_ms = home.day_bounds(options.end_day).0 + 20 * HOUR_MS;
    let me = [
        ("DateOfBirth", "1988-03-14"),
        ("BiologicalSex", "HKBiologicalSexNotSet"),
        ("BloodType", "HKBloodTypeOPositive"),
        ("FitzpatrickSkinType", "HKFitzpatrickSkinTypeNotSet"),
        ("CardioFitnessMedicationsUse", "None"),
    ];
    let mut scribe = Scribe {
        writer: ExportWriter::new(out, home.clone(), export_ms, &me, days > LARGE_FROM_DAYS)?,
        truth: DemoTruth::default(),
        zones: home,
        options,
        export_ms,
        first_day: options.end_day - days as i32 + 1,
        sums: vec![DaySums::default(); days as usize],
    };
    scribe.body_measures()?;
    scribe.heart_rate()?;
    scribe.breath()?;
    scribe.movement()?;
    scribe.walking()?;
    scribe.energy()?;
    scribe.food()?;
    scribe.sound()?;
    scribe.heart_summaries()?;
    scribe.sleep()?;
    scribe.stand_hours()?;
    scribe.mindful()?;
    scribe.cycle()?;
    scribe.variability()?;
    scribe.correlations()?;
    scribe.workouts()?;
    scribe.rings()?;
    scribe.routes()?;
    scribe.ecgs()?;
    scribe.writer.file("export_cda.xml", "<?xml version=\"1.0\"?>\n<ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>\n")?;
    scribe.writer.finish()?;
    Ok(scribe.truth)
}

/// A sample about to be written.
struct Line<'a> {
    kind: &'a str,
    author: &'a Author,
    unit: &'a str,
    span: (i64, i64),
    metadata: &'a [(&'a str, &'a str)],
}

impl<'a> Line<'a> {
    fn new(kind: &'a str, author: &'a Author, unit: &'a str, span: (i64, i64)) -> Self {
        Self { kind, author, unit, span, metadata: &[] }
    }
}

impl<W: Write + Seek> Scribe<'_, W> {
    fn seed(&self) -> u64 {
        self.options.seed
    }

    /// Runs a part of the document over all days.
    fn each_day(&mut self, mut part: impl FnMut(&mut Self, &Plan, usize) -> io::Result<()>) -> io::Result<()> {
        for (index, day) in (self.first_day..=self.options.end_day).enumerate() {
            let plan = Plan::new(self.options.seed, &self.zones, day);
            part(self, &plan, index)?;
        }
        Ok(())
    }

    /// Writes a quantity; returns the value as printed, or `None` where the phone could not know it yet.
    fn quantity(&mut self, line: &Line, value: f64) -> io::Result<Option<f64>> {
        let text = six_digits(value);
        let kind = format!("HKQuantityTypeIdentifier{}", line.kind);
        if !self.record(&kind, line, Some(line.unit), Some(&text), &[])? {
            return Ok(None);
        }
        let printed: f64 = text.parse().unwrap_or_default();
        if let Some(truth) = self.truth.kinds.get_mut(&kind) {
            truth.sum += printed;
            if truth.unit.is_none() {
                truth.unit = Some(line.unit.to_owned());
            }
        }
        Ok(Some(printed))
    }

    /// Writes a category, `value` without the enumeration's name; true unless it lies after the export.
    fn category(&mut self, line: &Line, value: Option<&str>) -> io::Result<bool> {
        let kind = format!("HKCategoryTypeIdentifier{}", line.kind);
        self.record(&kind, line, None, value, &[])
    }

    fn record(
        &mut self,
        kind: &str,
        line: &Line,
        unit: Option<&str>,
        value: Option<&str>,
        beats: &[(u32, i64)],
    ) -> io::Result<bool> {
        let (start_ms, end_ms) = line.span;
        if end_ms > self.export_ms {
            return Ok(false);
        }
        // Samples reach the phone in batches, a while after they end.
        let created_ms = (end_ms + (end_ms / 1000 % 540 + 8) * 1000).min(self.export_ms);
        let author = line.author;
        let metadata = line.metadata;
        self.writer.record(&Record { kind, author, unit, value, start_ms, end_ms, created_ms, metadata, beats })?;
        self.truth.records += 1;
        self.truth.beats += beats.len() as u64;
        if !self.truth.kinds.contains_key(kind) {
            self.truth.kinds.insert(kind.to_owned(), KindTruth::default());
        }
        if let Some(truth) = self.truth.kinds.get_mut(kind) {
            truth.count += 1;
        }
        Ok(true)
    }
}

/// An instant at whole seconds, `minutes` after another.
fn after(at_ms: i64, minutes: f64) -> i64 {
    at_ms + (minutes * 60.0) as i64 * 1000
}

/// Prints a number as the Health app does: six significant digits, no zeros at the end.
fn six_digits(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = (5 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The last `minutes` minutes of an hour that ends at `at_ms`, and similar short spans.
fn minutes_before(at_ms: i64, minutes: i64) -> (i64, i64) {
    (at_ms - minutes * MINUTE_MS, at_ms)
}

#[cfg(test)]
mod tests;
