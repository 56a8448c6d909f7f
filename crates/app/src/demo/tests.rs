//! The generator against itself and against what it promises.

use std::io::Cursor;

use super::*;

fn options(days: u32) -> DemoOptions<'static> {
    let end_day = health::time::parse_day("2026-11-01").expect("a day");
    DemoOptions { seed: 7, end_day, days, zone: "Europe/Berlin", records: None }
}

fn export(options: &DemoOptions) -> (Vec<u8>, DemoTruth) {
    let mut out = Cursor::new(Vec::new());
    let truth = write_export(&mut out, options).expect("written");
    (out.into_inner(), truth)
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let (first, truth) = export(&options(3));
    let (second, again) = export(&options(3));
    assert!(first == second && truth == again);
    assert_ne!(first, export(&DemoOptions { seed: 8, ..options(3) }).0);
}

#[test]
fn a_fortnight_holds_every_kind_that_the_sample_store_shows() {
    let (_, truth) = export(&options(14));
    for kind in ["HeartRate", "StepCount", "ActiveEnergyBurned", "OxygenSaturation", "BodyMass", "DietaryWater"] {
        assert!(truth.kinds.contains_key(&format!("HKQuantityTypeIdentifier{kind}")), "{kind}");
    }
    for kind in ["WalkingSpeed", "WalkingStepLength", "WalkingAsymmetryPercentage", "WalkingDoubleSupportPercentage"] {
        assert!(truth.kinds.contains_key(&format!("HKQuantityTypeIdentifier{kind}")), "{kind}");
    }
    for kind in ["StairAscentSpeed", "StairDescentSpeed", "SixMinuteWalkTestDistance", "HeartRateRecoveryOneMinute"] {
        assert!(truth.kinds.contains_key(&format!("HKQuantityTypeIdentifier{kind}")), "{kind}");
    }
    assert!(truth.workouts > 0 && truth.routes > 0 && truth.correlations > 0 && truth.beats > 0);
    assert_eq!(truth.activity_days, 14);
    assert_eq!(truth.records, truth.kinds.values().map(|kind| kind.count).sum::<u64>());
}

#[test]
fn nights_are_as_long_as_nights_are() {
    let (_, truth) = export(&options(60));
    assert!(truth.asleep_minutes.len() > 50);
    for (day, minutes) in &truth.asleep_minutes {
        assert!((240.0..660.0).contains(minutes), "{day}: {minutes}");
    }
}

#[test]
fn walks_and_hearts_are_those_of_a_healthy_adult() {
    let (_, truth) = export(&options(120));
    let check = |kind: &str, expected: std::ops::Range<f64>| {
        let found = &truth.kinds[&format!("HKQuantityTypeIdentifier{kind}")];
        let mean = found.sum / found.count as f64;
        assert!(expected.contains(&mean), "{kind}: {mean}");
    };
    check("WalkingSpeed", 4.5..5.2);
    check("WalkingStepLength", 69.0..75.0);
    check("WalkingDoubleSupportPercentage", 0.27..0.3);
    check("WalkingAsymmetryPercentage", 0.005..0.015);
    check("SixMinuteWalkTestDistance", 540.0..610.0);
    check("AppleWalkingSteadiness", 0.85..0.95);
    check("StairAscentSpeed", 0.38..0.46);
    check("StairDescentSpeed", 0.49..0.57);
    check("HeartRateRecoveryOneMinute", 25.0..38.0);
    // Four periods in four months, of four to six days each.
    let periods = truth.kinds["HKCategoryTypeIdentifierMenstrualFlow"].count;
    assert!((14..=30).contains(&periods), "{periods}");
}

#[test]
fn numbers_are_printed_with_six_digits() {
    for (value, expected) in
        [(0.0, "0"), (72.0, "72"), (0.97, "0.97"), (12_345.678, "12345.7"), (1_234_567.8, "1234568")]
    {
        assert_eq!(six_digits(value), expected);
    }
}
