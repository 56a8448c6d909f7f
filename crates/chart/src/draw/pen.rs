//! Strokes, areas and words in shown pixels; everything that is drawn goes through here.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::layer::Tone;
use crate::theme::{Hue, Palette};

/// Fine pixels to one shown pixel.
pub(crate) const FINE: i32 = 10;
/// Family name of the bundled font.
pub(crate) const FONT: &str = "Inter";
/// Size of labels.
pub(super) const FONT_SIZE: f64 = 11.0;
/// plotters divides a font's size by this when it writes SVG; what it measures has the size before.
const FONT_FACTOR: f64 = 1.24;
/// Corners below this radius are small.
const SMALL: f64 = 2.6;
/// No picture is as large; what lies further out is not drawn.
const FAR: f64 = 20_000.0;

/// What drawing gives back.
pub(crate) type Drawing<T> = Result<T, DrawingAreaErrorKind<std::io::Error>>;
/// A place in shown pixels.
pub(super) type At = (f64, f64);

/// Which point of a text stands at its place.
pub(super) struct Px;

impl Px {
    pub const LEFT: Pos = Pos { h_pos: HPos::Left, v_pos: VPos::Center };
    pub const RIGHT: Pos = Pos { h_pos: HPos::Right, v_pos: VPos::Center };
    pub const MIDDLE: Pos = Pos { h_pos: HPos::Center, v_pos: VPos::Center };
}

/// An upright rectangle in shown pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    /// Smaller by so much on every side, but never turned inside out.
    pub fn inset(&self, by: f64) -> Self {
        let (x, y) = (by.min(self.width() / 2.0), by.min(self.height() / 2.0));
        Self { left: self.left + x, top: self.top + y, right: self.right - x, bottom: self.bottom - y }
    }
}

/// Draws on a canvas with the colours of a theme.
pub(super) struct Pen<'a, 'b> {
    canvas: &'a DrawingArea<SVGBackend<'b>, Shift>,
    pub palette: Palette,
}

fn fine(pixels: f64) -> i32 {
    (pixels * f64::from(FINE)).round() as i32
}

fn near(at: &At) -> bool {
    at.0.abs() <= FAR && at.1.abs() <= FAR
}

impl<'a, 'b> Pen<'a, 'b> {
    pub fn new(canvas: &'a DrawingArea<SVGBackend<'b>, Shift>, palette: Palette) -> Self {
        Self { canvas, palette }
    }

    pub fn ink(&self, hue: Hue, tone: Tone) -> RGBColor {
        self.palette.ink(hue, tone)
    }

    /// A line through all points.
    pub fn line(&self, points: &[At], color: RGBColor, width: f64) -> Drawing<()> {
        let points = fine_points(points);
        if points.len() < 2 {
            return Ok(());
        }
        self.canvas.draw(&PathElement::new(points, color.stroke_width(fine(width).max(1) as u32)))
    }

    /// The area inside the points.
    pub fn fill(&self, points: &[At], color: RGBColor) -> Drawing<()> {
        let points = fine_points(points);
        if points.len() < 3 {
            return Ok(());
        }
        self.canvas.draw(&Polygon::new(points, color.filled()))
    }

    /// A filled rectangle, with round corners where there is room for them.
    pub fn area(&self, area: &Area, radius: f64, color: RGBColor) -> Drawing<()> {
        let corners = [(area.left, area.top), (area.right, area.bottom)];
        if !corners.iter().all(near) {
            return Ok(());
        }
        if radius < 0.75 || radius * 2.0 > area.width() + 0.2 || radius * 2.0 > area.height() + 0.2 {
            let [a, b] = corners.map(|(x, y)| (fine(x), fine(y)));
            return self.canvas.draw(&Rectangle::new([a, (b.0.max(a.0 + 1), b.1.max(a.1 + 1))], color.filled()));
        }
        self.fill(&rounded(area, radius), color)
    }

    /// The edge of a rectangle; the whole stroke lies inside.
    pub fn outline(&self, area: &Area, radius: f64, color: RGBColor, width: f64) -> Drawing<()> {
        let inner = area.inset(width / 2.0);
        let mut points = rounded(&inner, radius.min(inner.width() / 2.0).min(inner.height() / 2.0).max(0.0));
        points.extend(points.first().copied());
        self.line(&points, color, width)
    }

    pub fn disc(&self, at: At, radius: f64, color: RGBColor) -> Drawing<()> {
        if !near(&at) {
            return Ok(());
        }
        self.canvas.draw(&Circle::new((fine(at.0), fine(at.1)), fine(radius).max(1), color.filled()))
    }

    pub fn text(&self, text: &str, at: At, anchor: Pos, color: RGBColor, size: f64) -> Drawing<()> {
        if !near(&at) || text.is_empty() {
            return Ok(());
        }
        let size = size * f64::from(FINE) * FONT_FACTOR;
        let style = TextStyle { font: (FONT, size).into_font(), color: color.to_backend_color(), pos: anchor };
        self.canvas.draw(&Text::new(text, (fine(at.0), fine(at.1)), style))
    }

    /// How wide a text is.
    pub fn width(&self, text: &str, size: f64) -> f64 {
        let style = TextStyle::from((FONT, size * f64::from(FINE) * FONT_FACTOR).into_font());
        let wide = self.canvas.estimate_text_size(text, &style).map_or(0.0, |(width, _)| f64::from(width));
        wide / f64::from(FINE)
    }
}

fn fine_points(points: &[At]) -> Vec<(i32, i32)> {
    let mut points: Vec<(i32, i32)> = points.iter().filter(|at| near(at)).map(|at| (fine(at.0), fine(at.1))).collect();
    points.dedup();
    points
}

/// The corners of a rectangle as quarter circles of a few points each.
fn rounded(area: &Area, radius: f64) -> Vec<At> {
    // A small corner needs few points to look round.
    let steps = if radius < SMALL { 2 } else { 4 };
    if radius < 0.5 {
        let Area { left, top, right, bottom } = *area;
        return vec![(left, top), (right, top), (right, bottom), (left, bottom)];
    }
    let inner = area.inset(radius);
    let corners = [
        (inner.right, inner.top, -90.0f64),
        (inner.right, inner.bottom, 0.0),
        (inner.left, inner.bottom, 90.0),
        (inner.left, inner.top, 180.0),
    ];
    let corner = |(x, y, from): (f64, f64, f64)| {
        (0..=steps).map(move |i| {
            let turn = (from + 90.0 * f64::from(i) / f64::from(steps)).to_radians();
            (x + radius * turn.cos(), y + radius * turn.sin())
        })
    };
    corners.into_iter().flat_map(corner).collect()
}
