//! Opening what the user named, and reading it on a thread of its own while the store writes.
//!
//! ```text
//!   inflate ──► parse ──► some batches wait ───► Store::ingest
//!   (thread)    (thread)                         (the caller's thread)
//! ```

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use health::Batch;
use health::formats::apple_export::{self, Listed, Reader};

use crate::error::{self, About, Code, Error, Result};
use crate::import::Input;

/// Batches that wait for the store: enough that it has work while routes and voltages are read.
const WAITING: usize = 48;
/// Bytes of memory that they take together, where it is more than one that waits.
const WAITING_BYTES: usize = 32 << 20;
/// What every zip archive begins with, an empty one too.
const ZIP_MARKS: [&[u8; 4]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
/// Folders below folders are followed this deep; an export has one.
const DEPTH: usize = 8;

/// The batches of one input, read ahead.
pub(crate) struct Batches {
    queue: Receiver<health::Result<Batch>>,
    room: Arc<Room>,
}

impl Batches {
    /// Opens an input. What it is decides its content, not its name.
    pub fn open(input: &Input) -> Result<Self> {
        let mut reader = match input {
            Input::Stdin => open_stdin()?,
            Input::Path(path) if path.is_dir() => {
                let opened = Reader::folder(OnDisk { root: path.clone(), paths: HashMap::new() }).reading(path);
                opened.map_err(|error| pointing_inside(error, path))?
            }
            Input::Path(path) => open_file(path)?,
        };
        let (sender, queue) = sync_channel(WAITING);
        let room = Arc::new(Room::default());
        let taken = Arc::clone(&room);
        // A known fingerprint goes ahead, so that the same file is recognised before anything is parsed.
        let known = Batch { document: Some(reader.known().clone()), ..Batch::default() };
        thread::spawn(move || {
            let first = reader.known().fingerprint.is_some().then_some(Ok(known));
            let rest = std::iter::from_fn(|| reader.next_batch().transpose());
            for batch in first.into_iter().chain(rest) {
                taken.take(weight(&batch));
                // The store stopped listening: cancelled, failed, or it knows the file.
                if sender.send(batch).is_err() {
                    return;
                }
            }
        });
        Ok(Self { queue, room })
    }

    /// The next batch; `None` after the last one.
    pub fn next(&mut self) -> health::Result<Option<Batch>> {
        let batch = self.queue.recv().ok();
        self.room.give_back(batch.as_ref().map_or(0, weight));
        batch.transpose()
    }
}

impl Drop for Batches {
    /// Whoever waits for room finds that nobody listens any more.
    fn drop(&mut self) {
        self.room.leave();
    }
}

fn weight(batch: &health::Result<Batch>) -> usize {
    batch.as_ref().map_or(0, Batch::weight)
}

/// The memory that waiting batches may take.
#[derive(Debug, Default)]
struct Room {
    state: Mutex<Taken>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Taken {
    bytes: usize,
    /// Nobody takes anything out any more.
    left: bool,
}

impl Room {
    /// Waits until there is room for so many bytes; what alone is too much may come in when nothing else waits.
    fn take(&self, bytes: usize) {
        let full =
            |taken: &mut Taken| !taken.left && taken.bytes > 0 && taken.bytes.saturating_add(bytes) > WAITING_BYTES;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.changed.wait_while(state, full).unwrap_or_else(PoisonError::into_inner).bytes += bytes;
    }

    fn give_back(&self, bytes: usize) {
        self.change(|taken| taken.bytes = taken.bytes.saturating_sub(bytes));
    }

    fn leave(&self) {
        self.change(|taken| taken.left = true);
    }

    fn change(&self, change: impl FnOnce(&mut Taken)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}

/// Of a folder that is no export says what is in it: nothing, or an archive.
fn pointing_inside(error: Error, folder: &Path) -> Error {
    if error.code != Code::NotAnExport {
        return error;
    }
    let Ok(entries) = fs::read_dir(folder) else { return error };
    let names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    match names.iter().find(|name| name.to_lowercase().ends_with(".zip")) {
        Some(name) => Error { hint: format!("`{name}` lies in it: name that file, if it is the one."), ..error },
        None if names.is_empty() => Error::new(
            Code::EmptyFolder,
            format!("There is nothing in {}.", error::name(folder)),
            "Choose export.zip, or the folder in which export.xml lies.",
        ),
        None => error,
    }
}

fn open_stdin() -> Result<Reader> {
    let mut input = BufReader::new(io::stdin());
    let head = input.fill_buf()?;
    if is_archive(head) {
        return Err(no_archive_from("standard input"));
    }
    Ok(Reader::document(input, None)?)
}

fn is_archive(head: &[u8]) -> bool {
    ZIP_MARKS.iter().any(|mark| head.starts_with(mark.as_slice()))
}

/// An archive has its table of contents at its end, and a pipe cannot be read backwards.
fn no_archive_from(what: &str) -> Error {
    let hint =
        "Name its path, or pipe the document that is in it: unzip -p export.zip '*/[Ee]xport.xml' | vitalog import -";
    Error::new(Code::NotAnExport, format!("An archive cannot be read from {what}."), hint)
}

fn open_file(path: &Path) -> Result<Reader> {
    let mut file = File::open(path).reading(path)?;
    let metadata = file.metadata().reading(path)?;
    let mut head = Vec::new();
    (&mut file).take(4).read_to_end(&mut head).reading(path)?;
    if !metadata.is_file() {
        // What was looked at does not come again.
        return match is_archive(&head) {
            true => Err(no_archive_from("a pipe")),
            false => Reader::document(Cursor::new(head).chain(file), None).reading(path),
        };
    }
    file.rewind().reading(path)?;
    if is_archive(&head) || ends_as_archive(&head, &mut file).reading(path)? {
        return Reader::archive(BufReader::new(file)).reading(path);
    }
    Reader::document(file, Some(metadata.len())).reading(path)
}

/// Whether a file that begins with something else, but not as a document does, is an archive behind that: an archive is
/// read from its end.
fn ends_as_archive(head: &[u8], file: &mut (impl Read + Seek)) -> io::Result<bool> {
    // Its end has 22 bytes and a comment of at most 64 KiB.
    const END: u64 = 22 + (64 << 10);
    if head.starts_with(b"\xEF\xBB\xBF") || head.trim_ascii_start().starts_with(b"<") {
        return Ok(false);
    }
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut tail = Vec::new();
    file.take(END).read_to_end(&mut tail)?;
    file.rewind()?;
    Ok(tail.windows(4).any(|bytes| bytes == b"PK\x05\x06"))
}

/// An unzipped export on the disk. Links are counted and not followed.
struct OnDisk {
    root: PathBuf,
    /// Paths by the names that they were listed under: not every name on a disk is a text, and where two make the same
    /// text it is none.
    paths: HashMap<String, Option<PathBuf>>,
}

impl apple_export::Folder for OnDisk {
    fn list(&mut self) -> io::Result<Listed> {
        let mut listed = Listed::default();
        self.paths.clear();
        list(&self.root, "", DEPTH, &mut listed, &mut self.paths)?;
        listed.files.retain(|(name, _)| self.paths.get(name).is_some_and(Option::is_some));
        Ok(listed)
    }

    fn open(&mut self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let path = self.paths.get(path).and_then(Option::as_ref).ok_or(io::ErrorKind::NotFound)?;
        if fs::symlink_metadata(path)?.is_file() {
            return Ok(Box::new(File::open(path)?));
        }
        Err(io::ErrorKind::NotFound.into())
    }
}

fn list(
    folder: &Path,
    prefix: &str,
    depth: usize,
    listed: &mut Listed,
    paths: &mut HashMap<String, Option<PathBuf>>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 0 {
            list(&entry.path(), &path, depth - 1, listed, paths)?;
        } else if !kind.is_file() {
            listed.unopened += 1;
        } else if let Some(same) = paths.get_mut(&path) {
            listed.doubled += if same.take().is_some() { 2 } else { 1 };
        } else {
            paths.insert(path.clone(), Some(entry.path()));
            listed.files.push((path, entry.metadata()?.len()));
        }
        if listed.files.len() as u64 > apple_export::limits::MAX_ENTRIES {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_takes_no_more_than_its_room() {
        let room = Arc::new(Room::default());
        // Alone it may be too much.
        room.take(2 * WAITING_BYTES);
        let (sender, taken) = sync_channel(8);
        let waiting = Arc::clone(&room);
        let waits = thread::spawn(move || {
            for bytes in [1, WAITING_BYTES - 1, 1, 1] {
                waiting.take(bytes);
                sender.send(bytes).expect("it is heard");
            }
        });
        assert!(taken.try_recv().is_err());
        room.give_back(2 * WAITING_BYTES);
        assert_eq!((taken.recv(), taken.recv()), (Ok(1), Ok(WAITING_BYTES - 1)));
        assert!(taken.try_recv().is_err());
        room.give_back(1);
        assert_eq!(taken.recv(), Ok(1));
        // Nobody waits for one who does not listen any more.
        room.leave();
        waits.join().expect("it ends");
        assert_eq!(taken.recv(), Ok(1));
    }

    /// Writes bytes into a named pipe and tells how many records are read from it.
    #[cfg(unix)]
    fn read_from_pipe(name: &str, bytes: Vec<u8>) -> Result<u64> {
        let folder = crate::testing::TestFolder::new(name);
        fs::create_dir_all(folder.dir()).expect("a folder");
        let pipe = folder.dir().join("export.xml");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
        let writer = {
            let pipe = pipe.clone();
            // Who is refused closes the pipe before all is written.
            thread::spawn(move || drop(fs::write(pipe, bytes)))
        };
        let read = Batches::open(&Input::Path(pipe)).map(|mut batches| {
            let mut records = 0;
            while let Some(batch) = batches.next().expect("a batch") {
                records = records.max(batch.records_read);
            }
            records
        });
        writer.join().expect("written");
        read
    }

    #[cfg(unix)]
    #[test]
    fn nothing_of_a_pipe_is_lost() {
        let record = "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Watch\" unit=\"count\" value=\"1\" \
                      startDate=\"2026-03-01 01:00:00 +0000\" endDate=\"2026-03-01 01:01:00 +0000\"/>";
        let document = format!("<HealthData>{record}</HealthData>");
        let with_prolog = format!("<?xml version=\"1.0\"?>{document}");
        assert_eq!(read_from_pipe("pipe", document.into_bytes()), Ok(1));
        assert_eq!(read_from_pipe("pipe-prolog", with_prolog.into_bytes()), Ok(1));
        let error = read_from_pipe("pipe-zip", b"PK\x03\x04 and more".to_vec()).expect_err("an archive");
        assert_eq!((error.code, error.message.as_str()), (Code::NotAnExport, "An archive cannot be read from a pipe."));
    }

    /// A folder of the test's own, removed before and after.
    fn folder(name: &str) -> (crate::testing::TestFolder, PathBuf) {
        let folder = crate::testing::TestFolder::new(name);
        let root = folder.dir().join("export");
        fs::create_dir_all(&root).expect("a folder");
        (folder, root)
    }

    fn listed(root: &Path) -> (Vec<String>, u64, u64) {
        let mut on_disk = OnDisk { root: root.to_owned(), paths: HashMap::new() };
        let Listed { files, unopened, doubled } = apple_export::Folder::list(&mut on_disk).expect("a list");
        let mut names: Vec<_> = files.into_iter().map(|(name, _)| name).collect();
        names.sort();
        for name in &names {
            apple_export::Folder::open(&mut on_disk, name).expect("a file");
        }
        (names, unopened, doubled)
    }

    #[test]
    fn folders_are_followed_so_deep_and_those_below_are_counted() {
        let (_kept, root) = folder("deep");
        let at = |depth: usize| ["x"].repeat(depth).join("/");
        fs::create_dir_all(root.join(at(DEPTH + 2))).expect("folders");
        for depth in 0..DEPTH + 3 {
            fs::write(root.join(at(depth)).join("a.csv"), "").expect("written");
        }
        let (names, unopened, _) = listed(&root);
        // The folder that is too deep, with all that is in it.
        assert_eq!((names.len(), unopened), (DEPTH + 1, 1));
        assert!(names.contains(&format!("{}/a.csv", at(DEPTH))), "{names:?}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_counted_and_never_opened() {
        use std::os::unix::fs::symlink;
        let (kept, root) = folder("links");
        let outside = kept.dir().join("outside");
        fs::create_dir_all(&outside).expect("a folder");
        fs::write(outside.join("ecg.csv"), "").expect("written");
        fs::write(root.join("export.xml"), "<HealthData/>").expect("written");
        symlink(outside.join("ecg.csv"), root.join("ecg.csv")).expect("a link");
        symlink(&outside, root.join("folder")).expect("a link");
        symlink(&root, root.join("itself")).expect("a link");
        symlink("nowhere", root.join("dangling")).expect("a link");
        assert_eq!(listed(&root), (vec!["export.xml".to_owned()], 4, 0));
        // The report tells them as it tells those of an archive.
        let mut batches = Batches::open(&Input::Path(root)).expect("an export");
        let mut told = Vec::new();
        while let Some(batch) = batches.next().expect("a batch") {
            told.extend(batch.problems.into_iter().map(|problem| (problem.reason, problem.count)));
        }
        assert_eq!(told, [("no_records", 1), ("unsafe_entry_name", 4)]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_the_same_as_text_are_doubles() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let (_kept, root) = folder("doubles");
        for name in [b"a\xff.gpx".as_slice(), b"a\xfe.gpx", b"a\xfd.gpx", b"b\xff.gpx", b"export.xml"] {
            fs::write(root.join(OsStr::from_bytes(name)), "").expect("written");
        }
        let names = ["b\u{fffd}.gpx", "export.xml"].map(str::to_owned).to_vec();
        assert_eq!(listed(&root), (names, 0, 3));
    }

    #[test]
    fn an_archive_behind_something_else_is_one_and_a_document_is_none() {
        let check = |text: &[u8], expected: bool| {
            let mut file = Cursor::new(text);
            assert_eq!(ends_as_archive(&text[..4], &mut file).expect("read"), expected, "{text:?}");
            assert_eq!(file.position(), 0);
        };
        let behind = |blanks: usize| [b"#!/bin/sh\nPK\x05\x06".as_slice(), &vec![0; blanks]].concat();
        check(&behind(18), true);
        check(&behind(18 + (64 << 10)), true);
        check(&behind(19 + (64 << 10)), false);
        check(b"<?xml PK\x05\x06", false);
        check(b"\xEF\xBB\xBF<HealthData>PK\x05\x06", false);
        check(b"hello", false);
    }
}
