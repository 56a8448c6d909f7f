//! The hours of the newest days that are kept, and whether they are what their samples make.

use std::collections::BTreeMap;

use health::series::buckets::{Bucket, Calendar, Grain};
use health::time::{Day, Zones};
use rusqlite::{Connection, Row, params};

use super::Orders;
use super::recount::near;
use super::verify::Texts;
use crate::derived::identifier;
use crate::error::Result;
use crate::hourly;
use crate::open::Store;

impl Store {
    /// Returns the hours of a kind on the days `from..=to`, both inclusive; `None` where not all of them are kept.
    pub fn hours(&self, kind_id: i64, (from, to): (Day, Day), zones: &Zones) -> Result<Option<Vec<Bucket>>> {
        let Some(until) = hourly::window_end(&self.conn)?.filter(|until| until - hourly::DAYS < from && to <= *until)
        else {
            return Ok(None);
        };
        debug_assert!(from <= until, "a range ends after it begins");
        let mut statement = self.conn.prepare_cached(
            "SELECT start_ms, n, value, minimum, maximum, mean, total, naive FROM hourly
             WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 ORDER BY start_ms",
        )?;
        let days = zones.days(from, to);
        let (from_ms, until_ms) = days.range_ms();
        let rows = statement.query_map(params![kind_id, from_ms, until_ms], |row| from_sql(row, zones))?;
        let mut hours = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        hours.retain(|hour| days.holds_day(hour.day));
        Ok(Some(hours))
    }
}

fn from_sql(row: &Row<'_>, zones: &Zones) -> rusqlite::Result<Bucket> {
    let start_ms: i64 = row.get(0)?;
    let calendar = Calendar { zones, grain: Grain::Hour, week_start: 0 };
    let (_, end_ms, day) = calendar.span(start_ms);
    Ok(Bucket {
        start_ms,
        end_ms,
        day,
        n: row.get(1)?,
        value: row.get(2)?,
        min: row.get(3)?,
        max: row.get(4)?,
        mean: row.get(5)?,
        sum: row.get(6)?,
        naive_sum: row.get(7)?,
        weight: 0.0,
        parts: BTreeMap::new(),
    })
}

/// Tells each kind whose kept hours are not what its samples make.
pub(super) fn differences(conn: &Connection, zones: &Zones, orders: &Orders, texts: &mut Texts) -> Result<()> {
    let (until, kept) = (hourly::last_day(conn, zones)?, hourly::window_end(conn)?);
    if until != kept {
        texts.tell(|| "other days are kept than the newest ones".to_owned());
        return Ok(());
    }
    let mut statement = conn.prepare_cached(
        "SELECT start_ms, n, value, minimum, maximum, mean, total, naive FROM hourly WHERE kind_id = ?1
         ORDER BY start_ms",
    )?;
    for (until, kind) in
        until.into_iter().flat_map(|until| hourly::kinds(conn).into_iter().flatten().map(move |k| (until, k)))
    {
        let kept = statement.query_map([kind], |row| from_sql(row, zones))?.collect::<rusqlite::Result<Vec<_>>>()?;
        let made = hourly::hours(conn, zones, orders, kind, until)?;
        if kept.len() != made.len() || kept.iter().zip(&made).any(|(a, b)| !same(a, b)) {
            let name = identifier(conn, kind)?;
            texts.tell(|| format!("{name}: the hours of the newest days differ"));
        }
    }
    Ok(())
}

fn same(a: &Bucket, b: &Bucket) -> bool {
    let numbers = |b: &Bucket| [b.value, b.min, b.max, b.mean, b.sum, b.naive_sum];
    (a.start_ms, a.n) == (b.start_ms, b.n) && numbers(a).iter().zip(numbers(b)).all(|(a, b)| near(*a, b))
}
