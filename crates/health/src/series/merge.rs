//! Overlapping sources of a cumulative kind: what can the phone have seen that the watch did not?
//!
//! ```text
//!   watch   ██████ 600              counts 600
//!   phone   ████████████ 900        counts 300, all of it where the watch saw nothing
//! ```
//!
//! Better sources keep their numbers; a worse one adds what it has beyond them, at most its share of the time that they
//! do not cover.

/// A value over `[start_ms, end_ms)`, written by the source of a rank; rank 0 is the best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Value, spread evenly.
    pub value: f64,
    /// Place of its source in the order.
    pub rank: u32,
}

/// Returns what counts, as pieces in which no time is counted twice.
pub fn merge(spans: &[Span]) -> Vec<Span> {
    let mut ranks: Vec<u32> = spans.iter().map(|span| span.rank).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let (mut out, mut covered, mut instants) = (Vec::new(), Vec::new(), Vec::new());
    for rank in ranks {
        let (long, short): (Vec<Span>, Vec<Span>) =
            spans.iter().filter(|s| s.rank == rank).partition(|s| s.end_ms > s.start_ms);
        let mut added = Vec::new();
        for own in own_slices(&long) {
            let over = overlapping(&covered, own.start_ms, own.end_ms);
            emit(own, over, &mut out, &mut added);
        }
        let counted = short.iter().filter(|s| counts(s, &covered, &instants));
        let counted: Vec<Span> = counted.copied().collect();
        instants.extend(counted.iter().map(|s| s.start_ms.div_euclid(1000)));
        instants.sort_unstable();
        out.extend(counted);
        covered.extend(added);
        covered.sort_by_key(|s: &Span| s.start_ms);
    }
    let key = |s: &Span| (s.start_ms, s.rank, s.end_ms);
    out.sort_by(|a, b| key(a).cmp(&key(b)).then(a.value.total_cmp(&b.value)));
    out
}

/// One source overlapping itself: in each slice the shortest sample counts, then the one that starts later.
fn own_slices(spans: &[Span]) -> Vec<Span> {
    let mut sorted = spans.to_vec();
    sorted.sort_by(|a, b| (a.start_ms, a.end_ms).cmp(&(b.start_ms, b.end_ms)).then(a.value.total_cmp(&b.value)));
    let mut edges: Vec<i64> = sorted.iter().flat_map(|s| [s.start_ms, s.end_ms]).collect();
    edges.sort_unstable();
    edges.dedup();
    let (mut active, mut waiting): (Vec<usize>, usize) = (Vec::new(), 0);
    let mut out: Vec<(usize, Span)> = Vec::new();
    for (from, until) in edges.iter().zip(edges.iter().skip(1)) {
        active.retain(|i| sorted.get(*i).is_some_and(|s| s.end_ms > *from));
        while sorted.get(waiting).is_some_and(|s| s.start_ms <= *from) {
            active.push(waiting);
            waiting += 1;
        }
        let best = active.iter().filter_map(|i| Some((*i, sorted.get(*i)?)));
        let Some((index, span)) = best.min_by_key(|(_, s)| (s.end_ms - s.start_ms, -s.start_ms)) else { continue };
        let part = span.value * (until - from) as f64 / (span.end_ms - span.start_ms) as f64;
        match out.last_mut() {
            Some((last, piece)) if *last == index && piece.end_ms == *from => {
                piece.end_ms = *until;
                piece.value += part;
            }
            _ => out.push((index, Span { start_ms: *from, end_ms: *until, value: part, rank: span.rank })),
        }
    }
    out.into_iter().map(|(_, piece)| piece).collect()
}

/// The part of sorted, disjoint pieces that touches a range.
fn overlapping(pieces: &[Span], from: i64, until: i64) -> &[Span] {
    let first = pieces.partition_point(|p| p.end_ms <= from);
    let last = pieces.partition_point(|p| p.start_ms < until);
    pieces.get(first..last.max(first)).unwrap_or_default()
}

fn emit(own: Span, over: &[Span], out: &mut Vec<Span>, added: &mut Vec<Span>) {
    let length = (own.end_ms - own.start_ms) as f64;
    let mut gaps = Vec::new();
    let (mut at, mut held) = (own.start_ms, 0.0);
    for piece in over {
        if piece.start_ms > at {
            gaps.push((at, piece.start_ms));
        }
        let common = piece.end_ms.min(own.end_ms) - piece.start_ms.max(own.start_ms);
        held += piece.value * common as f64 / (piece.end_ms - piece.start_ms) as f64;
        at = at.max(piece.end_ms);
    }
    if at < own.end_ms {
        gaps.push((at, own.end_ms));
    }
    let free: i64 = gaps.iter().map(|(a, b)| b - a).sum();
    if free == 0 {
        return;
    }
    let kept =
        if over.is_empty() { own.value } else { (own.value * free as f64 / length).min((own.value - held).max(0.0)) };
    for (start_ms, end_ms) in gaps {
        let share = (end_ms - start_ms) as f64;
        out.push(Span { start_ms, end_ms, value: kept * share / free as f64, ..own });
        added.push(Span { start_ms, end_ms, value: own.value * share / length, ..own });
    }
}

fn counts(instant: &Span, covered: &[Span], instants: &[i64]) -> bool {
    overlapping(covered, instant.start_ms, instant.start_ms + 1).is_empty()
        && instants.binary_search(&instant.start_ms.div_euclid(1000)).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes, value and source; the order is manual, watch, phone, third party.
    fn spans(samples: &[(char, f64, f64, f64)]) -> Vec<Span> {
        let ms = |minutes: f64| (minutes * 60_000.0) as i64;
        let rank = |source| "MWPX".find(source).unwrap_or(9) as u32;
        let span = |&(s, a, b, value): &_| Span { start_ms: ms(a), end_ms: ms(b), value, rank: rank(s) };
        samples.iter().map(span).collect()
    }

    #[track_caller]
    fn check(samples: &[(char, f64, f64, f64)], expected: f64) {
        let mut spans = spans(samples);
        for _ in 0..2 {
            let total: f64 = merge(&spans).iter().map(|s| s.value).sum();
            assert!((total - expected).abs() < 1e-9, "{total}, expected {expected}");
            spans.reverse();
        }
    }

    #[test]
    fn m1_to_m8_a_worse_source_only_adds_what_the_better_ones_lack() {
        check(&[('W', 0., 60., 1000.), ('P', 0., 60., 800.), ('P', 60., 120., 500.)], 1500.);
        check(&[('W', 24., 24.5, 43.), ('P', 23. + 50. / 60., 30. + 58. / 60., 45.)], 45.);
        check(&[('W', 0., 10., 600.), ('P', 0., 20., 1200.)], 1200.);
        check(&[('W', 0., 10., 600.), ('P', 0., 20., 900.)], 900.);
        check(&[('M', 0., 60., 2000.), ('W', 0., 60., 1500.)], 2000.);
        check(&[('W', 0., 30., 3000.), ('W', 0., 10., 1000.), ('W', 10., 20., 1000.), ('W', 20., 30., 1000.)], 3000.);
        check(&[('W', 0., 10., 1000.), ('P', 5., 25., 1800.), ('X', 20., 40., 2000.)], 3800.);
        check(&[('P', 0., 10., 1000.), ('W', 2., 4., 210.), ('W', 6., 8., 190.)], 1000.);
    }

    #[test]
    fn samples_without_length_count_once_per_second_of_the_best_source() {
        check(&[('W', 5., 5., 3.), ('P', 5., 5., 3.), ('P', 6., 6., 2.)], 5.);
        check(&[('W', 0., 10., 100.), ('P', 5., 5., 3.)], 100.);
        check(&[('W', 5., 5., 3.), ('W', 5., 5., 4.)], 7.);
    }
}
