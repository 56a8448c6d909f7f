//! A chart for a screen: the model, what whoever points at it reads, and the one number of the page.

use chart::layer::Layer;
use chart::model::AxisKind;
use chart::{Model, Step};
use health::kind::fold;
use health::language::{numbers, word as said};
use health::series::per_day::DayValue;
use health::series::usual::usual;
use health::time::{Day, Zones, format_day};
use health::{key, say};
use serde::{Deserialize, Serialize};
use store::Store;

use super::lead;
use super::slots::{FROM, Slot, TIME, blocks, slots, within};
use crate::charts::{self, Detail, Overlay, Question, Reach, Subject};
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
    /// From where to where on the x axis, for a part of a day, a night or a workout; all of it where that is no part.
    #[serde(default)]
    pub part: Option<(f64, f64)>,
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
    /// Whether there are no data in its days, whatever part of them is shown.
    pub empty: bool,
    /// The word of the type that explains its numbers; none where days do not make them.
    pub explains: Option<String>,
    /// The nearest days with data, where there are none here.
    pub nearest: Option<Nearest>,
    /// All of the x axis, where parts of it can be shown.
    pub whole: Option<Whole>,
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
    /// What explains it: one type, of a pair that of each half.
    pub leads: Vec<Lead>,
}

/// Where a number is explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lead {
    /// The word of the type.
    pub word: String,
    /// Its name, where there are several.
    pub name: Option<String>,
    /// First local day; of a number that is one reading the day of that.
    pub first_day: String,
    /// Last local day.
    pub last_day: String,
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

/// The window's names for ranges.
const RANGES: [(&str, Reach); 6] = [
    ("day", Reach::Day),
    ("week", Reach::Week),
    ("month", Reach::Month),
    ("half_year", Reach::HalfYear),
    ("year", Reach::Year),
    ("all", Reach::All),
];
/// Days before a stretch that tell what was usual.
const BEFORE_DAYS: u32 = 28;

/// Days with data before and after a stretch that has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Nearest {
    /// The first and last day of the stretch itself; of one night the day that it would count for, twice.
    pub days: (String, String),
    /// Whether all of these are days that nights count for.
    pub nights: bool,
    /// The last one before.
    pub before: Option<String>,
    /// The first one after.
    pub after: Option<String>,
}

/// An x axis of which parts can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Whole {
    /// Its left end.
    pub from: f64,
    /// Its right end.
    pub to: f64,
    /// The shortest part.
    pub least: f64,
}

/// Returns the chart that a screen asks for.
pub fn chart(folder: &Folder, ask: &Ask, now_ms: i64) -> Result<Shown> {
    let last = ask.last.as_deref().map(charts::day).transpose()?;
    let subject = closer(Subject::parse(&ask.subject)?, ask.part);
    let page = ask.page.unwrap_or(1);
    let question = Question { subject, reach: Some(reach(&ask.range)?), last, page, now_ms };
    let store = folder.read()?;
    let zones = zones(&store)?;
    let mut model = charts::chart_of(&store, &zones, &question)?;
    let (first, last) = model.range.ends(&zones);
    let over_time = !matches!(question.subject, Subject::Pair(..) | Subject::Route(_) | Subject::Ecg(_));
    let slots = if over_time { slots(&model, &question, &zones) } else { Vec::new() };
    let events = is_now_and_then(&store, &question.subject)?;
    let hero = hero(&model, events)
        .map(|hero| of_half(hero, &question.subject))
        .filter(|_| matches!(question.subject, Subject::Type(_) | Subject::HeartRate(_) | Subject::Pressure));
    // What happens now and then has no average that it could be beside.
    let context = if ask.small && !events { context((&store, &zones), &question, first)? } else { None };
    let empty = model.is_empty();
    let is_night = model.table.columns.first().is_some_and(|head| *head == said(FROM));
    // The hours of a night lie on two days, and it counts for one.
    let own = if is_night { question.last.map_or((last, last), |day| (day, day)) } else { (first, last) };
    let nearest = if empty { lead::nearest((&store, &zones), &question.subject, own, is_night)? } else { None };
    let explains = lead::explains(&store, &question.subject)?;
    let measured = if is_night && !empty { charts::measured(&store, &model.range)? } else { Vec::new() };
    let hero = match (hero, &explains) {
        (Some(hero), Some(word)) => {
            // One reading is of its own day, whatever range it is shown in.
            let at = reading_at(&model).filter(|_| matches!(hero.what, "latest" | "pair")).map(|at| zones.day(at));
            let leads = lead::leads(&store, &question.subject, word, at.map_or((first, last), |day| (day, day)))?;
            Some(Hero { leads, ..hero })
        }
        (hero, _) => hero,
    };
    if ask.small {
        bare(&mut model);
    }
    let measured = measured.into_iter().map(Overlay::word).collect();
    let whole = whole(&model, &question.subject).filter(|_| !ask.small);
    let part = whole.and_then(|whole| inside(ask.part?, whole));
    let (model, slots) = match part {
        Some(part) => zoomed((&store, &zones), &question, model, part)?,
        None => (model, slots),
    };
    let (first_day, last_day) = (format_day(first), format_day(last));
    Ok(Shown { first_day, last_day, slots, hero, context, measured, empty, explains, nearest, whole, model })
}

/// A part of a chart, of which sentence, table and slots tell too. Lines go on to its edges; bars are those of its own
/// hours, which it may cut.
fn zoomed(
    (store, zones): (&Store, &Zones),
    question: &Question,
    whole: Model,
    part: (f64, f64),
) -> Result<(Model, Vec<Slot>)> {
    let mut told = charts::part_of(store, zones, question, part)?;
    (told.x.from, told.x.to) = part;
    let slots = within(slots(&told, question, zones), part);
    let shapes = told.layers.clone();
    let of_buckets = !whole.buckets.is_empty() && !matches!(question.subject, Subject::HeartRate(_));
    let drawn = chart::zoom::part(whole, part.0, part.1, zones).telling(told);
    Ok((if of_buckets { Model { layers: shapes, ..drawn } } else { drawn }, slots))
}

/// Whoever looks at a few hours sees every reading.
fn closer(subject: Subject, part: Option<(f64, f64)>) -> Subject {
    match subject {
        Subject::Type(word) if part.is_some() && fold(&word) == "heartrate" => Subject::HeartRate(Detail::Raw),
        other => other,
    }
}

/// The shortest part of a day or a night, and of a workout.
const LEAST_MS: f64 = 10.0 * 60_000.0;
const LEAST_SECONDS: f64 = 60.0;

/// The x axis of a day, a night or a workout.
fn whole(model: &Model, subject: &Subject) -> Option<Whole> {
    let (from, to) = (model.x.from, model.x.to);
    if matches!(subject, Subject::Profiles(_)) {
        return (to - from > LEAST_SECONDS).then_some(Whole { from, to, least: LEAST_SECONDS });
    }
    let is_time = from == model.range.start_ms as f64 && to == model.range.end_ms as f64;
    let is_fine = is_time && model.range.step == Step::Hour && !model.square;
    (is_fine && to - from > LEAST_MS).then_some(Whole { from, to, least: LEAST_MS })
}

/// As much of an axis as was asked for, moved into it where it lies outside; none where that is all of it.
fn inside((from, to): (f64, f64), whole: Whole) -> Option<(f64, f64)> {
    if !(from.is_finite() && to.is_finite() && from < to) {
        return None;
    }
    let width = (to - from).max(whole.least);
    let from = from.min(whole.to - width).max(whole.from);
    (width < whole.to - whole.from).then_some((from, from + width))
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
        leads: Vec::new(),
    })
}

/// Systolic and diastolic share one chart, whose number is both; who asks for one of them is told that one.
fn of_half(hero: Hero, subject: &Subject) -> Hero {
    let Subject::Type(word) = subject else { return hero };
    let value = match (fold(health::kind::short_name(word)).as_str(), hero.high) {
        ("bloodpressuresystolic", Some(high)) => high,
        ("bloodpressurediastolic", Some(_)) => hero.value,
        _ => return hero,
    };
    Hero { what: "latest", value, high: None, ..hero }
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

/// When the reading of [`latest`] was.
fn reading_at(model: &Model) -> Option<i64> {
    let at = model.layers.iter().find_map(|layer| match layer {
        Layer::Strokes { spans, .. } => spans.last().map(|span| span.at),
        Layer::Dots { points, .. } => points.last().map(|point| point.0),
        _ => None,
    });
    at.map(|at| at as i64)
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
    use crate::screen::Part;
    use crate::testing::TestFolder;

    /// Noon of 1 May 2026 in Berlin.
    const NOW_MS: i64 = 1_777_629_600_000;

    fn ask(subject: &str, range: &str, small: bool) -> Ask {
        Ask { subject: subject.to_owned(), range: range.to_owned(), small, ..Ask::default() }
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

    #[test]
    fn half_of_a_blood_pressure_tells_its_own_number() {
        let folder = TestFolder::filled("screen-halves");
        let hero =
            |subject: &str| chart(&folder, &ask(subject, "all", true), NOW_MS).expect(subject).hero.expect(subject);
        let pair = hero("blood_pressure");
        assert!(pair.high.is_some_and(|high| high > pair.value), "{pair:?}");
        let told = |subject: &str| (hero(subject).what, Some(hero(subject).value), hero(subject).high);
        assert_eq!(told("blood_pressure_systolic"), ("latest", pair.high, None));
        assert_eq!(told("blood_pressure_diastolic"), ("latest", Some(pair.value), None));
        assert_eq!(told("HKQuantityTypeIdentifierBloodPressureSystolic"), ("latest", pair.high, None));
    }

    #[track_caller]
    fn check_leads(subject: &str, range: &str, expected: &[(&str, &str, &str)]) {
        let quantity = |kind: &str, unit: &str, value: &str, at: &str| {
            format!(
                "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"Scale\" unit=\"{unit}\" value=\"{value}\" \
                 startDate=\"2026-03-{at}:00 +0000\" endDate=\"2026-03-{at}:00 +0000\"/>"
            )
        };
        let rows = [
            quantity("BodyMass", "kg", "74", "02 07:00"),
            quantity("BodyMass", "kg", "72", "12 07:00"),
            quantity("BloodPressureSystolic", "mmHg", "120", "11 07:00"),
            quantity("BloodPressureDiastolic", "mmHg", "80", "11 07:00"),
            quantity("StepCount", "count", "900", "13 07:00"),
        ];
        let folder = TestFolder::of_rows(&format!("screen-leads-{subject}-{range}"), &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let ask = Ask { last: Some("2026-03-14".to_owned()), ..ask(subject, range, false) };
        let leads = chart(&folder, &ask, NOW_MS).expect("a chart").hero.expect("a number").leads;
        let found: Vec<(&str, &str, &str)> =
            leads.iter().map(|lead| (lead.word.as_str(), lead.first_day.as_str(), lead.last_day.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_number_leads_to_the_days_it_is_made_of() {
        check_leads("body_mass", "month", &[("body_mass", "2026-03-12", "2026-03-12")]);
        check_leads("step_count", "week", &[("step_count", "2026-03-08", "2026-03-14")]);
        let pressure = [
            ("blood_pressure_systolic", "2026-03-11", "2026-03-11"),
            ("blood_pressure_diastolic", "2026-03-11", "2026-03-11"),
        ];
        check_leads("blood_pressure", "month", &pressure);
        check_leads("blood_pressure_diastolic", "month", &pressure[1..]);
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

    fn day_of(subject: &str, range: &str, last: &str, part: Option<(f64, f64)>) -> Shown {
        // Tests run side by side.
        let thread = std::thread::current().id();
        let part_name = part.map_or(0.0, |part| part.0 + part.1);
        let folder = TestFolder::filled(&format!("screen-{}-{range}-{part_name}-{thread:?}", subject.len()));
        crate::settings::set(&folder, "home_zone", "Europe/Berlin").expect("set");
        let ask = Ask { last: Some(last.to_owned()), part, ..ask(subject, range, false) };
        chart(&folder, &ask, NOW_MS).expect("a chart")
    }

    /// Noon of 14 March 2026 in Berlin.
    const NOON: f64 = 1_773_486_000_000.0;
    const HOUR: f64 = 3_600_000.0;

    #[test]
    fn a_part_of_a_day_is_shown_alone_and_moved_into_the_day() {
        let whole = day_of("HeartRate", "day", "2026-03-14", None);
        let all = whole.whole.expect("parts");
        assert_eq!((all.from, all.to), (NOON - 12.0 * HOUR, NOON + 12.0 * HOUR));
        for (asked, expected) in [
            ((NOON, NOON + HOUR), (NOON, NOON + HOUR)),
            ((NOON + 11.5 * HOUR, NOON + 13.5 * HOUR), (NOON + 10.0 * HOUR, NOON + 12.0 * HOUR)),
            ((NOON, NOON + 1.0), (NOON, NOON + all.least)),
            ((NOON, NOON + 48.0 * HOUR), (all.from, all.to)),
            ((NOON, NOON), (all.from, all.to)),
        ] {
            let shown = day_of("heart_rate", "day", "2026-03-14", Some(asked));
            assert_eq!((shown.model.x.from, shown.model.x.to), expected, "{asked:?}");
            assert!(shown.slots.iter().all(|slot| expected.0 <= slot.from && slot.to <= expected.1));
            assert_eq!(
                (shown.empty, shown.hero.map(|hero| hero.with_data)),
                (false, whole.hero.clone().map(|h| h.with_data))
            );
        }
        assert_eq!(day_of("heart_rate", "week", "2026-03-14", Some((NOON, NOON + HOUR))).whole, None);
    }

    /// A day with steps from 8 to 10 and a run of heart rates, of which a part from half past eight on is shown.
    fn half_past(subject: &str, part: (f64, f64)) -> Shown {
        let record = |kind: &str, unit: &str, value: &str, from: &str, until: &str| {
            format!(
                "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"Watch\" unit=\"{unit}\" value=\"{value}\" \
                 startDate=\"2026-03-14 {from}:00 +0000\" endDate=\"2026-03-14 {until}:00 +0000\"/>"
            )
        };
        let pulse = |at: &str, value: &str| record("HeartRate", "count/min", value, at, at);
        let rows = [
            record("StepCount", "count", "600", "08:00", "09:00"),
            record("StepCount", "count", "240", "09:00", "10:00"),
            pulse("08:10", "50"),
            pulse("08:40", "60"),
            pulse("09:20", "80"),
            pulse("09:50", "120"),
            record("OxygenSaturation", "%", "0.9", "08:10", "08:10"),
            record("OxygenSaturation", "%", "0.96", "08:40", "08:40"),
        ];
        let folder = TestFolder::of_rows(&format!("screen-part-{subject}-{}", part.1), &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let ask = Ask { last: Some("2026-03-14".to_owned()), part: Some(part), ..ask(subject, "day", false) };
        let shown = chart(&folder, &ask, NOW_MS).expect("a chart");
        for slot in &shown.slots {
            let stretch = slot.stretch.expect("a stretch");
            let told = crate::screen::explain_stretch(&folder, subject, stretch).expect("an explanation");
            let bucket = shown.model.buckets.iter().find(|bucket| (bucket.start_ms, bucket.end_ms) == stretch);
            assert_eq!(told.value, bucket.map(|bucket| bucket.mean), "{slot:?}");
        }
        shown
    }

    #[track_caller]
    fn check_part(subject: &str, rows: &[&[&str]], summary: &str) {
        let half = NOON - HOUR * 2.5;
        let shown = half_past(subject, (half, half + HOUR));
        assert_eq!(shown.model.table.rows, rows);
        assert_eq!(shown.model.summary, summary);
        assert_eq!(shown.model.days, "14 Mar 2026, 08:30\u{2013}09:30");
        assert_eq!(shown.slots.len(), rows.len());
    }

    #[test]
    fn a_part_of_a_day_tells_of_that_part() {
        let halves = ["08:30\u{2013}09:00", "09:00\u{2013}09:30"];
        check_part(
            "step_count",
            &[&[halves[0], "300", "1", ""], &[halves[1], "120", "1", ""]],
            "On 14 Mar 2026 from 08:30 to 09:30 steps came to 420, at most 300 in one hour; 2 of 2 hours have data.",
        );
        check_part(
            "heart_rate",
            &[&[halves[0], "60", "60", "60", "1"], &[halves[1], "80", "80", "80", "1"]],
            "On 14 Mar 2026 from 08:30 to 09:30 your heart rate ranged from 60 to 80 bpm; its mean over time was 70 bpm, \
             from 2 readings. 2 of 2 hours have data.",
        );
    }

    #[test]
    fn a_part_of_a_night_tells_of_that_part() {
        let asleep =
            |stage, from, until| category("SleepAnalysis", &format!("SleepAnalysisAsleep{stage}"), from, until);
        let rows = [asleep("Core", "10 23:00", "11 01:00"), asleep("Deep", "11 01:00", "11 06:00")];
        let folder = TestFolder::of_rows("screen-part-night", &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        // 11 March, 00:00 UTC.
        let midnight = NOON - 83.0 * HOUR;
        let part = Some((midnight + 0.5 * HOUR, midnight + 1.5 * HOUR));
        let shown = chart(&folder, &Ask { part, ..ask("sleep:night", "day", false) }, NOW_MS).expect("a night").model;
        let told: Vec<String> = shown.table.rows.iter().map(|row| row.join(" ")).collect();
        assert_eq!(
            told.get(told.len() - 2..),
            Some(&["00:30 01:00 Core 30 min".to_owned(), "01:00 01:30 Deep 30 min".to_owned()][..])
        );
        assert!(
            shown.summary.contains("from 00:30 to 01:30: 1 h asleep. Core 30 min, Deep 30 min."),
            "{}",
            shown.summary
        );
    }

    #[test]
    fn a_part_of_a_workout_tells_of_that_part() {
        let folder = TestFolder::filled("screen-part-workout");
        let all = crate::workouts::workouts(&folder, Default::default()).expect("workouts");
        let id = all.iter().find(|row| row.route_points > 1).expect("a route").id;
        let asked = |part| {
            let ask = Ask { part, ..ask(&format!("workout:{id}:profiles"), "day", false) };
            chart(&folder, &ask, NOW_MS).expect("a workout")
        };
        let whole = asked(None).whole.expect("parts");
        let middle = (whole.from + whole.to) / 2.0;
        let shown = asked(Some((middle, middle + whole.least)));
        let (from, to) = (format!("{:.1}", middle / 60.0), format!("{:.1}", (middle + whole.least) / 60.0));
        let rows = &shown.model.table.rows;
        assert_eq!((rows.first().map(|row| &row[0]), rows.last().map(|row| &row[0])), (Some(&from), Some(&to)));
        assert!(shown.model.summary.ends_with(&format!("This is of {from} to {to} min.")), "{}", shown.model.summary);
        let ends = (shown.slots.first().map(|slot| slot.from), shown.slots.last().map(|slot| slot.to));
        assert_eq!(ends, (Some(middle), Some(middle + whole.least)));
    }

    #[test]
    fn a_slot_knows_whose_days_it_tells() {
        let days = |subject: &str, range: &str| {
            let shown = day_of(subject, range, "2026-03-14", None);
            (shown.explains, shown.slots.iter().filter_map(|slot| slot.days.clone()).next_back())
        };
        let of = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
        let word = |word: &str| Some(word.to_owned());
        assert_eq!(days("step_count", "day"), (word("step_count"), of("2026-03-14", "2026-03-14")));
        assert_eq!(days("step_count", "week"), (word("step_count"), of("2026-03-14", "2026-03-14")));
        assert_eq!(days("HeartRate", "half_year"), (word("heart_rate"), of("2026-03-09", "2026-03-15")));
        assert_eq!(days("step_count", "year"), (word("step_count"), of("2026-03-01", "2026-03-31")));
        assert_eq!(days("sleep:night", "day"), (word("sleep"), of("2026-03-14", "2026-03-14")));
        assert_eq!(days("sleep:nights", "week"), (word("sleep"), of("2026-03-14", "2026-03-14")));
        assert_eq!(days("step_count:years", "year"), (word("step_count"), None));
    }

    #[test]
    fn a_slot_of_years_over_each_other_leads_to_the_days_of_each_year() {
        let steps = |day: &str, value: u32| {
            format!(
                "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Watch\" unit=\"count\" \
                 startDate=\"{day} 10:00:00 +0000\" endDate=\"{day} 11:00:00 +0000\" value=\"{value}\"/>"
            )
        };
        let rows = [
            steps("2024-02-01", 3000),
            steps("2024-02-29", 5000),
            steps("2024-12-31", 1000),
            steps("2026-02-02", 8000),
            steps("2026-02-28", 9000),
        ];
        let folder = TestFolder::of_rows("screen-years-why", &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        for (subject, least) in [("step_count:years", 3), ("step_count:years:weeks", 5)] {
            let slots = chart(&folder, &ask(subject, "year", false), NOW_MS).expect("a chart").slots;
            let mut told = 0;
            for slot in &slots {
                assert_eq!(slot.years.len(), slot.parts.len(), "{slot:?}");
                for ((first, last), part) in slot.years.iter().zip(&slot.parts) {
                    let days = crate::explain::explain_days(&folder, "step_count", first, last, NOW_MS).expect("days");
                    let value = part.text.replace(',', "").parse::<f64>().ok();
                    assert_eq!(days.mean, value, "{subject} {slot:?}");
                    told += usize::from(value.is_some());
                }
            }
            assert_eq!(told, least, "{slots:?}");
        }
    }

    #[test]
    fn a_cell_of_a_calendar_leads_to_its_day() {
        let folder = TestFolder::filled("screen-calendar-why");
        let slots = chart(&folder, &ask("step_count:calendar", "all", false), NOW_MS).expect("a chart").slots;
        let mut told = 0;
        for slot in &slots {
            let (first, last) = slot.days.clone().expect("a day");
            assert_eq!((first == last, slot.rows.is_some()), (true, true));
            let day = crate::explain::explain(&folder, "step_count", &first).expect("an answer");
            let value = slot.parts[0].text.replace(',', "").parse::<f64>().ok();
            assert_eq!(day.value, value, "{slot:?}");
            told += usize::from(value.is_some());
        }
        assert!(told >= 3 && slots.len() > told, "{told}");
    }

    #[test]
    fn an_hour_is_explained_by_itself_and_a_reading_by_its_moment() {
        let stretches = |subject: &str, last: &str| {
            let slots = day_of(subject, "day", last, None).slots;
            slots.iter().map(|slot| slot.stretch.map(|(from, until)| until - from)).collect::<Vec<_>>()
        };
        assert_eq!(stretches("step_count", "2026-03-14"), [Some(HOUR as i64); 3]);
        assert!(stretches("HeartRate", "2026-03-14").iter().all(|length| *length == Some(HOUR as i64)));
        assert_eq!(stretches("blood_pressure", "2026-03-14"), [Some(1)]);
        assert!(stretches("sleep:night", "2026-03-14").iter().all(Option::is_none));
        assert!(day_of("step_count", "week", "2026-03-14", None).slots.iter().all(|slot| slot.stretch.is_none()));
    }

    #[track_caller]
    fn check_nearest(last: &str, expected: Option<(Option<&str>, Option<&str>)>) {
        let step = |day: &str| {
            format!(
                "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Phone\" unit=\"count\" value=\"1\" \
                 startDate=\"{day} 10:00:00 +0000\" endDate=\"{day} 10:30:00 +0000\"/>"
            )
        };
        let folder = TestFolder::of_rows(&format!("screen-nearest-{last}"), &[step("2026-03-01"), step("2026-03-20")]);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let ask = Ask { last: Some(last.to_owned()), ..ask("step_count", "week", false) };
        let found = chart(&folder, &ask, NOW_MS).expect("a chart").nearest;
        let found = found.as_ref().map(|found| (found.before.as_deref(), found.after.as_deref()));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_gap_names_the_nearest_days_with_data() {
        check_nearest("2026-03-14", Some((Some("2026-03-01"), Some("2026-03-20"))));
        check_nearest("2026-02-14", Some((None, Some("2026-03-01"))));
        check_nearest("2026-04-14", Some((Some("2026-03-20"), None)));
        check_nearest("2026-03-20", None);
    }

    #[test]
    fn a_gap_of_rings_names_the_nearest_days_with_rings() {
        let rings = |day: &str| {
            format!(
                "<ActivitySummary dateComponents=\"2026-03-{day}\" activeEnergyBurned=\"300\" \
                 activeEnergyBurnedGoal=\"500\" activeEnergyBurnedUnit=\"kcal\" appleExerciseTime=\"10\" \
                 appleExerciseTimeGoal=\"30\" appleStandHours=\"8\" appleStandHoursGoal=\"12\"/>"
            )
        };
        let folder = TestFolder::of_rows("nearest-rings", &["01", "02", "20"].map(rings));
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let near = |range: &str, last: &str| {
            let ask = Ask { last: Some(last.to_owned()), ..ask("rings", range, false) };
            chart(&folder, &ask, NOW_MS).expect("a chart").nearest.map(|found| (found.before, found.after))
        };
        let day = |day: &str| Some(day.to_owned());
        assert_eq!(near("day", "2026-03-14"), Some((day("2026-03-02"), day("2026-03-20"))));
        assert_eq!(near("week", "2026-03-30"), Some((day("2026-03-20"), None)));
        assert_eq!(near("week", "2026-03-20"), None);
    }

    /// Nights of 9, 11 and 20 March by waking up, a nap on the 14th, and time in bed only before the 16th.
    fn nights_folder(name: &str, label: &str) -> TestFolder {
        let asleep = |from, until| category("SleepAnalysis", "SleepAnalysisAsleepCore", from, until);
        let rows = [
            asleep("08 23:00", "09 06:00"),
            asleep("10 23:00", "11 06:00"),
            asleep("14 13:00", "14 14:00"),
            category("SleepAnalysis", "SleepAnalysisInBed", "15 23:00", "16 06:00"),
            asleep("19 23:00", "20 06:00"),
        ];
        let folder = TestFolder::of_rows(name, &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        crate::settings::set(&folder, "night_label", label).expect("set");
        folder
    }

    #[track_caller]
    fn check_nights(label: &str, asked: (&str, &str), last: &str, days: (&str, &str), near: [Option<&str>; 2]) {
        let folder = nights_folder(&format!("nearest-{label}-{last}-{}", asked.0.len()), label);
        let ask = |last: &str| Ask { last: Some(last.to_owned()), ..ask(asked.0, asked.1, false) };
        let found = chart(&folder, &ask(last), NOW_MS).expect("a chart").nearest.expect("a gap");
        assert_eq!((found.days.0.as_str(), found.days.1.as_str(), found.nights), (days.0, days.1, true));
        assert_eq!([found.before.as_deref(), found.after.as_deref()], near);
        // What it leads to has data.
        for day in near.into_iter().flatten() {
            assert!(!chart(&folder, &ask(day), NOW_MS).expect("a chart").empty, "{day}");
        }
    }

    #[test]
    fn a_gap_in_sleep_names_the_nearest_nights_by_their_label() {
        let (night, nights, stages) = (("sleep:night", "day"), ("sleep:nights", "2"), ("sleep:stages", "2"));
        let one = |day: &'static str| (day, day);
        check_nights("wake", night, "2026-03-10", one("2026-03-10"), [Some("2026-03-09"), Some("2026-03-11")]);
        check_nights("wake", night, "2026-03-12", one("2026-03-12"), [Some("2026-03-11"), Some("2026-03-16")]);
        check_nights("evening", night, "2026-03-09", one("2026-03-09"), [Some("2026-03-08"), Some("2026-03-10")]);
        let days = ("2026-03-12", "2026-03-13");
        check_nights("wake", nights, "2026-03-13", days, [Some("2026-03-11"), Some("2026-03-16")]);
        check_nights("wake", stages, "2026-03-13", days, [Some("2026-03-11"), Some("2026-03-20")]);
        check_nights("evening", stages, "2026-03-13", days, [Some("2026-03-10"), Some("2026-03-19")]);
        check_nights("wake", stages, "2026-03-25", ("2026-03-24", "2026-03-25"), [Some("2026-03-20"), None]);
    }
}
