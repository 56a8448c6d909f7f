//! Lengths that are read with a ruler: ruled paper and the scale bar of a map.

use health::ways::Ways;

use super::frame::Frame;
use super::pen::{Drawing, FONT_SIZE, Pen, Px};
use crate::number::{number, with_unit};

/// Single units are ruled only where they are at least this wide.
const ROOM_FOR_UNITS: f64 = 3.0;
/// Nobody rules more lines.
const MOST_LINES: f64 = 1000.0;
/// A scale bar is at most this share of the plot.
const LONGEST_BAR: f64 = 0.3;

/// Rules every fifth unit of both axes, and every unit where there is room.
pub(super) fn paper(pen: &Pen, frame: &Frame) -> Drawing<()> {
    let unit = frame.area.width() / (frame.scale.x1 - frame.scale.x0).abs();
    if unit >= ROOM_FOR_UNITS {
        ruled(pen, frame, 1.0)?;
    }
    ruled(pen, frame, 5.0)
}

fn ruled(pen: &Pen, frame: &Frame, every: f64) -> Drawing<()> {
    let color = if every > 1.0 { pen.palette.rule } else { pen.palette.line };
    let (scale, area) = (&frame.scale, &frame.area);
    for x in multiples(scale.x0, scale.x1, every).filter_map(|x| frame.x(x)) {
        pen.line(&[(x, area.top), (x, area.bottom)], color, 0.6)?;
    }
    for y in multiples(scale.y0, scale.y1, every).filter_map(|y| frame.y(y)) {
        pen.line(&[(area.left, y), (area.right, y)], color, 0.6)?;
    }
    Ok(())
}

fn multiples(from: f64, to: f64, every: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((from / every).ceil(), (to / every).floor());
    let count = (last - first + 1.0).clamp(0.0, MOST_LINES);
    (0..count as u32).map(move |i| (first + f64::from(i)) * every)
}

/// A bar of 1, 2 or 5 times a power of ten metres at the lower left, with its length.
pub(super) fn scale_bar(pen: &Pen, frame: &Frame, ways: &Ways) -> Drawing<()> {
    let length = (frame.scale.x1 - frame.scale.x0).abs();
    let most = length * LONGEST_BAR;
    let unit = if ways.way.of(most) >= 1.0 { ways.way } else { ways.height };
    let power = 10f64.powi(unit.of(most).log10().floor().clamp(-3.0, 9.0) as i32);
    let Some(n) = [5.0, 2.0, 1.0].map(|times| times * power).into_iter().find(|n| n * unit.metres <= most) else {
        return Ok(());
    };
    let pixels = n * unit.metres / length * frame.area.width();
    // Under the plot, where no track can lie; the frame leaves room there.
    let (left, y) = (frame.area.left.min(14.0), frame.area.bottom + 8.0);
    let ends = [(left, y - 3.0), (left, y + 1.0), (left + pixels, y + 1.0), (left + pixels, y - 3.0)];
    pen.line(&ends, pen.palette.text, 1.2)?;
    let label = with_unit(&number(n, if n < 1.0 { 3 } else { 0 }), unit.symbol);
    pen.text(&label, (left + pixels + 8.0, y - 1.0), Px::LEFT, pen.palette.text, FONT_SIZE)
}
