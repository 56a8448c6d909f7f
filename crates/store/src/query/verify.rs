//! Is the store whole: the file, its references, and the roll-ups against a recount.

use super::recount;
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

/// Samples have no foreign keys, which would cost a look-up each: here they are looked up together. `NULL NOT IN` an
/// empty table is true.
const REFERENCES: &str = "
    SELECT 'table ' || \"table\" || ' points at a missing row of ' || parent FROM pragma_foreign_key_check
    UNION ALL
    SELECT count(*) || ' samples point at a missing ' || missing FROM (
        SELECT CASE WHEN kind_id NOT IN (SELECT id FROM kinds) THEN 'kind'
                    WHEN source_id NOT IN (SELECT id FROM sources) THEN 'source'
                    WHEN origin_id NOT IN (SELECT id FROM origins) THEN 'origin'
                    WHEN text_id IS NOT NULL AND text_id NOT IN (SELECT id FROM category_texts) THEN 'text'
                    WHEN details_id IS NOT NULL AND details_id NOT IN (SELECT id FROM details) THEN 'detail'
                    WHEN import_id NOT IN (SELECT id FROM imports) THEN 'import'
               END AS missing FROM samples)
    WHERE missing IS NOT NULL GROUP BY missing
    UNION ALL
    SELECT count(*) || ' entries point at a missing source or import' FROM entries
    WHERE import_id NOT IN (SELECT id FROM imports) OR (source_id IS NOT NULL AND source_id NOT IN (SELECT id FROM sources))
    HAVING count(*) > 0";

impl Store {
    /// Checks everything; an empty answer means that the store is whole. `home_zone` holds where no setting and no sample
    /// tells one.
    pub fn verify(&self, home_zone: &str) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        self.collect(&mut findings, "file", "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'")?;
        self.collect(&mut findings, "references", REFERENCES)?;
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
        let zones = self.zones(home_zone)?;
        for kind in self.kinds()? {
            let mut texts = recount::differences(&self.conn, &kind, &zones)?;
            shorten(&mut texts);
            findings.extend(texts.into_iter().map(|text| Finding { check: "daily", text }));
        }
        Ok(findings)
    }

    /// Looks at the file's pages only: quicker than [`Store::verify`].
    pub fn quick_check(&self) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        self.collect(&mut findings, "file", "SELECT * FROM pragma_quick_check WHERE quick_check <> 'ok'")?;
        Ok(findings)
    }

    fn collect(&self, findings: &mut Vec<Finding>, check: &'static str, sql: &str) -> Result<()> {
        let mut statement = self.conn.prepare(sql)?;
        let mut texts = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        shorten(&mut texts);
        findings.extend(texts.into_iter().map(|text| Finding { check, text }));
        Ok(())
    }
}

/// Lists the first and counts the rest.
fn shorten(texts: &mut Vec<String>) {
    let more = texts.len().saturating_sub(LISTED);
    texts.truncate(LISTED);
    if more > 0 {
        texts.push(format!("and {more} more"));
    }
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[track_caller]
    fn check(damage: &str, expected: &[&str]) {
        let store = testing::filled();
        store.conn.execute_batch(damage).expect("damage");
        let findings = store.verify("UTC").expect("an answer");
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
        check("UPDATE daily SET total = total + 1 WHERE kind_id = 1", &["daily"]);
        check("UPDATE daily SET maximum = 75 WHERE kind_id = 1", &["daily"]);
        check("UPDATE daily SET day = day + 1 WHERE kind_id = 1", &["daily", "daily"]);
        check("UPDATE samples SET value = value + 1 WHERE kind_id = 2 AND source_id = 2", &["daily"]);
    }

    #[test]
    fn a_reference_to_nothing_is_found() {
        check("DELETE FROM origins WHERE id = 2", &["references"]);
        check("DELETE FROM details", &["references"]);
        check(
            "PRAGMA foreign_keys = OFF; INSERT INTO source_names (source_id, name, import_id) VALUES (9, 'x', 1)",
            &["references"],
        );
    }
}
