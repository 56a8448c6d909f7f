//! Charts as pictures: SVG, how to read it, and the numbers behind it.

use std::path::{Path, PathBuf};

use app::charts::picture::{self, Format, SCALE};
use app::charts::write_csv_in_words;
use app::language::{self, Language};
use app::screen::{Ask, Context, Hero, Nearest, Origin, Slot, Whole};
use app::{Drawn, Scale, Size, Theme};
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager, Runtime, State};

use super::Shared;
use super::backend::Desk;
use super::dialogs::Asked;
use super::error::{Answer, internal};
use super::spoken::InWords;

/// What to draw, how large, in which colours.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartQuestion {
    #[serde(flatten)]
    ask: Ask,
    width: u32,
    height: u32,
    theme: Theme,
}

/// A chart: the picture and what it shows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chart {
    svg: String,
    scale: Scale,
    /// Lower edge of the lowest plot, where there is more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    lowest: Option<f64>,
    /// What else was measured in a night, by the words of types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    measured: Vec<&'static str>,
    title: String,
    /// The days as a calendar prints them.
    days: String,
    first_day: String,
    last_day: String,
    /// The first day that it tells of, where it begins before there was anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// The last day that has begun, where it goes on into days to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    empty: bool,
    /// The word of the type that explains its numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    explains: Option<String>,
    /// Where its numbers come from, where those are no records.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    /// The nearest days with data, where there are none here.
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<Nearest>,
    /// All of the x axis, where parts of it can be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    whole: Option<Whole>,
    /// Whether some slot is not over yet.
    open: bool,
    /// Whether a slot is drawn from its lowest to its highest value.
    capsules: bool,
    /// Width of a slot: `hour`, `day`, `week`, `month` or `year`.
    step: String,
    slots: Vec<Slot>,
    hero: Option<Hero>,
    context: Option<Context>,
    summary: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Draws a chart.
#[tauri::command(async)]
pub fn chart(_words: InWords, shared: State<'_, Shared>, question: ChartQuestion) -> Answer<Chart> {
    let desk = shared.backend.desk();
    let shown = app::screen::chart(&desk.folder, &question.ask, desk.now_ms)?;
    let of = if question.ask.small { Size::small } else { Size::new };
    let size = of(question.width, question.height);
    let Drawn { svg, scale, panels, .. } =
        app::render(&shown.model, size, question.theme).map_err(|error| internal(&error.to_string()))?;
    let model = shown.model;
    let step = serde_json::to_value(model.range.step).ok().and_then(|step| step.as_str().map(str::to_owned));
    Ok(Chart {
        svg,
        scale,
        lowest: panels.get(1..).and_then(|below| below.last()).map(|panel| panel.bottom),
        measured: shown.measured,
        empty: shown.empty,
        explains: shown.explains,
        origin: shown.origin,
        nearest: shown.nearest,
        whole: shown.whole,
        open: model.buckets.iter().any(|bucket| !bucket.complete),
        capsules: model.has_capsules(),
        step: step.unwrap_or_default(),
        title: model.title,
        days: model.days,
        first_day: shown.first_day,
        last_day: shown.last_day,
        since: shown.since,
        until: shown.until,
        slots: shown.slots,
        hero: shown.hero,
        context: shown.context,
        summary: model.summary,
        columns: model.table.columns,
        rows: model.table.rows,
    })
}

/// What a chart is kept as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// Pixels.
    Png,
    /// Lines.
    Svg,
    /// The table.
    Csv,
}

impl Kept {
    fn end(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Csv => "csv",
        }
    }
}

/// Keeps a chart in a file that the system's own dialog asks for; false if that was closed.
#[tauri::command(async)]
pub fn save_chart<R: Runtime>(
    app: AppHandle<R>,
    _words: InWords,
    shared: State<'_, Shared>,
    question: ChartQuestion,
    kept: Kept,
    title: String,
    name: String,
) -> Answer<bool> {
    // Before somebody is asked: what is looked at may be another's by then.
    let desk = shared.backend.desk();
    let Some(path) = asked(&app, title, &name, kept.end()) else { return Ok(false) };
    save(&desk, &question, kept, &path)?;
    Ok(true)
}

/// Keeps the route of a workout as GPX in a file that the system's own dialog asks for; false if that was closed.
#[tauri::command(async)]
pub fn save_route<R: Runtime>(
    app: AppHandle<R>,
    _words: InWords,
    shared: State<'_, Shared>,
    id: i64,
    title: String,
    name: String,
) -> Answer<bool> {
    let desk = shared.backend.desk();
    let Some(path) = asked(&app, title, &name, GPX) else { return Ok(false) };
    route(&desk, id, &path)?;
    Ok(true)
}

/// Writes a route to a file; its name gets the right end where it has none.
pub fn route(desk: &Desk, id: i64, path: &Path) -> Answer<PathBuf> {
    let mut bytes = Vec::new();
    app::workouts::gpx_stream(&desk.folder, id, &mut bytes)?;
    let path = ending(path, GPX);
    picture::write(&path, &bytes)?;
    Ok(path)
}

const GPX: &str = "gpx";

/// The file that somebody names; none where they changed their mind.
pub(super) fn asked<R: Runtime>(app: &AppHandle<R>, title: String, name: &str, end: &str) -> Option<PathBuf> {
    let name = format!("{}.{end}", name.replace(['/', '\\', ':'], " "));
    app.state::<Shared>().dialogs.ask(app, title, Asked::New { name: &name, end })
}

/// A name with the right end.
pub(super) fn ending(path: &Path, end: &str) -> PathBuf {
    let fits = path.extension().is_some_and(|known| known.eq_ignore_ascii_case(end));
    if fits { path.to_owned() } else { PathBuf::from(format!("{}.{end}", path.display())) }
}

/// Asks something in the language of the sources.
fn in_english<T>(ask: impl FnOnce() -> T) -> T {
    let _english = language::speak(Language::English);
    ask()
}

/// Writes a chart with its heading, or its table, to a file; its name gets the right end where it has none.
pub fn save(desk: &Desk, question: &ChartQuestion, kept: Kept, path: &Path) -> Answer<PathBuf> {
    let path = ending(path, kept.end());
    let ask = Ask { small: false, ..question.ask.clone() };
    let model = app::screen::chart(&desk.folder, &ask, desk.now_ms)?.model;
    let size = Size::new(question.width, question.height);
    let bytes = match kept {
        Kept::Png => picture::picture(&model, size, question.theme, Format::Png, SCALE)?,
        Kept::Svg => picture::picture(&model, size, question.theme, Format::Svg, SCALE)?,
        Kept::Csv => {
            let mut bytes = Vec::new();
            let plain = in_english(|| app::screen::chart(&desk.folder, &ask, desk.now_ms))?.model;
            write_csv_in_words(&plain, &model, &mut bytes)?;
            bytes
        }
    };
    picture::write(&path, &bytes)?;
    Ok(path)
}
