//! Bare numbers of one kind in the order of time, for arithmetic: no names, no details.

use health::series::buckets::Input;
use health::series::merge::Span;
use health::series::rule::{LONGEST_SPLIT_MS, Rule};
use rusqlite::{Connection, params};

use super::Ranks;
use crate::error::Result;
use crate::open::Store;

/// No sample that counts lasts longer; one that starts earlier cannot reach into a range.
const LONGEST_MS: i64 = 31 * 24 * 3_600_000;

/// One live sample, bare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Who wrote it.
    pub source_id: i64,
    /// The value, where we can read it.
    pub value: Option<f64>,
    /// How many equal samples it stands for, where the kind's equal rows are events.
    pub copies: i64,
    /// Typed in by hand.
    pub by_hand: bool,
}

impl Point {
    /// The sample as arithmetic takes it; none where its value cannot be read.
    pub fn input(&self, rule: Rule, ranks: &Ranks) -> Option<Input> {
        let (value, length) = rule.amount(self.value, self.end_ms - self.start_ms)?;
        // Totals of many days count for the day of their start, as in the roll-ups.
        let length = if length > LONGEST_SPLIT_MS { 0 } else { length };
        let rank = ranks.of(self.source_id, self.by_hand);
        let span = Span { start_ms: self.start_ms, end_ms: self.start_ms + length, value, rank };
        Some(Input { span, copies: if rule == Rule::EveryEvent || self.by_hand { self.copies } else { 1 } })
    }
}

impl Store {
    /// Returns the live samples of a kind that touch `[from_ms, until_ms)`, by start.
    pub fn points(&self, kind_id: i64, from_ms: i64, until_ms: i64) -> Result<Vec<Point>> {
        points(&self.conn, kind_id, from_ms, until_ms)
    }
}

impl Store {
    /// Returns the live samples of a kind that start in `[from_ms, until_ms)`, by start: quick for short ranges,
    /// because it does not look for longer ones that reach in.
    pub fn points_from(&self, kind_id: i64, from_ms: i64, until_ms: i64) -> Result<Vec<Point>> {
        read(&self.conn, kind_id, from_ms, (from_ms, until_ms))
    }
}

/// The same on a connection.
pub(crate) fn points(conn: &Connection, kind_id: i64, from_ms: i64, until_ms: i64) -> Result<Vec<Point>> {
    read(conn, kind_id, from_ms.saturating_sub(LONGEST_MS), (from_ms, until_ms))
}

/// Hands them over one by one.
pub(crate) fn each_point(
    conn: &Connection,
    kind_id: i64,
    (from_ms, until_ms): (i64, i64),
    each: &mut dyn FnMut(Point) -> Result<()>,
) -> Result<()> {
    hand_over(conn, kind_id, from_ms.saturating_sub(LONGEST_MS), (from_ms, until_ms), each)
}

/// Those of the range that start at `earliest` or later.
fn read(conn: &Connection, kind_id: i64, earliest: i64, range: (i64, i64)) -> Result<Vec<Point>> {
    let mut points = Vec::new();
    hand_over(conn, kind_id, earliest, range, &mut |point| {
        points.push(point);
        Ok(())
    })?;
    Ok(points)
}

fn hand_over(
    conn: &Connection,
    kind_id: i64,
    earliest: i64,
    (from_ms, until_ms): (i64, i64),
    each: &mut dyn FnMut(Point) -> Result<()>,
) -> Result<()> {
    let mut statement = conn.prepare_cached(
        "SELECT start_ms, start_ms + duration_ms, source_id, value, copies, flags & 1 FROM samples
         WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?4 AND superseded_by IS NULL
           AND (start_ms >= ?3 OR start_ms + duration_ms > ?3)
         ORDER BY start_ms, source_id, duration_ms, ordinal",
    )?;
    let mut rows = statement.query(params![kind_id, earliest, from_ms, until_ms])?;
    while let Some(row) = rows.next()? {
        each(Point {
            start_ms: row.get(0)?,
            end_ms: row.get(1)?,
            source_id: row.get(2)?,
            value: row.get(3)?,
            copies: row.get(4)?,
            by_hand: row.get(5)?,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[track_caller]
    fn check(from_ms: i64, until_ms: i64, expected: usize) {
        assert_eq!(testing::filled().points(2, from_ms, until_ms).expect("points").len(), expected);
    }

    #[test]
    fn points_from_an_instant_start_there() {
        let count = |from_ms| testing::filled().points_from(2, from_ms, i64::MAX).expect("points").len();
        assert_eq!([count(1_773_478_800_000), count(1_773_478_800_001)], [2, 0]);
    }

    #[test]
    fn a_sample_that_reaches_into_the_range_belongs_to_it() {
        check(1_773_478_800_000, i64::MAX, 2);
        check(1_773_482_399_999, i64::MAX, 2);
        check(1_773_482_400_000, i64::MAX, 0);
        check(i64::MIN, 1_773_478_800_000, 0);
    }
}
