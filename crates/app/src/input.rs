//! Opening what the user named, and reading it on a thread of its own while the store writes.
//!
//! ```text
//!   inflate ──► parse ──► a few batches wait ──► Store::ingest
//!   (thread)    (thread)                         (the caller's thread)
//! ```

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use health::Batch;
use health::formats::apple_export::{self, Reader};

use crate::error::{About, Code, Error, Result};
use crate::import::Input;

/// Batches that wait for the store, a megabyte each at most: enough that it has work while routes and voltages are
/// read.
const WAITING: usize = 48;
/// What every zip archive begins with, an empty one too.
const ZIP_MARKS: [&[u8; 4]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
/// Folders below folders are followed this deep.
const DEPTH: usize = 8;

/// The batches of one input, read ahead.
pub(crate) struct Batches {
    queue: Receiver<health::Result<Batch>>,
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
        // A known fingerprint goes ahead, so that the same file is recognised before anything is parsed.
        let known = Batch { document: Some(reader.known().clone()), ..Batch::default() };
        thread::spawn(move || {
            let first = reader.known().fingerprint.is_some().then_some(Ok(known));
            let rest = std::iter::from_fn(|| reader.next_batch().transpose());
            for batch in first.into_iter().chain(rest) {
                // The store stopped listening: cancelled, failed, or it knows the file.
                if sender.send(batch).is_err() {
                    return;
                }
            }
        });
        Ok(Self { queue })
    }

    /// The next batch; `None` after the last one.
    pub fn next(&mut self) -> health::Result<Option<Batch>> {
        self.queue.recv().ok().transpose()
    }
}

/// Of a folder that is no export but has an archive in it, says so.
fn pointing_inside(error: Error, folder: &Path) -> Error {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let archive =
        names.map(|name| name.to_string_lossy().into_owned()).find(|name| name.to_lowercase().ends_with(".zip"));
    match archive {
        Some(name) if error.code == Code::NotAnExport => {
            Error { hint: format!("`{name}` lies in it: name that file, if it is the one."), ..error }
        }
        _ => error,
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
    let hint = "Name its path, or pipe what is in it: unzip -p export.zip '*/export.xml' | vitalog import -";
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

/// An unzipped export on the disk. Links are neither listed nor followed.
struct OnDisk {
    root: PathBuf,
    /// Paths by the names that they were listed under: not every name on a disk is a text.
    paths: HashMap<String, PathBuf>,
}

impl apple_export::Folder for OnDisk {
    fn list(&mut self) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        self.paths.clear();
        list(&self.root, "", DEPTH, &mut files, &mut self.paths)?;
        Ok(files)
    }

    fn open(&mut self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let path = self.paths.get(path).ok_or(io::ErrorKind::NotFound)?;
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
    files: &mut Vec<(String, u64)>,
    paths: &mut HashMap<String, PathBuf>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 0 {
            list(&entry.path(), &path, depth - 1, files, paths)?;
        } else if kind.is_file() {
            // Two names may be one text: the later one is opened.
            if paths.insert(path.clone(), entry.path()).is_none() {
                files.push((path, entry.metadata()?.len()));
            }
        }
        if files.len() as u64 > apple_export::limits::MAX_ENTRIES {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
