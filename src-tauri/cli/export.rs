//! Takes everything out.

use std::path::{Path, PathBuf};

use app::export::{Exported, Format, Output, Selection};
use app::{Folder, Result};
use clap::ValueEnum;
use serde_json::json;

use super::End;
use super::args::Range;
use super::import::cancelled_by_ctrl_c;
use super::out::{Out, Style};

/// What, how and where to.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// How it is written: every record as a line of JSON, or one table per kind of record
    #[arg(long, value_enum)]
    format: Kind,
    /// A folder; a file, where it is one (NAME.jsonl, or NAME.csv of the one record named by --types); or - for
    /// standard output (one table only)
    #[arg(long = "out", value_name = "DIR|FILE|-")]
    out_dir: PathBuf,
    /// Only these types, or records such as workout, route, ecg, activity_summary, correlation
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
    let format = match verb.format {
        Kind::Jsonl => Format::Jsonl,
        Kind::Csv => Format::Csv,
    };
    let days = verb.range.days()?;
    let selection = Selection { types: verb.types.clone(), days, superseded: verb.superseded };
    let cancel = cancelled_by_ctrl_c(out);
    if verb.out_dir.as_os_str() == "-" {
        let written = app::export::export(folder, &selection, format, Output::Stream(out.data()), &cancel)?;
        tell_owners(&written, out);
        if format == Format::Csv && verb.types.is_empty() {
            out.say("These are the samples only; with a folder after --out every kind of record gets its table.");
        }
        return Ok(End::Done);
    }
    let written = app::export::export(folder, &selection, format, Output::Folder(verb.out_dir.clone()), &cancel)?;
    match out.style {
        Style::Json => {
            let dir = verb.out_dir.display().to_string();
            let mut answer = json!(written);
            answer["out"] = dir.into();
            out.json(&answer)?;
        }
        _ => tell(&written, &verb.out_dir, out),
    }
    Ok(End::Done)
}

/// What the owner hid or deleted, of rows that go to standard output.
fn tell_owners(written: &Exported, out: &Out) {
    let (what, not_written) = app::words::exported(written);
    if written.hidden > 0 {
        out.say(&format!("Written: {what}."));
    }
    not_written.iter().for_each(|remark| out.say(remark));
}

fn tell(written: &Exported, dir: &Path, out: &Out) {
    let (what, not_written) = app::words::exported(written);
    out.say(&format!("{what} in {}", dir.display()));
    not_written.iter().for_each(|remark| out.say(remark));
    if !written.left.is_empty() {
        out.say(&format!("Left there from an earlier export: {}.", written.left.join(", ")));
    }
}
