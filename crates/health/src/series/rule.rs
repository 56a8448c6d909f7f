//! By which rule a kind's number of a day is made, and the number itself.

use super::buckets::{Calendar, Grain, Input, buckets};
use super::per_day::{DayValue, Pick, day_values};
use crate::kind::{Kind, Style, short_name};
use crate::time::Zones;

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
}

impl Rule {
    /// The rule of a kind.
    pub fn of(kind: &Kind) -> Self {
        match (short_name(&kind.identifier), kind.style) {
            ("RestingHeartRate" | "WalkingHeartRateAverage", _) => Self::LatestOfBest,
            ("BodyMass", _) => Self::FirstOfDay,
            _ if kind.is_event_like() => Self::EveryEvent,
            (_, Style::Cumulative) => Self::ResidualFill,
            (_, Style::Arithmetic) => Self::Mean,
            (_, Style::TemporallyWeighted) => Self::TimeWeightedMean,
            (_, Style::EquivalentLevel) => Self::EquivalentLevel,
            (_, Style::Category) => Self::Count,
        }
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
        }
    }

    /// The rule in one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::ResidualFill => {
                "The best source counts as it is; each other one adds only what the better ones cannot have seen."
            }
            Self::EveryEvent => "Every entry counts, whoever wrote it.",
            Self::TimeWeightedMean => {
                "Each sample holds until the next one, ten minutes at most; in one minute only the best source counts."
            }
            Self::EquivalentLevel => "The mean of the sound's energy; in one minute only the best source counts.",
            Self::Mean => "The mean of the samples; in one minute only the best source counts.",
            Self::LatestOfBest => "The last word of the best source on that day.",
            Self::FirstOfDay => "The first measurement of the day.",
            Self::Count => "The number of entries.",
        }
    }

    /// Whether it adds up.
    pub fn is_sum(self) -> bool {
        matches!(self, Self::ResidualFill | Self::EveryEvent)
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
            Self::ResidualFill | Self::EveryEvent => Style::Cumulative,
            Self::TimeWeightedMean | Self::LatestOfBest => Style::TemporallyWeighted,
            Self::EquivalentLevel => Style::EquivalentLevel,
            Self::Mean | Self::FirstOfDay => Style::Arithmetic,
            Self::Count => Style::Category,
        }
    }

    /// Returns the number of each local day that has one, by day.
    pub fn days(self, rows: &[Input], zones: &Zones) -> Vec<DayValue> {
        if let Some(which) = self.pick() {
            return day_values(rows, which, zones);
        }
        let calendar = Calendar { zones, grain: Grain::Day, week_start: 0 };
        let days = buckets(rows, self.style(), self == Self::EveryEvent, calendar);
        days.iter().map(|bucket| DayValue { day: bucket.day, value: bucket.value }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{all, find, get_or_guess};

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
        check(&["SleepAnalysis", "MindfulSession"], Rule::Count);
        assert_eq!(Rule::of(&get_or_guess("HKQuantityTypeIdentifierNovelty", None)), Rule::Mean);
    }

    #[test]
    fn a_rule_has_the_style_of_its_kind() {
        assert!(all().all(|kind| Rule::of(kind).style() == kind.style));
    }
}
