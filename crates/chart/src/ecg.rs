//! An electrocardiogram on millimetre paper: 25 mm a second, 10 mm a millivolt, strips of ten seconds. What the watch
//! said about it is repeated as recorded; nothing here judges.

use health::language::word;
use health::time::Zones;
use health::{key, say};

use crate::layer::{Key, Layer, Panel, Sign, Tone};
use crate::model::{Axis, Model, Point, Table, Tick};
use crate::number::{no_data, number, usable};
use crate::range::{Range, Step, clock, long_day};
use crate::slots::{MOST_MISSING, joined};
use crate::theme::Hue;
use crate::thin;

const TITLE: &str = key!("Electrocardiogram");
/// Printed with every strip.
const SCALE: &str = "25 mm/s \u{b7} 10 mm/mV";
/// What Apple's recorder says in English; in another language the phone has said it already.
const RECORDED: [&str; 12] = [
    key!("Sinus Rhythm"),
    key!("Atrial Fibrillation"),
    key!("Inconclusive"),
    key!("High Heart Rate"),
    key!("Heart Rate Over 120"),
    key!("Heart Rate Over 150"),
    key!("Heart Rate Under 50"),
    key!("Low Heart Rate"),
    key!("Poor Recording"),
    key!("Unrecognized"),
    key!("Not Set"),
    key!("Lead I"),
];
const MM_PER_SECOND: f64 = 25.0;
const MM_PER_MILLIVOLT: f64 = 10.0;
const STRIP_SECONDS: f64 = 10.0;
/// Before every strip stands what a millivolt of a fifth of a second looks like, as machines on paper print it.
const PULSE: [Point; 6] = [(-9.0, 0.0), (-7.5, 0.0), (-7.5, 10.0), (-2.5, 10.0), (-2.5, 0.0), (-1.0, 0.0)];
const PULSE_MM: f64 = 10.0;
/// Strips on one page.
pub const STRIPS_A_PAGE: usize = 3;
/// Nobody's heart makes more; a larger value is drawn at the edge.
const MOST_MM: f64 = 50.0;
/// At least this much paper above and below the baseline.
const LEAST_MM: (f64, f64) = (-5.0, 10.0);

/// A recording.
#[derive(Debug, Clone, Copy)]
pub struct Recording<'a> {
    /// When it began, in milliseconds since 1970.
    pub start_ms: i64,
    /// Samples a second.
    pub hertz: f64,
    /// Samples.
    pub millivolts: &'a [f64],
    /// What the recorder said about it, in its own words.
    pub classification: &'a str,
    /// E.g. `Lead I`.
    pub lead: &'a str,
}

/// What a recorder said, in the language that is spoken where its words are known, else as recorded.
pub fn in_words(recorded: &str) -> String {
    if RECORDED.contains(&recorded) { word(recorded) } else { recorded.to_owned() }
}

/// How long a recording of so many samples is; nothing where nobody knows how fast they came.
fn seconds(samples: usize, hertz: f64) -> f64 {
    if is_sound(hertz) { samples as f64 / hertz } else { 0.0 }
}

fn is_sound(hertz: f64) -> bool {
    usable(hertz) && hertz >= 1.0
}

fn strips(samples: usize, hertz: f64) -> usize {
    (seconds(samples, hertz) / STRIP_SECONDS).ceil() as usize
}

impl Recording<'_> {
    fn seconds(&self) -> f64 {
        seconds(self.millivolts.len(), self.hertz)
    }

    fn is_sound(&self) -> bool {
        is_sound(self.hertz)
    }

    fn strips(&self) -> usize {
        strips(self.millivolts.len(), self.hertz)
    }
}

/// Returns how many pages a recording has, at least one.
pub fn pages(recording: &Recording) -> usize {
    pages_of(recording.millivolts.len(), recording.hertz)
}

/// The same of so many samples, so many a second.
pub fn pages_of(samples: usize, hertz: f64) -> usize {
    strips(samples, hertz).div_ceil(STRIPS_A_PAGE).max(1)
}

/// Returns one page, counted from 0.
pub fn model(recording: &Recording, page: usize, zones: &Zones) -> Model {
    let first = page.min(pages(recording) - 1) * STRIPS_A_PAGE;
    let last = recording.strips().min(first + STRIPS_A_PAGE);
    let strips: Vec<Vec<Point>> = (first..last).map(|strip| points(recording, strip)).collect();
    let y = paper(&strips);
    let most = MM_PER_SECOND / recording.hertz.max(1.0) * (MOST_MISSING + 1) as f64;
    let mut panels = strips.into_iter().enumerate().map(|(i, points)| panel(first + i, joined(&points, most), &y));
    let top = panels.next().unwrap_or_else(|| panel(0, Vec::new(), &y));
    let length_ms = (recording.seconds() * 1000.0) as i64;
    let end_ms = recording.start_ms.saturating_add(length_ms.max(1));
    let range = Range::new(recording.start_ms, end_ms, Step::Hour);
    Model {
        x: top.x,
        y: top.y,
        layers: top.layers,
        panels: panels.collect(),
        keys: keys(recording),
        square: true,
        summary: summary(recording, zones),
        table: table(recording, zones),
        ..Model::new(TITLE, "mV", range, zones)
    }
}

/// The samples of a strip in millimetres of its paper. What is no number is left out.
fn points(recording: &Recording, strip: usize) -> Vec<Point> {
    let a_strip = recording.hertz * STRIP_SECONDS;
    let from = (strip as f64 * a_strip).round() as usize;
    let to = ((strip as f64 + 1.0) * a_strip).round() as usize;
    let samples = recording.millivolts.get(from..to.min(recording.millivolts.len())).unwrap_or_default();
    let fine = |mm: f64| (mm * 1000.0).round() / 1000.0;
    let place =
        |(i, mv): (usize, &f64)| (fine(i as f64 / recording.hertz * MM_PER_SECOND), fine(mv * MM_PER_MILLIVOLT));
    let points: Vec<Point> = samples.iter().enumerate().filter(|(_, mv)| usable(**mv)).map(place).collect();
    thin::for_any_width(&points, 0.0, STRIP_SECONDS * MM_PER_SECOND)
}

/// The same height for every strip, in whole fives of millimetres.
fn paper(strips: &[Vec<Point>]) -> Axis {
    let values = strips.iter().flatten().map(|point| point.1.clamp(-MOST_MM, MOST_MM));
    let (low, high) = values.fold(LEAST_MM, |(low, high), v| (low.min(v), high.max(v)));
    Axis::hidden(((low - 1.0) / 5.0).floor() * 5.0, ((high + 1.0) / 5.0).ceil() * 5.0)
}

fn panel(strip: usize, runs: Vec<Vec<Point>>, y: &Axis) -> Panel {
    let tick = |i: u32| {
        let second = strip as f64 * STRIP_SECONDS + f64::from(i);
        Tick::new(f64::from(i) * MM_PER_SECOND, format!("{second:.0} s"))
    };
    let x = Axis {
        from: -PULSE_MM,
        to: STRIP_SECONDS * MM_PER_SECOND,
        ticks: (0..=STRIP_SECONDS as u32).step_by(2).map(tick).collect(),
        ..Axis::default()
    };
    let line = |hue, points| Layer::Line { hue, tone: Tone::Full, width: 1.2, points };
    let pulse = (!runs.is_empty()).then(|| line(Hue::Neutral, PULSE.to_vec()));
    let runs = runs.into_iter().map(|points| line(Hue::Heart, points));
    let layers = std::iter::once(Layer::Paper).chain(pulse).chain(runs).collect();
    Panel { x, y: y.clone(), layers, share: 1.0 }
}

fn keys(recording: &Recording) -> Vec<Key> {
    let words = [recording.classification, recording.lead, SCALE].into_iter().filter(|words| !words.is_empty());
    words.map(|words| Key::new(in_words(words), Sign::None)).collect()
}

fn summary(recording: &Recording, zones: &Zones) -> String {
    let when = format!("{}, {}", long_day(zones.day(recording.start_ms)), clock(recording.start_ms, zones));
    let seconds = recording.seconds();
    if seconds <= 0.0 {
        return say!("The electrocardiogram of {when} has no samples.", when);
    }
    let said = match recording.classification {
        "" => word(key!("no classification was recorded")),
        words => say!("classified by the recorder as {words}", words = in_words(words)),
    };
    let seconds = number(seconds, 0);
    say!("Electrocardiogram of {when}: {seconds} seconds at {scale}, {said}.", when, seconds, scale = SCALE, said)
}

/// Five hundred samples a second are no table to read; the extremes of every second are.
fn table(recording: &Recording, zones: &Zones) -> Table {
    let a_second = (recording.hertz.max(1.0) as usize).max(1);
    let samples = if recording.is_sound() { recording.millivolts } else { &[] };
    let row = |(i, second): (usize, &[f64])| {
        let ends = crate::number::extent(second.iter().copied());
        let text = |value: Option<f64>| value.map_or_else(no_data, |mv| number(mv, 2));
        let start = recording.start_ms.saturating_add(i as i64 * 1000);
        [clock(start, zones), i.to_string(), text(ends.map(|e| e.0)), text(ends.map(|e| e.1))]
    };
    Table::new(
        [key!("Time"), key!("Second"), key!("Lowest, mV"), key!("Highest, mV")],
        samples.chunks(a_second).enumerate().map(row),
    )
}
