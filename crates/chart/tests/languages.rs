//! What charts say in other languages: every one in German against kept words, and in the language that nobody speaks,
//! where what has no other words stands out. `UPDATE_GOLDEN=1 cargo test -p chart --test languages` writes them anew.

mod samples;

use std::collections::{BTreeMap, BTreeSet};

use chart::layer::{Layer, Panel};
use chart::model::Axis;
use chart::{Model, Size, Theme, render_headed};
use health::language::{Language, speak};
use samples::{Amount, charts, check_golden};

/// Signs of units, and what samples say by themselves, as a recorder does.
const NO_WORDS: [&str; 35] = [
    "sinus", "rhythm", "bpm", "dB", "WHO", "ITU", "mmHg", "kcal", "ms", "mg", "dL", "mmol", "L", "kg", "km", "ml",
    "mV", "mm", "s", "h", "min", "m", "lb", "mi", "ft", "SDNN", "RMSSD", "C", "Europe", "Berlin", "Asia", "Tokyo",
    "Heart", "VO", "ESH",
];

/// Every chart there is, of everything, of one thing and of nothing.
fn all(language: &str) -> Vec<(String, Model)> {
    let _spoken = speak(Language::of(language));
    let of = |amount| charts(amount).into_iter().map(move |(name, model)| (format!("{name}, {amount:?}"), model));
    [Amount::All, Amount::One, Amount::None].into_iter().flat_map(of).collect()
}

/// Everything that a model says, by where it says it.
fn said(model: &Model) -> Vec<(&'static str, String)> {
    let mut said = vec![
        ("title", model.title.clone()),
        ("unit", model.unit.clone()),
        ("days", model.days.clone()),
        ("summary", model.summary.clone()),
    ];
    said.extend(model.keys.iter().map(|key| ("key", key.label.clone())));
    said.extend(model.buckets.iter().map(|bucket| ("slot", bucket.label.clone())));
    said.extend(model.table.columns.iter().map(|head| ("head", head.clone())));
    said.extend(model.table.rows.iter().flatten().map(|cell| ("cell", cell.clone())));
    let first = Panel { x: model.x.clone(), y: model.y.clone(), layers: model.layers.clone(), share: 1.0 };
    for panel in std::iter::once(&first).chain(&model.panels) {
        said.extend(axis(&panel.x).chain(axis(&panel.y)));
        said.extend(panel.layers.iter().flat_map(layer));
    }
    said
}

fn axis(axis: &Axis) -> impl Iterator<Item = (&'static str, String)> {
    let ticks = axis.ticks.iter().map(|tick| ("tick", tick.label.clone()));
    ticks.chain([("axis", axis.label.clone())])
}

fn layer(layer: &Layer) -> Vec<(&'static str, String)> {
    match layer {
        Layer::Notes { notes } => notes.iter().map(|note| ("note", note.text.clone())).collect(),
        Layer::Rings { rings } => {
            let arcs = rings.iter().flat_map(|ring| &ring.arcs);
            let words = arcs.flat_map(|arc| [&arc.label, &arc.text]).chain(rings.iter().map(|ring| &ring.label));
            words.map(|text| ("ring", text.clone())).collect()
        }
        _ => Vec::new(),
    }
}

/// The words of a text that are not marked as words of the language that nobody speaks.
fn unmarked(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.filter(|word| !word.ends_with('\u{eb}') && !NO_WORDS.contains(word)).collect()
}

#[test]
fn german_charts_say_what_they_said() {
    let mut kept = String::new();
    for (name, model) in all("de") {
        kept += &format!("# {name}\n");
        let (mut seen, mut of_place) = (BTreeSet::new(), BTreeMap::new());
        for (place, text) in said(&model).into_iter().filter(|(place, text)| !text.is_empty() && *place != "slot") {
            // Of long lists the first ones tell how they are written.
            let is_long = matches!(place, "cell" | "ring" | "tick");
            let count: &mut u32 = of_place.entry(place).or_default();
            if (*count < 8 || !is_long) && seen.insert((place, text.clone())) {
                *count += 1;
                kept += &format!("{place}: {text}\n");
            }
        }
    }
    check_golden("words_de.txt", &kept);
}

#[test]
fn every_word_of_every_chart_has_other_words() {
    for (name, model) in all("pseudo") {
        for (place, text) in said(&model) {
            assert_eq!(unmarked(&text), [""; 0], "{name}, {place}: {text}");
        }
    }
}

#[test]
fn every_word_in_every_picture_has_other_words() {
    let _spoken = speak(Language::Pseudo);
    for amount in [Amount::All, Amount::None] {
        for (name, model) in charts(amount) {
            let svg = render_headed(&model, Size::new(900, 500), Theme::Light).expect("a picture").svg;
            let texts = svg.split("<text").skip(1).filter_map(|text| text.split_once('>')?.1.split_once("</text>"));
            for (text, _) in texts {
                assert_eq!(unmarked(text.trim()), [""; 0], "{name} of {amount:?}: {text}");
            }
        }
    }
}

#[test]
fn a_place_of_a_sentence_is_always_filled() {
    for language in ["de", "pseudo"] {
        for (name, model) in all(language) {
            let open = said(&model).into_iter().find(|(_, text)| text.contains(['{', '}']));
            assert_eq!(open, None, "{name} in {language}");
        }
    }
}

#[test]
fn other_words_change_no_shape_and_no_number() {
    for ((name, english), (_, german)) in all("en").into_iter().zip(all("de")) {
        assert_eq!(english.totals, german.totals, "{name}");
        assert_eq!(english.range, german.range, "{name}");
        let layers = |model: &Model| {
            model.layers.iter().filter(|layer| self::layer(layer).is_empty()).cloned().collect::<Vec<_>>()
        };
        assert_eq!(layers(&english), layers(&german), "{name}");
        assert_eq!((english.x.from, english.y.to), (german.x.from, german.y.to), "{name}");
    }
}

#[test]
fn a_table_for_programs_has_the_numbers_of_the_english_one_and_other_words() {
    let plain = |english: &Model, said: &Model| chart::plain::table(english, said);
    for ((name, english), (_, german)) in all("en").into_iter().zip(all("de")) {
        let (en, de) = (plain(&english, &english), plain(&english, &german));
        for (one, other) in en.rows.iter().flatten().zip(de.rows.iter().flatten()) {
            let is_number = one.parse::<f64>().is_ok() || one.as_bytes().get(4) == Some(&b'-');
            assert!(!is_number || one == other, "{name}: {one} and {other}");
        }
        if name == "heart_rate, All" {
            assert_eq!(de.columns.first().map(String::as_str), Some("Tag"));
            assert_eq!(de.columns.get(1).map(String::as_str), Some("Niedrigster (bpm)"));
        }
    }
}
