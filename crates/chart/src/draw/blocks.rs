//! Areas: boxes with their patterns, columns, capsules.

use super::frame::Frame;
use super::pen::{Area, At, Drawing, Pen};
use crate::layer::{Block, Fill, Pattern, Shape, Tone};
use crate::model::Bucket;
use crate::theme::Hue;

/// Capsules are at most this wide.
const WIDEST_CAPSULE: f64 = 14.0;
/// Columns are at most this wide.
const WIDEST_COLUMN: f64 = 40.0;
/// Neighbours keep a pixel of the surface between them, half of it each.
const HALF_GAP: f64 = 0.5;
/// Below this width a box has no room for a gap.
const ROOM_FOR_GAP: f64 = 2.5;
/// Few cells in a high plot have this much of it each, and are at least so high.
const ROOM_FOR_LONELY: f64 = 6.0;
const LONELY: f64 = 2.5;
/// Corners.
const RADIUS: f64 = 3.0;
/// Between diagonal lines, sideways.
const DIAGONAL: f64 = 6.0;
/// Between dots.
const DOTS: f64 = 7.0;

/// In narrower areas a pattern is only noise, and as slow to paint as all the rest: colour and place tell them apart.
const ROOM_FOR_PATTERN: f64 = 6.0;

/// Draws boxes at their places.
pub(super) fn draw(pen: &Pen, frame: &Frame, shape: Shape, blocks: &[Block]) -> Drawing<()> {
    let lonely = blocks.len() as f64 * ROOM_FOR_LONELY < frame.area.height();
    // What has one fill is drawn together: it becomes one path.
    let mut fills: Vec<(Fill, Vec<Area>)> = Vec::new();
    for block in blocks {
        let Some(area) = frame.area_of((block.x0, block.x1), (block.y0, block.y1)) else { continue };
        let area = shaped(&area, shape);
        let area = if lonely && shape == Shape::Cell { seen(area) } else { area };
        match fills.iter_mut().find(|(fill, _)| *fill == block.fill) {
            Some((_, areas)) => areas.push(area),
            None => fills.push((block.fill, vec![area])),
        }
    }
    fills.iter().try_for_each(|(of, areas)| match shape {
        Shape::Band => areas.iter().try_for_each(|area| pen.area(area, 0.0, pen.ink(of.hue, of.tone))),
        Shape::Cell | Shape::Column => fill(pen, areas, *of),
    })
}

fn shaped(area: &Area, shape: Shape) -> Area {
    let (wide, tall) = (area.width(), area.height());
    if shape == Shape::Band {
        let missing = (1.0 - wide).max(0.0) / 2.0;
        return Area { left: area.left - missing, right: area.right + missing, ..*area };
    }
    let side = match shape {
        Shape::Column => (wide - (wide * 0.72).clamp(wide.min(1.0), WIDEST_COLUMN)) / 2.0,
        Shape::Cell if wide >= ROOM_FOR_GAP => HALF_GAP,
        Shape::Cell | Shape::Band => 0.0,
    };
    let end = if tall >= ROOM_FOR_GAP { HALF_GAP } else { 0.0 };
    // However short, what was measured is seen.
    let missing = (1.0 - (tall - 2.0 * end)).max(0.0);
    Area { left: area.left + side, right: area.right - side, top: area.top + end - missing, bottom: area.bottom - end }
}

/// A cell that is seen from afar, however thin its row is.
fn seen(area: Area) -> Area {
    let missing = (LONELY - area.height()).max(0.0) / 2.0;
    Area { top: area.top - missing, bottom: area.bottom + missing, ..area }
}

/// Fills areas with colour and pattern.
pub(super) fn fill(pen: &Pen, areas: &[Area], fill: Fill) -> Drawing<()> {
    let color = pen.ink(fill.hue, fill.tone);
    let radius = |area: &Area| RADIUS.min(area.width() / 4.0).min(area.height() / 4.0);
    let colored = |color| areas.iter().try_for_each(|area| pen.area(area, radius(area), color));
    let outlined = |width| areas.iter().try_for_each(|area| pen.outline(area, radius(area), color, width));
    let striped = |color, width| areas.iter().try_for_each(|area| diagonals(pen, area, color, width));
    match fill.pattern {
        Pattern::Solid => colored(color),
        Pattern::Dots => {
            colored(color)?;
            areas.iter().try_for_each(|area| dots(pen, area))
        }
        Pattern::Diagonal => {
            colored(color)?;
            striped(pen.palette.surface, 0.8)
        }
        Pattern::Hatched => {
            colored(pen.ink(fill.hue, Tone::Pale))?;
            striped(color, 1.2)?;
            outlined(1.0)
        }
        Pattern::Outline => outlined(1.2),
    }
}

/// A row of dots along the longer middle.
fn dots(pen: &Pen, area: &Area) -> Drawing<()> {
    let (wide, tall) = (area.width(), area.height());
    if wide < ROOM_FOR_PATTERN || tall < 4.0 || wide.max(tall) < DOTS {
        return Ok(());
    }
    let count = (wide.max(tall) / DOTS).floor().min(2000.0);
    let radius = (wide.min(tall) / 8.0).clamp(0.7, 1.3);
    for i in 0..count as u32 {
        let along = (f64::from(i) - (count - 1.0) / 2.0) * DOTS;
        let middle = ((area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0);
        let at = if wide >= tall { (middle.0 + along, middle.1) } else { (middle.0, middle.1 + along) };
        pen.disc(at, radius, pen.palette.surface)?;
    }
    Ok(())
}

/// Lines that rise to the right, cut off at the edges.
fn diagonals(pen: &Pen, area: &Area, color: plotters::style::RGBColor, width: f64) -> Drawing<()> {
    let tall = area.height();
    if area.width() < ROOM_FOR_PATTERN || tall < 3.0 {
        return Ok(());
    }
    let mut x = area.left - tall + DIAGONAL / 2.0;
    while x < area.right {
        let (from, to) = ((area.left - x).max(0.0), (area.right - x).min(tall));
        if to - from > 1.0 {
            pen.line(&[(x + from, area.bottom - from), (x + to, area.bottom - to)], color, width)?;
        }
        x += DIAGONAL;
    }
    Ok(())
}

/// From lowest to highest with round ends inside the span, and a ring at the mean.
pub(super) fn capsules(pen: &Pen, frame: &Frame, buckets: &[Bucket], hue: Hue) -> Drawing<()> {
    let capsule = |bucket: &Bucket| {
        let span = frame.area_of((bucket.start_ms as f64, bucket.end_ms as f64), (bucket.min, bucket.max));
        Some(Capsule::new(&span?, frame.y(bucket.mean)?, bucket.complete))
    };
    let capsules: Vec<Capsule> = buckets.iter().filter_map(capsule).collect();
    // What looks the same is drawn together: it becomes one path.
    for one in &capsules {
        let tone = if one.complete { Tone::Soft } else { Tone::Pale };
        pen.area(&one.body, one.radius, pen.ink(hue, tone))?;
    }
    for one in capsules.iter().filter(|one| !one.complete) {
        pen.outline(&one.body, one.radius, pen.ink(hue, Tone::Soft), 1.0)?;
    }
    let rings = |more: f64, color| capsules.iter().try_for_each(|one| pen.disc(one.mean, one.ring() + more, color));
    rings(0.8, pen.ink(hue, Tone::Full))?;
    rings(-0.8, pen.palette.surface)
}

struct Capsule {
    body: Area,
    radius: f64,
    mean: At,
    complete: bool,
}

impl Capsule {
    fn new(span: &Area, mean: f64, complete: bool) -> Self {
        let x = (span.left + span.right) / 2.0;
        let radius = (span.width() * 0.32).clamp(1.0, WIDEST_CAPSULE / 2.0);
        let grown = ((2.0 * radius - span.height()) / 2.0).max(0.0);
        let body = Area { left: x - radius, right: x + radius, top: span.top - grown, bottom: span.bottom + grown };
        Self { body, radius, mean: (x, mean), complete }
    }

    fn ring(&self) -> f64 {
        (self.radius * 0.6).clamp(1.0, 3.0)
    }
}
