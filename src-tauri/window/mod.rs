//! The desktop window: Tauri's setup and one command file per noun. It knows no health data; that is the backend's.

pub mod backend;
pub mod charts;
pub mod copies;
pub mod error;
pub mod exports;
pub mod imports;
pub mod keeping;
pub mod numbers;
pub mod product;
pub mod settings;
pub mod spoken;
pub mod status;
pub mod types;

use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::Arc;

use tauri::{Builder, Runtime};

use backend::Backend;

/// What every command is handed: the backend, and what the window was started with.
pub struct Shared {
    /// What the product can do.
    pub backend: Arc<dyn Backend>,
    /// The running import, if any.
    pub running: imports::Running,
    /// The backup that was chosen, if any.
    pub chosen: copies::Chosen,
    /// File to import as soon as the page is there.
    pub open: std::sync::Mutex<Option<PathBuf>>,
}

impl Shared {
    /// Nothing runs yet.
    pub fn new(backend: Arc<dyn Backend>, open: Option<PathBuf>) -> Self {
        Self {
            backend,
            running: imports::Running::default(),
            chosen: copies::Chosen::default(),
            open: std::sync::Mutex::new(open),
        }
    }
}

/// Adds every command; the window and the tests both use this list.
pub fn with_commands<R: Runtime>(builder: Builder<R>, shared: Shared) -> Builder<R> {
    builder.manage(shared).invoke_handler(tauri::generate_handler![
        status::status,
        status::opened_with,
        types::types,
        imports::choose_export,
        imports::import_export,
        imports::cancel_import,
        imports::imports,
        imports::import_detail,
        imports::undo_import,
        imports::sample,
        charts::chart,
        charts::save_chart,
        charts::save_route,
        numbers::nights,
        numbers::changes,
        numbers::beside,
        numbers::ecgs,
        numbers::explain,
        numbers::workouts,
        numbers::workout,
        numbers::sources,
        numbers::overlaps,
        numbers::stays,
        numbers::source_order,
        numbers::set_source_order,
        numbers::check,
        numbers::sql,
        settings::settings,
        settings::set_setting,
        settings::doctor,
        keeping::holdings,
        keeping::verify,
        keeping::compact,
        keeping::delete_all,
        copies::back_up,
        copies::choose_backup,
        copies::restore,
        copies::kept_copies,
        copies::bring_back,
        exports::export_everything,
    ])
}

/// Opens the window and returns when it is closed.
pub fn run(backend: Arc<dyn Backend>, open: Option<PathBuf>) -> Result<(), String> {
    let builder = tauri::Builder::default().plugin(tauri_plugin_dialog::init());
    let builder = with_commands(builder, Shared::new(backend, open));
    // GTK panics where the display that the environment names does not answer, as one of a connection that has ended.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let built = panic::catch_unwind(AssertUnwindSafe(|| builder.build(tauri::generate_context!())));
    panic::set_hook(hook);
    let app = built
        .map_err(|_| "The window could not be opened; the display does not answer.".to_owned())?
        .map_err(|error| format!("The window could not be opened: {error}."))?;
    app.run(|_, _| {});
    Ok(())
}
