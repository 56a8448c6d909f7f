//! The roll-ups per local day and source.

use health::series::workouts::heart::Minute;
use health::time::Day;
use rusqlite::params;

use crate::error::Result;
use crate::open::Store;

/// One kind, day and source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DailyRow {
    /// Local day.
    pub day: Day,
    /// Who wrote the samples.
    pub source_id: i64,
    /// Samples that start on the day.
    pub n: i64,
    /// Sum of the values.
    pub total: Option<f64>,
    /// Smallest value.
    pub minimum: Option<f64>,
    /// Largest value.
    pub maximum: Option<f64>,
    /// Seconds that the samples cover.
    pub seconds: f64,
}

/// A day on which sources overlap, merged.
#[derive(Debug, Clone, PartialEq)]
pub struct MergedRow {
    /// Local day.
    pub day: Day,
    /// Samples that start on the day.
    pub n: i64,
    /// The number to show, by the kind's rule.
    pub value: f64,
    /// Smallest value.
    pub minimum: f64,
    /// Largest value.
    pub maximum: f64,
    /// Plain mean.
    pub mean: f64,
    /// Merged sum of a cumulative kind.
    pub total: f64,
    /// Sum without merging.
    pub naive: f64,
    /// What the value weighs in a mean of days: samples or milliseconds, by the kind's rule.
    pub weight: f64,
    /// What each source adds, the best first.
    pub parts: Vec<(i64, f64)>,
}

impl Store {
    /// Returns the merged days of a kind from one day to another, both inclusive; other days are told by
    /// [`Store::daily`] alone.
    pub fn merged(&self, kind_id: i64, from: Day, to: Day) -> Result<Vec<MergedRow>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT day, n, value, minimum, maximum, mean, total, naive, weight, parts FROM merged
             WHERE kind_id = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day",
        )?;
        let rows = statement.query_map(params![kind_id, from, to], |row| {
            let parts: String = row.get(9)?;
            Ok(MergedRow {
                day: row.get(0)?,
                n: row.get(1)?,
                value: row.get(2)?,
                minimum: row.get(3)?,
                maximum: row.get(4)?,
                mean: row.get(5)?,
                total: row.get(6)?,
                naive: row.get(7)?,
                weight: row.get(8)?,
                parts: serde_json::from_str(&parts).unwrap_or_default(),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the highest minutes of the heart rate's days from one to another, both inclusive, by day.
    pub fn peaks(&self, kind_id: i64, from: Day, to: Day) -> Result<Vec<Minute>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT peak_ms, peak FROM merged
             WHERE kind_id = ?1 AND day BETWEEN ?2 AND ?3 AND peak IS NOT NULL ORDER BY day",
        )?;
        let rows = statement
            .query_map(params![kind_id, from, to], |row| Ok(Minute { at_ms: row.get(0)?, bpm: row.get(1)? }))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the last day with rows of a kind that is not after another one.
    pub fn last_day_until(&self, kind_id: i64, until: Day) -> Result<Option<Day>> {
        let mut statement = self.conn.prepare_cached("SELECT max(day) FROM daily WHERE kind_id = ?1 AND day <= ?2")?;
        Ok(statement.query_row(params![kind_id, until], |row| row.get(0))?)
    }

    /// Returns the first day with rows of a kind that is not before another one.
    pub fn first_day_from(&self, kind_id: i64, from: Day) -> Result<Option<Day>> {
        let mut statement = self.conn.prepare_cached("SELECT min(day) FROM daily WHERE kind_id = ?1 AND day >= ?2")?;
        Ok(statement.query_row(params![kind_id, from], |row| row.get(0))?)
    }

    /// Returns the rows of a kind from one day to another, both inclusive, by day and source.
    pub fn daily(&self, kind_id: i64, from: Day, to: Day) -> Result<Vec<DailyRow>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT day, source_id, n, total, minimum, maximum, seconds FROM daily
             WHERE kind_id = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day, source_id",
        )?;
        let rows = statement.query_map(params![kind_id, from, to], |row| {
            Ok(DailyRow {
                day: row.get(0)?,
                source_id: row.get(1)?,
                n: row.get(2)?,
                total: row.get(3)?,
                minimum: row.get(4)?,
                maximum: row.get(5)?,
                seconds: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[test]
    fn both_ends_are_inclusive() {
        let store = testing::filled();
        assert_eq!(store.daily(2, 20526, 20526).expect("rows").len(), 2);
        assert_eq!(store.daily(2, 20527, 20600).expect("rows").len(), 0);
    }

    #[test]
    fn the_last_day_is_looked_for_backwards() {
        let store = testing::filled();
        for (until, expected) in [(20525, None), (20526, Some(20526)), (20600, Some(20526))] {
            assert_eq!(store.last_day_until(2, until).expect("a day"), expected, "{until}");
        }
    }

    #[test]
    fn the_first_day_is_looked_for_forwards() {
        let store = testing::filled();
        let first = store.first_day_from(2, 0).expect("a day").expect("one");
        for (from, expected) in [(0, Some(first)), (first, Some(first)), (20_600, None)] {
            assert_eq!(store.first_day_from(2, from).expect("a day"), expected, "{from}");
        }
    }
}
