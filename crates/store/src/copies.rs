//! How many equal entries an import brought where each of them counts: glasses of water, doses, what was typed in.
//!
//! Copies are counted as if each were a row: the third glass is new in the import that has three of it, and superseded
//! where a newer export has two.

use rusqlite::Connection;

use crate::error::Result;
use crate::history::{ImportRef, Presence, image_at};
use crate::rollup::Rule;
use crate::row::{FLAG_LOGGED, Row};

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
