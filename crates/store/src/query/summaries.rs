//! What apps summed up by themselves, of one type in some time. Such sums are in no number: nobody can tell them from
//! the samples that they are made of.

use health::phone::{Feed, Grain};
use rusqlite::params;

use crate::error::Result;
use crate::open::Store;
use crate::tellings::code_of;

/// Sums, means or counts of one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The app.
    pub feed: Feed,
    /// How long each is.
    pub grain: Grain,
    /// How many.
    pub count: u64,
}

impl Store {
    /// Returns what apps summed up of a type in the time from `from_ms` until `until_ms`, by app and length.
    pub fn summaries(&self, kind_id: i64, from_ms: i64, until_ms: i64) -> Result<Vec<Summary>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT grain, count(*) FROM aggregates WHERE feed = ?1 AND kind_id = ?2 AND start_ms < ?4
                 AND (start_ms >= ?3 OR end_ms > ?3) GROUP BY grain ORDER BY grain",
        )?;
        let mut found = Vec::new();
        for feed in Feed::ALL {
            let rows = statement.query_map(params![code_of(feed), kind_id, from_ms, until_ms], |row| {
                Ok((row.get::<_, usize>(0)?, row.get(1)?))
            })?;
            for row in rows {
                let (grain, count) = row?;
                found.push(Summary { feed, grain: Grain::ALL.get(grain).copied().unwrap_or(Grain::Event), count });
            }
        }
        Ok(found)
    }
}
