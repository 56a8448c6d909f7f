//! A chart for a screen: the model, what whoever points at it reads, and the one number of the page.

use chart::Model;
use chart::layer::{Layer, Shape};
use chart::model::AxisKind;
use health::language::{numbers, word as said};
use health::series::per_day::DayValue;
use health::series::usual::usual;
use health::time::{Day, Zones, format_day};
use health::{key, say};
use serde::{Deserialize, Serialize};
use store::Store;

use crate::charts::{self, Overlay, Question, Reach, Subject};
use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::{find_kind, zones};
use crate::sleep::SLEEP;

/// What a screen wants to see.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ask {
    /// As in `vitalog chart`.
    pub subject: String,
    /// `day`, `week`, `month`, `half_year`, `year`, `all`, or a number of days.
    pub range: String,
    /// The last day, as 2026-03-14; none means the last one with data.
    pub last: Option<String>,
    /// Page of an electrocardiogram, counted from 1.
    #[serde(default)]
    pub page: Option<usize>,
    /// A card has room for shapes only.
    #[serde(default)]
    pub small: bool,
}

/// A chart, and how a screen speaks about it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What is drawn.
    pub model: Model,
    /// First local day.
    pub first_day: String,
    /// Last local day.
    pub last_day: String,
    /// What stands where, by place on the time axis; none where the axis is no time.
    pub slots: Vec<Slot>,
    /// The one number; none without data, and for charts that are no numbers over time.
    pub hero: Option<Hero>,
    /// What was usual before; only for a card.
    pub context: Option<Context>,
    /// What else was measured in a night, by the words of types; none for other charts.
    pub measured: Vec<&'static str>,
}

/// A place of the time axis, and what is told there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slot {
    /// From here, in milliseconds since 1970.
    pub from: f64,
    /// To here.
    pub to: f64,
    /// When, in words.
    pub label: String,
    /// The cells of the table there.
    pub parts: Vec<Part>,
}

/// A number with its name, as the table has them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Head of the column.
    pub name: String,
    /// The cell.
    pub text: String,
}

/// The one number of a page.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hero {
    /// `range`, `sum`, `average_a_day`, `average`, `latest` or `pair`.
    pub what: &'static str,
    /// The number; of a range or a pair the lower one.
    pub value: f64,
    /// The upper one of a range or a pair.
    pub high: Option<f64>,
    /// The mean of a range.
    pub mean: Option<f64>,
    /// The unit of all.
    pub unit: String,
    /// Digits behind the point.
    pub digits: usize,
    /// Readings, where the chart counts them.
    pub readings: Option<u64>,
    /// Slots with data.
    pub with_data: usize,
    /// All slots.
    pub slots: usize,
}

/// The four weeks before a stretch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Context {
    /// Their mean.
    pub before: f64,
    /// Between what the middle eight tenths of their days lie, where enough days have data.
    pub usual: Option<(f64, f64)>,
    /// Days with data among them.
    pub days: usize,
}

/// The head of the column that tells when something was measured.
const TIME: &str = key!("Time");

/// The window's names for ranges.
const RANGES: [(&str, Reach); 6] = [
    ("day", Reach::Day),
    ("week", Reach::Week),
    ("month", Reach::Month),
    ("half_year", Reach::HalfYear),
    ("year", Reach::Year),
    ("all", Reach::All),
];
/// The first column of the table of a night.
const FROM: &str = key!("From");
/// Days before a stretch that tell what was usual.
const BEFORE_DAYS: u32 = 28;

/// Returns the chart that a screen asks for.
pub fn chart(folder: &Folder, ask: &Ask, now_ms: i64) -> Result<Shown> {
    let last = ask.last.as_deref().map(charts::day).transpose()?;
    let subject = Subject::parse(&ask.subject)?;
    let page = ask.page.unwrap_or(1);
    let question = Question { subject, reach: Some(reach(&ask.range)?), last, page, now_ms };
    let store = folder.read()?;
    let zones = zones(&store)?;
    let mut model = charts::chart_of(&store, &zones, &question)?;
    let (first, last) = model.range.ends(&zones);
    let over_time =
        !matches!(question.subject, Subject::Pair(..) | Subject::Route(_) | Subject::Ecg(_) | Subject::Calendar(_));
    let slots = if over_time { slots(&model, &zones) } else { Vec::new() };
    let events = is_now_and_then(&store, &question.subject)?;
    let hero = hero(&model, events).filter(|_| matches!(question.subject, Subject::Type(_) | Subject::Pressure));
    // What happens now and then has no average that it could be beside.
    let context = if ask.small && !events { context((&store, &zones), &question, first)? } else { None };
    let is_night = model.table.columns.first().is_some_and(|head| head == FROM);
    let measured = if is_night && !model.is_empty() { charts::measured(&store, &model.range)? } else { Vec::new() };
    if ask.small {
        bare(&mut model);
    }
    let measured = measured.into_iter().map(Overlay::word).collect();
    Ok(Shown { first_day: format_day(first), last_day: format_day(last), slots, hero, context, measured, model })
}

fn reach(word: &str) -> Result<Reach> {
    let named = RANGES.iter().find(|(name, _)| *name == word).map(|(_, reach)| *reach);
    let reach = named.or_else(|| word.parse().ok().filter(|days| *days > 0).map(Reach::Days));
    reach.ok_or_else(|| {
        Error::new(
            Code::BadUsage,
            say!("There is no range `{word}`.", word),
            said(key!("Take day, week, month, half_year, year or all.")),
        )
    })
}

/// Only the shapes; what they mean stands beside them.
fn bare(model: &mut Model) {
    for axis in [&mut model.x, &mut model.y] {
        axis.kind = AxisKind::Hidden;
        axis.ticks.clear();
        axis.label.clear();
    }
    model.keys.clear();
    model.gaps.clear();
    model.panels.clear();
}

fn slots(model: &Model, zones: &Zones) -> Vec<Slot> {
    match model.table.columns.as_slice() {
        [from, ..] if *from == said(FROM) => segments(model),
        [first, ..] if *first == said(chart::years::FIRST) => of_years(model),
        [_, time, ..] if *time == said(TIME) => readings(model),
        _ => spans(model).into_iter().filter_map(|span| by_label(model, span, zones)).collect(),
    }
}

/// Where shapes stand on the time axis: the buckets, else the blocks.
fn spans(model: &Model) -> Vec<(f64, f64)> {
    if !model.buckets.is_empty() {
        return model.buckets.iter().map(|bucket| (bucket.start_ms as f64, bucket.end_ms as f64)).collect();
    }
    let mut spans: Vec<(f64, f64)> = blocks(&model.layers).map(|block| (block.x0, block.x1)).collect();
    spans.extend(model.panels.iter().flat_map(|panel| blocks(&panel.layers)).map(|block| (block.x0, block.x1)));
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    spans.dedup();
    spans
}

fn blocks(layers: &[Layer]) -> impl Iterator<Item = &chart::layer::Block> {
    layers.iter().flat_map(|layer| match layer {
        Layer::Blocks { blocks, shape: Shape::Column } => blocks.as_slice(),
        _ => &[],
    })
}

/// The rows of the table that speak of a slot of the range.
fn by_label(model: &Model, (from, to): (f64, f64), zones: &Zones) -> Option<Slot> {
    let label = model.range.slot_label(from as i64, to as i64, zones);
    let rows = model.table.rows.iter().filter(|row| row.first() == Some(&label));
    let parts: Vec<Part> = rows.flat_map(|row| parts(&model.table.columns, row, 1)).collect();
    (!parts.is_empty()).then_some(Slot { from, to, label, parts })
}

fn parts(columns: &[String], row: &[String], skip: usize) -> Vec<Part> {
    let cells = columns.iter().zip(row).skip(skip).filter(|(_, cell)| !cell.is_empty());
    cells.map(|(name, text)| Part { name: name.clone(), text: text.clone() }).collect()
}

/// A night: each stretch of a stage; the table has the time in bed before them.
fn segments(model: &Model) -> Vec<Slot> {
    let last = model.layers.iter().rev().find_map(|layer| match layer {
        Layer::Blocks { blocks, .. } => Some(blocks.as_slice()),
        _ => None,
    });
    let blocks = last.unwrap_or_default();
    let before = model.table.rows.len().saturating_sub(blocks.len());
    let slot = |(block, row): (&chart::layer::Block, &Vec<String>)| match row.as_slice() {
        [from, to, stage, length, ..] => Some(Slot {
            from: block.x0,
            to: block.x1,
            label: format!("{from} \u{2013} {to}"),
            parts: std::iter::once(Part { name: stage.clone(), text: length.clone() })
                .chain(parts(&model.table.columns, row, 4))
                .collect(),
        }),
        _ => None,
    };
    blocks.iter().zip(model.table.rows.iter().skip(before)).filter_map(slot).collect()
}

/// Years over each other: each row of the table has as much of the axis as the others.
fn of_years(model: &Model) -> Vec<Slot> {
    let width = (model.x.to - model.x.from) / model.table.rows.len().max(1) as f64;
    let slot = |(place, row): (usize, &Vec<String>)| Slot {
        from: model.x.from + place as f64 * width,
        to: model.x.from + (place + 1) as f64 * width,
        label: row.first().cloned().unwrap_or_default(),
        parts: parts(&model.table.columns, row, 1),
    };
    model.table.rows.iter().enumerate().map(slot).collect()
}

/// Single measurements: each reaches half way to its neighbours.
fn readings(model: &Model) -> Vec<Slot> {
    let rows = &model.table.rows;
    let places = model.layers.iter().find_map(|layer| places(layer).filter(|places| places.len() == rows.len()));
    let Some(places) = places else { return Vec::new() };
    let (start, end) = (model.range.start_ms as f64, model.range.end_ms as f64);
    let middle = |a: Option<&f64>, b: Option<&f64>, or: f64| a.zip(b).map_or(or, |(a, b)| (a + b) / 2.0);
    let slot = |(i, row): (usize, &Vec<String>)| Slot {
        from: middle(i.checked_sub(1).and_then(|i| places.get(i)), places.get(i), start),
        to: middle(places.get(i), places.get(i + 1), end),
        label: row.iter().take(2).cloned().collect::<Vec<_>>().join(", "),
        parts: parts(&model.table.columns, row, 2),
    };
    rows.iter().enumerate().map(slot).collect()
}

fn places(layer: &Layer) -> Option<Vec<f64>> {
    match layer {
        Layer::Dots { points, .. } => Some(points.iter().map(|point| point.0).collect()),
        Layer::Strokes { spans, .. } => Some(spans.iter().map(|span| span.at).collect()),
        _ => None,
    }
}

/// Whether a chart has the totals of what happens now and then.
fn is_now_and_then(store: &Store, subject: &Subject) -> Result<bool> {
    let Subject::Type(word) = subject else { return Ok(false) };
    let found = find_kind(store, word)?;
    // A night is counted in hours.
    Ok(charts::now_and_then(&found) && found.kind.identifier != SLEEP)
}

fn hero(model: &Model, events: bool) -> Option<Hero> {
    let (what, value, high) = number(model, events)?;
    let range = what == "range";
    Some(Hero {
        what,
        value,
        high,
        mean: model.totals.as_ref().filter(|_| range).map(|totals| totals.mean),
        unit: model.unit.clone(),
        digits: digits(model),
        readings: model.totals.as_ref().filter(|_| what == "range" || what == "average").map(|totals| totals.n),
        with_data: model.buckets.len(),
        slots: if model.buckets.is_empty() { 0 } else { model.table.rows.len() },
    })
}

fn number(model: &Model, events: bool) -> Option<(&'static str, f64, Option<f64>)> {
    let columns = blocks(&model.layers).next().is_some();
    // Single measurements: the newest says more than their mean.
    let totals = model.totals.as_ref().filter(|_| model.table.columns.get(1).is_none_or(|head| *head != said(TIME)));
    match totals {
        Some(totals) if model.title == said(HEART_RATE) => Some(("range", totals.min, Some(totals.max))),
        Some(_) if columns && (events || model.range.step == chart::Step::Hour) => {
            Some(("sum", model.buckets.iter().map(|bucket| bucket.mean).sum(), None))
        }
        Some(totals) if columns => Some(("average_a_day", totals.mean, None)),
        Some(totals) => Some(("average", totals.mean, None)),
        None => latest(model),
    }
}

/// The chart of the one type that is told by its lowest and its highest.
const HEART_RATE: &str = chart::heart_rate::TITLE;

fn latest(model: &Model) -> Option<(&'static str, f64, Option<f64>)> {
    model.layers.iter().find_map(|layer| match layer {
        Layer::Strokes { spans, .. } => spans.last().map(|span| ("pair", span.low, Some(span.high))),
        Layer::Dots { points, .. } => points.last().map(|point| ("latest", point.1, None)),
        _ => None,
    })
}

/// As many as the table prints.
fn digits(model: &Model) -> usize {
    let cells = model.table.rows.iter().flat_map(|row| row.iter().skip(1));
    let behind = |cell: &String| match cell.split_once(numbers().point) {
        Some((_, rest)) if rest.bytes().all(|c| c.is_ascii_digit()) => rest.len(),
        _ => 0,
    };
    cells.map(behind).max().unwrap_or(0)
}

/// The four weeks before the first day of a chart.
fn context((store, zones): (&Store, &Zones), question: &Question, first: Day) -> Result<Option<Context>> {
    if !matches!(question.subject, Subject::Type(_)) {
        return Ok(None);
    }
    let before = Question { reach: Some(Reach::Days(BEFORE_DAYS)), last: Some(first - 1), ..question.clone() };
    let model = charts::chart_of(store, zones, &before)?;
    let days: Vec<DayValue> = model
        .buckets
        .iter()
        .map(|bucket| DayValue { day: zones.day_from(bucket.start_ms), value: bucket.mean })
        .collect();
    let band = usual(&days, first).map(|band| (band.low, band.high));
    Ok(model.totals.map(|totals| Context { before: totals.mean, usual: band, days: days.len() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    /// Noon of 1 May 2026 in Berlin.
    const NOW_MS: i64 = 1_777_629_600_000;

    fn ask(subject: &str, range: &str, small: bool) -> Ask {
        Ask { subject: subject.to_owned(), range: range.to_owned(), last: None, page: None, small }
    }

    #[test]
    fn whoever_points_at_a_slot_reads_its_row_of_the_table() {
        let folder = TestFolder::filled("screen-slots");
        for (subject, range) in [
            ("heart_rate", "month"),
            ("step_count", "week"),
            ("sleep", "day"),
            ("body_mass", "all"),
            ("step_count:years", "year"),
        ] {
            let shown = chart(&folder, &ask(subject, range, false), NOW_MS).expect(subject);
            assert!(!shown.slots.is_empty(), "{subject}");
            for slot in &shown.slots {
                assert!(slot.from < slot.to && !slot.parts.is_empty(), "{subject}: {slot:?}");
                let told = |part: &Part| shown.model.table.rows.iter().any(|row| row.contains(&part.text));
                assert!(slot.parts.iter().all(told), "{subject}: {slot:?}");
            }
        }
    }

    #[track_caller]
    fn check_hero(subject: &str, range: &str, expected: &str) {
        let folder = TestFolder::filled(&format!("screen-{}-{range}", subject.replace([':', ','], "-")));
        let shown = chart(&folder, &ask(subject, range, false), NOW_MS).expect(subject);
        assert_eq!(shown.hero.map(|hero| hero.what), Some(expected), "{subject}");
    }

    #[test]
    fn the_number_of_a_page_suits_its_chart() {
        check_hero("heart_rate", "month", "range");
        check_hero("step_count", "day", "sum");
        check_hero("step_count", "month", "average_a_day");
        check_hero("oxygen_saturation", "month", "average");
        check_hero("body_mass", "all", "latest");
        check_hero("blood_pressure", "all", "pair");
    }

    fn category(kind: &str, value: &str, from: &str, until: &str) -> String {
        format!(
            "<Record type=\"HKCategoryTypeIdentifier{kind}\" value=\"HKCategoryValue{value}\" sourceName=\"Watch\" \
             startDate=\"2026-03-{from}:00 +0000\" endDate=\"2026-03-{until}:00 +0000\"/>"
        )
    }

    #[test]
    fn a_night_is_read_where_nothing_was_written_too() {
        let asleep = |from, until| category("SleepAnalysis", "SleepAnalysisAsleepCore", from, until);
        let rows = [asleep("10 23:00", "11 01:00"), asleep("11 01:30", "11 06:00")];
        let folder = TestFolder::of_rows("screen-silence", &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let slots = chart(&folder, &ask("sleep", "day", false), NOW_MS).expect("a night").slots;
        let told: Vec<(&str, &str)> = slots.iter().map(|s| (s.label.as_str(), s.parts[0].name.as_str())).collect();
        let silence = ("01:00 \u{2013} 01:30", "Nothing written (awake)");
        assert_eq!(told, [("23:00 \u{2013} 01:00", "Core"), silence, ("01:30 \u{2013} 06:00", "Core")]);
    }

    #[test]
    fn what_happens_now_and_then_is_counted_and_not_averaged() {
        let headache =
            |day: &str| category("Headache", "SeverityMild", &format!("{day} 10:00"), &format!("{day} 11:00"));
        let folder = TestFolder::of_rows("screen-events", &["02", "03", "05", "20"].map(headache));
        let shown = chart(&folder, &ask("headache", "half_year", true), NOW_MS).expect("a chart");
        let hero = shown.hero.expect("a number");
        assert_eq!((hero.what, hero.value, shown.context.is_none()), ("sum", 4.0, true));
        assert!(shown.model.summary.contains("came to 4 times, at most 3 in one week"), "{}", shown.model.summary);
    }

    #[test]
    fn a_card_has_shapes_and_no_words() {
        let folder = TestFolder::filled("screen-card");
        let shown = chart(&folder, &ask("step_count", "week", true), NOW_MS).expect("a card");
        assert!(shown.model.x.ticks.is_empty() && shown.model.y.label.is_empty() && shown.model.keys.is_empty());
        assert!(shown.hero.is_some());
    }

    #[test]
    fn a_range_that_does_not_exist_is_refused() {
        let folder = TestFolder::filled("screen-range");
        for range in ["fortnight", "0", "-3", ""] {
            let error = chart(&folder, &ask("step_count", range, false), NOW_MS).map(|shown| shown.first_day);
            assert_eq!(error.map_err(|error| error.code), Err(Code::BadUsage), "{range}");
        }
        assert!(chart(&folder, &ask("step_count", "17", false), NOW_MS).is_ok());
    }
}
