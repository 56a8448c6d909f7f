//! Draws a model as SVG.
//!
//! plotters knows only whole pixels, so everything is drawn ten times as large as it is shown and the `viewBox`
//! scales it down. Text stays text, and the picture carries its title and description for screen readers.

use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::Serialize;

use crate::Error;
use crate::model::{Bucket, Gap, Model};
use crate::theme::{Palette, Theme};

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Fine pixels to one shown pixel.
const FINE: i32 = 10;
/// plotters divides a font's size by this when it writes SVG.
const FONT_FACTOR: f64 = 1.24;
const FONT: &str = "Inter";
const FONT_SIZE: f64 = 11.0;
const INTER: &[u8] = include_bytes!("../fonts/Inter-Regular.ttf");

/// Space around the plot, in shown pixels: left, top, right, bottom.
const MARGINS: (i32, i32, i32, i32) = (36, 10, 14, 26);
/// Capsules are at most this wide.
const WIDEST: f64 = 14.0;
/// A gap narrower than this gets no words.
const ROOM_FOR_WORDS: f64 = 52.0;

/// Size of the picture in shown pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Size {
    /// A size that can be drawn: at least 240 by 140, at most 4000 by 2000.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width: width.clamp(240, 4000), height: height.clamp(140, 2000) }
    }
}

/// Maps shown pixels to values: `x0` stands at `left`, `x1` at `right`, `y0` at `bottom`, `y1` at `top`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scale {
    /// Time at the left edge, milliseconds since 1970.
    pub x0: f64,
    /// Time at the right edge.
    pub x1: f64,
    /// Value at the bottom edge.
    pub y0: f64,
    /// Value at the top edge.
    pub y1: f64,
    /// Left edge of the plot in pixels.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Bottom edge.
    pub bottom: f64,
}

/// A picture and how to read it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drawn {
    /// The SVG document.
    pub svg: String,
    /// Where values stand in it.
    pub scale: Scale,
}

/// Draws a model of capsules. The same model, size and theme give the same bytes.
pub fn render(model: &Model, size: Size, theme: Theme) -> Result<Drawn, Error> {
    register_font()?;
    let palette = theme.palette();
    let scale = scale(model, size);
    let mut svg = String::new();
    {
        let pixels = (size.width * FINE as u32, size.height * FINE as u32);
        let canvas = SVGBackend::with_string(&mut svg, pixels).into_drawing_area();
        draw(&canvas, model, &scale, &palette).map_err(|error| Error(error.to_string()))?;
        canvas.present().map_err(|error| Error(error.to_string()))?;
    }
    Ok(Drawn { svg: dress(&svg, model, size), scale })
}

fn register_font() -> Result<(), Error> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = *DONE.get_or_init(|| register_font_once().is_ok());
    done.then_some(()).ok_or_else(|| Error("the bundled font is not readable".into()))
}

fn register_font_once() -> Result<(), ()> {
    plotters::style::register_font(FONT, FontStyle::Normal, INTER).map_err(|_| ())
}

fn scale(model: &Model, size: Size) -> Scale {
    let (left, top, right, bottom) = MARGINS;
    Scale {
        x0: model.x.from,
        x1: model.x.to,
        y0: model.y.from,
        y1: model.y.to,
        left: left.into(),
        top: top.into(),
        right: f64::from(size.width) - f64::from(right),
        bottom: f64::from(size.height) - f64::from(bottom),
    }
}

fn fine(pixels: f64) -> i32 {
    (pixels * f64::from(FINE)).round() as i32
}

type Drawing<T> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

fn draw(canvas: &Canvas, model: &Model, scale: &Scale, palette: &Palette) -> Drawing<()> {
    let across = (fine(scale.left)..fine(scale.right), fine(scale.bottom)..fine(scale.top));
    let plot = canvas.apply_coord_spec(Cartesian2d::new(scale.x0..scale.x1, scale.y0..scale.y1, across));
    draw_values(canvas, &plot, model, scale, palette)?;
    draw_times(canvas, &plot, model, scale, palette)?;
    for gap in &model.gaps {
        draw_gap(canvas, &plot, gap, palette)?;
    }
    for bucket in &model.buckets {
        draw_bucket(canvas, &plot, bucket, palette)?;
    }
    Ok(())
}

fn style(color: RGBColor, h: HPos, v: VPos) -> TextStyle<'static> {
    let size = FONT_SIZE * f64::from(FINE) * FONT_FACTOR;
    TextStyle { font: (FONT, size).into_font(), color: color.to_backend_color(), pos: Pos::new(h, v) }
}

fn draw_values(canvas: &Canvas, plot: &Plot, model: &Model, scale: &Scale, palette: &Palette) -> Drawing<()> {
    let line = palette.line.stroke_width(FINE as u32);
    for tick in &model.y.ticks {
        let (_, y) = plot.map_coordinate(&(scale.x0, tick.at));
        canvas.draw(&PathElement::new([(fine(scale.left), y), (fine(scale.right), y)], line))?;
        let style = style(palette.text, HPos::Right, VPos::Center);
        canvas.draw(&Text::new(tick.label.clone(), (fine(scale.left - 8.0), y), style))?;
    }
    Ok(())
}

/// Labels stand under the start of their day; one that would leave the picture is left out.
fn draw_times(canvas: &Canvas, plot: &Plot, model: &Model, scale: &Scale, palette: &Palette) -> Drawing<()> {
    let style = style(palette.text, HPos::Left, VPos::Top);
    let line = palette.line.stroke_width(FINE as u32);
    let mut free_from = i32::MIN;
    for tick in &model.x.ticks {
        let (x, _) = plot.map_coordinate(&(tick.at, scale.y0));
        let (width, _) = canvas.estimate_text_size(&tick.label, &style)?;
        let end = x + width as i32;
        if x < free_from || end > fine(scale.right + f64::from(MARGINS.2)) {
            continue;
        }
        free_from = end + fine(10.0);
        canvas.draw(&PathElement::new([(x, fine(scale.bottom)), (x, fine(scale.bottom + 4.0))], line))?;
        canvas.draw(&Text::new(tick.label.clone(), (x, fine(scale.bottom + 8.0)), style.clone()))?;
    }
    Ok(())
}

fn draw_gap(canvas: &Canvas, plot: &Plot, gap: &Gap, palette: &Palette) -> Drawing<()> {
    let range = plot.get_y_range();
    let middle = (range.start + range.end) / 2.0;
    let (from, y) = plot.map_coordinate(&(gap.start_ms as f64, middle));
    let (to, _) = plot.map_coordinate(&(gap.end_ms as f64, middle));
    if to - from < fine(ROOM_FOR_WORDS) {
        return Ok(());
    }
    let style = style(palette.faint, HPos::Center, VPos::Center);
    canvas.draw(&Text::new("no data", ((from + to) / 2, y - fine(8.0)), style))
}

/// A capsule from lowest to highest (its round ends inside the span) and a ring at the mean.
fn draw_bucket(canvas: &Canvas, plot: &Plot, bucket: &Bucket, palette: &Palette) -> Drawing<()> {
    let (from, top) = plot.map_coordinate(&(bucket.start_ms as f64, bucket.max));
    let (to, bottom) = plot.map_coordinate(&(bucket.end_ms as f64, bucket.min));
    let (_, mean) = plot.map_coordinate(&(bucket.start_ms as f64, bucket.mean));
    let radius = (f64::from(to - from) * 0.32).clamp(f64::from(FINE), f64::from(fine(WIDEST)) / 2.0) as i32;
    let (x, middle) = ((from + to) / 2, (top + bottom) / 2);
    let (upper, lower) = ((top + radius).min(middle), (bottom - radius).max(middle));
    let fill = if bucket.complete { palette.heart_light } else { palette.heart_faint }.filled();
    canvas.draw(&Rectangle::new([(x - radius, upper), (x + radius, lower)], fill))?;
    canvas.draw(&Circle::new((x, upper), radius, fill))?;
    canvas.draw(&Circle::new((x, lower), radius, fill))?;
    let ring = (radius * 3 / 5).clamp(fine(1.0), fine(3.0));
    canvas.draw(&Circle::new((x, mean), ring + fine(0.8), palette.heart.filled()))?;
    canvas.draw(&Circle::new((x, mean), (ring - fine(0.8)).max(1), palette.surface.filled()))
}

/// Gives the picture its shown size, a name and a description, and the page's fonts behind ours. The name is no
/// `<title>`: browsers show that as a tooltip, over the read-out.
fn dress(svg: &str, model: &Model, size: Size) -> String {
    let body = svg.find('>').map_or("", |end| &svg[end + 1..]);
    let body = body.replace("font-family=\"Inter\"", "font-family=\"Inter, system-ui, sans-serif\"");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {fine_width} \
         {fine_height}\" role=\"img\" aria-label=\"{title}\" aria-describedby=\"chart-desc\">\n\
         <desc id=\"chart-desc\">{desc}</desc>{body}",
        width = size.width,
        height = size.height,
        fine_width = size.width * FINE as u32,
        fine_height = size.height * FINE as u32,
        title = escape(&model.title),
        desc = escape(&model.summary),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
