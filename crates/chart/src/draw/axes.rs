//! Axes, keys and words around and on a plot.

use super::frame::{Frame, HEADER, LABEL_GAP, Layout, SIGN};
use super::pen::{Area, At, Drawing, FONT_SIZE, Pen, Px};
use super::{blocks, lines};
use crate::layer::{Dot, Note, Sign, Tone};
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
    // Values of a plot that nothing belongs into would be invented.
    if axis.kind == AxisKind::Hidden || frame.panel.layers.is_empty() {
        return Ok(());
    }
    if axis.kind == AxisKind::Lanes && axis.ticks.len() as f64 >= axis.to - 1.0 {
        for lane in 0..=axis.to.min(64.0) as u32 {
            across(pen, frame, f64::from(lane))?;
        }
    }
    for tick in axis.ticks.iter().filter(|_| axis.kind != AxisKind::Lanes) {
        across(pen, frame, tick.at)?;
    }
    // The words over the next panel are close below.
    let lowest = frame.area.bottom - if frame.room.is_close() && !frame.is_last { LINE / 2.0 } else { 0.0 };
    let named = |tick: &&Tick| frame.y(tick.at).is_some_and(|y| y <= lowest);
    let ticks: Vec<&Tick> = axis.ticks.iter().filter(named).collect();
    for tick in ticks.iter().step_by(thinned(frame, &ticks)) {
        let Some(y) = frame.y(tick.at) else { continue };
        pen.text(&tick.label, (frame.area.left - LABEL_GAP, y), Px::RIGHT, pen.palette.text, FONT_SIZE)?;
    }
    Ok(())
}

/// Every how manieth label has room.
fn thinned(frame: &Frame, ticks: &[&Tick]) -> usize {
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
    let line = area.bottom + LABEL_GAP + if frame.room.is_close() { 4.5 } else { 6.0 };
    let mut right = f64::INFINITY;
    // Half a name of a zone says nothing: the days of a journey are told in words elsewhere.
    let fits = pen.width(&axis.label, FONT_SIZE) <= area.right - 2.0;
    if frame.has_labels && !axis.label.is_empty() && fits {
        let is_beside = frame.room.is_close() && !axis.ticks.is_empty();
        let below =
            if axis.ticks.is_empty() { area.bottom + LABEL_GAP } else { area.bottom + LABEL_GAP + HEADER + 2.0 };
        let title = (area.right, if is_beside { line } else { below });
        pen.text(&axis.label, title, Px::RIGHT, pen.palette.text, FONT_SIZE)?;
        right = if is_beside { area.right - pen.width(&axis.label, FONT_SIZE) - BETWEEN } else { right };
    }
    if axis.kind == AxisKind::Hidden {
        return Ok(());
    }
    let mut taken: Vec<(f64, f64)> = Vec::new();
    // Among names of months those of years come first: without them nobody knows which January it is.
    let (years, others): (Vec<&Tick>, Vec<&Tick>) = axis.ticks.iter().partition(|tick| is_year(&tick.label));
    for tick in years.into_iter().chain(others) {
        let Some(x) = frame.x(tick.at) else { continue };
        let end = if axis.kind == AxisKind::Grid { area.top } else { area.bottom + 4.0 };
        if axis.kind != AxisKind::Lanes {
            pen.line(&[(x, area.bottom), (x, end)], pen.palette.line, 1.0)?;
        }
        let middle = tick.until.and_then(|until| frame.x(until)).map_or(x, |until| (x + until) / 2.0);
        let half = pen.width(&tick.label, FONT_SIZE) / 2.0;
        let middle = middle.min(width - 2.0 - half).max(2.0 + half);
        let place = (middle - half, middle + half);
        let is_free = taken.iter().all(|other| place.0 >= other.1 + BETWEEN || place.1 + BETWEEN <= other.0);
        // A lane above another one keeps the lines of its hours and leaves their names to that.
        if tick.label.is_empty() || !frame.has_labels || !is_free || place.1 > right {
            continue;
        }
        taken.push(place);
        pen.text(&tick.label, (middle, line), Px::MIDDLE, pen.palette.text, FONT_SIZE)?;
    }
    Ok(())
}

fn is_year(label: &str) -> bool {
    label.len() == 4 && label.bytes().all(|c| c.is_ascii_digit())
}

/// What colours and patterns mean, above the plot.
pub(super) fn keys(pen: &Pen, layout: &Layout) -> Drawing<()> {
    for (key, at) in &layout.keys {
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
            blocks::fill(pen, &[area], fill)?;
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
fn plate(pen: &Pen, text: &str, area: &Area) -> Drawing<()> {
    pen.area(area, 0.0, pen.palette.surface)?;
    let end = (area.right - 1.0, (area.top + area.bottom) / 2.0);
    pen.text(text, end, Px::RIGHT, pen.palette.text, FONT_SIZE)
}

/// Words at places, kept inside the plot; where others stand already, on the other side of their place or not at all.
pub(super) fn notes(pen: &Pen, frame: &Frame, notes: &[Note]) -> Drawing<()> {
    let mut taken: Vec<Area> = Vec::new();
    for note in notes {
        let Some((x, y)) = frame.at(note.at) else { continue };
        let width = pen.width(&note.text, FONT_SIZE);
        let end = (x + width + LABEL_GAP + 1.0).min(frame.area.right.max(x + LABEL_GAP));
        let y = y.clamp(frame.area.top + 7.0, (frame.area.bottom - 7.0).max(frame.area.top + 7.0));
        let before = x - LABEL_GAP;
        // At the right edge the words stand before their place.
        let ends = if end - width < x { [before, before] } else { [end, before] };
        let area = |end: f64| Area { left: end - width - 3.0, right: end + 1.0, top: y - 6.5, bottom: y + 6.5 };
        let is_free = |area: &Area| area.left >= 0.0 && !taken.iter().any(|other| other.meets(area));
        let Some(area) = ends.map(area).into_iter().find(is_free) else { continue };
        plate(pen, &note.text, &area)?;
        taken.push(area);
    }
    Ok(())
}
