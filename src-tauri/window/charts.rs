//! Charts as pictures: SVG, how to read it, and the numbers behind it.

use app::screen::{Ask, Context, Hero, Slot};
use app::{Drawn, Scale, Size, Theme};
use serde::{Deserialize, Serialize};
use tauri::State;

use super::Shared;
use super::error::{Answer, internal};

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
    title: String,
    /// The days as a calendar prints them.
    days: String,
    first_day: String,
    last_day: String,
    empty: bool,
    /// Whether some slot is not over yet.
    open: bool,
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
pub fn chart(shared: State<'_, Shared>, question: ChartQuestion) -> Answer<Chart> {
    let desk = shared.backend.desk();
    let shown = app::screen::chart(&desk.folder, &question.ask, desk.now_ms)?;
    let of = if question.ask.small { Size::small } else { Size::new };
    let size = of(question.width, question.height);
    let Drawn { svg, scale, .. } =
        app::render(&shown.model, size, question.theme).map_err(|error| internal(&error.to_string()))?;
    let model = shown.model;
    let step = serde_json::to_value(model.range.step).ok().and_then(|step| step.as_str().map(str::to_owned));
    Ok(Chart {
        svg,
        scale,
        empty: model.is_empty(),
        open: model.buckets.iter().any(|bucket| !bucket.complete),
        step: step.unwrap_or_default(),
        title: model.title,
        days: model.days,
        first_day: shown.first_day,
        last_day: shown.last_day,
        slots: shown.slots,
        hero: shown.hero,
        context: shown.context,
        summary: model.summary,
        columns: model.table.columns,
        rows: model.table.rows,
    })
}
