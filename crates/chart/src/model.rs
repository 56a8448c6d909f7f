//! What a chart shows, before anybody draws it. The picture, the sentence and the table all come from here.

use serde::Serialize;

use crate::range::Range;

/// One chart.
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
}

/// One axis: its ends and where its labels stand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Axis {
    /// Lower end; milliseconds on a time axis.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// Labels and their places.
    pub ticks: Vec<Tick>,
}

/// One label of an axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tick {
    /// Where.
    pub at: f64,
    /// What it says.
    pub label: String,
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
    /// Mean of the readings.
    pub mean: f64,
    /// Readings.
    pub n: u64,
}

/// The chart as a table, for those who cannot or do not want to see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// Head of each column.
    pub columns: Vec<String>,
    /// Cells, row by row.
    pub rows: Vec<Vec<String>>,
}
