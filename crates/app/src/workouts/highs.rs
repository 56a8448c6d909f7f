//! The highest heart rate of the two years before an instant, without reading two years: the highest minute of each day
//! is kept. Samples are read only where an end of the two years cuts a day.

use health::series::buckets::Input;
use health::series::rule::Rule;
use health::series::workouts::heart::{Highest, Minute, believed_since, highest, minute_of, minutes};
use health::time::{Day, HOUR_MS, Zones, parse_day};
use store::Store;
use store::query::Ranks;

use crate::error::Result;
use crate::local::Found;

const DAY_MS: i64 = 24 * HOUR_MS;
const MINUTE_MS: i64 = 60_000;
/// A local day is never longer, wherever a journey leads.
const LONGEST_DAY_MS: i64 = 3 * DAY_MS;
const YEAR_DAYS: f64 = 365.2425;

/// The highest minutes of days, for all workouts that ask.
pub(crate) struct Highs<'s> {
    store: &'s Store,
    heart_rate: &'s Found,
    ranks: &'s Ranks,
    /// Birthday, where known.
    born: Option<Day>,
    peaks: Vec<Minute>,
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
        let (first, last) = (zones.day(believed_since(range.0)), zones.day(range.1));
        // Days in the east begin earlier, and those of journeys come in any order.
        let days = (first.saturating_sub(2), last.saturating_add(2));
        let peaks = heart_rate.id.map(|id| store.peaks(id, days.0, days.1)).transpose()?.unwrap_or_default();
        Ok(Self { store, heart_rate, ranks, born, peaks })
    }

    /// As somebody would have known it at an instant: what comes later changes nothing. None without heart rates.
    pub fn at(&self, now_ms: i64) -> Result<Option<Highest>> {
        let since_ms = believed_since(now_ms);
        let whole = self.peaks.iter().copied().filter(|peak| peak.lies_in(since_ms, now_ms));
        let mut best = whole.reduce(Minute::higher);
        for (from_ms, until_ms) in self.cut(since_ms, now_ms, best) {
            let found = self.highest_in(from_ms.max(since_ms), until_ms.min(now_ms.saturating_add(1)))?;
            best = best.into_iter().chain(found).reduce(Minute::higher);
        }
        let years = self.born.map(|born| (now_ms as f64 / DAY_MS as f64 - f64::from(born)) / YEAR_DAYS);
        Ok(highest(best, years))
    }

    /// What must be read at either end of the two years, each from a minute's start or up to one. The minute that the
    /// end cuts is another one than before; of the rest of its day something is known only where the day's highest
    /// minute is not beyond the end, or not high enough.
    fn cut(&self, since_ms: i64, now_ms: i64, best: Option<Minute>) -> [(i64, i64); 2] {
        let high = |peak: &&Minute| best.is_none_or(|best| peak.bpm >= best.bpm);
        let beyond = self.peaks.iter().filter(high).filter(|peak| !peak.lies_in(since_ms, now_ms));
        let near = |peak: &Minute, end_ms: i64| peak.at_ms.abs_diff(end_ms) <= LONGEST_DAY_MS.unsigned_abs();
        let (mut until_ms, mut from_ms) = (minute_of(since_ms) + MINUTE_MS, minute_of(now_ms));
        for peak in beyond {
            if near(peak, since_ms) {
                until_ms = minute_of(since_ms + LONGEST_DAY_MS);
            }
            if near(peak, now_ms) {
                from_ms = minute_of(now_ms - LONGEST_DAY_MS);
            }
        }
        [(since_ms, until_ms), (from_ms, now_ms.saturating_add(1))]
    }

    /// The highest minute of the samples that start in `[from_ms, until_ms)`.
    fn highest_in(&self, from_ms: i64, until_ms: i64) -> Result<Option<Minute>> {
        let Some(id) = self.heart_rate.id else { return Ok(None) };
        let rule = Rule::of(&self.heart_rate.kind);
        let points = self.store.points_from(id, from_ms, until_ms)?;
        let inputs: Vec<Input> = points.iter().filter_map(|point| point.input(rule, self.ranks)).collect();
        Ok(minutes(&inputs).into_iter().reduce(Minute::higher))
    }
}
