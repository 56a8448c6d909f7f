//! What holds for nights whatever the segments are.

use proptest::prelude::*;

use super::*;

/// Segments of at most three sources within two days, in whole minutes.
fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let segment = (0i64..2880, 1i64..300, 0i64..6, 0u32..3).prop_map(|(start, length, code, rank)| Segment {
        start_ms: start * MINUTE_MS,
        end_ms: (start + length) * MINUTE_MS,
        stage: Stage::from_code(code).unwrap_or(Stage::Core),
        rank,
    });
    proptest::collection::vec(segment, 0..40)
}

fn zones() -> Zones {
    Zones::named("Europe/Berlin").expect("a zone")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn order_and_repeats_do_not_matter(segments in segments(), turn in 0usize..40) {
        let mut other = segments.clone();
        other.rotate_left(turn.min(segments.len()));
        other.extend(segments.iter().rev());
        prop_assert_eq!(sessions(&other, &zones()), sessions(&segments, &zones()));
    }

    #[test]
    fn nights_add_up_and_do_not_overlap(segments in segments()) {
        let found = sessions(&segments, &zones());
        let asleep: Vec<&Session> = found.iter().filter(|s| s.kind != Kind::InBedOnly).collect();
        for s in &asleep {
            prop_assert_eq!(s.core_ms + s.deep_ms + s.rem_ms + s.unspecified_ms, s.asleep_ms);
            prop_assert_eq!(s.asleep_ms + s.awake_ms, s.end_ms - s.start_ms);
            prop_assert!(s.awake_ms >= 0 && s.in_bed_ms >= s.end_ms - s.start_ms, "{:?}", s);
            prop_assert!(s.latency_ms.is_none_or(|ms| ms >= 0) && s.efficiency().is_some_and(|share| share <= 1.0));
            let mut slices = s.slices.iter().zip(s.slices.iter().skip(1));
            prop_assert!(slices.all(|(a, b)| a.end_ms <= b.start_ms), "{:?}", s.slices);
        }
        prop_assert!(asleep.iter().zip(asleep.iter().skip(1)).all(|(a, b)| a.end_ms <= b.start_ms), "{:?}", asleep);
        let mains: Vec<Day> = asleep.iter().filter(|s| s.kind == Kind::Main).map(|s| s.day).collect();
        let days: BTreeSet<Day> = mains.iter().copied().collect();
        prop_assert_eq!(days.len(), mains.len(), "one main sleep a day");
    }

    #[test]
    fn a_worse_source_never_changes_what_the_best_one_saw(segments in segments()) {
        let own: Vec<Segment> = segments.iter().filter(|s| s.rank == 0 && s.stage != Stage::InBed).copied().collect();
        let stages: Vec<Segment> = {
            let mut all: Vec<Segment> = segments.iter().filter(|s| s.stage != Stage::InBed).copied().collect();
            all.sort_by_key(|s| (s.rank, s.start_ms, s.end_ms, s.stage));
            all
        };
        let best: Vec<Segment> = timeline(&stages).into_iter().filter(|s| s.rank == 0).collect();
        let alone = {
            let mut own = own;
            own.sort_by_key(|s| (s.rank, s.start_ms, s.end_ms, s.stage));
            timeline(&own)
        };
        prop_assert_eq!(best, alone);
    }
}
