//! Pixels of a drawn chart. plotters' own bitmaps have ragged lines, so resvg draws the same SVG.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::Error;
use crate::draw::FONT;
use crate::font::INTER;
use crate::svg::Drawn;

/// The largest picture, in pixels of one side.
const LARGEST: f32 = 16_384.0;

/// Returns the picture as PNG on its background, `scale` pixels to one shown pixel.
///
/// Only the bundled font is used, so it looks the same on every computer.
pub fn png(drawn: &Drawn, scale: f32) -> Result<Vec<u8>, Error> {
    // The letters come from the font itself, so they need not be in the document.
    document(&drawn.with(""), scale)
}

/// Returns any SVG document of ours as PNG; what is not text in the bundled font is not text.
fn document(svg: &str, scale: f32) -> Result<Vec<u8>, Error> {
    let options = Options { fontdb: fonts(), font_family: FONT.to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| Error(error.to_string()))?;
    let size = tree.size();
    let scale = if scale.is_finite() { scale } else { 1.0 };
    let scale = scale.clamp(0.1, 16.0).min(LARGEST / size.width().max(size.height()));
    let pixels = |length: f32| (length * scale).round().max(1.0) as u32;
    let mut pixmap = Pixmap::new(pixels(size.width()), pixels(size.height()))
        .ok_or_else(|| Error("the picture is too large".into()))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| Error(error.to_string()))
}

/// Reads the font once; usvg silently drops text in any other.
fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let read = || {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(INTER.to_vec());
        Arc::new(fonts)
    };
    FONTS.get_or_init(read).clone()
}
