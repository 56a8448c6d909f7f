//! Kinds of which one row speaks for a whole local day: resting heart rate, walking average, body weight.

use std::collections::BTreeMap;

use super::buckets::Input;
use crate::time::{Day, Zones};

/// The number of one local day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayValue {
    /// The day.
    pub day: Day,
    /// The number, in the kind's unit.
    pub value: f64,
}

/// Which row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The row with the latest end of the best source that has one on that day: the watch corrects its resting heart
    /// rate until midnight.
    LatestOfBest,
    /// The first of the day, so the one of the morning where there is one; of one moment that of the best source.
    First,
    /// The last of the day; of one moment that of the best source.
    Last,
}

/// Returns the index of each day's row; a row belongs to the local day of its start.
pub fn pick(rows: &[Input], pick: Pick, zones: &Zones) -> BTreeMap<Day, usize> {
    let mut best: BTreeMap<Day, (usize, &Input)> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let known = best.entry(zones.day(row.span.start_ms)).or_insert((index, row));
        if pick.prefers(row, known.1) {
            *known = (index, row);
        }
    }
    best.into_iter().map(|(day, (index, _))| (day, index)).collect()
}

impl Pick {
    /// Whether a row goes before another; rows that are equal in every number never do, so that order tells nothing.
    fn prefers(self, a: &Input, b: &Input) -> bool {
        let (a, b) = (a.span, b.span);
        let better = a.rank.cmp(&b.rank).reverse();
        let time = match self {
            Self::LatestOfBest => better.then(a.end_ms.cmp(&b.end_ms)).then(a.start_ms.cmp(&b.start_ms)),
            Self::First => b.start_ms.cmp(&a.start_ms).then(better).then(b.end_ms.cmp(&a.end_ms)),
            Self::Last => a.start_ms.cmp(&b.start_ms).then(better).then(a.end_ms.cmp(&b.end_ms)),
        };
        time.then(a.value.total_cmp(&b.value)).is_gt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::merge::Span;
    use crate::time::{format_day, parse_stamp};

    /// Start, end, value and rank; times of March 2026 in Berlin.
    #[track_caller]
    fn check(rows: &[(&str, &str, f64, u32)], which: Pick, expected: &[(&str, f64)]) {
        let at = |text: &str| parse_stamp(&format!("2026-03-{text}:00 +0100")).expect("a stamp");
        let input = |&(start, end, value, rank): &(&str, &str, f64, u32)| Input {
            span: Span { start_ms: at(start), end_ms: at(end), value, rank },
            copies: 1,
        };
        let mut rows: Vec<Input> = rows.iter().map(input).collect();
        let zones = Zones::named("Europe/Berlin").expect("a zone");
        for _ in 0..2 {
            let found = pick(&rows, which, &zones).into_iter();
            let found: Vec<(String, f64)> = found.map(|(day, row)| (format_day(day), rows[row].span.value)).collect();
            let expected: Vec<(String, f64)> = expected.iter().map(|(d, v)| (format!("2026-03-{d}"), *v)).collect();
            assert_eq!(found, expected);
            rows.reverse();
        }
    }

    #[test]
    fn d4_the_resting_heart_rate_of_a_day_is_its_last_word() {
        let rows = [
            ("02 00:10", "02 12:00", 58.0, 0),
            ("02 00:10", "02 23:50", 56.0, 0),
            ("02 00:00", "02 23:59", 70.0, 1),
            ("03 00:00", "03 20:00", 61.0, 1),
        ];
        check(&rows, Pick::LatestOfBest, &[("02", 56.0), ("03", 61.0)]);
    }

    #[test]
    fn d6_body_weight_is_that_of_the_morning() {
        let weighed = |at, value| (at, at, value, 0);
        let rows = [weighed("02 20:15", 81.2), weighed("02 06:50", 80.1), weighed("02 07:10", 80.3)];
        check(&rows, Pick::First, &[("02", 80.1)]);
        check(&rows, Pick::Last, &[("02", 81.2)]);
        check(&[weighed("03 21:00", 80.9), weighed("03 15:00", 80.7)], Pick::First, &[("03", 80.7)]);
        check(&[("03 07:00", "03 07:00", 80.0, 1), ("03 07:00", "03 07:00", 80.4, 0)], Pick::First, &[("03", 80.4)]);
    }
}
