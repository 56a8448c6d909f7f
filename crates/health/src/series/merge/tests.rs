//! Worked examples M1 to M8 of the rule for overlapping sources; M9 is about events, which are never merged.

use super::*;

/// Source, minutes from and until, and value; the order of sources is manual, watch, phone, third party.
type Row = (char, f64, f64, f64);

fn spans(samples: &[Row]) -> Vec<Span> {
    let ms = |minutes: f64| (minutes * 60_000.0).round() as i64;
    let rank = |source| "MWPX".find(source).unwrap_or(9) as u32;
    let span = |&(s, a, b, value): &Row| Span { start_ms: ms(a), end_ms: ms(b), value, rank: rank(s) };
    samples.iter().map(span).collect()
}

/// Checks the total and what each source adds to it, in either order of writing.
#[track_caller]
fn check(samples: &[Row], expected: f64, parts: &[(char, f64)]) {
    let mut spans = spans(samples);
    for _ in 0..2 {
        let merged = merge(&spans);
        let near = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-9, "{found}, expected {expected} of {samples:?}");
        };
        near(merged.iter().map(|s| s.value).sum(), expected);
        for (source, part) in parts {
            let rank = "MWPX".find(*source).unwrap_or(9) as u32;
            near(merged.iter().filter(|s| s.rank == rank).map(|s| s.value).sum(), *part);
        }
        spans.reverse();
    }
}

#[test]
fn m1_the_phone_adds_the_hour_without_the_watch() {
    let rows = [('W', 0., 60., 1000.), ('P', 0., 60., 800.), ('P', 60., 120., 500.)];
    check(&rows, 1500., &[('W', 1000.), ('P', 500.)]);
}

#[test]
fn m2_a_long_sample_of_the_phone_is_mostly_idle() {
    let rows = [('W', 24., 24.5, 43.), ('P', 23. + 50. / 60., 30. + 58. / 60., 45.)];
    check(&rows, 45., &[('W', 43.), ('P', 2.)]);
}

#[test]
fn m3_what_the_phone_adds_lies_where_the_watch_saw_nothing() {
    let rows = [('W', 0., 10., 600.), ('P', 0., 20., 1200.)];
    check(&rows, 1200., &[('W', 600.), ('P', 600.)]);
    let phone: Vec<Span> = merge(&spans(&rows)).into_iter().filter(|s| s.rank == 2).collect();
    assert_eq!(phone, [Span { start_ms: 600_000, end_ms: 1_200_000, value: 600.0, rank: 2 }]);
}

#[test]
fn m4_the_phone_adds_no_more_than_it_has_beyond_the_watch() {
    check(&[('W', 0., 10., 600.), ('P', 0., 20., 900.)], 900., &[('W', 600.), ('P', 300.)]);
}

#[test]
fn m5_what_was_typed_in_goes_before_the_watch() {
    check(&[('M', 0., 60., 2000.), ('W', 0., 60., 1500.)], 2000., &[('M', 2000.), ('W', 0.)]);
}

#[test]
fn m6_a_condensed_row_and_its_originals_do_not_add_up() {
    let rows = [('W', 0., 30., 3000.), ('W', 0., 10., 1000.), ('W', 10., 20., 1000.), ('W', 20., 30., 1000.)];
    check(&rows, 3000., &[('W', 3000.)]);
}

#[test]
fn m7_a_chain_of_three_sources() {
    let rows = [('W', 0., 10., 1000.), ('P', 5., 25., 1800.), ('X', 20., 40., 2000.)];
    check(&rows, 3800., &[('W', 1000.), ('P', 1300.), ('X', 1500.)]);
}

#[test]
fn m8_the_phone_fills_the_pauses_of_the_watch() {
    let rows = [('P', 0., 10., 1000.), ('W', 2., 4., 210.), ('W', 6., 8., 190.)];
    check(&rows, 1000., &[('W', 400.), ('P', 600.)]);
}

#[test]
fn samples_without_length_count_once_per_second_of_the_best_source() {
    check(&[('W', 5., 5., 3.), ('P', 5., 5., 3.), ('P', 6., 6., 2.)], 5., &[]);
    check(&[('W', 0., 10., 100.), ('P', 5., 5., 3.)], 100., &[]);
    check(&[('W', 5., 5., 3.), ('W', 5., 5., 4.)], 7., &[]);
}

#[test]
fn pieces_say_which_row_they_are_of() {
    let rows = [('P', 0., 20., 1200.), ('W', 0., 10., 600.), ('P', 2., 4., 10.)];
    let found: Vec<(usize, f64)> = merge_rows(&spans(&rows)).iter().map(|p| (p.row, p.span.value)).collect();
    assert_eq!(found, [(1, 600.0), (0, 480.0 + 120.0)]);
}
