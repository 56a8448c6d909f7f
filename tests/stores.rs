//! A kept store of every version of the schema: it opens, is whole, knows what it holds, and can be undone.
//!
//! `UPDATE_GOLDEN=1 cargo test --test stores` writes that of today's version anew; a version that was released stays.

use std::env;
use std::fs;
use std::path::PathBuf;

use serde_json::json;

#[path = "support/program.rs"]
mod program;

use program::{Folder, fixture, person};

/// The kept stores, by version, the newest last.
fn kept() -> Vec<(i64, PathBuf)> {
    let entries = fs::read_dir(fixture("stores")).expect("a folder").map(|entry| entry.expect("an entry").path());
    let version = |path: &PathBuf| path.file_stem()?.to_str()?.strip_prefix('v')?.parse().ok();
    let mut kept: Vec<(i64, PathBuf)> = entries.filter_map(|path| Some((version(&path)?, path))).collect();
    kept.sort();
    kept
}

/// A data folder with a copy of a store.
fn with(store: &PathBuf, name: &str) -> Folder {
    let folder = Folder::new(name);
    fs::create_dir_all(folder.data()).expect("a folder");
    fs::copy(store, folder.data().join("vitalog.db")).expect("a copy");
    folder
}

fn fresh(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.check(&["import", &person()], 4);
    folder
}

#[test]
fn stores_of_every_version_open_whole_and_can_be_undone() {
    if env::var_os("UPDATE_GOLDEN").is_some() {
        let folder = fresh("new");
        let version = folder.answer(&["status"])["store"]["schema"].as_i64().expect("a version");
        fs::create_dir_all(fixture("stores")).expect("a folder");
        fs::copy(folder.data().join("vitalog.db"), fixture(&format!("stores/v{version}.db"))).expect("kept");
    }
    let expected = fresh("expected");
    assert!(!kept().is_empty(), "no kept store");
    for (version, store) in kept() {
        let folder = with(&store, &format!("v{version}"));
        for question in [&["types"][..], &["daily"], &["sleep"], &["sources"]] {
            assert_eq!(folder.answer(question), expected.answer(question), "version {version}: {question:?}");
        }
        folder.check(&["verify"], 0);
        folder.check(&["import", &person()], 3);
        folder.check(&["undo", "1"], 0);
        assert_eq!(folder.answer(&["types"]), json!([]), "version {version}");
        folder.check(&["verify"], 0);
    }
}

#[test]
fn kept_stores_have_todays_schema_once_they_are_open() {
    let today = fresh("today");
    let newest = kept().pop().map(|(version, _)| version);
    assert_eq!(today.answer(&["status"])["store"]["schema"].as_i64(), newest, "a version needs a kept store");
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    for (version, store) in kept() {
        let kept = with(&store, &format!("schema-{version}")).answer(&["sql", sql]);
        assert_eq!(kept, today.answer(&["sql", sql]), "version {version}: a change needs a new version");
    }
}
