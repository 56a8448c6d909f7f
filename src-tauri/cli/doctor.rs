//! Is everything in order on this computer?

use app::{Folder, Result};

use super::End;
use super::out::Out;
use super::table::Table;

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let checks = app::doctor::doctor(folder, super::now_ms());
    out.rows(&checks, || {
        let mut table = Table::new(&["check", "ok", "found", "fix"]);
        for row in &checks {
            let ok = if row.ok { "yes" } else { "no" };
            table.row([row.check.to_owned(), ok.to_owned(), row.found.clone(), row.fix.clone()]);
        }
        table
    })?;
    Ok(if checks.iter().all(|check| check.ok) { End::Done } else { End::Failed })
}
