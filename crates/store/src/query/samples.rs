//! Raw samples with everything known about them.

use std::collections::HashMap;

use health::phone::Flag;
use rusqlite::{Row, params};

use super::SourceNames;
use super::told::{Beside, Told};
use crate::acts::hidden::Deleted;
use crate::error::Result;
use crate::open::Store;
use crate::row::Key;

/// Which samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleQuery {
    /// Number of the kind in this store.
    pub kind_id: i64,
    /// Those that start at or after this instant.
    pub from_ms: i64,
    /// Those that start before this instant.
    pub until_ms: i64,
    /// Those too that the owner hid; what was deleted never.
    pub hidden: bool,
    /// Superseded ones too; not where the owner deleted what they say.
    pub superseded: bool,
    /// Those too that as they were told can be in no number.
    pub left_out: bool,
}

/// One sample with its names.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleRow {
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Number of the source.
    pub source_id: i64,
    /// Newest name of the source.
    pub source: String,
    /// Bundle identifier of the source, where known.
    pub bundle: Option<String>,
    /// Hardware of the source, where known.
    pub hardware: Option<String>,
    /// Device text.
    pub device: Option<String>,
    /// Version of the app or system that wrote it.
    pub version: Option<String>,
    /// Unit as printed.
    pub printed_unit: Option<String>,
    /// Value in the canonical unit, or a category's integer.
    pub value: Option<f64>,
    /// The number as printed, where it differs.
    pub original: Option<f64>,
    /// A category text that no table knows.
    pub text: Option<String>,
    /// `{"metadata": {...}, "beats": [...]}`.
    pub details: Option<String>,
    /// When it reached HealthKit.
    pub created_ms: Option<i64>,
    /// How often the newest input held it.
    pub copies: i64,
    /// Typed in by hand.
    pub by_hand: bool,
    /// First import that brought it.
    pub import_id: i64,
    /// Whether it does not count because a newer export rewrote it.
    pub superseded: bool,
    /// Whether it does not count because the owner hid it.
    pub hidden: bool,
    /// What phones told of it; none of what only files hold.
    pub told: Option<Told>,
    /// Whether a file holds it.
    pub filed: bool,
}

#[derive(Default, Clone)]
struct Source {
    bundle: Option<String>,
    hardware: Option<String>,
}

#[derive(Default, Clone)]
struct Origin {
    device: Option<String>,
    version: Option<String>,
    unit: Option<String>,
}

/// The few names that many samples share. Read once where many questions are asked at one moment.
pub struct Names {
    names: SourceNames,
    sources: HashMap<i64, Source>,
    origins: HashMap<i64, Origin>,
}

impl Store {
    /// Hands the samples to `each` in the order of time; its error stops the walk.
    pub fn each_sample<E: From<crate::Error>>(
        &self,
        query: SampleQuery,
        each: impl FnMut(&SampleRow) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.each_sample_by(&self.sample_names()?, query, each)
    }

    /// The same, with names that were read before.
    pub fn each_sample_by<E: From<crate::Error>>(
        &self,
        names: &Names,
        query: SampleQuery,
        mut each: impl FnMut(&SampleRow) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut statement = self
            .conn
            .prepare_cached(
                "SELECT s.start_ms, s.duration_ms, s.source_id, s.value, s.original, t.text, s.origin_id, d.json,
                        s.created_delay_ms, s.copies, s.flags & 1, s.import_id, coalesce(s.superseded_by, -3) <> -3,
                        s.flags & 12 <> 4, s.ordinal, s.superseded_by IS 0
                 FROM samples s LEFT JOIN details d ON d.id = s.details_id LEFT JOIN category_texts t ON t.id = s.text_id
                 WHERE s.kind_id = ?1 AND s.start_ms >= ?2 AND s.start_ms < ?3
                   AND (s.superseded_by IS NULL OR (?4 AND s.superseded_by > 0)
                        OR (?5 AND s.superseded_by = -3) OR (?6 AND s.superseded_by = 0))
                 ORDER BY s.start_ms, s.source_id, s.duration_ms, s.ordinal",
            )
            .map_err(crate::Error::from)?;
        let SampleQuery { kind_id, from_ms, until_ms, hidden, superseded, left_out } = query;
        let kind = u32::try_from(kind_id).unwrap_or_default();
        let deleted = if superseded { Deleted::of(&self.conn, kind)? } else { Deleted::default() };
        let mut told = Beside::new(&self.conn, kind_id, from_ms)?;
        let asked = params![kind_id, from_ms, until_ms, superseded, left_out, hidden];
        let mut rows = statement.query(asked).map_err(crate::Error::from)?;
        while let Some(row) = rows.next().map_err(crate::Error::from)? {
            let mut sample = sample(row, names).map_err(crate::Error::from)?;
            let source = u32::try_from(sample.source_id).unwrap_or_default();
            if sample.superseded && deleted.holds(kind, sample.start_ms, source) {
                continue;
            }
            let ordinal = row.get(14).map_err(crate::Error::from)?;
            let duration_ms = row.get(1).map_err(crate::Error::from)?;
            sample.told = told.of(&Key { start_ms: sample.start_ms, source, duration_ms, ordinal })?;
            if let Some(told) = sample.told.as_mut().filter(|_| sample.filed) {
                // A file names its units.
                told.flags.clear(Flag::UnitAssumed);
            }
            each(&sample)?;
        }
        Ok(())
    }

    /// Reads the few names that many samples share.
    pub fn sample_names(&self) -> Result<Names> {
        let mut sources = HashMap::new();
        let mut statement = self.conn.prepare_cached("SELECT id, bundle, hardware FROM sources")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            sources.insert(row.get(0)?, Source { bundle: row.get(1)?, hardware: row.get(2)? });
        }
        let mut origins = HashMap::new();
        let mut statement = self.conn.prepare_cached("SELECT id, device, version, unit FROM origins")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let origin = Origin { device: row.get(1)?, version: row.get(2)?, unit: row.get(3)? };
            origins.insert(row.get(0)?, origin);
        }
        Ok(Names { names: self.source_names()?, sources, origins })
    }
}

fn sample(row: &Row<'_>, names: &Names) -> rusqlite::Result<SampleRow> {
    let hidden: bool = row.get(15)?;
    let (start_ms, source_id): (i64, i64) = (row.get(0)?, row.get(2)?);
    let source = names.sources.get(&source_id).cloned().unwrap_or_default();
    let origin = names.origins.get(&row.get(6)?).cloned().unwrap_or_default();
    let delay: Option<i64> = row.get(8)?;
    Ok(SampleRow {
        start_ms,
        end_ms: start_ms + row.get::<_, i64>(1)?,
        source_id,
        source: names.names.get(&source_id).and_then(|all| all.first().cloned()).unwrap_or_default(),
        bundle: source.bundle,
        hardware: source.hardware,
        device: origin.device,
        version: origin.version,
        printed_unit: origin.unit,
        value: row.get(3)?,
        original: row.get(4)?,
        text: row.get(5)?,
        details: row.get(7)?,
        created_ms: delay.map(|delay| start_ms + delay),
        copies: row.get(9)?,
        by_hand: row.get(10)?,
        import_id: row.get(11)?,
        superseded: row.get::<_, bool>(12)? && !hidden,
        hidden,
        told: None,
        filed: row.get(13)?,
    })
}

#[cfg(test)]
mod tests {
    use super::SampleQuery;
    use crate::query::testing;

    #[track_caller]
    fn check(from_ms: i64, until_ms: i64, superseded: bool, expected: &[f64]) {
        let mut found = Vec::new();
        let query = SampleQuery { kind_id: 1, from_ms, until_ms, hidden: false, superseded, left_out: false };
        let answer = testing::filled().each_sample::<crate::Error>(query, |sample| {
            found.extend(sample.value);
            Ok(())
        });
        answer.expect("an answer");
        assert_eq!(found, expected);
    }

    #[test]
    fn superseded_rows_come_only_when_asked_for() {
        check(i64::MIN, i64::MAX, false, &[72.0, 74.0]);
        check(i64::MIN, i64::MAX, true, &[72.0, 74.0, 90.0]);
        check(1_773_473_400_124, 1_773_473_410_000, true, &[74.0]);
    }

    #[test]
    fn a_sample_brings_its_names() {
        let query = SampleQuery {
            kind_id: 1,
            from_ms: i64::MIN,
            until_ms: 1_773_473_400_124,
            hidden: false,
            superseded: false,
            left_out: false,
        };
        let check = |s: &super::SampleRow| {
            assert_eq!((s.source.as_str(), s.hardware.as_deref()), ("Kim's Watch", Some("Watch7,3")));
            assert_eq!((s.version.as_deref(), s.created_ms), (Some("11.4"), Some(s.start_ms + 1000)));
            assert!(s.details.is_some());
            Ok(())
        };
        testing::filled().each_sample::<crate::Error>(query, check).expect("an answer");
    }
}
