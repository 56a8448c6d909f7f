//! The store as a whole: how large it is, whether it is whole, giving room back, and taking everything away.

use std::time::{Duration, Instant};

use app::Steps;
use serde_json::Value;
use tauri::ipc::Channel;
use tauri::{AppHandle, Runtime, State};

use super::backend::{Desk, Steps as Told};
use super::error::{Answer, internal, sample_shown};
use super::imports::in_the_background;
use super::product::value;
use super::receiving::meanwhile_off;
use super::spoken::{InWords, Tongue};
use super::{Shared, background};

/// Steps go to the page at most this often.
const STEPS_EVERY: Duration = Duration::from_millis(100);
/// The word that says that somebody means it, as on the command line.
const CONFIRM: &str = "delete";

/// The parts of the data folder, with their sizes.
#[tauri::command(async)]
pub fn holdings(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    value(app::holdings::holdings(&shared.backend.desk().folder))
}

/// The answer of `vitalog verify`; with `repair` that of `vitalog verify --repair`. `progress` hears of the check.
#[tauri::command]
pub async fn verify<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    repair: bool,
    progress: Channel<Told>,
) -> Answer<Value> {
    in_the_background(app, tongue, move |shared, cancel| {
        let folder = shared.backend.desk().folder;
        if repair {
            app::verify::repair(&folder, cancel)?;
        }
        value(app::verify::verify_within(&folder, cancel, &mut now_and_then(progress))?)
    })
    .await
}

/// The answer of `vitalog compact`.
#[tauri::command]
pub async fn compact<R: Runtime>(app: AppHandle<R>, tongue: Tongue) -> Answer<Value> {
    in_the_background(app, tongue, |shared, cancel| {
        let desk = owned(shared)?;
        value(app::compact::compact(&desk.folder, desk.now_ms, cancel)?)
    })
    .await
}

/// The receipt of `vitalog delete-all`; `confirm` is the word that says that somebody means it.
#[tauri::command]
pub async fn delete_all<R: Runtime>(app: AppHandle<R>, tongue: Tongue, confirm: String) -> Answer<Value> {
    if confirm != CONFIRM {
        return Err(internal("Nobody confirmed it."));
    }
    let handle = app.clone();
    let work = in_the_background(app.clone(), tongue, move |shared, _| {
        let desk = owned(shared)?;
        let receipt = value(app::delete_all::delete_all(&desk.folder, desk.now_ms)?)?;
        shared.background.login.set(&desk.folder, false)?;
        background::follow(&handle);
        Ok(receipt)
    });
    // Then no phone may send any more, and receiving would make a new store.
    meanwhile_off(app, tongue, work, Result::is_ok).await
}

/// The owner's data, for what changes them. The sample person's are made anew and need no keeping.
pub(super) fn owned(shared: &Shared) -> Answer<Desk> {
    Some(shared.backend.desk()).filter(|desk| !desk.sample).ok_or_else(sample_shown)
}

/// Tells the page how far something is; not each step, and the first one always.
pub(super) fn now_and_then(progress: Channel<Told>) -> impl FnMut(Steps) {
    let mut last: Option<Instant> = None;
    move |at| {
        if last.is_none_or(|last| last.elapsed() >= STEPS_EVERY) {
            last = Some(Instant::now());
            // A page that is gone no longer hears; the work goes on all the same.
            let _ = progress.send(Told { done: at.done, of: at.of });
        }
    }
}
