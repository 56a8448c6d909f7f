//! What phones delivered, the newest first.

use app::local::Clock;
use app::phones::DeliveryLine;
use app::{Folder, Result, odd};

use super::End;
use super::out::Out;
use super::table::Table;

/// Whose deliveries.
#[derive(Debug, clap::Args)]
pub struct Deliveries {
    /// Of one phone's app, by its name or number
    #[arg(long)]
    device: Option<String>,
}

pub(super) fn run(verb: &Deliveries, folder: &Folder, out: &mut Out) -> Result<End> {
    let rows = app::phones::deliveries(folder, verb.device.as_deref())?;
    let clock = Clock::here();
    out.rows(&rows, || {
        let heading =
            ["delivery", "device", "app", "received", "bytes", "state", "new", "known", "replaced", "rejected", "why"];
        let mut table = Table::new(&heading).or_else("No phone has delivered anything yet.");
        for row in &rows {
            table.row([
                row.delivery.to_string(),
                row.device.to_string(),
                row.app.unwrap_or_default().to_owned(),
                clock.time(&row.received),
                row.bytes.to_string(),
                row.state.to_owned(),
                row.new.to_string(),
                row.known.to_string(),
                row.replaced.to_string(),
                row.rejected.to_string(),
                why(row),
            ]);
        }
        table
    })?;
    Ok(End::Done)
}

/// What was wrong or odd about it, and how often.
fn why(row: &DeliveryLine) -> String {
    let said = row.problems.iter().map(|problem| {
        let (count, said) = (problem.count, odd::said(&problem.reason));
        if row.state == "unreadable" { format!("it {said}") } else { format!("{count} {said}") }
    });
    said.collect::<Vec<_>>().join("; ")
}
