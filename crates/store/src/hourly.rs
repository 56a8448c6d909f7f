//! Local hours of the newest two weeks that have data, kept up to date with every write.
//!
//! The window ends with the latest day that has a sample. Hours before it are computed from their samples when asked
//! for; a day's samples are read in a millisecond or two.

use std::collections::{BTreeMap, BTreeSet};

use health::series::buckets::{Bucket, Calendar, Grain, Input};
use health::time::{Day, Zones};
use rusqlite::{Connection, OptionalExtension, params};

use crate::derived::rule;
use crate::error::Result;
use crate::merged::{Need, REACH_MS};
use crate::query::settings::{forget, read, write};
use crate::query::{Orders, points};
use crate::rollup::Rule;

/// Days that are kept.
pub(crate) const DAYS: Day = 14;
/// The setting that holds the last day of the window; nobody sets it.
pub(crate) const UNTIL: &str = "hourly_until";

/// The first and the last day on which an hour may be another one.
pub(crate) type Touched = (Day, Day);

/// Computes what a write touched: `touched` has it of each kind, `moved` the kinds whose sources changed places.
pub(crate) fn rebuild(
    conn: &Connection,
    zones: &Zones,
    orders: &Orders,
    touched: &BTreeMap<u32, Touched>,
    moved: &BTreeSet<u32>,
) -> Result<()> {
    let before = window_end(conn)?;
    let Some(until) = last_day(conn, zones)? else {
        conn.execute("DELETE FROM hourly", [])?;
        return forget(conn, UNTIL);
    };
    let window = (until - DAYS + 1, until);
    if before != Some(until) {
        conn.execute("DELETE FROM hourly", [])?;
        write(conn, UNTIL, &until.to_string())?;
        return kinds(conn)?.into_iter().try_for_each(|kind| fill(conn, zones, orders, kind, window));
    }
    for kind in moved {
        clear_and_fill(conn, zones, orders, *kind, window, window)?;
    }
    for (kind, (first, last)) in touched.iter().filter(|(kind, _)| !moved.contains(kind)) {
        clear_and_fill(conn, zones, orders, *kind, window, (*first.max(&window.0), *last.min(&window.1)))?;
    }
    Ok(())
}

/// Computes some days of the window anew; all of them where others lie between them: who travels may have a day twice.
fn clear_and_fill(
    conn: &Connection,
    zones: &Zones,
    orders: &Orders,
    kind: u32,
    window: Touched,
    days: Touched,
) -> Result<()> {
    if days.0 > days.1 {
        return Ok(());
    }
    let range = zones.days(days.0, days.1);
    if days == window || !range.is_undivided() {
        conn.prepare_cached("DELETE FROM hourly WHERE kind_id = ?1")?.execute([kind])?;
        return fill(conn, zones, orders, kind, window);
    }
    let (from_ms, until_ms) = range.range_ms();
    conn.prepare_cached("DELETE FROM hourly WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3")?
        .execute(params![kind, from_ms, until_ms])?;
    fill(conn, zones, orders, kind, days)
}

/// The last day of the window.
pub(crate) fn window_end(conn: &Connection) -> Result<Option<Day>> {
    Ok(read(conn, UNTIL)?.and_then(|day| day.parse().ok()))
}

/// The hours of a kind as they should be in the table.
pub(crate) fn hours(conn: &Connection, zones: &Zones, orders: &Orders, kind: u32, until: Day) -> Result<Vec<Bucket>> {
    hours_of(conn, zones, orders, kind, (until - DAYS + 1, until))
}

fn hours_of(conn: &Connection, zones: &Zones, orders: &Orders, kind: u32, days: Touched) -> Result<Vec<Bucket>> {
    let days = zones.days(days.0, days.1);
    let (from_ms, until_ms) = days.range_ms();
    let (rule, ranks) = (rule(conn, kind)?.0, orders.of_kind(kind));
    let points = points::points(conn, kind.into(), from_ms - REACH_MS, until_ms.saturating_add(REACH_MS))?;
    let mut inputs: Vec<Input> = points.iter().filter_map(|point| point.input(rule, ranks)).collect();
    if Rule(rule).merging() == Need::Never {
        // Sources that change places leave these hours alone: their order must not show in the last bit of a sum.
        inputs.iter_mut().for_each(|input| input.span.rank = 0);
    }
    let calendar = Calendar { zones, grain: Grain::Hour, week_start: 0 };
    let mut hours = rule.buckets(&inputs, calendar);
    hours.retain(|hour| days.holds_day(hour.day));
    Ok(hours)
}

fn fill(conn: &Connection, zones: &Zones, orders: &Orders, kind: u32, days: Touched) -> Result<()> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO hourly (kind_id, start_ms, n, value, minimum, maximum, mean, total, naive)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for b in hours_of(conn, zones, orders, kind, days)? {
        insert.execute(params![kind, b.start_ms, b.n, b.value, b.min, b.max, b.mean, b.sum, b.naive_sum])?;
    }
    Ok(())
}

/// The latest local day that a sample touches.
pub(crate) fn last_day(conn: &Connection, zones: &Zones) -> Result<Option<Day>> {
    let last: Option<i64> = conn
        .prepare_cached("SELECT max(last_ms) FROM series_summary WHERE n > 0")?
        .query_row([], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(last.map(|last_ms| zones.day(last_ms)))
}

/// The kinds with live samples.
pub(crate) fn kinds(conn: &Connection) -> Result<BTreeSet<u32>> {
    let mut statement = conn.prepare_cached("SELECT DISTINCT kind_id FROM series_summary WHERE n > 0")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}
