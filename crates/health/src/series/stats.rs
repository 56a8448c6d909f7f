//! Small statistics that give the same bits whatever the order of their input.

/// Returns the values sorted.
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Sum that does not depend on the order: values are added from the smallest to the largest.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    sorted(values).iter().sum()
}

/// Plain mean; none without values.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values = sorted(values);
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Variance of a sample (divided by n - 1); none below two values.
pub fn variance(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values = sorted(values);
    let mean = mean(values.iter().copied())?;
    let squares = sum(values.iter().map(|value| (value - mean) * (value - mean)));
    (values.len() > 1).then(|| squares / (values.len() - 1) as f64)
}

/// The value below which a share of 0 to 1 of sorted values lies, between two of them by a straight line (Hyndman and
/// Fan 1996, type 7, as in spreadsheets); none without values.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = place.floor();
    let low = sorted.get(below as usize)?;
    let high = sorted.get(below as usize + 1).unwrap_or(low);
    Some(low + (high - low) * (place - below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_values_changes_no_bit() {
        let values = [1e16, 1.0, -1e16, 0.1, 3.0];
        let mut other = values;
        other.reverse();
        assert_eq!(sum(values).to_bits(), sum(other).to_bits());
        assert_eq!((mean([]), mean([2.0, 4.0])), (None, Some(3.0)));
        assert_eq!((variance([5.0]), variance([1.0, 3.0])), (None, Some(2.0)));
    }

    #[test]
    fn percentiles_lie_between_values() {
        let values = sorted([40.0, 10.0, 30.0, 20.0]);
        let found = [0.0, 0.1, 0.5, 1.0].map(|share| percentile(&values, share));
        assert_eq!(found, [Some(10.0), Some(13.0), Some(25.0), Some(40.0)]);
        assert_eq!(percentile(&[], 0.5), None);
    }
}
