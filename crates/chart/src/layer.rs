//! What a plot is made of: shapes at places of its axes, without a size and without colours of a theme.
//!
//! Charts differ in which layers they put together; `draw` knows each kind of layer once.

use health::language::word;
use health::ways::Ways;
use serde::Serialize;

use crate::model::{Axis, Bucket, Point};
use crate::theme::Hue;

/// One more plot in the same picture, under the one before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Panel {
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// What is drawn, lowest layer first.
    pub layers: Vec<Layer>,
    /// Its height, where that of the first panel is 1.
    pub share: f64,
}

/// What a colour or a pattern means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Key {
    /// In words.
    pub label: String,
    /// As it is drawn.
    pub sign: Sign,
}

/// How a key looks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Sign {
    /// A small box.
    Box(Fill),
    /// A short line.
    Line(Hue, Tone),
    /// A dot.
    Dot(Hue),
    /// A ring.
    Ring(Hue),
    /// A triangle that points up.
    Triangle(Hue),
    /// A dashed line.
    Dashes,
    /// Only words.
    None,
}

impl Key {
    /// Returns a key; a label of the sources is told in its words.
    pub(crate) fn new(label: impl AsRef<str>, sign: Sign) -> Self {
        Self { label: word(label.as_ref()), sign }
    }
}

/// How strong a colour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tone {
    /// The colour itself.
    Full,
    /// Lighter, yet readable on its own.
    Soft,
    /// Shading behind other marks; means nothing without its edges.
    Pale,
    /// Shading behind other marks in three strengths, 1 to 3.
    Shade(u8),
    /// One of five steps, 1 for little to 5 for much.
    Step(u8),
}

impl Tone {
    fn is_pale(&self) -> bool {
        *self == Self::Pale
    }
}

/// How an area is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Pattern {
    /// Colour and nothing else.
    Solid,
    /// Colour with dots.
    Dots,
    /// Colour with diagonal lines.
    Diagonal,
    /// Diagonal lines of the colour inside its outline.
    Hatched,
    /// Only the outline.
    Outline,
}

/// Colour and pattern of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fill {
    /// Colour.
    pub hue: Hue,
    /// Strength.
    pub tone: Tone,
    /// Pattern.
    pub pattern: Pattern,
}

impl Fill {
    /// Returns a full colour with a pattern.
    pub(crate) fn new(hue: Hue, pattern: Pattern) -> Self {
        Self { hue, tone: Tone::Full, pattern }
    }

    /// Returns a plain area of some strength.
    pub(crate) fn solid(hue: Hue, tone: Tone) -> Self {
        Self { hue, tone, pattern: Pattern::Solid }
    }
}

/// A box between two values of each axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Block {
    /// From here.
    pub x0: f64,
    /// To here.
    pub x1: f64,
    /// From here.
    pub y0: f64,
    /// To here.
    pub y1: f64,
    /// How it is filled.
    pub fill: Fill,
}

/// How blocks use their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Shape {
    /// All of it, but for the gap to the neighbour.
    Cell,
    /// A column in the middle of it.
    Column,
    /// All of it, seamlessly; what is thinner than a pixel is a pixel wide.
    Band,
}

/// A stretch of values at one place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Span {
    /// Where on the x axis.
    pub at: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How a point looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Dot {
    /// A disc.
    Disc,
    /// A small disc, for many.
    Speck,
    /// A ring.
    Ring,
    /// A square.
    Square,
    /// A triangle that points up.
    Triangle,
}

/// Words at a place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    /// Where.
    pub at: Point,
    /// What it says.
    pub text: String,
}

/// One ring: how much of it is closed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Arc {
    /// Share of the goal; over 1 where the goal is passed, none without data.
    pub share: Option<f64>,
    /// What it is, with its numbers.
    pub label: String,
    /// The number alone.
    pub text: String,
}

/// The rings of a day, outermost first, in a cell of a grid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rings {
    /// Column from 0.
    pub column: u32,
    /// Row from 0, the first one uppermost.
    pub row: u32,
    /// The day in words.
    pub label: String,
    /// Its rings.
    pub arcs: Vec<Arc>,
}

/// Shapes of one kind. A place without data has no shape: missing is not zero.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Layer {
    /// The model's buckets from lowest to highest with a ring at the mean.
    Capsules {
        /// Colour.
        hue: Hue,
    },
    /// One unbroken line.
    Line {
        /// Colour.
        hue: Hue,
        /// Strength.
        tone: Tone,
        /// Width in shown pixels.
        width: f64,
        /// Its points, sorted by x where it is a line over time.
        points: Vec<Point>,
    },
    /// Points.
    Dots {
        /// Colour.
        hue: Hue,
        /// How they look.
        dot: Dot,
        /// Where they are.
        points: Vec<Point>,
    },
    /// An unbroken band between two values.
    Band {
        /// Colour.
        hue: Hue,
        /// Strength.
        #[serde(skip_serializing_if = "Tone::is_pale")]
        tone: Tone,
        /// Its ends, sorted.
        spans: Vec<Span>,
    },
    /// Upright strokes from a lower to an upper value.
    Strokes {
        /// Colour.
        hue: Hue,
        /// Their ends.
        spans: Vec<Span>,
    },
    /// Boxes.
    Blocks {
        /// How they use their place.
        shape: Shape,
        /// The boxes.
        blocks: Vec<Block>,
    },
    /// Dashed lines across the plot.
    Rules {
        /// Where they lie on the y axis.
        rules: Vec<f64>,
    },
    /// Words.
    Notes {
        /// What they say.
        notes: Vec<Note>,
    },
    /// Activity rings, one cell a day; a single day has its numbers beside it.
    Rings {
        /// The days.
        rings: Vec<Rings>,
    },
    /// Paper ruled in units and fives of both axes.
    Paper,
    /// A length of a round number, where the axes are metres.
    ScaleBar {
        /// In which units it is told.
        ways: Ways,
    },
}

impl Layer {
    /// Whether it shows no data. Paper, rules and the like are none.
    pub(crate) fn is_empty(&self, buckets: &[Bucket]) -> bool {
        match self {
            Self::Capsules { .. } => buckets.is_empty(),
            Self::Line { points, .. } | Self::Dots { points, .. } => points.is_empty(),
            Self::Strokes { spans, .. } => spans.is_empty(),
            Self::Blocks { blocks, .. } => blocks.is_empty(),
            Self::Rings { rings } => rings.is_empty(),
            Self::Band { .. } | Self::Rules { .. } | Self::Notes { .. } | Self::Paper | Self::ScaleBar { .. } => true,
        }
    }
}

/// Points that no line joins to another one; without a dot they would be lost.
pub(crate) fn alone(points: &[Point], most: f64, hue: Hue) -> Option<Layer> {
    let runs = points.chunk_by(|a, b| b.0 - a.0 <= most).filter(|run| run.len() == 1);
    let points: Vec<Point> = runs.flatten().copied().collect();
    (!points.is_empty()).then_some(Layer::Dots { hue, dot: Dot::Speck, points })
}
