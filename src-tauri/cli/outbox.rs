//! What waits for servers.

use app::local::Clock;
use app::remotes;
use app::{Folder, Result};

use super::End;
use super::out::Out;
use super::table::Table;

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let rows = remotes::outbox(folder)?;
    let clock = Clock::here();
    out.rows(&rows, || {
        let heading =
            ["server", "state", "has", "unconfirmed", "waiting", "refused", "stays there", "next try", "last error"];
        let mut table = Table::new(&heading).or_else("No server was added yet.");
        for row in &rows {
            let next = row.next_try.as_ref().map(|at| clock.time(at)).unwrap_or_default();
            table.row([
                row.remote.clone(),
                row.state.to_owned(),
                row.acked.to_string(),
                row.accepted.to_string(),
                row.waiting.to_string(),
                row.refused.to_string(),
                row.stays.to_string(),
                next,
                row.last_error.clone().unwrap_or_default(),
            ]);
        }
        table
    })?;
    Ok(End::Done)
}
