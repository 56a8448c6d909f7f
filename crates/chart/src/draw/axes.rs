//! Axes, keys and words around and on a plot.

use super::frame::{Frame, HEADER, LABEL_GAP, Layout, SIGN};
use super::pen::{Area, At, Drawing, FONT_SIZE, Pen, Px};
use super::{blocks, lines};
use crate::layer::{Dot, Key, Note, Sign, Tone};
use crate::model::{AxisKind, Tick};
use crate::svg::Size;

/// Labels of a y axis need this much each.
const LINE: f64 = 13.0;
/// Between two labels of an x axis.
const BETWEEN: f64 = 10.0;
/// A dash and the space behind it.
const DASH: (f64, f64) = (4.0, 3.0);

/// Draws both axes of a panel; `first` shares its line of words with the keys.
pub(super) fn draw(pen: &Pen, frame: &Frame, size: Size, first: bool) -> Drawing<()> {
    let line = if first { LABEL_GAP + 2.0 } else { frame.area.top - HEADER + 4.0 };
    pen.text(&frame.panel.y.label, (2.0, line), Px::LEFT, pen.palette.text, FONT_SIZE)?;
    values(pen, frame)?;
    times(pen, frame, f64::from(size.width))
}

fn values(pen: &Pen, frame: &Frame) -> Drawing<()> {
    let axis = frame.panel.y;
    if axis.kind == AxisKind::Hidden {
        return Ok(());
    }
    if axis.kind == AxisKind::Lanes && axis.ticks.len() as f64 >= axis.to - 1.0 {
        for lane in 0..=axis.to.min(64.0) as u32 {
            across(pen, frame, f64::from(lane))?;
        }
    }
    let every = thinned(frame, &axis.ticks);
    for (i, tick) in axis.ticks.iter().enumerate() {
        if axis.kind != AxisKind::Lanes {
            across(pen, frame, tick.at)?;
        }
        let Some(y) = frame.y(tick.at).filter(|_| i.is_multiple_of(every)) else { continue };
        pen.text(&tick.label, (frame.area.left - LABEL_GAP, y), Px::RIGHT, pen.palette.text, FONT_SIZE)?;
    }
    Ok(())
}

/// Every how manieth label has room.
fn thinned(frame: &Frame, ticks: &[Tick]) -> usize {
    let places: Vec<f64> = ticks.iter().filter_map(|tick| frame.y(tick.at)).collect();
    let closest = places.iter().zip(places.iter().skip(1)).map(|(a, b)| (a - b).abs()).fold(f64::INFINITY, f64::min);
    (LINE / closest.max(0.1)).ceil().clamp(1.0, 64.0) as usize
}

fn across(pen: &Pen, frame: &Frame, value: f64) -> Drawing<()> {
    let Some(y) = frame.y(value) else { return Ok(()) };
    pen.line(&[(frame.area.left, y), (frame.area.right, y)], pen.palette.line, 1.0)
}

/// Labels under the middle of what they name; one that has no room is left out.
fn times(pen: &Pen, frame: &Frame, width: f64) -> Drawing<()> {
    let (axis, area) = (frame.panel.x, &frame.area);
    let title = (area.right, area.bottom + LABEL_GAP + if axis.ticks.is_empty() { 0.0 } else { HEADER + 2.0 });
    pen.text(&axis.label, title, Px::RIGHT, pen.palette.text, FONT_SIZE)?;
    if axis.kind == AxisKind::Hidden {
        return Ok(());
    }
    let mut free_from = f64::MIN;
    for tick in &axis.ticks {
        let Some(x) = frame.x(tick.at) else { continue };
        let end = if axis.kind == AxisKind::Grid { area.top } else { area.bottom + 4.0 };
        if axis.kind != AxisKind::Lanes {
            pen.line(&[(x, area.bottom), (x, end)], pen.palette.line, 1.0)?;
        }
        let middle = tick.until.and_then(|until| frame.x(until)).map_or(x, |until| (x + until) / 2.0);
        let half = pen.width(&tick.label, FONT_SIZE) / 2.0;
        let middle = middle.min(width - 2.0 - half).max(2.0 + half);
        if middle - half < free_from {
            continue;
        }
        free_from = middle + half + BETWEEN;
        pen.text(&tick.label, (middle, area.bottom + LABEL_GAP + 6.0), Px::MIDDLE, pen.palette.text, FONT_SIZE)?;
    }
    Ok(())
}

/// What colours and patterns mean, above the plot.
pub(super) fn keys(pen: &Pen, layout: &Layout, keys: &[Key]) -> Drawing<()> {
    for (key, at) in keys.iter().zip(&layout.keys) {
        let behind = sign(pen, key.sign, *at)?;
        pen.text(&key.label, (at.0 + behind, at.1), Px::LEFT, pen.palette.text, FONT_SIZE)?;
    }
    Ok(())
}

fn sign(pen: &Pen, sign: Sign, at: At) -> Drawing<f64> {
    let middle = (at.0 + 5.5, at.1);
    match sign {
        Sign::None => return Ok(0.0),
        Sign::Box(fill) => {
            let area = Area { left: at.0, right: at.0 + 11.0, top: at.1 - 5.0, bottom: at.1 + 5.0 };
            blocks::fill(pen, &area, fill)?;
            // Shading is seen by its edges, here as in the plot.
            if matches!(fill.tone, Tone::Pale | Tone::Shade(_)) {
                pen.outline(&area, 2.5, pen.ink(fill.hue, Tone::Soft), 0.8)?;
            }
        }
        Sign::Dashes => dashed(pen, (at.0, at.0 + 12.0), at.1)?,
        Sign::Line(hue, tone) => pen.line(&[(at.0, at.1), (at.0 + 12.0, at.1)], pen.ink(hue, tone), 2.0)?,
        Sign::Dot(hue) => lines::dot(pen, middle, hue, Dot::Disc)?,
        Sign::Ring(hue) => lines::dot(pen, middle, hue, Dot::Ring)?,
        Sign::Triangle(hue) => lines::dot(pen, (middle.0, middle.1 + 5.0), hue, Dot::Triangle)?,
    }
    Ok(SIGN)
}

/// Dashed lines across the plot; a key says what they are.
pub(super) fn rules(pen: &Pen, frame: &Frame, rules: &[f64]) -> Drawing<()> {
    let places = rules.iter().filter_map(|value| frame.y(*value));
    places.into_iter().try_for_each(|y| dashed(pen, (frame.area.left, frame.area.right), y))
}

fn dashed(pen: &Pen, (mut x, end): (f64, f64), y: f64) -> Drawing<()> {
    while x < end {
        pen.line(&[(x, y), ((x + DASH.0).min(end), y)], pen.palette.text, 1.2)?;
        x += DASH.0 + DASH.1;
    }
    Ok(())
}

/// Words that end at a place, on a little of the surface so that they stay readable over marks.
fn plate(pen: &Pen, text: &str, end: At, width: f64) -> Drawing<()> {
    let area = Area { left: end.0 - width - 3.0, right: end.0 + 1.0, top: end.1 - 6.5, bottom: end.1 + 6.5 };
    pen.area(&area, 0.0, pen.palette.surface)?;
    pen.text(text, end, Px::RIGHT, pen.palette.text, FONT_SIZE)
}

/// Words at places, kept inside the plot.
pub(super) fn notes(pen: &Pen, frame: &Frame, notes: &[Note]) -> Drawing<()> {
    for note in notes {
        let Some((x, y)) = frame.at(note.at) else { continue };
        let width = pen.width(&note.text, FONT_SIZE);
        let end = (x + width + LABEL_GAP + 1.0).min(frame.area.right.max(x + LABEL_GAP));
        let y = y.clamp(frame.area.top + 7.0, (frame.area.bottom - 7.0).max(frame.area.top + 7.0));
        // At the right edge the words stand before their place.
        let end = if end - width < x { x - LABEL_GAP } else { end };
        plate(pen, &note.text, (end, y), width)?;
    }
    Ok(())
}
