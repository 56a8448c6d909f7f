//! An icon beside the clock with a few things to choose, where the desktop has a place for such: on Linux over the
//! session bus, with no library of the system's; elsewhere by Tauri, which nobody has tried yet.
//!
//! A desktop without such a place is none that the program could not run on: then there is no icon.

use tauri::{AppHandle, Runtime};

use super::background::Words;

/// What somebody chose there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// The window.
    Open,
    /// To receive, or no more.
    Receive,
    /// The end.
    Quit,
}

/// What the icon asks for and tells of what is chosen.
pub trait Owner: Send + Sync + 'static {
    /// Its words.
    fn words(&self) -> Words;
    /// Whether phones are received.
    fn is_receiving(&self) -> bool;
    /// Does what was chosen; on a thread of the icon's own.
    fn chosen(&self, what: Chosen);
}

pub use platform::Tray;

#[cfg(target_os = "linux")]
mod platform {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use ksni::blocking::{Handle, TrayMethods};
    use ksni::menu::{CheckmarkItem, StandardItem};
    use ksni::{MenuItem, OfflineReason};
    use tauri::image::Image;

    use super::{AppHandle, Chosen, Owner, Runtime, Words};

    /// The icon, until this is dropped.
    pub struct Tray {
        handle: Handle<Item>,
        is_shown: Arc<AtomicBool>,
    }

    struct Item {
        owner: Arc<dyn Owner>,
        picture: Vec<ksni::Icon>,
        is_shown: Arc<AtomicBool>,
    }

    impl Tray {
        /// Shows it, as soon as there is a place for it; none where there is no session bus. Waits for that bus.
        pub fn show<R: Runtime>(app: &AppHandle<R>, owner: Arc<dyn Owner>) -> Option<Self> {
            let picture = app.default_window_icon().map(argb).into_iter().collect();
            let is_shown = Arc::new(AtomicBool::new(true));
            let item = Item { owner, picture, is_shown: Arc::clone(&is_shown) };
            // At the start of a session the place may come later than we do.
            let handle = item.assume_sni_available(true).spawn().ok()?;
            Some(Self { handle, is_shown })
        }

        /// Whether there is a place for it by now.
        pub fn is_shown(&self) -> bool {
            self.is_shown.load(Ordering::Acquire) && !self.handle.is_closed()
        }

        /// Asks anew what it says.
        pub fn refresh(&self) {
            self.handle.update(|_| ());
        }
    }

    impl Drop for Tray {
        fn drop(&mut self) {
            // What is shown goes with the connection; nobody waits for that.
            drop(self.handle.shutdown());
        }
    }

    /// The program's picture in the order of bytes that is wanted there.
    fn argb(image: &Image<'_>) -> ksni::Icon {
        let size = |n: u32| i32::try_from(n).unwrap_or(0);
        let data = image.rgba().chunks_exact(4).flat_map(|pixel| {
            let [red, green, blue, alpha] = [pixel[0], pixel[1], pixel[2], pixel[3]];
            [alpha, red, green, blue]
        });
        ksni::Icon { width: size(image.width()), height: size(image.height()), data: data.collect() }
    }

    impl ksni::Tray for Item {
        fn id(&self) -> String {
            "org.vitalog.desktop".to_owned()
        }

        fn title(&self) -> String {
            "Vitalog".to_owned()
        }

        fn icon_pixmap(&self) -> Vec<ksni::Icon> {
            self.picture.clone()
        }

        fn activate(&mut self, _x: i32, _y: i32) {
            self.owner.chosen(Chosen::Open);
        }

        fn menu(&self) -> Vec<MenuItem<Self>> {
            let Words { open, receive, quit } = self.owner.words();
            let plain = |label, what| {
                let activate = Box::new(move |item: &mut Self| item.owner.chosen(what));
                StandardItem { label, activate, ..StandardItem::default() }.into()
            };
            let checked = self.owner.is_receiving();
            let turn = Box::new(|item: &mut Self| item.owner.chosen(Chosen::Receive));
            let receive = CheckmarkItem { label: receive, checked, activate: turn, ..CheckmarkItem::default() };
            vec![plain(open, Chosen::Open), receive.into(), MenuItem::Separator, plain(quit, Chosen::Quit)]
        }

        fn watcher_online(&self) {
            self.is_shown.store(true, Ordering::Release);
        }

        fn watcher_offline(&self, _why: OfflineReason) -> bool {
            self.is_shown.store(false, Ordering::Release);
            // It may come, or come again.
            true
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_picture_has_its_bytes_in_the_wanted_order() {
            let icon = argb(&Image::new_owned(vec![1, 2, 3, 4, 5, 6, 7, 8], 2, 1));
            assert_eq!((icon.width, icon.height, icon.data), (2, 1, vec![4, 1, 2, 3, 8, 5, 6, 7]));
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::sync::Arc;

    use tauri::menu::{CheckMenuItem, Menu, MenuItem};
    use tauri::tray::TrayIconBuilder;

    use super::{AppHandle, Chosen, Owner, Runtime, Words};

    /// The icon, until this is dropped.
    pub struct Tray {
        refresh: Box<dyn Fn() + Send + Sync>,
        close: Box<dyn Fn() + Send + Sync>,
    }

    /// Its name among icons.
    const ID: &str = "background";
    /// What can be chosen, by its name in the menu.
    const ITEMS: [(&str, Chosen); 3] =
        [("tray-open", Chosen::Open), ("tray-receive", Chosen::Receive), ("tray-quit", Chosen::Quit)];

    impl Tray {
        /// Shows it; none where the system has no place for it.
        pub fn show<R: Runtime>(app: &AppHandle<R>, owner: Arc<dyn Owner>) -> Option<Self> {
            let chosen = Arc::clone(&owner);
            let builder =
                TrayIconBuilder::with_id(ID).menu(&menu(app, &*owner).ok()?).on_menu_event(move |_, event| {
                    if let Some((_, what)) = ITEMS.iter().find(|(id, _)| event.id() == id) {
                        chosen.chosen(*what);
                    }
                });
            let builder = match app.default_window_icon() {
                Some(icon) => builder.icon(icon.clone()),
                None => builder,
            };
            builder.build(app).ok()?;
            let (one, other) = (app.clone(), app.clone());
            let refresh = move || {
                let menu = menu(&one, &*owner).ok();
                let _ = one.tray_by_id(ID).map(|tray| tray.set_menu(menu));
            };
            Some(Self { refresh: Box::new(refresh), close: Box::new(move || drop(other.remove_tray_by_id(ID))) })
        }

        /// There it is shown wherever it could be made.
        pub fn is_shown(&self) -> bool {
            true
        }

        /// Asks anew what it says.
        pub fn refresh(&self) {
            (self.refresh)();
        }
    }

    impl Drop for Tray {
        fn drop(&mut self) {
            (self.close)();
        }
    }

    fn menu<R: Runtime>(app: &AppHandle<R>, owner: &dyn Owner) -> tauri::Result<Menu<R>> {
        let Words { open, receive, quit } = owner.words();
        let [(open_id, _), (receive_id, _), (quit_id, _)] = ITEMS;
        let open = MenuItem::with_id(app, open_id, open, true, None::<&str>)?;
        let receive = CheckMenuItem::with_id(app, receive_id, receive, true, owner.is_receiving(), None::<&str>)?;
        let quit = MenuItem::with_id(app, quit_id, quit, true, None::<&str>)?;
        Menu::with_items(app, &[&open, &receive, &quit])
    }
}
