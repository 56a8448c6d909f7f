//! What the owner does to what is stored, and takes back: the operations of `vitalog hide`, `night` and `history`.

use app::acts::{Chosen, count, edit_night as edit, hide, take_back as back};
use app::local::Days;
use app::{EditKind, Folder};
use serde::Deserialize;
use serde_json::Value;
use tauri::State;

use super::Shared;
use super::error::Answer;
use super::product::value;
use super::spoken::InWords;

/// Which rows are meant.
#[derive(Debug, Clone, Deserialize)]
pub struct Rows {
    /// The type.
    word: String,
    /// First local day; none means from the first row on.
    from: Option<String>,
    /// Last local day; none means to the last row.
    to: Option<String>,
    /// Number of the source; none means of every one.
    source: Option<i64>,
}

impl Rows {
    fn chosen<T>(&self, work: impl FnOnce(Chosen<'_>) -> app::Result<T>) -> app::Result<T> {
        let days = Days::parse(self.from.as_deref(), self.to.as_deref())?;
        let source = self.source.map(|id| id.to_string());
        work(Chosen { word: &self.word, days, source: source.as_deref() })
    }
}

/// How many rows would count no more.
#[tauri::command(async)]
pub fn count_rows(_words: InWords, shared: State<'_, Shared>, rows: Rows) -> Answer<Value> {
    let folder: Folder = shared.backend.desk().folder;
    value(rows.chosen(|chosen| count(&folder, chosen))?)
}

/// Hides rows, or deletes them.
#[tauri::command(async)]
pub fn hide_rows(_words: InWords, shared: State<'_, Shared>, rows: Rows, deletes: bool) -> Answer<Value> {
    let desk = shared.backend.desk();
    value(rows.chosen(|chosen| hide(&desk.folder, chosen, deletes, desk.now_ms))?)
}

/// The sessions of sleep of a day.
#[tauri::command(async)]
pub fn sessions(_words: InWords, shared: State<'_, Shared>, day: String) -> Answer<Value> {
    let day = Days::parse(Some(&day), Some(&day))?;
    value(app::screen::sessions(&shared.backend.desk().folder, day)?)
}

/// Says what the session of sleep is that starts at an instant; a split is at another one inside it.
#[tauri::command(async)]
pub fn edit_night(
    _words: InWords,
    shared: State<'_, Shared>,
    edit_as: String,
    start: String,
    at: Option<String>,
) -> Answer<Value> {
    let desk = shared.backend.desk();
    let kind = EditKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == edit_as)
        .ok_or_else(|| app::Error::new(app::Code::BadUsage, "There is no such edit of a session.", ""))?;
    value(edit(&desk.folder, kind, &start, at.as_deref(), desk.now_ms)?)
}

/// What was done, the newest first.
#[tauri::command(async)]
pub fn history(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    value(app::screen::history(&shared.backend.desk().folder)?)
}

/// Takes an act back.
#[tauri::command(async)]
pub fn take_back(_words: InWords, shared: State<'_, Shared>, act: i64) -> Answer<Value> {
    let desk = shared.backend.desk();
    value(back(&desk.folder, act, desk.now_ms)?)
}
