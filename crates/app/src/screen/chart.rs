//! A chart for a screen: the model, what whoever points at it reads, and the one number of the page.

use chart::model::AxisKind;
use chart::{Model, Step};
use health::kind::fold;
use health::language::word as said;
use health::series::per_day::DayValue;
use health::series::usual::usual;
use health::time::{Day, Zones, format_day};
use health::{key, say};
use serde::{Deserialize, Serialize};
use store::Store;

use super::hero::{Hero, hero};
use super::lead::{self, Origin};
use super::slots::{FROM, Slot, slots, within};
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
    /// The last day of another time of the same range that it is compared with: both have one scale.
    #[serde(default)]
    pub beside: Option<String>,
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
    /// The first day that it tells of, where it begins before there was anything: a year of all time.
    pub since: Option<String>,
    /// The last day that has begun, where it goes on into days to come.
    pub until: Option<String>,
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
    /// Where its numbers come from, where those are no records.
    pub origin: Option<Origin>,
    /// The nearest days with data, where there are none here.
    pub nearest: Option<Nearest>,
    /// All of the x axis, where parts of it can be shown.
    pub whole: Option<Whole>,
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Nearest {
    /// The first and last day of the stretch itself; of one night the day that it would count for, twice.
    pub days: (String, String),
    /// Whether all of these are days that nights count for.
    pub nights: bool,
    /// The last one before.
    pub before: Option<String>,
    /// The first one after.
    pub after: Option<String>,
    /// What was measured on the last one before; none of what adds up over a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<Hero>,
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
    let mut question = Question { subject, reach: Some(reach(&ask.range)?), last, page, now_ms };
    let store = folder.read()?;
    let zones = zones(&store)?;
    let mut model = charts::chart_of(&store, &zones, &question)?;
    if let Some(day) = ask.beside.as_deref() {
        let other = Question { last: Some(charts::day(day)?), ..question.clone() };
        model = model.on_the_scale_of(&charts::chart_of(&store, &zones, &other)?);
    }
    let (first, last) = model.range.ends(&zones);
    let is_night = model.table.columns.first().is_some_and(|head| *head == said(FROM));
    if is_night && question.last.is_none() {
        question.last = Some(charts::day_of_night(&store, &zones, &question)?);
    }
    let has_slots = !matches!(question.subject, Subject::Route(_) | Subject::Ecg(_));
    let whole = whole(&model, &question.subject).filter(|_| !ask.small);
    let part = whole.and_then(|whole| inside(ask.part?, whole));
    let told = part.map(|part| told((&store, &zones), &question, part)).transpose()?;
    // What is read and told is of the part that is shown.
    let shown = told.as_ref().unwrap_or(&model);
    let slots = if has_slots { slots(shown, &question, &zones) } else { Vec::new() };
    let slots = match part {
        Some(part) => within(slots, part),
        None => slots,
    };
    let events = is_now_and_then(&store, &question.subject)?;
    let explains = lead::explains(&store, &question.subject)?;
    let hero = hero((&store, &zones), (&question.subject, shown), events, explains.as_deref(), part.is_some())?;
    // What happens now and then has no average that it could be beside.
    let context = if ask.small && !events { context((&store, &zones), &question, first)? } else { None };
    let empty = model.is_empty();
    // The hours of a night lie on two days, and it counts for one.
    let own = if is_night { question.last.map_or((last, last), |day| (day, day)) } else { (first, last) };
    let nearest = if empty { lead::nearest((&store, &zones), &question.subject, own, is_night)? } else { None };
    let latest = match nearest.as_ref().and_then(|nearest| nearest.before.as_deref()) {
        Some(day) if !events => latest((&store, &zones), &question, day, explains.as_deref())?,
        _ => None,
    };
    let nearest = nearest.map(|nearest| Nearest { latest, ..nearest });
    let measured = if is_night && !empty { charts::measured(&store, &model.range)? } else { Vec::new() };
    if ask.small {
        bare(&mut model);
    }
    let measured = measured.into_iter().map(Overlay::word).collect();
    let model = match part.zip(told) {
        Some((part, told)) => zoomed(&question.subject, model, told, part, &zones),
        None => model,
    };
    let origin = if empty || ask.small { None } else { lead::origin(&store, &question.subject, (first, last))? };
    let since = Some(model.range.since(&zones)).filter(|since| *since > first).map(format_day);
    let until = Some(model.range.until(&zones)).filter(|until| *until < last).map(format_day);
    let (first_day, last_day) = (format_day(first), format_day(last));
    Ok(Shown {
        origin,
        first_day,
        last_day,
        since,
        until,
        slots,
        hero,
        context,
        measured,
        empty,
        explains,
        nearest,
        whole,
        model,
    })
}

/// What is told of a part of a chart.
fn told((store, zones): (&Store, &Zones), question: &Question, part: (f64, f64)) -> Result<Model> {
    let mut told = charts::part_of(store, zones, question, part)?;
    (told.x.from, told.x.to) = part;
    Ok(told)
}

/// A part of a chart, of which sentence and table tell too. Lines go on to its edges; bars are those of its own hours,
/// which it may cut.
fn zoomed(subject: &Subject, whole: Model, told: Model, part: (f64, f64), zones: &Zones) -> Model {
    let shapes = told.layers.clone();
    let of_buckets = !whole.buckets.is_empty() && !matches!(subject, Subject::HeartRate(_));
    let drawn = chart::zoom::part(whole, part.0, part.1, zones).telling(told);
    if of_buckets { Model { layers: shapes, ..drawn } } else { drawn }
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

/// The number of an earlier day, where it still says something later: a height does, the steps of that day do not.
fn latest(
    (store, zones): (&Store, &Zones),
    question: &Question,
    day: &str,
    explains: Option<&str>,
) -> Result<Option<Hero>> {
    let earlier = Question { reach: Some(Reach::Day), last: Some(charts::day(day)?), ..question.clone() };
    let model = charts::chart_of(store, zones, &earlier)?;
    let found = hero((store, zones), (&question.subject, &model), false, explains, false)?;
    Ok(found.filter(|hero| matches!(hero.what, "latest" | "pair" | "average")))
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
mod one_number_tests;
#[cfg(test)]
mod tests;
