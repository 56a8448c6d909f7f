//! The menus. What is in them stands here, their words come from the page in its language, and what they do happens
//! there, too: an item tells the page its name, and the page does what the key of that name does.
//!
//! On macOS they stand at the top of the screen as everywhere there. On Linux and Windows a menu bar would be a strip
//! of another look above a window that may be small, for things that have their place in the page, in the palette and
//! on the keyboard; so it is not there until F10 or the palette asks for it, and the page keeps that choice.

use std::collections::BTreeMap;

use tauri::menu::{Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::{AppHandle, Emitter, Manager, Runtime};

use super::MAIN;
use super::error::{Answer, internal};

/// What the page hears; with it goes the item's name.
pub const EVENT: &str = "act";

/// One entry of a menu; names are those of the page's list of actions, and of its words.
enum Entry {
    /// Tells the page its name. The key is shown, and heard where the page has not taken it before.
    Act(&'static str, &'static str),
    /// The system's own, which only macOS has all of.
    Own(&'static str),
    Line,
}

use Entry::{Act, Line, Own};

type Titled = (&'static str, &'static [Entry]);

/// The order that people expect there; the first is the application's own.
const MAC: &[Titled] = &[
    (
        "app",
        &[
            Act("about", ""),
            Line,
            Act("settings", "Cmd+,"),
            Line,
            Own("services"),
            Line,
            Own("hide"),
            Own("hide_others"),
            Own("show_all"),
            Line,
            Own("quit"),
        ],
    ),
    ("file", &[Act("import", "Cmd+O"), Act("export", ""), Line, Own("minimise"), Own("close")]),
    ("edit", &[Own("undo"), Own("redo"), Line, Own("cut"), Own("copy"), Own("paste"), Line, Own("select_all")]),
    VIEW,
    GO,
    ("help", &[Act("keys", "")]),
];

/// A page may not paste there, so the field's own menu and key do that.
const ELSEWHERE: &[Titled] = &[
    (
        "file",
        &[Act("import", "Ctrl+O"), Act("export", ""), Line, Act("settings", "Ctrl+,"), Line, Act("quit", "Ctrl+Q")],
    ),
    ("edit", &[Act("undo", ""), Act("redo", ""), Line, Act("cut", ""), Act("copy", ""), Line, Act("select_all", "")]),
    VIEW,
    GO,
    ("help", &[Act("keys", ""), Act("menu_bar", ""), Line, Act("about", "")]),
];

const VIEW: Titled = (
    "view",
    &[
        Act("range_day", ""),
        Act("range_week", ""),
        Act("range_month", ""),
        Act("range_half_year", ""),
        Act("range_year", ""),
        Act("range_all", ""),
        Line,
        Act("earlier", ""),
        Act("later", ""),
        Act("today", ""),
        Line,
        Act("copy_link", ""),
        Line,
        Act("sidebar", "CmdOrCtrl+B"),
        Line,
        Act("zoom_in", "CmdOrCtrl+="),
        Act("zoom_out", "CmdOrCtrl+-"),
        Act("zoom_actual", "CmdOrCtrl+0"),
    ],
);

const GO: Titled = (
    "go",
    &[
        Act("palette", "CmdOrCtrl+K"),
        Line,
        Act("go_overview", ""),
        Act("go_sleep", ""),
        Act("go_heart", ""),
        Act("go_activity", ""),
        Act("go_workouts", ""),
        Act("go_body", ""),
        Act("go_vitals", ""),
        Act("go_types", ""),
        Line,
        Act("go_compare", ""),
        Act("go_query", ""),
        Act("go_import", ""),
        Act("go_phone", ""),
        Act("go_sources", ""),
    ],
);

/// The name of every item that the page is told of, on any system, in the order of the menus.
pub fn actions() -> Vec<&'static str> {
    let mut names = Vec::new();
    for entry in MAC.iter().chain(ELSEWHERE).flat_map(|(_, entries)| *entries) {
        if let Act(name, _) = entry
            && !names.contains(name)
        {
            names.push(*name);
        }
    }
    names
}

/// Makes the menus in the page's words, and shows or hides the menu bar where there is a choice.
#[tauri::command]
pub fn set_menu<R: Runtime>(app: AppHandle<R>, words: BTreeMap<String, String>, shown: bool) -> Answer<()> {
    show(&app, &words, shown).map_err(|error| internal(&error.to_string()))
}

fn show<R: Runtime>(app: &AppHandle<R>, words: &BTreeMap<String, String>, shown: bool) -> tauri::Result<()> {
    if cfg!(target_os = "macos") {
        return app.set_menu(menu(app, MAC, words)?).map(drop);
    }
    let Some(window) = app.get_webview_window(MAIN) else { return Ok(()) };
    window.remove_menu()?;
    if shown { window.set_menu(menu(app, ELSEWHERE, words)?).map(drop) } else { Ok(()) }
}

fn menu<R: Runtime>(app: &AppHandle<R>, menus: &[Titled], words: &BTreeMap<String, String>) -> tauri::Result<Menu<R>> {
    let said = |name: &'static str| words.get(name).map_or(name, String::as_str);
    let menu = Menu::new(app)?;
    for (title, entries) in menus {
        let submenu = Submenu::new(app, said(title), true)?;
        for entry in *entries {
            match entry {
                Line => submenu.append(&PredefinedMenuItem::separator(app)?)?,
                Own(name) => submenu.append(&own(app, name, said(name))?)?,
                Act(name, key) => {
                    let key = Some(*key).filter(|key| !key.is_empty());
                    submenu.append(&MenuItem::with_id(app, *name, said(name), true, key)?)?;
                }
            }
        }
        menu.append(&submenu)?;
    }
    Ok(menu)
}

fn own<R: Runtime>(app: &AppHandle<R>, name: &str, text: &str) -> tauri::Result<PredefinedMenuItem<R>> {
    let text = Some(text);
    match name {
        "services" => PredefinedMenuItem::services(app, text),
        "hide" => PredefinedMenuItem::hide(app, text),
        "hide_others" => PredefinedMenuItem::hide_others(app, text),
        "show_all" => PredefinedMenuItem::show_all(app, text),
        "minimise" => PredefinedMenuItem::minimize(app, text),
        "close" => PredefinedMenuItem::close_window(app, text),
        "undo" => PredefinedMenuItem::undo(app, text),
        "redo" => PredefinedMenuItem::redo(app, text),
        "cut" => PredefinedMenuItem::cut(app, text),
        "copy" => PredefinedMenuItem::copy(app, text),
        "paste" => PredefinedMenuItem::paste(app, text),
        "select_all" => PredefinedMenuItem::select_all(app, text),
        _ => PredefinedMenuItem::quit(app, text),
    }
}

/// Tells the page what was chosen.
pub fn chosen<R: Runtime>(app: &AppHandle<R>, name: &str) {
    // A page that is gone does nothing any more.
    let _ = app.emit_to(MAIN, EVENT, name);
}
