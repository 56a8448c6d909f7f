//! Charts of several things at once: zones of workouts, years beside each other, a night with what was measured in it,
//! and a level to read values by.

use chart::heart_zones::{Begin, ZoneSlot};
use chart::model::Measure;
use chart::sleep::{RowDay, Stretch};
use chart::traces::{Trace, Traced};
use chart::vital::Level;
use chart::years::{By, Year};
use chart::{Hue, Model, cumulative, heart_zones, hypnogram, vital, years};
use health::language::word;

use super::{Amount, Dice, berlin, daily, days, night, round};

/// Minutes in zones, on the days with a workout.
pub fn zones(amount: Amount) -> Model {
    let mut dice = Dice::new(81);
    let mut slots = Vec::new();
    for (i, (start_ms, end_ms)) in days(28).slots(&berlin()).into_iter().enumerate() {
        let minutes = [4.0, 9.0, 17.0, 8.0, 3.0].map(|middle: f64| round(middle * (0.4 + 1.2 * dice.roll()), 0));
        if i % 3 == 1 || i % 7 == 5 {
            slots.push(ZoneSlot { start_ms, end_ms, minutes, workouts: 1, complete: true });
        }
    }
    let by = word("by the highest minute of the two years before");
    let begin = Begin { bpm: [112.0, 131.0, 150.0, 168.0], by: &by };
    heart_zones::model(&amount.of(slots), Some(begin), days(28), &berlin())
}

/// Three years of steps, week by week.
pub fn years_of_steps(amount: Amount) -> Model {
    let mut dice = Dice::new(82);
    let mut year = |year: i16, weeks: usize, most: f64| {
        let season = |week: usize| 1.0 + 0.18 * (week as f64 / 52.0 * std::f64::consts::TAU - 1.6).sin();
        let mut value = |week: usize| round(most * season(week) * (0.85 + 0.3 * dice.roll()), 0);
        let values: Vec<(usize, f64)> = (0..weeks).map(|week| (week, value(week))).collect();
        let mean = round(values.iter().map(|(_, value)| value).sum::<f64>() / weeks as f64, 0);
        Year { year, values, mean }
    };
    let found = vec![year(2026, 9, 9_400.0), year(2025, 52, 8_700.0), year(2024, 52, 7_600.0)];
    years::model(&cumulative::STEPS, &amount.of(found), By::Week, false, days(364), &berlin())
}

/// A night with heart rate and breaths under its stages.
pub fn night_with_traces(amount: Amount) -> Model {
    let night = night(amount, 20_514);
    let from = night.segments.first().map_or(0, |s| s.start_ms);
    let mut dice = Dice::new(83);
    let mut readings = |middle: f64, spread: f64| -> Vec<Traced> {
        let at = |i: i64| from + i * 9 * 60_000;
        let one = |i: i64| Traced {
            over: Stretch { start_ms: at(i), end_ms: at(i) },
            value: round(middle + spread * (i as f64 / 6.0).sin() + spread * 0.3 * dice.bell(), 1),
        };
        amount.of((0..48).map(one).collect())
    };
    let heart = Measure { title: "Heart rate", unit: "bpm", hue: Hue::Heart, decimals: 0 };
    let (beats, breaths) = (readings(54.0, 4.0), readings(14.8, 0.9));
    let traces =
        [Trace { measure: heart, readings: &beats }, Trace { measure: vital::RESPIRATORY_RATE, readings: &breaths }];
    hypnogram::with(&night, RowDay::Morning, &traces, &berlin())
}

/// How loud it was, and the level that a rule names.
pub fn loudness(amount: Amount) -> Model {
    let (buckets, _) = daily(&days(28), 84, 71.0, 5.0, |i| i != 12);
    let measure = Measure { title: "Headphone Audio Levels", unit: "dB", hue: Hue::Vitals, decimals: 0 };
    let level = Level { value: 80.0, words: "80 dB: WHO and ITU name 40 hours a week as a limit" };
    vital::model_with(&measure, (&amount.of(buckets), &[]), Some(level), None, days(28), &berlin())
}
