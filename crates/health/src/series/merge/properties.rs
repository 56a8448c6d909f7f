//! What holds for the merge whatever the samples are.

use proptest::prelude::*;

use super::*;
use crate::kind::Style;
use crate::series::buckets::{Calendar, Grain, Input, buckets};
use crate::time::Zones;

/// Samples of at most four sources within a few hours around a midnight, in whole seconds; few have no length.
fn samples() -> impl Strategy<Value = Vec<Span>> {
    let sample = (-7200i64..7200, prop_oneof![1 => Just(0i64), 9 => 1i64..4000], 0u32..2000, 0u32..4).prop_map(
        |(start, length, value, rank)| Span {
            start_ms: start * 1000,
            end_ms: (start + length) * 1000,
            value: f64::from(value),
            rank,
        },
    );
    proptest::collection::vec(sample, 1..24)
}

fn total(spans: &[Span]) -> f64 {
    merge(spans).iter().map(|s| s.value).sum()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn order_of_writing_does_not_matter(spans in samples(), turn in 0usize..24) {
        let mut other = spans.clone();
        other.rotate_left(turn % spans.len());
        other.reverse();
        // To the last bit: sums are compared across imports and platforms.
        prop_assert_eq!(merge(&spans), merge(&other));
    }

    #[test]
    fn stretches_merged_one_by_one_are_as_all_at_once(
        mut spans in samples(),
        instants in proptest::collection::vec((-7_200_000i64..7_200_000, 0u32..4), 0..24),
    ) {
        let instant = |(at, rank): (i64, u32)| Span { start_ms: at, end_ms: at, value: 1.0, rank };
        spans.extend(instants.into_iter().map(instant));
        prop_assert_eq!(merge_rows_within(&spans, 0), merge_rows_within(&spans, usize::MAX));
    }

    #[test]
    fn scaled_values_scale_the_total(spans in samples()) {
        let scaled: Vec<Span> = spans.iter().map(|s| Span { value: s.value * 3.7, ..*s }).collect();
        prop_assert!(near(total(&scaled), 3.7 * total(&spans)));
    }

    #[test]
    fn shifted_times_keep_the_total(spans in samples(), shift in -1_000_000i64..1_000_000) {
        let shifted: Vec<Span> = spans
            .iter()
            .map(|s| Span { start_ms: s.start_ms + shift, end_ms: s.end_ms + shift, ..*s })
            .collect();
        prop_assert!(near(total(&shifted), total(&spans)));
    }

    #[test]
    fn an_exact_duplicate_changes_nothing(spans in samples(), which in 0usize..24) {
        let mut more = spans.clone();
        // Of what has no length all of one source count; equal rows are one long before they come here.
        more.extend(spans.get(which % spans.len()).filter(|span| span.end_ms > span.start_ms).copied());
        prop_assert_eq!(merge(&more), merge(&spans));
    }

    #[test]
    fn between_the_best_source_alone_and_the_plain_sum(spans in samples()) {
        let best = spans.iter().map(|s| s.rank).min().unwrap_or(0);
        let alone: Vec<Span> = spans.iter().filter(|s| s.rank == best).copied().collect();
        let naive: f64 = spans.iter().map(|s| s.value).sum();
        let found = total(&spans);
        prop_assert!(found <= naive + 1e-6, "{} above {}", found, naive);
        prop_assert!(found >= total(&alone) - 1e-6, "{} below {}", found, total(&alone));
    }

    #[test]
    fn without_the_last_source_the_total_is_never_higher(spans in samples()) {
        let last = spans.iter().map(|s| s.rank).max().unwrap_or(0);
        let rest: Vec<Span> = spans.iter().filter(|s| s.rank != last).copied().collect();
        prop_assert!(total(&rest) <= total(&spans) + 1e-6);
    }

    #[test]
    fn one_source_that_never_overlaps_is_summed(lengths in proptest::collection::vec((1i64..500, 0u32..900), 1..20)) {
        let mut at = 0;
        let spans: Vec<Span> = lengths
            .iter()
            .map(|(length, value)| {
                at += length * 2000;
                Span { start_ms: at - length * 1000, end_ms: at, value: f64::from(*value), rank: 0 }
            })
            .collect();
        prop_assert!(near(total(&spans), lengths.iter().map(|(_, value)| f64::from(*value)).sum()));
    }

    #[test]
    fn no_time_is_counted_twice(spans in samples()) {
        // What has no length takes no time.
        let pieces: Vec<Span> = merge(&spans).into_iter().filter(|piece| piece.end_ms > piece.start_ms).collect();
        let apart = pieces.iter().zip(pieces.iter().skip(1)).all(|(a, b)| a.end_ms <= b.start_ms);
        prop_assert!(apart, "{:?}", pieces);
    }

    #[test]
    fn hours_and_days_add_up_to_the_total(spans in samples()) {
        let inputs: Vec<Input> = spans.iter().map(|span| Input { span: *span, copies: 1 }).collect();
        let zones = Zones::named("UTC").expect("a zone");
        let sum = |grain| {
            let calendar = Calendar { zones: &zones, grain, week_start: 0 };
            buckets(&inputs, Style::Cumulative, false, calendar).iter().map(|b| b.value).sum::<f64>()
        };
        prop_assert!(near(sum(Grain::Hour), total(&spans)) && near(sum(Grain::Day), total(&spans)));
    }
}
