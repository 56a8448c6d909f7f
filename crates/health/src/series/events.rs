//! Kinds whose rows are events (food, insulin, inhaler, drinks, falls): all of them count, whoever wrote them.
//!
//! Two apps may hold one meal each, or the same meal twice. Nobody but the wearer can tell, so nothing is dropped: what
//! looks like one entry in two apps is pointed out.

use super::buckets::Input;

const MINUTE_MS: i64 = 60_000;

/// Rows of one value in one minute that different sources wrote.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoubleEntry {
    /// Start of the minute, milliseconds since 1970 in UTC.
    pub minute_ms: i64,
    /// The value that all of them have, in the kind's unit.
    pub value: f64,
    /// How many sources wrote it; at least two.
    pub sources: usize,
}

/// Returns what may have been entered twice, by time. One source that repeats itself is not listed: those are events.
pub fn double_entries(rows: &[Input]) -> Vec<DoubleEntry> {
    let minute = |row: &&Input| row.span.start_ms.div_euclid(MINUTE_MS);
    let mut sorted: Vec<&Input> = rows.iter().collect();
    sorted.sort_by(|a, b| {
        let values = a.span.value.total_cmp(&b.span.value);
        minute(a).cmp(&minute(b)).then(values).then(a.span.rank.cmp(&b.span.rank))
    });
    let alike = sorted.chunk_by(|a, b| minute(a) == minute(b) && a.span.value == b.span.value);
    let found = alike.filter_map(|rows| {
        let sources = rows.chunk_by(|a, b| a.span.rank == b.span.rank).count();
        let first = rows.first().filter(|_| sources > 1)?;
        Some(DoubleEntry { minute_ms: minute(first) * MINUTE_MS, value: first.span.value, sources })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Style, is_event_like};
    use crate::series::buckets::{Calendar, Grain, buckets};
    use crate::series::merge::Span;
    use crate::time::Zones;

    /// Second of the day, value and source.
    #[track_caller]
    fn check(rows: &[(i64, f64, u32)], sum: f64, double: &[(i64, f64, usize)]) {
        let input = |&(second, value, rank): &(i64, f64, u32)| {
            let at = second * 1000;
            Input { span: Span { start_ms: at, end_ms: at, value, rank }, copies: 1 }
        };
        let rows: Vec<Input> = rows.iter().map(input).collect();
        let zones = Zones::named("UTC").expect("a zone");
        let calendar = Calendar { zones: &zones, grain: Grain::Day, week_start: 0 };
        let days = buckets(&rows, Style::Cumulative, is_event_like("HKQuantityTypeIdentifierDietaryWater"), calendar);
        assert_eq!(days.iter().map(|day| day.value).collect::<Vec<_>>(), [sum]);
        let found: Vec<_> = double_entries(&rows).iter().map(|d| (d.minute_ms / 1000, d.value, d.sources)).collect();
        assert_eq!(found, double);
    }

    #[test]
    fn m9_one_meal_in_two_apps_counts_twice_and_is_pointed_out() {
        check(&[(43_200, 600.0, 0), (43_200, 600.0, 1)], 1200.0, &[(43_200, 600.0, 2)]);
        check(&[(43_230, 600.0, 2), (43_200, 600.0, 1), (43_259, 600.0, 0)], 1800.0, &[(43_200, 600.0, 3)]);
    }

    #[test]
    fn two_glasses_of_one_app_are_two_glasses() {
        check(&[(43_200, 250.0, 0), (43_200, 250.0, 0)], 500.0, &[]);
        check(&[(43_200, 250.0, 0), (43_260, 250.0, 1), (43_200, 300.0, 1)], 800.0, &[]);
    }
}
