//! Kept answers: what a verb says, with whatever differs from run to run or from computer to computer hidden.
//!
//! `UPDATE_GOLDEN=1` writes the answers anew.
#![allow(dead_code)]

use std::path::Path;
use std::process::Output;
use std::{env, fs};

use serde_json::{Value, json};

use crate::program::{Folder, fixture, person};

/// A store that holds the person's export.
pub fn filled(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.check(&["import", &person()], 4);
    folder
}

/// Runs a verb and compares what it says with the kept answer.
#[track_caller]
pub fn check(folder: &Folder, name: &str, arguments: &[&str]) -> Value {
    let output = folder.run(arguments);
    let data = folder.data().display().to_string();
    let plain = |text: &[u8]| {
        String::from_utf8_lossy(text).replace(&data, "DATA").replace(&person(), "PERSON").replace('\r', "")
    };
    let arguments: Vec<String> = arguments.iter().map(|word| plain(word.as_bytes())).collect();
    let mut answer = json!({"arguments": arguments, "exit": output.status.code(), "stdout": stdout(&output, &plain)});
    let words = plain(&output.stderr);
    if !words.is_empty() {
        answer["stderr"] = lines(&words);
    }
    mask(&mut answer, "");
    compare(name, &answer);
    answer["stdout"].take()
}

/// One JSON document, lines of JSON, or lines.
fn stdout(output: &Output, plain: &impl Fn(&[u8]) -> String) -> Value {
    let text = plain(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|_| lines(&text))
}

fn lines(text: &str) -> Value {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| json!(line))).collect()
}

/// The one place that hides what differs from run to run or from computer to computer.
fn mask(value: &mut Value, key: &str) {
    match (key, &mut *value) {
        ("seconds" | "bytes" | "before" | "after", Value::Number(_)) => *value = json!(1),
        ("last_import" | "taken_back" | "wiped_from", Value::String(_)) => *value = json!("an instant"),
        ("kept" | "receipt", Value::String(_)) => *value = json!("a file"),
        ("name", Value::String(name)) if name.starts_with("kept/") => *value = json!("kept/a copy"),
        ("version", Value::String(_)) => *value = json!("a version"),
        (_, Value::Object(row)) => {
            // What doctor found on this computer.
            let unstable = matches!(row.get("check").and_then(Value::as_str), Some("version" | "clock" | "disk_space"));
            if unstable && let Some(found) = row.get_mut("found") {
                *found = json!("something");
            }
            let of_now = ["channel", "receipt", "act"].iter().any(|key| row.contains_key(*key));
            if of_now && let Some(at) = row.get_mut("at") {
                *at = json!("an instant");
            }
            row.iter_mut().for_each(|(key, value)| mask(value, key));
        }
        (key, Value::Array(rows)) => rows.iter_mut().for_each(|row| mask(row, key)),
        _ => {}
    }
}

#[track_caller]
pub fn compare(name: &str, answer: &Value) {
    let path = Path::new(&fixture("cli")).join(format!("{name}.json"));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(fixture("cli")).expect("a folder");
        fs::write(&path, format!("{answer:#}\n")).expect("written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
    assert!(kept == *answer, "{name} is not as in {}:\n{answer:#}", path.display());
}
