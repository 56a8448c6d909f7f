//! What a chart shows, before anybody draws it. The picture, the sentence and the table all come from here.

use health::key;
use health::language::{inside, word};
use health::time::Zones;
use serde::Serialize;

use crate::layer::{Key, Layer, Panel};
use crate::number::{number, usable, value_axis, with_unit};
use crate::range::Range;
use crate::theme::Hue;

/// A place in a plot: the value on the x axis, the value on the y axis.
pub type Point = (f64, f64);

/// One chart of any kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Name of what was measured.
    pub title: String,
    /// Unit as people write it, e.g. `bpm`.
    pub unit: String,
    /// The days it shows, as a calendar prints them, e.g. `24 Oct 2026 – 20 Nov 2026`.
    pub days: String,
    /// From when to when.
    pub range: Range,
    /// Ticks of the time axis.
    pub x: Axis,
    /// Ticks of the value axis.
    pub y: Axis,
    /// Buckets with data, oldest first.
    pub buckets: Vec<Bucket>,
    /// Stretches without data.
    pub gaps: Vec<Gap>,
    /// Smallest and largest value and the mean of all readings; none without data.
    pub totals: Option<Totals>,
    /// The chart in one or two sentences.
    pub summary: String,
    /// The same numbers as text, one row a slot.
    pub table: Table,
    /// What is drawn between `x` and `y`, lowest layer first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
    /// What colours and patterns mean, where no label can stand at the mark.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Key>,
    /// Further panels under the first, top to bottom.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub panels: Vec<Panel>,
    /// Measurements of two numbers each, where the table has a row of each of them, in its order.
    #[serde(skip)]
    pub readings: Vec<Paired>,
    /// Whether one unit is as long on the x axis as on the y axis, as on a map.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub square: bool,
}

impl Model {
    /// Puts it on the scale of another chart of the same numbers, as far as its own does not reach: two pictures that
    /// are compared have equal heights for equal numbers. Charts of lanes, of other units and of other directions stay
    /// as they are.
    pub fn on_the_scale_of(mut self, other: &Self) -> Self {
        let (mine, its) = (&self.y, &other.y);
        let alike = mine.kind.is_plain() && its.kind.is_plain() && mine.label == its.label;
        if !alike || other.is_empty() || mine.is_inverted() != its.is_inverted() {
            return self;
        }
        // Ticks may be of a kind of their own, such as hours on minutes: the wider axis stays whole.
        if self.is_empty() || its.holds(mine) {
            self.y = its.clone();
        } else if !mine.holds(its) && !mine.is_inverted() {
            let (low, high) = (mine.from.min(its.from), mine.to.max(its.to));
            self.y = Axis { label: std::mem::take(&mut self.y.label), ..value_axis(low, high, 0.0) };
        }
        self
    }

    /// Returns a chart of nothing yet; a constructor fills it.
    pub(crate) fn new(title: &str, unit: &str, range: Range, zones: &Zones) -> Self {
        Self {
            title: word(title),
            unit: word(unit),
            days: range.days(zones),
            range,
            x: Axis::default(),
            y: Axis::default(),
            buckets: Vec::new(),
            gaps: Vec::new(),
            totals: None,
            summary: String::new(),
            table: Table::default(),
            layers: Vec::new(),
            keys: Vec::new(),
            panels: Vec::new(),
            readings: Vec::new(),
            square: false,
        }
    }

    /// The same picture with what a model of the same part tells: its sentence, its table with the readings of
    /// its rows, its totals and its buckets.
    pub fn telling(self, part: Self) -> Self {
        let Self { summary, table, readings, totals, buckets, .. } = part;
        Self { summary, table, readings, totals, buckets, ..self }
    }

    /// Returns whether nothing is drawn.
    pub fn is_empty(&self) -> bool {
        let below = self.panels.iter().flat_map(|panel| &panel.layers);
        self.layers.iter().chain(below).all(|layer| layer.is_empty(&self.buckets))
    }

    /// Whether its slots are drawn from their lowest to their highest value.
    pub fn has_capsules(&self) -> bool {
        self.layers.iter().any(|layer| matches!(layer, Layer::Capsules { .. }))
    }
}

/// How an axis is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AxisKind {
    /// Labels; lines across the plot at the ticks of a y axis.
    #[default]
    Plain,
    /// Labels, and lines across the plot on an x axis too.
    Grid,
    /// Labels in the middle of lanes that are one unit wide, lines between them.
    Lanes,
    /// Neither labels nor lines.
    Hidden,
}

impl AxisKind {
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

/// One axis: its ends and where its labels stand.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Axis {
    /// Left or lower end; milliseconds on a time axis. Larger than `to` where the axis is inverted.
    pub from: f64,
    /// Right or upper end.
    pub to: f64,
    /// Labels and their places.
    pub ticks: Vec<Tick>,
    /// How it is drawn.
    #[serde(skip_serializing_if = "AxisKind::is_plain")]
    pub kind: AxisKind,
    /// What it measures, with the unit; printed at its upper end.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
}

impl Axis {
    fn is_inverted(&self) -> bool {
        self.from > self.to
    }

    /// Whether all of another axis lies on it.
    fn holds(&self, other: &Self) -> bool {
        let ends = |axis: &Self| (axis.from.min(axis.to), axis.from.max(axis.to));
        let ((low, high), (least, most)) = (ends(self), ends(other));
        low <= least && most <= high
    }

    /// Returns an axis without labels and lines.
    pub(crate) fn hidden(from: f64, to: f64) -> Self {
        Self { from, to, kind: AxisKind::Hidden, ..Self::default() }
    }

    /// Returns lanes with these names of the sources, the first one uppermost; lane `i` lies between `n - i - 1` and
    /// `n - i`.
    pub(crate) fn lanes(names: &[&str]) -> Self {
        let n = names.len() as f64;
        let tick = |(i, name): (usize, &&str)| Tick::new(n - i as f64 - 0.5, word(name));
        let ticks = names.iter().enumerate().filter(|(_, name)| !name.is_empty()).map(tick).collect();
        Self { from: 0.0, to: n, ticks, kind: AxisKind::Lanes, ..Self::default() }
    }

    /// Returns the time axis of a range; it names the zones where they change.
    pub(crate) fn days(range: &Range, zones: &Zones) -> Self {
        let axis = Self { ticks: range.ticks(zones), label: range.moves(zones), ..Self::default() };
        Self { from: range.start_ms as f64, to: range.end_ms as f64, ..axis }
    }

    /// The same axis with a label; a unit of the sources is told in its words.
    pub(crate) fn labelled(self, label: impl AsRef<str>) -> Self {
        Self { label: word(label.as_ref()), ..self }
    }
}

/// One label of an axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tick {
    /// Where.
    pub at: f64,
    /// What it says.
    pub label: String,
    /// Where the thing that it names ends, e.g. the day; the label stands in its middle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<f64>,
}

impl Tick {
    /// Returns a label that stands at one place.
    pub(crate) fn new(at: f64, label: impl Into<String>) -> Self {
        Self { at, label: label.into(), until: None }
    }

    /// Returns a label in the middle of a stretch.
    pub(crate) fn over(at: f64, until: f64, label: impl Into<String>) -> Self {
        Self { at, label: label.into(), until: Some(until) }
    }
}

/// What was measured in one slot of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// Start in milliseconds since 1970.
    pub start_ms: i64,
    /// End in milliseconds since 1970.
    pub end_ms: i64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Mean.
    pub mean: f64,
    /// Readings.
    pub n: u64,
    /// Whether the slot is over, so that nothing more is expected.
    pub complete: bool,
    /// The slot in words, e.g. `Tue 24 Feb`; the model fills it in.
    #[serde(default)]
    pub label: String,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// How much, in the chart's unit.
    pub value: f64,
}

/// Two numbers that were measured together, of which one may be missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paired {
    /// The place on the time axis where it is drawn, in milliseconds since 1970.
    pub at_ms: i64,
    /// The numbers in the order of the table's columns, each with its own time.
    pub halves: [Option<Reading>; 2],
}

/// What is measured and how its numbers are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure<'a> {
    /// Its name, e.g. `Resting heart rate`; that of a type in the language that is spoken.
    pub title: &'a str,
    /// Its unit as people write it; empty where it has none.
    pub unit: &'a str,
    /// The colour of its area.
    pub hue: Hue,
    /// Digits behind the point.
    pub decimals: usize,
}

impl Measure<'_> {
    /// A number without its unit.
    pub(crate) fn number(&self, value: f64) -> String {
        number(value, self.decimals)
    }

    /// A number with its unit.
    pub(crate) fn text(&self, value: f64) -> String {
        with_unit(&self.number(value), self.unit)
    }

    /// A number after its name: with its unit, but not `steps came to 8,000 steps`.
    pub(crate) fn said(&self, value: f64) -> String {
        if self.is_unit() { self.number(value) } else { self.text(value) }
    }

    /// Its title in words.
    pub(crate) fn title(&self) -> String {
        word(self.title)
    }

    /// Its name inside a sentence.
    pub(crate) fn name(&self) -> String {
        inside(&self.title())
    }

    /// Whether it is called as its unit, as steps are.
    pub(crate) fn is_unit(&self) -> bool {
        self.title().to_lowercase() == word(self.unit).to_lowercase()
    }
}

/// A stretch without data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// Start in milliseconds since 1970.
    pub start_ms: i64,
    /// End in milliseconds since 1970.
    pub end_ms: i64,
}

/// Over the whole range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Totals {
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Mean of what is over, or of all where nothing is.
    pub mean: f64,
    /// Readings.
    pub n: u64,
    /// Whether the mean leaves something out that is not over.
    #[serde(skip)]
    pub leaves_out: bool,
}

impl Totals {
    /// The same with the mean that the caller found, where that is a number.
    pub(crate) fn with_average(self, average: Option<Average>) -> Self {
        let found = average.filter(|average| usable(average.mean));
        found.map_or(self, |Average { mean, leaves_out }| Self { mean, leaves_out, ..self })
    }
}

/// Stands behind an average that leaves something out.
pub(crate) const LEFT_OUT: &str = key!("; what is not over yet is left out of the average");

/// The one number of the days of a range, found by the caller from the days themselves: weeks and months that are not
/// over have days that are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Average {
    /// In the chart's unit.
    pub mean: f64,
    /// Whether there is a day that is not over and therefore not in it.
    pub leaves_out: bool,
}

/// The chart as a table, for those who cannot or do not want to see it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Table {
    /// Head of each column.
    pub columns: Vec<String>,
    /// Cells, row by row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Returns a table of these columns, which are told in their words, and of rows.
    pub(crate) fn new<const N: usize>(columns: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Self {
        Self { columns: columns.map(word).to_vec(), rows: rows.map(|row| row.to_vec()).collect() }
    }
}
