//! Which languages a folder has, and the table of them that the program is built with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The catalogues of a folder by their tags, which are their names: `de` of `de.json`.
pub fn found(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let tagged = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "json"));
    let mut found: Vec<_> = tagged.filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path))).collect();
    found.sort();
    Ok(found)
}

/// The source of a table of tags and what their files hold.
pub fn table(found: &[(String, PathBuf)]) -> String {
    let row = |(tag, path): &(String, PathBuf)| format!("    ({tag:?}, include_str!({:?})),\n", path.display());
    format!("&[\n{}]\n", found.iter().map(row).collect::<String>())
}
