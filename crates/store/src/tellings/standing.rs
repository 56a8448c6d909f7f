//! How many records there are, to say how many an undo took away: what others tell, too, is still there.

use health::phone::{Flag, Flags};
use rusqlite::{Connection, params};

use crate::error::Result;

/// Records that count: samples, and entries that are no part of another one. What is left to be found must be found.
pub(crate) fn records(conn: &Connection) -> Result<u64> {
    let mut statement = conn.prepare_cached(
        "SELECT (SELECT coalesce(sum(n), 0) FROM series_summary)
              + (SELECT count(*) FROM entries
                 WHERE superseded_by IS NULL AND kind NOT IN ('route', 'correlation', 'profile'))",
    )?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// What a device alone tells besides: sums that its apps made, and samples that are in no number.
pub(crate) fn of_device_alone(conn: &Connection, device: i64) -> Result<u64> {
    let aggregates: u64 = conn
        .prepare_cached(
            "SELECT count(*) FROM aggregates a WHERE device_id = ?1 AND NOT EXISTS (SELECT 1 FROM aggregates o
                 WHERE o.feed = a.feed AND o.kind_id = a.kind_id AND o.grain = a.grain AND o.start_ms = a.start_ms
                   AND o.cut_ms = a.cut_ms AND o.writer = a.writer AND o.device_id <> a.device_id)",
        )?
        .query_row([device], |row| row.get(0))?;
    // What is one record starts within two seconds.
    let left_out: u64 = conn
        .prepare_cached(
            "SELECT count(*) FROM (SELECT DISTINCT kind_id, row_start_ms, row_source_id, row_duration_ms, row_ordinal
                 FROM tellings t WHERE device_id = ?1 AND flags & ?2 AND row_start_ms IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM tellings o
                     WHERE o.kind_id = t.kind_id AND o.start_ms BETWEEN t.start_ms - 2000 AND t.start_ms + 2000
                       AND o.device_id <> t.device_id AND o.row_start_ms = t.row_start_ms
                       AND o.row_source_id = t.row_source_id AND o.row_duration_ms = t.row_duration_ms
                       AND o.row_ordinal = t.row_ordinal))",
        )?
        .query_row(params![device, leaving_out()], |row| row.get(0))?;
    Ok(aggregates + left_out)
}

/// The bits of all that leaves a record out.
fn leaving_out() -> u16 {
    let of = |flag: Flag| {
        let mut flags = Flags::default();
        flags.set(flag);
        if flags.leaves_out() { flags.bits() } else { 0 }
    };
    Flags::ALL.into_iter().fold(0, |all, (flag, _)| all | of(flag))
}
