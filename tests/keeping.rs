//! Backups, the way back, and the end of everything: journeys through the real program.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use serde_json::{Value, json};

#[path = "support/program.rs"]
mod program;

use program::{Folder, error_line, fixture, person};

fn filled(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.check(&["import", &person()], 4);
    folder
}

/// Everything that the store holds.
fn contents(folder: &Folder) -> Vec<u8> {
    folder.check(&["export", "--format", "jsonl", "--superseded", "--out", "-"], 0).stdout
}

#[test]
fn a_backup_brings_everything_back_and_the_way_back_is_kept() {
    let folder = filled("there-and-back");
    folder.check(&["settings", "set", "units", "imperial"], 0);
    let before = contents(&folder);
    let made = folder.answer(&["backup", "copy.db"]);
    assert_eq!((&made["file"], &made["records"]), (&json!("copy.db"), &json!(32)));
    folder.check(&["undo", "1"], 0);
    folder.check(&["settings", "set", "units", "metric"], 0);
    let undone = contents(&folder);
    let restored = folder.answer(&["restore", "copy.db"]);
    assert_eq!(contents(&folder), before);
    assert_eq!(folder.answer(&["settings"])["units"], "imperial");
    folder.check(&["verify"], 0);
    let kept = restored["kept"].as_str().expect("a way back");
    folder.check(&["restore", kept], 0);
    assert_eq!((contents(&folder), &folder.answer(&["settings"])["units"]), (undone, &json!("metric")));
}

#[test]
fn a_backup_fills_an_empty_data_folder_and_changes_nothing_else() {
    let (folder, other) = (filled("from"), Folder::new("to"));
    let copy = other.path("copy.db");
    let copy = copy.to_str().expect("UTF-8");
    folder.check(&["backup", copy], 0);
    let bytes = fs::read(copy).expect("a file");
    assert_eq!(other.answer(&["restore", copy])["kept"], Value::Null);
    assert_eq!(contents(&other), contents(&folder));
    assert!(fs::read(copy).expect("a file") == bytes);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(copy).expect("there").permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_cannot_be_backed_up_or_restored_is_told_and_changes_nothing() {
    let folder = filled("refused");
    let before = contents(&folder);
    fs::write(folder.path("notes.txt"), "milk, bread").expect("written");
    let code = |arguments: &[&str]| error_line(&folder.check(&[arguments, &["--json"]].concat(), 1))["code"].clone();
    assert_eq!(code(&["restore", "notes.txt"]), "not_a_backup");
    assert_eq!(code(&["restore", "nowhere.db"]), "not_found");
    assert_eq!(code(&["restore", "."]), "not_a_backup");
    assert_eq!(code(&["backup", "notes.txt"]), "file");
    assert_eq!(code(&["backup", "nowhere/copy.db"]), "not_found");
    assert_eq!(contents(&folder), before);
    let empty = Folder::new("nothing-there");
    assert_eq!(error_line(&empty.check(&["backup", "copy.db", "--json"], 1))["code"], "not_found");
    empty.check(&["restore", "nowhere.db"], 1);
    assert!(!empty.data().exists() && !empty.path("copy.db").exists());
}

/// The remedy that `verify` names.
#[test]
fn a_store_that_cannot_be_opened_is_put_aside() {
    let folder = filled("broken");
    let before = contents(&folder);
    folder.check(&["backup", "copy.db"], 0);
    let junk = b"These are my notes, not a store.".repeat(200);
    fs::write(folder.data().join("vitalog.db"), &junk).expect("written");
    folder.check(&["types"], 1);
    // Nobody has written to it for long, as to most stores that break.
    let store = fs::File::options().write(true).open(folder.data().join("vitalog.db")).expect("the store");
    store.set_modified(SystemTime::UNIX_EPOCH).expect("set");
    let restored = folder.answer(&["restore", "copy.db"]);
    assert_eq!(restored["damaged"], true);
    let kept: PathBuf = restored["kept"].as_str().expect("put aside").into();
    assert_eq!(contents(&folder), before);
    assert!(fs::read(kept).expect("the old one") == junk);
}

/// A store of every earlier version, where there is one.
#[test]
fn a_store_is_copied_before_it_is_brought_up_to_date() {
    let folder = Folder::new("upgraded");
    fs::create_dir_all(folder.data()).expect("a folder");
    fs::copy(fixture("stores/v1.db"), folder.data().join("vitalog.db")).expect("a copy");
    folder.check(&["status"], 0);
    let kept = copies(&folder).pop().expect("a copy");
    assert!(kept.display().to_string().contains("before-upgrade-of-version-1-"), "{kept:?}");
    // It is what it was: a program of that time opens it.
    assert_eq!(fs::read(&kept).expect("the copy")[60..64], 1_u32.to_be_bytes());
    let after = contents(&folder);
    folder.check(&["restore", kept.to_str().expect("UTF-8")], 0);
    assert_eq!(contents(&folder), after);
    // Another old store in its place is another copy.
    let upgrades = || copies(&folder).iter().filter(|path| path.display().to_string().contains("-upgrade-")).count();
    fs::copy(&kept, folder.data().join("vitalog.db")).expect("a copy");
    let store = fs::File::options().write(true).open(folder.data().join("vitalog.db")).expect("the store");
    store.set_modified(SystemTime::UNIX_EPOCH).expect("set");
    folder.check(&["status"], 0);
    assert_eq!(upgrades(), 2);
}

/// What lies in `kept/`.
fn copies(folder: &Folder) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.data().join("kept")).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn delete_all_leaves_a_receipt_and_what_is_not_ours() {
    let folder = filled("gone");
    folder.check(&["demo", "--days", "2"], 0);
    fs::write(folder.data().join("notes.txt"), "milk, bread").expect("written");
    folder.check(&["delete-all"], 2);
    folder.check(&["delete-all", "--confirm", "yes"], 2);
    assert_eq!(folder.answer(&["status"])["records"], 32);
    let receipt = folder.answer(&["delete-all", "--confirm", "delete"]);
    assert_eq!((&receipt["records"], &receipt["left"]), (&json!(32), &json!(["notes.txt"])));
    let names: Vec<String> = fs::read_dir(folder.data())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "notes.txt")
        .collect();
    assert_eq!(json!(names), json!([receipt["receipt"]]));
    let kept = fs::read(folder.data().join(&names[0])).expect("the receipt");
    assert_eq!(serde_json::from_slice::<Value>(&kept).expect("JSON"), receipt);
    assert_eq!(folder.answer(&["status"])["records"], 0);
    folder.check(&["delete-all", "--confirm", "delete"], 3);
    // And it begins anew.
    folder.check(&["import", &person()], 4);
}

/// Other people's folders may have the names of ours.
#[test]
fn delete_all_takes_nothing_that_somebody_else_made() {
    let folder = Folder::new("used-folder");
    let theirs = ["demo/src/thesis.tex", "log/server.log", "kept/my-own-backup.db", "demo/export.zip"];
    for name in theirs {
        let path = folder.data().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, "theirs").expect("written");
    }
    let is_there = |name: &&str| folder.data().join(name).exists();
    folder.check(&["delete-all", "--confirm", "delete"], 3);
    assert!(theirs.iter().all(is_there));
    folder.check(&["import", &person()], 4);
    folder.check(&["backup", "copy.db"], 0);
    folder.check(&["restore", "copy.db"], 0);
    let receipt = folder.answer(&["delete-all", "--confirm", "delete"]);
    assert!(theirs.iter().all(is_there), "{receipt}");
    assert_eq!(receipt["left"], json!(["demo", "kept", "log"]));
    assert_eq!(copies(&folder), [folder.data().join("kept/my-own-backup.db")]);
}

#[test]
fn room_is_given_back_and_the_store_stays_whole() {
    let folder = filled("room");
    let before = contents(&folder);
    let done = folder.answer(&["compact"]);
    assert!(done["after"].as_u64() <= done["before"].as_u64(), "{done}");
    assert_eq!(contents(&folder), before);
    folder.check(&["verify"], 0);
    assert_eq!(Folder::new("no-room").answer(&["compact"])["after"], 0);
}

/// Another tool opens the copy without a word about side files.
#[test]
fn a_backup_is_one_sqlite_file() {
    let folder = filled("one-file");
    folder.check(&["backup", "copy.db"], 0);
    let script = "import sqlite3, sys; c = sqlite3.connect('file:copy.db?mode=ro&immutable=1', uri=True); \
                  print(c.execute('PRAGMA integrity_check').fetchone()[0], c.execute('PRAGMA journal_mode').fetchone()[0], \
                  c.execute('SELECT count(*) FROM samples').fetchone()[0] > 0)";
    let output = Command::new("python3").args(["-c", script]).current_dir(folder.path(".")).output().expect("runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ok delete True\n", "{output:?}");
}
