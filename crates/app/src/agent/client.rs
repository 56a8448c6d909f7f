//! What a program that runs agents has to be told: which program to start, and with which words.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::{About, Code, Error, Result};
use crate::folder::Folder;
use crate::new_file::Unfinished;

/// The key that such programs share.
const SERVERS: &str = "mcpServers";
/// What we are called there.
const NAME: &str = "vitalog";
/// Somebody's configuration is not longer than that.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The file.
    pub file: String,
    /// Whether there was an entry of ours before.
    pub replaced: bool,
}

/// The configuration that starts `program` for a data folder: `{"mcpServers": {"vitalog": {"command", "args"}}}`.
pub fn configuration(folder: &Folder, program: &Path) -> Value {
    json!({ SERVERS: { NAME: entry(folder, program) } })
}

fn entry(folder: &Folder, program: &Path) -> Value {
    // Whoever starts it stands somewhere else.
    let dir = std::path::absolute(folder.dir()).unwrap_or_else(|_| folder.dir().to_owned());
    json!({
        "command": program.display().to_string(),
        "args": ["mcp", "--data-dir", dir.display().to_string()],
    })
}

/// Puts our entry into a configuration file; everything else in it stays. The file is made where there is none.
pub fn write_configuration(folder: &Folder, program: &Path, file: &Path) -> Result<Written> {
    let mut all = match fs::metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Map::new(),
        Ok(found) if found.len() > MOST_BYTES => return Err(not_ours(file)),
        _ => read(file)?,
    };
    let servers = all.entry(SERVERS).or_insert_with(|| json!({}));
    let Value::Object(servers) = servers else { return Err(not_ours(file)) };
    let replaced = servers.insert(NAME.to_owned(), entry(folder, program)).is_some();
    let mut text = serde_json::to_vec_pretty(&all).map_err(std::io::Error::from)?;
    text.push(b'\n');
    let unfinished = Unfinished::replacing(file)?;
    unfinished.open()?.write_all(&text).writing(file)?;
    unfinished.finish()?;
    Ok(Written { file: file.file_name().unwrap_or_default().to_string_lossy().into_owned(), replaced })
}

fn read(file: &Path) -> Result<Map<String, Value>> {
    let text = fs::read_to_string(file).reading(file)?;
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(&text).map_err(|_| not_ours(file))
}

fn not_ours(file: &Path) -> Error {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let hint = "Print the entry with `vitalog mcp config` and put it in by hand.";
    Error::new(Code::File, format!("`{name}` is no configuration of a program that runs agents."), hint)
}
