//! Every chart of made-up data: nobody was measured, a seeded generator invents it all. Tests, the contact sheet and
//! the bench draw the same ones.

// Each of them draws some.
#![allow(dead_code)]

mod more;

use std::path::Path;
use std::{env, fs};

use chart::blood_pressure::Pressure;
use chart::body_mass::BodyMass;
use chart::correlation::{Pair, Rho};
use chart::ecg::Recording;
use chart::glucose::Glucose;
use chart::heat_map::DayValue;
use chart::model::Bucket;
use chart::profiles::{Along, Profiles, Tempo};
use chart::regularity::{FreeDays, Middles};
use chart::rings::{Moves, Ring, RingDay};
use chart::route::{Fix, Told};
use chart::sleep::{Night, NightKind, RowDay, Segment, Stage, StageMinutes, Stretch};
use chart::stages::StageSlot;
use chart::vital::Usual;
use chart::{Drawn, Model, Range, Reading, Size, Step};
use chart::{
    blood_pressure, body_mass, correlation, cumulative, ecg, glucose, glucose_profile, heart_rate, heat_map, hypnogram,
};
use chart::{nights, profiles, regularity, rings, route, stages, vital};
use health::time::{Day, Zones, parse_stamp};
use health::ways::Ways;

/// How much data a chart gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// As usual.
    All,
    /// Only the first thing.
    One,
    /// Nothing.
    None,
}

impl Amount {
    fn of<T>(self, mut things: Vec<T>) -> Vec<T> {
        match self {
            Self::All => {}
            Self::One => things.truncate(1),
            Self::None => things.clear(),
        }
        things
    }

    fn when<T>(self, thing: T) -> Option<T> {
        (self == Self::All).then_some(thing)
    }
}

/// The same numbers on every machine and every run.
pub struct Dice(u64);

impl Dice {
    /// Begins at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to 1.
    pub fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }

    /// Around zero, mostly within one.
    pub fn bell(&mut self) -> f64 {
        (0..6).map(|_| self.roll()).sum::<f64>() / 1.5 - 2.0
    }
}

/// An instant.
pub fn at(text: &str) -> i64 {
    parse_stamp(text).expect("a stamp")
}

/// Home.
pub fn berlin() -> Zones {
    Zones::named("Europe/Berlin").expect("a zone")
}

/// The last instant of every sample: 1 March 2026, in the evening.
pub fn now() -> i64 {
    at("2026-03-01 18:00:00 +0100")
}

/// So many digits behind the point: the last bits of sines are not the same on every machine.
fn round(value: f64, digits: i32) -> f64 {
    (value * 10f64.powi(digits)).round() / 10f64.powi(digits)
}

fn days(count: u32) -> Range {
    Range::ending(now(), count, &berlin())
}

/// A chart of every kind and its name.
pub fn charts(amount: Amount) -> Vec<(&'static str, Model)> {
    vec![
        ("heart_rate", heart_month(amount)),
        ("heart_rate_hours", heart_hours(amount)),
        ("heart_rate_raw", heart_raw(amount)),
        ("heart_rate_zones", heart_in_zones(amount)),
        ("resting_heart_rate", resting(amount)),
        ("hrv", hrv(amount)),
        ("vo2_max", vo2(amount)),
        ("steps", steps(amount)),
        ("steps_hours", steps_hours(amount)),
        ("steps_year", steps_year(amount)),
        ("hypnogram", hypnogram::model(&night(amount, 20_514), RowDay::Morning, &berlin())),
        ("hypnogram_old", hypnogram::model(&old_night(amount), RowDay::Morning, &berlin())),
        ("nights", week_of_nights(amount)),
        ("stages", month_of_stages(amount)),
        ("regularity", raster(amount)),
        ("body_mass", mass(amount)),
        ("blood_pressure", pressure(amount)),
        ("glucose", sugar(amount)),
        ("glucose_profile", typical_day(amount)),
        ("ecg", ecg::model(&recording(&heart_beats(amount)), 0, &berlin())),
        ("rings_day", rings::day(&ring_day(amount), &berlin())),
        ("rings_month", rings_month(amount)),
        ("route", run(amount)),
        ("profiles", run_profiles(amount)),
        ("heat_map", year_of_steps(amount)),
        ("correlation", sleep_and_pulse(amount)),
        ("heart_zones", more::zones(amount)),
        ("years", more::years_of_steps(amount)),
        ("hypnogram_traces", more::night_with_traces(amount)),
        ("loudness", more::loudness(amount)),
    ]
}

fn bucket((start_ms, end_ms): (i64, i64), min: f64, max: f64, mean: f64, n: u64) -> Bucket {
    Bucket { start_ms, end_ms, min, max, mean, n, complete: end_ms <= now(), label: String::new() }
}

/// Heart rate in every slot of a range, but for some days without the watch.
pub fn heart_buckets(range: &Range, seed: u64) -> Vec<Bucket> {
    let mut dice = Dice::new(seed);
    let slots = range.slots(&berlin());
    let one = |(i, slot): (usize, &(i64, i64))| {
        let bucket = bucket(
            *slot,
            round(44.0 + 6.0 * dice.roll(), 0),
            round(110.0 + 65.0 * dice.roll() * dice.roll(), 0),
            round(64.0 + 4.0 * dice.bell(), 1),
            150 + i as u64,
        );
        (i % 28 < 17 || i % 28 > 18).then_some(bucket)
    };
    slots.iter().enumerate().filter_map(one).collect()
}

fn heart_month(amount: Amount) -> Model {
    heart_rate::model(&amount.of(heart_buckets(&days(28), 1)), None, days(28), &berlin())
}

/// Ten years, as weeks.
pub fn heart_decade() -> Model {
    heart_rate::model(&heart_buckets(&days(3650), 2), None, days(3650), &berlin())
}

fn heart_hours(amount: Amount) -> Model {
    let mut dice = Dice::new(3);
    let one = |slot: (i64, i64)| {
        let hour = f64::from(berlin().hour(slot.0));
        let base = if hour < 7.0 { 48.0 } else { 60.0 };
        let high = base + 15.0 + 40.0 * dice.roll();
        bucket(slot, round(base - 3.0 + 4.0 * dice.roll(), 0), round(high, 0), base + 9.0, 40)
    };
    let hours: Vec<Bucket> = days(1).slots(&berlin()).into_iter().take(19).map(one).collect();
    heart_rate::model(&amount.of(hours), None, days(1), &berlin())
}

/// A day of readings every few seconds to minutes, with an hour on the charger and a run.
pub fn heart_readings(count: usize) -> Vec<Reading> {
    let mut dice = Dice::new(4);
    let range = days(1);
    let length = (range.end_ms - range.start_ms) as f64;
    let mut drift = 0.0;
    let reading = |i: usize| {
        let share = i as f64 / count as f64;
        drift = drift * 0.98 + dice.bell();
        let run = if (0.70..0.74).contains(&share) { 75.0 * ((share - 0.70) / 0.01).min(1.0) } else { 0.0 };
        let value = 58.0 + 14.0 * (share * 6.0 - 1.2).sin() + drift * 1.4 + run;
        Reading { at_ms: range.start_ms + (share * length) as i64, value: value.round() }
    };
    let all: Vec<Reading> = (0..count).map(reading).collect();
    all.into_iter().filter(|r| !(20..22).contains(&((r.at_ms - range.start_ms) / 1_800_000))).collect()
}

fn heart_raw(amount: Amount) -> Model {
    let readings = amount.of(heart_readings(4000));
    let hour = |slot: (i64, i64)| {
        let own: Vec<f64> = readings.iter().filter(|r| (slot.0..slot.1).contains(&r.at_ms)).map(|r| r.value).collect();
        let (min, max) = (own.iter().copied().fold(999.0, f64::min), own.iter().copied().fold(0.0, f64::max));
        let mean = own.iter().sum::<f64>() / own.len().max(1) as f64;
        bucket(slot, min, max, round(mean, 1), own.len() as u64)
    };
    let hours: Vec<Bucket> = days(1).slots(&berlin()).into_iter().map(hour).collect();
    heart_rate::raw(&readings, &hours, None, days(1), &berlin())
}

/// A value a day with its usual band, some days missing.
fn daily(
    range: &Range,
    seed: u64,
    middle: f64,
    spread: f64,
    keep: impl Fn(usize) -> bool,
) -> (Vec<Bucket>, Vec<Usual>) {
    let mut dice = Dice::new(seed);
    let mut drift = 0.0;
    let mut buckets = Vec::new();
    let mut usual = Vec::new();
    for (i, slot) in range.slots(&berlin()).into_iter().enumerate() {
        drift = drift * 0.8 + dice.bell() * spread * 0.5;
        let value = middle + drift + dice.bell() * spread * 0.3;
        let value = round(value, 1);
        if keep(i) {
            buckets.push(bucket(slot, value, value, value, 1));
        }
        let slow = spread * 0.4 * (i as f64 / 9.0).sin();
        let (low, high) = (middle - spread * 1.2 + slow, middle + spread * 1.2 + slow);
        usual.push(Usual { start_ms: slot.0, end_ms: slot.1, low: round(low, 1), high: round(high, 1) });
    }
    (buckets, usual)
}

fn resting(amount: Amount) -> Model {
    let (buckets, usual) = daily(&days(56), 5, 54.0, 2.5, |i| ![20, 21, 22, 40].contains(&i));
    vital::model(&vital::RESTING_HEART_RATE, &amount.of(buckets), &amount.of(usual), None, days(56), &berlin())
}

fn hrv(amount: Amount) -> Model {
    let (buckets, usual) = daily(&days(7), 6, 48.0, 9.0, |i| i != 3);
    vital::model(&vital::HRV_SDNN, &amount.of(buckets), &amount.of(usual), None, days(7), &berlin())
}

fn vo2(amount: Amount) -> Model {
    let range = days(364);
    let (buckets, usual) = daily(&range, 7, 42.0, 0.8, |i| i % 3 != 1);
    vital::model(&vital::VO2_MAX, &amount.of(buckets), &amount.of(usual), None, range, &berlin())
}

fn sums(range: &Range, seed: u64, most: f64) -> Vec<Bucket> {
    let mut dice = Dice::new(seed);
    let one = |slot: (i64, i64)| {
        let value = (most * (0.35 + 0.65 * dice.roll())).round();
        bucket(slot, value, value, if slot.1 > now() { value * 0.5 } else { value }, 1)
    };
    range.slots(&berlin()).into_iter().filter(|slot| slot.0 <= now()).map(one).collect()
}

fn steps(amount: Amount) -> Model {
    let mut buckets = sums(&days(28), 8, 14_000.0);
    buckets.drain(9..12);
    cumulative::model(
        &cumulative::STEPS,
        &amount.of(buckets),
        (cumulative::Wide::Average, None),
        Some(8000.0),
        days(28),
        &berlin(),
    )
}

fn steps_hours(amount: Amount) -> Model {
    let hours: Vec<Bucket> = sums(&days(1), 9, 1900.0).into_iter().skip(7).collect();
    cumulative::model(
        &cumulative::STEPS,
        &amount.of(hours),
        (cumulative::Wide::Average, None),
        None,
        days(1),
        &berlin(),
    )
}

fn steps_year(amount: Amount) -> Model {
    let (start_ms, end_ms) = (at("2025-04-01 00:00:00 +0200"), at("2026-04-01 00:00:00 +0200"));
    let range = Range::new(start_ms, end_ms, Step::Month);
    cumulative::model(
        &cumulative::STEPS,
        &amount.of(sums(&range, 10, 11_000.0)),
        (cumulative::Wide::Average, None),
        None,
        range,
        &berlin(),
    )
}

/// A night of cycles that begins about 23:00 before `day`; the spring night of 2026 is day 20,541.
pub fn night(amount: Amount, day: Day) -> Night {
    let mut dice = Dice::new(day.unsigned_abs().into());
    let start = berlin().day_bounds(day).0 - 50 * 60_000 + (dice.bell() * 40.0) as i64 * 60_000;
    let cycle =
        [(Stage::Core, 42.0), (Stage::Deep, 34.0), (Stage::Core, 16.0), (Stage::Rem, 22.0), (Stage::Awake, 4.0)];
    let mut segments = Vec::new();
    let mut at = start;
    for i in 0..24 {
        let (stage, length) = cycle[i % 5];
        // Deep sleep comes early, REM late.
        let late = i as f64 / 24.0;
        let length = match stage {
            Stage::Deep => length * (1.2 - late),
            Stage::Rem => length * (0.5 + late),
            _ => length,
        };
        let end = at + ((length * (0.7 + 0.6 * dice.roll())).round().max(2.0) as i64) * 60_000;
        segments.push(Segment { start_ms: at, end_ms: end, stage });
        at = end;
    }
    let segments = amount.of(segments);
    let in_bed = amount.of(vec![Stretch { start_ms: start - 25 * 60_000, end_ms: at + 10 * 60_000 }]);
    Night { day, kind: NightKind::Night, minutes: minutes(&segments), segments, in_bed, unwritten: vec![] }
}

fn minutes(segments: &[Segment]) -> StageMinutes {
    let of = |stage: Stage| {
        let own = segments.iter().filter(|s| s.stage == stage);
        own.map(|s| (s.end_ms - s.start_ms) as f64 / 60_000.0).sum()
    };
    StageMinutes {
        awake: of(Stage::Awake),
        rem: of(Stage::Rem),
        core: of(Stage::Core),
        deep: of(Stage::Deep),
        unspecified: of(Stage::Unspecified),
    }
}

/// A night of a watch that knew no stages.
fn old_night(amount: Amount) -> Night {
    let night = night(Amount::All, 20_515);
    let segments: Vec<Segment> = night
        .segments
        .chunks(5)
        .filter_map(|run| {
            let (start_ms, end_ms) = (run.first()?.start_ms, run.last()?.end_ms - 240_000);
            Some(Segment { start_ms, end_ms, stage: Stage::Unspecified })
        })
        .collect();
    let segments = amount.of(segments);
    let silence = |pair: &[Segment]| Stretch { start_ms: pair[0].end_ms, end_ms: pair[1].start_ms };
    let unwritten: Vec<Stretch> = segments.windows(2).map(silence).collect();
    let awake = unwritten.iter().map(|s| (s.end_ms - s.start_ms) as f64 / 60_000.0).sum();
    let minutes = StageMinutes { awake, ..minutes(&segments) };
    Night { minutes, segments, in_bed: amount.of(night.in_bed), unwritten, ..night }
}

fn week_of_nights(amount: Amount) -> Model {
    let last = berlin().day(now());
    let mut nights: Vec<Night> = (0..7).map(|i| night(Amount::All, last - 6 + i)).collect();
    nights[4].segments.clear();
    nights[4].kind = NightKind::InBedOnly;
    nights[4].minutes = StageMinutes::default();
    let noon = berlin().day_bounds(last - 1).0 + 14 * 3_600_000;
    let nap = vec![Segment { start_ms: noon, end_ms: noon + 45 * 60_000, stage: Stage::Core }];
    nights.push(Night {
        day: last - 1,
        kind: NightKind::Nap,
        minutes: minutes(&nap),
        segments: nap,
        in_bed: Vec::new(),
        unwritten: Vec::new(),
    });
    nights::model(&amount.of(nights), days(7), &berlin())
}

fn month_of_stages(amount: Amount) -> Model {
    let slots = days(28).slots(&berlin());
    let one = |(i, (start_ms, end_ms)): (usize, (i64, i64))| {
        let mut minutes = night(Amount::All, berlin().day(start_ms)).minutes;
        if i < 3 {
            minutes = StageMinutes { unspecified: minutes.asleep(), ..StageMinutes::default() };
        }
        StageSlot { start_ms, end_ms, minutes, nights: 1, staged: 1, complete: true }
    };
    let mut nights: Vec<StageSlot> = slots.into_iter().enumerate().map(one).collect();
    nights.drain(12..14);
    stages::model(&amount.of(nights), days(28), &berlin())
}

fn raster(amount: Amount) -> Model {
    let range = days(56);
    let (first, last) = (berlin().day(range.start_ms), berlin().day(range.end_ms - 1));
    let asleep = (first..=last).filter(|day| !(20_480..20_485).contains(day)).flat_map(|day| {
        let night = night(Amount::All, day);
        let ends = (night.segments[0].start_ms, night.segments[23].end_ms);
        let nap = ends.0 + 15 * 3_600_000;
        let nap = (day % 11 == 0).then_some(Stretch { start_ms: nap, end_ms: nap + 3_000_000 });
        [Some(Stretch { start_ms: ends.0, end_ms: ends.1 }), nap].into_iter().flatten()
    });
    let free_days = amount.when(FreeDays { later_min: 62.0, nights: 8, other_nights: 20 });
    let middles = Middles { spread_min: amount.when(41.0), free_days };
    regularity::model(&amount.of(asleep.collect()), RowDay::Morning, middles, range, &berlin())
}

fn mass(amount: Amount) -> Model {
    let mut dice = Dice::new(11);
    let (mut readings, mut trend) = (Vec::new(), Vec::new());
    let mut smooth = None;
    for (i, (start_ms, _)) in days(56).slots(&berlin()).into_iter().enumerate() {
        if i % 9 == 5 || (30..36).contains(&i) {
            continue;
        }
        let value = round(81.0 - i as f64 * 0.02 + dice.bell() * 0.5, 1);
        let level = smooth.map_or(value, |smooth| smooth + 0.1 * (value - smooth));
        smooth = Some(level);
        readings.push(Reading { at_ms: start_ms + 7 * 3_600_000, value });
        trend.push(Reading { at_ms: start_ms + 7 * 3_600_000, value: round(level, 3) });
    }
    let mass = BodyMass {
        readings: &amount.of(readings),
        trend: &amount.of(trend),
        per_week: amount.when(-0.2),
        goal: None,
        unit: "kg",
    };
    body_mass::model(&mass, days(56), &berlin())
}

fn pressure(amount: Amount) -> Model {
    let mut dice = Dice::new(12);
    let (mut readings, mut means) = (Vec::new(), Vec::new());
    for (start_ms, end_ms) in days(28).slots(&berlin()).into_iter().filter(|slot| slot.0 / 86_400_000 % 5 != 2) {
        let mut two = [8, 20].map(|hour| Pressure {
            at_ms: start_ms + hour * 3_600_000,
            diastolic_ms: start_ms + hour * 3_600_000,
            systolic: (122.0 + 7.0 * dice.bell()).round(),
            diastolic: (79.0 + 5.0 * dice.bell()).round(),
        });
        readings.append(&mut two.to_vec());
        let mean = |value: fn(&Pressure) -> f64| two.iter().map(value).sum::<f64>() / 2.0;
        let (systolic, diastolic) = (mean(|p| p.systolic), mean(|p| p.diastolic));
        let at_ms = (start_ms + end_ms) / 2;
        means.push(Pressure { at_ms, diastolic_ms: at_ms, systolic, diastolic });
        two.reverse();
    }
    blood_pressure::model(&amount.of(readings), &amount.of(means), None, &[], days(28), &berlin())
}

fn sugar(amount: Amount) -> Model {
    let mut dice = Dice::new(13);
    let start = days(1).start_ms;
    let meals: Vec<i64> = [8, 13, 19].map(|hour| start + hour * 3_600_000).to_vec();
    let reading = |i: i64| {
        let at_ms = start + i * 900_000;
        let after = |meal: &i64| {
            let hours = (at_ms - meal) as f64 / 3_600_000.0;
            if hours > 0.0 { 75.0 * hours * (-1.4 * hours).exp() * 2.0 } else { 0.0 }
        };
        Reading { at_ms, value: (92.0 + meals.iter().map(after).sum::<f64>() + dice.bell() * 4.0).round() }
    };
    let readings: Vec<Reading> = (0..96).filter(|i| !(60..66).contains(i)).map(reading).collect();
    let glucose = Glucose {
        unit: "mg/dL",
        readings: &amount.of(readings),
        spacing_ms: 900_000,
        target: amount.when((70.0, 140.0)),
        within: Some((0.875, 1430.0)),
        average: None,
        meals_ms: &amount.of(meals.clone()),
    };
    glucose::model(&glucose, days(1), &berlin())
}

/// Hours with zones behind them and a workout below.
fn heart_in_zones(amount: Amount) -> Model {
    let start_ms = at("2026-03-01 10:00:00 +0100");
    let run = Stretch { start_ms, end_ms: start_ms + 2_700_000 };
    let context =
        heart_rate::Context { limits: amount.when([111.0, 130.0, 148.0, 167.0]), workouts: &amount.of(vec![run]) };
    heart_rate::within(heart_hours(amount), &context)
}

/// Glucose by time of day, from the shape of meals.
fn typical_day(amount: Amount) -> Model {
    let mut dice = Dice::new(21);
    let slot = |i: u32| {
        let hour = f64::from(i) / 2.0;
        let meal = |at: f64| if hour > at { 80.0 * (hour - at) * (-1.2 * (hour - at)).exp() } else { 0.0 };
        let middle = 95.0 + meal(7.5) + meal(12.5) + meal(18.5) + dice.bell();
        let values = [-24.0, -10.0, 0.0, 13.0, 34.0].map(|off: f64| round(middle + off, 1));
        glucose_profile::Slot { minute: i * 30, values: (amount == Amount::All || i == 3).then_some(values) }
    };
    let slots: Vec<_> = if amount == Amount::None { Vec::new() } else { (0..48).map(slot).collect() };
    let days = if amount == Amount::None { 3 } else { 28 };
    let profile = glucose_profile::Profile { unit: "mg/dL", slots: &slots, days, least_days: 14 };
    glucose_profile::model(&profile, self::days(28), &berlin())
}

/// Half a minute of beats at 512 Hz: waves of the usual shape, drawn by hand as sums of bells.
pub fn heart_beats(amount: Amount) -> Vec<f64> {
    let mut dice = Dice::new(14);
    let waves =
        [(0.16, 0.12, 0.025), (0.255, -0.12, 0.010), (0.275, 1.1, 0.011), (0.3, -0.28, 0.010), (0.5, 0.28, 0.045)];
    let sample = |i: usize| {
        let seconds = i as f64 / 512.0;
        let beat = (seconds + 0.04 * (seconds * 1.3).sin()) % 0.92;
        let wave = |(at, high, wide): (f64, f64, f64)| high * (-((beat - at) / wide).powi(2) / 2.0).exp();
        round(waves.into_iter().map(wave).sum::<f64>() + 0.012 * dice.bell() + 0.03 * (seconds * 0.9).sin(), 3)
    };
    amount.of((0..512 * 30).map(sample).collect())
}

/// A recording of these samples.
pub fn recording(millivolts: &[f64]) -> Recording<'_> {
    Recording { start_ms: now(), hertz: 512.0, millivolts, classification: "sinus rhythm", lead: "Lead I" }
}

fn ring_day(amount: Amount) -> RingDay {
    RingDay {
        day: berlin().day(now()),
        moving: (amount != Amount::None).then_some(Ring { value: 624.0, goal: Some(520.0) }),
        moves: Moves::Energy,
        exercise: amount.when(Ring { value: 21.0, goal: Some(30.0) }),
        stand: amount.when(Ring { value: 11.0, goal: Some(12.0) }),
    }
}

fn rings_month(amount: Amount) -> Model {
    let mut dice = Dice::new(15);
    let range = days(28);
    let first = berlin().day(range.start_ms);
    let one = |i: i32| {
        let mut ring = |goal: f64| Ring { value: round(goal * (0.2 + 1.1 * dice.roll()), 0), goal: Some(goal) };
        let (moving, exercise, stand) = (Some(ring(520.0)), Some(ring(30.0)), Some(ring(12.0)));
        RingDay { day: first + i, moving, moves: Moves::Energy, exercise, stand: if i == 9 { None } else { stand } }
    };
    let all: Vec<RingDay> = (0..28).filter(|i| !(17..19).contains(i)).map(one).collect();
    rings::month(&amount.of(all), range, &berlin())
}

fn run(amount: Amount) -> Model {
    let mut dice = Dice::new(16);
    let fix = |i: usize| {
        let turn = i as f64 / 1800.0 * std::f64::consts::TAU * 0.93;
        let wobble = 0.0002 * dice.bell() * 0.2;
        let far = 1.0 + 0.25 * (turn * 3.0).sin() + 0.1 * (turn * 7.0).cos();
        Fix {
            at_ms: at("2026-03-01 10:00:00 +0100") + i as i64 * 1000,
            latitude: round(52.52 + 0.008 * far * turn.sin() + wobble, 6),
            longitude: round(13.40 + 0.020 * far * turn.cos() + wobble, 6),
        }
    };
    let all = amount.of((0..1800).map(fix).collect());
    let parts = if all.len() > 900 { vec![all[..900].to_vec(), all[925..].to_vec()] } else { vec![all] };
    route::model(
        &parts,
        Told { by_points_m: amount.when(6240.0), by_workout_m: amount.when(6180.0), ways: Ways::METRIC },
        &berlin(),
    )
}

fn run_profiles(amount: Amount) -> Model {
    let mut dice = Dice::new(17);
    let mut series = |from: f64, spread: f64, rise: f64| {
        let mut drift = 0.0;
        let point = |i: usize| {
            drift = drift * 0.97 + dice.bell() * spread * 0.25;
            (i as f64, round(from + drift + rise * (1.0 - (-(i as f64) / 240.0).exp()), 1))
        };
        let all: Vec<(f64, f64)> = (0..2700).map(point).collect();
        amount.of(all)
    };
    let (heart_rate, pace, elevation) = (series(98.0, 3.0, 55.0), series(345.0, 9.0, -15.0), series(42.0, 1.2, 18.0));
    let heart_rate: Vec<_> = heart_rate.into_iter().filter(|p| !(1200.0..1320.0).contains(&p.0)).collect();
    let profiles = Profiles {
        start_ms: at("2026-03-01 10:00:00 +0100"),
        end_ms: at("2026-03-01 10:45:00 +0100"),
        along: Along::Time,
        length: 2700.0,
        heart_rate: &heart_rate,
        pace: &pace,
        tempo: Tempo::Pace,
        ways: Ways::METRIC,
        elevation: &elevation,
    };
    profiles::model(&profiles, &berlin())
}

fn year_of_steps(amount: Amount) -> Model {
    let mut dice = Dice::new(18);
    let range = days(365).by(Step::Day);
    let first = berlin().day(range.start_ms);
    let one = |i: i32| DayValue { day: first + i, value: (2000.0 + 11_000.0 * dice.roll()).round() };
    let all: Vec<DayValue> = (0..365).map(one).filter(|v| !(150..158).contains(&(v.day - first))).collect();
    heat_map::model(&cumulative::STEPS, &amount.of(all), range, &berlin())
}

fn sleep_and_pulse(amount: Amount) -> Model {
    let mut dice = Dice::new(19);
    let range = days(182);
    let first = berlin().day(range.start_ms);
    let one = |i: i32| {
        let hours = round(7.1 + 0.8 * dice.bell(), 2);
        Pair { day: first + i, x: hours, y: round(56.0 - 1.3 * (hours - 7.0) + 2.0 * dice.bell(), 1) }
    };
    let all: Vec<Pair> = (0..182).filter(|i| i % 7 != 3).map(one).collect();
    let sleep = chart::Measure { title: "Sleep", unit: "h", hue: chart::Hue::Sleep, decimals: 1 };
    let rho = amount.when(Rho { rho: -0.42, low: -0.54, high: -0.28 });
    correlation::model(&sleep, &vital::RESTING_HEART_RATE, "", (&amount.of(all), rho), range, &berlin())
}

/// Compares with a kept file, or keeps it anew.
#[track_caller]
pub fn check_golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, actual).expect("the golden file can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{name} differs; look at it and run with UPDATE_GOLDEN=1");
}

/// Numbers of an attribute that come as `name="1,2 3,4"` or `name="1"`.
fn numbers<'s>(svg: &'s str, name: &str) -> impl Iterator<Item = f64> + use<'s> {
    let start = format!(" {name}=\"");
    let texts: Vec<&str> = svg.split(start.as_str()).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect();
    texts
        .into_iter()
        .flat_map(|text| text.split([' ', ',']).filter(|part| !part.is_empty()))
        .map(|part| part.parse().unwrap_or_else(|_| panic!("{part} is no number")))
}

/// Whether a picture has numbers for numbers, and all of them inside it.
#[track_caller]
pub fn check_inside(name: &str, drawn: &Drawn, (width, height): (u32, u32)) {
    let svg = &drawn.svg[drawn.svg.find("</desc>").expect("a description")..];
    assert!(!svg.contains("NaN") && !svg.contains("\"inf"), "{name}");
    let size = Size::new(width, height);
    let (wide, tall) = (f64::from(size.width) * 10.0, f64::from(size.height) * 10.0);
    for (attribute, most) in [("x", wide), ("y", tall), ("cx", wide), ("cy", tall), ("x1", wide), ("y1", tall)] {
        for value in numbers(svg, attribute) {
            assert!((0.0..=most).contains(&value), "{name} at {width} x {height}: {attribute} is {value} of {most}");
        }
    }
    for (i, value) in numbers(svg, "points").enumerate() {
        let most = if i % 2 == 0 { wide } else { tall };
        assert!((-1.0..=most + 1.0).contains(&value), "{name} at {width} x {height}: a point at {value} of {most}");
    }
    for scale in &drawn.panels {
        assert!(scale.left < scale.right && scale.top < scale.bottom, "{name}: {scale:?}");
        assert!(scale.right <= wide / 10.0 && scale.bottom <= tall / 10.0, "{name}: {scale:?}");
    }
}
