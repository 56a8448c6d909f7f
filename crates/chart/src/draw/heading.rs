//! The words over a picture that stands alone: what it shows, and of when. A page has them beside the picture.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::pen::{Drawing, Pen, Px};
use crate::model::Model;
use crate::theme::Palette;

const TITLE_SIZE: f64 = 15.0;
const DAYS_SIZE: f64 = 12.0;
/// Smaller words nobody reads.
const LEAST_SIZE: f64 = 8.0;
/// From the edges.
const MARGIN: (f64, f64) = (2.0, 16.0);
/// Between the title and the days.
const GAP: f64 = 12.0;
/// From the title to the days below it.
const LINE: f64 = 18.0;
/// What a heading of one line needs.
const HEIGHT: f64 = 30.0;

/// Where the words go.
pub(super) struct Heading {
    /// How much of the picture it takes.
    pub height: f64,
    title_size: f64,
    days_at: (f64, f64),
}

/// Finds room for the words: beside each other, else one below the other.
pub(super) fn layout(pen: &Pen, model: &Model, width: f64) -> Heading {
    let room = width - 2.0 * MARGIN.0;
    let title = pen.width(&model.title, TITLE_SIZE);
    let title_size = (TITLE_SIZE * (room / title.max(1.0)).min(1.0)).max(LEAST_SIZE);
    if title + GAP + pen.width(&model.days, DAYS_SIZE) <= room {
        return Heading { height: HEIGHT, title_size, days_at: (MARGIN.0 + title + GAP, MARGIN.1 + 1.0) };
    }
    Heading { height: HEIGHT + LINE, title_size, days_at: (MARGIN.0, MARGIN.1 + LINE) }
}

/// Draws the words.
pub(super) fn draw(
    canvas: &DrawingArea<SVGBackend, Shift>,
    heading: &Heading,
    model: &Model,
    palette: Palette,
) -> Drawing<()> {
    let pen = Pen::new(canvas, palette);
    pen.text(&model.title, MARGIN, Px::LEFT, palette.strong, heading.title_size)?;
    pen.text(&model.days, heading.days_at, Px::LEFT, palette.text, DAYS_SIZE)
}
