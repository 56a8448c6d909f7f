//! Totals of a workout, by a stated precedence: what the row says, then Apple's statistics, then our own sum.

use crate::series::merge::{Span, merge};

/// Where a total comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Attribute of the workout's row.
    Row,
    /// `WorkoutStatistics` of the workout.
    Statistics,
    /// Computed from samples in its time.
    Computed,
}

impl Origin {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Statistics => "statistics",
            Self::Computed => "computed",
        }
    }
}

/// A total, in the unit of what it was made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    /// The number.
    pub value: f64,
    /// Where it comes from.
    pub origin: Origin,
}

/// Returns the first total there is; what is no number or below zero is none.
pub fn total(row: Option<f64>, statistics: Option<f64>, computed: impl FnOnce() -> Option<f64>) -> Option<Total> {
    let valid = |value: &f64| value.is_finite() && *value >= 0.0;
    let named = |origin| move |value| Total { value, origin };
    let printed = row.filter(valid).map(named(Origin::Row));
    let counted = || statistics.filter(valid).map(named(Origin::Statistics));
    printed.or_else(counted).or_else(|| computed().filter(valid).map(named(Origin::Computed)))
}

/// Returns the kind whose samples are the distance of an activity, by Apple's identifier without prefix; none where
/// nobody gets anywhere.
pub fn distance_kind(activity: &str) -> Option<&'static str> {
    match activity.strip_prefix("HKWorkoutActivityType").unwrap_or(activity) {
        "Walking" | "Running" | "Hiking" | "TrackAndField" => Some("DistanceWalkingRunning"),
        "WheelchairWalkPace" | "WheelchairRunPace" => Some("DistanceWheelchair"),
        "Cycling" | "HandCycling" => Some("DistanceCycling"),
        "Swimming" => Some("DistanceSwimming"),
        "DownhillSkiing" | "Snowboarding" | "SnowSports" => Some("DistanceDownhillSnowSports"),
        "CrossCountrySkiing" => Some("DistanceCrossCountrySkiing"),
        "PaddleSports" => Some("DistancePaddleSports"),
        "Rowing" => Some("DistanceRowing"),
        "SkatingSports" => Some("DistanceSkatingSports"),
        _ => None,
    }
}

/// Whether people tell a pace of an activity, and not a speed: on foot, in a wheelchair and in water.
pub fn has_pace(activity: &str) -> bool {
    let kinds = ["DistanceWalkingRunning", "DistanceWheelchair", "DistanceSwimming"];
    distance_kind(activity).is_none_or(|kind| kinds.contains(&kind))
}

/// The merged sum of a cumulative kind within a workout; none where no sample touches it. Hand in samples from some
/// hours around it: what overlaps at its edges is merged as a whole and cut afterwards.
pub fn sum_between(spans: &[Span], start_ms: i64, end_ms: i64) -> Option<f64> {
    let parts = merge(spans).into_iter().filter_map(|piece| {
        let length = piece.end_ms - piece.start_ms;
        let common = piece.end_ms.min(end_ms) - piece.start_ms.max(start_ms);
        match (length, common) {
            (0, 0) => Some(piece.value),
            (1.., 1..) => Some(piece.value * common as f64 / length as f64),
            _ => None,
        }
    });
    parts.reduce(|a, b| a + b)
}

/// Seconds of activity: the row's duration, which leaves out pauses, else the time between start and end without the
/// pauses that its events tell.
pub fn duration_s(row: Option<f64>, start_ms: i64, end_ms: i64, pauses: &[(i64, i64)]) -> Option<Total> {
    total(row, None, || Some(moving_ms(start_ms, end_ms, pauses) as f64 / 1000.0))
}

/// Milliseconds between two instants that are in no pause; pauses may overlap and come in any order.
pub fn moving_ms(start_ms: i64, end_ms: i64, pauses: &[(i64, i64)]) -> i64 {
    let mut sorted = pauses.to_vec();
    sorted.sort_unstable();
    let (mut at, mut moving) = (start_ms, 0);
    for (from, until) in sorted {
        moving += (from.min(end_ms) - at).max(0);
        at = at.max(until);
    }
    moving + (end_ms - at).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(row: Option<f64>, statistics: Option<f64>, computed: Option<f64>, expected: Option<(f64, Origin)>) {
        assert_eq!(total(row, statistics, || computed).map(|t| (t.value, t.origin)), expected);
    }

    #[test]
    fn the_row_goes_before_statistics_and_both_before_our_own_sum() {
        check(Some(1.0), Some(2.0), Some(3.0), Some((1.0, Origin::Row)));
        check(None, Some(2.0), Some(3.0), Some((2.0, Origin::Statistics)));
        check(None, None, Some(3.0), Some((3.0, Origin::Computed)));
        check(Some(f64::NAN), Some(-1.0), None, None);
    }

    #[test]
    fn every_distance_of_the_table_belongs_to_an_activity() {
        let activities = ["Walking", "WheelchairRunPace", "Cycling", "Swimming", "Snowboarding", "CrossCountrySkiing"];
        let more = ["PaddleSports", "Rowing", "SkatingSports"];
        let mut found: Vec<&str> = activities.iter().chain(&more).filter_map(|name| distance_kind(name)).collect();
        found.sort_unstable();
        let all = crate::kind::all().map(|kind| crate::kind::short_name(&kind.identifier));
        assert_eq!(found, all.filter(|name| name.starts_with("Distance")).collect::<Vec<_>>());
        assert_eq!(distance_kind("HKWorkoutActivityTypeYoga"), None);
    }

    #[test]
    fn our_own_sum_cuts_what_reaches_over_the_edges() {
        let span = |start_ms, end_ms, value, rank| Span { start_ms, end_ms, value, rank };
        let watch = [span(0, 100, 100.0, 0), span(100, 200, 100.0, 0)];
        assert_eq!(sum_between(&watch, 50, 150), Some(100.0));
        let phone = [watch[0], watch[1], span(0, 200, 240.0, 1)];
        assert_eq!(sum_between(&phone, 0, 200), Some(200.0));
        assert_eq!(sum_between(&[span(50, 50, 3.0, 0), span(151, 151, 9.0, 0)], 50, 150), Some(3.0));
        assert_eq!(sum_between(&watch, 500, 600), None);
    }

    #[test]
    fn a_duration_leaves_out_pauses() {
        let found = duration_s(Some(2400.0), 0, 3_600_000, &[]).map(|t| (t.value, t.origin));
        assert_eq!(found, Some((2400.0, Origin::Row)));
        let pauses = [(1_200_000, 1_800_000), (600_000, 1_500_000), (3_500_000, 4_000_000)];
        let found = duration_s(None, 0, 3_600_000, &pauses).map(|t| (t.value, t.origin));
        assert_eq!(found, Some((2300.0, Origin::Computed)));
    }
}
