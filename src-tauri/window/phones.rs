//! Phones: who asks to be let in, which may send, what they sent, and taking that back. They send into the owner's own
//! data, whoever is looked at.

use app::phones::{self, Standing};
use app::screen::{self, Phones};
use app::{Folder, pairing};
use serde::Serialize;
use serde_json::Value;
use tauri::ipc::Channel;
use tauri::{AppHandle, Runtime, State};

use super::Shared;
use super::backend::{AppError, Steps};
use super::error::{Answer, internal};
use super::imports::{in_the_background, on_its_own};
use super::keeping::now_and_then;
use super::product::value;
use super::spoken::{InWords, Tongue};

/// What the screen shows, with what only this window knows.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    phones: Phones,
    /// Whether it is this window that receives.
    here: bool,
    /// Why it does not, though it is wanted.
    trouble: Option<AppError>,
    /// Whether the network could not be told of it.
    unannounced: bool,
}

/// Everything about phones.
#[tauri::command(async)]
pub fn phones(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    shown(&shared)
}

fn shown(shared: &Shared) -> Answer<Value> {
    let own = shared.backend.own();
    let told = shared.receiving.told();
    let phones = screen::phones(&own.folder, &told.turned_away, own.now_ms)?;
    value(Shown { phones, here: told.here, trouble: told.trouble, unannounced: told.unannounced })
}

/// Receives in this window from now on, and whenever it opens; or no more. Begins anew where it receives already, so
/// that other settings hold.
#[tauri::command]
pub async fn receive<R: Runtime>(app: AppHandle<R>, tongue: Tongue, on: bool) -> Answer<Value> {
    let handle = app.clone();
    on_its_own(app, tongue, move |shared| {
        if on {
            shared.receiving.turn_on(&handle)?
        } else {
            shared.receiving.turn_off(&shared.backend.own().folder)?
        };
        shown(shared)
    })
    .await
}

/// Invites a phone, for any app or for one: what it needs is shown this once.
#[tauri::command(async)]
pub fn invite(_words: InWords, shared: State<'_, Shared>, app: Option<String>, name: Option<String>) -> Answer<Value> {
    let own = shared.backend.own();
    value(screen::invite(&own.folder, app.as_deref(), name.as_deref(), own.now_ms)?)
}

/// Where an invitation stands.
#[tauri::command(async)]
pub fn invitation(_words: InWords, shared: State<'_, Shared>, pairing: i64) -> Answer<Value> {
    let own = shared.backend.own();
    value(pairing::standing(&own.folder, pairing, own.now_ms)?)
}

/// Says yes to who came with an invitation, or ends it, whoever came; answers as `phones`.
#[tauri::command(async)]
pub fn answer_guest(_words: InWords, shared: State<'_, Shared>, pairing: i64, accept: bool) -> Answer<Value> {
    let own = shared.backend.own();
    let guest = pairing::standing(&own.folder, pairing, own.now_ms)?.guest;
    match guest {
        Some(guest) if accept => pairing::accept(&own.folder, pairing, &guest, own.now_ms)?,
        None if accept => return Err(pairing::over().into()),
        guest => pairing::end(&own.folder, pairing, guest.as_ref(), own.now_ms)?,
    }
    shared.receiving.wake();
    shown(&shared)
}

/// Adds a phone's app by hand: what is typed into it is shown this once.
#[tauri::command(async)]
pub fn add_device(_words: InWords, shared: State<'_, Shared>, app: String, name: String) -> Answer<Value> {
    let own = shared.backend.own();
    value(screen::add(&own.folder, &app, &name, own.now_ms)?)
}

/// Changes the standing of a phone's app: `accept`, `pause`, `resume` or `revoke`; answers as `phones`.
#[tauri::command(async)]
pub fn set_device(_words: InWords, shared: State<'_, Shared>, device: i64, standing: String) -> Answer<Value> {
    let standing = match standing.as_str() {
        "accept" => Standing::Accept,
        "pause" => Standing::Pause,
        "resume" => Standing::Resume,
        "revoke" => Standing::Revoke,
        _ => return Err(internal("There is no such standing.")),
    };
    let own = shared.backend.own();
    phones::stand(&own.folder, device, standing, own.now_ms)?;
    shared.receiving.wake();
    shown(&shared)
}

/// Calls a phone's app something else; answers as `phones`.
#[tauri::command(async)]
pub fn rename_device(_words: InWords, shared: State<'_, Shared>, device: i64, name: String) -> Answer<Value> {
    phones::rename(&shared.backend.own().folder, device, &name)?;
    shown(&shared)
}

/// How many records an undo of a phone's app would take back.
#[tauri::command(async)]
pub fn brought(shared: State<'_, Shared>, device: i64) -> Answer<Value> {
    value(screen::brought(&shared.backend.own().folder, device)?)
}

/// Takes back everything that a phone's app ever sent: the answer of `vitalog undo`, null where nothing is there.
/// `progress` hears how far it is.
#[tauri::command]
pub async fn undo_device<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    device: i64,
    progress: Channel<Steps>,
) -> Answer<Value> {
    in_the_background(app, tongue, move |shared, cancel| {
        let folder: Folder = shared.backend.own().folder;
        let mut tell = now_and_then(progress);
        let mut hear = |at: app::Steps| {
            tell(at);
            !cancel.is_cancelled()
        };
        value(phones::undo(&folder, device, cancel, &mut hear)?)
    })
    .await
}
