//! Colours of a chart, light and dark. The page has the same ones as tokens in `ui/src/tokens.css`.
//!
//! Every area has one hue that stays the same everywhere. A colour never says good or bad.

use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};

use crate::layer::Tone;

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

/// Whose colour something has: that of an area of health, of a stage of sleep, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Hue {
    /// Heart.
    Heart,
    /// Sleep as a whole.
    Sleep,
    /// Steps, energy, rings.
    Activity,
    /// Workouts.
    Workout,
    /// Body measurements.
    Body,
    /// Vital signs.
    Vitals,
    /// The ring of moving. The three differ in lightness too, for those who see no hues.
    Move,
    /// The ring of exercise.
    Exercise,
    /// The ring of standing.
    Stand,
    /// Awake in the night.
    Awake,
    /// REM sleep.
    Rem,
    /// Core sleep.
    Core,
    /// Deep sleep.
    Deep,
    /// What belongs to no area.
    Neutral,
}

/// The colours that a chart needs. All are opaque, so that shapes made of several parts show no seams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    theme: Theme,
    /// What lies under the chart.
    pub surface: RGBColor,
    /// Grid lines; barely there, they carry nothing.
    pub line: RGBColor,
    /// Heavier lines of ruled paper.
    pub rule: RGBColor,
    /// Numbers that are read first.
    pub strong: RGBColor,
    /// Labels.
    pub text: RGBColor,
    /// Notes such as "no data".
    pub faint: RGBColor,
}

const fn rgb(hex: u32) -> RGBColor {
    RGBColor((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

impl Theme {
    /// Returns a colour as `#rrggbb`, for a legend beside the picture.
    pub fn css(self, hue: Hue, tone: Tone) -> String {
        let RGBColor(r, g, b) = self.palette().ink(hue, tone);
        format!("#{r:02x}{g:02x}{b:02x}")
    }

    pub(crate) fn palette(self) -> Palette {
        match self {
            Self::Light => Palette {
                theme: self,
                surface: rgb(0xffffff),
                line: rgb(0xe4e4df),
                rule: rgb(0xc9c9c2),
                strong: rgb(0x17191c),
                text: rgb(0x555b64),
                faint: rgb(0x6a7079),
            },
            Self::Dark => Palette {
                theme: self,
                surface: rgb(0x161a20),
                line: rgb(0x272d35),
                rule: rgb(0x3b434e),
                strong: rgb(0xeceef1),
                text: rgb(0xaab1bb),
                faint: rgb(0x8f97a2),
            },
        }
    }
}

impl Palette {
    /// The colour of a hue at some strength.
    pub fn ink(&self, hue: Hue, tone: Tone) -> RGBColor {
        let (full, soft) = self.pair(hue);
        match tone {
            Tone::Full => full,
            Tone::Soft => soft,
            Tone::Pale => mix(self.surface, full, 15),
            Tone::Shade(strength) => mix(self.surface, full, 9 * u32::from(strength.clamp(1, 3))),
            // From just readable over the colour itself to almost the ink of text.
            Tone::Step(0 | 1) => soft,
            Tone::Step(2) => mix(soft, full, 50),
            Tone::Step(3) => full,
            Tone::Step(4) => mix(full, self.strong, 40),
            Tone::Step(_) => mix(full, self.strong, 78),
        }
    }

    /// A hue, and the lightest tint of it that still stands out from the surface by 3 to 1.
    fn pair(&self, hue: Hue) -> (RGBColor, RGBColor) {
        let (full, soft) = match (self.theme, hue) {
            (Theme::Light, Hue::Heart) => (0xc22f4d, 0xd67488),
            (Theme::Light, Hue::Sleep) => (0x5a4fcf, 0x8f87de),
            (Theme::Light, Hue::Activity) => (0x13795a, 0x559f88),
            (Theme::Light, Hue::Workout) => (0xa85600, 0xc08547),
            (Theme::Light, Hue::Body) => (0x7c6400, 0xa2914a),
            (Theme::Light, Hue::Vitals) => (0x1b6aab, 0x5f97c4),
            (Theme::Light, Hue::Move) => (0x13795a, 0x559f88),
            (Theme::Light, Hue::Exercise) => (0xc77700, 0xc97c0a),
            (Theme::Light, Hue::Stand) => (0x1f3a93, 0x7d8cc0),
            (Theme::Light, Hue::Awake) => (0xe0661f, 0xe27231),
            (Theme::Light, Hue::Rem) => (0x1e93c7, 0x2e9bcb),
            (Theme::Light, Hue::Core) => (0x5a4fcf, 0x8f87de),
            (Theme::Light, Hue::Deep) => (0x1b1452, 0x928eac),
            (Theme::Light, Hue::Neutral) => (0x555b64, 0x8d9197),
            (Theme::Dark, Hue::Heart) => (0xff7d92, 0x9b5261),
            (Theme::Dark, Hue::Sleep) => (0x9d94ff, 0x6461a1),
            (Theme::Dark, Hue::Activity) => (0x4fca9d, 0x337460),
            (Theme::Dark, Hue::Workout) => (0xf0a75c, 0x85623f),
            (Theme::Dark, Hue::Body) => (0xdcbd5e, 0x75683e),
            (Theme::Dark, Hue::Vitals) => (0x70b7f2, 0x456c8d),
            (Theme::Dark, Hue::Move) => (0x4fca9d, 0x337460),
            (Theme::Dark, Hue::Exercise) => (0xffd98a, 0x94804f),
            (Theme::Dark, Hue::Stand) => (0x5b8def, 0x476aa9),
            (Theme::Dark, Hue::Awake) => (0xff9f4a, 0x8d5e35),
            (Theme::Dark, Hue::Rem) => (0x9be1ff, 0x4e6e7e),
            (Theme::Dark, Hue::Core) => (0x5f9bf0, 0x43699f),
            (Theme::Dark, Hue::Deep) => (0x7a55d6, 0x7451cb),
            (Theme::Dark, Hue::Neutral) => (0xaab1bb, 0x636971),
        };
        (rgb(full), rgb(soft))
    }
}

/// `percent` of `b` in `a`, in whole numbers, so that it is the same on every machine.
fn mix(a: RGBColor, b: RGBColor, percent: u32) -> RGBColor {
    let part = |a: u8, b: u8| ((u32::from(a) * (100 - percent) + u32::from(b) * percent + 50) / 100) as u8;
    RGBColor(part(a.0, b.0), part(a.1, b.1), part(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUES: [Hue; 14] = [
        Hue::Move,
        Hue::Exercise,
        Hue::Stand,
        Hue::Heart,
        Hue::Sleep,
        Hue::Activity,
        Hue::Workout,
        Hue::Body,
        Hue::Vitals,
        Hue::Awake,
        Hue::Rem,
        Hue::Core,
        Hue::Deep,
        Hue::Neutral,
    ];

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(color: RGBColor) -> f64 {
        let part = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(color.0) + 0.7152 * part(color.1) + 0.0722 * part(color.2)
    }

    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_mark_stands_out_by_three_to_one_and_every_text_by_four_and_a_half() {
        for theme in [Theme::Light, Theme::Dark] {
            let palette = theme.palette();
            for hue in HUES {
                for tone in [Tone::Full, Tone::Soft, Tone::Step(1), Tone::Step(2), Tone::Step(4), Tone::Step(5)] {
                    let found = contrast(palette.ink(hue, tone), palette.surface);
                    assert!(found >= 3.0, "{theme:?} {hue:?} {tone:?}: {found:.2}");
                }
                let shaded = contrast(palette.ink(hue, Tone::Pale), palette.text);
                assert!(shaded >= 4.5, "text on {theme:?} {hue:?}: {shaded:.2}");
            }
            for text in [palette.strong, palette.text, palette.faint] {
                assert!(contrast(text, palette.surface) >= 4.5, "{theme:?} {text:?}");
            }
        }
    }

    #[test]
    fn rings_differ_without_hues() {
        for theme in [Theme::Light, Theme::Dark] {
            let rings = [Hue::Move, Hue::Exercise, Hue::Stand].map(|hue| theme.palette().ink(hue, Tone::Full));
            for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                assert!(contrast(rings[a], rings[b]) >= 1.4, "{theme:?}: {:?} {:?}", rings[a], rings[b]);
            }
        }
    }

    #[test]
    fn steps_of_a_heat_map_grow_apart_from_the_surface() {
        for theme in [Theme::Light, Theme::Dark] {
            let palette = theme.palette();
            for hue in [Hue::Heart, Hue::Sleep, Hue::Activity, Hue::Workout, Hue::Body, Hue::Vitals] {
                let found = [1, 2, 3, 4, 5].map(|step| contrast(palette.ink(hue, Tone::Step(step)), palette.surface));
                assert!(found.windows(2).all(|pair| pair[1] > pair[0] * 1.15), "{theme:?} {hue:?} {found:?}");
            }
        }
    }

    #[test]
    fn a_legend_gets_the_colours_of_the_picture() {
        let found = |theme: Theme| [Tone::Full, Tone::Soft, Tone::Pale].map(|tone| theme.css(Hue::Heart, tone));
        assert_eq!(found(Theme::Light), ["#c22f4d", "#d67488", "#f6e0e4"]);
        assert_eq!(found(Theme::Dark), ["#ff7d92", "#9b5261", "#392931"]);
    }

    #[test]
    fn stages_of_sleep_have_the_checked_colours() {
        let found =
            |theme: Theme| [Hue::Awake, Hue::Rem, Hue::Core, Hue::Deep].map(|hue| theme.palette().ink(hue, Tone::Full));
        assert_eq!(found(Theme::Light), [rgb(0xe0661f), rgb(0x1e93c7), rgb(0x5a4fcf), rgb(0x1b1452)]);
        assert_eq!(found(Theme::Dark), [rgb(0xff9f4a), rgb(0x9be1ff), rgb(0x5f9bf0), rgb(0x7a55d6)]);
    }
}
