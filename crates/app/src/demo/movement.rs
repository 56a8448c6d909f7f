//! Steps, ways, floors and energy; phone and watch see the same walks, each in its own way.

use std::io::{self, Seek, Write};

use super::plan::{Bout, MINUTE_MS, Plan, Sport, waking_hours};
use super::random::Random;
use super::{Line, PHONE, Scribe, TrainingSums, WATCH, minutes_before};

/// Kilometres per step while walking.
const STRIDE_KM: f64 = 0.00072;

impl TrainingSums {
    pub(super) fn heart(&mut self, bpm: f64) {
        self.heart_min = if self.heart_n == 0 { bpm } else { self.heart_min.min(bpm) };
        self.heart_max = self.heart_max.max(bpm);
        self.heart_n += 1;
        self.heart_sum += bpm;
    }
}

/// A piece of a walk as one device counted it.
struct Piece {
    span: (i64, i64),
    steps: f64,
    in_training: bool,
}

/// Cuts a walk into what a device records: the watch in short pieces, the phone in longer ones that start late.
fn pieces(random: &mut Random, plan: &Plan, bout: &Bout, watch: bool) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut at = if watch { bout.start_ms } else { bout.start_ms + random.whole(2, 12) * 1000 };
    while at < bout.end_ms {
        let length = if watch { random.whole(90, 170) } else { random.whole(280, 600) };
        let end = (at + length * 1000).min(bout.end_ms);
        let minutes = (end - at) as f64 / MINUTE_MS as f64;
        let seen = if watch { random.between(0.97, 1.02) } else { random.between(0.86, 1.0) };
        let steps = (bout.pace * minutes * seen).round();
        if steps >= 1.0 {
            let in_training = plan.training.is_some_and(|t| at >= t.start_ms && end <= t.end_ms);
            found.push(Piece { span: (at, end), steps, in_training });
        }
        at = end;
    }
    found
}

impl<W: Write + Seek> Scribe<'_, W> {
    /// Steps, then the way walked or run, then floors, then the way cycled.
    pub(super) fn movement(&mut self) -> io::Result<()> {
        self.walked("StepCount", "count", |_, steps| steps)?;
        self.walked("DistanceWalkingRunning", "km", |pace, steps| {
            steps * if pace > 140.0 { STRIDE_KM * 1.45 } else { STRIDE_KM }
        })?;
        self.floors()?;
        self.cycled()
    }

    fn walked(&mut self, kind: &str, unit: &str, value: impl Fn(f64, f64) -> f64) -> io::Result<()> {
        let distance = unit == "km";
        self.each_day(|scribe, plan, index| {
            for (author, watch) in [(&WATCH, true), (&PHONE, false)] {
                // One topic per device: steps and ways come in the same pieces.
                let mut random = Random::new(scribe.seed(), if watch { 30 } else { 31 }, plan.day);
                for bout in &plan.bouts {
                    let pieces = pieces(&mut random, plan, bout, watch);
                    if !(if watch { bout.with_watch } else { bout.with_phone }) {
                        continue;
                    }
                    for piece in pieces {
                        let line = Line::new(kind, author, unit, piece.span);
                        let written = scribe.quantity(&line, value(bout.pace, piece.steps))?;
                        if distance && watch && piece.in_training {
                            scribe.sums[index].training.distance_km += written.unwrap_or_default();
                        }
                    }
                }
            }
            Ok(())
        })
    }

    fn floors(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            for (author, watch) in [(&WATCH, true), (&PHONE, false)] {
                // Both devices climb the same stairs.
                let mut random = Random::new(scribe.seed(), 32, plan.day);
                for bout in &plan.bouts {
                    let (climbs, floors) = (random.chance(0.3), random.whole(1, 4));
                    if climbs && if watch { bout.with_watch } else { bout.with_phone } {
                        let span = (bout.start_ms, bout.end_ms.min(bout.start_ms + 3 * MINUTE_MS));
                        scribe.quantity(&Line::new("FlightsClimbed", author, "count", span), floors as f64)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn cycled(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, index| {
            let Some(t) = plan.training.filter(|t| t.sport == Sport::Cycling && plan.worn) else { return Ok(()) };
            let mut random = Random::new(scribe.seed(), 33, plan.day);
            let mut at = t.start_ms;
            while at < t.end_ms {
                let end = (at + 60_000).min(t.end_ms);
                let km = random.around(0.36, 0.04) * (end - at) as f64 / 60_000.0;
                let written = scribe.quantity(&Line::new("DistanceCycling", &WATCH, "km", (at, end)), km)?;
                scribe.sums[index].training.distance_km += written.unwrap_or_default();
                at = end;
            }
            Ok(())
        })
    }

    /// Active energy, basal energy, exercise minutes, stand time.
    pub(super) fn energy(&mut self) -> io::Result<()> {
        self.each_day(Self::active_energy)?;
        self.each_day(Self::basal_energy)?;
        self.each_day(|scribe, plan, index| {
            let mut at = (plan.wake_ms / MINUTE_MS + 1) * MINUTE_MS;
            while at < plan.bed_ms {
                let hard = plan.effort(at) > 0.35 && plan.effort(at + MINUTE_MS) > 0.3;
                let span = (at, at + MINUTE_MS);
                if hard && plan.worn {
                    let line = Line::new("AppleExerciseTime", &WATCH, "min", span);
                    scribe.sums[index].exercise_minutes += u32::from(scribe.quantity(&line, 1.0)?.is_some());
                }
                at += MINUTE_MS;
            }
            Ok(())
        })?;
        self.each_day(|scribe, plan, _| {
            let mut random = Random::new(scribe.seed(), 34, plan.day);
            for hour in waking_hours(plan) {
                for part in 0..3 {
                    let span = (hour + part * 20 * MINUTE_MS, hour + (part * 20 + 5) * MINUTE_MS);
                    let minutes = random.whole(1, 5) as f64;
                    if random.chance(0.6) && plan.watch_sees(span.0, span.1) {
                        scribe.quantity(&Line::new("AppleStandTime", &WATCH, "min", span), minutes)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn active_energy(&mut self, plan: &Plan, index: usize) -> io::Result<()> {
        let mut random = Random::new(self.seed(), 35, plan.day);
        let mut at = plan.wake_ms;
        while at < plan.bed_ms {
            let training = plan.training.filter(|t| (t.start_ms..t.end_ms).contains(&at));
            let effort = plan.effort(at);
            let length = if effort > 0.1 { random.whole(55, 65) } else { random.whole(150, 260) };
            let mut end = at + length * 1000;
            if let Some(t) = plan.training {
                // No piece lies across the start or the end of a workout.
                for edge in [t.start_ms, t.end_ms] {
                    end = if at < edge && end > edge { edge } else { end };
                }
            }
            let minutes = (end - at) as f64 / MINUTE_MS as f64;
            // A walk burns half of what a run does, yoga a fifth.
            let sport = training.map_or(0.6, |t| (t.peak - 70.0) / 95.0);
            let kcal = random.around(0.22 + effort * sport * 12.5, 0.08).max(0.02) * minutes;
            if plan.watch_sees(at, end) || training.is_some() && plan.worn {
                let line = Line::new("ActiveEnergyBurned", &WATCH, "kcal", (at, end));
                let written = self.quantity(&line, kcal)?.unwrap_or_default();
                let sums = &mut self.sums[index];
                sums.active_kcal += written;
                sums.training.active_kcal += if training.is_some() { written } else { 0.0 };
            }
            at = end;
        }
        Ok(())
    }

    fn basal_energy(&mut self, plan: &Plan, index: usize) -> io::Result<()> {
        let mut random = Random::new(self.seed(), 36, plan.day);
        let mut at = plan.asleep_ms;
        while plan.worn && at < plan.bed_ms {
            let end = (at + random.whole(540, 960) * 1000).min(plan.bed_ms);
            let minutes = (end - at) as f64 / MINUTE_MS as f64;
            let line = Line::new("BasalEnergyBurned", &WATCH, "kcal", (at, end));
            let written = self.quantity(&line, random.around(1.12, 0.015) * minutes)?.unwrap_or_default();
            if plan.training.is_some_and(|t| at >= t.start_ms && end <= t.end_ms) {
                self.sums[index].training.basal_kcal += written;
            }
            at = end;
        }
        Ok(())
    }

    /// One category sample per waking hour: stood or idle.
    pub(super) fn stand_hours(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, index| {
            let mut random = Random::new(scribe.seed(), 37, plan.day);
            for hour in waking_hours(plan) {
                let stood = random.chance(0.85);
                let value = if stood { "Stood" } else { "Idle" };
                let value = format!("HKCategoryValueAppleStandHour{value}");
                let line = Line::new("AppleStandHour", &WATCH, "", minutes_before(hour, 60));
                if plan.worn && scribe.category(&line, Some(&value))? && stood {
                    scribe.sums[index].stand_hours += 1;
                }
            }
            Ok(())
        })
    }
}
