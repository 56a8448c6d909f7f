//! Where the window was and how large, kept in the data folder from one start to the next. What the page remembers (the
//! last page, ranges, appearance) it keeps itself, in storage that lies in the same folder.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use app::folder::private_file;
use serde::{Deserialize, Serialize};
use tauri::{PhysicalPosition, Runtime, WebviewWindow, Window};

const FILE: &str = "state.json";
/// The least that can be worked with, as in tauri.conf.json.
const LEAST: (f64, f64) = (380.0, 480.0);
/// So much of the window's upper edge must be on a screen that it can be taken hold of.
const GRIP: i64 = 60;

/// A window: the size in the page's pixels, the place in those of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    width: f64,
    height: f64,
    x: i32,
    y: i32,
    maximised: bool,
}

/// A screen that is there now.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    x: i32,
    y: i32,
    width: u32,
    height: u32,
    /// Pixels of the screen in one of the page.
    scale: f64,
}

/// Where the window was before it was maximised, too.
#[derive(Debug, Default)]
pub struct Kept {
    file: Option<PathBuf>,
    place: Mutex<Option<Place>>,
}

impl Kept {
    /// Reads what was kept in the window's folder; without one nothing is kept.
    pub fn read(folder: Option<&Path>) -> Self {
        let file = folder.map(|folder| folder.join(FILE));
        // What cannot be read is as if it had not been kept: the window opens as it did the first time.
        let text = file.as_ref().and_then(|file| fs::read(file).ok());
        let place = text.and_then(|text| serde_json::from_slice(&text).ok()).filter(Place::is_sound);
        Self { file, place: Mutex::new(place) }
    }

    /// The place for a window on the screens that there are now.
    pub fn fitting(&self, screens: &[Screen]) -> Option<(Place, bool)> {
        self.place().map(|place| fit(place, screens))
    }

    fn place(&self) -> Option<Place> {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears that the window was moved or has another size.
    pub fn hear<R: Runtime>(&self, window: &Window<R>) {
        let Some(found) = measured(window) else { return };
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(match *place {
            // The size to go back to is that from before.
            Some(before) if found.maximised => Place { maximised: true, ..before },
            _ => found,
        });
    }

    /// Writes it down, so that one who is killed meanwhile leaves the old or the new one.
    pub fn write(&self) {
        let (Some(file), Some(place)) = (&self.file, self.place()) else { return };
        let part = file.with_extension("part");
        let write = || -> app::Result<()> {
            let text = serde_json::to_vec(&place).map_err(std::io::Error::from)?;
            private_file(&part, file)?.write_all(&text)?;
            Ok(fs::rename(&part, file)?)
        };
        // On a full disk the window opens where it was the time before.
        let _ = write();
    }
}

impl Place {
    fn is_sound(&self) -> bool {
        [self.width, self.height].iter().all(|side| (100.0..100_000.0).contains(side))
    }
}

/// None while it is not to be seen, as one does on closing.
fn measured<R: Runtime>(window: &Window<R>) -> Option<Place> {
    if window.is_minimized().unwrap_or(true) || !window.is_visible().unwrap_or(false) {
        return None;
    }
    let scale = window.scale_factor().ok()?;
    let size = window.inner_size().ok()?.to_logical::<f64>(scale);
    let PhysicalPosition { x, y } = window.outer_position().ok()?;
    let maximised = window.is_maximized().ok()? || window.is_fullscreen().ok()?;
    let place = Place { width: size.width, height: size.height, x, y, maximised };
    Some(place).filter(Place::is_sound)
}

/// The screens that there are now, the main one first.
pub fn screens<R: Runtime>(window: &WebviewWindow<R>) -> Vec<Screen> {
    let main = window.primary_monitor().ok().flatten();
    let all = window.available_monitors().unwrap_or_default();
    let screen = |monitor: &tauri::Monitor| Screen {
        x: monitor.position().x,
        y: monitor.position().y,
        width: monitor.size().width,
        height: monitor.size().height,
        scale: monitor.scale_factor(),
    };
    main.iter().chain(&all).map(screen).collect()
}

/// A place on a screen that is there, and whether the window can be where it was. A screen may be gone or smaller.
fn fit(place: Place, screens: &[Screen]) -> (Place, bool) {
    let on = |screen: &&Screen| {
        let (left, top) = (i64::from(screen.x), i64::from(screen.y));
        let (x, y) = (i64::from(place.x), i64::from(place.y));
        let right = x + (place.width * screen.scale) as i64;
        let seen = right.min(left + i64::from(screen.width)) - x.max(left);
        // A window manager may put the frame a little above.
        seen >= GRIP && y >= top - GRIP / 2 && y + GRIP <= top + i64::from(screen.height)
    };
    let found = screens.iter().find(on);
    let Some(screen) = found.or_else(|| screens.first()) else { return (place, false) };
    let room = (f64::from(screen.width) / screen.scale, f64::from(screen.height) / screen.scale);
    let within = |side: f64, least: f64, room: f64| side.min(room).max(least);
    let place =
        Place { width: within(place.width, LEAST.0, room.0), height: within(place.height, LEAST.1, room.1), ..place };
    (place, found.is_some())
}

/// Puts a window that is not shown yet where it was.
pub fn apply<R: Runtime>(window: &WebviewWindow<R>, kept: &Kept) -> tauri::Result<()> {
    let Some((place, is_there)) = kept.fitting(&screens(window)) else { return Ok(()) };
    window.set_size(tauri::LogicalSize::new(place.width, place.height))?;
    if is_there {
        window.set_position(PhysicalPosition::new(place.x, place.y))?;
    }
    if place.maximised { window.maximize() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAPTOP: Screen = Screen { x: 0, y: 0, width: 1440, height: 900, scale: 1.0 };
    const BESIDE: Screen = Screen { x: 1440, y: -200, width: 3840, height: 2160, scale: 2.0 };

    /// A place, the screens, and what comes of it: x, y, width, height; no place where the system is to choose one.
    #[track_caller]
    fn check(at: (i32, i32), size: (f64, f64), screens: &[Screen], expected: (bool, f64, f64)) {
        let place = Place { width: size.0, height: size.1, x: at.0, y: at.1, maximised: false };
        let (found, is_there) = fit(place, screens);
        assert_eq!((is_there, found.width, found.height), expected);
        assert_eq!((found.x, found.y), at);
    }

    #[test]
    fn a_window_is_where_it_was_as_long_as_that_is_on_a_screen() {
        let size = (1180.0, 800.0);
        let both = [LAPTOP, BESIDE];
        check((100, 50), size, &both, (true, 1180.0, 800.0));
        check((1600, -150), size, &both, (true, 1180.0, 800.0));
        // The screen beside is gone.
        check((1600, -150), size, &[LAPTOP], (false, 1180.0, 800.0));
        // Half beyond an edge it can be taken hold of, below the lower one it cannot.
        check((1300, 50), size, &[LAPTOP], (true, 1180.0, 800.0));
        check((-1000, 50), size, &[LAPTOP], (true, 1180.0, 800.0));
        check((-1150, 50), size, &[LAPTOP], (false, 1180.0, 800.0));
        check((100, 880), size, &[LAPTOP], (false, 1180.0, 800.0));
        check((100, -400), size, &[LAPTOP], (false, 1180.0, 800.0));
        check((i32::MAX, i32::MIN), size, &both, (false, 1180.0, 800.0));
    }

    #[test]
    fn a_window_is_no_larger_than_its_screen_and_large_enough() {
        check((0, 0), (3000.0, 2000.0), &[LAPTOP], (true, 1440.0, 900.0));
        check((1500, 0), (3000.0, 2000.0), &[LAPTOP, BESIDE], (true, 1920.0, 1080.0));
        check((0, 0), (120.0, 120.0), &[LAPTOP], (true, 380.0, 480.0));
        check((0, 0), (1180.0, 800.0), &[], (false, 1180.0, 800.0));
    }

    #[test]
    fn what_was_kept_is_read_again_and_nonsense_is_not() {
        let folder = app::Folder::at(std::env::temp_dir().join(format!("vitalog-place-{}", std::process::id())));
        let dir = folder.window().expect("a folder");
        let place = Place { width: 900.0, height: 700.0, x: -8, y: 30, maximised: true };
        let kept = Kept::read(Some(&dir));
        assert_eq!(kept.place(), None);
        *kept.place.lock().expect("free") = Some(place);
        kept.write();
        assert_eq!(Kept::read(Some(&dir)).place(), Some(place));
        let names: Vec<_> =
            fs::read_dir(&dir).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
        assert_eq!(names, [FILE]);
        for nonsense in ["", "{}", "[1]", r#"{"width":1e9,"height":700,"x":0,"y":0,"maximised":false}"#] {
            fs::write(dir.join(FILE), nonsense).expect("written");
            assert_eq!(Kept::read(Some(&dir)).place(), None, "{nonsense}");
        }
        fs::remove_dir_all(folder.dir()).expect("removed");
    }
}
