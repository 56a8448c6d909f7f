//! Is the store whole: the file, its references, and the roll-ups against a recount.

use crate::error::Result;
use crate::open::Store;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked: `file`, `references`, `series_summary` or `daily`.
    pub check: &'static str,
    /// What is wrong, without health values.
    pub text: String,
}

/// Findings listed per check; more are only counted.
const LISTED: usize = 20;

impl Store {
    /// Checks everything; an empty answer means that the store is whole.
    pub fn verify(&self) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        self.collect(&mut findings, "file", "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'")?;
        self.collect(
            &mut findings,
            "references",
            "SELECT 'table ' || \"table\" || ' points at a missing row of ' || parent FROM pragma_foreign_key_check
             UNION ALL
             SELECT 'samples point at a missing kind or source' FROM (SELECT DISTINCT kind_id, source_id FROM series_summary)
             WHERE kind_id NOT IN (SELECT id FROM kinds) OR source_id NOT IN (SELECT id FROM sources)",
        )?;
        self.collect(
            &mut findings,
            "series_summary",
            "WITH recount AS (
                SELECT kind_id, source_id, sum(superseded_by IS NULL) AS n, count(*) AS stored,
                       min(CASE WHEN superseded_by IS NULL THEN start_ms END) AS first_ms,
                       max(CASE WHEN superseded_by IS NULL THEN start_ms + duration_ms END) AS last_ms
                FROM samples GROUP BY kind_id, source_id)
             SELECT 'kind ' || coalesce(r.kind_id, s.kind_id) || ' of source ' || coalesce(r.source_id, s.source_id)
                    || ': ' || coalesce(s.n, 0) || ' counted, ' || coalesce(r.n, 0) || ' found'
             FROM recount r FULL JOIN series_summary s ON s.kind_id = r.kind_id AND s.source_id = r.source_id
             WHERE coalesce(r.n, 0) <> coalesce(s.n, 0) OR coalesce(r.stored, 0) <> coalesce(s.stored, 0)
                OR r.first_ms IS NOT s.first_ms OR r.last_ms IS NOT s.last_ms",
        )?;
        self.collect(
            &mut findings,
            "daily",
            "WITH events AS (SELECT id FROM kinds WHERE identifier LIKE 'HKQuantityTypeIdentifierDietary%'
                OR identifier IN ('HKQuantityTypeIdentifierInsulinDelivery', 'HKQuantityTypeIdentifierInhalerUsage',
                    'HKQuantityTypeIdentifierNumberOfAlcoholicBeverages', 'HKQuantityTypeIdentifierNumberOfTimesFallen')),
             recount AS (SELECT kind_id, source_id, sum(CASE WHEN kind_id IN (SELECT id FROM events) THEN copies ELSE 1 END) AS n
                FROM samples WHERE superseded_by IS NULL GROUP BY kind_id, source_id),
             rolled AS (SELECT kind_id, source_id, sum(n) AS n FROM daily GROUP BY kind_id, source_id)
             SELECT 'kind ' || coalesce(r.kind_id, d.kind_id) || ' of source ' || coalesce(r.source_id, d.source_id)
                    || ': ' || coalesce(d.n, 0) || ' in days, ' || coalesce(r.n, 0) || ' found'
             FROM recount r FULL JOIN rolled d ON d.kind_id = r.kind_id AND d.source_id = r.source_id
             WHERE coalesce(r.n, 0) <> coalesce(d.n, 0)",
        )?;
        Ok(findings)
    }

    fn collect(&self, findings: &mut Vec<Finding>, check: &'static str, sql: &str) -> Result<()> {
        let mut statement = self.conn.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut more = 0;
        let before = findings.len();
        while let Some(row) = rows.next()? {
            if findings.len() - before < LISTED {
                findings.push(Finding { check, text: row.get(0)? });
            } else {
                more += 1;
            }
        }
        if more > 0 {
            findings.push(Finding { check, text: format!("and {more} more") });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[track_caller]
    fn check(damage: &str, expected: &[&str]) {
        let store = testing::filled();
        store.conn.execute_batch(damage).expect("damage");
        let findings = store.verify().expect("an answer");
        assert_eq!(findings.iter().map(|f| f.check).collect::<Vec<_>>(), expected, "{findings:?}");
    }

    #[test]
    fn what_is_whole_has_no_findings() {
        check("", &[]);
    }

    #[test]
    fn a_roll_up_that_differs_from_the_recount_is_found() {
        check("UPDATE series_summary SET n = 3 WHERE kind_id = 1", &["series_summary"]);
        check("DELETE FROM daily WHERE kind_id = 2 AND source_id = 2", &["daily"]);
        check("DELETE FROM samples WHERE kind_id = 1 AND value = 72", &["series_summary", "daily"]);
        check(
            "PRAGMA foreign_keys = OFF; INSERT INTO source_names (source_id, name, import_id) VALUES (9, 'x', 1)",
            &["references"],
        );
    }
}
