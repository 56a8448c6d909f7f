//! The catalogues of languages against the sources: every text has words, and no words have lost their text.

#[path = "../build/catalogues.rs"]
mod catalogues_of_build;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs, process};

use catalogues_of_build::{found, table};
use health::language::Language;
use health::plurals::Plurals;
use serde_json::{Map, Value};

/// One file for each language, with the page's words and the program's.
const CATALOGUES: &str = "../../ui/src/words";
/// The parts with a text and its words.
const PARTS: [&str; 3] = ["words", "types", "workouts"];

fn catalogues() -> Vec<(String, Map<String, Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(CATALOGUES);
    let files = fs::read_dir(folder).expect("the words").map(|entry| entry.expect("a file").path());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a catalogue");
        (path.display().to_string(), serde_json::from_str(&text).expect("json"))
    };
    let found: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "json")).map(read).collect();
    assert!(!found.is_empty());
    found
}

fn part<'c>(catalogue: &'c Map<String, Value>, name: &str) -> BTreeMap<&'c str, &'c Value> {
    let part = catalogue.get(name).and_then(Value::as_object).expect("a part");
    part.iter().map(|(key, words)| (key.as_str(), words)).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.extension() {
            _ if path.is_dir() => sources(&path, found),
            // What `say!` is may speak of it.
            Some(end) if end == "rs" && !path.ends_with("health/src/language.rs") => found.push(path),
            _ => {}
        }
    }
}

/// The first text in quotes of every call of some macros.
fn texts_of(macros: &[&str]) -> BTreeSet<String> {
    let mut files = Vec::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("crates/");
    for name in ["health", "chart", "app", "net"] {
        sources(&crates.join(name).join("src"), &mut files);
    }
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).expect("a source");
        for opening in macros.iter().map(|name| format!("{name}!(")) {
            let calls = text.split(opening.as_str()).skip(1);
            found.extend(calls.map(|rest| literal(rest.split_once('"').expect("a text").1)));
        }
    }
    found
}

/// The text up to its closing quote, without what is only there for the source.
fn literal(source: &str) -> String {
    let (mut text, mut rest) = (String::new(), source.chars().peekable());
    while let Some(letter) = rest.next().filter(|letter| *letter != '"') {
        match (letter, rest.peek()) {
            ('\\', Some('\n')) => while rest.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some('u')) => {
                let code: String = rest.by_ref().skip(2).take_while(|c| *c != '}').collect();
                text.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
            }
            ('\\', _) => text.extend(rest.next()),
            _ => text.push(letter),
        }
    }
    text
}

/// The names of the places of a text.
fn places(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

/// The same texts on both sides, told apart by what is missing where.
#[track_caller]
fn check_same<'a>(name: &str, expected: impl Iterator<Item = &'a str>, found: &BTreeMap<&str, &Value>) {
    let (expected, found): (BTreeSet<&str>, BTreeSet<&str>) = (expected.collect(), found.keys().copied().collect());
    let missing: Vec<_> = expected.difference(&found).collect();
    let left: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty(), "{name}: these have no words: {missing:#?}");
    assert!(left.is_empty(), "{name}: nothing says these any more: {left:#?}");
}

#[test]
fn every_catalogue_is_a_language() {
    let files = found(&Path::new(env!("CARGO_MANIFEST_DIR")).join(CATALOGUES)).expect("the words");
    assert!(files.iter().any(|(tag, _)| tag == "de"), "{files:?}");
    for (tag, _) in &files {
        assert!(matches!(Language::of(tag), Language::Other(_)), "{tag} is spoken");
    }
}

/// The build reads the folder as here; that the page does so too is tested in `ui/src/tests/words.test.ts`.
#[test]
fn one_more_file_is_one_more_language() {
    let folder = env::temp_dir().join(format!("vitalog-catalogues-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    for name in ["de.json", "tlh.json", "en.ts"] {
        fs::write(folder.join(name), "{}").expect("a file");
    }
    let files = found(&folder).expect("files");
    fs::remove_dir_all(&folder).expect("the folder is gone");
    assert_eq!(files.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>(), ["de", "tlh"]);
    let row = format!("(\"tlh\", include_str!({:?})),", files[1].1);
    assert!(table(&files).contains(&row), "{}", table(&files));
}

#[test]
fn every_text_of_the_sources_has_words_in_every_language() {
    let (said, counted) = (texts_of(&["say", "key"]), texts_of(&["counted"]));
    assert!(said.contains("{low} to {high}") && counted.contains("night"), "the sources are read");
    for (name, catalogue) in catalogues() {
        check_same(&name, said.iter().map(String::as_str), &part(&catalogue, "words"));
        check_same(&name, counted.iter().map(String::as_str), &part(&catalogue, "counted"));
    }
}

#[test]
fn every_type_and_every_workout_has_a_name_in_every_language() {
    let table: Value = serde_json::from_str(include_str!("../data/healthkit-types.json")).expect("json");
    let names = |list: &str| -> Vec<String> {
        let rows = table.get(list).and_then(Value::as_array).expect("a list");
        rows.iter().map(|row| row.get("name").and_then(Value::as_str).expect("a name").to_owned()).collect()
    };
    let types = ["quantity", "category", "other"].map(names).concat();
    let workouts = names("workout_activity_types");
    for (name, catalogue) in catalogues() {
        check_same(&name, types.iter().map(String::as_str), &part(&catalogue, "types"));
        check_same(&name, workouts.iter().map(String::as_str), &part(&catalogue, "workouts"));
    }
}

#[test]
fn words_have_the_places_of_their_text_and_none_is_empty() {
    for (name, catalogue) in catalogues() {
        for (text, words) in PARTS.iter().flat_map(|list| part(&catalogue, list)) {
            let words = words.as_str().expect("words");
            assert!(!words.trim().is_empty(), "{name}: {text}");
            assert_eq!(places(words), places(text), "{name}: {text}");
            assert!(!text.ends_with('.') || words.ends_with('.'), "{name}: {text}");
        }
        for (text, forms) in part(&catalogue, "counted") {
            let tag = Path::new(&name).file_stem().and_then(|tag| tag.to_str()).expect("a tag");
            let sorts: BTreeSet<&str> = Plurals::of(tag).sorts().into_iter().collect();
            let forms = forms.as_object().expect("words for every sort of number");
            assert_eq!(forms.keys().map(String::as_str).collect::<BTreeSet<_>>(), sorts, "{name}: {text}");
            for words in forms.values().map(|words| words.as_str().expect("words")) {
                assert_eq!(places(words), BTreeSet::from(["n"]), "{name}: {text}");
            }
        }
    }
}

#[test]
fn a_text_that_stands_twice_has_the_same_words() {
    for (name, catalogue) in catalogues() {
        let mut known: BTreeMap<&str, &Value> = BTreeMap::new();
        for (text, words) in PARTS.iter().flat_map(|list| part(&catalogue, list)) {
            let before = known.insert(text, words);
            assert!(before.is_none_or(|before| before == words), "{name}: {text}");
        }
    }
}
