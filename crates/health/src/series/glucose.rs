//! Blood glucose: mean, range, time within one's own limits, and the profile of a typical day. Values in mg/dL.
//!
//! There are no limits here beyond what the wearer sets: which ones are right is for a doctor to say.

use std::collections::BTreeSet;

use super::stats::{mean, percentile, sorted};
use crate::time::{Day, Zones};

/// A reading holds until the next one, at most this long: sensors write every 5 to 15 minutes.
const HOLD_MS: i64 = 900_000;
const MINUTE_MS: i64 = 60_000;
/// Days with readings that a profile needs (international consensus on the ambulatory glucose profile, 2019).
pub const PROFILE_DAYS: usize = 14;
/// The lines of a profile.
pub const PROFILE_SHARES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// `HKBloodGlucoseMealTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meal {
    /// Before a meal.
    Before,
    /// After a meal.
    After,
}

impl Meal {
    /// The meaning of Apple's integer in the metadata.
    pub fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Self::Before),
            2 => Some(Self::After),
            _ => None,
        }
    }
}

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// When, milliseconds since 1970 in UTC.
    pub at_ms: i64,
    /// mg/dL.
    pub value: f64,
    /// Place of its source in the order; 0 is the best.
    pub rank: u32,
    /// Before or after a meal, where that was noted.
    pub meal: Option<Meal>,
}

/// The wearer's own limits in mg/dL; both belong to the range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Lowest value that is within.
    pub low: f64,
    /// Highest value that is within.
    pub high: f64,
}

/// Shares of time from 0 to 1, and the time that they are of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeInRange {
    /// Below the limits.
    pub below: f64,
    /// Within.
    pub within: f64,
    /// Above.
    pub above: f64,
    /// Milliseconds in which readings hold.
    pub covered_ms: i64,
}

/// The numbers of some readings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// How many.
    pub n: usize,
    /// Plain mean.
    pub mean: f64,
    /// Lowest.
    pub min: f64,
    /// Highest.
    pub max: f64,
    /// Mean of those before meals.
    pub before_meals: Option<f64>,
    /// Mean of those after meals.
    pub after_meals: Option<f64>,
    /// Only where the wearer has set limits.
    pub time_in_range: Option<TimeInRange>,
}

/// One slot of a typical day.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileSlot {
    /// Minutes after local midnight at which it begins.
    pub minute: u32,
    /// Values of [`PROFILE_SHARES`]; none without readings at that time of day.
    pub values: Option<[f64; 5]>,
    /// Readings in it.
    pub n: usize,
}

/// Why there is no profile: too few days have readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFewDays {
    /// Local days with readings; [`PROFILE_DAYS`] are needed.
    pub days: usize,
}

/// Returns the numbers of readings; none without any. In one minute those of the best source count.
pub fn summary(readings: &[Reading], limits: Option<Limits>) -> Option<Summary> {
    let readings = counted(readings);
    let values = sorted(readings.iter().map(|r| r.value));
    let of = |meal| mean(readings.iter().filter(|r| r.meal == Some(meal)).map(|r| r.value));
    Some(Summary {
        n: readings.len(),
        mean: mean(values.iter().copied())?,
        min: *values.first()?,
        max: *values.last()?,
        before_meals: of(Meal::Before),
        after_meals: of(Meal::After),
        time_in_range: limits.and_then(|limits| time_in_range(&readings, limits)),
    })
}

/// Returns a typical day in slots of some minutes: percentiles of all readings at that time of day. It needs readings
/// on [`PROFILE_DAYS`] local days.
pub fn profile(readings: &[Reading], slot_minutes: u32, zones: &Zones) -> Result<Vec<ProfileSlot>, TooFewDays> {
    let readings = counted(readings);
    let days: BTreeSet<Day> = readings.iter().map(|r| zones.day(r.at_ms)).collect();
    if days.len() < PROFILE_DAYS {
        return Err(TooFewDays { days: days.len() });
    }
    let slot = slot_minutes.clamp(1, 1440);
    let mut slots: Vec<Vec<f64>> = vec![Vec::new(); 1440u32.div_ceil(slot) as usize];
    for reading in &readings {
        let place = zones.minute_of_day(reading.at_ms) / slot;
        if let Some(values) = slots.get_mut(place as usize) {
            values.push(reading.value);
        }
    }
    Ok((0u32..).zip(slots).map(|(place, values)| profile_slot(place * slot, values)).collect())
}

fn profile_slot(minute: u32, values: Vec<f64>) -> ProfileSlot {
    let values = sorted(values);
    let lines = PROFILE_SHARES.map(|share| percentile(&values, share).unwrap_or_default());
    ProfileSlot { minute, n: values.len(), values: (!values.is_empty()).then_some(lines) }
}

/// Readings by time; in one minute only those of the best source.
fn counted(readings: &[Reading]) -> Vec<Reading> {
    let minute = |r: &Reading| r.at_ms.div_euclid(MINUTE_MS);
    let mut sorted = readings.to_vec();
    sorted.sort_by(|a, b| {
        let key = |r: &Reading| (minute(r), r.rank, r.at_ms, r.meal);
        key(a).cmp(&key(b)).then(a.value.total_cmp(&b.value))
    });
    let minutes = sorted.chunk_by(|a, b| minute(a) == minute(b));
    minutes.flat_map(|rows| rows.iter().filter(|r| Some(r.rank) == rows.first().map(|f| f.rank))).copied().collect()
}

fn time_in_range(readings: &[Reading], limits: Limits) -> Option<TimeInRange> {
    let (mut below, mut within, mut above) = (0, 0, 0);
    let next = readings.iter().skip(1).map(|r| r.at_ms).chain([i64::MAX]);
    for (reading, next) in readings.iter().zip(next) {
        let held = next.saturating_sub(reading.at_ms).min(HOLD_MS);
        let place = match reading.value {
            value if value < limits.low => &mut below,
            value if value > limits.high => &mut above,
            _ => &mut within,
        };
        *place += held;
    }
    let covered_ms = below + within + above;
    let share = |ms: i64| ms as f64 / covered_ms as f64;
    (covered_ms > 0).then(|| TimeInRange {
        below: share(below),
        within: share(within),
        above: share(above),
        covered_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(minute: i64, value: f64) -> Reading {
        Reading { at_ms: minute * MINUTE_MS, value, rank: 0, meal: None }
    }

    #[test]
    fn d8_time_in_range_has_the_wearers_own_limits() {
        let readings = [reading(0, 60.0), reading(5, 70.0), reading(15, 180.0), reading(20, 200.0)];
        let found = summary(&readings, Some(Limits { low: 70.0, high: 180.0 })).expect("a summary");
        assert_eq!((found.n, found.mean, found.min, found.max), (4, 127.5, 60.0, 200.0));
        let time = found.time_in_range.expect("limits");
        assert_eq!((time.below, time.within, time.above), (5.0 / 35.0, 15.0 / 35.0, 15.0 / 35.0));
        assert_eq!(time.covered_ms, 35 * MINUTE_MS);
        assert_eq!(summary(&readings, None).expect("a summary").time_in_range, None);
        assert_eq!(summary(&[], None), None);
    }

    #[test]
    fn d8_meals_are_kept_apart() {
        let readings = [
            Reading { meal: Meal::from_code(1), ..reading(0, 90.0) },
            Reading { meal: Meal::from_code(2), ..reading(60, 140.0) },
            Reading { meal: Meal::from_code(2), ..reading(90, 150.0) },
            Reading { meal: Meal::from_code(0), ..reading(200, 400.0) },
        ];
        let found = summary(&readings, None).expect("a summary");
        assert_eq!((found.before_meals, found.after_meals), (Some(90.0), Some(145.0)));
    }

    #[test]
    fn d8_in_one_minute_the_better_source_counts() {
        let readings =
            [Reading { rank: 1, ..reading(0, 300.0) }, reading(0, 100.0), Reading { rank: 1, ..reading(1, 110.0) }];
        let found = summary(&readings, None).expect("a summary");
        assert_eq!((found.n, found.mean), (2, 105.0));
    }

    #[test]
    fn d8_a_profile_needs_fourteen_days() {
        let zones = Zones::named("Europe/Berlin").expect("a zone");
        // 08:30 local in January; values are days.
        let days = |n: i64| (0..n).map(|day| reading(day * 1440 + 450, day as f64)).collect::<Vec<_>>();
        assert_eq!(profile(&days(13), 60, &zones), Err(TooFewDays { days: 13 }));
        let slots = profile(&days(21), 60, &zones).expect("a profile");
        assert_eq!(slots.len(), 24);
        let filled: Vec<&ProfileSlot> = slots.iter().filter(|slot| slot.n > 0).collect();
        let expected = ProfileSlot { minute: 480, values: Some([1.0, 5.0, 10.0, 15.0, 19.0]), n: 21 };
        assert_eq!(filled, [&expected]);
    }
}
