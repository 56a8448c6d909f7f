//! The language in which people are told something.
//!
//! English stands in the sources, as gettext does it: a text with named places is its own key, and a catalogue of one
//! file per language has the other words for it, and those of the window's page. Nothing is looked up in English.
//!
//! A language is that of a question, and numbers and names are written many calls below it, in functions that know
//! nothing but the number. So it is not handed down but spoken on the thread that answers, for as long as what
//! [`speak`] returned lives. Nothing but words, and how numbers and days are written, depends on it.
//!
//! ```
//! use health::language::{self, Language, word};
//! use health::say;
//!
//! assert_eq!(say!("{low} to {high}", low = 1, high = 3), "1 to 3");
//! let _german = language::speak(Language::of("de"));
//! assert_eq!(say!("{low} to {high}", low = 1, high = 3), "1 bis 3");
//! assert_eq!(word("Heart Rate"), "Herzfrequenz");
//! ```

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::plurals::{OTHER, Plurals};

/// Languages besides English, by the tag that a computer names them with: the files of `ui/src/words`, which the build
/// finds. A further one is one more file there.
const CATALOGUES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/catalogues.rs"));
/// The tag of the language that nobody speaks.
const PSEUDO: &str = "pseudo";

/// A language that there are words of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// What stands in the sources.
    #[default]
    English,
    /// One with a catalogue, by its place among them.
    Other(usize),
    /// Nobody's: English with longer words, so that a test sees what is clipped, and what has no other words.
    Pseudo,
}

impl Language {
    /// By its tag, such as `de` or `de-AT`; English where there are no words of it.
    pub fn of(tag: &str) -> Self {
        let tag = tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
        let place = CATALOGUES.iter().position(|(known, _)| *known == tag);
        if tag == PSEUDO { Self::Pseudo } else { place.map_or(Self::English, Self::Other) }
    }

    /// The catalogue that says which texts there are words for; none of English.
    fn catalogue(self) -> Option<&'static Catalogue> {
        match self {
            Self::English => None,
            Self::Other(place) => catalogues().get(place),
            Self::Pseudo => catalogues().first(),
        }
    }
}

thread_local! {
    static SPOKEN: Cell<Language> = const { Cell::new(Language::English) };
}

/// What ends a language on the thread on which it began.
#[derive(Debug)]
#[must_use = "the language is spoken as long as this lives"]
pub struct Spoken {
    before: Language,
    // Another thread has a language of its own.
    stays: PhantomData<*const ()>,
}

impl Drop for Spoken {
    fn drop(&mut self) {
        SPOKEN.set(self.before);
    }
}

/// Speaks a language on this thread until what it returns is dropped.
pub fn speak(language: Language) -> Spoken {
    Spoken { before: SPOKEN.replace(language), stays: PhantomData }
}

/// The language of this thread.
pub fn spoken() -> Language {
    SPOKEN.get()
}

/// Other words for the texts of the sources.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    /// What the window's page says; the page reads it.
    #[serde(rename = "page")]
    _page: IgnoredAny,
    numbers: Numbers,
    /// Whether a name inside a sentence begins small, as `Steps` does in English.
    names_begin_small: bool,
    /// Words and sentences.
    words: HashMap<String, String>,
    /// What is counted, by what one is called: words for each sort of number that the language tells apart.
    counted: HashMap<String, HashMap<String, String>>,
    #[serde(skip)]
    plurals: Plurals,
    /// Names of types.
    types: HashMap<String, String>,
    /// Names of workouts.
    workouts: HashMap<String, String>,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Numbers {
    /// Sets thousands apart.
    pub group: char,
    /// Stands before the digits of a fraction.
    pub point: char,
}

const ENGLISH: Numbers = Numbers { group: ',', point: '.' };

impl Catalogue {
    fn word(&self, key: &str) -> Option<&str> {
        [&self.words, &self.types, &self.workouts].into_iter().find_map(|part| part.get(key)).map(String::as_str)
    }

    /// The words for so many of something.
    fn counted(&self, n: u64, one: &str) -> Option<&str> {
        let forms = self.counted.get(one)?;
        forms.get(self.plurals.sort(n)).or_else(|| forms.get(OTHER)).map(String::as_str)
    }
}

fn catalogues() -> &'static [Catalogue] {
    static READ: LazyLock<Vec<Catalogue>> = LazyLock::new(|| {
        let read = |(tag, text): &(&str, &str)| {
            let catalogue: Catalogue = serde_json::from_str(text)?;
            Ok::<_, serde_json::Error>(Catalogue { plurals: Plurals::of(tag), ..catalogue })
        };
        // They are part of the program, and a test reads them.
        CATALOGUES.iter().map(read).collect::<Result<_, _>>().expect("catalogues can be read")
    });
    &READ
}

/// How numbers are written in the language of this thread.
pub fn numbers() -> Numbers {
    match spoken() {
        Language::Other(_) => spoken().catalogue().map_or(ENGLISH, |catalogue| catalogue.numbers),
        Language::English | Language::Pseudo => ENGLISH,
    }
}

/// A number of the program's own, such as `1234.5`, with the point of the language.
pub fn pointed(plain: &str) -> String {
    plain.replace(ENGLISH.point, numbers().point.encode_utf8(&mut [0; 4]))
}

/// A whole number with thousands set apart.
pub fn grouped(n: u64) -> String {
    let (digits, group) = (n.to_string(), numbers().group);
    let apart = |i: usize| i > 0 && (digits.len() - i).is_multiple_of(3);
    digits.char_indices().flat_map(|(i, digit)| apart(i).then_some(group).into_iter().chain([digit])).collect()
}

/// What a text of the sources is called in the language of this thread; a text that has no other words stays.
pub fn word(text: &str) -> String {
    found(text).map_or_else(|| text.to_owned(), Cow::into_owned)
}

fn found(key: &str) -> Option<Cow<'static, str>> {
    let language = spoken();
    let words = language.catalogue()?.word(key)?;
    Some(if language == Language::Pseudo { Cow::Owned(stretched(key)) } else { Cow::Borrowed(words) })
}

/// A text of the sources with its places filled, by `say!`; in English nobody asks this.
pub fn filled(key: &str, places: &[(&str, &dyn std::fmt::Display)]) -> String {
    let text = found(key).unwrap_or_else(|| Cow::Owned(key.to_owned()));
    fill(&text, places)
}

/// Goes through the text once: what is filled in may have braces of its own.
fn fill(text: &str, places: &[(&str, &dyn std::fmt::Display)]) -> String {
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, name, after)) = next_place(rest) {
        done.push_str(before);
        match places.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => done.push_str(&value.to_string()),
            None => done.extend(["{", name, "}"]),
        }
        rest = after;
    }
    done + rest
}

/// What stands before the next place, its name, and what comes after it.
fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// `1 night`, `2 nights`, by `counted!`. What stands behind a `|` tells translators apart what English does not, such
/// as `day|of` in `3 of 28 days`.
pub fn counted(n: u64, one: &str) -> String {
    let number = grouped(n);
    let plain = || {
        let noun = one.split('|').next().unwrap_or_default();
        format!("{number} {noun}{}", if n == 1 { "" } else { "s" })
    };
    let language = spoken();
    match language.catalogue().and_then(|catalogue| catalogue.counted(n, one)) {
        None => plain(),
        Some(_) if language == Language::Pseudo => stretched(&plain()),
        Some(words) => fill(words, &[("n", &number)]),
    }
}

/// A name inside a sentence: in English only what is a word, not what is an abbreviation, begins small.
pub fn inside(name: &str) -> String {
    let small = spoken().catalogue().is_none_or(|catalogue| catalogue.names_begin_small);
    let mut letters = name.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if small && second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => name.to_owned(),
    }
}

/// What marks a word of the language that nobody speaks.
const MARK: char = '\u{eb}';

/// Every word four tenths longer, its places and numbers left alone.
fn stretched(text: &str) -> String {
    match next_place(text) {
        Some((before, name, after)) => format!("{}{{{name}}}{}", longer(before), stretched(after)),
        None => longer(text),
    }
}

/// Marks every word behind its last letter.
fn longer(text: &str) -> String {
    let mut done = String::new();
    for run in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = run.trim_end_matches(|c: char| !c.is_alphanumeric());
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        done.push_str(word);
        done.extend(std::iter::repeat_n(MARK, (letters * 4).div_ceil(10)));
        done.push_str(run.get(word.len()..).unwrap_or_default());
    }
    done
}

/// Says a text of the sources in the language of this thread. Its places are named, and each is handed in: by its name
/// where a variable is called so, else as `name = value`.
#[macro_export]
macro_rules! say {
    ($text:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        match $crate::language::spoken() {
            $crate::language::Language::English => format!($text $(, $name = $crate::place!($name $(= $value)?))*),
            _ => $crate::language::filled($text, &[$((stringify!($name), &$crate::place!($name $(= $value)?))),*]),
        }
    };
}

/// The value of a place of [`say!`].
#[doc(hidden)]
#[macro_export]
macro_rules! place {
    ($name:ident) => {
        $name
    };
    ($name:ident = $value:expr) => {
        $value
    };
}

/// Counts in the language of this thread: `counted!(2, "night")` is `2 nights`.
#[macro_export]
macro_rules! counted {
    ($n:expr, $one:literal) => {
        $crate::language::counted($n as u64, $one)
    };
}

/// Marks a text that [`language::word`](crate::language::word) says later, so that catalogues have it.
#[macro_export]
macro_rules! key {
    ($text:literal) => {
        $text
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: PartialEq + std::fmt::Debug>(tag: &str, say: impl Fn() -> T, expected: T) {
        let _spoken = speak(Language::of(tag));
        assert_eq!(say(), expected, "{tag}");
    }

    #[test]
    fn a_language_is_found_by_the_tags_that_computers_have() {
        let check = |tag: &str, expected: Language| assert_eq!(Language::of(tag), expected, "{tag}");
        check("de", Language::Other(0));
        check("de-AT", Language::Other(0));
        check("DE_de.UTF-8", Language::Other(0));
        check("en-GB", Language::English);
        check("", Language::English);
        check("tlh", Language::English);
        check("pseudo", Language::Pseudo);
    }

    #[test]
    fn a_language_ends_with_what_began_it() {
        let german = speak(Language::of("de"));
        {
            let _english = speak(Language::English);
            assert_eq!(word("Nights"), "Nights");
        }
        assert_eq!(word("Nights"), "Nächte");
        let elsewhere = std::thread::spawn(|| word("Nights")).join().expect("a thread");
        assert_eq!(elsewhere, "Nights", "another thread has its own");
        drop(german);
        assert_eq!(word("Nights"), "Nights");
    }

    #[test]
    fn what_is_filled_in_stays_as_it_is() {
        let both = || say!("{low} to {high}", low = "{high}", high = "a {b} c");
        check("en", both, "{high} to a {b} c".to_owned());
        check("de", both, "{high} bis a {b} c".to_owned());
        check("pseudo", both, "{high} toë a {b} c".to_owned());
    }

    #[test]
    fn what_has_no_other_words_stays() {
        check("de", || word("Kim's band"), "Kim's band".to_owned());
        check("pseudo", || word("Kim's band"), "Kim's band".to_owned());
    }

    #[test]
    fn numbers_are_written_as_the_language_writes_them() {
        check("en", || (grouped(1_234_567), pointed("0.5")), ("1,234,567".to_owned(), "0.5".to_owned()));
        check("de", || (grouped(1_234_567), pointed("0.5")), ("1.234.567".to_owned(), "0,5".to_owned()));
        check("de", || grouped(999), "999".to_owned());
    }

    #[test]
    fn one_is_not_counted_as_many() {
        let days = || [0, 1, 2].map(|n| crate::counted!(n, "day|of"));
        check("en", days, ["0 days", "1 day", "2 days"].map(str::to_owned));
        check("de", days, ["0 Tagen", "1 Tag", "2 Tagen"].map(str::to_owned));
    }

    #[test]
    fn only_words_of_languages_that_do_so_begin_small_inside_a_sentence() {
        check("en", || ["Steps", "VO\u{2082} max"].map(inside), ["steps", "VO\u{2082} max"].map(str::to_owned));
        check("de", || inside("Schritte"), "Schritte".to_owned());
    }

    #[test]
    fn the_language_that_nobody_speaks_is_longer_word_by_word() {
        let check = |text: &str, expected: &str| assert_eq!(stretched(text), expected);
        check("{when}: no data, 5 %.", "{when}: noë dataëë, 5 %.");
        check(" (from {low})", " (fromëë {low})");
        check("Heart-rate", "Heartëë-rateëë");
        check("; nothing more", "; nothingëëë moreëë");
        check("trend{speed}", "trendëë{speed}");
    }
}
