//! Servers that the owner forwards to: adding one by steps, what it gets, how it stands, sending now. They are sent the
//! owner's own data, whoever is looked at. A secret comes in once and is in no answer.

use app::local;
use app::remotes::{self, Choice, Line, NewServer, PATIENCE, Pushed, Secret, SignIn, Way};
use app::screen::{self, Servers};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::{Duration, Instant};
use tauri::ipc::Channel;
use tauri::{AppHandle, Runtime, State};

use super::Shared;
use super::backend::Desk;
use super::error::{Answer, internal};
use super::imports::on_its_own;
use super::product::value;
use super::sending::tell;
use super::spoken::{InWords, Tongue};

/// Progress goes to the page at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// What the screen shows, with what only this window knows.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    servers: Servers,
    /// Whether this window sends by itself.
    here: bool,
}

/// Where a server is.
#[derive(Deserialize)]
pub struct Place {
    protocol: String,
    url: String,
    /// SHA-256 of a certificate that the owner said yes to.
    certificate: Option<String>,
}

/// How somebody signs in there.
#[derive(Deserialize)]
pub struct Entry {
    /// As of [`Way::word`].
    way: String,
    /// What is typed besides the secret.
    id: String,
    secret: String,
    /// `keyring` or `file`.
    keep: String,
}

impl Entry {
    fn way(&self) -> Answer<Way> {
        Way::of(&self.way, &self.id).ok_or_else(|| internal("There is no such way to sign in."))
    }
}

/// What it gets.
#[derive(Deserialize)]
pub struct Wanted {
    types: Vec<String>,
    since: Option<String>,
    every_s: Option<i64>,
}

/// What a first look found.
#[derive(Serialize)]
struct Knocked {
    /// SHA-256 of a certificate that nobody known has signed, for the owner to say yes to; null where all is well.
    certificate: Option<String>,
}

/// A server that was added, and all of them.
#[derive(Serialize)]
struct Added {
    name: String,
    #[serde(flatten)]
    shown: Shown,
}

fn shown(shared: &Shared) -> Answer<Shown> {
    let servers = screen::servers(&shared.backend.own().folder)?;
    Ok(Shown { servers, here: shared.sending.is_on() })
}

/// Everything about servers.
#[tauri::command(async)]
pub fn servers(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    value(shown(&shared)?)
}

/// Asks whether a server is there, with no secret; nothing of anybody's is sent.
#[tauri::command]
pub async fn knock<R: Runtime>(app: AppHandle<R>, tongue: Tongue, place: Place) -> Answer<Value> {
    on_its_own(app, tongue, move |shared| {
        let now_ms = shared.backend.own().now_ms;
        let Place { protocol, url, certificate } = &place;
        let found = remotes::knock(protocol, url, certificate.as_deref(), now_ms, PATIENCE);
        let certificate = match &found {
            Err(error) if certificate.is_none() => remotes::shown_certificate(error).map(str::to_owned),
            _ => None,
        };
        if certificate.is_none() {
            found?;
        }
        value(Knocked { certificate })
    })
    .await
}

/// Adds a server and signs in there. Nothing is sent to it before somebody resumes it.
#[tauri::command]
pub async fn add_server<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    place: Place,
    entry: Entry,
    name: String,
    user: Option<String>,
) -> Answer<Value> {
    on_its_own(app, tongue, move |shared| {
        let way = entry.way()?;
        let new = NewServer {
            protocol: place.protocol,
            url: place.url,
            name,
            types: Vec::new(),
            since: None,
            every_s: Some(remotes::EVERY_S),
            paused: true,
            secret: (way != Way::Open).then(|| Secret::new(&entry.secret)),
            keep: entry.keep,
            certificate: place.certificate,
            way,
            user,
        };
        let Desk { folder, now_ms, .. } = shared.backend.own();
        let name = remotes::add(&folder, &new, now_ms, PATIENCE)?.remote;
        value(Added { name, shown: shown(shared)? })
    })
    .await
}

/// Says what a server gets; answers as `servers`.
#[tauri::command(async)]
pub fn choose_rows(_words: InWords, shared: State<'_, Shared>, name: String, wanted: Wanted) -> Answer<Value> {
    let since = wanted.since.as_deref().map(local::day).transpose()?;
    let choice = Choice { types: wanted.types, since, every_s: wanted.every_s };
    remotes::choose(&shared.backend.own().folder, &name, &choice)?;
    shared.sending.wake();
    value(shown(&shared)?)
}

/// Signs in once more, where a server took the secret no more; answers as `servers`.
#[tauri::command]
pub async fn sign_in<R: Runtime>(app: AppHandle<R>, tongue: Tongue, name: String, entry: Entry) -> Answer<Value> {
    on_its_own(app, tongue, move |shared| {
        let new = SignIn { way: entry.way()?, secret: Secret::new(&entry.secret), keep: entry.keep };
        let Desk { folder, now_ms, .. } = shared.backend.own();
        remotes::sign_in(&folder, &name, &new, now_ms, PATIENCE)?;
        shared.sending.wake();
        value(shown(shared)?)
    })
    .await
}

/// Changes how a server stands: `pause`, `resume`, `retry` (what it refused is sent once more), `leave_out` (or is
/// told no more), `remove`; answers as `servers`.
#[tauri::command(async)]
pub fn set_server(_words: InWords, shared: State<'_, Shared>, name: String, standing: String) -> Answer<Value> {
    let Desk { folder, now_ms, .. } = shared.backend.own();
    let one = |line: app::Result<Line>| line.map(|_| ());
    match standing.as_str() {
        "pause" => one(remotes::stand(&folder, &name, true, now_ms)),
        "resume" => one(remotes::stand(&folder, &name, false, now_ms)),
        "retry" => remotes::retry(&folder, &name).map(|_| ()),
        "leave_out" => remotes::leave_out(&folder, &name).map(|_| ()),
        "remove" => one(remotes::remove(&folder, &name)),
        _ => return Err(internal("There is no such standing.")),
    }?;
    shared.sending.wake();
    value(shown(&shared)?)
}

/// Asks a server whether it is there and takes the secret: the answer of `vitalog remote test`.
#[tauri::command]
pub async fn test_server<R: Runtime>(app: AppHandle<R>, tongue: Tongue, name: String) -> Answer<Value> {
    on_its_own(app, tongue, move |shared| {
        let Desk { folder, now_ms, .. } = shared.backend.own();
        value(remotes::test(&folder, &name, now_ms, PATIENCE)?)
    })
    .await
}

/// What would be sent first, byte for byte: the answer of `vitalog remote preview`.
#[tauri::command(async)]
pub fn preview_server(_words: InWords, shared: State<'_, Shared>, name: String) -> Answer<Value> {
    let Desk { folder, now_ms, .. } = shared.backend.own();
    value(remotes::preview(&folder, &name, now_ms)?)
}

/// What would be sent in all: the answer of `vitalog push --dry-run`.
#[tauri::command]
pub async fn dry_run<R: Runtime>(app: AppHandle<R>, tongue: Tongue, name: String) -> Answer<Value> {
    on_its_own(app, tongue, move |shared| {
        let Desk { folder, now_ms, .. } = shared.backend.own();
        value(remotes::dry_run(&folder, &name, now_ms)?)
    })
    .await
}

/// Sends to a server now: the answer of `vitalog push`. `progress` hears what was done so far.
#[tauri::command]
pub async fn send_now<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    name: String,
    progress: Channel<Pushed>,
) -> Answer<Value> {
    let handle = app.clone();
    on_its_own(app, tongue, move |shared| {
        tell(&handle);
        let folder = shared.backend.own().folder;
        let mut last: Option<Instant> = None;
        let mut hear = |so_far: &Pushed| {
            if last.is_none_or(|last| last.elapsed() >= PROGRESS_EVERY) {
                last = Some(Instant::now());
                // A page that is gone no longer hears; it is sent all the same.
                let _ = progress.send(so_far.clone());
            }
        };
        let pushed = shared.sending.send(&folder, &name, &|| shared.backend.own().now_ms, &mut hear);
        tell(&handle);
        value(pushed?)
    })
    .await
}

/// Asks what `send_now` does to end; it answers with `cancelled`. Nothing happens where nothing is sent so.
#[tauri::command]
pub fn stop_sending(shared: State<'_, Shared>, name: String) {
    shared.sending.cancel(&name);
}

/// Rows that a server refused, with its words: the answer of `vitalog remote refused`.
#[tauri::command(async)]
pub fn refused(_words: InWords, shared: State<'_, Shared>, name: String) -> Answer<Value> {
    value(remotes::refused(&shared.backend.own().folder, &name)?)
}

/// How a server stands, as a text for who helps: without any value, name or secret.
#[tauri::command(async)]
pub fn server_report(shared: State<'_, Shared>, name: String) -> Answer<Value> {
    value(remotes::report(&shared.backend.own().folder, &name)?)
}
