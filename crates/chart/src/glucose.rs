//! Glucose: the readings as dots and a line, meals below, and the band that somebody set for themselves.

use health::language::word;
use health::time::Zones;
use health::{counted, key, say};

use crate::layer::{Dot, Fill, Key, Layer, Sign, Span, Tone};
use crate::model::{Average, Axis, LEFT_OUT, Model, Point, Reading, Table, Totals};
use crate::number::{extent, minutes, number, ranged, usable, value_axis};
use crate::range::{Range, clock, named_day};
use crate::slots::{joined, point, reach, sound, totals_of};
use crate::theme::Hue;
use crate::thin;

const TITLE: &str = key!("Glucose");

/// What is drawn; the unit is the user's and the numbers are in it.
#[derive(Debug, Clone, Copy)]
pub struct Glucose<'a> {
    /// `mg/dL` or `mmol/L`.
    pub unit: &'a str,
    /// Readings, sorted.
    pub readings: &'a [Reading],
    /// How often the sensor measures; readings that lie much further apart are not joined.
    pub spacing_ms: i64,
    /// The user's own target, if they set one.
    pub target: Option<(f64, f64)>,
    /// The share of the time within it, 0 to 1, and how many minutes that time is, where readings tell.
    pub within: Option<(f64, f64)>,
    /// The mean of all days, as the caller found it; without it, it is that of the readings.
    pub average: Option<Average>,
    /// When meals were noted.
    pub meals_ms: &'a [i64],
}

/// Returns the chart.
pub fn model(glucose: &Glucose, range: Range, zones: &Zones) -> Model {
    let readings = sound(glucose.readings, &range);
    let target = glucose.target.filter(|(low, high)| usable(*low) && usable(*high) && low < high);
    let glucose = &Glucose { target, ..*glucose };
    let values = readings.iter().map(|r| r.value).chain(target.iter().flat_map(|(low, high)| [*low, *high]));
    let decimals = if glucose.unit.starts_with("mmol") { 1 } else { 0 };
    // Two usual units, two usual extents of an empty chart.
    let usual = if decimals == 1 { (4.0, 10.0) } else { (70.0, 180.0) };
    let (low, high) = extent(values).unwrap_or(usual);
    let y = value_axis(low, high, (usual.1 - usual.0) / 2.0).labelled(glucose.unit);
    let meals: Vec<i64> = glucose.meals_ms.iter().copied().filter(|at| range.holds(*at)).collect();
    Model {
        layers: target_band(target, &range).into_iter().chain(layers(glucose, &readings, &meals, &y, &range)).collect(),
        keys: keys(target, &meals, decimals),
        x: Axis::days(&range, zones),
        y,
        summary: summary(glucose, &readings, &meals, decimals, &range, zones),
        table: table(&readings, decimals, zones),
        totals: totals(glucose, &readings),
        ..Model::new(TITLE, glucose.unit, range, zones)
    }
}

/// Shaded between its lines, which are what has to be seen.
fn target_band(target: Option<(f64, f64)>, range: &Range) -> Option<Layer> {
    let (low, high) = target?;
    let span = |at: i64| Span { at: at as f64, low, high };
    Some(Layer::Band { hue: Hue::Neutral, tone: Tone::Pale, spans: vec![span(range.start_ms), span(range.end_ms)] })
}

fn layers(glucose: &Glucose, readings: &[Reading], meals: &[i64], y: &Axis, range: &Range) -> Vec<Layer> {
    let points: Vec<Point> = readings.iter().map(point).collect();
    let (from, length) = (range.start_ms as f64, (range.end_ms - range.start_ms) as f64);
    let thinned = |run: Vec<Point>| thin::for_any_width(&run, from, length);
    let line = |run| Layer::Line { hue: Hue::Vitals, tone: Tone::Full, width: 1.4, points: thinned(run) };
    let dots = Layer::Dots { hue: Hue::Vitals, dot: Dot::Disc, points: thinned(points.clone()) };
    let meals = meals.iter().map(|at| (*at as f64, y.from)).collect();
    let meals = Layer::Dots { hue: Hue::Workout, dot: Dot::Triangle, points: meals };
    let lines = joined(&points, reach(glucose.spacing_ms.max(1))).into_iter().map(line);
    lines.chain([dots, meals]).collect()
}

fn keys(target: Option<(f64, f64)>, meals: &[i64], decimals: usize) -> Vec<Key> {
    let target = target.map(|(low, high)| {
        let (low, high) = (number(low, decimals), number(high, decimals));
        let label = say!("your target {low} \u{2013} {high}", low, high);
        Key::new(label, Sign::Box(Fill::solid(Hue::Neutral, Tone::Pale)))
    });
    let meal = (!meals.is_empty()).then(|| Key::new(key!("meal"), Sign::Triangle(Hue::Workout)));
    target.into_iter().chain(meal).collect()
}

fn summary(
    glucose: &Glucose,
    readings: &[Reading],
    meals: &[i64],
    decimals: usize,
    range: &Range,
    zones: &Zones,
) -> String {
    let when = range.when(zones);
    let Some(totals) = totals(glucose, readings) else { return say!("{when} there are no glucose readings.", when) };
    let meals =
        if meals.is_empty() { String::new() } else { say!(" {meals} noted.", meals = counted!(meals.len(), "meal")) };
    let share = glucose.target.zip(glucose.within.filter(|(share, covered)| usable(*share) && usable(*covered)));
    let within = share.map_or_else(String::new, |((low, high), (share, covered))| {
        let (low, high, share) = (number(low, decimals), number(high, decimals), number(share * 100.0, 0));
        let covered = minutes(covered);
        say!(
            " It was from {low} to {high} for {share} % of the {covered} that its readings tell of.",
            low,
            high,
            share,
            covered
        )
    });
    say!(
        "{when} your glucose {ranged}; the mean of {readings} was {mean} {unit}{open}.{within}{meals}",
        when,
        ranged = ranged(&number(totals.min, decimals), &number(totals.max, decimals), glucose.unit),
        readings = counted!(totals.n, "reading"),
        mean = number(totals.mean, decimals),
        unit = glucose.unit,
        open = if totals.leaves_out { word(LEFT_OUT) } else { String::new() },
        within,
        meals,
    )
}

fn totals(glucose: &Glucose, readings: &[Reading]) -> Option<Totals> {
    totals_of(readings).map(|totals| totals.with_average(glucose.average))
}

fn table(readings: &[Reading], decimals: usize, zones: &Zones) -> Table {
    let row = |r: &Reading| {
        let day = zones.day(r.at_ms);
        [named_day(day), clock(r.at_ms, zones), number(r.value, decimals)]
    };
    Table::new([key!("Day"), key!("Time"), key!("Value")], readings.iter().map(row))
}
