//! Sessions of sleep are kept as they would be found in one go, whatever was imported and taken back.

use health::series::sleep::sessions;
use health::time::Day;
use proptest::prelude::*;

use super::*;
use crate::SLEEP;

/// A stretch of sleep in quarters of an hour.
fn slept(source: &'static str, hardware: Option<&'static str>, (from, length): (i64, i64), stage: u8) -> Line {
    let quarter = HOUR / 4;
    let value = f64::from(stage);
    Line { kind: SLEEP, source, hardware, start: from * quarter, end: (from + length) * quarter, value, ..steps(0, 0, 0.0) }
}

/// A watch that tells stages, a phone that tells time in bed and an app that tells sleep, over two weeks with holes.
fn lines() -> impl Strategy<Value = Vec<Line>> {
    let watch = (0..1300_i64, 1..8_i64, 2..6_u8);
    let watch = watch.prop_map(|(from, length, stage)| slept("Kim's Watch", Some("Watch6,1"), (from, length), stage));
    let phone = (0..1300_i64, 4..40_i64).prop_map(|(from, length)| slept("Kim's iPhone", None, (from, length), 0));
    let app = (0..1300_i64, 1..100_i64, prop::sample::select(vec![1_u8, 1, 1, 3]));
    let app = app.prop_map(|(from, length, stage)| slept("App", None, (from, length), stage));
    prop::collection::vec(prop_oneof![6 => watch, 2 => phone, 2 => app], 0..60)
}

/// Three exports of one history, each without some rows.
fn exports() -> impl Strategy<Value = Vec<Export>> {
    (lines(), prop::collection::vec(prop::collection::vec(prop::bool::weighted(0.8), 60), 3)).prop_map(|(lines, held)| {
        let of = |held: &Vec<bool>| lines.iter().zip(held).filter(|(_, held)| **held).map(|(line, _)| *line).collect::<Vec<_>>();
        held.iter().zip(10..).map(|(held, date)| export(date, &of(held))).collect()
    })
}

#[track_caller]
fn check(store: &Store) {
    assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
    let (orders, zones) = (store.orders().expect("orders"), store.zones("Europe/Berlin").expect("zones"));
    let segments = store.segments_of_sleep(&orders, (i64::MIN, i64::MAX)).expect("segments");
    let kept = store.nights(&orders, (Day::MIN, Day::MAX)).expect("nights");
    assert_eq!(kept, sessions(&segments, &zones));
}

#[test]
fn a_source_that_tells_its_first_stage_moves_up() {
    let plain = slept("App", None, (80, 32), 1);
    let other = slept("Sleeper", None, (84, 40), 1);
    let mut store = store_of(&[&export(10, &[plain, other])]);
    check(&store);
    let before = store.nights(&store.orders().expect("orders"), (0, 9)).expect("nights");
    ingest(&mut store, &export(20, &[plain, other, slept("Sleeper", None, (800, 4), 3)]));
    check(&store);
    let after = store.nights(&store.orders().expect("orders"), (0, 1)).expect("nights");
    assert_ne!(before, after);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nights_are_kept_as_they_would_be_found(exports in exports(), order in Just([0, 1, 2]).prop_shuffle(), which in 1..4_i64) {
        let mut store = store_of(&[]);
        for number in order {
            ingest(&mut store, &exports[number]);
            check(&store);
        }
        undo(&mut store, which);
        check(&store);
        let kept = store.nights(&store.orders().expect("orders"), (Day::MIN, Day::MAX)).expect("nights");
        store.rebuild("Europe/Berlin").expect("rebuilds");
        check(&store);
        prop_assert_eq!(kept, store.nights(&store.orders().expect("orders"), (Day::MIN, Day::MAX)).expect("nights"));
    }

    #[test]
    fn days_of_nights_are_those_of_all(exports in exports(), first in -1..14_i32, days in 0..5_i32) {
        let store = store_of(&[&exports[0]]);
        let orders = store.orders().expect("orders");
        let all = store.nights(&orders, (Day::MIN, Day::MAX)).expect("nights");
        let some: Vec<_> = all.into_iter().filter(|night| (first..=first + days).contains(&night.day)).collect();
        prop_assert_eq!(store.nights(&orders, (first, first + days)).expect("nights"), some);
    }
}
