//! A trend line through values that come when they come.

use super::per_day::DayValue;

/// How much of the distance to a new value the line goes in one day.
pub const ALPHA: f64 = 0.1;

/// Returns an exponentially weighted mean, by day: `t += (1 - (1 - ALPHA)^days) * (v - t)`, where `days` passed since
/// the value before. So a weight after a holiday moves the line as much as daily ones would have. The values are one
/// for each day.
pub fn trend_line(values: &[DayValue]) -> Vec<DayValue> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.day.cmp(&b.day).then(a.value.total_cmp(&b.value)));
    let mut before: Option<DayValue> = None;
    let step = |now: DayValue| {
        let value = before.map_or(now.value, |last| {
            let days = now.day.saturating_sub(last.day);
            last.value + (1.0 - (1.0 - ALPHA).powi(days)) * (now.value - last.value)
        });
        *before.insert(DayValue { day: now.day, value })
    };
    sorted.into_iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d6_the_trend_of_body_weight_knows_gaps() {
        let weights = [(0, 80.0), (1, 80.4), (2, 79.8), (5, 79.0), (12, 78.0)];
        let mut values = weights.map(|(day, value)| DayValue { day, value });
        values.reverse();
        let found = trend_line(&values).iter().map(|d| (d.day, format!("{:.3}", d.value))).collect::<Vec<_>>();
        let expected = [(0, "80.000"), (1, "80.040"), (2, "80.016"), (5, "79.741"), (12, "78.833")];
        assert_eq!(found, expected.map(|(day, value)| (day, value.to_owned())));
        assert!(trend_line(&[]).is_empty());
    }
}
