//! Going on without a window: what was closed is hidden while it receives, where the owner asked for that; an icon
//! beside the clock, where there is a place for one, opens it again, and so does every further start of the program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use app::{Folder, receiver, settings};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tauri::{AppHandle, Manager, Runtime, State, Window};

use super::error::Answer;
use super::imports::on_its_own;
use super::login::Login;
use super::place::Kept;
use super::product::value;
use super::receiving::tell;
use super::spoken::{InWords, Tongue};
use super::tray::{Chosen, Owner, Tray};
use super::{MAIN, Shared, shell};

/// What goes on without a window.
#[derive(Default)]
pub struct Background {
    tray: Mutex<Option<Tray>>,
    words: Mutex<Words>,
    /// Somebody wants the program to end, whatever goes on.
    leaving: AtomicBool,
    /// Where programs are named that start with the session.
    pub login: Login,
}

/// What the icon's menu says; the page tells it in its language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Words {
    /// Shows the window.
    pub open: String,
    /// On or off.
    pub receive: String,
    /// Ends the program.
    pub quit: String,
}

impl Default for Words {
    fn default() -> Self {
        let [open, receive, quit] = ["Open Vitalog", "Receive from phones", "Quit"].map(str::to_owned);
        Self { open, receive, quit }
    }
}

/// What the page shows.
#[derive(Debug, Serialize)]
struct Shown {
    /// Whether receiving goes on when the window is closed.
    background: bool,
    /// Whether there is an icon beside the clock for it by now; without one a further start opens the window.
    icon: bool,
    /// Whether the program starts, hidden, with the session.
    login: bool,
    /// Whether it can here.
    can_login: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Background {
    /// The same with a place of its own for what starts with the session.
    pub fn with(login: Login) -> Self {
        Self { login, ..Self::default() }
    }

    fn shown(&self, folder: &Folder) -> Answer<Value> {
        value(Shown {
            background: receiver::goes_on(folder)?,
            icon: lock(&self.tray).as_ref().is_some_and(Tray::is_shown),
            login: self.login.is_on(folder),
            can_login: self.login.is_possible(),
        })
    }

    /// Says that the window is to end with the program when it is closed next.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
    }
}

/// How it is. `words` are those of the icon's menu from now on.
#[tauri::command(async)]
pub fn background<R: Runtime>(
    app: AppHandle<R>,
    _words: InWords,
    shared: State<'_, Shared>,
    words: Option<Words>,
) -> Answer<Value> {
    if let Some(words) = words {
        *lock(&shared.background.words) = words;
        refresh(&app);
    }
    shared.background.shown(&shared.backend.own().folder)
}

/// Goes on receiving when the window is closed, or no more; answers as `background`.
#[tauri::command]
pub async fn set_background<R: Runtime>(app: AppHandle<R>, tongue: Tongue, on: bool) -> Answer<Value> {
    let handle = app.clone();
    on_its_own(app, tongue, move |shared| {
        let folder = shared.backend.own().folder;
        settings::set(&folder, receiver::BACKGROUND, if on { "yes" } else { "no" })?;
        follow(&handle);
        shared.background.shown(&folder)
    })
    .await
}

/// Starts the program, hidden, with the session, or no more; answers as `background`.
#[tauri::command(async)]
pub fn set_login(_words: InWords, shared: State<'_, Shared>, on: bool) -> Answer<Value> {
    let folder = shared.backend.own().folder;
    shared.background.login.set(&folder, on)?;
    shared.background.shown(&folder)
}

/// Shows the icon where it is wanted, and takes it away where it is not. Waits for the session's bus.
pub fn follow<R: Runtime>(app: &AppHandle<R>) {
    let shared = app.state::<Shared>();
    let wanted = receiver::goes_on(&shared.backend.own().folder).unwrap_or(false) && shared.dialogs.are_shown();
    let mut tray = lock(&shared.background.tray);
    if wanted && tray.is_none() {
        *tray = Tray::show(app, Arc::new(Icon(app.clone())));
    } else if !wanted {
        *tray = None;
    }
}

/// Shows in the icon's menu what is otherwise by now. Nobody waits for it.
pub fn refresh<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    thread::spawn(move || {
        if let Some(tray) = lock(&app.state::<Shared>().background.tray).as_ref() {
            tray.refresh();
        }
    });
}

/// Whether a window that somebody closes is hidden, and the program goes on. It is then; the caller keeps it from
/// being closed.
pub fn stays<R: Runtime>(window: &Window<R>) -> bool {
    let shared = window.state::<Shared>();
    let goes_on = !shared.background.leaving.load(Ordering::Acquire)
        && shared.receiving.told().here
        && receiver::goes_on(&shared.backend.own().folder).unwrap_or(false);
    goes_on && window.hide().is_ok()
}

/// The icon as it belongs to a window.
struct Icon<R: Runtime>(AppHandle<R>);

impl<R: Runtime> Owner for Icon<R> {
    fn words(&self) -> Words {
        lock(&self.0.state::<Shared>().background.words).clone()
    }

    fn is_receiving(&self) -> bool {
        self.0.state::<Shared>().receiving.told().here
    }

    fn chosen(&self, what: Chosen) {
        let app = self.0.clone();
        // The icon waits for nothing; a receiver takes seconds to end.
        thread::spawn(move || match what {
            Chosen::Open => shell::open_again(&app),
            Chosen::Receive => turn(&app),
            Chosen::Quit => quit(&app),
        });
    }
}

fn turn<R: Runtime>(app: &AppHandle<R>) {
    let shared = app.state::<Shared>();
    let done = match shared.receiving.told().here {
        true => shared.receiving.turn_off(&shared.backend.own().folder),
        false => shared.receiving.turn_on(app),
    };
    if done.is_err() {
        // The page says why.
        shell::open_again(app);
    }
    tell(app);
    refresh(app);
}

fn quit<R: Runtime>(app: &AppHandle<R>) {
    app.state::<Shared>().background.leave();
    if app.get_webview_window(MAIN).is_some() {
        app.state::<Kept>().write();
    }
    app.exit(0);
}
