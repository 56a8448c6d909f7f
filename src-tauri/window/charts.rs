//! Charts as pictures: SVG, how to read it, and the numbers behind it.

use app::{Drawn, Model, Scale, Size, Theme};
use serde::{Deserialize, Serialize};
use tauri::State;

use super::Shared;
use super::error::{Answer, internal};

/// Which stretch, how large, in which colours.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartQuestion {
    range_days: u32,
    /// An instant of the last day; none means the last day with data.
    end_ms: Option<i64>,
    width: u32,
    height: u32,
    theme: Theme,
}

/// A chart: the picture and what it shows.
#[derive(Debug, Serialize)]
pub struct Chart {
    svg: String,
    scale: Scale,
    model: Model,
}

/// The heart rate, drawn.
#[tauri::command(async)]
pub fn heart_rate(shared: State<'_, Shared>, question: ChartQuestion) -> Answer<Chart> {
    let model = shared.backend.heart_rate(question.range_days, question.end_ms)?;
    let size = Size::new(question.width, question.height);
    let Drawn { svg, scale, .. } =
        app::render(&model, size, question.theme).map_err(|error| internal(&error.to_string()))?;
    Ok(Chart { svg, scale, model })
}
