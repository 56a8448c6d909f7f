//! Charts of numbers and instants that nobody can have: whatever comes, there is a picture, and no `NaN` in it.

mod samples;

use chart::blood_pressure::{Guideline, Lone, Pressure};
use chart::body_mass::BodyMass;
use chart::correlation::{Pair, Rho};
use chart::ecg::Recording;
use chart::glucose::Glucose;
use chart::heart_zones::{Begin, ZoneSlot};
use chart::heat_map::DayValue;
use chart::model::Bucket;
use chart::profiles::{Along, Profiles, Tempo};
use chart::rings::{Moves, Ring, RingDay};
use chart::route::{Fix, Told};
use chart::sleep::{Night, NightKind, RowDay, Segment, Stage, StageMinutes, Stretch};
use chart::stages::StageSlot;
use chart::traces::{Trace, Traced};
use chart::vital::Usual;
use chart::{Model, Range, Reading, Size, Theme, render};
use chart::{blood_pressure, body_mass, correlation, cumulative, ecg, glucose, heart_rate, heat_map, hypnogram};
use chart::{glucose_profile, heart_zones, nights, profiles, regularity, rings, route, stages, vital, years};
use health::ways::Ways;
use proptest::prelude::*;
use samples::{berlin, check_inside, now};

/// Sometimes an instant of the week that is drawn, sometimes any at all.
fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![now() - 8 * 86_400_000..now() + 86_400_000, any::<i64>()]
}

/// Sometimes a number that could be measured, sometimes any at all: huge, tiny, infinite, none.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![-10.0..200.0f64, proptest::num::f64::ANY, Just(f64::NAN), Just(f64::INFINITY), Just(0.0)]
}

type Raw = (i64, i64, f64, f64, f64);

fn bucket((start_ms, length, min, max, mean): Raw) -> Bucket {
    let end_ms = start_ms.saturating_add(length.rem_euclid(200_000_000));
    Bucket {
        start_ms,
        end_ms,
        min,
        max,
        mean,
        n: length.unsigned_abs() % 3,
        complete: length % 2 == 0,
        label: String::new(),
    }
}

/// A chart of every kind, whatever the numbers are.
fn every_chart(raw: &[Raw], step: chart::Step, days: u32) -> Vec<Model> {
    let zones = berlin();
    let range = Range::ending(now(), days, &zones).by(step);
    let day = |ms: i64| zones.day(ms);
    let mut buckets: Vec<Bucket> = raw.iter().copied().map(bucket).collect();
    buckets.sort_by_key(|b| b.start_ms);
    let mut readings: Vec<Reading> = raw.iter().map(|r| Reading { at_ms: r.0, value: r.2 }).collect();
    readings.sort_by_key(|r| r.at_ms);
    let usual: Vec<Usual> = raw.iter().map(|r| Usual { start_ms: r.0, end_ms: r.1, low: r.2, high: r.3 }).collect();
    let (a, b) = raw.first().map_or((f64::NAN, f64::NAN), |r| (r.2, r.3));
    let minutes = StageMinutes { awake: a, rem: b, core: a, deep: b, unspecified: a };
    let stage = |i: usize| Stage::ALL[i % 5];
    let segments: Vec<Segment> =
        raw.iter().enumerate().map(|(i, r)| Segment { start_ms: r.0, end_ms: r.1, stage: stage(i) }).collect();
    let in_bed: Vec<Stretch> = raw.iter().map(|r| Stretch { start_ms: r.0, end_ms: r.1 }).collect();
    let night = |kind: NightKind| Night {
        day: day(now()),
        kind,
        segments: segments.clone(),
        in_bed: in_bed.clone(),
        unwritten: in_bed.clone(),
        minutes,
    };
    let slot = |r: &Raw| StageSlot {
        start_ms: r.0,
        end_ms: r.1,
        minutes,
        nights: 1,
        staged: r.1 as u32 % 2,
        complete: r.1 % 2 == 0,
    };
    let pressure = |r: &Raw| Pressure { at_ms: r.0, diastolic_ms: r.0, systolic: r.2, diastolic: r.3 };
    let pressures: Vec<Pressure> = raw.iter().map(pressure).collect();
    let ring = Some(Ring { value: a, goal: Some(b) });
    let rings_of = |r: &Raw| RingDay {
        day: day(r.0),
        moving: ring,
        moves: Moves::Energy,
        exercise: Some(Ring { value: r.2, goal: Some(r.3) }),
        stand: None,
    };
    let ring_days: Vec<RingDay> = raw.iter().map(rings_of).collect();
    let fixes: Vec<Fix> = raw.iter().map(|r| Fix { at_ms: r.0, latitude: r.2, longitude: r.3 }).collect();
    let millivolts: Vec<f64> = raw.iter().flat_map(|r| [r.2, r.3, r.4]).collect();
    let mut points: Vec<(f64, f64)> = raw.iter().map(|r| (r.2, r.3)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let values: Vec<DayValue> = raw.iter().map(|r| DayValue { day: day(r.0), value: r.2 }).collect();
    let pairs: Vec<Pair> = raw.iter().map(|r| Pair { day: day(r.0), x: r.2, y: r.3 }).collect();
    let meals: Vec<i64> = raw.iter().map(|r| r.1).collect();
    let mass = BodyMass { readings: &readings, trend: &readings, per_week: Some(a), goal: Some(b), unit: "kg" };
    let sugar = Glucose {
        unit: "mmol/L",
        readings: &readings,
        spacing_ms: meals[0],
        target: Some((a, b)),
        within: Some((a, b)),
        average: None,
        meals_ms: &meals,
    };
    let recording =
        Recording { start_ms: meals[0], hertz: a, millivolts: &millivolts, classification: "<a & b>", lead: "" };
    let slow = Recording { hertz: 1.5, ..recording };
    let run = Profiles {
        start_ms: meals[0],
        end_ms: meals[0].wrapping_add(1),
        along: Along::Distance,
        length: b,
        heart_rate: &points,
        pace: &points,
        tempo: Tempo::Speed,
        ways: Ways::IMPERIAL,
        elevation: &points,
    };
    let told = Told { by_points_m: Some(a), by_workout_m: Some(b), ways: Ways::IMPERIAL };
    let context = heart_rate::Context { limits: Some([a, b, a, b]), workouts: &in_bed };
    let slots_of_day: Vec<glucose_profile::Slot> = raw
        .iter()
        .map(|r| glucose_profile::Slot { minute: r.1 as u32, values: Some([r.2, r.3, r.4, r.2, r.3]) })
        .collect();
    let typical = glucose_profile::Profile { unit: "mmol/L", slots: &slots_of_day, days: 14, least_days: 14 };
    let guideline = Guideline { name: "somebody", systolic: a, diastolic: b };
    let lone =
        [Lone { at_ms: range.start_ms, value: a, systolic: true }, Lone { at_ms: i64::MAX, value: b, systolic: false }];
    let free_days = Some(regularity::FreeDays { later_min: b, nights: 4, other_nights: 10 });
    let middles = regularity::Middles { spread_min: Some(a), free_days };
    let slots: Vec<StageSlot> = raw.iter().map(slot).collect();
    let traced: Vec<Traced> =
        raw.iter().map(|r| Traced { over: Stretch { start_ms: r.0, end_ms: r.1 }, value: r.2 }).collect();
    let trace = Trace { measure: vital::TEMPERATURE, readings: &traced };
    let zone_slot = |r: &(i64, i64, f64, f64, f64)| {
        let minutes = [r.2, r.3, r.4, r.2, r.3];
        ZoneSlot { start_ms: r.0, end_ms: r.1, minutes, workouts: 1, complete: false }
    };
    let zone_slots: Vec<ZoneSlot> = raw.iter().map(zone_slot).collect();
    let begin = Begin { bpm: [a, b, a, b], by: "<a & b>" };
    let year =
        |r: &Raw| years::Year { year: r.0 as i16, values: vec![(r.1.unsigned_abs() as usize % 60, r.2)], mean: r.3 };
    let many_years: Vec<years::Year> = raw.iter().map(year).collect();
    let rho = Some(Rho { rho: a, low: b, high: a });
    vec![
        heart_rate::model(&buckets, None, range, &zones),
        heart_rate::raw(&readings, &buckets, None, range, &zones),
        heart_rate::within(heart_rate::model(&buckets, None, range, &zones), &context),
        glucose_profile::model(&typical, range, &zones),
        vital::model(&vital::TEMPERATURE, &buckets, &usual, None, range, &zones),
        cumulative::model(&cumulative::STEPS, &buckets, (cumulative::Wide::Average, None), Some(a), range, &zones),
        cumulative::model(&cumulative::STEPS, &buckets, (cumulative::Wide::Total, None), None, range, &zones),
        hypnogram::model(&night(NightKind::Night), RowDay::Evening, &zones),
        hypnogram::with(&night(NightKind::Night), RowDay::Morning, &[trace], &zones),
        heart_zones::model(&zone_slots, Some(begin), range, &zones),
        years::model(&vital::TEMPERATURE, &many_years, years::By::Week, false, range, &zones),
        nights::model(&[night(NightKind::Night), night(NightKind::Nap), night(NightKind::InBedOnly)], range, &zones),
        stages::model(&slots, range, &zones),
        regularity::model(&in_bed, RowDay::Evening, middles, range, &zones),
        body_mass::model(&mass, range, &zones),
        blood_pressure::model(&pressures, &pressures, Some(guideline), &lone, range, &zones),
        glucose::model(&sugar, range, &zones),
        ecg::model(&recording, 3, &zones),
        ecg::model(&slow, 0, &zones),
        rings::day(&ring_days[0], &zones),
        rings::month(&ring_days, range, &zones),
        route::model(&[fixes.clone(), Vec::new(), fixes], told, &zones),
        profiles::model(&run, &zones),
        profiles::model(&Profiles { length: 200.0, along: Along::Time, tempo: Tempo::Pace, ..run }, &zones),
        heat_map::model(&cumulative::STEPS, &values, range, &zones),
        correlation::model(&vital::HRV_SDNN, &vital::VO2_MAX, " of the next day", (&pairs, rho), range, &zones),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_comes_there_is_a_picture_without_nan(
        raw in prop::collection::vec((instant(), instant(), value(), value(), value()), 1..30),
        step in prop::sample::select(vec![chart::Step::Hour, chart::Step::Day, chart::Step::Week, chart::Step::Month]),
        days in prop::sample::select(vec![1, 7, 28, 400]),
        width in any::<u32>(),
        height in any::<u32>(),
    ) {
        for model in every_chart(&raw, step, days) {
            let drawn = render(&model, Size { width, height }, Theme::Light).expect("a picture");
            check_inside(&model.title, &drawn, (width, height));
            prop_assert!(!drawn.svg.contains("<a & b>"));
            let words = model.table.rows.concat().concat() + &model.summary;
            prop_assert!(!words.contains("NaN") && !words.contains(" inf"), "{words}");
            for scale in &drawn.panels {
                let ends = [scale.x0, scale.x1, scale.y0, scale.y1, scale.left, scale.right, scale.top, scale.bottom];
                prop_assert!(ends.iter().all(|end| end.is_finite()), "{}: {scale:?}", model.title);
            }
            prop_assert!(model.summary.len() > 10);
        }
    }
}
