//! Where the number of an hour, or of any stretch of time, comes from: each row that has a part in it, what of it
//! counts, and why the rest does not.

use std::collections::{BTreeMap, BTreeSet};

use super::{Part, overlap_themselves};
use crate::key;
use crate::series::buckets::{Bucket, Input, Stretch};
use crate::series::hold::{keep_best_of_minute, sort};
use crate::series::merge::{Span, merge_rows};
use crate::series::rule::{Rule, hours_once};

/// The number of a stretch and its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedStretch {
    /// The number, as the bar of a chart has it.
    pub bucket: Bucket,
    /// What was done, in one sentence.
    pub sentence: &'static str,
    /// The rows that have a part in it, by time.
    pub rows: Vec<Row>,
    /// The sources of these rows, the best first.
    pub sources: Vec<Part>,
}

/// A row that has a part in a stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// The row.
    pub input: Input,
    /// What it adds to a sum or a count; none of what is averaged, and where it does not count.
    pub adds: Option<f64>,
    /// Whether it counts, and why not.
    pub fate: Fate,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It counts.
    Counts,
    /// It counts with the part of its time that lies in the stretch.
    CountsInside,
    /// It counts for the time for which no other row does.
    CountsInPart,
    /// A better source saw the same time, or the same minute.
    BetterSource,
    /// Another row of the same source tells the same time: a shorter one, or one for the same hour.
    SameSource,
}

impl Fate {
    /// The code in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::CountsInside => "counts_inside",
            Self::CountsInPart => "counts_in_part",
            Self::BetterSource => "better_source",
            Self::SameSource => "same_source",
        }
    }

    /// Whether something of it counts.
    pub fn counts(self) -> bool {
        matches!(self, Self::Counts | Self::CountsInside | Self::CountsInPart)
    }
}

/// Explains the number of a stretch; none where no row belongs to it. Hand in what lies around it, too: it decides what
/// the rows of the stretch add.
pub fn explain_stretch(rows: &[Input], rule: Rule, stretch: Stretch) -> Option<ExplainedStretch> {
    let mut sorted: Vec<&Input> = rows.iter().collect();
    sort(&mut sorted);
    let sorted: Vec<Input> = sorted.into_iter().copied().collect();
    let bucket = rule.between(&sorted, stretch)?;
    let here: Vec<usize> = (0..sorted.len()).filter(|row| is_here(&sorted, *row, rule, stretch)).collect();
    let rows = told(&sorted, &here, rule, stretch);
    let overlaps = rule.is_merged_sum() && overlap_themselves(&sorted, &here);
    Some(ExplainedStretch { sentence: sentence(rule, overlaps), sources: sources(&rows, rule, &bucket), rows, bucket })
}

/// An hour of what one row speaks for on a day is made of all its rows.
fn sentence(rule: Rule, overlaps_itself: bool) -> &'static str {
    match rule {
        Rule::LatestOfBest => Rule::TimeWeightedMean.sentence(),
        Rule::FirstOfDay => Rule::Mean.sentence(),
        _ if overlaps_itself => key!(
            "Rows of one source overlap one another: each moment counts once, by the shortest of its rows. \
             Then the best source counts; each other one adds only what the better ones cannot have seen."
        ),
        rule => rule.sentence(),
    }
}

fn is_here(rows: &[Input], row: usize, rule: Rule, Stretch { start_ms, end_ms, .. }: Stretch) -> bool {
    let Some(Span { start_ms: from, end_ms: until, .. }) = rows.get(row).map(|row| row.span) else { return false };
    let has_length = until > from && (rule.is_sum() || rule.weighs_time());
    (start_ms..end_ms).contains(&from) || (has_length && from < end_ms && until > start_ms)
}

/// The part of a span's value that lies in a stretch, by time.
fn inside(span: &Span, stretch: Stretch) -> f64 {
    let length = span.end_ms - span.start_ms;
    if length <= 0 {
        return if (stretch.start_ms..stretch.end_ms).contains(&span.start_ms) { span.value } else { 0.0 };
    }
    let common = span.end_ms.min(stretch.end_ms).saturating_sub(span.start_ms.max(stretch.start_ms)).max(0);
    span.value * common as f64 / length as f64
}

fn all_of(row: &Input) -> Span {
    Span { value: row.span.value * row.copies as f64, ..row.span }
}

fn told(rows: &[Input], here: &[usize], rule: Rule, stretch: Stretch) -> Vec<Row> {
    let adds = match rule {
        rule if rule.is_merged_sum() => merged(rows, stretch),
        _ => counted(rows, here, rule, stretch),
    };
    let better = |row: &Input| here.iter().filter_map(|other| rows.get(*other)).any(|other| is_better(other, row));
    let tell = |index: &usize| {
        let input = *rows.get(*index)?;
        let whole = inside(&all_of(&input), stretch);
        let fate = match adds.get(index) {
            Some(Some(added)) if rule.is_merged_sum() && (added - whole).abs() > 1e-9 * whole.abs() => {
                Fate::CountsInPart
            }
            Some(Some(_)) if is_by_time(rule) && reaches_out(&input.span, stretch) => Fate::CountsInside,
            Some(_) => Fate::Counts,
            None if better(&input) => Fate::BetterSource,
            None => Fate::SameSource,
        };
        Some(Row { input, adds: adds.get(index).copied().flatten(), fate })
    };
    here.iter().filter_map(tell).collect()
}

/// Whether a row adds as much of its value as it has time in the stretch: what is counted, such as how often something
/// was, is no matter of time.
fn is_by_time(rule: Rule) -> bool {
    rule != Rule::Count
}

/// Whether a span goes on before or after a stretch.
fn reaches_out(span: &Span, stretch: Stretch) -> bool {
    span.end_ms > span.start_ms && (span.start_ms < stretch.start_ms || span.end_ms > stretch.end_ms)
}

/// Whether a better source told of time that a row has, too.
fn is_better(other: &Input, row: &Input) -> bool {
    let (a, b) = (&other.span, &row.span);
    let minute = |at_ms: i64| at_ms.div_euclid(60_000);
    a.rank < b.rank && (minute(a.start_ms) == minute(b.start_ms) || (a.start_ms < b.end_ms && b.start_ms < a.end_ms))
}

/// What each row adds to a sum that is merged; those that add nothing are not in it, unless they say that there was
/// nothing.
fn merged(rows: &[Input], stretch: Stretch) -> BTreeMap<usize, Option<f64>> {
    let spans: Vec<Span> = rows.iter().map(all_of).collect();
    let has_part = |span: &Span| {
        (stretch.start_ms..stretch.end_ms).contains(&span.start_ms)
            || (span.start_ms < stretch.end_ms && span.end_ms > stretch.start_ms)
    };
    let mut adds: BTreeMap<usize, Option<f64>> = BTreeMap::new();
    for piece in merge_rows(&spans).iter().filter(|piece| has_part(&piece.span)) {
        let counts = piece.span.value != 0.0 || spans.get(piece.row).is_some_and(|span| span.value == 0.0);
        if counts {
            *adds.entry(piece.row).or_insert(Some(0.0)).get_or_insert(0.0) += inside(&piece.span, stretch);
        }
    }
    adds
}

/// The same of what is not merged; what is averaged adds nothing.
fn counted(rows: &[Input], here: &[usize], rule: Rule, stretch: Stretch) -> BTreeMap<usize, Option<f64>> {
    let row = |index: &usize| rows.get(*index);
    let with = |index: &usize, adds: Option<f64>| (*index, adds);
    match rule {
        Rule::HoursStood => {
            let once: BTreeSet<usize> = hours_once(rows).into_iter().collect();
            let counts = here.iter().filter(|index| once.contains(index));
            counts.map(|index| with(index, row(index).map(|row| inside(&all_of(row), stretch)))).collect()
        }
        Rule::EveryEvent => {
            here.iter().map(|index| with(index, row(index).map(|row| inside(&all_of(row), stretch)))).collect()
        }
        Rule::Count => here.iter().map(|index| with(index, row(index).map(|row| row.copies as f64))).collect(),
        _ => {
            let mut best: Vec<&Input> = rows.iter().collect();
            keep_best_of_minute(&mut best);
            let kept: BTreeSet<(i64, u32)> = best.iter().map(|row| (row.span.start_ms, row.span.rank)).collect();
            let is_kept = |index: &&usize| row(index).is_some_and(|r| kept.contains(&(r.span.start_ms, r.span.rank)));
            here.iter().filter(is_kept).map(|index| with(index, None)).collect()
        }
    }
}

fn sources(rows: &[Row], rule: Rule, bucket: &Bucket) -> Vec<Part> {
    let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
    for Row { input, fate, adds } in rows {
        let rank = input.span.rank;
        let part = parts.entry(rank).or_insert(Part { rank, rows_used: 0, rows_left_out: 0, value: None });
        if !fate.counts() {
            part.rows_left_out += 1;
            continue;
        }
        part.rows_used += 1;
        part.value = match rule {
            Rule::Count => Some(part.value.unwrap_or(0.0) + adds.unwrap_or(0.0)),
            _ => bucket.parts.get(&rank).copied(),
        };
    }
    parts.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start and end in minutes, value and rank.
    type Told = (i64, i64, f64, u32);

    fn input(&(from, until, value, rank): &Told) -> Input {
        Input { span: Span { start_ms: from * 60_000, end_ms: until * 60_000, value, rank }, copies: 1 }
    }

    fn stretch(from: i64, until: i64) -> Stretch {
        Stretch { start_ms: from * 60_000, end_ms: until * 60_000, day: 0 }
    }

    /// The number, and of each row of the stretch what it adds and why; in either order of writing.
    #[track_caller]
    fn check(rows: &[Told], rule: Rule, (from, until): (i64, i64), value: f64, expected: &[(Option<f64>, Fate)]) {
        let mut inputs: Vec<Input> = rows.iter().map(input).collect();
        for _ in 0..2 {
            let found = explain_stretch(&inputs, rule, stretch(from, until)).expect("a number");
            let told: Vec<_> = found.rows.iter().map(|row| (row.adds, row.fate)).collect();
            assert_eq!((found.bucket.value, told.as_slice()), (value, expected));
            inputs.reverse();
        }
    }

    #[test]
    fn a_sum_tells_what_each_row_adds_to_the_stretch() {
        use Fate::{BetterSource, Counts, CountsInPart, CountsInside, SameSource};
        // The watch in the first half hour of the phone's row, which reaches beyond the hour.
        let rows = [(0, 30, 600.0, 0), (0, 90, 900.0, 1), (10, 20, 50.0, 1)];
        check(&rows[..2], Rule::ResidualFill, (0, 60), 750.0, &[(Some(600.0), Counts), (Some(150.0), CountsInPart)]);
        check(&rows[..1], Rule::ResidualFill, (15, 30), 300.0, &[(Some(300.0), CountsInside)]);
        check(&rows[..1], Rule::ResidualFill, (0, 20), 400.0, &[(Some(400.0), CountsInside)]);
        check(&rows[..1], Rule::ResidualFill, (0, 30), 600.0, &[(Some(600.0), Counts)]);
        check(&[rows[0], rows[2]], Rule::ResidualFill, (0, 60), 600.0, &[(Some(600.0), Counts), (None, BetterSource)]);
        let own = [(0, 30, 100.0, 0), (0, 15, 80.0, 0), (15, 30, 20.0, 0)];
        let told = [(Some(80.0), Counts), (None, SameSource), (Some(20.0), Counts)];
        check(&own, Rule::ResidualFill, (0, 60), 100.0, &told);
    }

    #[test]
    fn whatever_is_an_event_counts_with_its_part() {
        let rows = [(0, 20, 10.0, 0), (5, 5, 7.0, 1), (20, 20, 1.0, 1)];
        check(&rows, Rule::EveryEvent, (0, 10), 12.0, &[(Some(5.0), Fate::CountsInside), (Some(7.0), Fate::Counts)]);
        check(&rows, Rule::Count, (0, 10), 2.0, &[(Some(1.0), Fate::Counts), (Some(1.0), Fate::Counts)]);
    }

    #[test]
    fn of_a_mean_the_better_source_of_a_minute_counts() {
        let rows = [(1, 1, 60.0, 0), (1, 1, 90.0, 1), (5, 5, 80.0, 1), (9, 9, 70.0, 0)];
        let told = [(None, Fate::Counts), (None, Fate::BetterSource), (None, Fate::Counts)];
        check(&rows, Rule::Mean, (0, 9), 70.0, &told);
        check(&rows, Rule::LatestOfBest, (0, 9), 70.0, &told);
    }

    #[test]
    fn an_hour_that_was_stood_counts_once() {
        let rows = [(0, 0, 1.0, 0), (0, 0, 1.0, 1), (60, 60, 1.0, 0)];
        check(&rows, Rule::HoursStood, (0, 60), 1.0, &[(Some(1.0), Fate::Counts), (None, Fate::BetterSource)]);
        let same = [(0, 0, 1.0, 0), (0, 0, 1.0, 0)];
        check(&same, Rule::HoursStood, (0, 60), 1.0, &[(Some(1.0), Fate::Counts), (None, Fate::SameSource)]);
    }

    #[test]
    fn a_stretch_without_rows_has_no_number() {
        let rows = [input(&(0, 30, 600.0, 0))];
        assert_eq!(explain_stretch(&rows, Rule::ResidualFill, stretch(30, 60)), None);
        assert_eq!(explain_stretch(&rows, Rule::Mean, stretch(10, 60)), None);
    }
}
