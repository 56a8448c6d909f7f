//! Is everything in order on this computer, and if not, what helps?

use serde::Serialize;
use store::Store;

use crate::folder::Folder;
use crate::local::home_zone;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub check: &'static str,
    /// Whether it is in order.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What helps; empty where it is in order.
    pub fix: String,
}

/// Looks at everything; nothing is changed.
pub fn doctor(folder: &Folder, now_ms: i64) -> Vec<Check> {
    let mut checks = vec![data_folder(folder)];
    match folder.read() {
        Ok(store) => checks.extend(store_checks(&store, folder)),
        Err(error) => checks.push(bad("store", error.message, &error.hint)),
    }
    let plausible = now_ms > 1_735_689_600_000;
    checks.push(if plausible {
        good("clock", health::time::format_instant(now_ms))
    } else {
        bad("clock", health::time::format_instant(now_ms), "Set the computer's clock.")
    });
    checks.push(good("version", env!("CARGO_PKG_VERSION").to_owned()));
    checks
}

fn good(check: &'static str, found: String) -> Check {
    Check { check, ok: true, found, fix: String::new() }
}

fn bad(check: &'static str, found: String, fix: &str) -> Check {
    Check { check, ok: false, found, fix: fix.to_owned() }
}

fn data_folder(folder: &Folder) -> Check {
    let Ok(meta) = std::fs::metadata(folder.dir()) else {
        return good("data_folder", "not there yet; the first import makes it".to_owned());
    };
    if !meta.is_dir() {
        return bad("data_folder", "is a file".to_owned(), "Choose another place with --data-dir.");
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o077 != 0 {
        return bad("data_folder", "others on this computer can read it".to_owned(), "chmod 700 the data folder.");
    }
    good("data_folder", "private".to_owned())
}

fn store_checks(store: &Store, folder: &Folder) -> Vec<Check> {
    let mut checks = Vec::new();
    match store.totals() {
        Ok(totals) if folder.store_path().exists() => {
            checks.push(good("store", format!("{} records, schema {}", totals.records, totals.schema)));
        }
        Ok(_) => checks.push(good("store", "not there yet; the first import makes it".to_owned())),
        Err(error) => checks.push(bad("store", error.to_string(), "Run `vitalog verify`, or restore a backup.")),
    }
    match home_zone(store) {
        Ok(zone) => checks.push(good("zone", zone)),
        Err(error) => checks.push(bad("zone", error.message, "vitalog settings set home_zone Europe/Paris")),
    }
    checks
}
