//! Spans of time `(from, until)` in milliseconds: union, difference, and how much of a day somebody saw.

use std::collections::BTreeMap;

use super::merge::Span;

/// Sorted, disjoint spans that cover the same time; those that touch are one.
pub(super) fn union(spans: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut sorted: Vec<(i64, i64)> = spans.collect();
    sorted.sort_unstable();
    let mut out: Vec<(i64, i64)> = Vec::new();
    for (from, until) in sorted {
        match out.last_mut() {
            Some((_, end)) if from <= *end => *end = until.max(*end),
            _ => out.push((from, until)),
        }
    }
    out
}

/// Those of sorted, disjoint spans that have a part in a range. Ten years of nights are many: no list is walked for
/// every night.
pub(super) fn spans_in(spans: &[(i64, i64)], from: i64, until: i64) -> &[(i64, i64)] {
    let first = spans.partition_point(|(_, end)| *end <= from);
    let last = spans.partition_point(|(start, _)| *start < until);
    spans.get(first..last).unwrap_or_default()
}

/// What of sorted, disjoint spans is not in others.
pub(super) fn subtract(spans: &[(i64, i64)], minus: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut out = Vec::new();
    for (from, until) in spans {
        let mut at = *from;
        for (a, b) in spans_in(minus, *from, *until) {
            if *a > at {
                out.push((at, *a));
            }
            at = at.max(*b);
        }
        if at < *until {
            out.push((at, *until));
        }
    }
    out
}

/// Milliseconds in which samples were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// By any source.
    pub covered_ms: i64,
    /// By more than one source.
    pub shared_ms: i64,
}

/// Returns how much of `[from_ms, until_ms)` samples cover.
pub fn coverage(samples: &[Span], from_ms: i64, until_ms: i64) -> Coverage {
    let clipped = samples.iter().map(|s| (s.rank, s.start_ms.max(from_ms), s.end_ms.min(until_ms)));
    let mut by_rank: BTreeMap<u32, Vec<(i64, i64)>> = BTreeMap::new();
    for (rank, from, until) in clipped.filter(|(_, from, until)| from < until) {
        by_rank.entry(rank).or_default().push((from, until));
    }
    let length = |spans: &[(i64, i64)]| spans.iter().map(|(from, until)| until - from).sum::<i64>();
    let (mut covered, mut shared) = (Vec::new(), Vec::new());
    for own in by_rank.into_values().map(|own| union(own.into_iter())) {
        let alone = subtract(&own, &covered);
        shared = union(shared.into_iter().chain(subtract(&own, &alone)));
        covered = union(covered.into_iter().chain(alone));
    }
    Coverage { covered_ms: length(&covered), shared_ms: length(&shared) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(samples: &[(u32, i64, i64)], covered_ms: i64, shared_ms: i64) {
        let span = |&(rank, start_ms, end_ms): &(u32, i64, i64)| Span { start_ms, end_ms, value: 1.0, rank };
        let mut spans: Vec<Span> = samples.iter().map(span).collect();
        for _ in 0..2 {
            assert_eq!(coverage(&spans, 0, 100), Coverage { covered_ms, shared_ms });
            spans.reverse();
        }
    }

    #[test]
    fn time_is_covered_once_and_shared_once() {
        check(&[], 0, 0);
        check(&[(0, 10, 20), (0, 15, 25), (0, 30, 30)], 15, 0);
        check(&[(0, 10, 20), (1, 15, 40), (2, 18, 30)], 30, 15);
        check(&[(0, -50, 10), (1, 90, 200), (2, 0, 100)], 100, 20);
    }
}
