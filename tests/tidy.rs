//! The rules of the house that a machine can check: arrows, owners, comments, documents, paths.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chart::layer::Tone;
use chart::{Hue, Theme};
use clap::CommandFactory;

/// The root package: the app and its faces.
const ROOT: &str = "vitalog";

/// Who may use which crate of ours.
const ARROWS: [(&str, &[&str]); 6] = [
    ("health", &[]),
    ("store", &["health"]),
    ("chart", &["health"]),
    ("net", &["health", "store"]),
    ("app", &["health", "store", "chart", "net"]),
    (ROOT, &["app"]),
];

/// Which crate owns which package.
const OWNERS: &[(&str, &str)] = &[
    ("quick-xml", "health"),
    ("zip", "health"),
    ("flate2", "health"),
    ("icu_locale_core", "health"),
    ("icu_normalizer", "health"),
    ("icu_plurals", "health"),
    ("jiff", "health"),
    ("memchr", "health"),
    ("sha2", "health"),
    ("rusqlite", "store"),
    ("plotters", "chart"),
    ("resvg", "chart"),
    ("skera", "chart"),
    ("read-fonts", "chart"),
    ("base64", "chart"),
    ("axum", "net"),
    ("argon2", "net"),
    ("getrandom", "net"),
    ("mdns-sd", "net"),
    ("qrcode", "net"),
    ("rcgen", "net"),
    ("reqwest", "net"),
    ("rustls", "net"),
    ("subtle", "net"),
    ("fs4", "app"),
    ("keyring", "app"),
    ("tauri", ROOT),
    ("rmcp", ROOT),
    ("clap", ROOT),
    ("ctrlc", ROOT),
    ("indicatif", ROOT),
    ("rustix", ROOT),
    ("interprocess", ROOT),
    ("notify-rust", ROOT),
    ("ksni", ROOT),
    ("auto-launch", ROOT),
    // Parts of the above.
    ("clap_complete", ROOT),
    ("clap_mangen", ROOT),
    ("tauri-plugin-dialog", ROOT),
    ("http-body-util", "net"),
    ("hyper", "net"),
    ("hyper-util", "net"),
    ("rustls-platform-verifier", "net"),
    ("tokio-rustls", "net"),
    ("tokio-postgres", "net"),
    ("futures-util", "net"),
];

/// What no crate owns: shapes, errors and, from the receiver upwards, threads that wait.
const EVERYBODYS: [&str; 4] = ["serde", "serde_json", "thiserror", "tokio"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Names in `[dependencies]`; those of `[dev-dependencies]` may be anything.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim() == "[dependencies]";
        } else if let Some((name, _)) = line.split_once('=').filter(|_| inside && !line.starts_with('#')) {
            found.insert(name.trim().split('.').next().unwrap_or_default().to_owned());
        }
    }
    found
}

fn crates() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("crates"))
        .expect("crates/")
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

/// Every package of ours by its name, with its manifest.
fn manifests() -> Vec<(String, String)> {
    let root = (ROOT.to_owned(), read("Cargo.toml"));
    let others = crates().into_iter().map(|name| (name.clone(), read(format!("crates/{name}/Cargo.toml"))));
    std::iter::once(root).chain(others).collect()
}

/// Files that git knows; without a clone around, or without git, there is nothing to check.
fn tracked() -> Vec<String> {
    if !root().join(".git").exists() {
        return Vec::new();
    }
    let output = match Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        output => output.expect("git runs"),
    };
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let names: Vec<String> = names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    assert!(names.iter().any(|name| name == "Cargo.toml"), "git does not tell the files: {output:?}");
    names
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn arrows_between_crates_point_the_way_the_map_says() {
    let ours: BTreeSet<String> = crates().into_iter().collect();
    for (name, manifest) in manifests() {
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            panic!("the crate {name} is not on the map: tests/tidy.rs and ARCHITECTURE.md");
        };
        for used in dependencies(&manifest).intersection(&ours) {
            assert!(allowed.contains(&used.as_str()), "{name} must not use {used}");
        }
    }
}

#[test]
fn every_outside_package_is_used_by_its_owner_only() {
    let ours: BTreeSet<String> = crates().into_iter().collect();
    for (user, manifest) in manifests() {
        for used in dependencies(&manifest) {
            if ours.contains(&used) || EVERYBODYS.contains(&used.as_str()) {
                continue;
            }
            let owner = OWNERS.iter().find(|(package, _)| *package == used).map(|(_, owner)| *owner);
            let owner = owner.unwrap_or_else(|| panic!("nobody owns {used}: tests/tidy.rs and ARCHITECTURE.md"));
            assert!(owner == user, "{user} must not use {used}, {owner} owns it");
        }
    }
}

#[test]
fn every_column_says_what_it_means() {
    let mut table = None;
    for line in read("crates/store/src/schema.sql").lines() {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            table = rest.split_whitespace().next().map(str::to_owned);
        } else if line.starts_with(')') {
            table = None;
        } else if let Some(table) = &table {
            let constraint = ["PRIMARY KEY", "FOREIGN KEY", "UNIQUE", "CHECK", "--"];
            if !line.trim().is_empty() && !constraint.iter().any(|word| line.trim().starts_with(word)) {
                assert!(line.contains("-- "), "no comment in {table}: {line}");
            }
        }
    }
}

#[test]
fn every_module_opens_with_what_it_is_for() {
    let mut found = Vec::new();
    for folder in ["src-tauri", "crates", "tests"] {
        sources(&root().join(folder), &mut found);
    }
    assert!(!found.is_empty());
    for path in found {
        let text = read(&path);
        assert!(text.starts_with("//!"), "{} does not open with //!", path.display());
    }
}

/// As long as lines of code, which the formatter breaks.
#[test]
fn no_comment_is_wider_than_the_code() {
    let mut files = Vec::new();
    ["crates", "src-tauri", "tests"].iter().for_each(|folder| sources(&root().join(folder), &mut files));
    for path in files {
        let text = read(&path);
        let wide = |line: &&str| line.trim_start().starts_with("//") && line.chars().count() > 120;
        assert_eq!(text.lines().find(wide), None, "{}", path.display());
    }
}

#[test]
fn the_documents_name_every_crate() {
    let map = read("ARCHITECTURE.md");
    for name in crates() {
        assert!(map.contains(&format!("`{name}`")), "ARCHITECTURE.md does not name the crate {name}");
    }
}

#[test]
fn the_readme_names_every_verb_and_no_other() {
    let mut command = vitalog::cli::Args::command();
    command.build();
    let verbs = command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
        .map(|verb| verb.get_name().to_owned());
    let named = BTreeSet::from_iter(table(&read("README.md"), "## On the command line", 1));
    assert_eq!(named, verbs.collect());
}

/// The words in backticks of the first table after a heading, by row and column.
fn table(text: &str, heading: &str, column: usize) -> Vec<String> {
    let (_, rest) = text.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    let rows = rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = rows.skip(2).filter_map(|row| row.split('|').nth(column + 1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}

#[test]
fn the_documents_name_every_code_and_setting() {
    let text = read("docs/command-line.md");
    let codes: Vec<&str> = app::Code::TABLE.iter().map(|(_, word, _)| *word).collect();
    assert_eq!(table(&text, "## Error codes", 0), codes);
    let folder = app::Folder::at(root().join("no-such-folder"));
    let settings: BTreeSet<String> = app::settings::settings(&folder).expect("settings").into_keys().collect();
    assert_eq!(BTreeSet::from_iter(table(&text, "## Settings", 0)), settings);
}

/// What the page has and what is let in from outside are one list.
#[test]
fn addresses_lead_to_the_screens_that_the_page_has() {
    let list = |path: &str, name: &str| -> Vec<String> {
        let text = read(path);
        let (_, rest) = text.split_once(&format!("const {name} = [")).unwrap_or_else(|| panic!("no {name}"));
        rest.split(']').next().unwrap_or_default().split('\'').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let (kind, places) = app::address::PLACES.split_last().expect("places");
    assert_eq!(
        (list("ui/src/places.ts", "PLACES"), *kind),
        (places.iter().map(|at| (*at).to_owned()).collect(), "type")
    );
    assert_eq!(list("ui/src/address.svelte.ts", "ASKED"), app::address::ASKED);
    let ranges = list("ui/src/address.svelte.ts", "RANGES");
    assert!(ranges.iter().all(|range| app::address::check(&format!("#/sleep?range={range}")).is_ok()), "{ranges:?}");
}

/// The lines of a block of the page's words: the key, and the quoted texts.
fn page_words(block: &str) -> Vec<(String, Vec<String>)> {
    let text = read("ui/src/words/en.ts");
    let (_, rest) = text.split_once(&format!("  {block}: {{\n")).unwrap_or_else(|| panic!("no {block}"));
    let lines = rest.lines().take_while(|line| !line.trim_start().starts_with('}'));
    let texts = |line: &str| line.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    lines.filter_map(|line| Some((line.trim().split_once(':')?.0.to_owned(), texts(line)))).collect()
}

#[test]
fn command_line_and_window_say_the_same() {
    let row = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let problems: Vec<_> =
        app::words::PROBLEMS.iter().map(|(code, words)| ((*code).to_owned(), row(&[words]))).collect();
    assert_eq!(page_words("reasons"), problems);
    let rejects: Vec<_> = app::words::REJECTS.iter().map(|(code, words)| ((*code).to_owned(), row(&[words]))).collect();
    assert_eq!(page_words("rejectReasons"), rejects);
    let entries: Vec<_> =
        app::words::ENTRIES.iter().map(|(key, one, many)| ((*key).to_owned(), row(&[one, many]))).collect();
    assert_eq!(page_words("entries"), entries);
}

/// The list is kept by tests/ipc/lists.rs, which collects it from the reader's source.
#[test]
fn every_problem_of_the_reader_has_words() {
    let codes: Vec<String> =
        serde_json::from_str(&read("tests/fixtures/ipc/problem_codes.json")).expect("a list of codes");
    let worded: BTreeSet<&str> = app::words::PROBLEMS.iter().map(|(code, _)| *code).collect();
    assert_eq!(worded, codes.iter().map(String::as_str).collect());
}

/// The page's legend has the colours of the picture, light and dark.
#[test]
fn the_legend_has_the_colours_of_the_chart() {
    let tokens = read("ui/src/tokens.css");
    let pairs = [
        ("heart", Hue::Heart, Tone::Full),
        ("heart-light", Hue::Heart, Tone::Soft),
        ("heart-faint", Hue::Heart, Tone::Pale),
    ];
    let areas = [
        ("sleep", Hue::Sleep),
        ("activity", Hue::Activity),
        ("workout", Hue::Workout),
        ("body", Hue::Body),
        ("vitals", Hue::Vitals),
        ("awake", Hue::Awake),
        ("rem", Hue::Rem),
        ("core", Hue::Core),
        ("deep", Hue::Deep),
    ];
    for (name, hue, tone) in pairs.into_iter().chain(areas.map(|(name, hue)| (name, hue, Tone::Full))) {
        let drawn = [Theme::Light, Theme::Dark].map(|theme| theme.css(hue, tone));
        let line = format!("--{name}: light-dark({}, {});", drawn[0], drawn[1]);
        assert!(tokens.contains(&line), "{line}");
    }
}

/// The entries of a table of the page, `name: value` a line.
fn entries(source: &str, name: &str) -> Vec<(String, String)> {
    let start = source.find(&format!("export const {name}:")).expect("the table");
    let lines = source[start..].lines().skip(1).take_while(|line| !line.starts_with('}'));
    lines
        .filter_map(|line| line.trim().trim_end_matches(',').split_once(": "))
        .map(|(k, v)| (k.into(), v.into()))
        .collect()
}

/// An area of health has one colour, in the page and in each of its charts.
#[test]
fn a_group_of_types_has_the_colour_of_its_area() {
    let places = read("ui/src/places.ts");
    let hues: BTreeMap<String, String> = entries(&places, "HUES").into_iter().collect();
    let groups = entries(&places, "GROUPS");
    assert!(groups.len() > 9, "{groups:?}");
    for (area, listed) in groups {
        for group in listed.trim_matches(['[', ']']).split(", ").map(|word| word.trim_matches('\'')) {
            let drawn = format!("'{:?}'", app::charts::hue_of(group)).to_lowercase();
            assert_eq!(drawn, hues[&area], "{area}: {group}");
        }
    }
}

#[test]
fn no_file_names_a_machine() {
    // Put together here, so that this file does not hold them.
    let marks = ["work", "root", "home"].map(|folder| format!("/{folder}/"));
    for name in tracked() {
        let Ok(text) = fs::read_to_string(root().join(&name)) else { continue };
        for (number, line) in text.lines().enumerate() {
            let starts = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/*~}".contains(c));
            for mark in &marks {
                let hit = line.match_indices(mark.as_str()).any(|(at, _)| starts(at));
                assert!(!hit, "{name}:{}: names a path of a machine", number + 1);
            }
        }
    }
}

#[test]
fn the_page_calls_the_commands_that_the_window_has() {
    let mut window = Vec::new();
    sources(&root().join("src-tauri/window"), &mut window);
    let list = window.iter().map(read).find_map(|text| {
        let (_, rest) = text.split_once("generate_handler![")?;
        Some(rest.split_once(']')?.0.to_owned())
    });
    let Some(list) = list.filter(|_| root().join("ui/src/ipc.ts").exists()) else { return };
    let commands: BTreeSet<String> = list
        .split(',')
        .map(|name| name.trim().rsplit("::").next().unwrap_or_default().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    let called: BTreeSet<String> = read("ui/src/ipc.ts")
        .split("invoke")
        .skip(1)
        .filter_map(|rest| {
            let (head, rest) = rest.split_once('(')?;
            let name = rest.trim_start().strip_prefix(['"', '\''])?;
            (head.is_empty() || head.starts_with('<')).then(|| name.split(['"', '\'']).next().map(str::to_owned))?
        })
        .collect();
    assert_eq!(commands, called, "the window's commands (left) and those in ui/src/ipc.ts (right)");
}
