//! What a remote has, as far as it said so, and what it refused.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::spans::{Position, SAMPLE, Series, Span};
use super::{Remote, changed, one};
use crate::error::{ErrorKind, Result};
use crate::open::Store;

/// The code of a row that is gone here and that the remote cannot be asked to take back: it stays there.
pub const STAYS: &str = "stays";
/// The code of a row that was refused and that the owner said to leave out: it is told no more, and sent only once it
/// is another, or by [`Store::forgive_refused`].
pub const LEFT_OUT: &str = "left_out";

/// Bytes of a pair.
const PAIR: usize = 16;

/// A row as a remote has it, in two numbers that its protocol makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// What it is: a row that the server takes in place of another one has the same.
    pub identity: u64,
    /// What of it was sent.
    pub fingerprint: u64,
}

/// A row that a remote refused, or that ours did not send because it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// Where it belongs.
    pub span: Span,
    /// Which row.
    pub mark: Mark,
    /// When.
    pub at_ms: i64,
    /// Why: a code.
    pub code: String,
    /// The server's own words.
    pub said: String,
    /// The row as it stood, as JSON.
    pub line: String,
}

/// How many rows a remote has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows that it has.
    pub acked: u64,
    /// Rows that it refused, or that ours held back.
    pub refused: u64,
    /// Rows that are gone here and stay there.
    pub stays: u64,
    /// Rows that it refused and that the owner leaves out.
    pub left_out: u64,
}

/// What became of the rows of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanDone {
    /// Which span.
    pub span: Span,
    /// Rows that the remote has now.
    pub stored: Vec<Mark>,
    /// Rows that it has no more, or that are none any more.
    pub gone: Vec<u64>,
}

/// What was told a remote, and how far it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The spans of which rows were sent or taken back.
    pub spans: Vec<SpanDone>,
    /// Rows that were refused.
    pub refused: Vec<RefusedRow>,
    /// How far it is.
    pub position: Position,
    /// Rows that were sent.
    pub sent: u64,
}

impl Store {
    /// Returns what a remote has of a span, in the order of identities.
    pub fn acknowledged(&self, remote: i64, span: &Span) -> Result<Vec<Mark>> {
        acknowledged(&self.conn, remote, span)
    }

    /// Returns what a remote refused of a span, in the order of identities; not what stays there ([`STAYS`]).
    pub fn refused_of(&self, remote: i64, span: &Span) -> Result<Vec<Mark>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT identity, fingerprint FROM refused
             WHERE remote_id = ?1 AND record = ?2 AND kind = ?3 AND day = ?4 AND code <> 'stays'",
        )?;
        let Series { record, kind } = &span.series;
        let rows = statement.query_map(params![remote, record, kind, span.day], |row| {
            Ok(Mark { identity: row.get::<_, i64>(0)? as u64, fingerprint: row.get::<_, i64>(1)? as u64 })
        })?;
        let mut marks = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        marks.sort_unstable();
        Ok(marks)
    }

    /// Returns what a remote refused, the newest first, at most so many.
    pub fn refused(&self, remote: i64, most: usize) -> Result<Vec<RefusedRow>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT record, kind, day, identity, fingerprint, at_ms, code, said, line FROM refused
             WHERE remote_id = ?1 ORDER BY at_ms DESC, record, kind, day, identity LIMIT ?2",
        )?;
        let rows = statement.query_map(params![remote, most as i64], |row| {
            let series = Series { record: row.get(0)?, kind: row.get(1)? };
            Ok(RefusedRow {
                span: Span { series, day: row.get(2)? },
                mark: Mark { identity: row.get::<_, i64>(3)? as u64, fingerprint: row.get::<_, i64>(4)? as u64 },
                at_ms: row.get(5)?,
                code: row.get(6)?,
                said: row.get(7)?,
                line: row.get(8)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns how many rows a remote has, refused, and keeps although they are gone here.
    pub fn remote_totals(&self, remote: i64) -> Result<Totals> {
        let mut statement = self.conn.prepare_cached(
            "SELECT (SELECT coalesce(sum(n), 0) FROM acknowledged WHERE remote_id = ?1),
                (SELECT count(*) FROM refused WHERE remote_id = ?1 AND code NOT IN ('stays', 'left_out')),
                (SELECT count(*) FROM refused WHERE remote_id = ?1 AND code = 'stays'),
                (SELECT count(*) FROM refused WHERE remote_id = ?1 AND code = 'left_out')",
        )?;
        let totals = |row: &rusqlite::Row<'_>| {
            let (acked, refused) = (row.get(0)?, row.get(1)?);
            Ok(Totals { acked, refused, stays: row.get(2)?, left_out: row.get(3)? })
        };
        Ok(statement.query_row([remote], totals)?)
    }

    /// Returns about how many rows of a series start at or after an instant, and how many a remote has of it.
    pub fn series_totals(&self, remote: i64, series: &Series, since_ms: i64) -> Result<(u64, u64)> {
        let of_store = match series.record.as_str() {
            SAMPLE => {
                "SELECT count(*) FROM samples WHERE kind_id = (SELECT id FROM kinds WHERE identifier = ?1)
                     AND start_ms >= ?2 AND (superseded_by IS NULL OR superseded_by = -3)"
            }
            "aggregate" => "SELECT count(*) FROM aggregates WHERE ?1 = '' AND start_ms >= ?2",
            _ => {
                "SELECT count(*) FROM entries WHERE kind = ?1 AND coalesce(start_ms, ?2) >= ?2
                     AND superseded_by IS NULL"
            }
        };
        let of = if series.record == SAMPLE || series.record == "aggregate" { &series.kind } else { &series.record };
        let should = self.conn.prepare_cached(of_store)?.query_row(params![of, since_ms], |row| row.get(0))?;
        let has = self
            .conn
            .prepare_cached(
                "SELECT coalesce(sum(n), 0) FROM acknowledged WHERE remote_id = ?1 AND record = ?2 AND kind = ?3",
            )?
            .query_row(params![remote, series.record, series.kind], |row| row.get(0))?;
        Ok((should, has))
    }

    /// Returns every series that the store knows, in their order.
    pub fn all_series(&self) -> Result<Vec<Series>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT 'sample', identifier FROM kinds UNION SELECT kind, '' FROM entries
             UNION SELECT 'aggregate', '' WHERE EXISTS (SELECT 1 FROM aggregates) ORDER BY 1, 2",
        )?;
        let rows = statement.query_map([], |row| Ok(Series { record: row.get(0)?, kind: row.get(1)? }))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Puts down what a remote was told: its ledger, what it refused, and how far it is, in one transaction. Fails with
    /// `UnknownRemote` where it was removed meanwhile.
    pub fn acknowledge(&mut self, remote: i64, told: &Told) -> Result<Remote> {
        self.change(|tx| {
            let (record, kind, day) = told.position.walk.columns();
            changed(tx.execute(
                "UPDATE remotes SET seq = max(seq, ?2), walk_record = ?3, walk_kind = ?4, walk_day = ?5, sent = sent + ?6
                 WHERE id = ?1",
                params![remote, told.position.seq, record, kind, day, told.sent as i64],
            )?)?;
            told.spans.iter().try_for_each(|done| settle(tx, remote, done))?;
            told.refused.iter().try_for_each(|row| refuse(tx, remote, row))?;
            forget_changes(tx)?;
            one(tx, remote)
        })
    }

    /// Leaves out what a remote refused: as [`LEFT_OUT`] says. Returns how many rows that is.
    pub fn leave_out_refused(&mut self, remote: i64) -> Result<u64> {
        self.change(|tx| {
            let told =
                "UPDATE refused SET code = 'left_out' WHERE remote_id = ?1 AND code NOT IN ('stays', 'left_out')";
            Ok(tx.execute(told, [remote])? as u64)
        })
    }

    /// Lets what a remote refused be sent once more. Returns how many rows that is.
    pub fn forgive_refused(&mut self, remote: i64) -> Result<u64> {
        self.change(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO changes (record, kind, day)
                 SELECT DISTINCT record, kind, day FROM refused WHERE remote_id = ?1 AND code <> 'stays'",
                [remote],
            )?;
            Ok(tx.execute("DELETE FROM refused WHERE remote_id = ?1 AND code <> 'stays'", [remote])? as u64)
        })
    }
}

fn acknowledged(conn: &Connection, remote: i64, span: &Span) -> Result<Vec<Mark>> {
    let mut statement = conn.prepare_cached(
        "SELECT rows FROM acknowledged WHERE remote_id = ?1 AND record = ?2 AND kind = ?3 AND day = ?4",
    )?;
    let Series { record, kind } = &span.series;
    let rows: Option<Vec<u8>> =
        statement.query_row(params![remote, record, kind, span.day], |row| row.get(0)).optional()?;
    let rows = rows.unwrap_or_default();
    if !rows.len().is_multiple_of(PAIR) {
        return Err(ErrorKind::Damaged("the ledger of a server is torn".to_owned()).into());
    }
    Ok(rows.as_chunks::<PAIR>().0.iter().map(unpack).collect())
}

fn unpack(pair: &[u8; PAIR]) -> Mark {
    let both = u128::from_le_bytes(*pair);
    Mark { identity: both as u64, fingerprint: (both >> 64) as u64 }
}

fn pack(mark: &Mark) -> [u8; PAIR] {
    (u128::from(mark.fingerprint) << 64 | u128::from(mark.identity)).to_le_bytes()
}

fn settle(conn: &Connection, remote: i64, done: &SpanDone) -> Result<()> {
    let mut marks: BTreeMap<u64, u64> = BTreeMap::new();
    marks.extend(acknowledged(conn, remote, &done.span)?.iter().map(|mark| (mark.identity, mark.fingerprint)));
    for identity in &done.gone {
        marks.remove(identity);
    }
    marks.extend(done.stored.iter().map(|mark| (mark.identity, mark.fingerprint)));
    let Series { record, kind } = &done.span.series;
    let mut forget = conn.prepare_cached(
        "DELETE FROM refused WHERE remote_id = ?1 AND record = ?2 AND kind = ?3 AND day = ?4 AND identity = ?5",
    )?;
    for identity in done.gone.iter().copied().chain(done.stored.iter().map(|mark| mark.identity)) {
        forget.execute(params![remote, record, kind, done.span.day, identity as i64])?;
    }
    if marks.is_empty() {
        conn.prepare_cached(
            "DELETE FROM acknowledged WHERE remote_id = ?1 AND record = ?2 AND kind = ?3 AND day = ?4",
        )?
        .execute(params![remote, record, kind, done.span.day])?;
        return Ok(());
    }
    let rows: Vec<u8> = marks
        .iter()
        .flat_map(|(identity, fingerprint)| pack(&Mark { identity: *identity, fingerprint: *fingerprint }))
        .collect();
    conn.prepare_cached(
        "INSERT OR REPLACE INTO acknowledged (remote_id, record, kind, day, n, rows) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![remote, record, kind, done.span.day, marks.len() as i64, rows])?;
    Ok(())
}

fn refuse(conn: &Connection, remote: i64, row: &RefusedRow) -> Result<()> {
    let Series { record, kind } = &row.span.series;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO refused (remote_id, record, kind, day, identity, fingerprint, at_ms, code, said, line)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        remote,
        record,
        kind,
        row.span.day,
        row.mark.identity as i64,
        row.mark.fingerprint as i64,
        row.at_ms,
        row.code,
        row.said,
        row.line
    ])?;
    Ok(())
}

/// Forgets changes that every remote was compared with.
pub(super) fn forget_changes(conn: &Connection) -> Result<()> {
    conn.prepare_cached(
        "DELETE FROM changes WHERE seq <= coalesce((SELECT min(seq) FROM remotes), 9223372036854775807)",
    )?
    .execute([])?;
    Ok(())
}
