//! Distance and elevation of a route: a check beside the workout's own numbers, for GPS adds up its noise.

use crate::formats::route::Point;

/// Mean radius of the earth in metres (IUGG).
const RADIUS_M: f64 = 6_371_008.8;
/// Elevations are averaged over that long.
const SMOOTH_MS: i64 = 10_000;
/// What rises or falls less is noise.
const HYSTERESIS_M: f64 = 3.0;

/// Metres of the great circle between two places (haversine).
pub fn distance_m(a: &Point, b: &Point) -> f64 {
    let (north, east) = ((b.lat - a.lat).to_radians(), (b.lon - a.lon).to_radians());
    let (sin_north, sin_east) = ((north / 2.0).sin(), (east / 2.0).sin());
    let h = sin_north * sin_north + a.lat.to_radians().cos() * b.lat.to_radians().cos() * sin_east * sin_east;
    2.0 * RADIUS_M * h.clamp(0.0, 1.0).sqrt().asin()
}

/// Metres along the parts of a route, each in its own order; what lies between two parts does not count.
pub fn length_m<'a>(parts: impl IntoIterator<Item = &'a [Point]>) -> f64 {
    let part =
        |points: &'a [Point]| points.iter().zip(points.iter().skip(1)).map(|(a, b)| distance_m(a, b)).sum::<f64>();
    parts.into_iter().map(part).sum()
}

/// Metres up and down.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Elevation {
    /// Metres gained.
    pub up: f64,
    /// Metres lost.
    pub down: f64,
}

/// Returns the metres up and down of one part of a route: elevations are averaged over ten seconds, and a climb counts
/// from its foot to its top once it turned by three metres. None without elevations or times.
pub fn elevation(points: &[Point]) -> Option<Elevation> {
    let mut heights: Vec<(i64, f64)> = points.iter().filter_map(|p| Some((p.time_ms?, p.ele?))).collect();
    heights.retain(|(_, height)| height.is_finite());
    heights.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let smooth = smoothed(&heights);
    let first = *smooth.first()?;
    let mut found = Elevation::default();
    // The lowest and highest since the last turn; from the one that came first the way goes to the other.
    let (mut foot, mut top, mut rising) = (first, first, None);
    for height in smooth {
        (foot, top) = (foot.min(height), top.max(height));
        if rising != Some(false) && top - height >= HYSTERESIS_M {
            found.up += if rising == Some(true) { top - foot } else { 0.0 };
            (rising, foot) = (Some(false), height);
        } else if rising != Some(true) && height - foot >= HYSTERESIS_M {
            found.down += if rising == Some(false) { top - foot } else { 0.0 };
            (rising, top) = (Some(true), height);
        }
    }
    match rising {
        Some(true) => found.up += top - foot,
        Some(false) => found.down += top - foot,
        None => {}
    }
    Some(found)
}

/// Means over the ten seconds around each point, by running sums: a route may have a million points.
fn smoothed(heights: &[(i64, f64)]) -> Vec<f64> {
    let mut sums = vec![0.0];
    let mut total = 0.0;
    sums.extend(heights.iter().map(|(_, height)| {
        total += height;
        total
    }));
    let mean = |(at, height): &(i64, f64)| {
        let from = heights.partition_point(|(time, _)| *time < at - SMOOTH_MS / 2);
        let until = heights.partition_point(|(time, _)| *time <= at + SMOOTH_MS / 2);
        let sum = sums.get(until).zip(sums.get(from)).map(|(high, low)| high - low);
        sum.map_or(*height, |sum| sum / (until - from).max(1) as f64)
    };
    heights.iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(lat: f64, lon: f64) -> Point {
        Point { lat, lon, ..Point::default() }
    }

    #[test]
    fn a_degree_of_the_equator_is_111_kilometres() {
        assert_eq!(distance_m(&place(0.0, 0.0), &place(0.0, 1.0)).round(), 111_195.0);
        // Berlin to Paris.
        assert_eq!((distance_m(&place(52.52, 13.405), &place(48.8566, 2.3522)) / 1000.0).round(), 877.0);
        assert_eq!(distance_m(&place(10.0, 20.0), &place(10.0, 20.0)), 0.0);
    }

    #[test]
    fn the_way_between_two_parts_does_not_count() {
        let (first, second) = ([place(0.0, 0.0), place(0.0, 1.0)], [place(0.0, 5.0), place(0.0, 6.0)]);
        assert_eq!(length_m([&first[..], &second[..]]).round(), 222_390.0);
        assert_eq!(length_m([]), 0.0);
    }

    /// Heights, twenty seconds apart, so that nothing is smoothed.
    #[track_caller]
    fn check(heights: &[f64], up: f64, down: f64) {
        let point =
            |(time, ele): (i64, &f64)| Point { time_ms: Some(time * 20_000), ele: Some(*ele), ..Point::default() };
        let points: Vec<Point> = (0..).zip(heights).map(point).collect();
        let found = elevation(&points).expect("elevations");
        assert!((found.up - up).abs() < 1e-9 && (found.down - down).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn climbs_count_from_foot_to_top() {
        check(&[100.0, 101.0, 102.0, 103.0, 120.0, 110.0, 112.0], 20.0, 10.0);
        check(&[100.0, 99.0, 98.0, 105.0, 104.0, 110.0], 12.0, 0.0);
        check(&[50.0, 40.0, 30.0], 0.0, 20.0);
    }

    #[test]
    fn noise_below_three_metres_is_flat() {
        check(&[100.0, 102.0, 100.0, 102.5, 100.5, 101.0], 0.0, 0.0);
        check(&[100.0, 104.0, 102.0, 106.0], 6.0, 0.0);
    }

    #[test]
    fn single_jumps_of_the_sensor_are_smoothed() {
        let point = |time: i64| Point {
            time_ms: Some(time * 1000),
            ele: Some(if time == 30 { 120.0 } else { 100.0 }),
            ..Point::default()
        };
        let points: Vec<Point> = (0..60).map(point).collect();
        assert!(elevation(&points).is_some_and(|found| found.up < 2.0));
        assert_eq!(elevation(&[place(0.0, 0.0)]), None);
    }
}
