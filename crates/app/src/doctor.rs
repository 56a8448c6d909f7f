//! Is everything in order on this computer, and if not, what helps?

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use health::language::word;
use health::{key, say};
use serde::Serialize;
use store::Store;

use crate::error::{Code, Error, REMEDY};
use crate::folder::{Folder, private_file};
use crate::local::home_zone;

/// One thing that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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

/// An import may need this much beside the store.
const ENOUGH_SPACE: u64 = 1 << 30;
/// What the write test writes.
const PROBE: &str = "doctor.part";
/// Files that only a killed process leaves behind.
const LEFTOVERS: [&str; 1] = ["demo/export.zip"];
/// 2025-01-01: this program is younger.
const EARLIEST_MS: i64 = 1_735_689_600_000;

/// Looks at everything; nothing is changed but a small file that is written and removed again.
pub fn doctor(folder: &Folder, now_ms: i64) -> Vec<Check> {
    let mut checks = vec![permissions(folder), disk_space(folder), write_test(folder)];
    match folder.read() {
        Ok(store) => checks.extend(store_checks(&store, folder)),
        Err(error) => checks.push(failed("store", &error)),
    }
    checks.push(leftovers(folder));
    checks.push(clock(now_ms));
    let version = format!("Vitalog {}, SQLite {}", env!("CARGO_PKG_VERSION"), store::sqlite_version());
    checks.push(good("version", version));
    checks
}

fn good(check: &'static str, found: impl Into<String>) -> Check {
    Check { check, ok: true, found: found.into(), fix: String::new() }
}

fn bad(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Check {
    Check { check, ok: false, found: found.into(), fix: fix.into() }
}

fn failed(check: &'static str, error: &Error) -> Check {
    // Who is told by doctor need not be sent there.
    let fix = if error.code == Code::StoreFailed { word(REMEDY) } else { error.hint.clone() };
    bad(check, error.message.clone(), fix)
}

/// Only the owner may read.
/// Of what the first import makes.
const NOT_YET: &str = key!("not there yet; the first import makes it");

fn permissions(folder: &Folder) -> Check {
    let Ok(meta) = fs::metadata(folder.dir()) else {
        return good("data_folder", word(NOT_YET));
    };
    if !meta.is_dir() {
        return bad("data_folder", word(key!("is a file")), word(key!("Choose another place with --data-dir.")));
    }
    let open = |path: &Path| fs::metadata(path).is_ok_and(|meta| others_may(&meta));
    if others_may(&meta) {
        return bad(
            "data_folder",
            word(key!("others on this computer can read it")),
            word(key!("Run `chmod 700` on the data folder.")),
        );
    }
    if open(&folder.store_path()) {
        return bad(
            "data_folder",
            word(key!("others on this computer can read the store")),
            word(key!("Run `chmod 600` on vitalog.db in it.")),
        );
    }
    good("data_folder", word(key!("private")))
}

#[cfg(unix)]
fn others_may(meta: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o077 != 0
}

/// Elsewhere a user's folder is private unless somebody shares it.
#[cfg(not(unix))]
fn others_may(_meta: &fs::Metadata) -> bool {
    false
}

/// The nearest folder that exists: the data folder, or where it would be made.
fn existing(folder: &Folder) -> PathBuf {
    let dir = std::path::absolute(folder.dir()).unwrap_or_else(|_| folder.dir().to_owned());
    dir.ancestors().find(|dir| dir.is_dir()).map_or_else(|| dir.clone(), Path::to_owned)
}

fn free(bytes: u64) -> String {
    say!("{megabytes} MB free", megabytes = bytes >> 20)
}

fn disk_space(folder: &Folder) -> Check {
    match fs4::available_space(existing(folder)) {
        Ok(bytes) if bytes < ENOUGH_SPACE => {
            bad("disk_space", free(bytes), word(key!("Make room: an import may need 1 GB.")))
        }
        Ok(bytes) => good("disk_space", free(bytes)),
        Err(error) => {
            bad("disk_space", say!("cannot be told: {why}", why = error.kind()), word(key!("Check the disk.")))
        }
    }
}

/// Writes, reads and removes a small file; a folder that is not there yet stays so.
fn write_test(folder: &Folder) -> Check {
    if !folder.dir().is_dir() {
        return good("write_test", word(key!("left out: there is no data folder yet")));
    }
    let path = folder.dir().join(PROBE);
    let text = b"Vitalog looks whether it can write here.";
    let written =
        private_file(&path, &path).and_then(|mut file| Ok(file.write_all(text).and_then(|()| file.sync_all())?));
    let read = written.and_then(|()| Ok(fs::read(&path)?));
    // Where it could not be made there is nothing to remove.
    let _ = fs::remove_file(&path);
    match read {
        Ok(read) if read == text => good("write_test", word(key!("written, read and removed"))),
        Ok(_) => bad(
            "write_test",
            word(key!("what was written reads otherwise")),
            word(key!("Check the disk, and restore a backup.")),
        ),
        Err(error) => failed("write_test", &error),
    }
}

fn store_checks(store: &Store, folder: &Folder) -> Vec<Check> {
    if !folder.store_path().exists() {
        return vec![good("store", word(NOT_YET)), zone(store)];
    }
    let repair = word(REMEDY);
    let integrity = match store.quick_check() {
        Ok(findings) => match findings.first() {
            None => good("integrity", word(key!("every page is readable"))),
            Some(finding) => bad("integrity", finding.text.clone(), repair.as_str()),
        },
        Err(error) => bad("integrity", error.to_string(), repair.as_str()),
    };
    let counts = match store.totals() {
        Ok(totals) => {
            let (records, schema) = (totals.records, totals.schema);
            good("store", say!("{records} records, schema {schema}", records, schema))
        }
        Err(error) => bad("store", error.to_string(), repair.as_str()),
    };
    vec![counts, integrity, zone(store)]
}

fn zone(store: &Store) -> Check {
    match home_zone(store) {
        Ok(zone) if health::time::Zones::named(&zone).is_some() => good("zone", zone),
        Ok(zone) => {
            let fix = word(key!("Run `vitalog settings set home_zone Europe/Paris`."));
            bad("zone", say!("`{zone}` is no zone", zone), fix)
        }
        Err(error) => failed("zone", &error),
    }
}

/// What a killed process left behind. A write-ahead log is not among it: opening the store has tidied that up.
fn leftovers(folder: &Folder) -> Check {
    let left: Vec<&str> = LEFTOVERS.into_iter().filter(|name| folder.dir().join(name).exists()).collect();
    if left.is_empty() {
        return good("leftovers", word(key!("none")));
    }
    bad("leftovers", left.join(", "), word(key!("If no `vitalog demo` is running, run it again: it tidies up.")))
}

fn clock(now_ms: i64) -> Check {
    let shown = health::time::format_instant(now_ms);
    if now_ms > EARLIEST_MS {
        good("clock", shown)
    } else {
        bad("clock", shown, word(key!("Set the computer's clock.")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    /// What is not in order in a folder after something happened to it.
    #[track_caller]
    fn check(name: &str, happens: impl FnOnce(&Folder), now_ms: i64, expected: &[&str]) {
        let folder = TestFolder::new(&format!("doctor-{name}"));
        crate::settings::set(&folder, "units", "metric").expect("a store");
        happens(&folder);
        let checks = doctor(&folder, now_ms);
        let found: Vec<&str> = checks.iter().filter(|check| !check.ok).map(|check| check.check).collect();
        assert_eq!(found, expected, "{checks:?}");
        assert!(checks.iter().all(|check| check.ok == check.fix.is_empty()), "{checks:?}");
        assert!(!folder.dir().join(PROBE).exists());
    }

    const NOW_MS: i64 = 1_780_000_000_000;

    #[test]
    fn all_is_well() {
        check("well", |_| {}, NOW_MS, &[]);
    }

    #[test]
    fn what_is_wrong_is_named_with_a_fix() {
        check("clock", |_| {}, 0, &["clock"]);
        check("text", |folder| fs::write(folder.store_path(), "no store").expect("written"), NOW_MS, &["store"]);
        let kill = |folder: &Folder| {
            fs::create_dir(folder.dir().join("demo")).expect("made");
            fs::write(folder.dir().join("demo/export.zip"), "half").expect("written");
        };
        check("killed", kill, NOW_MS, &["leftovers"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_read_is_found() {
        use std::os::unix::fs::PermissionsExt;
        let share = |path: PathBuf, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("set");
        check("shared", |folder| share(folder.dir().to_owned(), 0o755), NOW_MS, &["data_folder"]);
        check("shared-store", |folder| share(folder.store_path(), 0o644), NOW_MS, &["data_folder"]);
    }
}
