//! The highest heart rate of the two years before an instant, without reading two years: no minute is higher than the
//! highest sample of its day, which the roll-ups know. Only the few days that may hold the minute are read.

use std::collections::BTreeMap;

use health::series::buckets::Input;
use health::series::rule::Rule;
use health::series::workouts::heart::{Highest, Method, highest};
use health::time::{Day, HOUR_MS, Zones, parse_day};
use store::Store;
use store::query::Ranks;

use crate::error::Result;
use crate::local::Found;

const DAY_MS: i64 = 24 * HOUR_MS;
/// Two years, as the arithmetic has it.
const MEMORY_MS: i64 = 730 * DAY_MS;
const MINUTE_MS: i64 = 60_000;
/// A day of a journey may begin earlier or end later by so much.
const JOURNEY_MS: i64 = 26 * HOUR_MS;
/// High samples that lie so near to each other are read in one go.
const TOGETHER_MS: i64 = 5 * MINUTE_MS;
const AHEAD_BPM: f64 = 1.0;
const YEAR_DAYS: f64 = 365.2425;

/// The highest minutes of days, kept for the next workout that asks.
pub(crate) struct Highs<'s> {
    store: &'s Store,
    heart_rate: &'s Found,
    ranks: &'s Ranks,
    zones: &'s Zones,
    /// Birthday, where known.
    born: Option<Day>,
    days: BTreeMap<Day, High>,
}

/// What is known about the highest minute of a day.
#[derive(Clone, Copy)]
enum High {
    /// It is not above this.
    AtMost(f64),
    /// It is this one.
    Is(Highest),
}

impl High {
    fn bpm(self) -> f64 {
        match self {
            Self::AtMost(bpm) => bpm,
            Self::Is(highest) => highest.bpm,
        }
    }
}

impl<'s> Highs<'s> {
    /// For instants in `[from_ms, until_ms]`.
    pub fn load(
        store: &'s Store,
        heart_rate: &'s Found,
        (ranks, zones): (&'s Ranks, &'s Zones),
        range: (i64, i64),
    ) -> Result<Self> {
        let born = store.date_of_birth()?.and_then(|day| parse_day(&day));
        let mut days: BTreeMap<Day, High> = BTreeMap::new();
        if let Some(id) = heart_rate.id {
            let first = zones.day(range.0.saturating_sub(MEMORY_MS)).saturating_sub(1);
            for row in store.daily(id, first, zones.day(range.1).saturating_add(1))? {
                let peak = row.maximum.unwrap_or(f64::NEG_INFINITY);
                let known = days.get(&row.day).map_or(peak, |known| known.bpm().max(peak));
                days.insert(row.day, High::AtMost(known));
            }
        }
        Ok(Self { store, heart_rate, ranks, zones, born, days })
    }

    /// As somebody would have known it at an instant: what comes later changes nothing. None without heart rates.
    pub fn at(&mut self, now_ms: i64) -> Result<Option<Highest>> {
        let since_ms = now_ms.saturating_sub(MEMORY_MS);
        let (first, last) = (self.zones.day(since_ms).saturating_sub(1), self.zones.day(now_ms).saturating_add(1));
        let mut days: Vec<(Day, f64)> = self.days.range(first..=last).map(|(day, high)| (*day, high.bpm())).collect();
        days.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut best: Option<Highest> = None;
        for (day, peak) in days {
            let least = best.map_or(f64::NEG_INFINITY, |best| best.bpm);
            if peak < least {
                break;
            }
            // One that reaches the same may have the same minute, and earlier.
            if best.is_some_and(|best| peak <= best.bpm && found_at(&best) < self.ends(day).0) {
                continue;
            }
            if let Some(found) = self.of_day(day, (since_ms, now_ms), least)? {
                best = Some(best.map_or(found, |best| higher(best, found)));
            }
        }
        let years = self.born.map(|born| (now_ms as f64 / DAY_MS as f64 - f64::from(born)) / YEAR_DAYS);
        Ok(best.or_else(|| highest(&[], now_ms, years)))
    }

    /// The highest minute of a day, as far as it lies in the two years; it is no matter where it is below `least`.
    fn of_day(&mut self, day: Day, (since_ms, now_ms): (i64, i64), least: f64) -> Result<Option<Highest>> {
        let (from_ms, until_ms) = self.ends(day);
        let whole = since_ms <= from_ms && until_ms <= now_ms;
        if let Some(High::Is(known)) = self.days.get(&day).filter(|_| whole) {
            return Ok(Some(*known));
        }
        let range = (from_ms.max(since_ms), until_ms.min(now_ms.saturating_add(1)));
        // A bit more is found out than is asked: when the highest minute is out of reach, the next one is known.
        let least = if whole { least - AHEAD_BPM } else { least };
        let found = highest(&self.minutes(range, least)?, now_ms, None).filter(|found| found.bpm >= least);
        if whole {
            self.days.insert(day, found.map_or(High::AtMost(least.next_down()), High::Is));
        }
        Ok(found)
    }

    /// Between which instants a day lies; journeys move its ends.
    fn ends(&self, day: Day) -> (i64, i64) {
        let (start_ms, end_ms) = self.zones.day_bounds(day);
        let (early, late) = (start_ms - JOURNEY_MS, end_ms + JOURNEY_MS);
        if self.zones.zone(early) == self.zones.zone(late) { (start_ms, end_ms) } else { (early, late) }
    }

    /// The samples of all minutes that hold one of `least` or more: a mean of so much has one.
    fn minutes(&self, range: (i64, i64), least: f64) -> Result<Vec<Input>> {
        let Some(id) = self.heart_rate.id else { return Ok(Vec::new()) };
        let rule = Rule::of(&self.heart_rate.kind);
        let starts = self.store.starts_reaching(id, range, least)?;
        let mut inputs = Vec::new();
        for near in starts.chunk_by(|a, b| b - a <= TOGETHER_MS) {
            let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
            let from_ms = first.div_euclid(MINUTE_MS) * MINUTE_MS;
            let until_ms = (last.div_euclid(MINUTE_MS) + 1) * MINUTE_MS;
            let points = self.store.points_from(id, from_ms.max(range.0), until_ms.min(range.1))?;
            inputs.extend(points.iter().filter_map(|point| point.input(rule, self.ranks)));
        }
        Ok(inputs)
    }
}

fn found_at(highest: &Highest) -> i64 {
    match highest.method {
        Method::HighestMinute { at_ms } => at_ms,
        Method::Age { .. } => i64::MAX,
    }
}

/// Of equal minutes the first.
fn higher(a: Highest, b: Highest) -> Highest {
    if (b.bpm, std::cmp::Reverse(found_at(&b))) > (a.bpm, std::cmp::Reverse(found_at(&a))) { b } else { a }
}
