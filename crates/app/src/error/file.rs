//! Errors of files and folders: which part of a path is at fault, and whether it was to be read or written. Messages
//! name that part and nothing above it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use health::language::word;
use health::{key, say};

use super::{Code, Error, Result, capital, input};

/// What was to be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Reading,
    Writing,
}

/// Results that are about one file.
pub(crate) trait About<T>: Sized {
    /// Names it, or what is at fault on the way to it.
    fn about(self, path: &Path, doing: Doing) -> Result<T>;

    /// Of a file that is there to be read.
    fn reading(self, path: &Path) -> Result<T> {
        self.about(path, Doing::Reading)
    }

    /// Of a file or folder that is made, changed or removed. A file that has another name until it is whole goes by the
    /// one that the user meant.
    fn writing(self, path: &Path) -> Result<T> {
        self.about(path, Doing::Writing)
    }
}

impl<T> About<T> for io::Result<T> {
    fn about(self, path: &Path, doing: Doing) -> Result<T> {
        self.map_err(|error| io(&error, Some((path, doing))))
    }
}

impl<T> About<T> for health::Result<T> {
    fn about(self, path: &Path, doing: Doing) -> Result<T> {
        self.map_err(|error| input(&error, Some((path, doing))))
    }
}

impl<T> About<T> for store::Result<T> {
    fn about(self, path: &Path, doing: Doing) -> Result<T> {
        self.map_err(|error| match error.kind() {
            store::ErrorKind::Io(inner) => io(inner, Some((path, doing))),
            store::ErrorKind::NoCopy => no_backup(path),
            _ => error.into(),
        })
    }
}

/// The name of a file or folder without what is above it.
pub(crate) fn name(path: &Path) -> String {
    // `/` and `..` have no name of their own.
    path.file_name().map_or_else(|| word(key!("this folder")), |name| format!("`{}`", name.to_string_lossy()))
}

/// What is wrong with a file that the system refuses.
pub(super) fn io(error: &io::Error, about: Option<(&Path, Doing)>) -> Error {
    let check = |code, message| Error::new(code, message, word(key!("Check the path.")));
    match (error.kind(), about) {
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge, _) => {
            Error::new(Code::NoSpace, word(key!("The disk is full.")), word(key!("Make room and try again.")))
        }
        (ErrorKind::NotFound, None) => check(Code::NotFound, word(key!("There is no such file or folder."))),
        (kind, None) => refused(&word(key!("A file cannot be read or written")), kind),
        (kind, Some((path, doing))) => match (fault(path, kind), doing) {
            (Some(Fault::Missing(folder)), _) => {
                check(Code::NotFound, say!("There is no folder {name}.", name = name(folder)))
            }
            (Some(Fault::NoFolder(file)), _) => {
                check(Code::File, say!("{name} is a file, and no folder.", name = capital(&name(file))))
            }
            (None, _) if is_too_long(error) => {
                let message = say!("The name {name} is too long.", name = name(longest(path)));
                Error::new(Code::File, message, word(key!("Choose a shorter name.")))
            }
            (None, Doing::Reading) if kind == ErrorKind::NotFound => {
                check(Code::NotFound, say!("There is no file or folder {name}.", name = name(path)))
            }
            (None, Doing::Reading) => refused(&say!("{name} cannot be read", name = capital(&name(path))), kind),
            (None, Doing::Writing) if path.symlink_metadata().is_err() => {
                let folder = name(path.parent().unwrap_or(path));
                refused(&say!("Nothing can be written in {folder}", folder), kind)
            }
            (None, Doing::Writing) => refused(&say!("{name} cannot be written", name = capital(&name(path))), kind),
        },
    }
}

fn refused(what: &str, kind: ErrorKind) -> Error {
    let hint = match kind {
        ErrorKind::IsADirectory => key!("Choose another name."),
        ErrorKind::PermissionDenied => key!("Check its permissions."),
        ErrorKind::ReadOnlyFilesystem => key!("Give yourself the right to write there, or use another place."),
        _ => key!("Choose another place."),
    };
    Error::new(Code::File, format!("{what}: {}.", why(kind)), word(hint))
}

/// Why, in the words of the system; those that people meet are told in their language.
fn why(kind: ErrorKind) -> String {
    let known = match kind {
        ErrorKind::PermissionDenied => key!("permission denied"),
        ErrorKind::ReadOnlyFilesystem => key!("read-only filesystem or storage medium"),
        ErrorKind::IsADirectory => key!("is a directory"),
        ErrorKind::InvalidFilename => key!("invalid filename"),
        _ => return kind.to_string(),
    };
    word(known)
}

/// Other invalid names are those that SQLite cannot be told, and on other systems those with signs that none may have.
fn is_too_long(error: &io::Error) -> bool {
    cfg!(unix) && error.kind() == ErrorKind::InvalidFilename && error.raw_os_error().is_some()
}

/// The part of a path that has the longest name.
fn longest(path: &Path) -> &Path {
    let length = |part: &&Path| part.file_name().map_or(0, std::ffi::OsStr::len);
    path.ancestors().max_by_key(length).unwrap_or(path)
}

/// What is wrong with a path itself.
enum Fault<'a> {
    /// This folder is not there.
    Missing(&'a Path),
    /// This should be a folder.
    NoFolder(&'a Path),
}

/// The first part of a path that is at fault, where its last one is not.
fn fault(path: &Path, kind: ErrorKind) -> Option<Fault<'_>> {
    if !matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::AlreadyExists) {
        return None;
    }
    let above: Vec<&Path> = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).collect();
    let at_fault = above.into_iter().rev().find_map(|folder| match fs::metadata(folder) {
        Ok(found) if found.is_dir() => None,
        Ok(_) => Some(Fault::NoFolder(folder)),
        Err(error) => (error.kind() == ErrorKind::NotFound).then_some(Fault::Missing(folder)),
    });
    let is_file = || kind == ErrorKind::NotADirectory && fs::metadata(path).is_ok_and(|found| !found.is_dir());
    at_fault.or_else(|| is_file().then_some(Fault::NoFolder(path)))
}

/// Whether there is a file without a byte.
fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == 0)
}

fn no_backup(path: &Path) -> Error {
    let what = match path {
        path if is_empty(path) => key!("is empty, and no backup of a store"),
        path if path.is_dir() => key!("is no backup of a store"),
        _ => key!("is no backup of a store, or not a whole one"),
    };
    Error::new(
        Code::NotABackup,
        say!("{name} {what}; nothing was changed.", name = capital(&name(path)), what = word(what)),
        word(key!("Choose a file that a backup has written.")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[track_caller]
    fn check(path: &Path, doing: Doing, kind: ErrorKind, code: Code, message: &str) {
        let error = Err::<(), _>(io::Error::from(kind)).about(path, doing).expect_err("failed");
        assert_eq!((error.code, error.message.as_str()), (code, message));
    }

    #[test]
    fn a_message_names_the_part_of_the_path_that_is_at_fault() {
        use Doing::{Reading, Writing};
        let folder = TestFolder::new("at-fault");
        let dir = folder.dir();
        fs::create_dir_all(dir).expect("a folder");
        fs::write(dir.join("a file"), "text").expect("written");
        let name = name(dir);
        for doing in [Reading, Writing] {
            let missing = dir.join("nowhere/further/export.zip");
            check(&missing, doing, ErrorKind::NotFound, Code::NotFound, "There is no folder `nowhere`.");
            let below = dir.join("a file/further/export.zip");
            for kind in [ErrorKind::NotADirectory, ErrorKind::NotFound, ErrorKind::AlreadyExists] {
                check(&below, doing, kind, Code::File, "`a file` is a file, and no folder.");
            }
            check(
                &dir.join("a file"),
                doing,
                ErrorKind::NotADirectory,
                Code::File,
                "`a file` is a file, and no folder.",
            );
        }
        let (there, not_there) = (dir.join("a file"), dir.join("export.zip"));
        check(&not_there, Reading, ErrorKind::NotFound, Code::NotFound, "There is no file or folder `export.zip`.");
        let denied = ErrorKind::PermissionDenied;
        check(&there, Reading, denied, Code::File, "`a file` cannot be read: permission denied.");
        check(&there, Writing, denied, Code::File, "`a file` cannot be written: permission denied.");
        let nothing = format!("Nothing can be written in {name}: permission denied.");
        check(&not_there, Writing, denied, Code::File, &nothing);
        let nothing = format!("Nothing can be written in {name}: read-only filesystem or storage medium.");
        check(&not_there, Writing, ErrorKind::ReadOnlyFilesystem, Code::File, &nothing);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_too_long_is_called_so() {
        let folder = TestFolder::new("too-long");
        fs::create_dir_all(folder.dir()).expect("a folder");
        // The name of the unfinished file is longer.
        let long = "x".repeat(250);
        let told = |error: Error| (error.code, error.message);
        let expected = |name: &str| (Code::File, format!("The name `{name}` is too long."));
        let write = |path: &Path| crate::new_file::new_file(path, |part| fs::write(part, "").writing(path));
        assert_eq!(told(write(&folder.dir().join(&long)).expect_err("too long")), expected(&long));
        let longer = "y".repeat(300);
        let below = folder.dir().join(&longer).join("export.zip");
        assert_eq!(told(write(&below).expect_err("too long")), expected(&longer));
        assert_eq!(told(fs::metadata(&below).reading(&below).expect_err("too long")), expected(&longer));
        assert_eq!(fs::read_dir(folder.dir()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_file_that_is_no_backup_is_named() {
        let folder = TestFolder::new("no-backup");
        fs::create_dir_all(folder.dir()).expect("a folder");
        let check = |name: &str, text: Option<&str>, expected: &str| {
            let path = folder.dir().join(name);
            match text {
                Some(text) => fs::write(&path, text).expect("written"),
                None => fs::create_dir(&path).expect("made"),
            }
            let error = Err::<(), _>(store::Error::from(store::ErrorKind::NoCopy)).reading(&path).expect_err("failed");
            assert_eq!((error.code, error.message.as_str()), (Code::NotABackup, expected));
        };
        check("empty.db", Some(""), "`empty.db` is empty, and no backup of a store; nothing was changed.");
        check("text.txt", Some("milk"), "`text.txt` is no backup of a store, or not a whole one; nothing was changed.");
        check("folder", None, "`folder` is no backup of a store; nothing was changed.");
    }

    #[test]
    fn the_root_and_what_stands_for_a_folder_have_no_name() {
        assert_eq!([name(Path::new("/")), name(Path::new(".."))], ["this folder", "this folder"]);
    }
}
