//! Stretches of time: what an import holds, what it covers, what has to be looked at.

use rusqlite::{Connection, params};

use crate::error::Result;
use crate::row::{IS_OF_FILES, Key};

/// An export covers a missing row if it has data this close to it.
pub(crate) const NEAR_MS: i64 = 3_600_000;

/// A stretch of time, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub from_ms: i64,
    pub until_ms: i64,
}

impl Stretch {
    /// All of time.
    pub const EVER: Self = Self { from_ms: i64::MIN, until_ms: i64::MAX };

    /// The time of one row.
    pub fn of(key: &Key) -> Self {
        Self { from_ms: key.start_ms, until_ms: key.end_ms() }
    }

    /// Both, and what is between.
    pub fn with(self, other: Self) -> Self {
        Self { from_ms: self.from_ms.min(other.from_ms), until_ms: self.until_ms.max(other.until_ms) }
    }

    /// With the time beside it that an export covers too.
    pub fn and_near(self) -> Self {
        Self { from_ms: self.from_ms.saturating_sub(NEAR_MS), until_ms: self.until_ms.saturating_add(NEAR_MS) }
    }

    /// Whether a row lies in it, wholly or in part.
    pub fn touches(self, key: &Key) -> bool {
        key.start_ms <= self.until_ms && key.end_ms() >= self.from_ms
    }

    /// The time of all rows of files of a kind that touch it.
    pub fn of_rows(self, conn: &Connection, kind: u32) -> Result<Option<Self>> {
        let ends: (Option<i64>, Option<i64>) = conn
            .prepare_cached(&format!(
                "SELECT min(start_ms), max(start_ms + duration_ms) FROM samples
                 WHERE kind_id = ?1 AND start_ms <= ?3 AND start_ms + duration_ms >= ?2 AND {IS_OF_FILES}"
            ))?
            .query_row(params![kind, self.from_ms, self.until_ms], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(ends.0.zip(ends.1).map(|(from_ms, until_ms)| Self { from_ms, until_ms }))
    }
}
