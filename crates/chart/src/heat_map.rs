//! A calendar of any daily measure: a column a week, a row a weekday, five steps from little to much. A day without
//! data is an empty outline. More than some sixty weeks have a row of weeks for each year, the newest one lowest.

use health::language::word;
use health::time::{Day, Zones, parse_day};
use health::{key, say};

use crate::layer::{Block, Fill, Key, Layer, Pattern, Shape, Sign, Tone};
use crate::model::{Axis, AxisKind, Measure, Model, Table, Tick};
use crate::number::{extent, minutes, no_data, usable};
use crate::range::{
    MONTHS, Range, Step, WEEKDAYS, civil, long_day, month_starts, named_day, short_day, weekday_number,
};
use crate::theme::Hue;

const NAMED: [&str; 7] = [WEEKDAYS[0], "", WEEKDAYS[2], "", WEEKDAYS[4], "", WEEKDAYS[6]];
const STEPS: u8 = 5;
/// More days have a row for each year.
const MOST_DAYS_IN_A_ROW: Day = 430;
/// A year that begins on a Sunday and has 366 days lies in so many weeks.
const WEEKS_OF_A_YEAR: f64 = 54.0;
/// Weekdays of a year and the space below them.
const YEAR_ROWS: f64 = 8.0;

/// The value of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayValue {
    /// The local day.
    pub day: Day,
    /// How much.
    pub value: f64,
}

/// Returns the calendar of a range; `values` must be sorted by day, at most one a day. A year fits well.
pub fn model(measure: &Measure, values: &[DayValue], range: Range, zones: &Zones) -> Model {
    let (first, last) = range.ends(zones);
    let values: Vec<DayValue> =
        values.iter().filter(|v| (first..=last).contains(&v.day) && usable(v.value)).copied().collect();
    let days = range.day_numbers(zones);
    let page = Page::of(first, last);
    let cell = |day: Day, fill: Fill| {
        let (column, row) = page.place(day);
        Block { x0: column, x1: column + 1.0, y0: row, y1: row + 1.0, fill }
    };
    let steps = Steps::of(&values, measure);
    let value_of = |day: Day| values.binary_search_by_key(&day, |v| v.day).ok().and_then(|at| values.get(at));
    let fill = |day: Day| value_of(day).map_or_else(missing, |v| steps.fill(measure.hue, v.value));
    let blocks = if values.is_empty() { Vec::new() } else { days.iter().map(|day| cell(*day, fill(*day))).collect() };
    Model {
        x: page.weeks(&days),
        y: page.weekdays(),
        layers: vec![Layer::Blocks { shape: Shape::Cell, blocks }],
        keys: if values.is_empty() { Vec::new() } else { steps.keys(measure) },
        square: true,
        summary: summary(measure, &values, range.days_begun(zones), &range, zones),
        table: table(measure, &days, value_of),
        ..Model::new(measure.title, measure.unit, range, zones)
    }
}

/// Where days stand: all weeks in one row, or in a row for each year.
struct Page {
    first: Day,
    last: Day,
}

impl Page {
    fn of(first: Day, last: Day) -> Self {
        Self { first, last }
    }

    fn has_years(&self) -> bool {
        self.last.saturating_sub(self.first) >= MOST_DAYS_IN_A_ROW
    }

    /// How many years lie between that of a day and the last one.
    fn years_before(&self, day: Day) -> f64 {
        civil(self.last).0.saturating_sub(civil(day).0) as f64
    }

    /// The column and the row of a day, counted from below.
    fn place(&self, day: Day) -> (f64, f64) {
        let from = if self.has_years() { new_year(day) } else { self.first };
        let monday = from.saturating_sub(weekday_number(from) as Day);
        let above = if self.has_years() { self.years_before(day) * YEAR_ROWS } else { 0.0 };
        ((day.saturating_sub(monday) / 7) as f64, above + 6.0 - weekday_number(day) as f64)
    }

    fn weeks(&self, days: &[Day]) -> Axis {
        let (to, ticks) = if self.has_years() {
            let new_year = new_year(self.last);
            let year: Vec<Day> = (new_year..new_year.saturating_add(365)).collect();
            let named = month_starts(&year).into_iter().zip(std::iter::once(MONTHS[0]).chain(std::iter::repeat("")));
            let tick = |((day, label), first): ((Day, String), &str)| {
                Tick::new(self.place(day).0, if first.is_empty() { label } else { word(first) })
            };
            (WEEKS_OF_A_YEAR, named.map(tick).collect())
        } else {
            (self.place(self.last).0 + 1.0, months(days, |day| self.place(day).0))
        };
        Axis { from: 0.0, to, ticks, kind: AxisKind::Lanes, label: String::new() }
    }

    fn weekdays(&self) -> Axis {
        if !self.has_years() {
            return Axis::lanes(&NAMED);
        }
        let (first, last) = (civil(self.first).0, civil(self.last).0);
        let middle = |year| (last - year) as f64 * YEAR_ROWS + 3.5;
        let ticks = (first..=last).map(|year| Tick::new(middle(year), year.to_string())).collect();
        let to = (last - first) as f64 * YEAR_ROWS + 7.0;
        Axis { from: 0.0, to, ticks, kind: AxisKind::Lanes, label: String::new() }
    }
}

fn new_year(day: Day) -> Day {
    parse_day(&format!("{:04}-01-01", civil(day).0)).unwrap_or(day)
}

fn missing() -> Fill {
    Fill { hue: Hue::Neutral, tone: Tone::Soft, pattern: Pattern::Outline }
}

/// Round bounds of five steps of the same size.
struct Steps {
    from: f64,
    size: f64,
}

impl Steps {
    fn of(values: &[DayValue], measure: &Measure) -> Self {
        let (low, high) = extent(values.iter().map(|v| v.value)).unwrap_or((0.0, 1.0));
        // Bounds that are written differently are different.
        let least = 10f64.powi(-(measure.decimals as i32));
        let smallest = ((high - low) / f64::from(STEPS)).max(least);
        let power = 10f64.powi(smallest.log10().floor() as i32);
        let sizes = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 20.0].map(|times| times * power);
        // A size with half a digit would be written as another number.
        let whole = |size: &f64| ((size / least).round() - size / least).abs() < 1e-6;
        let from = |size: f64| (low / size + 1e-9).floor() * size;
        let fits = |size: &f64| from(*size) + size * f64::from(STEPS) >= high;
        let size = sizes.into_iter().filter(whole).find(fits).unwrap_or(20.0 * power);
        Self { from: from(size), size }
    }

    fn fill_of(&self, hue: Hue, step: u8) -> Fill {
        Fill::solid(hue, Tone::Step(step + 1))
    }

    fn fill(&self, hue: Hue, value: f64) -> Fill {
        let step = ((value - self.from) / self.size + 1e-9).floor();
        self.fill_of(hue, (step as u8).min(STEPS - 1))
    }

    fn keys(&self, measure: &Measure) -> Vec<Key> {
        let bound = |i: u8| measure.number(self.from + f64::from(i) * self.size);
        let label = |i: u8| format!("{}\u{2013}{}", bound(i), bound(i + 1));
        let unit = Key::new(measure.unit, Sign::None);
        let keys = (0..STEPS).map(|i| Key::new(label(i), Sign::Box(self.fill_of(measure.hue, i))));
        let none = Key::new(no_data(), Sign::Box(missing()));
        std::iter::once(unit).filter(|key| !key.label.is_empty()).chain(keys).chain([none]).collect()
    }
}

fn months(days: &[Day], week: impl Fn(Day) -> f64) -> Vec<Tick> {
    let starts = month_starts(days);
    let first = if starts.is_empty() { days.first().map(|day| (*day, short_day(*day))) } else { None };
    first.into_iter().chain(starts).map(|(day, label)| Tick::over(week(day), week(day) + 1.0, label)).collect()
}

fn summary(measure: &Measure, values: &[DayValue], days: usize, range: &Range, zones: &Zones) -> String {
    let when = range.when(zones);
    let by = |a: &&DayValue, b: &&DayValue| a.value.total_cmp(&b.value);
    let (Some(low), Some(high)) = (values.iter().min_by(by), values.iter().max_by(by)) else {
        return say!("{when} there are no data for {name}.", when, name = measure.name());
    };
    let (name, most, of) = (measure.name(), said(measure, high.value), Step::Day.with_data(values.len(), days));
    let (first, last) = (long_day(low.day), long_day(high.day));
    if low.value == high.value {
        return say!("{when} {name} came to {most} on every day with data; {of}.", when, name, most, of);
    }
    say!(
        "{when} {name} ranged from {least} on {first} to {most} on {last}; {of}.",
        when,
        name,
        least = if measure.unit == HOURS { said(measure, low.value) } else { measure.number(low.value) },
        first,
        most,
        last,
        of
    )
}

/// Whoever sleeps for 7.2 hours sleeps for 7 h 12 min.
fn said(measure: &Measure, hours: f64) -> String {
    if measure.unit == HOURS { minutes(hours * 60.0) } else { measure.said(hours) }
}

fn cell(measure: &Measure, value: f64) -> String {
    if measure.unit == HOURS { said(measure, value) } else { measure.number(value) }
}

const HOURS: &str = "h";

fn table<'v>(measure: &Measure, days: &[Day], value_of: impl Fn(Day) -> Option<&'v DayValue>) -> Table {
    let row = |day: &Day| {
        let text = value_of(*day).map_or_else(no_data, |v| cell(measure, v.value));
        [named_day(*day), text]
    };
    Table::new([key!("Day"), measure.title], days.iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_asleep_are_hours_and_minutes() {
        let zones = Zones::named("UTC").expect("a zone");
        let values = [DayValue { day: 0, value: 6.25 }, DayValue { day: 1, value: 8.2 }];
        let range = Range::new(0, 2 * 86_400_000, Step::Day);
        let sleep = Measure { title: "Sleep", unit: "h", hue: Hue::Sleep, decimals: 1 };
        let told = model(&sleep, &values, range, &zones);
        let said = "ranged from 6 h 15 min on 1 Jan 1970 to 8 h 12 min on 2 Jan 1970";
        assert!(told.summary.contains(said), "{}", told.summary);
        assert_eq!(told.table.rows[0][1], "6 h 15 min");
    }
}
