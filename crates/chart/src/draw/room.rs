//! What a small picture leaves out, one thing after the other, so that its plots keep a height and no words overlap.

use crate::layer::{Key, Sign, Tone};

/// A plot lower than this is hardly read.
const LEAST: f64 = 30.0;
/// One of several under each other may be lower.
const LEAST_OF_SEVERAL: f64 = 8.0;

/// How much is left out; the larger, the more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Room {
    /// Nothing.
    Ample,
    /// Space between lines; the title of an x axis stands beside its labels.
    Close,
    /// The keys of steps between the least and the most.
    FewerSteps,
    /// Labels of x axes that have another one below them.
    LastLabels,
    /// Keys that do not fit into one line.
    OneLine,
    /// All keys.
    NoKeys,
    /// All labels of x axes.
    NoLabels,
}

impl Room {
    /// From nothing to everything.
    pub const ALL: [Self; 7] =
        [Self::Ample, Self::Close, Self::FewerSteps, Self::LastLabels, Self::OneLine, Self::NoKeys, Self::NoLabels];

    pub fn is_close(self) -> bool {
        self >= Self::Close
    }

    /// A line of keys or of the unit.
    pub fn line(self) -> f64 {
        if self.is_close() { 14.0 } else { super::frame::HEADER }
    }

    /// Between two panels.
    pub fn panel_gap(self) -> f64 {
        if self.is_close() { 4.0 } else { 12.0 }
    }

    /// Below a plot, for the labels of its x axis.
    pub fn labels(self) -> f64 {
        if self.is_close() { 19.0 } else { 22.0 }
    }

    /// Whether an x axis keeps its labels.
    pub fn has_labels(self, is_last: bool) -> bool {
        self < Self::LastLabels || (is_last && self < Self::NoLabels)
    }

    /// How many lines keys may take.
    pub fn key_lines(self) -> usize {
        match self {
            Self::OneLine => 1,
            Self::NoKeys | Self::NoLabels => 0,
            _ => usize::MAX,
        }
    }

    /// Whether a key may stay: of five steps, the least and the most say what those between them are.
    pub fn keeps(self, key: &Key) -> bool {
        let is_between = matches!(key.sign, Sign::Box(fill) if matches!(fill.tone, Tone::Step(2..=4)));
        !(is_between && self >= Self::FewerSteps)
    }
}

/// Each week of rings: a circle smaller than this is a dot.
const LEAST_OF_RINGS: f64 = 16.0;

/// The least height of a plot. A square one is enough with three quarters of what it could use, a page of rings with
/// what its weeks need.
pub(super) fn least(panels: usize, across: Option<f64>, weeks_of_rings: Option<f64>) -> f64 {
    if let Some(weeks) = weeks_of_rings {
        return LEAST_OF_RINGS * weeks;
    }
    match across {
        Some(across) => (across * 0.75).min(LEAST),
        None if panels > 1 => LEAST_OF_SEVERAL,
        None => LEAST,
    }
}
