//! Sums, means and counts that an app made: a kingdom of their own, of which the last sent counts.

use health::matching::comparable;
use health::phone::{Aggregate, Feed, Grain};
use health::{Source, time};
use rusqlite::{Connection, OptionalExtension, params};

use super::code_of;
use crate::error::Result;

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    New,
    Known,
    Replaced,
}

/// The delivery that brings one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By {
    pub device: i64,
    pub delivery: i64,
    pub now_ms: i64,
}

/// The texts behind the indexes of one.
pub(crate) struct Texts<'a> {
    pub kind: u32,
    pub source: &'a Source,
    pub details: Option<i64>,
    pub name: Option<&'a str>,
}

/// Keeps an aggregate in place of an earlier one of the same bucket. What a long body says that came before a short one
/// is older, though it is read later.
pub(crate) fn keep(conn: &Connection, aggregate: &Aggregate, texts: &Texts<'_>, by: By) -> Result<Fate> {
    let grain = Grain::ALL.iter().zip(0..).find(|(grain, _)| **grain == aggregate.grain).map_or(0, |(_, code)| code);
    // HealthSync cuts days at a clock time: each part is a bucket of its own.
    let cut = if aggregate.feed == Feed::HealthSync { aggregate.end_ms } else { 0 };
    let mut names: Vec<String> = texts.source.name.split('|').map(comparable).collect();
    names.sort();
    let writer = names.join("|");
    let stats = serde_json::to_string(&aggregate.stats).unwrap_or_default();
    let place = params![code_of(aggregate.feed), texts.kind, grain, aggregate.start_ms, cut, writer, by.device];
    let before = conn
        .prepare_cached(
            "SELECT stats, unit, label, end_ms, last_ms FROM aggregates WHERE feed = ?1 AND kind_id = ?2 AND grain = ?3
                AND start_ms = ?4 AND cut_ms = ?5 AND writer = ?6 AND device_id = ?7",
        )?
        .query_row(place, |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?), row.get::<_, i64>(4)?)))
        .optional()?;
    let now = (stats, aggregate.unit.clone(), aggregate.label.clone(), aggregate.end_ms);
    let fate = match &before {
        None => Fate::New,
        Some((_, last_ms)) if *last_ms > by.now_ms => return Ok(Fate::Known),
        Some((before, _)) if *before == now => Fate::Known,
        Some(_) => Fate::Replaced,
    };
    conn.prepare_cached(
        "INSERT OR REPLACE INTO aggregates (feed, kind_id, grain, start_ms, cut_ms, writer, device_id, end_ms, source,
             bundle, hardware, stats, unit, original_unit, label, details_id, name, flags, last_delivery, last_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
    )?
    .execute(params![
        code_of(aggregate.feed),
        texts.kind,
        grain,
        aggregate.start_ms,
        cut,
        writer,
        by.device,
        aggregate.end_ms,
        texts.source.name,
        texts.source.bundle,
        texts.source.hardware,
        now.0,
        aggregate.unit,
        aggregate.original_unit,
        aggregate.label,
        texts.details,
        texts.name,
        aggregate.marks.flags.bits(),
        by.delivery,
        by.now_ms,
    ])?;
    Ok(fate)
}

/// An aggregate as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateRow {
    /// Word of the feed.
    pub feed: &'static str,
    /// Apple's identifier of the kind, or the type as it stood.
    pub kind: String,
    /// Word of the grain.
    pub grain: &'static str,
    /// Start of the bucket, RFC 3339.
    pub start: String,
    /// Its end.
    pub end: String,
    /// Name of the source as sent.
    pub source: String,
    /// Bundle identifier of the source, where known.
    pub bundle: Option<String>,
    /// Hardware of the source, where known.
    pub hardware: Option<String>,
    /// Words and numbers.
    pub stats: Vec<(String, f64)>,
    /// Unit of the numbers.
    pub unit: String,
    /// Unit as sent, where it is another one.
    pub original_unit: Option<String>,
    /// A word that tells apart what has no number.
    pub label: Option<String>,
    /// `{"metadata": {...}}`.
    pub details: Option<String>,
    /// What is odd about it.
    pub flags: health::phone::Flags,
    /// The device that delivered it.
    pub import_id: i64,
}

impl crate::Store {
    /// Hands over every aggregate that begins in `[from_ms, until_ms)`, in the order of kind and time; of several
    /// devices that tell one bucket the last. An error of `each` stops the walk.
    pub fn each_aggregate<E: From<crate::Error>>(
        &self,
        (from_ms, until_ms): (i64, i64),
        mut each: impl FnMut(AggregateRow) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let sql = "SELECT a.feed, k.identifier, a.grain, a.start_ms, a.end_ms, a.source, a.bundle, a.hardware, a.stats,
                    a.unit, a.original_unit, a.label, d.json, a.flags, a.device_id, max(a.last_ms)
             FROM aggregates a JOIN kinds k ON k.id = a.kind_id LEFT JOIN details d ON d.id = a.details_id
             WHERE a.start_ms >= ?1 AND a.start_ms < ?2
             GROUP BY a.kind_id, a.start_ms, a.feed, a.grain, a.cut_ms, a.writer
             ORDER BY k.identifier, a.start_ms, a.feed, a.grain, a.cut_ms, a.writer";
        let mut statement = self.conn.prepare_cached(sql).map_err(crate::Error::from)?;
        let mut rows = statement.query(params![from_ms, until_ms]).map_err(crate::Error::from)?;
        while let Some(row) = rows.next().map_err(crate::Error::from)? {
            each(read(row).map_err(crate::Error::from)?)?;
        }
        Ok(())
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<AggregateRow> {
    let grain: usize = row.get(2)?;
    let stats: String = row.get(8)?;
    Ok(AggregateRow {
        feed: super::feed_of(row.get(0)?).map_or("", Feed::as_str),
        kind: row.get(1)?,
        grain: Grain::ALL.get(grain).map_or("", |grain| grain.as_str()),
        start: time::format_instant(row.get(3)?),
        end: time::format_instant(row.get(4)?),
        source: row.get(5)?,
        bundle: row.get(6)?,
        hardware: row.get(7)?,
        stats: serde_json::from_str(&stats).unwrap_or_default(),
        unit: row.get(9)?,
        original_unit: row.get(10)?,
        label: row.get(11)?,
        details: row.get(12)?,
        flags: health::phone::Flags::from_bits(row.get(13)?),
        import_id: row.get(14)?,
    })
}
