//! Files for other places than the store: a backup, a route, an export, a picture. One has another name until it is
//! whole. What a killed process left under such a name goes with the next file of that name.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use health::language::word;
use health::{key, say};

use crate::error::{About, Code, Error, Result};
use crate::folder::beside;

/// The end of the name of a file that is not whole yet.
pub(crate) const UNFINISHED: &str = ".part";
/// What stands before it. No other program calls a file so.
pub(crate) const OURS: &str = ".vitalog";
/// So many unfinished files of one name are tried before the folder is given up.
const MOST_UNFINISHED: usize = 100;

/// Writes a file that only its owner can read and that must not exist yet; a failure leaves nothing behind.
pub(crate) fn new_file<T>(file: &Path, write: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    refuse_existing(file)?;
    let unfinished = Unfinished::of(file)?;
    let answer = write(&unfinished.path)?;
    unfinished.finish_new(|from, to| fs::hard_link(from, to))?;
    Ok(answer)
}

fn refuse_existing(file: &Path) -> Result<()> {
    if file.symlink_metadata().is_ok() { Err(is_there(file)) } else { Ok(()) }
}

fn is_there(file: &Path) -> Error {
    Error::new(
        Code::File,
        say!("{name} is there already.", name = shown(file)),
        word(key!("Name a file that does not exist.")),
    )
}

fn shown(file: &Path) -> String {
    format!("`{}`", file.file_name().unwrap_or(file.as_os_str()).to_string_lossy())
}

/// A file that is not whole yet, beside the one that is meant. Dropped before its end it is taken away.
#[derive(Debug)]
pub(crate) struct Unfinished {
    path: PathBuf,
    meant: PathBuf,
    finished: bool,
    /// Locked, so that nobody takes it for one that was left.
    _held: File,
}

impl Unfinished {
    /// Makes it, for its owner alone.
    pub fn of(meant: &Path) -> Result<Self> {
        names(meant).for_each(|left| forget(&left));
        let (path, file) = unfinished(meant)?;
        Ok(Self { path, meant: meant.to_owned(), finished: false, _held: file })
    }

    /// The same for a file that may be replaced. What is no file, such as a pipe, would be lost without a word.
    pub fn replacing(meant: &Path) -> Result<Self> {
        if fs::metadata(meant).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            let message = say!("{name} is a pipe or a device, and no file.", name = shown(meant));
            let hint = word(key!("Name a file; what goes to standard output can go there too."));
            return Err(Error::new(Code::File, message, hint));
        }
        Self::of(meant)
    }

    /// Opens it for writing.
    pub fn open(&self) -> Result<File> {
        OpenOptions::new().write(true).open(&self.path).writing(&self.meant)
    }

    /// Gives it its name. A file that has it is replaced.
    pub fn finish(mut self) -> Result<()> {
        fs::rename(&self.path, &self.meant).writing(&self.meant)?;
        self.finished = true;
        Ok(())
    }

    /// Gives it its name, which nobody may have. Somebody may have taken it meanwhile: a link is made in one step, and
    /// the other name goes when this is dropped. Where the disk knows no links one more look has to do.
    fn finish_new(self, link: impl FnOnce(&Path, &Path) -> std::io::Result<()>) -> Result<()> {
        match link(&self.path, &self.meant) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(is_there(&self.meant)),
            Err(_) => refuse_existing(&self.meant).and_then(|()| self.finish()),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            // The failure that brought this about is the one to tell.
            remove(&self.path);
        }
    }
}

/// Removes an unfinished file, with what SQLite has put beside it.
fn remove(unfinished: &Path) {
    for path in [beside(unfinished, "-journal"), unfinished.to_owned()] {
        let _ = fs::remove_file(path);
    }
}

/// Takes away what a killed process left. A link or a folder of that name is not ours, and a file that somebody writes
/// is locked. Where files cannot be locked nothing is ever taken away.
#[cfg(unix)]
fn forget(left: &Path) {
    let is_file = left.symlink_metadata().is_ok_and(|found| found.is_file());
    let Some(file) = is_file.then(|| File::open(left).ok()).flatten() else { return };
    if file.try_lock().is_ok() && lies_at(&file, left) {
        // Who may not remove it uses the next name.
        remove(left);
    }
}

/// Elsewhere a lock would keep the writer itself from writing.
#[cfg(not(unix))]
fn forget(_left: &Path) {}

/// Locks a file that was made just now. Somebody may have taken it for one that was left, and taken it away.
#[cfg(unix)]
fn keep(file: &File, path: &Path) -> bool {
    let locked = !matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock));
    locked && lies_at(file, path)
}

#[cfg(not(unix))]
fn keep(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(unix)]
fn lies_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let number = |found: fs::Metadata| (found.dev(), found.ino());
    path.symlink_metadata().ok().map(number) == file.metadata().ok().map(number)
}

/// The names of a file that is not whole yet.
fn names(file: &Path) -> impl Iterator<Item = PathBuf> + '_ {
    (0..MOST_UNFINISHED).map(move |number| {
        let number = if number == 0 { String::new() } else { format!(".{number}") };
        beside(file, &format!("{OURS}{number}{UNFINISHED}"))
    })
}

/// Makes a file beside another one, under a name that nobody has.
fn unfinished(meant: &Path) -> Result<(PathBuf, File)> {
    for path in names(meant) {
        match new_private(&path) {
            Ok(file) if keep(&file, &path) => return Ok((path, file)),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).writing(meant),
        }
    }
    Err(std::io::Error::from(ErrorKind::AlreadyExists)).writing(meant)
}

fn new_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    fn files(folder: &Path) -> Vec<String> {
        let files = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<String> =
            files.map(|file| file.expect("one").file_name().to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    }

    fn write(path: &Path) -> Result<()> {
        fs::write(path, "text").writing(path)
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_process_left_of_a_file_goes_and_nothing_else() {
        let folder = TestFolder::new("left-unfinished");
        fs::create_dir_all(folder.dir()).expect("a folder");
        let theirs = ["copy.db.part", "copy.db.vitalog.part.txt", "copy.db.vitalog.x.part", "other.db.vitalog.part"];
        let ours = ["copy.db.vitalog.part", "copy.db.vitalog.part-journal", "copy.db.vitalog.7.part"];
        for name in theirs.iter().chain(&ours) {
            fs::write(folder.dir().join(name), "half").expect("written");
        }
        fs::create_dir(folder.dir().join("copy.db.vitalog.3.part")).expect("made");
        new_file(&folder.dir().join("copy.db"), write).expect("a file");
        let mut expected = [&["copy.db", "copy.db.vitalog.3.part"], &theirs[..]].concat();
        expected.sort_unstable();
        assert_eq!(files(folder.dir()), expected);
    }

    /// Somebody makes a file of the name that is meant, once ours is nearly whole: with links and without.
    #[test]
    fn what_somebody_else_made_meanwhile_is_not_replaced() {
        let folder = TestFolder::new("made-meanwhile");
        fs::create_dir_all(folder.dir()).expect("a folder");
        let file = folder.dir().join("copy.db");
        let theirs = |file: &Path| fs::write(file, "theirs").expect("written");
        let error = new_file(&file, |part| {
            theirs(&file);
            write(part)
        });
        assert!(error.expect_err("refused").message.contains("is there already"));
        let no_links = |_: &Path, _: &Path| Err(std::io::Error::from(ErrorKind::Unsupported));
        let without_links = || {
            let unfinished = Unfinished::of(&file).expect("a file");
            write(&unfinished.path).and_then(|()| unfinished.finish_new(no_links))
        };
        assert!(without_links().expect_err("refused").message.contains("is there already"));
        assert_eq!(fs::read_to_string(&file).expect("there"), "theirs");
        assert_eq!(files(folder.dir()), ["copy.db"]);
        fs::remove_file(&file).expect("removed");
        without_links().expect("a file");
        assert_eq!((fs::read_to_string(&file).expect("there").as_str(), files(folder.dir()).len()), ("text", 1));
    }

    #[test]
    fn a_failure_takes_away_what_sqlite_put_beside_the_file() {
        let folder = TestFolder::new("failed-journal");
        fs::create_dir_all(folder.dir()).expect("a folder");
        let error = new_file(&folder.dir().join("copy.db"), |part| {
            write(part).and_then(|()| write(&beside(part, "-journal")))?;
            assert_eq!(files(folder.dir()).len(), 2);
            Err::<(), _>(crate::error::cancelled())
        });
        assert_eq!(error.expect_err("stopped").code, Code::Cancelled);
        assert_eq!(files(folder.dir()), [""; 0]);
    }

    /// Several files of one folder, as an export makes them.
    #[cfg(unix)]
    #[test]
    fn who_writes_several_files_takes_away_what_was_left_of_each() {
        let folder = TestFolder::new("several");
        fs::create_dir_all(folder.dir()).expect("a folder");
        let [one, two] = ["a.csv", "b.csv"].map(|name| folder.dir().join(name));
        let left = names(&two).next().expect("a name");
        fs::write(&left, "half").expect("written");
        let first = Unfinished::of(&one).expect("a file");
        let second = Unfinished::of(&two).expect("a file");
        assert_eq!(second.path, left);
        assert_eq!(fs::read(&left).expect("there"), b"");
        drop((first, second));
        assert_eq!(files(folder.dir()), [""; 0]);
    }

    #[test]
    fn what_somebody_is_writing_stays() {
        let folder = TestFolder::new("being-written");
        fs::create_dir_all(folder.dir()).expect("a folder");
        let file = folder.dir().join("copy.db");
        let error = new_file(&file, |outer| {
            write(outer)?;
            new_file(&file, |inner| {
                assert!(inner != outer && outer.exists(), "{inner:?}");
                write(inner)
            })?;
            assert!(outer.exists() && file.exists());
            Err::<(), _>(crate::error::cancelled())
        });
        assert_eq!(error.expect_err("stopped").code, Code::Cancelled);
        assert_eq!(files(folder.dir()), ["copy.db"]);
    }
}
