//! Files for other places than the store: a backup, a route, an export, a picture. One has another name until it is whole. What a
//! killed process left under such a name goes with the next file of that name, as long as nobody is writing there.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{About, Code, Error, Result};
use crate::folder::beside;

/// The end of the name of a file that is not whole yet.
pub(crate) const UNFINISHED: &str = ".part";
/// What stands before it. No other program calls a file so.
pub(crate) const OURS: &str = ".vitalog";
/// So many unfinished files of one name are tried before the folder is given up.
const MOST_UNFINISHED: usize = 100;
/// So often the folder is asked for, which another process holds for the moment in which it tidies up.
const TRIES: u32 = 20;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(5);

/// Writes a file that only its owner can read and that must not exist yet; a failure leaves nothing behind.
pub(crate) fn new_file<T>(file: &Path, write: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    if file.symlink_metadata().is_ok() {
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
        return Err(Error::new(Code::File, format!("`{name}` is there already."), "Name a file that does not exist."));
    }
    let unfinished = Unfinished::of(file)?;
    let answer = write(&unfinished.path)?;
    unfinished.finish()?;
    Ok(answer)
}

/// A file that is not whole yet, beside the one that is meant. Dropped before its end it is taken away.
#[derive(Debug)]
pub(crate) struct Unfinished {
    path: PathBuf,
    meant: PathBuf,
    finished: bool,
    _held: Option<File>,
}

impl Unfinished {
    /// Makes it, for its owner alone.
    pub fn of(meant: &Path) -> Result<Self> {
        let held = hold(meant);
        Ok(Self { path: unfinished(meant)?, meant: meant.to_owned(), finished: false, _held: held })
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
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            // The failure that brought this about is the one to tell.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Holds the folder of a file until the answer is dropped: meanwhile no other process takes unfinished files away there.
/// Who comes while nobody holds it takes away what was left of this file. Where folders cannot be held, as on other
/// systems, nothing is ever taken away.
fn hold(file: &Path) -> Option<File> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let held = File::open(folder).ok()?;
    if held.try_lock().is_ok() {
        (0..MOST_UNFINISHED).map(|number| name(file, number)).for_each(|left| forget(&left));
        held.unlock().ok()?;
    }
    let mut tries = 0..TRIES;
    while held.try_lock_shared().is_err() {
        tries.next()?;
        std::thread::sleep(PAUSE);
    }
    Some(held)
}

/// Takes an unfinished file away, with what SQLite has put beside it. A link or a folder of that name is not ours.
fn forget(left: &Path) {
    for path in [beside(left, "-journal"), left.to_owned()] {
        if path.symlink_metadata().is_ok_and(|found| found.is_file()) {
            // Who may not remove it uses the next name.
            let _ = fs::remove_file(path);
        }
    }
}

/// One of the names of a file that is not whole yet.
fn name(file: &Path, number: usize) -> PathBuf {
    let number = if number == 0 { String::new() } else { format!(".{number}") };
    beside(file, &format!("{OURS}{number}{UNFINISHED}"))
}

/// Makes a file beside another one, under a name that nobody has.
fn unfinished(file: &Path) -> Result<PathBuf> {
    for path in (0..MOST_UNFINISHED).map(|number| name(file, number)) {
        match new_private(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.writing(file).map(|_| path),
        }
    }
    Err(std::io::Error::from(ErrorKind::AlreadyExists)).writing(file)
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
