//! By which rule a kind's number of a day is made, and the number itself.

use crate::key;
use std::collections::BTreeMap;

use super::buckets::{Bucket, Calendar, Cut, Grain, Input, Stretch, count, stat};
use super::hold::leveled;
use super::merge::Span;
use super::per_day::{DayValue, Pick, pick};
use super::stats::mean;
use crate::kind::{Kind, Style, short_name};
use crate::time::{Day, HOUR_MS, Zones};

/// How one number comes from the samples of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Sum; a worse source adds only what the better ones cannot have seen.
    ResidualFill,
    /// Sum of all rows: each is an event.
    EveryEvent,
    /// Mean weighted by time.
    TimeWeightedMean,
    /// Energetic mean of decibels, weighted by time.
    EquivalentLevel,
    /// Plain mean.
    Mean,
    /// The row with the latest end of the best source.
    LatestOfBest,
    /// The first row of the day.
    FirstOfDay,
    /// Number of rows.
    Count,
    /// Hours that have a row which says that the wearer stood; what says idle adds nothing.
    HoursStood,
    /// Minutes that rows cover; a worse source adds only what the better ones do not cover.
    Minutes,
}

/// Longer records (goals, totals of many days) count whole for the day of their start.
pub const LONGEST_SPLIT_MS: i64 = 24 * HOUR_MS;
/// Apple's integer for an hour in which the wearer stood.
const STOOD: f64 = 0.0;

impl Rule {
    /// The rule of a kind.
    pub fn of(kind: &Kind) -> Self {
        match (short_name(&kind.identifier), kind.style) {
            ("RestingHeartRate" | "WalkingHeartRateAverage", _) => Self::LatestOfBest,
            ("BodyMass", _) => Self::FirstOfDay,
            ("AppleStandHour", _) => Self::HoursStood,
            ("MindfulSession", _) => Self::Minutes,
            _ if kind.is_event_like() => Self::EveryEvent,
            (_, Style::Cumulative) => Self::ResidualFill,
            (_, Style::Arithmetic) => Self::Mean,
            (_, Style::TemporallyWeighted) => Self::TimeWeightedMean,
            (_, Style::EquivalentLevel) => Self::EquivalentLevel,
            (_, Style::Category) => Self::Count,
        }
    }

    /// The word for how a day's number is made.
    pub fn stat(self) -> &'static str {
        match self {
            Self::LatestOfBest => "latest",
            Self::FirstOfDay => "first",
            rule => stat(rule.style()),
        }
    }

    /// The word for how the number of a week, month or year is made of its days.
    pub fn wide_stat(self) -> &'static str {
        if self.pick().is_some() { "mean" } else { self.stat() }
    }

    /// The code in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResidualFill => "residual_fill",
            Self::EveryEvent => "every_event",
            Self::TimeWeightedMean => "time_weighted_mean",
            Self::EquivalentLevel => "equivalent_level",
            Self::Mean => "mean",
            Self::LatestOfBest => "latest_of_best_source",
            Self::FirstOfDay => "first_of_day",
            Self::Count => "count",
            Self::HoursStood => "hours_stood",
            Self::Minutes => "minutes",
        }
    }

    /// The rule in one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::ResidualFill => {
                key!("The best source counts as it is; each other one adds only what the better ones cannot have seen.")
            }
            Self::EveryEvent => key!("Every entry counts, whoever wrote it."),
            Self::TimeWeightedMean => {
                key!(
                    "Each sample holds until the next one, ten minutes at most; in one minute only the best source \
                     counts."
                )
            }
            Self::EquivalentLevel => {
                key!("The mean of the sound's energy; in one minute only the best source counts.")
            }
            Self::Mean => key!("The mean of the samples; in one minute only the best source counts."),
            Self::LatestOfBest => key!("The last word of the best source on that day."),
            Self::FirstOfDay => key!("The first measurement of the day."),
            Self::Count => key!("The number of entries."),
            Self::HoursStood => key!("Each hour counts once in which any source saw the wearer stand."),
            Self::Minutes => {
                key!(
                    "The minutes of the best source count as they are; each other one adds only those that the better \
                     ones do not cover."
                )
            }
        }
    }

    /// Whether it adds up.
    pub fn is_sum(self) -> bool {
        self.is_merged_sum() || matches!(self, Self::EveryEvent | Self::HoursStood)
    }

    /// Whether it adds up what no better source has seen.
    pub fn is_merged_sum(self) -> bool {
        matches!(self, Self::ResidualFill | Self::Minutes)
    }

    /// Whether the time that a row holds is its weight.
    pub fn weighs_time(self) -> bool {
        self.style().weighs_time() && self.pick().is_none()
    }

    /// The unit of its numbers, where it is not that of the kind's values.
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Self::HoursStood => Some("hr"),
            Self::Minutes => Some("min"),
            _ => None,
        }
    }

    /// What a row of some value and length in milliseconds adds to the number, and over which length; none where its
    /// value cannot be read.
    pub fn amount(self, value: Option<f64>, duration_ms: i64) -> Option<(f64, i64)> {
        match self {
            // An hour belongs to the day of its start, however clocks cut days.
            Self::HoursStood => Some((f64::from(u8::from(value == Some(STOOD))), 0)),
            Self::Minutes => Some((duration_ms as f64 / 60_000.0, duration_ms)),
            // A category without a number that we know still happened.
            Self::Count => Some((value.unwrap_or(0.0), duration_ms)),
            _ => Some((value?, duration_ms)),
        }
    }

    /// Which row speaks for the day, where one does.
    pub fn pick(self) -> Option<Pick> {
        match self {
            Self::LatestOfBest => Some(Pick::LatestOfBest),
            Self::FirstOfDay => Some(Pick::First),
            _ => None,
        }
    }

    /// The style of its buckets.
    pub fn style(self) -> Style {
        match self {
            Self::ResidualFill | Self::EveryEvent | Self::HoursStood | Self::Minutes => Style::Cumulative,
            Self::TimeWeightedMean | Self::LatestOfBest => Style::TemporallyWeighted,
            Self::EquivalentLevel => Style::EquivalentLevel,
            Self::Mean | Self::FirstOfDay => Style::Arithmetic,
            Self::Count => Style::Category,
        }
    }

    /// Returns the buckets that have rows, by time, each with the number that this rule makes of its rows; where one
    /// row speaks for a day see [`Rule::day_buckets`].
    pub fn buckets(self, rows: &[Input], calendar: Calendar<'_>) -> Vec<Bucket> {
        self.counted(rows, Cut::Calendar(calendar))
    }

    /// The same of one stretch of time, to the last digit as if it were a bucket of a calendar; none without rows.
    pub fn between(self, rows: &[Input], stretch: Stretch) -> Option<Bucket> {
        let found = self.counted(rows, Cut::Between(stretch));
        found.into_iter().find(|bucket| bucket.start_ms == stretch.start_ms)
    }

    fn counted(self, rows: &[Input], cut: Cut<'_>) -> Vec<Bucket> {
        match self {
            Self::HoursStood => {
                let hours: Vec<Input> = hours_once(rows).into_iter().filter_map(|row| rows.get(row)).copied().collect();
                count(&hours, self.style(), true, cut)
            }
            // A row that speaks for a day speaks for that of its start.
            Self::LatestOfBest | Self::FirstOfDay => {
                let starts =
                    rows.iter().map(|row| Input { span: Span { end_ms: row.span.start_ms, ..row.span }, ..*row });
                count(&starts.collect::<Vec<_>>(), self.style(), false, cut)
            }
            _ => count(rows, self.style(), self == Self::EveryEvent, cut),
        }
    }

    /// Returns the number of each local day that has one, by day.
    pub fn days(self, rows: &[Input], zones: &Zones) -> Vec<DayValue> {
        let days = self.day_buckets(rows, zones);
        days.iter().map(|bucket| DayValue { day: bucket.day, value: bucket.value }).collect()
    }

    /// Returns every number of each local day that has rows, by day. Where one row speaks for the day, its value is the
    /// day's, its source the only one that has a part, and every day weighs the same.
    pub fn day_buckets(self, rows: &[Input], zones: &Zones) -> Vec<Bucket> {
        let calendar = Calendar { zones, grain: Grain::Day, week_start: 0 };
        let mut days = self.buckets(rows, calendar);
        if let Some(which) = self.pick() {
            for (bucket, (day, picked)) in days.iter_mut().zip(pick(rows, which, zones)) {
                debug_assert_eq!(bucket.day, day, "a row belongs to the day of its start");
                let Some(Span { value, rank, .. }) = rows.get(picked).map(|row| row.span) else { continue };
                (bucket.value, bucket.weight, bucket.parts) = (value, 1.0, BTreeMap::from([(rank, value)]));
            }
        }
        days
    }

    /// Returns weeks, months or years, made of days by the same rule; `days` must be sorted.
    pub fn widen(self, days: &[Bucket], calendar: Calendar<'_>) -> Vec<Bucket> {
        let first = |day: Day| calendar.days(day).map_or(day, |(first, _)| first);
        days.chunk_by(|a, b| first(a.day) == first(b.day)).filter_map(|days| self.wide(days, calendar)).collect()
    }

    /// Returns the mean of buckets by what each of them weighs, as that of a wider bucket is made; none without weight,
    /// and none of a sum.
    pub fn level(self, buckets: &[Bucket]) -> Option<f64> {
        let loud = self == Self::EquivalentLevel;
        let part = |bucket: &Bucket| if loud { 10f64.powf(bucket.value / 10.0) } else { bucket.value };
        let total: f64 = buckets.iter().map(|bucket| part(bucket) * bucket.weight).sum();
        let weight = buckets.iter().map(|bucket| bucket.weight).sum();
        leveled(self.style(), total, weight).filter(|_| !self.is_sum() && self != Self::Count)
    }

    /// Returns the one number of several days: of sums and counts the mean of a day, of all else by what each day
    /// weighs; none without a day.
    pub fn of_days(self, days: &[Bucket]) -> Option<f64> {
        self.level(days).or_else(|| mean(days.iter().map(|day| day.value)))
    }

    /// One wide bucket of its days.
    fn wide(self, days: &[Bucket], calendar: Calendar<'_>) -> Option<Bucket> {
        let day = days.first()?.day;
        let (first, next) = calendar.days(day).unwrap_or((day, day + 1));
        let total = |of: &dyn Fn(&Bucket) -> f64| days.iter().map(of).sum::<f64>();
        let n: i64 = days.iter().map(|day| day.n).sum();
        let weight = total(&|day| day.weight);
        let mean = total(&|day| day.mean * day.n as f64) / n.max(1) as f64;
        let adds_up = self.is_sum() || self == Self::Count;
        let value = if adds_up { total(&|day| day.value) } else { self.level(days).unwrap_or(mean) };
        // A day may have nothing but the rest of yesterday's last row.
        let with_rows = || days.iter().filter(|day| day.n > 0);
        let mut parts: BTreeMap<u32, f64> = BTreeMap::new();
        if adds_up {
            for (rank, part) in days.iter().flat_map(|day| &day.parts) {
                *parts.entry(*rank).or_default() += part;
            }
        }
        Some(Bucket {
            start_ms: calendar.zones.day_bounds(first).0,
            end_ms: calendar.zones.day_bounds(next).0,
            day: first,
            n,
            value,
            min: with_rows().map(|day| day.min).reduce(f64::min).unwrap_or(value),
            max: with_rows().map(|day| day.max).reduce(f64::max).unwrap_or(value),
            mean,
            sum: total(&|day| day.sum),
            naive_sum: total(&|day| day.naive_sum),
            weight,
            parts,
        })
    }
}

/// Returns the rows that speak for their hours, of those of [`Rule::HoursStood`]: of each hour one, of the best source
/// that saw the wearer stand, else of the best one.
pub(super) fn hours_once(rows: &[Input]) -> Vec<usize> {
    let mut hours: BTreeMap<i64, (bool, u32, usize)> = BTreeMap::new();
    for (row, Input { span, .. }) in rows.iter().enumerate() {
        let place = (span.value == 0.0, span.rank, row);
        hours.entry(span.start_ms).and_modify(|best| *best = place.min(*best)).or_insert(place);
    }
    hours.into_values().map(|(.., row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{all, find, get_or_guess};
    use crate::series::merge::Span;
    use crate::time::format_day;

    #[track_caller]
    fn check(names: &[&str], expected: Rule) {
        for name in names {
            assert_eq!(find(name).map(Rule::of), Some(expected), "{name}");
        }
    }

    #[test]
    fn every_kind_has_a_rule() {
        check(&["StepCount", "ActiveEnergyBurned", "AppleStandTime"], Rule::ResidualFill);
        check(&["DietaryWater", "InsulinDelivery", "NumberOfTimesFallen"], Rule::EveryEvent);
        check(&["HeartRate", "CyclingPower", "AtrialFibrillationBurden"], Rule::TimeWeightedMean);
        check(&["HeadphoneAudioExposure"], Rule::EquivalentLevel);
        check(&["HeartRateVariabilitySDNN", "OxygenSaturation", "BodyFatPercentage"], Rule::Mean);
        check(&["RestingHeartRate", "WalkingHeartRateAverage"], Rule::LatestOfBest);
        check(&["BodyMass"], Rule::FirstOfDay);
        check(&["SleepAnalysis", "ToothbrushingEvent"], Rule::Count);
        check(&["AppleStandHour"], Rule::HoursStood);
        check(&["MindfulSession"], Rule::Minutes);
        assert_eq!(Rule::of(&get_or_guess("HKQuantityTypeIdentifierNovelty", None)), Rule::Mean);
    }

    #[test]
    fn a_rule_has_the_style_of_its_kind_unless_it_measures_a_category() {
        let measured = |kind: &Kind| Rule::of(kind).unit().is_some() && kind.style == Style::Category;
        assert!(all().all(|kind| Rule::of(kind).style() == kind.style || measured(kind)));
    }

    /// Rows of the hours after midnight of 2 March 2026 in Berlin, each with its value and rank, made into that day.
    #[track_caller]
    fn check_hours(rule: Rule, rows: &[(i64, i64, Option<f64>, u32)], expected: (f64, i64)) {
        let zones = Zones::named("Europe/Berlin").expect("a zone");
        let (midnight, _) = zones.day_bounds(20_514);
        let input = |&(from_min, min, value, rank): &(i64, i64, Option<f64>, u32)| {
            let (value, length) = rule.amount(value, min * 60_000).expect("an amount");
            let start_ms = midnight + from_min * 60_000;
            Input { span: Span { start_ms, end_ms: start_ms + length, value, rank }, copies: 1 }
        };
        let inputs: Vec<Input> = rows.iter().map(input).collect();
        let days = rule.day_buckets(&inputs, &zones);
        assert_eq!(days.iter().map(|day| (day.value, day.n)).collect::<Vec<_>>(), [expected], "{rows:?}");
    }

    #[test]
    fn only_hours_that_were_stood_count_and_each_once() {
        let (stood, idle) = (Some(0.0), Some(1.0));
        check_hours(Rule::HoursStood, &[(0, 60, stood, 0), (60, 60, idle, 0), (120, 60, stood, 0)], (2.0, 3));
        check_hours(Rule::HoursStood, &[(0, 60, stood, 0), (0, 60, stood, 1)], (1.0, 1));
        check_hours(Rule::HoursStood, &[(0, 60, idle, 0), (0, 60, stood, 1)], (1.0, 1));
        check_hours(Rule::HoursStood, &[(0, 60, stood, 0), (0, 59, stood, 0)], (1.0, 1));
        // The last one begins before midnight.
        check_hours(Rule::HoursStood, &[(30, 60, stood, 0), (1410, 60, stood, 0)], (2.0, 2));
        check_hours(Rule::HoursStood, &[(0, 60, idle, 0), (60, 60, None, 0)], (0.0, 2));
    }

    #[test]
    fn a_row_that_speaks_for_a_day_says_nothing_about_the_next() {
        let zones = Zones::named("UTC").expect("a zone");
        let row = |from_h: i64, until_h: i64, value| Input {
            span: Span { start_ms: from_h * 3_600_000, end_ms: until_h * 3_600_000, value, rank: 0 },
            copies: 1,
        };
        let days = Rule::LatestOfBest.day_buckets(&[row(9, 30, 47.0), row(33, 40, 51.0)], &zones);
        let found: Vec<_> = days.iter().map(|day| (day.day, day.value, day.min, day.max, day.n)).collect();
        assert_eq!(found, [(0, 47.0, 47.0, 47.0, 1), (1, 51.0, 51.0, 51.0, 1)]);
    }

    #[test]
    fn minutes_of_two_sources_count_once() {
        check_hours(Rule::Minutes, &[(0, 10, Some(0.0), 0), (5, 10, None, 1), (60, 5, Some(0.0), 1)], (20.0, 3));
        check_hours(Rule::Minutes, &[(0, 0, Some(0.0), 0)], (0.0, 1));
    }

    /// Rows at noon of a day of March 2026 in Berlin, each with its value, made into months.
    #[track_caller]
    fn check_month(rule: Rule, rows: &[(i64, f64)], expected: f64) {
        let zones = Zones::named("Europe/Berlin").expect("a zone");
        let noon = 1_772_362_800_000; // 1 March 2026
        let input = |&(at_min, value): &(i64, f64)| Input {
            span: Span { start_ms: noon + at_min * 60_000, end_ms: noon + at_min * 60_000, value, rank: 0 },
            copies: 1,
        };
        let rows: Vec<Input> = rows.iter().map(input).collect();
        let days = rule.day_buckets(&rows, &zones);
        let months = rule.widen(&days, Calendar { zones: &zones, grain: Grain::Month, week_start: 0 });
        let found: Vec<(String, i64, f64)> =
            months.iter().map(|b| (format_day(b.day), b.n, (b.value * 100.0).round() / 100.0)).collect();
        assert_eq!(found, [("2026-03-01".to_owned(), rows.len() as i64, expected)], "{rule:?}");
        assert_eq!(months.first().map(|b| b.end_ms), Some(zones.day_bounds(20_544).0));
    }

    #[test]
    fn months_are_made_of_days_as_days_are_of_rows() {
        // Two days: one with three rows a minute apart, one with a single row.
        let rows = [(0, 60.0), (1, 62.0), (2, 64.0), (1440, 80.0)];
        check_month(Rule::ResidualFill, &rows, 266.0);
        check_month(Rule::Mean, &rows, 66.5);
        check_month(Rule::Count, &rows, 4.0);
        // Twelve minutes of the first day and ten of the second.
        check_month(Rule::TimeWeightedMean, &rows, 71.0);
        // Every day weighs the same: its last word 64 and 80, its first 60 and 80.
        check_month(Rule::LatestOfBest, &rows, 72.0);
        check_month(Rule::FirstOfDay, &rows, 70.0);
        check_month(Rule::EquivalentLevel, &[(0, 60.0), (1440, 80.0)], 77.03);
    }
}
