//! Splits: how long each kilometre or mile took.

use super::route::distance_m;
use super::totals::moving_ms;
use crate::formats::route::Point;
use crate::series::merge::{Span, merge};

/// No workout has more splits; a damaged distance must not fill the memory.
const MOST_SPLITS: usize = 10_000;

/// How far somebody had come at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// Milliseconds since 1970 in UTC.
    pub at_ms: i64,
    /// Metres since the start.
    pub distance_m: f64,
}

/// One kilometre or mile; the last may be shorter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Milliseconds without pauses.
    pub moving_ms: i64,
    /// Metres.
    pub distance_m: f64,
}

impl Split {
    /// Seconds for each metre; none where nobody moved.
    pub fn pace_s_per_m(&self) -> Option<f64> {
        (self.distance_m > 0.0).then(|| self.moving_ms as f64 / 1000.0 / self.distance_m)
    }
}

/// Marks of a route, in the order of time; points without a time are left out.
pub fn marks_of_route(points: &[Point]) -> Vec<Mark> {
    let mut timed: Vec<(i64, &Point)> = points.iter().filter_map(|point| Some((point.time_ms?, point))).collect();
    timed.sort_by_key(|(at, _)| *at);
    let (mut before, mut total): (Option<&Point>, f64) = (None, 0.0);
    let mark = |(at_ms, point)| {
        total += before.replace(point).map_or(0.0, |before| distance_m(before, point));
        Mark { at_ms, distance_m: total }
    };
    timed.into_iter().map(mark).collect()
}

/// Marks of all parts of a route; on the way from one part to the next nobody comes further. What goes back in time is
/// left out: two files may tell the same stretch.
pub fn marks_of_parts(parts: &[Vec<Point>]) -> Vec<Mark> {
    let mut out: Vec<Mark> = Vec::new();
    for part in parts {
        let (since, before) = out.last().map_or((i64::MIN, 0.0), |last| (last.at_ms, last.distance_m));
        let later: Vec<Point> =
            part.iter().filter(|point| point.time_ms.is_some_and(|at| at >= since)).copied().collect();
        out.extend(marks_of_route(&later).into_iter().map(|m| Mark { distance_m: before + m.distance_m, ..m }));
    }
    out
}

/// Marks of distance samples in metres within `[start_ms, end_ms]`, merged where sources overlap.
pub fn marks_of_samples(spans: &[Span], start_ms: i64, end_ms: i64) -> Vec<Mark> {
    let mut out = vec![Mark { at_ms: start_ms, distance_m: 0.0 }];
    let mut total = 0.0;
    for piece in merge(spans) {
        let (from, until) = (piece.start_ms.max(start_ms), piece.end_ms.min(end_ms));
        if from < until {
            out.push(Mark { at_ms: from, distance_m: total });
            total += piece.value * (until - from) as f64 / (piece.end_ms - piece.start_ms) as f64;
            out.push(Mark { at_ms: until, distance_m: total });
        }
    }
    out
}

/// Cuts a way into pieces of some metres. Between two marks the pace is even; `pauses` may overlap.
pub fn splits(marks: &[Mark], length_m: f64, pauses: &[(i64, i64)]) -> Vec<Split> {
    let Some(first) = marks.first().filter(|_| length_m > 0.0) else { return Vec::new() };
    let mut out: Vec<Split> = Vec::new();
    let mut last = *first;
    let mut push = |from: Mark, to: Mark| {
        let moving = moving_ms(from.at_ms, to.at_ms, pauses);
        let distance_m = to.distance_m - from.distance_m;
        out.push(Split { start_ms: from.at_ms, end_ms: to.at_ms, moving_ms: moving, distance_m });
        out.len() < MOST_SPLITS
    };
    for (a, b) in marks.iter().zip(marks.iter().skip(1)) {
        while b.distance_m - last.distance_m >= length_m {
            let goal = last.distance_m + length_m;
            let share = (goal - a.distance_m) / (b.distance_m - a.distance_m);
            let at_ms = a.at_ms + ((b.at_ms - a.at_ms) as f64 * share).round() as i64;
            let here = Mark { at_ms, distance_m: goal };
            if !push(last, here) {
                return out;
            }
            last = here;
        }
    }
    if let Some(end) = marks.last().filter(|end| end.distance_m > last.distance_m) {
        push(last, *end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ways::Ways;

    /// Seconds and metres to seconds of each split, without pauses, and metres.
    #[track_caller]
    fn check(marks: &[(i64, f64)], pauses: &[(i64, i64)], expected: &[(i64, f64)]) {
        let marks: Vec<Mark> = marks.iter().map(|(s, m)| Mark { at_ms: s * 1000, distance_m: *m }).collect();
        let pauses: Vec<(i64, i64)> = pauses.iter().map(|(a, b)| (a * 1000, b * 1000)).collect();
        let found = splits(&marks, Ways::METRIC.way.metres, &pauses);
        let found: Vec<(i64, f64)> = found.iter().map(|s| (s.moving_ms / 1000, s.distance_m)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_kilometre_is_cut_between_two_marks() {
        check(&[(0, 0.0), (600, 2000.0), (1000, 3000.0)], &[], &[(300, 1000.0), (300, 1000.0), (400, 1000.0)]);
        check(&[(0, 0.0), (500, 1500.0), (700, 1700.0)], &[], &[(333, 1000.0), (366, 700.0)]);
        check(&[(0, 0.0)], &[], &[]);
        check(&[], &[], &[]);
    }

    #[test]
    fn a_pause_takes_no_time() {
        let marks = [(0, 0.0), (300, 1000.0), (900, 1000.0), (1200, 2000.0)];
        check(&marks, &[(300, 900)], &[(300, 1000.0), (300, 1000.0)]);
    }

    #[test]
    fn samples_and_routes_make_marks() {
        let span = |start_ms, end_ms, value, rank| Span { start_ms, end_ms, value, rank };
        let spans = [span(0, 100, 100.0, 0), span(100, 300, 200.0, 0), span(0, 300, 310.0, 1)];
        let marks = marks_of_samples(&spans, 50, 200);
        assert_eq!(marks.last(), Some(&Mark { at_ms: 200, distance_m: 150.0 }));
        let point = |lon: f64, time_ms| Point { lon, time_ms, ..Point::default() };
        let marks =
            marks_of_route(&[point(2.0, Some(20)), point(9.0, None), point(0.0, Some(0)), point(1.0, Some(10))]);
        let found: Vec<(i64, f64)> = marks.iter().map(|m| (m.at_ms, (m.distance_m / 1000.0).round())).collect();
        assert_eq!(found, [(0, 0.0), (10, 111.0), (20, 222.0)]);
    }

    #[test]
    fn between_two_parts_of_a_route_nobody_comes_further() {
        let point = |lon: f64, time: i64| Point { lon, time_ms: Some(time), ..Point::default() };
        let parts = [vec![point(0.0, 0), point(1.0, 10)], vec![point(0.5, 5), point(5.0, 20), point(6.0, 30)]];
        let marks = marks_of_parts(&parts);
        let found: Vec<(i64, f64)> = marks.iter().map(|m| (m.at_ms, (m.distance_m / 1000.0).round())).collect();
        assert_eq!(found, [(0, 0.0), (10, 111.0), (20, 111.0), (30, 222.0)]);
    }

    #[test]
    fn a_damaged_distance_fills_no_memory() {
        let marks = [Mark { at_ms: 0, distance_m: 0.0 }, Mark { at_ms: 1000, distance_m: 1e300 }];
        assert_eq!(splits(&marks, 1.0, &[]).len(), MOST_SPLITS);
        let pace = splits(&[marks[0], Mark { at_ms: 1000, distance_m: 4.0 }], Ways::IMPERIAL.way.metres, &[])[0]
            .pace_s_per_m();
        assert_eq!(pace, Some(0.25));
    }
}
