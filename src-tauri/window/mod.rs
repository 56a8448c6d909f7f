//! The desktop window: Tauri's setup and one command file per noun. It knows no health data; that is the backend's.

pub mod acts;
pub mod agents;
pub mod backend;
pub mod background;
pub mod charts;
pub mod copies;
pub mod dialogs;
pub mod error;
pub mod exports;
pub mod handed;
pub mod imports;
pub mod instance;
pub mod keeping;
pub mod limits;
pub mod login;
pub mod menu;
pub mod numbers;
#[cfg(target_os = "linux")]
pub mod painting;
pub mod phones;
pub mod place;
pub mod product;
pub mod receiving;
pub mod sending;
pub mod servers;
pub mod settings;
pub mod shell;
pub mod spoken;
pub mod status;
pub mod tray;
pub mod types;

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use app::Folder;
use tauri::ipc::Invoke;
use tauri::{Builder, Runtime};

use backend::Backend;
use background::Background;
use dialogs::Dialogs;
use handed::{Given, Handed};
use instance::Mailbox;
use login::Login;
use place::Kept;

/// The one window.
pub(crate) const MAIN: &str = "main";

/// What every command is handed: the backend, and what the window was started with.
pub struct Shared {
    /// What the product can do.
    pub backend: Arc<dyn Backend>,
    /// The running import, if any.
    pub running: imports::Running,
    /// The receiver of phones, while it is on.
    pub receiving: receiving::Receiving,
    /// What sends to servers.
    pub sending: sending::Sending,
    /// What goes on when the window is closed.
    pub background: background::Background,
    /// The files that somebody gave to the window.
    pub handed: Handed,
    /// The backup that was chosen, if any.
    pub chosen: copies::Chosen,
    /// What asks for files.
    pub dialogs: Dialogs,
}

impl Shared {
    /// Nothing runs yet; what was given is imported, or gone to, as soon as the page is there.
    pub fn new(backend: Arc<dyn Backend>, given: impl Into<Given>) -> Self {
        let (handed, given) = (Handed::default(), given.into());
        handed.hand_over(&given.files);
        handed.lead(given.address);
        let (running, receiving, sending, background, chosen, dialogs) = Default::default();
        Self { backend, running, receiving, sending, background, handed, chosen, dialogs }
    }
}

/// Adds every command; the window and the tests both use this list. What is too large reaches none of them.
pub fn with_commands<R: Runtime>(builder: Builder<R>, shared: Shared) -> Builder<R> {
    let commands: Box<dyn Fn(Invoke<R>) -> bool + Send + Sync> = Box::new(tauri::generate_handler![
        status::status,
        types::types,
        imports::choose_export,
        imports::choose_folder,
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
        numbers::explain_days,
        numbers::explain_pair,
        numbers::explain_stretch,
        numbers::workouts,
        numbers::workout,
        numbers::sources,
        numbers::overlaps,
        numbers::stays,
        numbers::source_order,
        numbers::set_source_order,
        numbers::check,
        numbers::sql,
        acts::count_rows,
        acts::hide_rows,
        acts::sessions,
        acts::edit_night,
        acts::history,
        acts::take_back,
        settings::settings,
        settings::set_setting,
        settings::doctor,
        agents::agent_calls,
        agents::configure_agent,
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
        background::background,
        background::set_background,
        background::set_login,
        phones::phones,
        phones::receive,
        phones::invite,
        phones::invitation,
        phones::answer_guest,
        phones::add_device,
        phones::set_device,
        phones::rename_device,
        phones::brought,
        phones::undo_device,
        servers::servers,
        servers::knock,
        servers::add_server,
        servers::choose_rows,
        servers::sign_in,
        servers::set_server,
        servers::test_server,
        servers::preview_server,
        servers::dry_run,
        servers::send_now,
        servers::stop_sending,
        servers::refused,
        servers::server_report,
        shell::opened_with,
        shell::opened_at,
        shell::announce,
        shell::zoom,
        shell::close,
        menu::set_menu,
    ]);
    builder.manage(shared).invoke_handler(move |invoke| {
        match limits::check(invoke.message.command(), invoke.message.payload()) {
            Ok(()) => commands(invoke),
            Err(error) => {
                invoke.resolver.reject(error);
                true
            }
        }
    })
}

/// Opens the window of a data folder, `hidden` where nobody asked for it, and returns when the program is to end.
pub fn run(
    backend: Arc<dyn Backend>,
    folder: &Folder,
    mailbox: Mailbox,
    given: Given,
    hidden: bool,
) -> Result<(), String> {
    // Where nothing can be written the window remembers nothing, and what is there can be looked at.
    let memory = folder.window().map_err(|_| std::path::absolute(folder.dir()).unwrap_or_default());
    let builder = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .manage(Kept::read(memory.as_deref().ok()))
        .on_window_event(shell::heard)
        .on_menu_event(|app, event| menu::chosen(app, event.id().as_ref()))
        .setup(move |app| {
            shell::open(app, memory, hidden)?;
            let handle = app.handle().clone();
            shell::tell_arrivals(&handle);
            shell::receive_again(&handle);
            shell::send_by_itself(&handle);
            let icon = handle.clone();
            std::thread::spawn(move || background::follow(&icon));
            mailbox.listen(move |given| shell::hand_over(&handle, given));
            Ok(())
        });
    let background = Background::with(Login::find(|name| std::env::var_os(name).map(Into::into)));
    let builder = with_commands(builder, Shared { background, ..Shared::new(backend, given) });
    // GTK panics where the display that the environment names does not answer, as one of a connection that has ended.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let built = panic::catch_unwind(AssertUnwindSafe(|| builder.build(tauri::generate_context!())));
    panic::set_hook(hook);
    let app = built
        .map_err(|_| "The window could not be opened; the display does not answer.".to_owned())?
        .map_err(|error| format!("The window could not be opened: {error}."))?;
    app.run(|app, event| {
        if let tauri::RunEvent::Exit = event {
            shell::end_receiving(app);
        }
        // There files come this way, also those that are dropped on the dock.
        #[cfg(target_os = "macos")]
        if let tauri::RunEvent::Opened { urls } = event {
            let files = urls.iter().filter_map(|url| url.to_file_path().ok()).collect();
            shell::hand_over(app, Given { files, address: None });
        }
    });
    Ok(())
}
