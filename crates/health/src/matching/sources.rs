//! Who tells: names as they are compared, app and hardware.

use std::collections::BTreeSet;

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::Source;

/// Who wrote a row, as far as somebody said.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Teller {
    /// Its names, as they are compared.
    pub names: BTreeSet<String>,
    /// Bundle identifier of the app.
    pub bundle: Option<String>,
    /// Hardware such as `Watch7,5`.
    pub hardware: Option<String>,
}

impl Teller {
    /// A source as a feed tells it: its name may hold several with `|` between them.
    pub fn of(source: &Source) -> Self {
        let names = source.name.split('|').map(comparable).filter(|name| !name.is_empty()).collect();
        Self { names, bundle: source.bundle.clone(), hardware: source.hardware.clone() }
    }

    /// Whether two may be the same writer.
    pub fn can_be(&self, other: &Self) -> bool {
        let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
        if differ(&self.bundle, &other.bundle) || differ(&self.hardware, &other.hardware) {
            return false;
        }
        let known = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
        known(&self.bundle, &other.bundle)
            || known(&self.hardware, &other.hardware)
            || self.names.is_empty()
            || other.names.is_empty()
            || self.shares_a_name(other)
    }

    /// Whether one name is a name of both.
    pub fn shares_a_name(&self, other: &Self) -> bool {
        !self.names.is_disjoint(&other.names)
    }

    /// Takes over what only the other one knows.
    pub(super) fn join(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.bundle = self.bundle.take().or_else(|| other.bundle.clone());
        self.hardware = self.hardware.take().or_else(|| other.hardware.clone());
    }
}

/// A name as it is compared: composed, with plain blanks and apostrophes, in lower case.
pub fn comparable(name: &str) -> String {
    let plain = ComposingNormalizerBorrowed::new_nfc().normalize(name);
    let plain = plain.chars().map(|c| match c {
        '\u{a0}' | '\u{202f}' => ' ',
        '\u{2019}' | '\u{2bc}' => '\'',
        other => other,
    });
    let plain: String = plain.flat_map(char::to_lowercase).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
