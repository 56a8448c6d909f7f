//! The licences of what is shipped: the list that About shows and the Debian package brings knows every package that
//! the program and its page are built from, in the version that they are built with. `scripts/licences.py` makes it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

const AGAIN: &str = "run scripts/licences.py";
/// What a package may be under: what is built in or lies beside it, so nothing that asks for more of the program.
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "OFL-1.1",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "blessing",
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn list() -> Value {
    serde_json::from_str(&read("packaging/licences.json")).expect("the list of licences")
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_else(|| panic!("{key} of {row}"))
}

/// Rows of packages of one kind.
fn packages(list: &Value, from: &str) -> Vec<Value> {
    let rows = list["packages"].as_array().expect("packages");
    rows.iter().filter(|row| text(row, "from") == from).cloned().collect()
}

/// Names and versions of the packages of a lock file that are not ours: those have a source.
fn locked(lock: &str) -> BTreeSet<String> {
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")).map(str::to_owned));
        line.map(|rest| rest.trim_end_matches('"').to_owned())
    };
    let blocks = lock.split("[[package]]").skip(1).filter(|block| value(block, "source").is_some());
    blocks.filter_map(|block| Some(format!("{} {}", value(block, "name")?, value(block, "version")?))).collect()
}

#[test]
fn every_crate_of_the_lock_is_in_the_list_of_licences() {
    let list = list();
    let rows = packages(&list, "crate");
    let shipped = rows.iter().map(|row| format!("{} {}", text(row, "name"), text(row, "version")));
    let tools =
        list["not_shipped"].as_array().expect("tools").iter().map(|name| name.as_str().expect("a name").to_owned());
    let known: BTreeSet<String> = shipped.chain(tools).collect();
    let expected = locked(&read("Cargo.lock"));
    assert!(expected.len() > 300, "the lock is read");
    assert_eq!(expected.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "{AGAIN}");
    assert_eq!(known.difference(&expected).collect::<Vec<_>>(), Vec::<&String>::new(), "{AGAIN}");
}

/// Packages that files of the page take something from, by the names in quotes behind `from`, `import` and `url`.
fn imported(folder: &Path, found: &mut BTreeSet<String>) {
    for path in fs::read_dir(folder).expect("the page").map(|entry| entry.expect("a file").path()) {
        if path.is_dir() {
            if !path.ends_with("tests") {
                imported(&path, found);
            }
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for start in ["from '", "import '", "import('", "url('"] {
            let quoted = text.split(start).skip(1).filter_map(|rest| rest.split_once('\'')).map(|(name, _)| name);
            for name in quoted.filter(|name| name.starts_with(|first: char| first == '@' || first.is_ascii_lowercase()))
            {
                let parts = if name.starts_with('@') { 2 } else { 1 };
                found.insert(name.split('/').take(parts).collect::<Vec<_>>().join("/"));
            }
        }
    }
}

#[test]
fn what_the_page_takes_from_elsewhere_is_in_the_list_of_licences() {
    let lock: Value = serde_json::from_str(&read("ui/package-lock.json")).expect("a lock");
    let rows = packages(&list(), "npm");
    for row in &rows {
        let locked = &lock["packages"][format!("node_modules/{}", text(row, "name"))]["version"];
        assert_eq!(locked, &row["version"], "{}: {AGAIN}", row["name"]);
    }
    let known: BTreeSet<String> = rows.iter().map(|row| text(row, "name").to_owned()).collect();
    let mut taken = BTreeSet::new();
    imported(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src"), &mut taken);
    assert!(taken.contains("svelte") && taken.contains("@fontsource-variable/inter"), "the page is read: {taken:?}");
    assert_eq!(taken.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "{AGAIN}");
}

#[test]
fn every_package_is_under_a_licence_that_suits_and_has_its_text() {
    let list = list();
    let texts = list["texts"].as_array().expect("texts");
    for row in list["packages"].as_array().expect("packages") {
        let name = text(row, "name");
        let terms = row["terms"].as_array().expect("terms");
        assert!(!terms.is_empty(), "{name}");
        for term in terms {
            let number = term[1].as_u64().and_then(|number| usize::try_from(number).ok()).expect("a number");
            let text = texts.get(number).unwrap_or_else(|| panic!("{name} has no text"));
            let licence = text["licence"].as_str().expect("a licence");
            assert!(ALLOWED.contains(&licence), "{name} is under {licence}");
            assert!(text["text"].as_str().is_some_and(|text| text.len() > 200), "{name}: {licence}");
        }
    }
}

/// The file of the Debian package is made from the same list.
#[test]
fn the_debian_package_names_every_package_and_text() {
    let (list, copyright) = (list(), read("packaging/copyright"));
    assert!(copyright.starts_with("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"));
    for row in list["packages"].as_array().expect("packages") {
        let line = format!("\nFiles: {}-{}/*\n", text(row, "name").replace(' ', "-"), text(row, "version"));
        assert!(copyright.contains(&line), "{line}");
    }
    for (number, row) in list["texts"].as_array().expect("texts").iter().enumerate() {
        let line = format!("\nLicense: {}-{}\n", text(row, "licence").replace(' ', "-"), number + 1);
        assert!(copyright.contains(&line), "{line}");
    }
    let bundle: Value = serde_json::from_str(&read("tauri.conf.json")).expect("json");
    let file = &bundle["bundle"]["linux"]["deb"]["files"]["/usr/share/doc/vitalog/copyright"];
    assert_eq!(file, "packaging/copyright");
}
