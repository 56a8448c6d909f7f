//! The merged days made once more from the samples, and compared with those in the table.

use health::series::buckets::Bucket;
use health::series::workouts::heart::Minute;
use health::time::{Day, Zones, format_day};
use rusqlite::{Connection, Row, Rows};

use super::recount::near;
use super::verify::Texts;
use super::{KindRow, Orders};
use crate::error::Result;
use crate::merged;
use crate::unite::number;

/// A day as far as it is compared.
#[derive(Debug, PartialEq)]
struct Merged {
    day: Day,
    n: i64,
    /// Value, smallest, largest, mean, sum, plain sum and weight.
    numbers: [f64; 7],
    parts: Vec<(i64, f64)>,
    /// Start and mean of the highest minute.
    peak: Option<(i64, f64)>,
}

/// Tells, for one kind, each day whose merged row is not what its samples make.
pub(super) fn differences(
    conn: &Connection,
    kind: &KindRow,
    zones: &Zones,
    orders: &Orders,
    texts: &mut Texts,
) -> Result<()> {
    let id = number(kind.id)?;
    let mut statement = conn.prepare_cached(
        "SELECT day, n, value, minimum, maximum, mean, total, naive, weight, parts, peak_ms, peak FROM merged
         WHERE kind_id = ?1 ORDER BY day",
    )?;
    let mut stored = Stored { rows: statement.query([id])?, next: None };
    stored.advance()?;
    if !merged::has_its_order(conn, id, orders)? {
        texts.tell(|| format!("{}: the days are merged in another order of sources", kind.identifier));
    }
    let mut tell = |day: Day, text: &str| texts.tell(|| format!("{} on {}: {text}", kind.identifier, format_day(day)));
    merged::recount(conn, zones, id, orders.of_kind(id), &mut |bucket, peak, parts| {
        while let Some(spare) = stored.next.take_if(|row| row.day < bucket.day) {
            tell(spare.day, "there is nothing to merge");
            stored.advance()?;
        }
        match stored.next.take_if(|row| row.day == bucket.day) {
            None => tell(bucket.day, "it is not merged"),
            Some(row) => {
                if !same(&row, &made(bucket, peak, &parts)) {
                    tell(row.day, "the merged numbers differ");
                }
                stored.advance()?;
            }
        }
        Ok(())
    })?;
    while let Some(spare) = stored.next.take() {
        tell(spare.day, "there is nothing to merge");
        stored.advance()?;
    }
    Ok(())
}

/// The rows of the table, one ahead.
struct Stored<'a> {
    rows: Rows<'a>,
    next: Option<Merged>,
}

impl Stored<'_> {
    fn advance(&mut self) -> Result<()> {
        self.next = self.rows.next()?.map(from_sql).transpose()?;
        Ok(())
    }
}

fn from_sql(row: &Row<'_>) -> rusqlite::Result<Merged> {
    let parts: String = row.get(9)?;
    Ok(Merged {
        day: row.get(0)?,
        n: row.get(1)?,
        numbers: [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?],
        parts: parts_of(&parts),
        peak: row.get::<_, Option<_>>(10)?.zip(row.get(11)?),
    })
}

fn made(bucket: &Bucket, peak: Option<Minute>, parts: &str) -> Merged {
    Merged {
        day: bucket.day,
        n: bucket.n,
        numbers: [bucket.value, bucket.min, bucket.max, bucket.mean, bucket.sum, bucket.naive_sum, bucket.weight],
        parts: parts_of(parts),
        peak: peak.map(|minute| (minute.at_ms, minute.bpm)),
    }
}

fn parts_of(json: &str) -> Vec<(i64, f64)> {
    serde_json::from_str(json).unwrap_or_default()
}

fn same(a: &Merged, b: &Merged) -> bool {
    let numbers = a.numbers.iter().zip(&b.numbers).all(|(a, b)| near(*a, *b));
    let parts =
        a.parts.len() == b.parts.len() && a.parts.iter().zip(&b.parts).all(|(a, b)| a.0 == b.0 && near(a.1, b.1));
    a.n == b.n && numbers && parts && a.peak == b.peak
}
