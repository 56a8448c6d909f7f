//! What follows from which imports held what, decided once more: who supersedes whom, and whose image a row shows.

use health::time::{Zones, format_day};
use rusqlite::Connection;

use super::KindRow;
use super::verify::Texts;
use crate::entries;
use crate::error::Result;
use crate::history::{ImportRef, image_at};
use crate::row::FLAG_LOGGED;
use crate::superseded::{Decided, Part, decide};
use crate::unite::number;

/// Tells, for one kind, each sample that is not as the imports have it.
pub(super) fn of_samples(
    conn: &Connection,
    kind: &KindRow,
    imports: &[ImportRef],
    zones: &Zones,
    texts: &mut Texts,
) -> Result<()> {
    let id = number(kind.id)?;
    decide(conn, id, Part::All, imports, &mut |decided| {
        if let Some(text) = difference(conn, id, &decided, imports)? {
            let key = decided.row.key;
            let day = || format_day(zones.day(key.start_ms));
            texts.tell(|| format!("{} of source {} on {}: {text}", kind.identifier, key.source, day()));
        }
        Ok(())
    })
}

fn difference(
    conn: &Connection,
    kind: u32,
    decided: &Decided<'_>,
    imports: &[ImportRef],
) -> Result<Option<&'static str>> {
    let row = decided.row;
    let Some(holder) = decided.presence.newest_holder(imports, row.import_id, &row.key) else {
        return Ok(Some("no import holds it"));
    };
    if decided.superseded_by != row.superseded_by {
        return Ok(Some(match decided.superseded_by {
            Some(_) => "a newer export rewrote it, and it counts all the same",
            None => "no newer export rewrote it, and it does not count",
        }));
    }
    let logged = row.flags & FLAG_LOGGED != 0;
    let image = if logged { image_at(conn, kind, &row.key, holder.id)? } else { None };
    Ok(image.filter(|image| *image != row.image).map(|_| "it does not look as in the newest export that holds it"))
}

/// Tells how many entries are not as the imports have them.
pub(super) fn of_entries(conn: &Connection, imports: &[ImportRef], texts: &mut Texts) -> Result<()> {
    let superseded = entries::differences(conn, imports)?;
    let held_by_none: u64 = conn.query_row(
        "SELECT count(*) FROM entries e WHERE NOT EXISTS (
             SELECT 1 FROM entry_log l JOIN imports i ON i.id = l.import_id WHERE l.entry_id = e.id AND i.undone = 0)
             AND import_id NOT IN (SELECT id FROM imports WHERE channel = 'phone' AND undone = 0)",
        [],
        |row| row.get(0),
    )?;
    let counted = [
        (superseded, "entries count that a newer export rewrote, or do not count though none did"),
        (held_by_none, "entries that no import holds"),
    ];
    counted.iter().filter(|(n, _)| *n > 0).for_each(|(n, text)| texts.tell(|| format!("{n} {text}")));
    Ok(())
}
