//! How long a sample of a discrete kind counts: until the next one, and only where no better source saw the same
//! minute.
//!
//! ```text
//!   08:00 60 ──────── 08:05 62 ──────── 08:10:00 120 ─ :05 124 ─ ...   each weighs the time until the next,
//!   08:20 70 ────────── at most 10 minutes ┤                           an interval weighs its own length
//! ```
//!
//! Plain means of heart rates are those of workouts, where samples come every five seconds.

use super::buckets::Input;
use super::merge::Span;
use crate::kind::Style;

/// A value of a discrete kind holds until the next one, at most this long.
const HOLD_MS: i64 = 600_000;
const MINUTE_MS: i64 = 60_000;
/// What a loudness without length weighs.
const MOMENT_MS: i64 = 1000;

/// The numbers of a discrete kind over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Mean by the kind's style.
    pub value: f64,
    /// Plain mean of all samples, as in HealthKit's older style.
    pub mean: f64,
    /// Smallest value of any source.
    pub min: f64,
    /// Largest value of any source.
    pub max: f64,
    /// Samples of any source.
    pub n: i64,
    /// What the weights add up to: milliseconds for means weighted by time and for levels, else samples.
    pub weight: f64,
}

/// Returns the numbers of the samples that start in `[from_ms, until_ms)`, and of no other; none without samples.
/// Weights end at `until_ms`.
pub fn stretch(inputs: &[Input], style: Style, from_ms: i64, until_ms: i64) -> Option<Stretch> {
    let inside = |input: &&Input| (from_ms..until_ms).contains(&input.span.start_ms);
    let mut sorted: Vec<&Input> = inputs.iter().filter(inside).collect();
    sort(&mut sorted);
    let (first, n) = (sorted.first()?, sorted.iter().map(|input| input.copies).sum::<i64>());
    let (mut min, mut max, mut plain) = (first.span.value, first.span.value, 0.0);
    for input in &sorted {
        (min, max) = (min.min(input.span.value), max.max(input.span.value));
        plain += input.span.value * input.copies as f64;
    }
    let mean = plain / n.max(1) as f64;
    let (mut total, mut weight) = (0.0, 0.0);
    for held in held(sorted) {
        let (value, part) = held.weigh(style, from_ms, until_ms);
        (total, weight) = (total + value * part, weight + part);
    }
    Some(Stretch { value: leveled(style, total, weight).unwrap_or(mean), mean, min, max, n, weight })
}

/// Sorts by time; what is left equal is equal in every number.
pub(crate) fn sort(inputs: &mut [&Input]) {
    let key = |i: &Input| (i.span.start_ms, i.span.rank, i.span.end_ms, i.copies);
    inputs.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then(a.span.value.total_cmp(&b.span.value)));
}

/// From a sum of weighed values to the number to show; none without weight.
pub(crate) fn leveled(style: Style, total: f64, weight: f64) -> Option<f64> {
    let mean = (weight > 0.0).then(|| total / weight)?;
    Some(if style == Style::EquivalentLevel { 10.0 * mean.log10() } else { mean })
}

/// A sample that counts, and for how long.
pub(crate) struct Held<'a> {
    /// The sample.
    pub input: &'a Input,
    /// Until when it holds.
    until_ms: i64,
    /// How many samples share this time.
    sharing: usize,
}

impl Held<'_> {
    /// Until when it has weight.
    fn end_ms(&self, style: Style) -> i64 {
        match style {
            Style::TemporallyWeighted => self.until_ms,
            Style::EquivalentLevel => self.input.span.end_ms,
            _ => self.input.span.start_ms,
        }
    }

    /// Value and weight in the bucket `[from_ms, until_ms)`.
    pub fn weigh(&self, style: Style, from_ms: i64, until_ms: i64) -> (f64, f64) {
        let Span { start_ms, end_ms, value, .. } = self.input.span;
        let held = self.end_ms(style).min(until_ms).saturating_sub(start_ms.max(from_ms)).max(0) as f64;
        match style {
            Style::TemporallyWeighted => (value, held / self.sharing as f64),
            Style::EquivalentLevel if end_ms <= start_ms => (10f64.powf(value / 10.0), MOMENT_MS as f64),
            Style::EquivalentLevel => (10f64.powf(value / 10.0), held),
            _ => (value, self.input.copies as f64),
        }
    }
}

/// Samples sorted by time that count, with the time that each holds.
pub(crate) fn held(mut sorted: Vec<&Input>) -> Vec<Held<'_>> {
    keep_best_of_minute(&mut sorted);
    let mut out = Vec::with_capacity(sorted.len());
    let mut moments = sorted.chunk_by(|a, b| a.span.start_ms == b.span.start_ms).peekable();
    while let Some(moment) = moments.next() {
        let next = moments.peek().and_then(|next| next.first()).map_or(i64::MAX, |i| i.span.start_ms);
        out.extend(moment.iter().map(|input| {
            let span = input.span;
            let long = span.end_ms > span.start_ms;
            let until_ms = if long { span.end_ms } else { next.min(span.start_ms.saturating_add(HOLD_MS)) };
            Held { input, until_ms, sharing: if long { 1 } else { moment.len() } }
        }));
    }
    out
}

/// Where two sources have samples in one minute, only the better one's stay.
pub(crate) fn keep_best_of_minute(sorted: &mut Vec<&Input>) {
    let place = |input: &Input| (input.span.start_ms.div_euclid(MINUTE_MS), input.span.rank);
    sorted.sort_by_key(|input| place(input));
    let mut best = (i64::MIN, 0);
    sorted.retain(|input| {
        let (minute, rank) = place(input);
        if minute != best.0 {
            best = (minute, rank);
        }
        rank == best.1
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start in seconds, length in seconds, value and rank.
    type Row = (i64, i64, f64, u32);

    #[track_caller]
    fn check(rows: &[Row], style: Style, value: f64, weight: f64) -> Stretch {
        let input = |&(start, length, value, rank): &Row| Input {
            span: Span { start_ms: start * 1000, end_ms: (start + length) * 1000, value, rank },
            copies: 1,
        };
        let mut inputs: Vec<Input> = rows.iter().map(input).collect();
        let first = stretch(&inputs, style, 0, 3_600_000).expect("samples");
        inputs.reverse();
        assert_eq!(stretch(&inputs, style, 0, 3_600_000), Some(first));
        assert_eq!(((first.value * 100.0).round() / 100.0, first.weight), (value, weight));
        first
    }

    #[test]
    fn d1_the_worked_example_covers_1820_seconds() {
        let pulses =
            [(0, 60.), (300, 62.), (600, 120.), (605, 124.), (610, 128.), (615, 130.), (620, 70.), (1800, 64.)];
        let rows = pulses.map(|(at, value)| (at, 0, value, 0));
        let found = check(&rows, Style::TemporallyWeighted, 65.66, 1_820_000.0);
        assert_eq!((found.mean, found.min, found.max, found.n), (94.75, 60.0, 130.0, 8));
    }

    #[test]
    fn d1_an_interval_weighs_its_own_length_up_to_the_end_of_the_bucket() {
        check(&[(0, 1200, 60.0, 0), (1200, 0, 90.0, 0)], Style::TemporallyWeighted, 70.0, 1_800_000.0);
        check(&[(3000, 1200, 60.0, 0)], Style::TemporallyWeighted, 60.0, 600_000.0);
    }

    #[test]
    fn d2_loudness_is_averaged_as_energy() {
        check(&[(0, 3000, 60.0, 0), (3000, 600, 90.0, 0)], Style::EquivalentLevel, 82.24, 3_600_000.0);
    }

    #[test]
    fn d3_in_one_minute_the_better_source_counts_but_every_source_makes_the_range() {
        let rows = [(0, 0, 60.0, 0), (30, 0, 200.0, 1), (60, 0, 80.0, 1)];
        let found = check(&rows, Style::Arithmetic, 70.0, 2.0);
        assert_eq!((found.min, found.max, found.n), (60.0, 200.0, 3));
    }

    #[test]
    fn nothing_has_no_mean() {
        assert_eq!(stretch(&[], Style::Arithmetic, 0, 1), None);
    }
}
