//! The samples that belong to a correlation: blood pressure's two values, what a meal is made of.

use std::collections::BTreeSet;

use health::{Sample, Source};
use rusqlite::{Connection, OptionalExtension, params};

use crate::claims::Claims;
use crate::error::Result;
use crate::place::group;
use crate::row::{IS_OF_FILES, Key, OF_FILES, Row, near};

/// Links of correlations to samples that are gone.
pub(crate) const LOST: &str = "DELETE FROM correlation_members AS m WHERE NOT EXISTS (
    SELECT 1 FROM samples s WHERE s.kind_id = m.kind_id AND s.start_ms = m.start_ms AND s.source_id = m.source_id
        AND s.duration_ms = m.duration_ms AND s.ordinal = m.ordinal)";

/// Sources of one name among which a twin is looked for.
const OF_ONE_NAME: usize = 1024;

/// The source of a member's twin: nested copies may lack the device, so the value decides, and the name by which this
/// import calls the source; where the copy names a device, one of another device is no twin. What other imports hold
/// has no say.
pub(crate) fn source_of_twin(
    conn: &Connection,
    kind: &str,
    (call, import): (&Source, i64),
    sample: &Sample,
    claims: &Claims,
) -> Result<Option<u32>> {
    let Some(kind): Option<u32> = conn
        .prepare_cached("SELECT id FROM kinds WHERE identifier = ?1")?
        .query_row([kind], |row| row.get(0))
        .optional()?
    else {
        return Ok(None);
    };
    let is_near = |value: Option<f64>| match (value, sample.value) {
        (Some(a), Some(b)) => near(a, b).is_some(),
        (a, b) => a == b,
    };
    let sql = format!(
        "SELECT {OF_FILES} FROM samples WHERE kind_id = ?1 AND start_ms = ?2 AND source_id = ?3 AND duration_ms = ?4
            AND {IS_OF_FILES} ORDER BY ordinal"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let duration_ms = sample.end_ms.saturating_sub(sample.start_ms);
    for source in called_so(conn, call, import)? {
        let mut rows = statement.query(params![kind, sample.start_ms, source, duration_ms])?;
        while let Some(row) = rows.next()? {
            let row = Row::from_sql(row)?;
            let is_held = || row.import_id == import || claims.has(kind, &row.key);
            if is_near(row.image.value) && is_held() {
                return Ok(Some(source));
            }
        }
    }
    Ok(None)
}

/// The sources that an import calls so and that are no other device, those of the same device first.
fn called_so(conn: &Connection, call: &Source, import: i64) -> Result<Vec<u32>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT s.id FROM source_names n JOIN sources s ON s.id = n.source_id
         WHERE n.name = ?1 AND n.import_id = ?2 AND (?3 IS NULL OR s.hardware IS NULL OR s.hardware = ?3)
         ORDER BY s.hardware IS NOT ?3, s.bundle, s.hardware, s.id LIMIT ?4",
    )?;
    let sources = statement.query_map(params![call.name, import, call.hardware, OF_ONE_NAME], |row| row.get(0))?;
    Ok(sources.collect::<rusqlite::Result<_>>()?)
}

/// The samples of one correlation: kinds and keys.
pub(crate) type Members = BTreeSet<(u32, Key)>;

/// The samples that belong to a correlation.
pub(crate) fn of(conn: &Connection, entry: i64) -> Result<Members> {
    let mut statement = conn.prepare_cached(
        "SELECT kind_id, start_ms, source_id, duration_ms, ordinal FROM correlation_members WHERE entry_id = ?1",
    )?;
    let rows = statement.query_map([entry], |row| {
        let key = Key { start_ms: row.get(1)?, source: row.get(2)?, duration_ms: row.get(3)?, ordinal: row.get(4)? };
        Ok((row.get(0)?, key))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Notes that a sample belongs to a correlation.
pub(crate) fn add(conn: &Connection, entry: i64, kind: u32, key: &Key) -> Result<()> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO correlation_members (entry_id, kind_id, start_ms, source_id, duration_ms, ordinal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![entry, kind, key.start_ms, key.source, key.duration_ms, key.ordinal])?;
    Ok(())
}

/// Links between correlations and the samples of sources that are about to move, with the samples as they are.
pub(crate) type Links = Vec<(i64, Row)>;

/// Takes the links to the samples of one kind that some sources wrote.
pub(crate) fn take(conn: &Connection, kind: u32, sources: &BTreeSet<u32>) -> Result<Links> {
    let sql = format!(
        "SELECT {OF_FILES}, entry_id FROM correlation_members
         JOIN samples USING (kind_id, start_ms, source_id, duration_ms, ordinal)
         WHERE kind_id = ?1 AND source_id = ?2 ORDER BY entry_id"
    );
    let mut links = Vec::new();
    for source in sources {
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map([kind, *source], |row| Ok((row.get("entry_id")?, Row::from_sql(row)?)))?;
        links.extend(rows.collect::<rusqlite::Result<Links>>()?);
        conn.prepare_cached("DELETE FROM correlation_members WHERE kind_id = ?1 AND source_id = ?2")?
            .execute([kind, *source])?;
    }
    Ok(links)
}

/// Puts links back, to the same samples as rows of the sources that they belong to for the imports that held the
/// correlation. Values tell rows of one place apart: their ordinals are others there.
pub(crate) fn relink(conn: &Connection, kind: u32, links: &Links, to: &dyn Fn(u32, i64) -> u32) -> Result<()> {
    for (entry, row) in links {
        for source in sources_of(conn, *entry, row.key.source, to)? {
            let moved = Key { source, ..row.key };
            let group = group(conn, kind, &moved)?;
            let near = group.iter().filter_map(|stored| Some((stored.distance(row)?, stored)));
            let nearest = near.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, stored)| stored);
            if let Some(stored) = nearest.or_else(|| group.first()) {
                add(conn, *entry, kind, &stored.key)?;
            }
        }
    }
    Ok(())
}

fn sources_of(conn: &Connection, entry: i64, source: u32, to: &dyn Fn(u32, i64) -> u32) -> Result<BTreeSet<u32>> {
    let mut statement = conn.prepare_cached(
        "SELECT l.import_id FROM entry_log l JOIN imports i ON i.id = l.import_id WHERE l.entry_id = ?1 AND i.undone = 0",
    )?;
    let sources = statement.query_map([entry], |row| Ok(to(source, row.get(0)?)))?;
    Ok(sources.collect::<rusqlite::Result<_>>()?)
}
