//! Finds the catalogues of languages beside the page's words, so that a further language is one more file and no line.

#[path = "build/catalogues.rs"]
mod catalogues;

use std::path::Path;
use std::{env, fs};

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/words");
    println!("cargo::rerun-if-changed={}", folder.display());
    let out = env::var_os("OUT_DIR").ok_or(std::io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("catalogues.rs"), catalogues::table(&catalogues::found(&folder)?))
}
