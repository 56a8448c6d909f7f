//! What agents asked, for the owner to read: a line for each call, in a file of the data folder that is the owner's
//! alone. Answers are not in it, only how long they were.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use health::time::format_instant;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Caller;
use super::answer::cleaned;
use crate::error::{About, Result};
use crate::folder::{Folder, create_private, open_to_append, settle};

/// Where the log lies in the data folder.
pub(crate) const FOLDER: &str = "agents";
const FILE: &str = "calls.jsonl";
/// What was there before the newest.
const BEFORE: &str = "calls.1.jsonl";
/// A file that is longer is put in the place of the one before it.
const MOST_BYTES: u64 = 1024 * 1024;
/// What a call said is kept up to so many letters.
const MOST_LETTERS: usize = 1000;

/// One call of an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// When.
    pub at: String,
    /// What the agent called itself.
    pub agent: String,
    /// Which tool it named.
    pub tool: String,
    /// What it asked, as JSON.
    pub arguments: String,
    /// `ok`, or the code of the error.
    pub outcome: String,
    /// Bytes of the answer.
    pub bytes: usize,
}

/// Adds one call.
pub(super) fn note(
    folder: &Folder,
    caller: Caller<'_>,
    tool: &str,
    arguments: &Map<String, Value>,
    answer: &Result<String>,
) -> Result<()> {
    let said = Value::Object(arguments.clone()).to_string();
    let call = Call {
        at: format_instant(caller.now_ms),
        agent: cleaned(caller.name),
        tool: cleaned(tool),
        arguments: said.chars().take(MOST_LETTERS).collect(),
        outcome: answer.as_ref().map_or_else(|error| error.code.as_str(), |_| "ok").to_owned(),
        bytes: answer.as_ref().map_or(0, String::len),
    };
    let dir = folder.dir().join(FOLDER);
    create_private(folder.dir())?;
    settle(folder.dir(), &dir, create_private)?;
    let path = dir.join(FILE);
    if fs::metadata(&path).is_ok_and(|file| file.len() > MOST_BYTES) {
        fs::rename(&path, dir.join(BEFORE)).writing(&path)?;
    }
    let mut line = serde_json::to_vec(&call).map_err(std::io::Error::from)?;
    line.push(b'\n');
    // One write, so that lines of two agents do not mix.
    open_to_append(&path)?.write_all(&line).writing(&path)
}

/// The newest calls, the newest first. A line that cannot be read is left out: it was being written.
pub fn calls(folder: &Folder, newest: usize) -> Result<Vec<Call>> {
    let dir = folder.dir().join(FOLDER);
    let mut found = Vec::new();
    for path in [dir.join(BEFORE), dir.join(FILE)] {
        found.extend(lines(path)?);
    }
    Ok(found.into_iter().rev().take(newest).collect())
}

fn lines(path: PathBuf) -> Result<Vec<Call>> {
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).reading(&path),
    }
}
