//! An address as a picture for the phone's camera: for screens, and for terminals.

use qrcode::render::{svg, unicode};
use qrcode::{EcLevel, QrCode};

/// Pixels of a picture's edge, at least.
const EDGE: u32 = 240;

/// Draws an address as SVG, black on white in every theme: cameras want it so.
pub fn svg(address: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M).ok()?;
    Some(code.render::<svg::Color<'_>>().min_dimensions(EDGE, EDGE).quiet_zone(true).build())
}

/// Draws it in letters of half a line each, for a terminal with a dark ground.
pub fn text(address: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(address, EcLevel::L).ok()?;
    let (dark, light) = (unicode::Dense1x2::Light, unicode::Dense1x2::Dark);
    Some(code.render::<unicode::Dense1x2>().dark_color(dark).light_color(light).quiet_zone(true).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_fits_into_both_pictures() {
        let address = "http://192.168.1.20:8787/pair/ABCDEFGHJKLMNPQRSTUVWXYZ23";
        let picture = svg(address).expect("a picture");
        assert!(picture.starts_with("<?xml") && picture.contains("#fff") && picture.contains("#000"));
        let lines: Vec<String> = text(address).expect("letters").lines().map(str::to_owned).collect();
        let width = lines.first().map_or(0, |line| line.chars().count());
        // 29 modules and four of quiet on both sides, two of them in a line.
        assert_eq!((width, lines.len()), (37, 19));
        assert!(svg(&"x".repeat(9_000)).is_none());
    }
}
