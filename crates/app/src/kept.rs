//! Copies of the store that the program keeps by itself: what was there before a restore or an upgrade. They lie in the
//! data folder, and are the way back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use health::time::{format_instant, parse_stamp};
use serde::Serialize;
use store::{Cancel, SCHEMA_VERSION, Store};

use crate::error::{About, Code, Error, Result};
use crate::folder::{Folder, create_private};
use crate::new_file::{OURS, UNFINISHED, new_file};

/// The folder of the copies, in the data folder.
pub(crate) const KEPT: &str = "kept";
/// What a copy is called that was made before a restore.
pub(crate) const BEFORE_RESTORE: &str = "before-restore";
/// What a store is called that was too damaged to be copied.
pub(crate) const DAMAGED: &str = "damaged";
/// What a copy is called that was made before an upgrade.
const BEFORE_UPGRADE: &str = "before-upgrade-of-version";
/// How long a copy is kept.
const KEEP_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// A copy that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptCopy {
    /// The name of its file in the folder of copies.
    pub name: String,
    /// What brought it about.
    pub what: What,
    /// When it was made.
    pub at: String,
    /// From then on it goes with the next restore or compaction.
    pub until: String,
    /// Its size.
    pub bytes: u64,
}

/// Why a copy is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Another store took its place.
    BeforeRestore,
    /// A newer version brought the store up to date.
    BeforeUpgrade,
    /// It was too damaged to be copied, and lies there as it was.
    Damaged,
}

/// The copies of a store that are kept, the newest first. Unfinished ones and side files are not told.
pub fn list(folder: &Folder) -> Vec<KeptCopy> {
    let mut copies: Vec<(i64, KeptCopy)> = copies(folder).iter().filter_map(|path| kept(path)).collect();
    copies.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    copies.into_iter().map(|(_, copy)| copy).collect()
}

fn kept(path: &Path) -> Option<(i64, KeptCopy)> {
    let name = name(path);
    if !name.ends_with(".db") {
        return None;
    }
    let what = match name {
        name if name.starts_with(BEFORE_RESTORE) => What::BeforeRestore,
        name if name.starts_with(DAMAGED) => What::Damaged,
        _ => What::BeforeUpgrade,
    };
    let (at_ms, bytes) = (made(path)?, path.metadata().ok()?.len());
    let (at, until) = (format_instant(at_ms), format_instant(at_ms.saturating_add(KEEP_MS)));
    Some((at_ms, KeptCopy { name: name.to_owned(), what, at, until, bytes }))
}

/// The file of a copy that [`list`] tells, by its name.
pub fn file(folder: &Folder, wanted: &str) -> Result<PathBuf> {
    let found = copies(folder).into_iter().find(|path| name(path) == wanted && kept(path).is_some());
    let hint = "It may have been older than 30 days.";
    found.ok_or_else(|| Error::new(Code::NotFound, "That copy is not kept any more.", hint))
}

/// Writes a copy of a store into a file that does not exist yet; a failure leaves nothing behind.
pub(crate) fn copy(store: &mut Store, file: &Path, cancel: &Cancel) -> Result<()> {
    new_file(file, |unfinished| store.copy_to(unfinished, cancel).writing(file))
}

/// The path of a copy of this moment.
pub(crate) fn place(folder: &Folder, what: &str, now_ms: i64) -> Result<PathBuf> {
    let dir = folder.dir().join(KEPT);
    create_private(&dir)?;
    Ok(dir.join(format!("{what}-{}.db", stamp(now_ms))))
}

/// `20260314T073000000Z`: an instant in the name of a file.
pub(crate) fn stamp(at_ms: i64) -> String {
    format_instant(at_ms).chars().filter(char::is_ascii_alphanumeric).collect()
}

/// When a copy was made, by its name; none where the program never gives such a name.
fn stamped(name: &str) -> Option<i64> {
    let (copy, side) = name.split_once(".db")?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // Earlier versions gave names without ours.
    let unfinished = |part: &str| {
        let part = part.strip_prefix(OURS).unwrap_or(part);
        part.is_empty() || part.strip_prefix('.').is_some_and(number)
    };
    let (file, log) = side.split_once('-').map_or((side, None), |(file, log)| (file, Some(log)));
    let is_file = file.is_empty() || file.strip_suffix(UNFINISHED).is_some_and(unfinished);
    if !is_file || log.is_some_and(|log| !["wal", "shm", "journal"].contains(&log)) {
        return None;
    }
    let (what, instant) = copy.rsplit_once('-')?;
    let upgraded = what.strip_prefix(BEFORE_UPGRADE).and_then(|rest| rest.strip_prefix('-')).is_some_and(number);
    if !upgraded && what != BEFORE_RESTORE && what != DAMAGED {
        return None;
    }
    let part = |from: usize, until: usize| instant.get(from..until);
    let (date, time) = ((part(0, 4)?, part(4, 6)?, part(6, 8)?), (part(9, 11)?, part(11, 13)?, part(13, 15)?));
    let (date, time) = (format!("{}-{}-{}", date.0, date.1, date.2), format!("{}:{}:{}", time.0, time.1, time.2));
    let at_ms = parse_stamp(&format!("{date}T{time}.{}Z", part(15, 18)?))?;
    // A name that only begins so is somebody else's.
    (stamp(at_ms) == instant).then_some(at_ms)
}

/// Keeps a copy of a store that an earlier version wrote, before it is brought up to date. None where there is one of
/// this store already, or nothing to upgrade, or no place to write to; a full disk is told, and the store stays as it
/// is.
pub(crate) fn before_upgrade(folder: &Folder) -> Result<()> {
    let path = folder.store_path();
    let Some(version) = store::schema_of(&path).filter(|version| (1..SCHEMA_VERSION).contains(version)) else {
        return Ok(());
    };
    let dir = folder.dir().join(KEPT);
    // Another store of that version, put here later, is another copy.
    let written = path.metadata().and_then(|meta| meta.modified()).map_or(0, ms);
    let file = dir.join(format!("{BEFORE_UPGRADE}-{version}-{}.db", stamp(written)));
    if file.exists() || create_private(&dir).is_err() {
        return Ok(());
    }
    let kept =
        Store::open_as_it_is(&path).reading(&path).and_then(|mut store| copy(&mut store, &file, &Cancel::default()));
    match kept {
        Err(error) if error.code == Code::File => Ok(()),
        other => other,
    }
}

/// Takes copies away that are older than they are kept, and returns how many. Only what was made here is looked at.
pub(crate) fn prune(folder: &Folder, now_ms: i64) -> u64 {
    let is_old = |path: &Path| made(path).is_some_and(|at_ms| now_ms.saturating_sub(at_ms) > KEEP_MS);
    copies(folder).iter().filter(|path| is_old(path)).filter(|path| fs::remove_file(path).is_ok()).count() as u64
}

/// Takes away what a killed restore has left half-written. Only who holds the store's lock may do that.
pub(crate) fn forget_unfinished(folder: &Folder) {
    for path in copies(folder) {
        if name(&path).starts_with(BEFORE_RESTORE) && name(&path).contains(UNFINISHED) {
            let _ = fs::remove_file(path);
        }
    }
}

/// The copies that the program has made, half-written ones and side files too.
pub(crate) fn copies(folder: &Folder) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.dir().join(KEPT)).into_iter().flatten().flatten();
    let ours = |path: &PathBuf| stamped(name(path)).is_some();
    let mut copies: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(ours).collect();
    copies.sort_unstable();
    copies
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// When a copy was made: a store that was put aside may not have been written to for years, and one that is to be
/// upgraded neither, so the name and the file are asked and the later answer holds.
fn made(path: &Path) -> Option<i64> {
    let modified = path.metadata().and_then(|meta| meta.modified()).ok().map(ms);
    modified.max(stamped(name(path)))
}

fn ms(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn the_instant_in_a_name_is_found_again() {
        let at_ms = parse_stamp("2026-03-14T07:30:00Z").expect("an instant");
        assert_eq!(stamped(&format!("damaged-{}.db", stamp(at_ms))), Some(at_ms));
        for name in [
            "damaged-20260314T073000 my notes.db",
            "damaged-20260314T073000.db",
            "damaged-20260314T073000000.db",
            "damaged-20260314T073000000Z my notes.db",
            "damaged-20260314T073000000ZZ.db",
            "damaged-20260314 073000000Z.db",
            "before-restore-20260314T073000xxxZ.db-wal",
            "damaged-20260314T073000000Z.db-wal2",
            "damaged-20260314T073000000Z.db-",
            "damaged-20260314T073000000Z.db.db",
        ] {
            assert_eq!(stamped(name), None, "{name}");
        }
        assert_eq!(stamped(&format!("damaged-{}.db", stamp(at_ms + 123))), Some(at_ms + 123));
        for name in ["damaged-.db", "damaged.db", "before-restore-20260314.db", "damaged-2026031\u{e9}T0730000.db"] {
            assert_eq!(stamped(name), None, "{name}");
        }
        let of = |what: &str, end: &str| format!("{what}-20260314T073000000Z{end}");
        for (what, end) in
            [("damaged", ".db-wal"), ("before-restore", ".db.3.part"), ("before-upgrade-of-version-1", ".db")]
        {
            assert_eq!(stamped(&of(what, end)), Some(at_ms), "{what} {end}");
        }
        for (what, end) in [
            ("damaged", ".zip"),
            ("photos", ".db"),
            ("before-upgrade-of-version-x", ".db"),
            ("damaged", ".dbx"),
            ("damaged", ".db.other.part"),
        ] {
            assert_eq!(stamped(&of(what, end)), None, "{what} {end}");
        }
    }

    #[test]
    fn an_unfinished_copy_is_ours() {
        let of = |end: &str| stamped(&format!("before-restore-20260314T073000000Z.db{end}")).is_some();
        assert!([".part", ".3.part", ".vitalog.part", ".vitalog.3.part", ".vitalog.part-journal"].into_iter().all(of));
        assert!(![".other.part", ".vitalog", ".vitalog.x.part", ".vitalog3.part"].into_iter().any(of));
    }

    /// Which files are left after so many days.
    #[track_caller]
    fn check(test: &str, days: i64, names: &[&str], expected: &[&str]) {
        let folder = TestFolder::new(test);
        let dir = folder.dir().join(KEPT);
        create_private(&dir).expect("a folder");
        for name in names {
            fs::write(dir.join(name), "a copy").expect("written");
        }
        let now_ms = ms(SystemTime::now()) + days * DAY_MS;
        assert_eq!(prune(&folder, now_ms), (names.len() - expected.len()) as u64);
        let mut left: Vec<String> = fs::read_dir(&dir)
            .expect("a folder")
            .map(|e| e.expect("one").file_name().into_string().expect("UTF-8"))
            .collect();
        left.sort_unstable();
        assert_eq!(left, expected);
    }

    #[test]
    fn whole_copies_are_listed_and_found_by_their_names() {
        let folder = TestFolder::new("kept-list");
        let dir = folder.dir().join(KEPT);
        create_private(&dir).expect("a folder");
        // Made later than any file of this test can be.
        let of = |what: &str, day: u32| format!("{what}-205003{day:02}T073000000Z.db");
        let names = [of("before-upgrade-of-version-4", 14), of("damaged", 16), of("before-restore", 15)];
        let others = [of("damaged", 16) + "-wal", of("before-restore", 15) + ".vitalog.part", "my.db".to_owned()];
        for name in names.iter().chain(&others) {
            fs::write(dir.join(name), "a copy").expect("written");
        }
        let listed = list(&folder);
        let found: Vec<(&str, What)> = listed.iter().map(|copy| (copy.name.as_str(), copy.what)).collect();
        let [upgraded, damaged, restored] = &names;
        let expected = [(damaged, What::Damaged), (restored, What::BeforeRestore), (upgraded, What::BeforeUpgrade)];
        assert_eq!(found, expected.map(|(name, what)| (name.as_str(), what)));
        let newest = &listed[0];
        assert_eq!((newest.at.as_str(), newest.bytes), ("2050-03-16T07:30:00.000Z", 6));
        assert_eq!(newest.until, "2050-04-15T07:30:00.000Z");
        assert_eq!(file(&folder, damaged), Ok(dir.join(damaged)));
        for name in [others[0].as_str(), others[2].as_str(), "../vitalog.db", ""] {
            assert_eq!(file(&folder, name).expect_err("not listed").code, Code::NotFound, "{name}");
        }
    }

    #[test]
    fn copies_go_after_a_month_and_nothing_else_does() {
        let of_now = format!("damaged-{}.db", stamp(ms(SystemTime::now()) + 40 * DAY_MS));
        let old = "before-restore-20200101T000000000Z.db";
        check("kept-fresh", 29, &[old], &[old]);
        check("kept-old", 31, &[old, "before-upgrade-of-version-1-20200101T000000000Z.db"], &[]);
        check("kept-aside", 40, &[&of_now], &[&of_now]);
        check("kept-aside-log", 40, &[&format!("{of_now}-wal")], &[&format!("{of_now}-wal")]);
        let others = ["before-restore-notes.txt", "damaged-photos.zip", "my-own-backup.db"];
        check("kept-others", 40, &[others[0], others[1], others[2], old], &others);
    }
}
