//! On which days several sources wrote of one kind: from the roll-ups, so that no sample is read.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::open::Store;

/// The days of one kind on which several sources wrote.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OverlapRow {
    /// What was measured.
    pub kind_id: i64,
    /// Days with data.
    pub days: i64,
    /// By sources that wrote on the same days, by number, how many days.
    pub shared: Vec<(Vec<i64>, i64)>,
    /// Days whose sources were merged, because they wrote of the same time or more than once.
    pub merged_days: i64,
    /// Of those days the sums of all sources, and what is left of them when nothing counts twice.
    pub naive: f64,
    /// The merged sums.
    pub total: f64,
}

impl OverlapRow {
    /// Days on which two or more sources wrote.
    pub fn shared_days(&self) -> i64 {
        self.shared.iter().map(|(_, days)| days).sum()
    }
}

impl Store {
    /// Returns every kind of which several sources wrote on one day, by number; the most frequent sources first.
    pub fn overlaps(&self) -> Result<Vec<OverlapRow>> {
        let mut rows: BTreeMap<i64, OverlapRow> = BTreeMap::new();
        let mut statement = self.conn.prepare_cached(
            "SELECT kind_id, ids, count(*) FROM
                 (SELECT kind_id, day, group_concat(source_id) AS ids FROM daily GROUP BY kind_id, day)
             GROUP BY kind_id, ids ORDER BY kind_id, count(*) DESC, ids",
        )?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let (kind_id, ids, days): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let of_kind = rows.entry(kind_id).or_insert_with(|| OverlapRow { kind_id, ..OverlapRow::default() });
            of_kind.days += days;
            let sources: Vec<i64> = ids.split(',').filter_map(|id| id.parse().ok()).collect();
            if sources.len() > 1 {
                of_kind.shared.push((sources, days));
            }
        }
        self.add_merged(&mut rows)?;
        Ok(rows.into_values().filter(|row| !row.shared.is_empty()).collect())
    }

    fn add_merged(&self, rows: &mut BTreeMap<i64, OverlapRow>) -> Result<()> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT kind_id, count(*), sum(naive), sum(total) FROM merged GROUP BY kind_id")?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            if let Some(of_kind) = rows.get_mut(&row.get(0)?) {
                (of_kind.merged_days, of_kind.naive, of_kind.total) = (row.get(1)?, row.get(2)?, row.get(3)?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::OverlapRow;
    use crate::query::testing;

    #[test]
    fn days_of_several_sources_are_counted_by_who_wrote() {
        let store = testing::filled();
        let sql = "INSERT INTO daily (kind_id, day, source_id, n, seconds) VALUES (2, 20527, 1, 1, 0), (2, 20528, 1, 1, 0),
                       (2, 20528, 2, 1, 0);
                   INSERT INTO merged (kind_id, day, n, value, minimum, maximum, mean, total, naive, weight, parts) VALUES
                       (2, 20526, 2, 1000, 800, 1000, 900, 1000, 1800, 1, '[]'),
                       (1, 20526, 2, 73, 72, 74, 73, 0, 0, 1, '[]');";
        store.conn.execute_batch(sql).expect("rows");
        let steps = OverlapRow {
            kind_id: 2,
            days: 3,
            shared: vec![(vec![1, 2], 2)],
            merged_days: 1,
            naive: 1800.0,
            total: 1000.0,
        };
        assert_eq!(store.overlaps().expect("an answer"), [steps]);
    }

    #[test]
    fn one_source_overlaps_with_nobody() {
        assert_eq!(testing::empty().overlaps().expect("an answer"), []);
    }
}
