//! Where a day's number comes from: the rule, and of each source the rows that count and those that do not.

mod stretch;

use crate::key;
use std::collections::{BTreeMap, BTreeSet};

pub use stretch::{ExplainedStretch, Fate, Row, explain_stretch};

use super::buckets::{Bucket, Calendar, Grain, Input};
use super::hold::{keep_best_of_minute, sort};
use super::merge::{Span, merge_rows};
use super::per_day::pick;
use super::rule::{Rule, hours_once};
use super::spans::{Coverage, coverage};
use crate::time::{Day, HOUR_MS, Zones};

/// No local day reaches further beyond its usual bounds, not even where the wearer crosses the date line.
const TRAVEL_MS: i64 = 26 * HOUR_MS;

/// The number of a day and its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The day.
    pub day: Day,
    /// The number, in the kind's unit.
    pub value: f64,
    /// How it was made.
    pub rule: Rule,
    /// What a plain sum of all rows would say; only for sums.
    pub naive_sum: Option<f64>,
    /// Whether rows of one source overlap one another on the day, so that even what it has alone is merged; only where
    /// [`Rule::is_merged_sum`].
    pub overlaps_itself: bool,
    /// How much of the day its rows cover; only where [`Rule::is_merged_sum`].
    pub coverage: Option<Coverage>,
    /// The sources that have rows on the day, the best first.
    pub sources: Vec<Part>,
}

impl Explained {
    /// What was done, in one sentence: the rule's, unless a source overlapped itself.
    pub fn sentence(&self) -> &'static str {
        match (self.overlaps_itself, self.sources.len()) {
            (false, _) => self.rule.sentence(),
            (true, 1) => {
                key!("Rows of the source overlap one another: each moment counts once, by the shortest of its rows.")
            }
            (true, _) => {
                key!(
                    "Rows of one source overlap one another: each moment counts once, by the shortest of its rows. \
                     Then the best source counts; each other one adds only what the better ones cannot have seen."
                )
            }
        }
    }
}

/// What a source has to do with a day's number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Place of the source in the order.
    pub rank: u32,
    /// Rows that count, in whole or in part.
    pub rows_used: usize,
    /// Rows that do not.
    pub rows_left_out: usize,
    /// What it adds to a sum or a count, else the mean of its rows that count, made as the number is; none where no row
    /// counts.
    pub value: Option<f64>,
}

/// Explains the number of a local day; none where no row belongs to it. Hand in the rows of the day and, for sums,
/// those that overlap them.
pub fn explain(rows: &[Input], rule: Rule, day: Day, zones: &Zones) -> Option<Explained> {
    let near = near(rows, day, zones);
    let calendar = Calendar { zones, grain: Grain::Day, week_start: 0 };
    let days = rule.buckets(&near, calendar);
    let bucket = days.into_iter().find(|bucket| bucket.day == day)?;
    let here: Vec<usize> = match rule.is_sum() {
        true => indices(&near, |row| touches(&row.span, day, zones)),
        false => indices(&near, |row| {
            let over_midnight = rule.weighs_time() && row.span.end_ms > row.span.start_ms;
            zones.day(row.span.start_ms) == day || (over_midnight && touches(&row.span, day, zones))
        }),
    };
    let used = used(&near, &here, rule, day, zones);
    let value = match rule.pick() {
        Some(_) => used.first().and_then(|row| near.get(*row)).map(|row| row.span.value)?,
        None => bucket.value,
    };
    let naive_sum = rule.is_sum().then_some(bucket.naive_sum);
    let overlaps_itself = rule.is_merged_sum() && overlap_themselves(&near, &here);
    let coverage = rule.is_merged_sum().then(|| {
        let spans: Vec<Span> = here.iter().filter_map(|row| near.get(*row)).map(|row| row.span).collect();
        let (from, until) = zones.day_bounds(day);
        coverage(&spans, from, until)
    });
    let sources = parts(&near, &here, &used, rule, &bucket);
    Some(Explained { day, value, rule, naive_sum, overlaps_itself, coverage, sources })
}

/// Whether two rows of one source share time.
fn overlap_themselves(rows: &[Input], here: &[usize]) -> bool {
    let mut spans: Vec<&Span> = here.iter().filter_map(|row| rows.get(*row)).map(|row| &row.span).collect();
    spans.retain(|span| span.end_ms > span.start_ms);
    spans.sort_by_key(|span| (span.rank, span.start_ms));
    // Of sorted ones, the first that overlaps any overlaps its neighbour.
    spans.iter().zip(spans.iter().skip(1)).any(|(a, b)| a.rank == b.rank && b.start_ms < a.end_ms)
}

/// Rows that may have to do with a day; all others cost time only.
fn near(rows: &[Input], day: Day, zones: &Zones) -> Vec<Input> {
    let (from, until) = zones.day_bounds(day);
    // One more day on either side: what overlaps the day's rows decides what they add.
    let (from, until) = (from - TRAVEL_MS - 24 * HOUR_MS, until + TRAVEL_MS + 24 * HOUR_MS);
    let mut near: Vec<&Input> = rows.iter().filter(|r| r.span.end_ms >= from && r.span.start_ms < until).collect();
    sort(&mut near);
    near.into_iter().copied().collect()
}

fn indices(rows: &[Input], is_in: impl Fn(&Input) -> bool) -> Vec<usize> {
    rows.iter().enumerate().filter(|(_, row)| is_in(row)).map(|(index, _)| index).collect()
}

/// Whether a span has a part in a local day, which may come twice: who flies west over midnight has it again.
fn touches(span: &Span, day: Day, zones: &Zones) -> bool {
    let mut at = span.start_ms;
    loop {
        let (here, _, until) = zones.day_span(at);
        if here == day || until >= span.end_ms {
            return here == day;
        }
        at = until.max(at + 1);
    }
}

/// Which of the day's rows count.
fn used(rows: &[Input], here: &[usize], rule: Rule, day: Day, zones: &Zones) -> BTreeSet<usize> {
    if let Some(which) = rule.pick() {
        return pick(rows, which, zones).remove(&day).into_iter().collect();
    }
    match rule {
        rule if rule.is_merged_sum() => {
            let spans: Vec<Span> =
                rows.iter().map(|r| Span { value: r.span.value * r.copies as f64, ..r.span }).collect();
            // A piece of nothing does not count, unless its row says that there was nothing.
            let counts = |row: usize, value: f64| value != 0.0 || spans.get(row).is_some_and(|s| s.value == 0.0);
            let pieces = merge_rows(&spans).into_iter();
            pieces.filter(|p| counts(p.row, p.span.value) && touches(&p.span, day, zones)).map(|p| p.row).collect()
        }
        Rule::HoursStood => {
            let counts: BTreeSet<usize> = hours_once(rows).into_iter().collect();
            here.iter().copied().filter(|row| counts.contains(row)).collect()
        }
        Rule::EveryEvent | Rule::Count => here.iter().copied().collect(),
        _ => {
            let mut best: Vec<&Input> = rows.iter().collect();
            keep_best_of_minute(&mut best);
            let kept: BTreeSet<(i64, u32)> = best.iter().map(|r| (r.span.start_ms, r.span.rank)).collect();
            let is_kept = |row: &Input| kept.contains(&(row.span.start_ms, row.span.rank));
            here.iter().copied().filter(|row| rows.get(*row).is_some_and(is_kept)).collect()
        }
    }
}

fn parts(rows: &[Input], here: &[usize], used: &BTreeSet<usize>, rule: Rule, bucket: &Bucket) -> Vec<Part> {
    let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
    for (index, row) in here.iter().filter_map(|index| Some((index, rows.get(*index)?))) {
        let rank = row.span.rank;
        let part = parts.entry(rank).or_insert(Part { rank, rows_used: 0, rows_left_out: 0, value: None });
        if !used.contains(index) {
            part.rows_left_out += 1;
            continue;
        }
        part.rows_used += 1;
        part.value = match rule {
            Rule::Count => Some(part.value.unwrap_or(0.0) + row.copies as f64),
            Rule::LatestOfBest | Rule::FirstOfDay => Some(row.span.value),
            _ => bucket.parts.get(&rank).copied(),
        };
    }
    parts.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{parse_day, parse_stamp};

    /// Start, end, value and rank, on 2 or 3 March 2026 in Berlin.
    type Row<'a> = (&'a str, &'a str, f64, u32);

    /// Checks value, plain sum and parts: rank, rows used, rows left out, value; in either order of writing.
    #[track_caller]
    fn check(rows: &[Row<'_>], rule: Rule, value: f64, naive: Option<f64>, parts: &[(u32, usize, usize, Option<f64>)]) {
        let at = |text: &str| parse_stamp(&format!("2026-03-{text}:00 +0100")).expect("a stamp");
        let input = |&(start, end, value, rank): &Row<'_>| Input {
            span: Span { start_ms: at(start), end_ms: at(end), value, rank },
            copies: 1,
        };
        let mut rows: Vec<Input> = rows.iter().map(input).collect();
        let zones = Zones::named("Europe/Berlin").expect("a zone");
        for _ in 0..2 {
            let found = explain(&rows, rule, parse_day("2026-03-02").expect("a day"), &zones).expect("a number");
            assert_eq!((found.value, found.naive_sum), (value, naive));
            let got: Vec<_> = found.sources.iter().map(|p| (p.rank, p.rows_used, p.rows_left_out, p.value)).collect();
            assert_eq!(got, parts);
            let days = rule.days(&rows, &zones);
            assert_eq!(days.iter().find(|d| d.day == found.day).map(|d| d.value), Some(value));
            rows.reverse();
        }
    }

    #[test]
    fn a_sum_tells_which_rows_of_the_phone_count() {
        let rows = [
            ("02 10:00", "02 11:00", 1000.0, 0),
            ("02 10:00", "02 11:00", 800.0, 1),
            ("02 11:00", "02 12:00", 500.0, 1),
        ];
        check(&rows, Rule::ResidualFill, 1500.0, Some(2300.0), &[(0, 1, 0, Some(1000.0)), (1, 1, 1, Some(500.0))]);
    }

    #[test]
    fn a_row_over_midnight_is_a_row_of_both_days() {
        let rows = [("02 23:30", "03 00:30", 600.0, 0), ("03 08:00", "03 09:00", 100.0, 0)];
        check(&rows, Rule::ResidualFill, 300.0, Some(300.0), &[(0, 1, 0, Some(300.0))]);
    }

    #[test]
    fn a_sum_tells_how_much_of_the_day_somebody_saw() {
        let zones = Zones::named("UTC").expect("a zone");
        let row = |from_min: i64, until_min: i64, rank| Input {
            span: Span { start_ms: from_min * 60_000, end_ms: until_min * 60_000, value: 1.0, rank },
            copies: 1,
        };
        let rows = [row(-20, 30, 0), row(10, 40, 1), row(60, 70, 0), row(60, 70, 0)];
        let minutes = |rule| explain(&rows, rule, 0, &zones).expect("a number").coverage;
        assert_eq!(minutes(Rule::ResidualFill), Some(Coverage { covered_ms: 50 * 60_000, shared_ms: 20 * 60_000 }));
        assert_eq!(minutes(Rule::EveryEvent), None);
    }

    #[test]
    fn condensed_and_original_rows_are_told_apart() {
        let rows = [("02 10:00", "02 10:30", 3000.0, 0), ("02 10:00", "02 10:15", 1500.0, 0)];
        check(&rows, Rule::ResidualFill, 3000.0, Some(4500.0), &[(0, 2, 0, Some(3000.0))]);
        let covered = [rows[0], rows[1], ("02 10:15", "02 10:30", 1500.0, 0)];
        check(&covered, Rule::ResidualFill, 3000.0, Some(6000.0), &[(0, 2, 1, Some(3000.0))]);
    }

    #[test]
    fn a_source_that_overlaps_itself_does_not_count_as_it_is() {
        let zones = Zones::named("UTC").expect("a zone");
        let row = |start_ms: i64, end_ms: i64, rank| Input {
            span: Span { start_ms: start_ms * 60_000, end_ms: end_ms * 60_000, value: 1.0, rank },
            copies: 1,
        };
        let check = |rows: &[Input], rule: Rule, expected: &str| {
            let found = explain(rows, rule, 0, &zones).expect("a number");
            assert!(found.sentence().starts_with(expected), "{}", found.sentence());
        };
        let (as_it_is, merged) = ("The best source counts as it is", "Rows of the source overlap");
        check(&[row(0, 15, 0), row(15, 30, 0)], Rule::ResidualFill, as_it_is);
        check(&[row(0, 15, 0), row(5, 20, 1)], Rule::ResidualFill, as_it_is);
        check(&[row(0, 15, 0), row(0, 30, 0), row(40, 50, 0)], Rule::ResidualFill, merged);
        check(&[row(40, 50, 0), row(0, 30, 0), row(29, 35, 0)], Rule::ResidualFill, merged);
        check(&[row(0, 30, 1), row(29, 35, 1), row(0, 30, 0)], Rule::ResidualFill, "Rows of one source overlap");
        check(&[row(0, 15, 0), row(0, 30, 0)], Rule::EveryEvent, "Every entry counts");
        check(&[row(0, 0, 0), row(0, 0, 0)], Rule::ResidualFill, as_it_is);
    }

    #[test]
    fn every_event_counts() {
        let rows = [("02 12:00", "02 12:00", 600.0, 0), ("02 12:00", "02 12:00", 600.0, 1)];
        check(&rows, Rule::EveryEvent, 1200.0, Some(1200.0), &[(0, 1, 0, Some(600.0)), (1, 1, 0, Some(600.0))]);
    }

    #[test]
    fn a_mean_leaves_out_the_worse_source_of_a_minute() {
        let rows = [
            ("02 08:00", "02 08:00", 60.0, 0),
            ("02 08:00", "02 08:00", 90.0, 1),
            ("02 08:05", "02 08:05", 80.0, 0),
            ("02 08:10", "02 08:10", 70.0, 1),
            ("03 08:00", "03 08:00", 10.0, 0),
        ];
        check(&rows, Rule::Mean, 70.0, None, &[(0, 2, 0, Some(70.0)), (1, 1, 1, Some(70.0))]);
        check(&rows[..2], Rule::TimeWeightedMean, 60.0, None, &[(0, 1, 0, Some(60.0)), (1, 0, 1, None)]);
    }

    #[test]
    fn a_mean_over_time_tells_what_reaches_into_its_day() {
        let rows = [
            ("01 23:50", "02 00:20", 60.0, 0),
            ("01 23:50", "02 00:20", 70.0, 1),
            ("01 23:58", "01 23:58", 90.0, 1),
            ("02 12:00", "02 12:10", 90.0, 1),
        ];
        check(&rows, Rule::TimeWeightedMean, 70.0, None, &[(0, 1, 0, Some(60.0)), (1, 1, 1, Some(90.0))]);
        check(&rows[2..], Rule::TimeWeightedMean, 90.0, None, &[(1, 1, 0, Some(90.0))]);
    }

    #[test]
    fn one_row_speaks_for_a_day() {
        let rows =
            [("02 00:00", "02 12:00", 58.0, 0), ("02 00:00", "02 23:00", 56.0, 0), ("02 00:00", "02 23:59", 70.0, 1)];
        check(&rows, Rule::LatestOfBest, 56.0, None, &[(0, 1, 1, Some(56.0)), (1, 0, 1, None)]);
        check(&rows[..1], Rule::Count, 1.0, None, &[(0, 1, 0, Some(1.0))]);
    }

    #[test]
    fn a_day_without_rows_has_no_number() {
        let zones = Zones::named("UTC").expect("a zone");
        assert_eq!(explain(&[], Rule::Mean, 0, &zones), None);
    }
}
