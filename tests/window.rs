//! Journeys through the real window: the built page in WebKit, on a screen that nobody sees.
//!
//! `VITALOG_PICTURES=folder cargo test --test window` also keeps pictures of what it passes.
#![allow(clippy::unwrap_used)]

#[cfg(target_os = "linux")]
#[path = "support/request.rs"]
mod request;
#[cfg(target_os = "linux")]
mod support;

#[cfg(target_os = "linux")]
#[path = "window/mod.rs"]
mod linux;

#[cfg(not(target_os = "linux"))]
#[test]
fn the_window_is_only_driven_on_linux() {
    eprintln!("skipped: there is no WebKitWebDriver on this system");
}
