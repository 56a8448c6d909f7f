//! How the wearer walks: what the phone in the pocket and the watch make of the walks and stairs of a day.
//!
//! Figures are those of a healthy adult of 174 cm: about 4.9 km/h, steps of 72 cm, both feet on the ground for 28 % of
//! the time, and mostly no limp. They get a little better with fitness, which is told by the resting heart rate.

use std::io::{self, Seek, Write};

use super::plan::{Bout, MINUTE_MS, Plan, is_weekend};
use super::random::Random;
use super::{Line, PHONE, Scribe, WATCH};

/// The phone tells nothing of shorter walks.
const SHORTEST_MS: i64 = 4 * MINUTE_MS;
/// Steps per minute from which it is a run.
const RUNNING_PACE: f64 = 140.0;

/// What the phone measured during one walk.
struct Gait {
    span: (i64, i64),
    speed_km_h: f64,
    step_cm: f64,
    double_support: f64,
    asymmetry: f64,
}

/// The walks of a day that the phone could measure.
fn gaits(seed: u64, plan: &Plan) -> Vec<Gait> {
    let mut random = Random::new(seed, 56, plan.day);
    let fitness = (57.0 - plan.resting) / 3.0;
    let mut found = Vec::new();
    for bout in plan.bouts.iter().filter(|b| b.end_ms - b.start_ms >= SHORTEST_MS && b.pace < RUNNING_PACE) {
        // Drawn whether it counts or not: a phone left at home changes nothing of the other walks.
        let hurry = (bout.pace - 90.0) / 40.0;
        let speed_km_h = random.around(4.9 + 0.12 * fitness + 0.35 * hurry, 0.22);
        let gait = Gait {
            span: level_part(&mut random, bout),
            speed_km_h,
            step_cm: random.around(71.5 + 4.0 * (speed_km_h - 4.9), 1.4).round(),
            double_support: random.around(0.282 - 0.012 * (speed_km_h - 4.9), 0.007),
            // A limp shows now and then: a bag on one shoulder, a stone in the shoe.
            asymmetry: if random.chance(0.25) { random.between(0.01, 0.06) } else { 0.0 },
        };
        if bout.with_phone && random.chance(0.7) {
            found.push(gait);
        }
    }
    found
}

/// The part of a walk that is straight and level enough to be measured.
fn level_part(random: &mut Random, bout: &Bout) -> (i64, i64) {
    let from = bout.start_ms + random.whole(20, 80) * 1000;
    (from, (from + random.whole(30, 150) * 1000).min(bout.end_ms))
}

/// Rounds as the phone prints parts of a whole.
fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

impl<W: Write + Seek> Scribe<'_, W> {
    /// Speed, step length, time on both feet and asymmetry; stairs; once a week the six-minute walk and steadiness.
    pub(super) fn walking(&mut self) -> io::Result<()> {
        self.gait("WalkingSpeed", "km/hr", |gait| thousandths(gait.speed_km_h))?;
        self.gait("WalkingStepLength", "cm", |gait| gait.step_cm)?;
        self.gait("WalkingDoubleSupportPercentage", "%", |gait| thousandths(gait.double_support))?;
        self.gait("WalkingAsymmetryPercentage", "%", |gait| thousandths(gait.asymmetry))?;
        self.stairs("StairAscentSpeed", 57, 0.42)?;
        self.stairs("StairDescentSpeed", 58, 0.53)?;
        self.weekly()
    }

    fn gait(&mut self, kind: &str, unit: &str, value: impl Fn(&Gait) -> f64) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            for gait in gaits(scribe.seed(), plan) {
                scribe.quantity(&Line::new(kind, &PHONE, unit, gait.span), value(&gait))?;
            }
            Ok(())
        })
    }

    /// How fast the wearer gets up or down, on some of the walks that are long enough to have stairs.
    fn stairs(&mut self, kind: &str, topic: u64, middle: f64) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), topic, plan.day);
            for bout in &plan.bouts {
                let (climbs, seconds) = (random.chance(0.12), random.whole(9, 24));
                let value = thousandths(random.around(middle, 0.035));
                if climbs && bout.with_watch && bout.pace < RUNNING_PACE {
                    let span = (bout.start_ms + MINUTE_MS, bout.start_ms + MINUTE_MS + seconds * 1000);
                    scribe.quantity(&Line::new(kind, &WATCH, "m/s", span), value)?;
                }
            }
            Ok(())
        })
    }

    /// On Sunday evenings the phone looks back on the week.
    fn weekly(&mut self) -> io::Result<()> {
        for (kind, unit, topic) in [("SixMinuteWalkTestDistance", "m", 59), ("AppleWalkingSteadiness", "%", 60)] {
            self.each_day(|scribe, plan, _| {
                if !is_weekend(plan.day) || is_weekend(plan.day + 1) {
                    return Ok(());
                }
                let mut random = Random::new(scribe.seed(), topic, plan.day);
                let fitness = (57.0 - plan.resting) / 3.0;
                let week = (plan.wake_ms - 6 * 24 * 60 * MINUTE_MS, plan.bed_ms - 60 * MINUTE_MS);
                let value = if unit == "m" {
                    random.around(575.0 + 12.0 * fitness, 7.0).round()
                } else {
                    thousandths(random.around(0.91 + 0.012 * fitness, 0.012).min(1.0))
                };
                scribe.quantity(&Line::new(kind, &PHONE, unit, week), value).map(drop)
            })?;
        }
        Ok(())
    }
}
