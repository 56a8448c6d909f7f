//! Years over each other: a line for each over January to December, the newest the strongest.

use health::language::word;
use health::time::Zones;
use health::{key, say};

use crate::layer::{Dot, Key, Layer, Note, Sign, Tone, alone};
use crate::model::{Axis, Measure, Model, Point, Table, Tick};
use crate::number::{extent, no_data, usable, value_axis};
use crate::range::{MONTHS, Range};
use crate::slots::joined;
use crate::theme::Hue;

const YEAR_MONTHS: f64 = 12.0;
/// Weeks of seven days from 1 January on; the last one has the rest of the year.
pub const WEEKS: usize = 52;
/// Colours of the years before the newest one.
const HUES: [Hue; 5] = [Hue::Sleep, Hue::Activity, Hue::Body, Hue::Vitals, Hue::Heart];

/// Into what a year is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Twelve months.
    Month,
    /// Weeks from 1 January on.
    Week,
}

impl By {
    fn slots(self) -> usize {
        match self {
            Self::Month => MONTHS.len(),
            Self::Week => WEEKS,
        }
    }

    /// How wide a slot is on an axis of months.
    fn width(self) -> f64 {
        YEAR_MONTHS / self.slots() as f64
    }

    /// What a slot shows: all that happened in it, or the average of its days.
    fn what(self, total: bool) -> String {
        word(match (self, total) {
            (Self::Month, true) => key!("all of each month"),
            (Self::Week, true) => key!("all of each week"),
            (Self::Month, false) => key!("average of the days of each month"),
            (Self::Week, false) => key!("average of the days of each week"),
        })
    }

    fn label(self, slot: usize) -> String {
        match self {
            Self::Month => word(MONTHS.get(slot).copied().unwrap_or_default()),
            Self::Week => say!("Week {n}", n = slot + 1),
        }
    }
}

/// One year.
#[derive(Debug, Clone, PartialEq)]
pub struct Year {
    /// Its number.
    pub year: i16,
    /// Its slots that have data, by their place from 0.
    pub values: Vec<(usize, f64)>,
    /// The number of all of it, found by the caller.
    pub mean: f64,
}

/// Returns the chart of years, the newest first. `total` says that a slot shows all that happened in it, and not the
/// average of its days.
pub fn model(measure: &Measure<'_>, years: &[Year], by: By, total: bool, range: Range, zones: &Zones) -> Model {
    let years: Vec<Year> =
        years.iter().map(|year| sound(year, by)).filter(|year| usable(year.mean) && !year.values.is_empty()).collect();
    let ends = extent(years.iter().flat_map(|year| &year.values).map(|(_, value)| *value));
    let (low, high) = ends.unwrap_or((0.0, 1.0));
    let least = 4.0 * 10f64.powi(-(measure.decimals as i32));
    let lines: Vec<Line<'_>> =
        years.iter().enumerate().map(|(place, year)| Line::new(measure, place, year, by)).collect();
    let notes = lines.iter().filter_map(Line::note).collect();
    let mut layers: Vec<Layer> = lines.iter().rev().flat_map(|line| line.layers(by)).collect();
    layers.push(Layer::Notes { notes });
    Model {
        x: Axis { from: 0.0, to: YEAR_MONTHS, ticks: months(), ..Axis::default() },
        // From zero, unless that would press all lines together.
        y: value_axis(if (0.0..high / 2.0).contains(&low) { 0.0 } else { low }, high, least).labelled(measure.unit),
        keys: lines.iter().map(Line::key).collect(),
        layers,
        summary: summary(measure, &years, by, total),
        table: table(measure, &years, by),
        ..Model::new(measure.title, measure.unit, range, zones)
    }
}

fn sound(year: &Year, by: By) -> Year {
    let is_sound = |(slot, value): &&(usize, f64)| *slot < by.slots() && usable(*value);
    Year { values: year.values.iter().filter(is_sound).copied().collect(), ..year.clone() }
}

fn months() -> Vec<Tick> {
    (0u8..).zip(MONTHS).map(|(i, name)| Tick::over(f64::from(i), f64::from(i) + 1.0, word(name))).collect()
}

/// A year as it is drawn.
struct Line<'y> {
    year: &'y Year,
    hue: Hue,
    tone: Tone,
    width: f64,
    points: Vec<Point>,
}

impl<'y> Line<'y> {
    fn new(measure: &Measure<'_>, place: usize, year: &'y Year, by: By) -> Self {
        let others: Vec<Hue> = HUES.into_iter().filter(|hue| *hue != measure.hue).collect();
        let older = place.checked_sub(1).and_then(|place| others.get(place % others.len().max(1))).copied();
        let points = year.values.iter().map(|(slot, value)| ((*slot as f64 + 0.5) * by.width(), *value)).collect();
        let (hue, tone, width) = older.map_or((measure.hue, Tone::Full, 2.4), |hue| (hue, Tone::Soft, 1.4));
        Self { year, hue, tone, width, points }
    }

    fn layers(&self, by: By) -> Vec<Layer> {
        let (hue, tone, width) = (self.hue, self.tone, self.width);
        let most = by.width() * 1.5;
        let lines = joined(&self.points, most).into_iter().map(|points| Layer::Line { hue, tone, width, points });
        let dots = match by {
            By::Month => Some(Layer::Dots { hue, dot: Dot::Speck, points: self.points.clone() }),
            By::Week => alone(&self.points, most, hue),
        };
        lines.chain(dots).collect()
    }

    fn key(&self) -> Key {
        Key::new(self.year.year.to_string(), Sign::Line(self.hue, self.tone))
    }

    /// The number of the year at the end of its line.
    fn note(&self) -> Option<Note> {
        self.points.last().map(|at| Note { at: *at, text: self.year.year.to_string() })
    }
}

fn summary(measure: &Measure<'_>, years: &[Year], by: By, total: bool) -> String {
    if years.is_empty() {
        return say!("{name}: there are no data in these years.", name = measure.title());
    }
    let told = |year: &Year| format!("{} {}", year.year, measure.text(year.mean));
    let years: Vec<String> = years.iter().map(told).collect();
    let (name, what, years) = (measure.title(), by.what(total), years.join(", "));
    say!("{name} year over year, {what}. On average: {years}.", name, what, years)
}

fn table(measure: &Measure<'_>, years: &[Year], by: By) -> Table {
    let mut columns = vec![word(FIRST)];
    columns.extend(years.iter().map(|year| year.year.to_string()));
    let cell = |year: &Year, slot: usize| {
        let found = year.values.iter().find(|(place, _)| *place == slot);
        found.map_or_else(no_data, |(_, value)| measure.number(*value))
    };
    let row = |slot: usize| {
        let mut row = vec![by.label(slot)];
        row.extend(years.iter().map(|year| cell(year, slot)));
        row
    };
    Table { columns, rows: (0..by.slots()).map(row).collect() }
}

/// The head of the first column of the table: what is cut alike in each year.
pub const FIRST: &str = key!("Of the year");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cumulative::STEPS;
    use crate::range::Step;

    fn year(year: i16, values: &[(usize, f64)], mean: f64) -> Year {
        Year { year, values: values.to_vec(), mean }
    }

    fn of(years: &[Year], by: By) -> Model {
        let range = Range::new(0, 86_400_000, Step::Month);
        model(&STEPS, years, by, false, range, &Zones::named("UTC").expect("a zone"))
    }

    #[test]
    fn each_year_is_a_line_and_a_column() {
        let years = [year(2026, &[(0, 8000.0), (1, 9000.0), (3, 7000.0)], 8000.0), year(2025, &[(11, 5000.0)], 5000.0)];
        let found = of(&years, By::Month);
        let lines = found.layers.iter().filter(|layer| matches!(layer, Layer::Line { .. })).count();
        assert_eq!(lines, 1, "April is no neighbour of February, and December is alone");
        assert_eq!(found.table.columns, ["Of the year", "2026", "2025"]);
        assert_eq!(found.table.rows[0], ["Jan", "8,000", "no data"]);
        assert_eq!(found.table.rows[11], ["Dec", "no data", "5,000"]);
        assert!(found.summary.ends_with("On average: 2026 8,000 steps, 2025 5,000 steps."), "{}", found.summary);
    }

    #[test]
    fn weeks_lie_over_the_same_months() {
        let found = of(&[year(2026, &[(0, 1.0), (51, 2.0), (52, 3.0)], 1.5)], By::Week);
        let dots = found.layers.iter().find_map(|layer| match layer {
            Layer::Dots { points, .. } => Some(points.clone()),
            _ => None,
        });
        let places: Vec<f64> = dots.unwrap_or_default().iter().map(|point| (point.0 * 100.0).round()).collect();
        assert_eq!((places.as_slice(), found.table.rows.len()), ([12.0, 1188.0].as_slice(), 52));
    }

    #[test]
    fn years_without_data_are_left_out() {
        let found = of(&[year(2026, &[], 0.0), year(2025, &[(3, f64::NAN)], 0.0)], By::Month);
        assert!(found.is_empty() && found.keys.is_empty());
        assert_eq!(found.summary, "Steps: there are no data in these years.");
    }
}
