//! Units of types that no table knows: they follow from the samples that count, like everything derived.
//!
//! `health` says in which unit a number is kept, from the one in which it was printed. Where the samples of a type are
//! kept in several, or in none, the type has none; each sample's origin still tells its own.

use health::kind::{self, Kind, Nature};
use rusqlite::{Connection, params};

use crate::derived::identifier;
use crate::error::Result;

/// Writes down in which unit the samples of some kinds are, of those that no table knows.
pub(crate) fn settle(conn: &Connection, kinds: impl Iterator<Item = u32>) -> Result<()> {
    for id in kinds {
        if let Some(unit) = following(conn, id, &identifier(conn, id)?)? {
            conn.prepare_cached("UPDATE kinds SET unit = ?2 WHERE id = ?1 AND unit <> ?2")?
                .execute(params![id, unit])?;
        }
    }
    Ok(())
}

/// The unit that follows from a kind's samples; `None` of a kind whose unit a table tells.
pub(crate) fn following(conn: &Connection, id: u32, identifier: &str) -> Result<Option<String>> {
    let Some(kind) = unknown_quantity(identifier) else { return Ok(None) };
    let mut statement = conn.prepare_cached(
        "SELECT o.unit FROM origins o WHERE o.id IN
             (SELECT origin_id FROM samples WHERE kind_id = ?1 AND superseded_by IS NULL AND value IS NOT NULL)",
    )?;
    let mut rows = statement.query([id])?;
    let mut unit: Option<String> = None;
    while let Some(row) = rows.next()? {
        let printed: Option<String> = row.get(0)?;
        let kept = kind.unit_of(printed.as_deref());
        if unit.as_ref().is_some_and(|unit| unit != kept) {
            return Ok(Some(String::new()));
        }
        unit.get_or_insert_with(|| kept.to_owned());
    }
    Ok(Some(unit.unwrap_or_default()))
}

/// Converts the numbers of types that no table knows, in a store that has them as they were printed. What is derived,
/// and with it the kinds' units, must be made anew afterwards. Numbers that are converted already stay.
pub(crate) fn convert(conn: &Connection) -> Result<()> {
    let mut kinds = conn.prepare("SELECT id, identifier FROM kinds ORDER BY id")?;
    let mut kinds = kinds.query([])?;
    while let Some(row) = kinds.next()? {
        let (id, identifier): (u32, String) = (row.get(0)?, row.get(1)?);
        if let Some(kind) = unknown_quantity(&identifier) {
            convert_kind(conn, id, &kind)?;
        }
    }
    Ok(())
}

fn convert_kind(conn: &Connection, id: u32, kind: &Kind) -> Result<()> {
    let mut units = conn.prepare_cached(
        "SELECT DISTINCT unit FROM origins WHERE id IN
             (SELECT origin_id FROM samples WHERE kind_id = ?1 UNION SELECT origin_id FROM sample_log WHERE kind_id = ?1)",
    )?;
    let units: Vec<Option<String>> = units.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for unit in units {
        let Some([before, times, over, after]) = kind.conversion(unit.as_deref()).map(|found| found.terms()) else {
            continue;
        };
        for table in ["samples", "sample_log"] {
            const PRINTED: &str = "coalesce(original, value)";
            let kept = format!("(({PRINTED} + ?3) * ?4 / ?5 + ?6)");
            conn.prepare_cached(&format!(
                "UPDATE {table} SET value = {kept}, original = nullif({PRINTED}, {kept})
                 WHERE kind_id = ?1 AND origin_id IN (SELECT id FROM origins WHERE unit IS ?2) AND value IS NOT {kept}"
            ))?
            .execute(params![id, unit, before, times, over, after])?;
        }
    }
    Ok(())
}

/// A quantity that no table knows.
fn unknown_quantity(identifier: &str) -> Option<Kind> {
    let kind = kind::get_or_guess(identifier, None);
    (kind.guessed && kind.nature == Nature::Quantity).then_some(kind)
}
