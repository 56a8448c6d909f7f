//! What surrounds the page: the window itself, second starts, zoom, and words to who looks elsewhere.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use app::receiver::Arrivals;
use serde_json::Value;
use tauri::webview::WebviewWindowBuilder;
use tauri::{App, AppHandle, DragDropEvent, Emitter, Manager, Runtime, State, WebviewWindow, Window, WindowEvent};

use super::error::Answer;
use super::handed::Given;
use super::place::{self, Kept};
use super::receiving::PHONES;
use super::{MAIN, Shared, background};

/// What the page hears when something was handed over; it asks with `opened_with` and `opened_at` what.
pub const HANDED: &str = "handed";
/// What the page hears when something has come from a phone; it asks anew for what it shows.
pub const ARRIVED: &str = "arrived";
/// How often is looked whether something has.
const LOOK: Duration = Duration::from_secs(2);
/// How small and how large the page may be shown.
const ZOOM: (f64, f64) = (0.5, 3.0);

/// Makes the window of tauri.conf.json where it was the last time. `memory` is the folder where the page keeps what it
/// remembers; or the data folder, in which nothing can be written: then it remembers nothing.
/// `hidden` it is there and nobody sees it.
pub fn open<R: Runtime>(
    app: &mut App<R>,
    memory: Result<PathBuf, PathBuf>,
    hidden: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let config = app.config().app.windows.first().cloned().ok_or("no window is set up")?;
    let builder = WebviewWindowBuilder::from_config(app.handle(), &config)?.visible(false);
    let window = keeping(builder, memory).build()?;
    let kept = app.state::<Kept>();
    place::apply(&window, &kept)?;
    if !hidden {
        window.show()?;
    }
    Ok(())
}

/// Nothing is to be written anywhere but in the data folder.
fn keeping<'a, R: Runtime>(
    builder: WebviewWindowBuilder<'a, R, AppHandle<R>>,
    memory: Result<PathBuf, PathBuf>,
) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
    let folder = match memory {
        Ok(folder) => folder,
        // Where none is named, the system's usual folder would be made; this one is there and stays as it is.
        Err(data) => {
            let there = data.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/")).to_owned();
            return builder.incognito(true).data_directory(there);
        }
    };
    // There the system has one place for all programs, where every data folder gets storage of its own.
    #[cfg(target_os = "macos")]
    let builder = builder.data_store_identifier(identifier(&folder));
    builder.data_directory(folder.join("webview"))
}

#[cfg(target_os = "macos")]
fn identifier(folder: &Path) -> [u8; 16] {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, folder).hash(&mut hasher);
        hasher.finish()
    };
    ((u128::from(half(1)) << 64) | u128::from(half(2))).to_be_bytes()
}

/// What happens to the window.
pub fn heard<R: Runtime>(window: &Window<R>, event: &WindowEvent) {
    match event {
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            let shared = window.state::<Shared>();
            paths.iter().for_each(|path| drop(shared.handed.give(path)));
        }
        WindowEvent::Moved(_) | WindowEvent::Resized(_) => window.state::<Kept>().hear(window),
        WindowEvent::CloseRequested { api, .. } => {
            let kept = window.state::<Kept>();
            kept.hear(window);
            kept.write();
            if background::stays(window) {
                api.prevent_close();
            }
        }
        _ => {}
    }
}

/// What comes with a second start, or from the dock: the page imports the files and goes to the address, and the window
/// comes to the front.
pub fn hand_over<R: Runtime>(app: &AppHandle<R>, given: Given) {
    let handed = &app.state::<Shared>().handed;
    handed.hand_over(&given.files);
    handed.lead(given.address);
    let Some(window) = app.get_webview_window(MAIN) else { return };
    to_the_front(&window);
    // A page that is not there yet asks by itself.
    let _ = window.emit(HANDED, ());
}

/// Tells the page what comes from phones, whichever program receives it, for as long as the window is open.
pub fn tell_arrivals<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    thread::spawn(move || {
        let mut arrivals = Arrivals::default();
        while let Some(window) = app.get_webview_window(MAIN) {
            // Phones send into the owner's own data, whoever is looked at.
            let folder = app.state::<Shared>().backend.own().folder;
            // A store that cannot be asked now is asked with the next look.
            let found = arrivals.look(&folder).unwrap_or_default();
            if found.arrived {
                let _ = window.emit(ARRIVED, ());
            }
            if found.phones {
                let _ = window.emit(PHONES, ());
            }
            thread::sleep(LOOK);
        }
    });
}

/// Receives from phones where that was on when the window was closed. The page does not wait for it.
pub fn receive_again<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    thread::spawn(move || app.state::<Shared>().receiving.resume(&app));
}

/// Sends to the owner's servers for as long as the program runs. The page does not wait for it.
pub fn send_by_itself<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    thread::spawn(move || app.state::<Shared>().sending.begin(&app));
}

/// Ends both with the window: what is being answered is, and the network is told goodbye.
pub fn end_receiving<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    app.state::<Shared>().sending.end();
    // It has threads of its own that nobody may wait for from within another such.
    let _ = thread::spawn(move || app.state::<Shared>().receiving.stop()).join();
}

/// Shows the window again that was hidden.
pub fn open_again<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(MAIN) {
        to_the_front(&window);
    }
}

/// As far as the system lets a program do that; nothing depends on it.
fn to_the_front<R: Runtime>(window: &WebviewWindow<R>) {
    let _ = window.unminimize();
    let _ = window.show();
    let _ = window.set_focus();
}

/// The files that the window was opened with or was handed since, once each: a page that is loaded again does not
/// import them again.
#[tauri::command]
pub fn opened_with(shared: State<'_, Shared>) -> Vec<String> {
    shared.handed.take()
}

/// Where the window was asked to go since, once.
#[tauri::command]
pub fn opened_at(shared: State<'_, Shared>) -> Option<String> {
    shared.handed.take_address()
}

/// Shows the page larger or smaller; 1 is its own size.
#[tauri::command]
pub fn zoom<R: Runtime>(window: WebviewWindow<R>, factor: f64) -> Answer<f64> {
    let factor = if factor.is_finite() { factor.clamp(ZOOM.0, ZOOM.1) } else { 1.0 };
    window.set_zoom(factor).map_err(|error| super::error::internal(&error.to_string()))?;
    Ok(factor)
}

/// Closes the window, and with it the program, whatever goes on.
#[tauri::command]
pub fn close<R: Runtime>(window: WebviewWindow<R>, shared: State<'_, Shared>) -> Answer<()> {
    shared.background.leave();
    window.close().map_err(|error| super::error::internal(&error.to_string()))
}

/// Tells somebody who looks elsewhere what is done, with the system's own means; false where they look here.
///
/// Whether it is seen nobody knows: there may be no service for that, and then there is nothing to do about it.
#[tauri::command]
pub fn announce<R: Runtime>(window: WebviewWindow<R>, shared: State<'_, Shared>, title: String, text: String) -> Value {
    let looking = window.is_focused().unwrap_or(false);
    if !looking && shared.dialogs.are_shown() {
        // The service may take its time to answer, or never do.
        thread::spawn(move || drop(notification(&title, &text).show()));
    }
    Value::Bool(!looking)
}

fn notification(title: &str, text: &str) -> notify_rust::Notification {
    let mut notification = notify_rust::Notification::new();
    notification.appname("Vitalog").summary(title).body(&plain(text));
    #[cfg(all(unix, not(target_os = "macos")))]
    notification.icon("vitalog").hint(notify_rust::Hint::DesktopEntry("Vitalog".to_owned()));
    notification
}

/// There a text is read as markup.
#[cfg(all(unix, not(target_os = "macos")))]
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn plain(text: &str) -> String {
    text.to_owned()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_be_named_into_markup() {
        let said = notification("<b>a.zip</b>", "<a href=\"x\">1 & 2</a>");
        // The title is no markup by the specification.
        assert_eq!(
            (said.summary.as_str(), said.body.as_str()),
            ("<b>a.zip</b>", "&lt;a href=\"x\"&gt;1 &amp; 2&lt;/a&gt;")
        );
    }
}
