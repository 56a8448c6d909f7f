//! Is the store whole: the file, its references, what follows from the imports, and the roll-ups against a recount.

use super::{hours, presence, recount, remerge};
use crate::cancel::{Cancel, STEPS};
use crate::error::{Error, Result};
use crate::history::live_imports;
use crate::nights;
use crate::open::Store;
use crate::undo::Steps;
use crate::units;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked: `file`, `references`, `presence`, `series_summary`, `daily`, `merged`,
    /// `hourly`, `nights` or `units`.
    pub check: &'static str,
    /// What is wrong, without health values.
    pub text: String,
}

/// Findings listed per check; more are only counted.
const LISTED: usize = 20;

/// The steps of a check besides those of each kind: file, references and summaries before them; hours, nights and entries
/// after them.
const AROUND_KINDS: u64 = 6;

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
    HAVING count(*) > 0
    UNION ALL
    SELECT count(*) || ' images of samples that are not there' FROM sample_log l
    WHERE NOT EXISTS (SELECT 1 FROM samples s WHERE s.kind_id = l.kind_id AND s.start_ms = l.start_ms
        AND s.source_id = l.source_id AND s.duration_ms = l.duration_ms AND s.ordinal = l.ordinal)
    HAVING count(*) > 0
    UNION ALL
    SELECT count(*) || ' members of correlations are not there' FROM correlation_members m
    WHERE NOT EXISTS (SELECT 1 FROM samples s WHERE s.kind_id = m.kind_id AND s.start_ms = m.start_ms
        AND s.source_id = m.source_id AND s.duration_ms = m.duration_ms AND s.ordinal = m.ordinal)
    HAVING count(*) > 0";

impl Store {
    /// Checks everything; an empty answer means that the store is whole. `home_zone` holds where no setting and no
    /// sample tells one.
    pub fn verify(&self, home_zone: &str) -> Result<Vec<Finding>> {
        self.check(home_zone, &mut |_| Ok(()))
    }

    /// The same, step by step: `progress` hears before each how far it is, and `cancel` stops it in the middle of one.
    pub fn verify_within(
        &mut self,
        home_zone: &str,
        cancel: &Cancel,
        progress: &mut dyn FnMut(Steps),
    ) -> Result<Vec<Finding>> {
        let asked = cancel.clone();
        self.conn.progress_handler(STEPS, Some(move || asked.is_cancelled()))?;
        let findings = self.check(home_zone, &mut |steps| {
            cancel.check()?;
            progress(steps);
            Ok(())
        });
        self.conn.progress_handler(0, None::<fn() -> bool>)?;
        findings
    }

    fn check(&self, home_zone: &str, begins: &mut dyn FnMut(Steps) -> Result<()>) -> Result<Vec<Finding>> {
        // Before it there may be nothing that can be read.
        let mut steps = Steps { done: 0, of: AROUND_KINDS };
        let mut next = |steps: &mut Steps| {
            begins(*steps)?;
            steps.done += 1;
            Ok::<_, Error>(())
        };
        let mut findings = Vec::new();
        next(&mut steps)?;
        self.collect(&mut findings, "file", "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'")?;
        let kinds = self.kinds()?;
        steps.of += kinds.len() as u64;
        next(&mut steps)?;
        self.collect(&mut findings, "references", REFERENCES)?;
        next(&mut steps)?;
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
        let (zones, orders, imports) = (self.zones(home_zone)?, self.orders()?, live_imports(&self.conn)?);
        for kind in kinds {
            next(&mut steps)?;
            let mut texts = Texts::default();
            presence::of_samples(&self.conn, &kind, &imports, &zones, &mut texts)?;
            findings.extend(texts.findings("presence"));
            let mut texts = Texts::default();
            recount::differences(&self.conn, &kind, &zones, &mut texts)?;
            findings.extend(texts.findings("daily"));
            let mut texts = Texts::default();
            if units::following(&self.conn, kind.id as u32, &kind.identifier)?.is_some_and(|unit| unit != kind.unit) {
                texts.tell(|| format!("kind {} has another unit than its samples", kind.id));
            }
            findings.extend(texts.findings("units"));
            let mut texts = Texts::default();
            remerge::differences(&self.conn, &kind, &zones, &orders, &mut texts)?;
            findings.extend(texts.findings("merged"));
        }
        next(&mut steps)?;
        let mut texts = Texts::default();
        hours::differences(&self.conn, &zones, &orders, &mut texts)?;
        findings.extend(texts.findings("hourly"));
        next(&mut steps)?;
        let mut texts = Texts::default();
        nights::differences(&self.conn, &zones, &orders, &mut texts)?;
        findings.extend(texts.findings("nights"));
        next(&mut steps)?;
        let mut texts = Texts::default();
        presence::of_entries(&self.conn, &imports, &mut texts)?;
        findings.extend(texts.findings("presence"));
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
        let mut rows = statement.query([])?;
        let mut texts = Texts::default();
        while let Some(row) = rows.next()? {
            let text = row.get(0)?;
            texts.tell(|| text);
        }
        findings.extend(texts.findings(check));
        Ok(())
    }
}

/// What is wrong: the first sentences, and how many more there would be.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    listed: Vec<String>,
    more: usize,
}

impl Texts {
    /// Adds a sentence; beyond the limit it is not even made.
    pub fn tell(&mut self, text: impl FnOnce() -> String) {
        match self.listed.len() < LISTED {
            true => self.listed.push(text()),
            false => self.more += 1,
        }
    }

    fn findings(mut self, check: &'static str) -> impl Iterator<Item = Finding> {
        if self.more > 0 {
            self.listed.push(format!("and {} more", self.more));
        }
        self.listed.into_iter().map(move |text| Finding { check, text })
    }
}
