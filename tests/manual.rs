//! What a user reads: the manual, and the examples of the README.

use std::fs;
use std::path::Path;

#[path = "support/program.rs"]
mod program;

use program::{Folder, person};

#[test]
fn the_manual_is_whole_and_names_no_other_page() {
    let folder = Folder::new("manual");
    let text = |arguments: &[&str]| {
        let text = String::from_utf8_lossy(&folder.check(arguments, 0).stdout).into_owned();
        text.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
    };
    let whole = text(&["man"]);
    for expected in [".SS vitalog import", ".SS vitalog sources link", "--dry-run", ".SS vitalog man", "Exit codes"] {
        assert!(whole.contains(expected), "{expected}: {whole}");
    }
    assert!(!whole.contains("(1)"), "no page that cannot be had: {whole}");
    let query = text(&["man", "query"]);
    assert!(query.contains("--bucket") && !query.contains("(1)"), "{query}");
    assert!(text(&["man", "sources"]).contains("--reset"));
    folder.check(&["man", "dance"], 2);
}

/// The examples stand in columns, with blanks between.
#[test]
fn the_examples_of_the_readme_work() {
    let folder = Folder::new("readme");
    folder.check(&["import", &person()], 4);
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let examples =
        readme.lines().filter(|line| line.starts_with("    ")).flat_map(|line| line.split("vitalog ").skip(1));
    let mut checked = 0;
    for example in examples {
        let (plain, quoted) = example.trim().split_once('"').unwrap_or((example.trim(), ""));
        let mut arguments: Vec<&str> = plain.split_whitespace().collect();
        arguments.extend(quoted.strip_suffix('"'));
        let expected = if arguments[0] == "import" { 3 } else { 0 };
        let file = person();
        let arguments: Vec<&str> =
            arguments.into_iter().map(|word| if word == "export.zip" { file.as_str() } else { word }).collect();
        folder.check(&arguments, expected);
        checked += 1;
    }
    assert!(checked > 5, "{checked}");
}
