//! Heart, breath, weight and sleep.

use std::io::{self, Seek, Write};

use health::time::{HOUR_MS, format_day};

use super::cycle::warmth;
use super::plan::{MINUTE_MS, Plan, Sport, stages};
use super::random::Random;
use super::{BY_HAND, Line, PHONE, SCALE, Scribe, WATCH, after};

impl<W: Write + Seek> Scribe<'_, W> {
    /// Height once, weight and body fat some mornings a week.
    pub(super) fn body_measures(&mut self) -> io::Result<()> {
        let typed = [("HKWasUserEntered", "1")];
        let first = Plan::new(self.seed(), &self.zones, self.first_day).wake_ms + HOUR_MS;
        let height = Line { metadata: &typed, ..Line::new("Height", &BY_HAND, "cm", (first, first)) };
        self.quantity(&height, 174.0)?;
        for (kind, unit, topic) in [("BodyMass", "kg", 10), ("BodyFatPercentage", "%", 11)] {
            self.each_day(|scribe, plan, _| {
                // The same mornings for both: chance comes from one topic.
                if !Random::new(scribe.seed(), 10, plan.day).chance(0.45) {
                    return Ok(());
                }
                let mut random = Random::new(scribe.seed(), topic, plan.day);
                let year = f64::from(plan.day) / 365.25 * std::f64::consts::TAU;
                let at = plan.wake_ms + 9 * MINUTE_MS;
                let value = if unit == "kg" {
                    (random.around(71.5 + 1.4 * year.cos(), 0.35) * 20.0).round() / 20.0
                } else {
                    (random.around(0.212 + 0.008 * year.cos(), 0.003) * 1000.0).round() / 1000.0
                };
                scribe.quantity(&Line::new(kind, &SCALE, unit, (at, at)), value).map(drop)
            })?;
        }
        Ok(())
    }

    /// Heart rate: every few minutes, every five seconds during a workout.
    pub(super) fn heart_rate(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, index| {
            let mut random = Random::new(scribe.seed(), 12, plan.day);
            let mut at = plan.asleep_ms + random.whole(0, 240) * 1000;
            while at < plan.bed_ms {
                let training = plan.training.filter(|t| (t.start_ms..t.end_ms).contains(&at));
                if plan.watch_sees(at, at) || training.is_some() && plan.worn {
                    let context = match (training, plan.effort(at) > 0.1) {
                        (Some(_), _) | (None, true) => "2",
                        (None, false) => "1",
                    };
                    let metadata = [("HKMetadataKeyHeartRateMotionContext", context)];
                    let line = Line { metadata: &metadata, ..Line::new("HeartRate", &WATCH, "count/min", (at, at)) };
                    let bpm = plan.heart_rate(at, &mut random).round();
                    let written = scribe.quantity(&line, bpm)?;
                    if let (Some(bpm), Some(_)) = (written, training) {
                        scribe.sums[index].training.heart(bpm);
                    }
                }
                let step = if training.is_some() { random.whole(4, 6) } else { random.whole(200, 400) };
                // Never past the start of a workout: its first beat is there.
                let next = at + step * 1000;
                at = plan.training.filter(|t| at < t.start_ms && next > t.start_ms).map_or(next, |t| t.start_ms);
            }
            Ok(())
        })
    }

    /// Blood oxygen and breaths per minute, at night; oxygen now and then by day; the wrist's temperature.
    pub(super) fn breath(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 13, plan.day);
            let mut at = plan.asleep_ms + random.whole(600, 2400) * 1000;
            while at < plan.bed_ms {
                let night = at < plan.wake_ms;
                if plan.watch_sees(at, at + 15_000) {
                    let pressure = [("HKMetadataKeyBarometricPressure", "101.325 kPa")];
                    let span = (at, at + 15_000);
                    let line = Line { metadata: &pressure, ..Line::new("OxygenSaturation", &WATCH, "%", span) };
                    let value = random.around(if night { 0.958 } else { 0.972 }, 0.009).clamp(0.9, 1.0);
                    scribe.quantity(&line, (value * 100.0).round() / 100.0)?;
                }
                at += if night { random.whole(1800, 5400) } else { random.whole(9000, 20_000) } * 1000;
            }
            Ok(())
        })?;
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 14, plan.day);
            let mut at = plan.asleep_ms + random.whole(900, 1500) * 1000;
            while plan.worn && at < plan.wake_ms {
                let value = (random.around(14.8, 0.8) * 2.0).round() / 2.0;
                scribe.quantity(&Line::new("RespiratoryRate", &WATCH, "count/min", (at, at)), value)?;
                at += random.whole(600, 1500) * 1000;
            }
            Ok(())
        })?;
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 15, plan.day);
            let line = Line::new("AppleSleepingWristTemperature", &WATCH, "degC", (plan.asleep_ms, plan.wake_ms));
            let middle = 35.6 + warmth(scribe.seed(), plan.day);
            if plan.worn { scribe.quantity(&line, random.around(middle, 0.12)).map(drop) } else { Ok(()) }
        })
    }

    /// One value a day: resting and walking heart rate, cardio fitness.
    pub(super) fn heart_summaries(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 16, plan.day);
            let span = (plan.wake_ms, plan.wake_ms + 11 * HOUR_MS);
            let line = Line::new("RestingHeartRate", &WATCH, "count/min", span);
            if plan.worn { scribe.quantity(&line, random.around(plan.resting, 0.8).round()).map(drop) } else { Ok(()) }
        })?;
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 17, plan.day);
            let span = (plan.wake_ms, plan.wake_ms + 12 * HOUR_MS);
            let line = Line::new("WalkingHeartRateAverage", &WATCH, "count/min", span);
            let value = random.around(plan.resting + 42.0, 2.5).round();
            if plan.worn { scribe.quantity(&line, value).map(drop) } else { Ok(()) }
        })?;
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 18, plan.day);
            let Some(t) = plan.training.filter(|t| t.sport == Sport::Running && plan.worn) else {
                return Ok(());
            };
            let metadata = [("HKVO2MaxTestType", "2")];
            let line = Line { metadata: &metadata, ..Line::new("VO2Max", &WATCH, "mL/min·kg", (t.end_ms, t.end_ms)) };
            scribe.quantity(&line, random.around(101.0 - plan.resting, 0.4)).map(drop)
        })?;
        self.recovery()
    }

    /// How many beats the heart slows down by in the minute after a workout that was hard enough to tell.
    fn recovery(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            let hard = |sport| matches!(sport, Sport::Running | Sport::Cycling);
            let Some(t) = plan.training.filter(|t| hard(t.sport) && plan.worn) else { return Ok(()) };
            let mut random = Random::new(scribe.seed(), 64, plan.day);
            let at = t.end_ms + MINUTE_MS;
            let line = Line::new("HeartRateRecoveryOneMinute", &WATCH, "count/min", (at, at));
            // The fitter, the faster.
            scribe.quantity(&line, random.around(31.0 + 1.3 * (57.0 - plan.resting), 3.0).round()).map(drop)
        })
    }

    /// Stages from the watch, time in bed from the phone.
    pub(super) fn sleep(&mut self) -> io::Result<()> {
        let zone = self.options.zone.to_owned();
        let metadata = [("HKTimeZone", zone.as_str())];
        self.each_day(|scribe, plan, _| {
            let bed = (plan.asleep_ms - 6 * MINUTE_MS, plan.wake_ms + 3 * MINUTE_MS);
            let line = Line { metadata: &metadata, ..Line::new("SleepAnalysis", &PHONE, "", bed) };
            scribe.category(&line, Some("HKCategoryValueSleepAnalysisInBed"))?;
            if !plan.worn {
                return Ok(());
            }
            let mut asleep_ms = 0;
            for (from, until, stage) in stages(scribe.seed(), plan) {
                let line = Line { metadata: &metadata, ..Line::new("SleepAnalysis", &WATCH, "", (from, until)) };
                let value = format!("HKCategoryValueSleepAnalysis{stage}");
                if scribe.category(&line, Some(&value))? && stage != "Awake" {
                    asleep_ms += until - from;
                }
            }
            let minutes = asleep_ms as f64 / MINUTE_MS as f64;
            scribe.truth.asleep_minutes.insert(format_day(plan.day), minutes);
            Ok(())
        })
    }

    /// Heart rate variability with its beats, some times a day.
    pub(super) fn variability(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 19, plan.day);
            let mut at = plan.asleep_ms + random.whole(1800, 9000) * 1000;
            while at < plan.bed_ms {
                let end = at + random.whole(58, 66) * 1000;
                if plan.watch_sees(at, end) && plan.effort(at) == 0.0 {
                    let rate = plan.heart_rate(at, &mut random);
                    let value = random.around(if at < plan.wake_ms { 58.0 } else { 44.0 }, 9.0).max(12.0);
                    let beats = beats(&mut random, at, end, rate, value);
                    let line = Line::new("HeartRateVariabilitySDNN", &WATCH, "ms", (at, end));
                    scribe.beating(&line, value, &beats)?;
                }
                at = after(at, random.between(120.0, 300.0));
            }
            Ok(())
        })
    }

    fn beating(&mut self, line: &Line, value: f64, beats: &[(u32, i64)]) -> io::Result<()> {
        let text = super::six_digits(value);
        let kind = "HKQuantityTypeIdentifierHeartRateVariabilitySDNN";
        if self.record(kind, line, Some("ms"), Some(&text), beats)?
            && let Some(truth) = self.truth.kinds.get_mut(kind)
        {
            truth.sum += text.parse::<f64>().unwrap_or_default();
            truth.unit = Some("ms".to_owned());
        }
        Ok(())
    }
}

/// Beats of about a minute; the watch keeps about two of three.
fn beats(random: &mut Random, from: i64, until: i64, rate: f64, spread_ms: f64) -> Vec<(u32, i64)> {
    let mut found = Vec::new();
    let mut at = from + random.whole(100, 900);
    while at < until {
        let gap = random.around(60_000.0 / rate, spread_ms).max(300.0);
        if random.chance(0.66) {
            // Hundredths of a second, as printed.
            found.push(((60_000.0 / gap).round() as u32, at / 10 * 10));
        }
        at += gap as i64;
    }
    found
}
