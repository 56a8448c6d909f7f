//! Smallest, largest and mean value per slice of time, for a chart that has fewer pixels than samples.

use rusqlite::params;

use crate::error::Result;
use crate::open::Store;

/// One slice of time with at least one sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChartBucket {
    /// Start of the slice.
    pub start_ms: i64,
    /// Samples in it.
    pub n: i64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Plain mean.
    pub mean: f64,
}

impl Store {
    /// Returns slices of `width_ms` from `from_ms` on; empty ones are left out.
    pub fn chart_buckets(&self, kind_id: i64, from_ms: i64, until_ms: i64, width_ms: i64) -> Result<Vec<ChartBucket>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT ?2 + (start_ms - ?2) / ?4 * ?4, count(*), min(value), max(value), avg(value) FROM samples
             WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND superseded_by IS NULL AND value IS NOT NULL
             GROUP BY 1 ORDER BY 1",
        )?;
        let rows = statement.query_map(params![kind_id, from_ms, until_ms, width_ms.max(1)], |row| {
            Ok(ChartBucket {
                start_ms: row.get(0)?,
                n: row.get(1)?,
                min: row.get(2)?,
                max: row.get(3)?,
                mean: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::ChartBucket;
    use crate::query::testing;

    #[test]
    fn peaks_survive() {
        let start = 1_773_473_400_000;
        let buckets = testing::filled().chart_buckets(1, start, start + 60_000, 60_000).expect("buckets");
        assert_eq!(buckets, [ChartBucket { start_ms: start, n: 2, min: 72.0, max: 74.0, mean: 73.0 }]);
    }
}
