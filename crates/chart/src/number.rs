//! Numbers as charts write them, and axes with round ones.

use health::language::{grouped, pointed, word};
use health::{key, say};

use crate::model::{Axis, Tick};

/// An axis has at most this many labels.
pub const MOST_TICKS: usize = 6;
/// Nothing that a body does is larger; what claims to be is no number to draw.
const LARGEST: f64 = 1e12;

/// What stands where there is nothing.
pub(crate) fn no_data() -> String {
    word(key!("no data"))
}

/// Whether a number can be drawn.
pub(crate) fn usable(value: f64) -> bool {
    value.is_finite() && value.abs() <= LARGEST
}

/// A number with thousands set apart, a real minus sign, and no minus before a zero.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", halves_up(value.abs(), decimals));
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    let minus = value < 0.0 && text.chars().any(|c| ('1'..='9').contains(&c));
    format!("{}{whole}{}", if minus { "\u{2212}" } else { "" }, pointed(rest))
}

/// A size as it is to be written: an exact half goes up, as on the page, all else is left to whoever writes it.
fn halves_up(size: f64, decimals: usize) -> f64 {
    let tens = 10f64.powi(i32::try_from(decimals).unwrap_or(0));
    let scaled = size * tens;
    // What only comes near a half when it is multiplied is none: 72.35 lies below it.
    let is_half = scaled.fract() == 0.5 && size.mul_add(tens, -scaled) == 0.0;
    if is_half { scaled.ceil() / tens } else { size }
}

/// The value that stands there once it is written with so many decimals.
pub fn as_written(value: f64, decimals: usize) -> f64 {
    format!("{:.decimals$}", halves_up(value.abs(), decimals)).parse().map_or(value, |size: f64| size.copysign(value))
}

/// Units that are words, and one of them.
const WORDS: [(&str, &str); 6] = [
    (key!("steps"), key!("step")),
    (key!("floors"), key!("floor")),
    (key!("pushes"), key!("push")),
    (key!("strokes"), key!("stroke")),
    (key!("drinks"), key!("drink")),
    (key!("times"), key!("time")),
];

/// `54 bpm`, `1 step`; only the number where there is no unit.
pub(crate) fn with_unit(number: &str, unit: &str) -> String {
    let one = WORDS.iter().find(|(many, _)| number == "1" && *many == unit).map(|(_, one)| *one);
    if unit.is_empty() { number.to_owned() } else { format!("{number} {}", word(one.unwrap_or(unit))) }
}

/// `ranged from 44 to 171 bpm`, or `came to 44 bpm` where both are written alike: words that follow one name or many.
pub(crate) fn ranged(low: &str, high: &str, unit: &str) -> String {
    let high_text = with_unit(high, unit);
    if low == high {
        say!("came to {high_text}", high_text)
    } else {
        say!("ranged from {low} to {high_text}", low, high_text)
    }
}

/// The nearest minute, as on the page. A hair more, because minutes come from divisions.
pub fn whole_minutes(minutes: f64) -> i64 {
    (minutes + 1e-6).round() as i64
}

/// `7 h 23 min`, `45 min`
pub(crate) fn minutes(minutes: f64) -> String {
    let whole = whole_minutes(minutes);
    match (whole / 60, whole % 60) {
        (0, m) => say!("{m} min", m),
        (h, 0) => say!("{h} h", h),
        (h, m) => say!("{h} h {m} min", h, m),
    }
}

/// Smallest and largest of the numbers that can be drawn.
pub(crate) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|v| usable(*v)).fold(None, |ends, v| {
        let (low, high) = ends.unwrap_or((v, v));
        Some((low.min(v), high.max(v)))
    })
}

/// Returns the axis over `low..high` that has round ends, and is at least `least` long.
pub(crate) fn value_axis(low: f64, high: f64, least: f64) -> Axis {
    let (low, high) = if usable(low) && usable(high) { (low.min(high), high.max(low)) } else { (0.0, 1.0) };
    let missing = (least.max(low.abs() * 1e-6).max(1e-6) - (high - low)).max(0.0);
    let (low, high) = if low >= 0.0 {
        // What is never negative is not given room below zero.
        let below = (missing / 2.0).min(low);
        (low - below, high + missing - below)
    } else {
        (low - missing / 2.0, high + missing / 2.0)
    };
    let step = steps(high - low).find(|step| ticks_of(low, high, *step) <= MOST_TICKS);
    axis_of(low, high, step.unwrap_or(high - low))
}

/// Returns the axis from zero that every bar stands on.
pub(crate) fn bar_axis(high: f64, least: f64) -> Axis {
    value_axis(0.0, high.max(least), least)
}

/// Round steps: 1, 2, 4 and 5 times a power of ten, from far too small to too large.
fn steps(length: f64) -> impl Iterator<Item = f64> {
    let power = length.log10().floor() as i32 - 1;
    (power..power + 4).flat_map(|power| [1.0, 2.0, 4.0, 5.0].map(|round| round * 10f64.powi(power)))
}

/// The same number whether it was found as 0.30000000000000004 or as 0.3.
fn multiple(count: f64, step: f64) -> f64 {
    let whole = 10f64.powi(decimals(step) as i32);
    (count * step * whole).round() / whole
}

fn ends(low: f64, high: f64, step: f64) -> (f64, f64) {
    // A hair of tolerance, so that 0.6 / 0.2 does not count as a little more than 3.
    ((low / step + 1e-6).floor(), (high / step - 1e-6).ceil())
}

fn ticks_of(low: f64, high: f64, step: f64) -> usize {
    let (first, last) = ends(low, high, step);
    (last - first) as usize + 1
}

fn axis_of(low: f64, high: f64, step: f64) -> Axis {
    let (first, last) = ends(low, high, step);
    let decimals = decimals(step);
    let count = ((last - first) as usize).min(MOST_TICKS);
    let tick = |i: usize| {
        let at = multiple(first + i as f64, step);
        Tick::new(at, number(at, decimals))
    };
    Axis {
        from: multiple(first, step),
        to: multiple(last, step),
        ticks: (0..=count).map(tick).collect(),
        ..Axis::default()
    }
}

fn decimals(step: f64) -> usize {
    let whole = |digits: &i32| {
        let scaled = step * 10f64.powi(*digits);
        scaled.round() >= 1.0 && (scaled - scaled.round()).abs() < 1e-6 * scaled
    };
    (0..9).find(whole).unwrap_or(9) as usize
}

/// Turns an axis round: large values at the bottom.
pub(crate) fn inverted(axis: Axis) -> Axis {
    Axis { from: axis.to, to: axis.from, ..axis }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page rounds the same way: ui/src/format.ts.
    #[test]
    fn a_length_is_told_in_the_nearest_minutes() {
        let check = |of: f64, expected: &str| assert_eq!(minutes(of), expected, "{of}");
        check(479.4, "7 h 59 min");
        check(479.5, "8 h");
        check(479.499_999_999_9, "8 h");
        check(479.7, "8 h");
        check(59.6, "1 h");
        check(64.2, "1 h 4 min");
    }

    #[test]
    fn digits_stand_in_threes() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (16_061, "16,061"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), text);
        }
        assert_eq!(number(-1234.56, 1), "\u{2212}1,234.6");
        // As `toFixed` on the page has them: a half goes up, and what lies below one in binary does not.
        for (value, decimals, text) in [
            (58.5, 0, "59"),
            (2.5, 0, "3"),
            (0.25, 1, "0.3"),
            (14.25, 1, "14.3"),
            (72.25, 1, "72.3"),
            (72.35, 1, "72.3"),
            (0.75, 1, "0.8"),
            (1.005, 2, "1.00"),
            (-14.25, 1, "\u{2212}14.3"),
        ] {
            assert_eq!(number(value, decimals), text);
            assert_eq!(as_written(value, decimals).to_string().replace('-', "\u{2212}"), text.trim_end_matches(".00"));
        }
        assert_eq!(number(-0.01, 1), "0.0");
    }

    #[track_caller]
    fn check_axis(low: f64, high: f64, expected: &[&str]) {
        let axis = value_axis(low, high, 0.0);
        let labels: Vec<&str> = axis.ticks.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(labels, expected, "{low} to {high}");
        assert!(axis.from <= low + 1e-6 * low.abs() && axis.to >= high - 1e-6 * high.abs());
    }

    #[test]
    fn axes_have_round_numbers_and_at_most_six() {
        check_axis(44.0, 171.0, &["40", "80", "120", "160", "200"]);
        check_axis(0.0, 14_900.0, &["0", "4,000", "8,000", "12,000", "16,000"]);
        check_axis(78.4, 81.1, &["78", "79", "80", "81", "82"]);
        check_axis(0.0, 1.0, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    }

    #[test]
    fn an_axis_of_one_value_or_none_is_still_one() {
        for (low, high) in [(5.0, 5.0), (0.0, 0.0), (f64::NAN, 1.0), (-3.0, -3.0), (1e12, 1e12), (1e-9, 2e-9)] {
            let axis = value_axis(low, high, 0.0);
            assert!(axis.from.is_finite() && axis.to > axis.from, "{low} {high} {axis:?}");
            assert!((2..=MOST_TICKS).contains(&axis.ticks.len()), "{axis:?}");
        }
    }

    #[test]
    fn an_axis_is_as_long_as_asked() {
        let axis = value_axis(80.0, 80.2, 2.0);
        assert!(axis.to - axis.from >= 2.0, "{axis:?}");
    }
}
