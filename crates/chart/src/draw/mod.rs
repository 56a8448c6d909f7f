//! The only place with pixels: lays a model out and draws its layers, whatever chart they come from.

mod axes;
mod blocks;
mod frame;
mod heading;
mod lines;
mod map;
mod pen;
mod rings;
mod room;

use plotters::coord::Shift;
use plotters::prelude::*;

pub(crate) use pen::{Drawing, FINE, FONT};

use crate::layer::Layer;
use crate::model::{Gap, Model};
use crate::number::no_data;
use crate::svg::{Scale, Size};
use crate::theme::Palette;
use frame::Frame;
use pen::{Pen, Px};

/// A gap narrower than this gets no words.
const ROOM_FOR_WORDS: f64 = 52.0;

/// Draws a picture that says what it shows, and returns where values stand in its panels.
pub(crate) fn headed(
    canvas: &DrawingArea<SVGBackend, Shift>,
    model: &Model,
    size: Size,
    palette: Palette,
) -> Drawing<Vec<Scale>> {
    let heading = heading::layout(&Pen::new(canvas, palette), model, size);
    let (above, below) = canvas.split_vertically(heading.height * f64::from(FINE));
    heading::draw(&above, &heading, model, palette)?;
    let rest = Size { height: size.height.saturating_sub(heading.height as u32), ..size };
    let scales = picture(&below, model, rest, palette)?;
    let moved =
        |scale: Scale| Scale { top: scale.top + heading.height, bottom: scale.bottom + heading.height, ..scale };
    Ok(scales.into_iter().map(moved).collect())
}

/// Draws the whole picture and returns where values stand in its panels.
pub(crate) fn picture(
    canvas: &DrawingArea<SVGBackend, Shift>,
    model: &Model,
    size: Size,
    palette: Palette,
) -> Drawing<Vec<Scale>> {
    let pen = Pen::new(canvas, palette);
    let layout = frame::layout(&pen, model, size);
    axes::keys(&pen, &layout)?;
    for (i, frame) in layout.frames.iter().enumerate() {
        axes::draw(&pen, frame, size, i == 0)?;
        for layer in frame.panel.layers {
            draw_layer(&pen, frame, layer, model)?;
        }
    }
    if let Some(frame) = layout.frames.first() {
        words_for_nothing(&pen, frame, model)?;
    }
    Ok(layout.frames.iter().map(|frame| frame.scale).collect())
}

fn draw_layer(pen: &Pen, frame: &Frame, layer: &Layer, model: &Model) -> Drawing<()> {
    match layer {
        Layer::Capsules { hue } => blocks::capsules(pen, frame, &model.buckets, *hue),
        Layer::Blocks { shape, blocks } => blocks::draw(pen, frame, *shape, blocks),
        Layer::Line { hue, tone, width, points } => lines::line(pen, frame, points, pen.ink(*hue, *tone), *width),
        Layer::Dots { hue, dot, points } => lines::dots(pen, frame, *hue, *dot, points),
        Layer::Band { hue, tone, spans } => lines::band(pen, frame, (*hue, *tone), spans),
        Layer::Strokes { hue, spans } => lines::strokes(pen, frame, *hue, spans),
        Layer::Rules { rules } => axes::rules(pen, frame, rules),
        Layer::Notes { notes } => axes::notes(pen, frame, notes),
        Layer::Rings { rings } => rings::draw(pen, frame, rings),
        Layer::Paper => map::paper(pen, frame),
        Layer::ScaleBar { ways } => map::scale_bar(pen, frame, ways),
    }
}

/// Says so where there is nothing: in the middle of an empty chart, and in every gap that is wide enough.
fn words_for_nothing(pen: &Pen, frame: &Frame, model: &Model) -> Drawing<()> {
    let middle = (frame.area.top + frame.area.bottom) / 2.0;
    if model.is_empty() {
        // A little above the middle, where no line of a grid goes through the words.
        let at = ((frame.area.left + frame.area.right) / 2.0, middle - 8.0);
        return pen.text(&no_data(), at, Px::MIDDLE, pen.palette.faint, pen::FONT_SIZE);
    }
    for gap in model.gaps.iter().filter(|gap| !seems_all(gap, model)) {
        let (Some(from), Some(to)) = (frame.x(gap.start_ms as f64), frame.x(gap.end_ms as f64)) else { continue };
        if to - from >= ROOM_FOR_WORDS {
            let at = ((from + to) / 2.0, middle - 8.0);
            pen.text(&no_data(), at, Px::MIDDLE, pen.palette.faint, pen::FONT_SIZE)?;
        }
    }
    Ok(())
}

/// Whether words in a gap would seem to speak of the whole chart: one at its edge that takes more than half of it.
fn seems_all(gap: &Gap, model: &Model) -> bool {
    let (start, end) = (gap.start_ms as f64, gap.end_ms as f64);
    let is_at_edge = start <= model.x.from || end >= model.x.to;
    is_at_edge && end - start > (model.x.to - model.x.from) / 2.0
}

#[cfg(test)]
mod tests {
    use health::time::Zones;

    use super::*;
    use crate::{Range, Step};

    #[track_caller]
    fn check(start_ms: i64, end_ms: i64, expected: bool) {
        let range = Range::new(0, 100, Step::Day);
        let mut model = Model::new("", "", range, &Zones::named("UTC").expect("a zone"));
        (model.x.from, model.x.to) = (0.0, 100.0);
        assert_eq!(seems_all(&Gap { start_ms, end_ms }, &model), expected, "{start_ms} to {end_ms}");
    }

    #[test]
    fn a_chart_with_one_dot_at_its_end_is_not_called_empty() {
        check(0, 97, true);
        check(3, 100, true);
        check(3, 97, false);
        check(0, 50, false);
        check(60, 100, false);
    }
}
