//! How many equal entries an import brought where each of them counts: glasses of water, doses, what was typed in.
//!
//! Copies are counted as if each were a row: the third glass is new in the import that has three of it, and superseded
//! where a newer export has two.

use rusqlite::{Connection, params};

use crate::derived;
use crate::error::Result;
use crate::history::{ImportRef, Presence, image_at};
use crate::rollup::Rule;
use crate::row::{FLAG_LOGGED, FLAG_USER_ENTERED, Row};

/// How many samples of a kind count, those that an import has superseded left out or not.
pub(crate) fn counted(conn: &Connection, kind: u32, and_superseded: bool) -> Result<u64> {
    let rule = Rule::of(&derived::identifier(conn, kind)?);
    let mut statement = conn.prepare_cached(
        "SELECT coalesce(sum(CASE WHEN ?2 OR flags & ?3 THEN copies ELSE 1 END), 0) FROM samples
         WHERE kind_id = ?1 AND (?4 OR superseded_by IS NULL)",
    )?;
    let values = params![kind, rule.counts_copies(0), FLAG_USER_ENTERED, and_superseded];
    Ok(statement.query_row(values, |row| row.get(0))?)
}

/// Which imports (oldest export first) held the rows of a kind.
pub(crate) struct Holders<'a> {
    pub conn: &'a Connection,
    pub kind: u32,
    pub imports: &'a [ImportRef],
    pub presence: &'a Presence,
}

impl Holders<'_> {
    /// How many of a row an import held; none where it did not hold it.
    pub fn copies(&self, import: i64, row: &Row) -> Result<u32> {
        if !self.presence.holds(import, row.import_id, &row.key) {
            return Ok(0);
        }
        let logged = row.flags & FLAG_LOGGED != 0;
        let image = if logged { image_at(self.conn, self.kind, &row.key, import)? } else { None };
        Ok(image.unwrap_or(row.image).copies)
    }

    /// How many records of a row an import held beyond those that others hold.
    pub fn only_in(&self, import: i64, row: &Row, rule: Rule) -> Result<u64> {
        if !self.presence.holds(import, row.import_id, &row.key) {
            return Ok(0);
        }
        let mut others = self.imports.iter().filter(|other| other.id != import);
        if !rule.counts_copies(row.flags) || row.flags & FLAG_LOGGED == 0 {
            let held = others.any(|other| self.presence.holds(other.id, row.import_id, &row.key));
            return Ok(if held { 0 } else { u64::from(rule.copies(row.image.copies, row.flags)) });
        }
        let most = others.try_fold(0, |most, other| Ok::<_, crate::Error>(self.copies(other.id, row)?.max(most)))?;
        Ok(self.copies(import, row)?.saturating_sub(most).into())
    }

    /// How many records a row counted before an import, and counts with it.
    pub fn counted(&self, import: i64, row: &Row) -> Result<(u64, u64)> {
        let others: Vec<ImportRef> = self.imports.iter().filter(|other| other.id != import).copied().collect();
        let shown = |imports: &[ImportRef]| -> Result<u64> {
            match self.presence.newest_holder(imports, row.import_id, &row.key) {
                Some(holder) => Ok(self.copies(holder.id, row)?.into()),
                None => Ok(0),
            }
        };
        Ok((shown(&others)?, shown(self.imports)?))
    }
}
