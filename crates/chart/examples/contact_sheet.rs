//! Every chart in both themes on one picture: `cargo run --release -p chart --example contact_sheet --
//! docs/charts.png`.
//!
//! With a folder instead of a file, each chart becomes a picture of its own, light and dark, small and large.

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::error::Error;
use std::fs;
use std::path::Path;

use chart::{Drawn, Model, Size, Theme, png, render};
use samples::{Amount, charts};

/// One chart of the sheet, and the space around it.
const CELL: (u32, u32) = (520, 250);
const MARGIN: u32 = 20;
const TITLE: u32 = 26;
/// Charts in a row, each beside its dark twin.
const COLUMNS: u32 = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let target = std::env::args().nth(1).unwrap_or_else(|| "docs/charts.png".to_owned());
    let charts = charts(Amount::All);
    let target = Path::new(&target);
    if target.is_dir() { singles(&charts, target) } else { sheet(&charts, target) }
}

fn singles(charts: &[(&str, Model)], folder: &Path) -> Result<(), Box<dyn Error>> {
    let empty = samples::charts(Amount::None);
    let lone = samples::charts(Amount::One);
    for (theme, word) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        for (width, height) in [(360, 200), (1200, 600)] {
            for (name, model) in charts {
                let drawn = render(model, Size::new(width, height), theme)?;
                fs::write(folder.join(format!("{name}-{word}-{width}.png")), png(&drawn, 1.0)?)?;
            }
        }
        for (amount, models) in [("empty", &empty), ("one", &lone)] {
            for (name, model) in models {
                let drawn = render(model, Size::new(520, 240), theme)?;
                fs::write(folder.join(format!("{name}-{word}-{amount}.png")), png(&drawn, 1.0)?)?;
            }
        }
    }
    Ok(())
}

fn sheet(charts: &[(&str, Model)], file: &Path) -> Result<(), Box<dyn Error>> {
    let (wide, tall) = (CELL.0 + MARGIN, CELL.1 + MARGIN + TITLE);
    let rows = (charts.len() as u32).div_ceil(COLUMNS);
    let (width, height) = (COLUMNS * 2 * wide + MARGIN, rows * tall + MARGIN);
    let mut body = String::new();
    for (theme, half) in [(Theme::Light, 0), (Theme::Dark, 1)] {
        let (paper, ink) = if half == 0 { ("#ffffff", "#17191c") } else { ("#161a20", "#eceef1") };
        let left = half * COLUMNS * wide;
        body += &format!(
            "<rect x=\"{left}\" width=\"{}\" height=\"{height}\" fill=\"{paper}\"/>\n",
            COLUMNS * wide + MARGIN
        );
        for (i, (_, model)) in charts.iter().enumerate() {
            let (x, y) = (left + MARGIN + i as u32 % COLUMNS * wide, MARGIN + i as u32 / COLUMNS * tall);
            body += &format!(
                "<text x=\"{x}\" y=\"{}\" font-family=\"Inter\" font-size=\"14\" fill=\"{ink}\">{}, {}</text>\n",
                y + 12,
                model.title,
                model.days
            );
            let drawn = render(model, Size::new(CELL.0, CELL.1), theme)?;
            let inner = drawn.svg.replacen("<svg ", &format!("<svg x=\"{x}\" y=\"{}\" ", y + TITLE), 1);
            body += &inner;
        }
    }
    let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">\n{body}</svg>");
    let any = render(&charts.first().ok_or("no charts")?.1, Size::new(CELL.0, CELL.1), Theme::Light)?;
    fs::write(file, png(&Drawn { svg, ..any }, 1.0)?)?;
    Ok(())
}
