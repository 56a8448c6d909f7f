//! The bundled font, and the part of it that a picture takes along.
//!
//! A picture that leaves this computer meets others without Inter, so its file carries the letters that it uses: a few
//! kilobytes. The licence of the font stays with them, in the font's own names and in a comment that people see.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use read_fonts::FontRef;
use read_fonts::collections::IntSet;
use read_fonts::types::{NameId, Tag};
use skera::{Plan, SubsetFlags, subset_font};

use crate::draw::FONT;

/// The bundled font; [`crate::png`](mod@crate::png) reads the same bytes.
pub(crate) const INTER: &[u8] = include_bytes!("../fonts/Inter-Regular.ttf");

/// What the licence of the font wants to be kept with it.
const NOTICE: &str = "Contains a part of the font Inter, Copyright 2016 The Inter Project Authors \
                      (https://github.com/rsms/inter), under the SIL Open Font License 1.1, https://openfontlicense.org";

/// What browsers do with a font unasked: places and shapes of letters beside each other. Without these, text would have
/// other widths than with the whole font.
const FEATURES: [&[u8; 4]; 8] = [b"calt", b"ccmp", b"clig", b"kern", b"liga", b"locl", b"mark", b"rlig"];

/// Everything up to the licence and its address; of these names the copyright is the first.
const NAMES: std::ops::RangeInclusive<u16> = 0..=14;
/// American English, which is what fonts are named in.
const LANGUAGE: u16 = 0x409;

/// Returns the letters of an SVG as a style of it.
pub(crate) fn style(svg: &str) -> String {
    let letters = letters(svg);
    if letters.is_empty() {
        return String::new();
    }
    // The whole font is as right, only larger.
    let font = subset(&letters).unwrap_or_else(|| INTER.to_vec());
    let data = STANDARD.encode(font);
    format!(
        "\n<!-- {NOTICE} -->\n<style>@font-face {{ font-family: \"{FONT}\"; \
         src: url(\"data:font/ttf;base64,{data}\") format(\"truetype\"); }}</style>"
    )
}

/// What stands in the texts of an SVG of ours.
fn letters(svg: &str) -> BTreeSet<char> {
    let words = svg.split("<text").skip(1).filter_map(|text| Some(text.split_once('>')?.1.split_once("</text>")?.0));
    let plain = |words: &str| {
        let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
        signs.into_iter().fold(words.trim().to_owned(), |words, (escaped, sign)| words.replace(escaped, sign))
    };
    words.flat_map(|words| plain(words).chars().collect::<Vec<_>>()).collect()
}

/// Returns a font of only these letters.
fn subset(letters: &BTreeSet<char>) -> Option<Vec<u8>> {
    let font = FontRef::new(INTER).ok()?;
    let mut scripts = IntSet::<Tag>::empty();
    scripts.invert();
    let mut names = IntSet::<NameId>::empty();
    names.extend(NAMES.map(NameId::from));
    let plan = Plan::new(
        &IntSet::empty(),
        &letters.iter().map(|letter| u32::from(*letter)).collect(),
        &font,
        SubsetFlags::default(),
        &IntSet::empty(),
        &scripts,
        &FEATURES.into_iter().map(Tag::new).collect(),
        &names,
        &[LANGUAGE].into_iter().collect(),
    );
    subset_font(&font, &plan).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_shown_is_taken_along() {
        let svg = "<desc>xyz</desc><text x=\"1\">\na &lt;b&gt;\n</text><g/><text>\n1\n</text>";
        assert_eq!(letters(svg).into_iter().collect::<String>(), " 1<>ab");
        assert_eq!(style("<svg><desc>words</desc></svg>"), "");
    }

    #[test]
    fn a_part_of_the_font_is_small_and_names_its_authors() {
        let font = subset(&letters("<text>Resting heart rate 0123456789</text>")).expect("a font");
        assert!(font.len() < 20_000, "{} bytes", font.len());
        let found = |words: &str| {
            let wide: Vec<u8> = words.encode_utf16().flat_map(u16::to_be_bytes).collect();
            font.windows(wide.len()).any(|part| part == wide)
        };
        assert!(found("The Inter Project Authors") && found("SIL Open Font License"));
    }
}
