//! How much is there.

use app::status::Status;
use app::{Folder, Result, words};

use super::End;
use super::out::{Out, Style};

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let status = app::status::status(folder)?;
    match out.style {
        Style::Json => out.json(&status)?,
        Style::Csv => out.pairs(&status)?,
        Style::Words => tell(&status, out)?,
    }
    Ok(End::Done)
}

fn tell(status: &Status, out: &mut Out) -> Result<()> {
    let count = |n: i64, one: &str, many: &str| words::count(n.unsigned_abs(), one, many);
    out.line(&format!(
        "{} of {} from {}",
        count(status.records, "record", "records"),
        count(status.types, "type", "types"),
        count(status.sources, "source", "sources")
    ))?;
    let besides = words::entries(|key| status.entries.get(key).map_or(0, |row| row.count.unsigned_abs()));
    if !besides.is_empty() {
        out.line(&format!("Besides: {besides}"))?;
    }
    if let Some((first, last)) = status.first_day.as_ref().zip(status.last_day.as_ref()) {
        out.line(&format!("from {first} to {last}"))?;
    }
    out.line(&format!("{}, home zone {}", count(status.imports, "import", "imports"), status.home_zone))?;
    if status.receiver.on {
        out.line(&format!("receives from phones at {}", status.receiver.urls.join(", ")))?;
    }
    if status.pending.deliveries > 0 {
        let waiting = words::count(status.pending.deliveries, "delivery of a phone waits", "deliveries of phones wait");
        out.line(&waiting)?;
    }
    out.line(&format!("data folder {}", status.data_dir))
}
