//! Charts: from a question to a [`chart::Model`]. One file per family of charts; what they share lies in `view`.
//!
//! Numbers come from where `query`, `daily` and `sleep` take theirs, so that a picture and a table never disagree. How
//! a chart looks is the business of the crate `chart`.

mod body_mass;
mod calendar;
mod correlation;
mod ecg;
mod glucose;
mod heart_rate;
mod heart_zones;
pub(crate) mod measure;
mod night;
pub mod picture;
mod pressure;
mod rings;
mod sleep;
mod stretch;
mod subject;
mod sums;
#[cfg(test)]
mod tests;
mod view;
mod vital;
mod workout;
mod years;

use std::io::Write;

use chart::Model;
use chart::blood_pressure::Half;
use health::series::rule::Rule;
use health::time::{Day, Zones};
use store::Store;

use crate::error::{Error, Result};
use crate::export::csv::{cell, line};
use crate::folder::Folder;
pub use crate::local::day;
use crate::local::{Found, find_kind, zones};

pub(crate) use correlation::Sides;
pub use measure::hue_of;
pub(crate) use night::measured;
pub(crate) use rings::ring_days;
pub(crate) use sleep::hours as hours_asleep;
pub use stretch::Reach;
pub use subject::{Detail, Overlay, SleepStyle, Subject};
pub(crate) use sums::now_and_then;
use view::View;

/// What to draw.
#[derive(Debug, Clone)]
pub struct Question {
    /// Of what.
    pub subject: Subject,
    /// How long a stretch; what suits the chart where none is named.
    pub reach: Option<Reach>,
    /// The last day; without one, the last day with data.
    pub last: Option<Day>,
    /// Page of an electrocardiogram, counted from 1.
    pub page: usize,
    /// Milliseconds since 1970 in UTC.
    pub now_ms: i64,
}

/// Returns the chart that was asked for. Without data it is a chart that says so.
pub fn chart(folder: &Folder, question: &Question) -> Result<Model> {
    let store = folder.read()?;
    chart_of(&store, &zones(&store)?, question)
}

/// The same of an open store.
pub(crate) fn chart_of(store: &Store, zones: &Zones, question: &Question) -> Result<Model> {
    drawn(store, zones, question, None)
}

/// What is told of a part of the same chart, by places of its x axis: of a day, a night or a workout.
pub(crate) fn part_of(store: &Store, zones: &Zones, question: &Question, part: (f64, f64)) -> Result<Model> {
    drawn(store, zones, question, Some(part))
}

fn drawn(store: &Store, zones: &Zones, question: &Question, part: Option<(f64, f64)>) -> Result<Model> {
    let view = |reach: Reach| Ok::<_, Error>(View::new(store, zones, question, reach)?.within(part));
    match &question.subject {
        Subject::Type(word) => of_type(&view(Reach::Month)?, word),
        Subject::Calendar(word) => calendar::chart(&view(Reach::Year)?, word),
        Subject::Years(word, by) => years::chart(&view(Reach::Year)?, word, *by),
        Subject::Pair(first, second, lag) => correlation::chart(&view(Reach::Year)?, (first, second), *lag),
        Subject::HeartRate(detail) => heart_rate::chart(&view(Reach::Day)?, &find_kind(store, "heart_rate")?, *detail),
        Subject::HeartZones => heart_zones::chart(&view(Reach::Month)?),
        Subject::GlucoseProfile => glucose::profile(&view(Reach::Month)?, &find_kind(store, "blood_glucose")?),
        Subject::Pressure => pressure::chart(&view(Reach::Month)?, None),
        Subject::Sleep(style) => sleep::chart(&view(Reach::Month)?, *style),
        Subject::Night(overlays) => night::chart(&view(Reach::Month)?, overlays),
        Subject::Rings => rings::chart(&view(Reach::Month)?),
        Subject::Route(id) => workout::route(store, zones, *id),
        Subject::Profiles(id) => workout::profiles(store, zones, *id, part),
        Subject::Ecg(id) => ecg::chart(store, zones, *id, question.page),
    }
}

/// The day that the night of a chart counts for, which its hours do not tell.
pub(crate) fn day_of_night(store: &Store, zones: &Zones, question: &Question) -> Result<Day> {
    sleep::day_of_night(&View::new(store, zones, question, Reach::Month)?)
}

/// Writes the table of a chart for programs: CSV with plain numbers, and nothing where there are no data.
pub fn write_csv(model: &Model, out: &mut dyn Write) -> Result<()> {
    write_csv_in_words(model, model, out)
}

/// The same of a chart in English, with the words of the same chart in another language.
pub fn write_csv_in_words(model: &Model, said: &Model, out: &mut dyn Write) -> Result<()> {
    // What would be a formula as a text is none as a number.
    let plain = |text: &String| if text.parse::<f64>().is_ok() { text.clone() } else { cell(&text.as_str().into()) };
    let table = chart::plain::table(model, said);
    for row in std::iter::once(&table.columns).chain(&table.rows) {
        line(out, row.iter().map(plain))?;
    }
    Ok(())
}

/// The chart that suits a type: its own where it has one, else by how its numbers are made.
fn of_type(view: &View<'_>, word: &str) -> Result<Model> {
    let found = find_kind(view.store, word)?;
    match health::kind::short_name(&found.kind.identifier) {
        "HeartRate" => heart_rate::chart(view, &found, Detail::Suitable),
        "SleepAnalysis" => sleep::chart(view, SleepStyle::Suitable),
        "BodyMass" => body_mass::chart(view, &found),
        "BloodPressureSystolic" => pressure::chart(view, Some(Half::Systolic)),
        "BloodPressureDiastolic" => pressure::chart(view, Some(Half::Diastolic)),
        "BloodGlucose" => glucose::chart(view, &found),
        _ if adds_up(&found) => sums::chart(view, &found),
        _ => vital::chart(view, &found),
    }
}

/// Whether a type is drawn as bars: sums, and counts of categories.
fn adds_up(found: &Found) -> bool {
    let rule = Rule::of(&found.kind);
    rule.is_sum() || rule == Rule::Count
}
