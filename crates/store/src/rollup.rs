//! Sums of samples per local day and source, and the table `daily` that keeps them.
//!
//! Sums are exact integers, so that the order in which samples are added never shows in a bit of the result.

use std::collections::{BTreeMap, BTreeSet};

use health::kind::{Kind, Style, get_or_guess};
use health::series::rule::{LONGEST_SPLIT_MS, Rule as DayRule};
use health::time::{Day, Zones};
use rusqlite::{Connection, params};

use crate::error::Result;
use crate::row::FLAG_USER_ENTERED;

/// A day of UTC.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Sums are kept in units of 2^-64: six digits of a millionth are exact, and so are nine quintillions.
const UNIT: f64 = 18_446_744_073_709_551_616.0;

/// What a roll-up must know about a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule(pub DayRule);

impl Rule {
    /// By the identifier alone: enough while rows come in. Days are derived by [`crate::derived::rule`].
    pub fn of(identifier: &str) -> Self {
        Self::of_kind(&get_or_guess(identifier, None))
    }

    pub fn of_kind(kind: &Kind) -> Self {
        Self(DayRule::of(kind))
    }

    pub fn style(self) -> Style {
        self.0.style()
    }

    /// Whether equal samples are separate events; otherwise they are repeats of one.
    pub fn counts_copies(self, flags: u32) -> bool {
        self.0 == DayRule::EveryEvent || flags & FLAG_USER_ENTERED != 0
    }

    /// How many samples a row stands for.
    pub fn copies(self, copies: u32, flags: u32) -> u32 {
        if self.counts_copies(flags) { copies } else { 1 }
    }
}

/// A sample as far as days are concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub start_ms: i64,
    pub source: u32,
    pub duration_ms: i64,
    pub value: Option<f64>,
    pub copies: u32,
    pub by_hand: bool,
}

/// Sources whose sums are looked through; a day with more of them is closed in between.
const SOURCES_AT_ONCE: usize = 32;

/// The sums of one kind.
#[derive(Debug, Default)]
pub(crate) struct Days {
    done: BTreeMap<(Day, u32), Sums>,
    /// The day that is being added to, and between which instants it holds.
    open: (Day, i64, i64),
    /// Its sums by source: a handful, which are looked through one by one.
    sums: Vec<(u32, Sums)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Sums {
    n: u64,
    total: Option<i128>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    milliseconds: i64,
    /// From the first start to the last end.
    extent: Option<(i64, i64)>,
    /// Whether some rows were typed in by hand, and some were not.
    by_hand: [bool; 2],
    /// Samples may overlap: exact among neighbours in time, else suspected where extents overlap.
    overlaps: bool,
}

impl Days {
    /// Adds a sample; quick where neighbours come one after the other.
    pub fn add(&mut self, zones: &Zones, rule: DayRule, part: Part) {
        if !(self.open.1..self.open.2).contains(&part.start_ms) {
            self.close();
            self.open = zones.day_span(part.start_ms);
        }
        let amount = if rule == DayRule::Count { None } else { rule.amount(part.value, part.duration_ms) };
        let value = amount.map(|(value, _)| value);
        let end = part.start_ms.saturating_add(part.duration_ms);
        let until = self.open.2;
        let (day, whole) = (self.open.0, !splits(rule, part.duration_ms) || end <= until);
        let sums = self.sums_of(part.source);
        sums.n += u64::from(part.copies);
        if let Some(value) = value {
            sums.minimum = Some(sums.minimum.map_or(value, |m| m.min(value)));
            sums.maximum = Some(sums.maximum.map_or(value, |m| m.max(value)));
        }
        sums.by_hand[usize::from(part.by_hand)] = true;
        if whole {
            return sums.extend(part.start_ms, end, value, &part);
        }
        let mut span = (day, part.start_ms, until);
        loop {
            let until = end.min(span.2);
            let mut piece = Sums::default();
            piece.extend(span.1, until, value, &part);
            self.done.entry((span.0, part.source)).or_default().merge(&piece);
            if until >= end {
                return;
            }
            span = zones.day_span(until);
            span.1 = until;
        }
    }

    fn sums_of(&mut self, source: u32) -> &mut Sums {
        if self.sums.len() >= SOURCES_AT_ONCE {
            self.close();
        }
        let at = self.sums.iter().position(|(s, _)| *s == source).unwrap_or_else(|| {
            self.sums.push((source, Sums::default()));
            self.sums.len() - 1
        });
        &mut self.sums[at].1
    }

    fn close(&mut self) {
        for (source, sums) in self.sums.drain(..) {
            self.done.entry((self.open.0, source)).or_default().merge(&sums);
        }
    }

    /// The first and the last day.
    pub fn bounds(&mut self) -> Option<(Day, Day)> {
        self.close();
        Some((self.done.first_key_value()?.0.0, self.done.last_key_value()?.0.0))
    }

    /// The days with sums among `from..=until`.
    pub fn between(&mut self, from: Day, until: Day) -> impl Iterator<Item = Day> + '_ {
        self.close();
        self.done.range((from, 0)..=(until, u32::MAX)).map(|((day, _), _)| *day)
    }

    /// Days on which several sources wrote, or samples may overlap.
    pub fn tangled(&mut self) -> BTreeSet<Day> {
        self.close();
        let mut tangled = BTreeSet::new();
        let mut previous = None;
        for ((day, _), sums) in &self.done {
            if previous.replace(*day) == Some(*day) || sums.overlaps || sums.by_hand == [true, true] {
                tangled.insert(*day);
            }
        }
        tangled
    }

    /// Forgets the days of closed ranges, which come sorted and disjoint.
    pub fn remove(&mut self, ranges: &[(Day, Day)]) {
        self.close();
        self.done.retain(|(day, _), _| {
            let after = ranges.partition_point(|(from, _)| from <= day);
            after == 0 || ranges[after - 1].1 < *day
        });
    }

    /// Writes the days `from..=until`; they must not be in the table.
    pub fn write(&mut self, conn: &Connection, kind: u32, (from, until): (Day, Day)) -> Result<()> {
        self.close();
        let mut insert = conn.prepare_cached(
            "INSERT INTO daily (kind_id, day, source_id, n, total, minimum, maximum, seconds)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for ((day, source), sums) in self.done.range((from, 0)..=(until, u32::MAX)) {
            let total = sums.total.map(|total| total as f64 / UNIT);
            let seconds = sums.milliseconds as f64 / 1000.0;
            insert.execute(params![kind, day, source, sums.n, total, sums.minimum, sums.maximum, seconds])?;
        }
        Ok(())
    }
}

/// Whether a sample over midnight gives each day its part.
fn splits(rule: DayRule, duration_ms: i64) -> bool {
    rule.is_sum() && duration_ms > 0 && duration_ms <= LONGEST_SPLIT_MS
}

impl Sums {
    /// Adds the piece `[from_ms, until_ms)` of a sample and the same part of its value.
    fn extend(&mut self, from_ms: i64, until_ms: i64, value: Option<f64>, part: &Part) {
        let covered_ms = until_ms - from_ms;
        self.milliseconds = self.milliseconds.saturating_add(covered_ms);
        self.reach(Some((from_ms, until_ms)));
        if let Some(value) = value {
            let whole = covered_ms == part.duration_ms;
            let share = if whole { 1.0 } else { covered_ms as f64 / part.duration_ms as f64 };
            let exact = (value * share * UNIT) as i128;
            let total = self.total.unwrap_or(0);
            self.total = Some(total.saturating_add(exact.saturating_mul(i128::from(part.copies))));
        }
    }

    fn reach(&mut self, extent: Option<(i64, i64)>) {
        if let (Some((first, last)), Some((from, until))) = (self.extent, extent) {
            self.overlaps |= from < last && first < until.max(from + 1);
        }
        self.extent = both(self.extent, extent, |a, b| (a.0.min(b.0), a.1.max(b.1)));
    }

    fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.milliseconds = self.milliseconds.saturating_add(other.milliseconds);
        self.total = both(self.total, other.total, i128::saturating_add);
        self.minimum = both(self.minimum, other.minimum, f64::min);
        self.maximum = both(self.maximum, other.maximum, f64::max);
        self.by_hand = [self.by_hand[0] | other.by_hand[0], self.by_hand[1] | other.by_hand[1]];
        self.overlaps |= other.overlaps;
        self.reach(other.extent);
    }
}

fn both<T>(a: Option<T>, b: Option<T>, join: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(join(a, b)),
        (a, b) => a.or(b),
    }
}

/// Computes the local days `from..=until` of one kind anew from the rows.
pub(crate) fn rebuild(
    conn: &Connection,
    zones: &Zones,
    kind: u32,
    rule: Rule,
    (from, until): (Day, Day),
) -> Result<()> {
    conn.prepare_cached("DELETE FROM daily WHERE kind_id = ?1 AND day BETWEEN ?2 AND ?3")?
        .execute(params![kind, from, until])?;
    // A local day may begin 14 hours before or after that of UTC; a split sample a day before that.
    let reach = (i64::from(from) * DAY_MS - DAY_MS - LONGEST_SPLIT_MS, (i64::from(until) + 2) * DAY_MS);
    let mut statement = conn.prepare_cached(
        "SELECT start_ms, source_id, duration_ms, value, copies, flags FROM samples
         WHERE kind_id = ?1 AND start_ms BETWEEN ?2 AND ?3 AND superseded_by IS NULL ORDER BY start_ms",
    )?;
    let mut rows = statement.query(params![kind, reach.0, reach.1])?;
    let mut days = Days::default();
    while let Some(row) = rows.next()? {
        let flags = row.get(5)?;
        let (copies, by_hand) = (rule.copies(row.get(4)?, flags), flags & FLAG_USER_ENTERED != 0);
        let (start_ms, source, duration_ms, value) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        days.add(zones, rule.0, Part { start_ms, source, duration_ms, value, copies, by_hand });
    }
    drop(rows);
    days.write(conn, kind, (from, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn part(start_ms: i64, duration_ms: i64, value: f64) -> Part {
        Part { start_ms, source: 1, duration_ms, value: Some(value), copies: 1, by_hand: false }
    }

    fn sums(rule: DayRule, parts: &[Part]) -> Vec<((Day, u32), Sums)> {
        let zones = Zones::named("Europe/Berlin").expect("zone");
        let mut days = Days::default();
        for part in parts {
            days.add(&zones, rule, *part);
        }
        days.close();
        days.done.into_iter().collect()
    }

    #[test]
    fn the_order_of_samples_does_not_show_in_a_single_bit() {
        let parts: Vec<Part> = (0..400).map(|i| part(i * 11 * MINUTE, 30 * MINUTE, 0.1 + i as f64 * 1e-7)).collect();
        let reversed: Vec<Part> = parts.iter().rev().copied().collect();
        for rule in [DayRule::ResidualFill, DayRule::Mean, DayRule::Count, DayRule::Minutes] {
            assert_eq!(sums(rule, &parts), sums(rule, &reversed));
        }
    }

    #[test]
    fn only_cumulative_samples_of_at_most_a_day_are_split_at_midnight() {
        let late = 22 * 60 * MINUTE + 30 * MINUTE; // half an hour before midnight in Berlin
        let check = |rule, duration, expected: &[f64]| {
            let totals: Vec<f64> = sums(rule, &[part(late, duration, 8.0)])
                .iter()
                .map(|(_, sums)| sums.total.map_or(f64::NAN, |t| t as f64 / UNIT))
                .collect();
            assert_eq!(totals, expected, "{rule:?} {duration}");
        };
        check(DayRule::ResidualFill, 120 * MINUTE, &[2.0, 6.0]);
        check(DayRule::ResidualFill, 30 * MINUTE, &[8.0]);
        check(DayRule::ResidualFill, 25 * 60 * MINUTE, &[8.0]);
        check(DayRule::Minutes, 120 * MINUTE, &[30.0, 90.0]);
        check(DayRule::Mean, 120 * MINUTE, &[8.0]);
    }

    #[test]
    fn days_on_which_samples_overlap_are_known() {
        let check = |parts: &[Part], expected: &[Day]| {
            let mut days = Days::default();
            let zones = Zones::named("UTC").expect("zone");
            parts.iter().for_each(|part| days.add(&zones, DayRule::ResidualFill, *part));
            assert_eq!(days.tangled().into_iter().collect::<Vec<_>>(), expected, "{parts:?}");
        };
        let phone = Part { source: 2, ..part(DAY_MS, MINUTE, 1.0) };
        check(&[part(0, MINUTE, 1.0), part(MINUTE, MINUTE, 1.0)], &[]);
        check(&[part(0, MINUTE, 1.0), part(MINUTE - 1, MINUTE, 1.0)], &[0]);
        check(&[part(0, MINUTE, 1.0), phone], &[]);
        check(&[part(DAY_MS + 9 * MINUTE, MINUTE, 1.0), phone], &[1]);
        check(&[part(0, 0, 1.0), Part { by_hand: true, ..part(MINUTE, 0, 1.0) }], &[0]);
        check(&[part(DAY_MS - MINUTE, 2 * MINUTE, 1.0), part(DAY_MS, MINUTE, 1.0)], &[1]);
    }

    #[test]
    fn forgotten_days_are_gone_and_others_stay() {
        let zones = Zones::named("UTC").expect("zone");
        let mut days = Days::default();
        for day in 0..5 {
            days.add(&zones, DayRule::Mean, part(day * DAY_MS, 0, 1.0));
        }
        days.remove(&[(-9, -8), (1, 3)]);
        assert_eq!(days.bounds(), Some((0, 4)));
        assert_eq!(days.done.len(), 2);
    }
}
