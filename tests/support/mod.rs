//! The real window, driven by WebKitWebDriver on a screen of its own.
#![allow(clippy::unwrap_used, dead_code)]

pub mod opened;
pub mod webdriver;
