//! Edits of sessions of sleep.

use health::series::sleep::{APART_MS, Edit};
use rusqlite::{Connection, OptionalExtension};

use super::{Act, What, log};
use crate::derived::Derived;
use crate::error::Result;

/// The edits that stand, the oldest first.
pub(crate) fn edits(conn: &Connection) -> Result<Vec<Edit>> {
    Ok(log::standing(conn)?.iter().filter_map(edit).collect())
}

fn edit(act: &Act) -> Option<Edit> {
    let What::Night(kind) = act.what else { return None };
    Some(Edit { kind, from_ms: act.from_ms?, until_ms: act.until_ms? })
}

/// The sessions around an edit are to be found anew.
pub(super) fn touch(conn: &Connection, act: &Act, derived: &mut Derived) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT id FROM kinds WHERE identifier = ?1")?;
    let kind = statement.query_row([&act.kind], |row| row.get(0)).optional()?;
    if let (Some(kind), Some(edit)) = (kind, edit(act)) {
        derived.touch(kind, (edit.from_ms.saturating_sub(APART_MS), edit.until_ms.saturating_add(APART_MS)));
    }
    Ok(())
}
