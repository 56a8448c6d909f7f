//! Fewer points with the same look: what lies in one column of pixels is a stroke from its lowest to its highest.

/// As many columns as the widest picture has pixels.
const COLUMNS: f64 = 4000.0;

/// Keeps what a picture of any width can show of points over `from..from + length`: a model holds no more than that.
pub(crate) fn for_any_width(points: &[(f64, f64)], from: f64, length: f64) -> Vec<(f64, f64)> {
    columns(points, from, (length / COLUMNS).max(f64::MIN_POSITIVE))
}

/// Keeps the first, lowest, highest and last point of every column of `width`, counted from `left`, in their order.
/// Points must come in order of x; lines that do not (a route on a map) are left as they are.
pub(crate) fn columns(points: &[(f64, f64)], left: f64, width: f64) -> Vec<(f64, f64)> {
    let in_order = points.is_sorted_by(|a, b| a.0 <= b.0);
    if !in_order || points.len() < 8 {
        return points.to_vec();
    }
    let column = |point: &(f64, f64)| ((point.0 - left) / width).floor();
    points.chunk_by(|a, b| column(a) == column(b)).flat_map(extremes).copied().collect()
}

/// At most four points of a run, each at most once.
fn extremes(run: &[(f64, f64)]) -> impl Iterator<Item = &(f64, f64)> {
    let by = |a: &(usize, &(f64, f64)), b: &(usize, &(f64, f64))| a.1.1.total_cmp(&b.1.1);
    let lowest = run.iter().enumerate().min_by(by).map_or(0, |(i, _)| i);
    let highest = run.iter().enumerate().max_by(by).map_or(0, |(i, _)| i);
    let mut kept = vec![0, lowest, highest, run.len().saturating_sub(1)];
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().filter_map(|i| run.get(i))
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn a_column_keeps_its_ends_and_its_peaks() {
        let points: Vec<(f64, f64)> = (0..100).map(|i| (f64::from(i) / 50.0, f64::from(i * 37 % 101))).collect();
        let thin = columns(&points, 0.0, 1.0);
        assert!(thin.len() <= 8);
        for half in [&points[..50], &points[50..]] {
            let lowest = half.iter().min_by(|a, b| a.1.total_cmp(&b.1)).expect("points");
            let highest = half.iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("points");
            assert!(thin.contains(lowest) && thin.contains(highest) && thin.contains(&half[0]));
        }
    }

    #[test]
    fn few_points_and_routes_stay_as_they_are() {
        let back: Vec<(f64, f64)> = (0..20).map(|i| (f64::from(i % 5), 1.0)).collect();
        assert_eq!(columns(&back, 0.0, 100.0), back);
        assert_eq!(columns(&[], 0.0, 1.0), []);
    }
}
