//! Lines, points, bands and strokes.

use plotters::style::RGBColor;

use super::frame::Frame;
use super::pen::{Area, At, Drawing, Pen};
use crate::layer::{Dot, Span, Tone};
use crate::model::Point;
use crate::theme::Hue;

/// Half the width of a stroke.
const HALF_STROKE: f64 = 2.0;

/// Draws a line; where it has many points, only the extremes of every pixel column, so that no peak is lost.
pub(super) fn line(pen: &Pen, frame: &Frame, points: &[Point], color: RGBColor, width: f64) -> Drawing<()> {
    let places: Vec<At> = points.iter().filter_map(|point| frame.at(*point)).collect();
    pen.line(&crate::thin::columns(&places, frame.area.left, 1.0), color, width)
}

/// Draws points of one look.
pub(super) fn dots(pen: &Pen, frame: &Frame, hue: Hue, kind: Dot, points: &[Point]) -> Drawing<()> {
    // Many discs side by side are small enough not to touch.
    let crowded = points.len() as f64 * 7.0 > frame.area.width();
    let kind = if crowded && kind == Dot::Disc { Dot::Speck } else { kind };
    let places: Vec<At> = points.iter().filter_map(|point| frame.at(*point)).collect();
    let places = if kind == Dot::Speck { seen(places) } else { places };
    places.into_iter().try_for_each(|at| dot(pen, at, hue, kind))
}

/// Specks that would lie on the same half pixel are one.
fn seen(places: Vec<At>) -> Vec<At> {
    let mut seen = std::collections::BTreeSet::new();
    places.into_iter().filter(|at| seen.insert(((at.0 * 2.0).round() as i64, (at.1 * 2.0).round() as i64))).collect()
}

/// Draws one point.
pub(super) fn dot(pen: &Pen, at: At, hue: Hue, kind: Dot) -> Drawing<()> {
    let (color, surface) = (pen.ink(hue, Tone::Full), pen.palette.surface);
    let box_of = |half: f64| Area { left: at.0 - half, right: at.0 + half, top: at.1 - half, bottom: at.1 + half };
    match kind {
        Dot::Disc => {
            pen.disc(at, 4.0, surface)?;
            pen.disc(at, 3.0, color)
        }
        Dot::Speck => pen.disc(at, 2.0, color),
        Dot::Ring => {
            pen.disc(at, 4.0, color)?;
            pen.disc(at, 2.3, surface)
        }
        Dot::Square => {
            pen.area(&box_of(5.0), 1.0, surface)?;
            pen.area(&box_of(4.0), 1.0, color)
        }
        Dot::Triangle => pen.fill(&[(at.0, at.1 - 9.0), (at.0 + 4.5, at.1 - 1.0), (at.0 - 4.5, at.1 - 1.0)], color),
    }
}

/// A shaded band with thin edges, which are what has to be seen.
pub(super) fn band(pen: &Pen, frame: &Frame, (hue, tone): (Hue, Tone), spans: &[Span]) -> Drawing<()> {
    let upper: Vec<At> = spans.iter().filter_map(|span| frame.at((span.at, span.high))).collect();
    let lower: Vec<At> = spans.iter().filter_map(|span| frame.at((span.at, span.low))).collect();
    let around: Vec<At> = upper.iter().chain(lower.iter().rev()).copied().collect();
    pen.fill(&around, pen.ink(hue, tone))?;
    pen.line(&upper, pen.ink(hue, Tone::Soft), 0.8)?;
    pen.line(&lower, pen.ink(hue, Tone::Soft), 0.8)
}

/// Upright strokes with round ends.
pub(super) fn strokes(pen: &Pen, frame: &Frame, hue: Hue, spans: &[Span]) -> Drawing<()> {
    let half = (frame.area.width() / (spans.len() as f64 * 8.0)).clamp(0.6, HALF_STROKE);
    for span in spans {
        let Some(area) = frame.area_of((span.at, span.at), (span.low, span.high)) else { continue };
        let area = Area { left: area.left - half, right: area.right + half, ..area };
        pen.area(&area, half, pen.ink(hue, Tone::Soft))?;
    }
    Ok(())
}
