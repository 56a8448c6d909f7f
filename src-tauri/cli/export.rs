//! Takes everything out.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use app::export::{Format, Selection};
use app::{Folder, Result};
use clap::ValueEnum;

use super::End;
use super::args::Range;
use super::out::Out;

/// What, how and where to.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// How it is written
    #[arg(long, value_enum)]
    format: Kind,
    /// A folder, or - for standard output
    #[arg(long = "out", value_name = "DIR|-")]
    out_dir: PathBuf,
    /// Only these types
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    types: Vec<String>,
    #[command(flatten)]
    range: Range,
    /// Rows that a newer export rewrote, too
    #[arg(long)]
    superseded: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Jsonl,
    Csv,
}

pub(super) fn run(verb: &Export, folder: &Folder, out: &mut Out) -> Result<End> {
    let (format, name) = match verb.format {
        Kind::Jsonl => (Format::Jsonl, "vitalog.jsonl"),
        Kind::Csv => (Format::Csv, "vitalog.csv"),
    };
    let days = verb.range.days()?;
    let selection = Selection { types: verb.types.clone(), days, superseded: verb.superseded };
    if verb.out_dir.as_os_str() == "-" {
        app::export::export(folder, &selection, format, out.data())?;
        return Ok(End::Done);
    }
    app::folder::create_private(&verb.out_dir)?;
    let mut file = BufWriter::new(File::create(verb.out_dir.join(name))?);
    let written = app::export::export(folder, &selection, format, &mut file)?;
    file.flush()?;
    out.say(&format!("{written} records in {name}"));
    Ok(End::Done)
}
