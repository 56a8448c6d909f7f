//! The order of sources: whose number counts where several saw the same.
//!
//! The default of Apple's own: what was typed in by hand, the watch, the phone, other devices of Apple, then the rest.

use std::cmp::Reverse;

/// A source as far as its place in the order is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writer<'a> {
    /// Bundle identifier, where known.
    pub bundle: Option<&'a str>,
    /// Hardware such as `Watch7,5`, where known.
    pub hardware: Option<&'a str>,
    /// Its names.
    pub names: &'a [String],
    /// Earliest start of a live sample.
    pub first_ms: Option<i64>,
    /// Latest end of a live sample.
    pub last_ms: Option<i64>,
}

/// What sorts before what: see [`Writer::place`].
pub type Place<'a> = (Class, bool, Reverse<Option<i64>>, &'a [String], Option<&'a str>);

/// Kinds of sources, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// An Apple Watch.
    Watch,
    /// An iPhone or iPod.
    Phone,
    /// Another device of Apple.
    OtherApple,
    /// Apps and accessories of others.
    Other,
}

impl<'a> Writer<'a> {
    /// Its place: by class, watches by their hardware before those by their name, then the device with the latest data
    /// or the app that came last, then by name, so that the order never depends on which import came first.
    pub fn place(&self) -> Place<'a> {
        let class = self.class();
        let newest = if class == Class::Other { self.first_ms } else { self.last_ms };
        // What is a watch by its name only may be an app that reads somebody else's.
        (class, self.hardware.is_none() && class == Class::Watch, Reverse(newest), self.names, self.hardware)
    }

    /// What kind of source it is. Names decide only where nothing else is known: people call their scales anything.
    pub fn class(&self) -> Class {
        let hardware = self.hardware.unwrap_or_default();
        let apple = self.bundle.is_none_or(|bundle| bundle.starts_with("com.apple."));
        let named = |word: &str| apple && self.names.iter().any(|name| is_named(name, word));
        if hardware.starts_with("Watch") || named("Watch") {
            Class::Watch
        } else if hardware.starts_with("iPhone") || hardware.starts_with("iPod") || named("iPhone") {
            Class::Phone
        } else if hardware.starts_with("iPad") || named("iPad") {
            Class::OtherApple
        } else {
            Class::Other
        }
    }
}

/// Whether a name has a word of its own: `Kim’s Apple Watch`, and not `WatchMyRun`.
fn is_named(name: &str, word: &str) -> bool {
    name.split(|c: char| !c.is_alphanumeric()).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, bundle: Option<&str>, hardware: Option<&str>, expected: Class) {
        let names = [name.to_owned()];
        let writer = Writer { bundle, hardware, names: &names, first_ms: None, last_ms: None };
        assert_eq!(writer.class(), expected);
    }

    #[test]
    fn watches_go_before_phones_and_both_before_apps() {
        check("Kim’s Apple\u{a0}Watch", None, None, Class::Watch);
        check("Kim", Some("com.apple.health.X"), Some("Watch7,3"), Class::Watch);
        check("Kim's iPhone", None, None, Class::Phone);
        check("WatchMyRun", None, None, Class::Other);
        check("Watch", Some("org.example.run"), None, Class::Other);
        check("Scale", None, None, Class::Other);
    }

    #[test]
    fn the_newest_watch_and_the_newest_app_go_first() {
        let (old, new) = (["Watch".to_owned()], ["A Watch".to_owned()]);
        let writer = |names, first, last| Writer {
            bundle: None,
            hardware: None,
            names,
            first_ms: Some(first),
            last_ms: Some(last),
        };
        assert!(writer(&new, 5, 9).place() < writer(&old, 1, 6).place());
        let (scale, food) = (["Scale".to_owned()], ["Food".to_owned()]);
        assert!(writer(&food, 5, 6).place() < writer(&scale, 1, 9).place());
    }
}
