//! Charts as files: SVG, or PNG of the same picture.

use std::io::Write;
use std::path::Path;

use chart::{Model, Size, Theme, png, render_headed};
use health::key;
use health::language::word;

use crate::error::{About, Code, Error, Result};
use crate::new_file::Unfinished;

/// Pixels of a PNG to one shown pixel, where nobody says otherwise.
pub const SCALE: f32 = 2.0;
/// What a picture is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines.
    Svg,
    /// Pixels.
    Png,
}

impl Format {
    /// By the end of a file's name.
    pub fn of(path: &Path) -> Result<Self> {
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
        match end.as_deref() {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(Error::new(
                Code::BadUsage,
                "The name of the file does not say what it shall be.",
                "Let it end with .svg or .png.",
            )),
        }
    }
}

/// Draws a chart and returns the bytes of a file: with a heading, and on its own background.
pub fn picture(model: &Model, size: Size, theme: Theme, format: Format, scale: f32) -> Result<Vec<u8>> {
    let drawn = render_headed(model, size, theme).map_err(failed)?;
    match format {
        Format::Svg => Ok(drawn.document().into_bytes()),
        Format::Png => png(&drawn, scale).map_err(failed),
    }
}

fn failed(error: chart::Error) -> Error {
    Error::new(Code::File, format!("{error}."), word(key!("Please tell us; the table is there with --csv.")))
}

/// Writes a picture for its owner alone. A file of that name is replaced once the new one is whole.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let unfinished = Unfinished::replacing(path)?;
    unfinished.open()?.write_all(bytes).writing(path)?;
    unfinished.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[test]
    fn a_picture_takes_away_what_a_killed_one_has_left_and_no_more() {
        let folder = TestFolder::new("left-picture");
        std::fs::create_dir_all(folder.dir()).expect("a folder");
        let file = |name: &str| folder.dir().join(name);
        let theirs = ["day.svg.part", "night.svg.vitalog.part"];
        for name in ["day.svg", "day.svg.vitalog.part"].iter().chain(&theirs) {
            std::fs::write(file(name), "half").expect("written");
        }
        write(&file("day.svg"), b"<svg/>").expect("a picture");
        assert_eq!(std::fs::read(file("day.svg")).expect("there"), b"<svg/>");
        assert!(theirs.iter().all(|name| file(name).exists()));
        assert!(!file("day.svg.vitalog.part").exists());
    }

    #[test]
    fn the_end_of_the_name_decides() {
        let of = |name: &str| Format::of(Path::new(name)).ok();
        assert_eq!(of("a.svg"), Some(Format::Svg));
        assert_eq!(of("folder.svg/a.PNG"), Some(Format::Png));
        assert_eq!((of("a"), of("a.jpg"), of("svg")), (None, None, None));
    }
}
