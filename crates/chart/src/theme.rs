//! Colours of a chart, light and dark. The page has the same ones as tokens in `ui/src/tokens.css`.

use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};

/// Which set of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Dark ink on light paper.
    #[default]
    Light,
    /// The other way round.
    Dark,
}

/// The colours that a chart needs. All are opaque, so that shapes made of several parts show no seams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    /// What lies under the chart.
    pub surface: RGBColor,
    /// Grid lines.
    pub line: RGBColor,
    /// Labels.
    pub text: RGBColor,
    /// Notes such as "no data".
    pub faint: RGBColor,
    /// The measured thing.
    pub heart: RGBColor,
    /// The same, half strength: a complete bucket.
    pub heart_light: RGBColor,
    /// The same, weaker still: a bucket that is not over.
    pub heart_faint: RGBColor,
}

impl Theme {
    pub(crate) fn palette(self) -> Palette {
        match self {
            Self::Light => Palette {
                surface: RGBColor(0xff, 0xff, 0xff),
                line: RGBColor(0xe4, 0xe4, 0xdf),
                text: RGBColor(0x55, 0x5b, 0x64),
                faint: RGBColor(0x6a, 0x70, 0x79),
                heart: RGBColor(0xc2, 0x2f, 0x4d),
                heart_light: RGBColor(0xe8, 0xae, 0xb9),
                heart_faint: RGBColor(0xf5, 0xdc, 0xe1),
            },
            Self::Dark => Palette {
                surface: RGBColor(0x16, 0x1a, 0x20),
                line: RGBColor(0x27, 0x2d, 0x35),
                text: RGBColor(0xaa, 0xb1, 0xbb),
                faint: RGBColor(0x8f, 0x97, 0xa2),
                heart: RGBColor(0xff, 0x7d, 0x92),
                heart_light: RGBColor(0x7d, 0x45, 0x52),
                heart_faint: RGBColor(0x43, 0x2b, 0x35),
            },
        }
    }
}
