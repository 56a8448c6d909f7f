//! Overlapping sources of a cumulative kind: what can the phone have seen that the watch did not?
//!
//! ```text
//!   watch   ██████ 600              counts 600
//!   phone   ████████████ 900        counts 300, all of it where the watch saw nothing
//! ```
//!
//! Better sources keep their numbers; a worse one adds what it has beyond them, at most its share of the time that they
//! do not cover.

use std::collections::BTreeSet;

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

/// A part of a sample that counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Time and value of the part.
    pub span: Span,
    /// Index of the sample among those that were handed in.
    pub row: usize,
}

/// So many sources are merged at once. More of them cost each as much as all the time that the better ones cover, so
/// stretches that have nothing to do with each other are merged one by one.
const FEW: usize = 8;

/// Returns what counts, as pieces in which no time is counted twice.
pub fn merge(spans: &[Span]) -> Vec<Span> {
    merge_rows(spans).into_iter().map(|piece| piece.span).collect()
}

/// Returns what counts, as [`merge`] does, and which sample each piece is a part of.
pub fn merge_rows(spans: &[Span]) -> Vec<Piece> {
    merge_rows_within(spans, FEW)
}

/// The same; the answer does not depend on how many sources are few.
fn merge_rows_within(spans: &[Span], few: usize) -> Vec<Piece> {
    let mut ranks: Vec<u32> = spans.iter().map(|span| span.rank).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let mut rows: Vec<Piece> = spans.iter().enumerate().map(|(row, span)| Piece { span: *span, row }).collect();
    if ranks.len() > few {
        rows.sort_by_key(|piece| piece.span.start_ms);
    }
    let mut out = Vec::with_capacity(rows.len());
    let mut from = 0;
    while let Some(rest) = rows.get_mut(from..).filter(|rest| !rest.is_empty()) {
        let until = if ranks.len() <= few { rest.len() } else { first_apart(rest) };
        merge_touching(rest.get_mut(..until).unwrap_or_default(), &mut out);
        from += until;
    }
    let key = |p: &Piece| (p.span.start_ms, p.span.rank, p.span.end_ms);
    out.sort_by(|a, b| key(a).cmp(&key(b)).then(a.span.value.total_cmp(&b.span.value)));
    out
}

/// How many of the first pieces, which come by their start, have nothing to do with those after them: no time and no
/// second in common.
fn first_apart(pieces: &[Piece]) -> usize {
    let mut end_ms = i64::MIN;
    let is_apart = |piece: &Piece| {
        let Span { start_ms, .. } = piece.span;
        let apart = start_ms >= end_ms;
        // An instant has its second to itself.
        end_ms = end_ms.max(piece.span.end_ms).max((start_ms.div_euclid(1000) + 1).saturating_mul(1000));
        apart
    };
    pieces.iter().map(is_apart).skip(1).position(|apart| apart).map_or(pieces.len(), |at| at + 1)
}

/// Merges pieces of one stretch of time.
fn merge_touching(pieces: &mut [Piece], out: &mut Vec<Piece>) {
    pieces.sort_by_key(|piece| piece.span.rank);
    let (mut covered, mut instants) = (Vec::new(), BTreeSet::new());
    for of_rank in pieces.chunk_by(|a, b| a.span.rank == b.span.rank) {
        let (long, short): (Vec<Piece>, Vec<Piece>) = of_rank.iter().partition(|p| p.span.end_ms > p.span.start_ms);
        let mut added = Vec::new();
        for own in own_slices(long) {
            let over = overlapping(&covered, own.span.start_ms, own.span.end_ms);
            emit(own, over, out, &mut added);
        }
        let counted: Vec<Piece> = short.into_iter().filter(|p| counts(&p.span, &covered, &instants)).collect();
        instants.extend(counted.iter().map(|p| p.span.start_ms.div_euclid(1000)));
        out.extend(counted);
        covered.extend(added);
        covered.sort_by_key(|s: &Span| s.start_ms);
    }
}

/// One source overlapping itself: in each slice the shortest sample counts, then the one that starts later.
fn own_slices(mut sorted: Vec<Piece>) -> Vec<Piece> {
    let key = |p: &Piece| (p.span.start_ms, p.span.end_ms);
    sorted.sort_by(|a, b| key(a).cmp(&key(b)).then(a.span.value.total_cmp(&b.span.value)));
    let mut edges: Vec<i64> = sorted.iter().flat_map(|p| [p.span.start_ms, p.span.end_ms]).collect();
    edges.sort_unstable();
    edges.dedup();
    let (mut active, mut waiting): (Vec<Piece>, usize) = (Vec::new(), 0);
    let mut out: Vec<Piece> = Vec::new();
    for (from, until) in edges.iter().zip(edges.iter().skip(1)) {
        active.retain(|p| p.span.end_ms > *from);
        while let Some(next) = sorted.get(waiting).filter(|p| p.span.start_ms <= *from) {
            active.push(*next);
            waiting += 1;
        }
        let best = active.iter().min_by_key(|p| (p.span.end_ms - p.span.start_ms, -p.span.start_ms));
        let Some(Piece { span, row }) = best else { continue };
        let part = span.value * (until - from) as f64 / (span.end_ms - span.start_ms) as f64;
        match out.last_mut() {
            Some(last) if last.row == *row && last.span.end_ms == *from => {
                last.span.end_ms = *until;
                last.span.value += part;
            }
            _ => out.push(Piece { span: Span { start_ms: *from, end_ms: *until, value: part, ..*span }, row: *row }),
        }
    }
    out
}

/// The part of sorted, disjoint pieces that touches a range.
fn overlapping(pieces: &[Span], from: i64, until: i64) -> &[Span] {
    let first = pieces.partition_point(|p| p.end_ms <= from);
    let last = pieces.partition_point(|p| p.start_ms < until);
    pieces.get(first..last.max(first)).unwrap_or_default()
}

fn emit(Piece { span: own, row }: Piece, over: &[Span], out: &mut Vec<Piece>, added: &mut Vec<Span>) {
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
        out.push(Piece { span: Span { start_ms, end_ms, value: kept * share / free as f64, ..own }, row });
        added.push(Span { start_ms, end_ms, value: own.value * share / length, ..own });
    }
}

fn counts(instant: &Span, covered: &[Span], instants: &BTreeSet<i64>) -> bool {
    overlapping(covered, instant.start_ms, instant.start_ms + 1).is_empty()
        && !instants.contains(&instant.start_ms.div_euclid(1000))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
