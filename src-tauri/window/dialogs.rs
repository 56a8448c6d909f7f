//! The system's own dialogs for files and folders: the only way in which a path that the page asked for is found.

use std::path::PathBuf;

use tauri::{AppHandle, Runtime};
use tauri_plugin_dialog::DialogExt;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// A file that is there, of one of some endings.
    File {
        /// What such files are called.
        filter: &'a str,
        /// Their endings.
        ends: &'a [&'a str],
    },
    /// A folder.
    Folder,
    /// A file that is to be written.
    New {
        /// How it is called unless somebody says otherwise.
        name: &'a str,
        /// Its ending.
        end: &'a str,
    },
}

/// Shows them, or has an answer where there is no screen.
#[derive(Debug, Default)]
pub struct Dialogs {
    stand_in: Option<PathBuf>,
}

impl Dialogs {
    /// Nothing is shown, and every question has the same answer: for tests.
    pub fn answering(path: PathBuf) -> Self {
        Self { stand_in: Some(path) }
    }

    /// Whether there is somebody to show something to.
    pub(super) fn are_shown(&self) -> bool {
        self.stand_in.is_none()
    }

    /// Waits for what somebody chooses; none where they close the dialog.
    pub(super) fn ask<R: Runtime>(&self, app: &AppHandle<R>, title: String, asked: Asked<'_>) -> Option<PathBuf> {
        if let Some(path) = &self.stand_in {
            return Some(path.clone());
        }
        let dialog = app.dialog().file().set_title(title);
        let chosen = match asked {
            Asked::File { filter, ends } => dialog.add_filter(filter, ends).blocking_pick_file(),
            Asked::Folder => dialog.blocking_pick_folder(),
            Asked::New { name, end } => dialog.set_file_name(name).add_filter(end, &[end]).blocking_save_file(),
        };
        chosen.and_then(|path| path.into_path().ok())
    }
}
