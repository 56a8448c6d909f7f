//! What a day of the wearer looks like: when they sleep, walk and train. Everything that is recorded follows from it.

use health::time::{Day, HOUR_MS, Zones};

use super::random::Random;

/// Milliseconds in a minute.
pub const MINUTE_MS: i64 = 60_000;

/// A walk, somewhere in the day.
#[derive(Debug, Clone, Copy)]
pub struct Bout {
    pub start_ms: i64,
    pub end_ms: i64,
    /// Steps per minute.
    pub pace: f64,
    pub with_phone: bool,
    /// Seen by the watch: worn and not on its charger.
    pub with_watch: bool,
}

/// What the wearer trains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sport {
    Running,
    Cycling,
    Walking,
    Strength,
    Yoga,
}

/// One workout.
#[derive(Debug, Clone, Copy)]
pub struct Training {
    pub sport: Sport,
    pub start_ms: i64,
    pub end_ms: i64,
    /// A pause in the middle, where there is one.
    pub pause: Option<(i64, i64)>,
    /// Heart beats per minute at full effort.
    pub peak: f64,
}

/// One day.
#[derive(Debug, Clone)]
pub struct Plan {
    pub day: Day,
    /// When the wearer went to bed, the evening before.
    pub asleep_ms: i64,
    pub wake_ms: i64,
    pub bed_ms: i64,
    /// The watch was worn at all.
    pub worn: bool,
    /// The watch was on its charger.
    pub charging: (i64, i64),
    pub bouts: Vec<Bout>,
    pub training: Option<Training>,
    /// Beats per minute at rest; falls as the wearer gets fitter.
    pub resting: f64,
}

impl Plan {
    /// The plan of a day.
    pub fn new(seed: u64, zones: &Zones, day: Day) -> Self {
        let mut random = Random::new(seed, 1, day);
        let (midnight, next) = zones.day_bounds(day);
        let weekend = is_weekend(day);
        let wake_hour = if weekend { random.around(8.3, 0.6) } else { random.around(6.8, 0.35) };
        let wake_ms = midnight + hours(wake_hour);
        let bed_ms = bedtime(seed, day, next);
        let asleep_ms = bedtime(seed, day - 1, midnight);
        // Fitness drifts over the seasons, like everybody's.
        let season = (f64::from(day) / 365.25 * std::f64::consts::TAU).sin();
        let resting = 57.0 - 3.0 * season + random.around(0.0, 1.2);
        let charge = midnight + hours(random.between(19.5, 21.0));
        let worn = !random.chance(0.02);
        let charging = (charge, charge + random.whole(35, 70) * MINUTE_MS);
        let training = training(&mut random, midnight, day, resting);
        let mut plan = Self { day, asleep_ms, wake_ms, bed_ms, worn, charging, bouts: Vec::new(), training, resting };
        plan.walk(&mut random, weekend);
        plan
    }

    fn walk(&mut self, random: &mut Random, weekend: bool) {
        let mut at = self.wake_ms + random.whole(8, 30) * MINUTE_MS;
        while at < self.bed_ms - 30 * MINUTE_MS {
            let commute = !weekend && random.chance(0.12);
            let minutes = if commute { random.whole(10, 18) } else { random.whole(2, 9) };
            let end = at + minutes * MINUTE_MS + random.whole(0, 59) * 1000;
            let bout = Bout {
                start_ms: at,
                end_ms: end,
                pace: if commute { random.around(108.0, 6.0) } else { random.around(74.0, 14.0) },
                with_phone: random.chance(0.72),
                with_watch: self.watch_sees(at, end),
            };
            if self.training.is_none_or(|t| end < t.start_ms || at > t.end_ms) {
                self.bouts.push(bout);
            }
            at = end + random.whole(9, 70) * MINUTE_MS + random.whole(0, 59) * 1000;
        }
        if let Some(t) = self.training {
            let pace = match t.sport {
                Sport::Running => 164.0,
                Sport::Walking => 114.0,
                _ => return,
            };
            let with_phone = random.chance(0.6);
            let bout = Bout { start_ms: t.start_ms, end_ms: t.end_ms, pace, with_phone, with_watch: self.worn };
            let index = self.bouts.partition_point(|b| b.start_ms < t.start_ms);
            self.bouts.insert(index, bout);
        }
    }

    /// The watch is on the wrist for the whole span.
    pub fn watch_sees(&self, from_ms: i64, until_ms: i64) -> bool {
        self.worn && (until_ms < self.charging.0 || from_ms > self.charging.1)
    }

    /// How hard the wearer works at an instant: 0 still, 1 at full effort.
    pub fn effort(&self, at_ms: i64) -> f64 {
        if let Some(t) = self.training
            && (t.start_ms..t.end_ms).contains(&at_ms)
        {
            let warm = ((at_ms - t.start_ms) as f64 / (6.0 * MINUTE_MS as f64)).min(1.0);
            let rest = t.pause.is_some_and(|(from, until)| (from..until).contains(&at_ms));
            return if rest { 0.45 } else { 0.5 + 0.45 * warm };
        }
        let index = self.bouts.partition_point(|b| b.start_ms <= at_ms);
        match index.checked_sub(1).and_then(|i| self.bouts.get(i)) {
            Some(bout) if at_ms < bout.end_ms => 0.2 + (bout.pace - 60.0) / 250.0,
            _ => 0.0,
        }
    }

    /// Beats per minute at an instant.
    pub fn heart_rate(&self, at_ms: i64, random: &mut Random) -> f64 {
        if at_ms < self.wake_ms {
            let night = (at_ms - self.asleep_ms) as f64 / (self.wake_ms - self.asleep_ms).max(1) as f64;
            // Lowest in the second half of the night, with waves of the sleep cycles.
            let wave = (night * 5.0 * std::f64::consts::TAU).sin() * 1.8;
            return random.around(self.resting - 2.0 + 4.0 * (1.0 - night) + wave, 1.2).max(38.0);
        }
        let peak = self.training.map_or(165.0, |t| t.peak);
        let effort = self.effort(at_ms);
        random.around(self.resting + 14.0 + effort * (peak - self.resting - 14.0), 3.5).clamp(40.0, 190.0)
    }
}

/// True on Saturday and Sunday: day 0, the first of January 1970, was a Thursday.
pub fn is_weekend(day: Day) -> bool {
    matches!((day + 3).rem_euclid(7), 5 | 6)
}

fn hours(hours: f64) -> i64 {
    // Whole seconds, as the export prints them.
    (hours * 3600.0) as i64 * 1000
}

/// When the wearer goes to bed on the evening of a day, which ends at `midnight_ms`.
fn bedtime(seed: u64, day: Day, midnight_ms: i64) -> i64 {
    let mut random = Random::new(seed, 2, day);
    let late = if is_weekend(day + 1) { 0.4 } else { -0.9 };
    midnight_ms + hours(random.around(late, 0.35).max(-3.0))
}

fn training(random: &mut Random, midnight: i64, day: Day, resting: f64) -> Option<Training> {
    let chance = if is_weekend(day) { 0.7 } else { 0.5 };
    let go = random.chance(chance);
    let sport = match random.whole(0, 9) {
        0..=3 => Sport::Running,
        4..=5 => Sport::Cycling,
        6 => Sport::Walking,
        7..=8 => Sport::Strength,
        _ => Sport::Yoga,
    };
    let start_hour = if is_weekend(day) { random.between(10.0, 14.0) } else { random.between(17.3, 18.2) };
    let start_ms = midnight + hours(start_hour);
    let end_ms = start_ms + random.whole(24, 62) * MINUTE_MS + random.whole(0, 59) * 1000;
    let pause = random.chance(0.3).then(|| {
        let from = start_ms + (end_ms - start_ms) / 2000 * 1000;
        (from, from + random.whole(60, 240) * 1000)
    });
    let peak = match sport {
        Sport::Running => random.around(168.0, 5.0),
        Sport::Cycling => random.around(150.0, 5.0),
        Sport::Walking | Sport::Strength => random.around(122.0, 5.0),
        Sport::Yoga => resting + 35.0,
    };
    go.then_some(Training { sport, start_ms, end_ms, pause, peak })
}

/// A night's stages: `(start, end, stage)` one after the other, without gaps.
pub fn stages(seed: u64, plan: &Plan) -> Vec<(i64, i64, &'static str)> {
    let mut random = Random::new(seed, 3, plan.day);
    let mut found: Vec<(i64, i64, &'static str)> = Vec::new();
    let mut at = plan.asleep_ms + random.whole(4, 22) * MINUTE_MS;
    let end = plan.wake_ms - random.whole(0, 6) * MINUTE_MS;
    let mut cycle = 0;
    while at < end {
        let deep = [38, 28, 14, 6, 0, 0].get(cycle).copied().unwrap_or(0);
        let rem = [8, 16, 24, 30, 34, 30].get(cycle).copied().unwrap_or(28);
        let awake = if random.chance(0.45) { random.whole(1, 6) } else { 0 };
        let parts = [
            ("AsleepCore", random.whole(14, 26)),
            ("AsleepDeep", if deep == 0 { 0 } else { deep + random.whole(-5, 6) }),
            ("AsleepCore", random.whole(16, 30)),
            ("AsleepREM", rem + random.whole(-4, 6)),
            ("Awake", awake),
        ];
        for (stage, minutes) in parts {
            // The watch decides in steps of thirty seconds.
            let until = (at + minutes * MINUTE_MS + random.whole(0, 1) * 30_000).min(end);
            if minutes > 0 && until > at {
                found.push((at, until, stage));
                at = until;
            }
        }
        cycle += 1;
    }
    found
}

/// Hours of a day after a plan's wake-up that are still before bed, as instants.
pub fn waking_hours(plan: &Plan) -> impl Iterator<Item = i64> + '_ {
    let first = (plan.wake_ms / HOUR_MS + 1) * HOUR_MS;
    (0..24).map(move |n| first + n * HOUR_MS).take_while(|at| *at < plan.bed_ms)
}
