//! Draws a model as SVG.
//!
//! plotters knows only whole pixels, so everything is drawn ten times as large as it is shown and the `viewBox`
//! scales it down. Text stays text, and the picture carries its title and description for screen readers.

use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::prelude::*;
use serde::Serialize;

use crate::Error;
use crate::draw::{self, FINE, FONT};
use crate::fold::fold;
use crate::font::{self, INTER};
use crate::model::Model;
use crate::theme::{Palette, Theme};

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

    /// The size of a picture without words, as a card has room for: at least 60 by 24.
    pub fn small(width: u32, height: u32) -> Self {
        Self { width: width.clamp(60, 4000), height: height.clamp(24, 2000) }
    }
}

/// Maps shown pixels to values: `x0` stands at `left`, `x1` at `right`, `y0` at `bottom`, `y1` at `top`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scale {
    /// Value at the left edge; milliseconds since 1970 on a time axis.
    pub x0: f64,
    /// Value at the right edge.
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
    /// The SVG document. It has no background: it lies on the surface of whoever shows it.
    pub svg: String,
    /// Where values stand in it; in the first panel where there are several.
    pub scale: Scale,
    /// Where values stand in each panel, top to bottom; one for the first too.
    pub panels: Vec<Scale>,
    /// Whose colours it has.
    pub theme: Theme,
}

impl Drawn {
    /// Returns the picture as a file of its own: on its background, and with the letters that it uses.
    pub fn document(&self) -> String {
        self.with(&font::style(&self.svg))
    }

    /// The picture on its background, with something before it.
    pub(crate) fn with(&self, before: &str) -> String {
        let RGBColor(r, g, b) = self.theme.palette().surface;
        let background =
            format!("</desc>{before}\n<rect width=\"100%\" height=\"100%\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>");
        self.svg.replacen("</desc>", &background, 1)
    }
}

/// Draws any model. The same model, size and theme give the same bytes.
pub fn render(model: &Model, size: Size, theme: Theme) -> Result<Drawn, Error> {
    drawn(model, size, theme, draw::picture)
}

/// Draws any model with its title and its days above it: for a picture that stands alone.
pub fn render_headed(model: &Model, size: Size, theme: Theme) -> Result<Drawn, Error> {
    drawn(model, size, theme, draw::headed)
}

/// Draws on a canvas and returns where values stand in the panels.
type Draw = fn(&DrawingArea<SVGBackend, Shift>, &Model, Size, Palette) -> draw::Drawing<Vec<Scale>>;

fn drawn(model: &Model, size: Size, theme: Theme, draw: Draw) -> Result<Drawn, Error> {
    register_font()?;
    // The fields are public, so a size may come that `new` did not see.
    let size = Size::small(size.width, size.height);
    let mut svg = String::new();
    let panels = {
        let pixels = (size.width * FINE as u32, size.height * FINE as u32);
        let canvas = SVGBackend::with_string(&mut svg, pixels).into_drawing_area();
        let panels = draw(&canvas, model, size, theme.palette()).map_err(|error| Error(error.to_string()))?;
        canvas.present().map_err(|error| Error(error.to_string()))?;
        panels
    };
    let scale = panels.first().copied().ok_or_else(|| Error("the picture has no plot".into()))?;
    Ok(Drawn { svg: dress(&svg, model, size), scale, panels, theme })
}

fn register_font() -> Result<(), Error> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = *DONE.get_or_init(|| plotters::style::register_font(FONT, FontStyle::Normal, INTER).is_ok());
    done.then_some(()).ok_or_else(|| Error("the bundled font is not readable".into()))
}

/// Gives the picture its shown size, a name and a description, and the page's fonts behind ours. The name is no
/// `<title>`: a browser would show that as a tooltip over the page's own read-out.
fn dress(svg: &str, model: &Model, size: Size) -> String {
    let body = svg.find('>').map_or("", |end| &svg[end + 1..]);
    let body = body.replace("font-family=\"Inter\"", "font-family=\"Inter, system-ui, sans-serif\"");
    // Whole colours say nothing about opacity; lines meet round.
    let body = fold(&body.replace(" opacity=\"1\"", ""));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {fine_width} \
         {fine_height}\" role=\"img\" aria-label=\"{title}\" aria-describedby=\"chart-desc\" stroke-linejoin=\"round\">\n\
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
