//! What the screens read besides charts: the answers of the verbs as they are, and those of `app::screen`.

use app::local::Days;
use app::workouts::Filter;
use serde::Serialize;
use serde_json::Value;
use tauri::State;

use super::Shared;
use super::error::Answer;
use super::product::value;
use super::spoken::InWords;

fn answer<T: Serialize>(found: app::Result<T>) -> Answer<Value> {
    value(found?)
}

/// The nights of some days as one.
#[tauri::command(async)]
pub fn nights(_words: InWords, shared: State<'_, Shared>, from: String, to: String) -> Answer<Value> {
    let days = Days::parse(Some(&from), Some(&to))?;
    let desk = shared.backend.desk();
    answer(app::screen::nights(&desk.folder, days, desk.now_ms))
}

/// What changed in the week that ends with a day.
#[tauri::command(async)]
pub fn changes(_words: InWords, shared: State<'_, Shared>, last: String) -> Answer<Value> {
    let desk = shared.backend.desk();
    answer(app::screen::changes(&desk.folder, &last, desk.now_ms))
}

/// The electrocardiograms, the newest first.
#[tauri::command(async)]
pub fn ecgs(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    answer(app::screen::ecgs(&shared.backend.desk().folder))
}

/// A stretch of days beside an earlier one.
#[tauri::command(async)]
pub fn beside(
    _words: InWords,
    shared: State<'_, Shared>,
    word: String,
    from: String,
    to: String,
    earlier: app::screen::Earlier,
) -> Answer<Value> {
    let desk = shared.backend.desk();
    answer(app::screen::beside(&desk.folder, &word, (&from, &to), earlier, desk.now_ms))
}

/// Where the number of a day comes from, as in `vitalog explain`, in the units that people read.
#[tauri::command(async)]
pub fn explain(_words: InWords, shared: State<'_, Shared>, word: String, day: String) -> Answer<Value> {
    answer(app::screen::explain(&shared.backend.desk().folder, &word, &day))
}

/// Where the number of several days comes from, as in `vitalog explain --to`.
#[tauri::command(async)]
pub fn explain_days(
    _words: InWords,
    shared: State<'_, Shared>,
    word: String,
    from: String,
    to: String,
) -> Answer<Value> {
    let desk = shared.backend.desk();
    answer(app::screen::explain_days(&desk.folder, &word, &from, &to, desk.now_ms))
}

/// Where the number of a stretch of a day comes from, as in `vitalog explain --from --until`.
#[tauri::command(async)]
pub fn explain_stretch(
    _words: InWords,
    shared: State<'_, Shared>,
    word: String,
    from: i64,
    until: i64,
) -> Answer<Value> {
    answer(app::screen::explain_stretch(&shared.backend.desk().folder, &word, (from, until)))
}

/// Which days of a pair are in its number, as in `vitalog explain A,B`.
#[tauri::command(async)]
pub fn explain_pair(
    _words: InWords,
    shared: State<'_, Shared>,
    pair: String,
    from: String,
    to: String,
) -> Answer<Value> {
    let desk = shared.backend.desk();
    answer(app::explain::explain_pair(&desk.folder, &pair, &from, &to, desk.now_ms))
}

/// The rows of `vitalog workouts` that fit a filter, and what they come to.
#[tauri::command(async)]
pub fn workouts(_words: InWords, shared: State<'_, Shared>, filter: Filter) -> Answer<Value> {
    answer(app::screen::workouts(&shared.backend.desk().folder, &filter))
}

/// The answer of `vitalog workouts WORKOUT`.
#[tauri::command(async)]
pub fn workout(_words: InWords, shared: State<'_, Shared>, id: i64) -> Answer<Value> {
    answer(app::screen::workout(&shared.backend.desk().folder, id))
}

/// The rows of `vitalog sources`.
#[tauri::command(async)]
pub fn sources(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    answer(app::sources::sources(&shared.backend.desk().folder))
}

/// Where several sources wrote of the same days, as in `vitalog sources overlaps`.
#[tauri::command(async)]
pub fn overlaps(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    answer(app::overlaps::overlaps(&shared.backend.desk().folder))
}

/// Where the wearer was, as in `vitalog sources stays`.
#[tauri::command(async)]
pub fn stays(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    answer(app::stays::stays(&shared.backend.desk().folder))
}

/// Whose numbers of a type count first.
#[tauri::command(async)]
pub fn source_order(_words: InWords, shared: State<'_, Shared>, word: String) -> Answer<Value> {
    answer(app::source_order::order(&shared.backend.desk().folder, &word))
}

/// Chooses whose numbers of a type count first, by their numbers; none goes back to the default.
#[tauri::command(async)]
pub fn set_source_order(_words: InWords, shared: State<'_, Shared>, word: String, order: Vec<i64>) -> Answer<Value> {
    let list: Vec<String> = order.iter().map(i64::to_string).collect();
    let desk = shared.backend.desk();
    answer(app::source_order::set_order(&desk.folder, &word, &list.join(","), desk.now_ms))
}

/// Our numbers beside Apple's, as in `vitalog check`; the summary alone, for rows are many.
#[tauri::command(async)]
pub fn check(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    let desk = shared.backend.desk();
    answer(app::check::check(&desk.folder, Days::default(), desk.now_ms).map(|found| found.summary))
}

/// One statement that reads, as in `vitalog sql`.
#[tauri::command(async)]
pub fn sql(_words: InWords, shared: State<'_, Shared>, statement: String) -> Answer<Value> {
    let found = app::sql::sql(&shared.backend.desk().folder, &statement)?;
    value(SqlAnswer { columns: found.columns, rows: found.rows, cut: found.cut })
}

#[derive(Serialize)]
struct SqlAnswer {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    /// Whether there were more.
    cut: bool,
}
