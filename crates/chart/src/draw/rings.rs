//! Activity rings: one day with its numbers, or a grid of days.

use std::f64::consts::TAU;

use super::frame::Frame;
use super::pen::{Area, At, Drawing, FONT_SIZE, Pen, Px};
use crate::layer::{Arc, Rings, Tone};
use crate::theme::Hue;

/// Outermost first.
const HUES: [Hue; 3] = [Hue::Move, Hue::Exercise, Hue::Stand];
/// Width of a ring and of the gap within it, as a share of the whole radius.
const RING: f64 = 0.22;
const GAP: f64 = 0.05;
/// Gap before the end of a ring that is past its goal.
const PAST: f64 = 2.0;
/// Points of a large full circle.
const POINTS: f64 = 96.0;
/// Size of the number beside a ring.
const NUMBER: f64 = 20.0;
/// Between a day's rings and the numbers beside them, and the small rings before each number.
const BESIDE: f64 = 28.0;
const ICON: f64 = 28.0;
/// Numbers stand beside the rings only where these can be so large.
const LEAST_BESIDE: f64 = 40.0;
/// Days of a page have their number above them only where their cells are so high.
const LEAST_NAMED: f64 = 24.0;
/// Rings of a day are no larger.
const LARGEST: f64 = 140.0;

/// Draws a single day with its numbers, or every day in its cell.
pub(super) fn draw(pen: &Pen, frame: &Frame, rings: &[Rings]) -> Drawing<()> {
    if let [day] = rings
        && day.label.is_empty()
    {
        return single(pen, &frame.area, day);
    }
    for day in rings {
        let (column, row) = (f64::from(day.column), f64::from(day.row));
        let top = frame.scale.y1 - row;
        let Some(cell) = frame.area_of((column, column + 1.0), (top - 1.0, top)) else { continue };
        // The number of the day stands above its rings, where that leaves room for them.
        let label = (FONT_SIZE + 2.0).min(cell.height() / 3.0);
        let has_room =
            cell.height() >= LEAST_NAMED && pen.width(&day.label, FONT_SIZE.min(label)) + 4.0 <= cell.width();
        let label = if has_room { label } else { 0.0 };
        let size = FONT_SIZE.min(label);
        let middle = (cell.left + cell.right) / 2.0;
        let radius = (cell.width().min(cell.height() - label) / 2.0 - 2.0).max(1.0);
        // Both together in the middle of the cell, however high that is.
        let top = cell.top + ((cell.height() - label - 1.0 - 2.0 * radius) / 2.0).max(0.0);
        if label > 0.0 {
            pen.text(&day.label, (middle, top + label / 2.0), Px::MIDDLE, pen.palette.text, size)?;
        }
        circles(pen, (middle, top + label + 1.0 + radius), radius, &day.arcs)?;
    }
    Ok(())
}

fn single(pen: &Pen, area: &Area, day: &Rings) -> Drawing<()> {
    let labels = day.arcs.iter().map(|arc| pen.width(&arc.label, FONT_SIZE).max(pen.width(&arc.text, NUMBER)));
    let words = labels.fold(0.0, f64::max) + BESIDE + ICON;
    let most = (area.height() / 2.0 - 2.0).clamp(1.0, LARGEST);
    let beside = area.width() - words >= 2.0 * LEAST_BESIDE.min(most);
    let radius = if beside { most.min((area.width() - words) / 2.0) } else { most.min(area.width() / 2.0) };
    let left = (area.width() - 2.0 * radius - if beside { words } else { 0.0 }) / 2.0;
    let middle = (area.left + left + radius, (area.top + area.bottom) / 2.0);
    circles(pen, middle, radius, &day.arcs)?;
    if !beside {
        return Ok(());
    }
    let line = (area.height() / (day.arcs.len() as f64 + 0.2)).min(62.0);
    let x = middle.0 + radius + BESIDE;
    for (i, arc) in day.arcs.iter().enumerate() {
        let y = middle.1 + (i as f64 - (day.arcs.len() as f64 - 1.0) / 2.0) * line;
        which(pen, (x + 9.0, y), i, day.arcs.len())?;
        let size = NUMBER.min(line * 0.45);
        pen.text(&arc.text, (x + ICON, y - line * 0.15), Px::LEFT, pen.palette.strong, size)?;
        pen.text(&arc.label, (x + ICON, y + size * 0.75), Px::LEFT, pen.palette.text, FONT_SIZE.min(line * 0.3))?;
    }
    Ok(())
}

/// A small picture of the rings in which one is full: says which ring a number belongs to without a colour.
fn which(pen: &Pen, at: At, wanted: usize, count: usize) -> Drawing<()> {
    for i in 0..count {
        let radius = 9.0 - 3.2 * i as f64;
        let (tone, width) = if i == wanted { (Tone::Full, 2.2) } else { (Tone::Soft, 0.6) };
        pen.line(&turn(at, radius, 1.0), pen.ink(hue_of(i), tone), width)?;
    }
    Ok(())
}

fn circles(pen: &Pen, middle: At, radius: f64, arcs: &[Arc]) -> Drawing<()> {
    let width = radius * RING;
    for (i, arc) in arcs.iter().enumerate() {
        let at = radius - width / 2.0 - i as f64 * (width + radius * GAP);
        ring(pen, middle, (at, width), arc.share, hue_of(i))?;
    }
    Ok(())
}

fn hue_of(ring: usize) -> Hue {
    HUES.get(ring).copied().unwrap_or(Hue::Activity)
}

fn ring(pen: &Pen, middle: At, (radius, width): (f64, f64), share: Option<f64>, hue: Hue) -> Drawing<()> {
    let Some(share) = share.filter(|share| share.is_finite()) else {
        // Missing is not zero: only an empty outline.
        pen.line(&turn(middle, radius + width / 2.0 - 0.5, 1.0), pen.ink(Hue::Neutral, Tone::Soft), 0.8)?;
        return pen.line(&turn(middle, radius - width / 2.0 + 0.5, 1.0), pen.ink(Hue::Neutral, Tone::Soft), 0.8);
    };
    pen.line(&turn(middle, radius, 1.0), pen.ink(hue, Tone::Pale), width)?;
    let color = pen.ink(hue, Tone::Full);
    // The round ends reach beyond the arc: a ring that is not full keeps a gap that is seen.
    let open = 1.0 - (width + PAST) / (radius * TAU);
    let closed = if share < 1.0 { share.clamp(0.0, open.max(0.0)) } else { 1.0 };
    if closed > 0.0 {
        pen.line(&turn(middle, radius, closed), color, width)?;
        pen.disc(on(middle, radius, 0.0), width / 2.0, color)?;
    }
    // Past the goal the end lies on the ring itself, with a gap before it.
    let past = if share > 1.0 { share.fract() } else { closed };
    if share > 1.0 {
        let beyond = (width / 2.0 + PAST) / (radius * TAU);
        pen.line(&arc(middle, radius, past, past + beyond), pen.palette.surface, width)?;
    }
    if share > 0.0 { pen.disc(on(middle, radius, past), width / 2.0, color) } else { Ok(()) }
}

fn on(middle: At, radius: f64, share: f64) -> At {
    let (sin, cos) = (share * TAU).sin_cos();
    (middle.0 + radius * sin, middle.1 - radius * cos)
}

/// Part of a circle, clockwise from the top.
fn turn(middle: At, radius: f64, share: f64) -> Vec<At> {
    arc(middle, radius, 0.0, share)
}

fn arc(middle: At, radius: f64, from: f64, to: f64) -> Vec<At> {
    let steps = ((to - from) * (radius * 1.5).clamp(24.0, POINTS)).ceil().max(1.0);
    (0..=steps as u32).map(|i| on(middle, radius, from + (to - from) * f64::from(i) / steps)).collect()
}
