//! The words over a picture that stands alone: what it shows, and of when. A page has them beside the picture.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::pen::{Drawing, Pen, Px};
use crate::model::Model;
use crate::svg::Size;
use crate::theme::Palette;

const TITLE_SIZE: f64 = 15.0;
const DAYS_SIZE: f64 = 12.0;
/// Smaller words nobody reads.
const LEAST_SIZE: f64 = 8.0;
/// From the left edge.
const LEFT: f64 = 2.0;
/// Between the title and the days.
const GAP: f64 = 12.0;
/// The middle of the title, from there to the days below it, and what a heading of one line needs.
const LINES: (f64, f64, f64) = (16.0, 18.0, 30.0);
/// The same in a low picture, which needs its height for other things.
const LOW_LINES: (f64, f64, f64) = (11.0, 15.0, 23.0);
const LOW: u32 = 180;

/// Where the words go.
pub(super) struct Heading {
    /// How much of the picture it takes.
    pub height: f64,
    title_size: f64,
    title_at: (f64, f64),
    days_at: (f64, f64),
}

/// Finds room for the words: beside each other, else one below the other.
pub(super) fn layout(pen: &Pen, model: &Model, size: Size) -> Heading {
    let (middle, line, height) = if size.height < LOW { LOW_LINES } else { LINES };
    let room = f64::from(size.width) - 2.0 * LEFT;
    let title = pen.width(&model.title, TITLE_SIZE);
    let title_size = (TITLE_SIZE * (room / title.max(1.0)).min(1.0)).max(LEAST_SIZE);
    let is_one_line = title + GAP + pen.width(&model.days, DAYS_SIZE) <= room;
    let days_at = if is_one_line { (LEFT + title + GAP, middle + 1.0) } else { (LEFT, middle + line) };
    let height = height + if is_one_line { 0.0 } else { line };
    Heading { height, title_size, title_at: (LEFT, middle), days_at }
}

/// Draws the words.
pub(super) fn draw(
    canvas: &DrawingArea<SVGBackend, Shift>,
    heading: &Heading,
    model: &Model,
    palette: Palette,
) -> Drawing<()> {
    let pen = Pen::new(canvas, palette);
    pen.text(&model.title, heading.title_at, Px::LEFT, palette.strong, heading.title_size)?;
    pen.text(&model.days, heading.days_at, Px::LEFT, palette.text, DAYS_SIZE)
}
