//! Writes a made-up export: `make_export FILE [--days N | --records N] [--seed N] [--end DAY] [--zone NAME]`.
//! Prints exact answers about it as JSON.

use std::fs::File;
use std::io::BufWriter;

use app::demo::{DemoOptions, write_export};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let file = words.first().ok_or("name the file to write")?;
    let option = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let end = option("--end").map_or("2026-11-01", String::as_str);
    let options = DemoOptions {
        seed: option("--seed").map_or(Ok(1), |text| text.parse())?,
        end_day: health::time::parse_day(end).ok_or("--end wants a day such as 2026-11-01")?,
        days: option("--days").map_or(Ok(365), |text| text.parse())?,
        zone: option("--zone").map_or("Europe/Berlin", String::as_str),
        records: option("--records").map(|text| text.parse()).transpose()?,
    };
    let truth = write_export(BufWriter::new(File::create(file)?), &options)?;
    println!("{}", serde_json::to_string_pretty(&truth)?);
    Ok(())
}
