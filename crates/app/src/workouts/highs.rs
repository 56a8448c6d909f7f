//! The highest heart rate of the two years before an instant, without reading two years: no minute is higher than the
//! highest sample of its day, which the roll-ups know. Only the few days that may hold the minute are read.

use std::collections::BTreeMap;

use health::series::buckets::Input;
use health::series::rule::Rule;
use health::series::workouts::heart::{Highest, Method, highest};
use health::time::{Day, HOUR_MS, parse_day};
use store::Store;
use store::query::Ranks;

use crate::error::Result;
use crate::local::Found;

const DAY_MS: i64 = 24 * HOUR_MS;
/// Two years, as the arithmetic has it.
const MEMORY_MS: i64 = 730 * DAY_MS;
/// A local day begins and ends so near to that of UTC, wherever the wearer is.
const ANYWHERE_MS: i64 = 15 * HOUR_MS;
const YEAR_DAYS: f64 = 365.2425;

/// The highest minutes of days, kept for the next workout that asks.
pub(crate) struct Highs<'s> {
    store: &'s Store,
    heart_rate: &'s Found,
    ranks: &'s Ranks,
    /// Birthday, where known.
    born: Option<Day>,
    /// The highest sample of each day.
    peaks: BTreeMap<Day, f64>,
    /// The highest minute of whole days that were read.
    minutes: BTreeMap<Day, Option<Highest>>,
}

impl<'s> Highs<'s> {
    /// For instants in `[from_ms, until_ms]`.
    pub fn load(store: &'s Store, heart_rate: &'s Found, ranks: &'s Ranks, range: (i64, i64)) -> Result<Self> {
        let born = store.date_of_birth()?.and_then(|day| parse_day(&day));
        let mut peaks = BTreeMap::new();
        if let Some(id) = heart_rate.id {
            let first = utc_day(range.0.saturating_sub(MEMORY_MS)).saturating_sub(1);
            for row in store.daily(id, first, utc_day(range.1).saturating_add(1))? {
                let peak = row.maximum.unwrap_or(f64::NEG_INFINITY);
                peaks.entry(row.day).and_modify(|known: &mut f64| *known = known.max(peak)).or_insert(peak);
            }
        }
        Ok(Self { store, heart_rate, ranks, born, peaks, minutes: BTreeMap::new() })
    }

    /// As somebody would have known it at an instant: what comes later changes nothing. None without heart rates.
    pub fn at(&mut self, now_ms: i64) -> Result<Option<Highest>> {
        let since_ms = now_ms.saturating_sub(MEMORY_MS);
        let (first, last) = (utc_day(since_ms).saturating_sub(1), utc_day(now_ms).saturating_add(1));
        let mut days: Vec<(Day, f64)> = self.peaks.range(first..=last).map(|(day, peak)| (*day, *peak)).collect();
        days.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut best: Option<Highest> = None;
        for (day, peak) in days {
            // A day with an equal peak may have an equal minute, and that may be the earlier one.
            if best.is_some_and(|best| best.bpm > peak) {
                break;
            }
            if let Some(found) = self.of_day(day, (since_ms, now_ms))? {
                best = Some(best.map_or(found, |best| higher(best, found)));
            }
        }
        let years = self.born.map(|born| (now_ms as f64 / DAY_MS as f64 - f64::from(born)) / YEAR_DAYS);
        Ok(best.or_else(|| highest(&[], now_ms, years)))
    }

    /// The highest minute of a day and some hours around it, as far as it lies in the two years.
    fn of_day(&mut self, day: Day, (since_ms, now_ms): (i64, i64)) -> Result<Option<Highest>> {
        let start_ms = i64::from(day) * DAY_MS;
        let (from_ms, until_ms) = (start_ms - ANYWHERE_MS, start_ms + DAY_MS + ANYWHERE_MS);
        let whole = since_ms <= from_ms && until_ms <= now_ms;
        if let Some(known) = self.minutes.get(&day).filter(|_| whole) {
            return Ok(*known);
        }
        let Some(id) = self.heart_rate.id else { return Ok(None) };
        let rule = Rule::of(&self.heart_rate.kind);
        let points = self.store.points_from(id, from_ms.max(since_ms), until_ms.min(now_ms.saturating_add(1)))?;
        let inputs: Vec<Input> = points.iter().filter_map(|point| point.input(rule, self.ranks)).collect();
        let found = highest(&inputs, now_ms, None);
        if whole {
            self.minutes.insert(day, found);
        }
        Ok(found)
    }
}

/// Of equal minutes the first.
fn higher(a: Highest, b: Highest) -> Highest {
    let at = |found: &Highest| match found.method {
        Method::HighestMinute { at_ms } => at_ms,
        Method::Age { .. } => i64::MAX,
    };
    if (b.bpm, std::cmp::Reverse(at(&b))) > (a.bpm, std::cmp::Reverse(at(&a))) { b } else { a }
}

fn utc_day(at_ms: i64) -> Day {
    Day::try_from(at_ms.div_euclid(DAY_MS)).unwrap_or(if at_ms < 0 { Day::MIN } else { Day::MAX })
}
