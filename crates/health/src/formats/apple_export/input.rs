//! Where the main document and the files beside it come from: an archive, a folder, or nothing but a stream.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use icu_normalizer::ComposingNormalizerBorrowed;
use sha2::{Digest, Sha256};
use zip::ZipArchive;
use zip::result::ZipError;

use super::blocks::{Blocks, Measured, Watch, hex};
use super::clean::{is_damage, is_main, no_root, read_up_to};
use super::directory::{check_directory, is_safe, read_directory};
use super::find::{check_candidates, find_main, find_renamed_file, is_candidate, is_fork, shown};
use super::limits::Limits;
use super::packed;
use super::tally::Tally;
use crate::{Document, Error, ErrorKind, Result};

/// An unzipped export. This crate does not touch the disk, so the caller lists and opens.
pub trait Folder: Send {
    /// What lies below the folder.
    fn list(&mut self) -> io::Result<Listed>;
    /// Opens one of the listed files. Links must not be followed.
    fn open(&mut self, path: &str) -> io::Result<Box<dyn Read + Send>>;
}

/// What lies in a folder.
#[derive(Debug, Default)]
pub struct Listed {
    /// Every file that may be opened, as a path with `/` between its parts, and its size in bytes.
    pub files: Vec<(String, u64)>,
    /// What is never opened: links, what is no file, and folders that lie too deep, with what is in them.
    pub unopened: u64,
    /// Files of which several have the same path as a text: never opened.
    pub doubled: u64,
}

/// A reader that counts.
pub(super) struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub(super) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, pos: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(pos)
    }
}

/// A reader of archives.
pub(super) trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

pub(super) type Archive = ZipArchive<Counted<Box<dyn ReadSeek>>>;

/// What the main document is opened from; it goes to the inflating thread and comes back.
pub(super) enum Container {
    Archive(Box<Archive>),
    Folder(Box<dyn Folder>),
    Nothing,
}

/// An opened input.
pub(super) struct Input {
    pub(super) container: Container,
    /// Names that may be opened, and the place in the container.
    pub(super) files: Files,
    pub(super) main: String,
    pub(super) progress: Arc<AtomicU64>,
    pub(super) document: Document,
}

/// The files beside the main document.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Name for people to name for opening.
    names: HashMap<String, Vec<u8>>,
    /// The composed form of a name that has one to the name, where only one file is called so: a Mac and a phone write
    /// `é` in two ways.
    by_nfc: HashMap<String, Option<String>>,
    /// Last part of a composed name to the name, where only one file is called so.
    by_base: HashMap<String, Option<String>>,
    prefix: String,
    /// Of a folder: a hash of the names and sizes of what lies beside the document; none where nothing does.
    pub(super) beside: Option<String>,
    /// Bytes of the archive: all that honest entries together can have when packed.
    pub(super) archive_bytes: Option<u64>,
    /// Of a folder: the bytes of all its files.
    pub(super) folder_bytes: Option<u64>,
}

impl Files {
    /// Finds a file by the path that the document prints, from its own folder.
    pub(super) fn find(&self, path: &str) -> Option<String> {
        let path = path.trim_start_matches('/');
        let full = format!("{}{path}", self.prefix);
        if self.names.contains_key(&full) {
            return Some(full);
        }
        if let Some(name) = self.by_nfc.get(composed(&full).as_ref()) {
            return name.clone();
        }
        // Zipped anew by hand, files may lie elsewhere.
        self.by_base.get(base_of(&composed(path)))?.clone()
    }

    fn add(&mut self, name: &str, raw_name: Vec<u8>) {
        let only = |names: &mut HashMap<String, Option<String>>, key: &str| {
            let same = names.entry(key.to_owned());
            same.and_modify(|name| *name = None).or_insert_with(|| Some(name.to_owned()));
        };
        let key = composed(name);
        if !name.is_ascii() {
            only(&mut self.by_nfc, &key);
        }
        only(&mut self.by_base, base_of(&key));
        self.names.insert(name.to_owned(), raw_name);
    }

    /// The path as the document would print it.
    pub(super) fn printed(&self, name: &str) -> String {
        format!("/{}", composed(name.strip_prefix(&self.prefix).unwrap_or(name)))
    }

    /// Names that end so, in order.
    pub(super) fn with_ending(&self, ending: &str) -> Vec<String> {
        let is_it = |name: &&String| {
            let lower = name.to_lowercase();
            lower.ends_with(ending) && !is_fork(name)
        };
        let mut list: Vec<String> = self.names.keys().filter(is_it).cloned().collect();
        list.sort();
        list
    }
}

impl Container {
    /// Opens a file and reads it through `with`. `None` where it cannot be opened.
    pub(super) fn with<T>(&mut self, files: &Files, name: &str, with: impl FnOnce(&mut dyn Read) -> T) -> Option<T> {
        let key = files.names.get(name)?;
        match self {
            Self::Archive(archive) => {
                let index = archive.index_for_name_raw(key)?;
                let mut file = packed::open(archive, index).ok()?;
                Some(with(&mut file))
            }
            Self::Folder(folder) => Some(with(&mut folder.open(name).ok()?)),
            Self::Nothing => None,
        }
    }
}

/// Opens an archive and finds the main document in it by its content.
pub(super) fn open_archive(mut reader: Box<dyn ReadSeek>, tally: &mut Tally) -> Result<Input> {
    let limits = &tally.limits;
    check_directory(&mut reader, limits)?;
    let archive_bytes = reader.seek(io::SeekFrom::End(0))?;
    let progress = Arc::new(AtomicU64::new(0));
    let counted = Counted { inner: reader, count: Arc::clone(&progress) };
    let listed = |reader| ZipArchive::new(reader).map_err(|error| explain(error, "its list of files is broken"));
    let archive = listed(counted)?;
    let start = archive.central_directory_start();
    let mut counted = archive.into_inner();
    let directory = read_directory(&mut counted, start, limits)?;
    let mut archive = Box::new(listed(counted)?);
    let main = find_main(&mut archive, &directory, limits)?;
    let mut files = Files { prefix: folder_of(&main.name), archive_bytes: Some(archive_bytes), ..Files::default() };
    let mut total = main.compressed;
    for entry in &directory.entries {
        let problem = match entry {
            entry if entry.unsafe_name => "unsafe_entry_name",
            entry if entry.doubled => "duplicate_entry",
            entry if entry.encrypted => "encrypted_entry",
            entry => {
                let beside = entry.name != main.name
                    && ![".xml", "/"].iter().any(|end| entry.name.to_lowercase().ends_with(end));
                total += if beside { entry.compressed } else { 0 };
                files.add(&entry.name, entry.raw_name.clone());
                continue;
            }
        };
        tally.add(problem, None, 1, None);
    }
    let document = Document {
        fingerprint: Some(directory.fingerprint.clone()),
        // In a zip64 archive the plain size is all ones.
        total_bytes: (main.compressed < u64::from(u32::MAX)).then_some(total),
        ..Document::default()
    };
    let main = main.name.clone();
    Ok(Input { container: Container::Archive(archive), files, main, progress, document })
}

/// Opens an unzipped export.
pub(super) fn open_folder(mut folder: Box<dyn Folder>, tally: &mut Tally) -> Result<Input> {
    let Listed { files: list, unopened, doubled } = folder.list()?;
    tally.add("unsafe_entry_name", None, unopened, None);
    tally.add("duplicate_entry", None, doubled, None);
    if list.len() as u64 > tally.limits.entries {
        return Err(ErrorKind::TooLarge("files in the folder").into());
    }
    let mut main: Option<(String, u64)> = None;
    let folder_bytes = Some(list.iter().fold(0_u64, |all, (_, size)| all.saturating_add(*size)));
    let mut files = Files { folder_bytes, ..Files::default() };
    let mut candidates = 0;
    let (mut refused, mut empty) = (None, None);
    let mut beside = BTreeMap::new();
    for (name, size) in list {
        if !is_safe(&name) {
            tally.add("unsafe_entry_name", None, 1, None);
            continue;
        }
        files.add(&name, Vec::new());
        if !is_candidate(&name) {
            // What a file manager leaves behind tells nothing.
            if !base_of(&name).starts_with('.') && !is_fork(&name) {
                beside.insert(name, size);
            }
            continue;
        }
        check_candidates(candidates, &tally.limits)?;
        candidates += 1;
        let mut head = Vec::new();
        read_up_to(&mut folder.open(&name)?, &mut head, tally.limits.prolog + 16)?;
        if !is_main(&head) {
            match no_root(&head, head.len() < tally.limits.prolog + 16) {
                kind @ ErrorKind::TooLarge(_) => refused = Some(kind),
                ErrorKind::Empty(_) => empty = Some(ErrorKind::Empty(Some(shown(base_of(&name))))),
                _ => {}
            }
        } else if main.replace((name, size)).is_some() {
            return Err(ErrorKind::Several.into());
        }
    }
    if main.is_none() && refused.is_none() {
        main = find_renamed_file(folder.as_mut(), &beside, &tally.limits)?;
    }
    let (main, size) = main.ok_or_else(|| refused.or(empty).unwrap_or(ErrorKind::NotAnExport))?;
    beside.remove(&main);
    files.prefix = folder_of(&main);
    files.beside = listing(&beside);
    let document = Document { total_bytes: Some(size), ..Document::default() };
    Ok(Input { container: Container::Folder(folder), files, main, progress: Arc::default(), document })
}

/// Opens the main document on its own thread. The container comes back over the channel.
pub(super) fn start(
    mut container: Container,
    main: &str,
    files: &Files,
    progress: &Arc<AtomicU64>,
    limits: Limits,
) -> (Blocks, std::sync::mpsc::Receiver<Container>) {
    let (give_back, back) = std::sync::mpsc::channel();
    let (main, key) = (main.to_owned(), files.names.get(main).cloned().unwrap_or_default());
    let progress = Arc::clone(progress);
    let blocks = Blocks::start(move |pipe| {
        match &mut container {
            Container::Archive(archive) => {
                progress.store(0, Ordering::Relaxed);
                let watch = Watch { compressed: Some(Arc::clone(&progress)), hash: false, limits };
                let index = archive.index_for_name_raw(&key).ok_or(ErrorKind::NotAnExport)?;
                let file = packed::open(archive, index);
                let file = file.map_err(|error| explain(error, "its document cannot be unpacked"))?;
                pipe.run(Measured::new(file, watch, Arc::default()));
            }
            Container::Folder(folder) => {
                let watch = Watch { compressed: None, hash: true, limits };
                pipe.run(Measured::new(folder.open(&main)?, watch, progress));
            }
            Container::Nothing => {}
        }
        // The reader may be gone already.
        let _ = give_back.send(container);
        Ok(())
    });
    (blocks, back)
}

/// Pumps a bare document.
pub(super) fn start_stream(reader: impl Read + Send + 'static, progress: &Arc<AtomicU64>, limits: Limits) -> Blocks {
    let progress = Arc::clone(progress);
    Blocks::start(move |pipe| {
        let watch = Watch { compressed: None, hash: true, limits };
        pipe.run(Measured::new(reader, watch, progress));
        Ok(())
    })
}

/// Tells folders apart that have the same document: a route that was missing may be there the next time.
fn listing(files: &BTreeMap<String, u64>) -> Option<String> {
    let mut hash = Sha256::new();
    for (name, size) in files {
        hash.update(format!("{size} {name}\0"));
    }
    (!files.is_empty()).then(|| hex(&hash.finalize()))
}

/// A name in the form in which names are compared: NFC.
fn composed(name: &str) -> Cow<'_, str> {
    if name.is_ascii() { Cow::Borrowed(name) } else { ComposingNormalizerBorrowed::new_nfc().normalize(name) }
}

/// The last part of a name.
pub(super) fn base_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn folder_of(name: &str) -> String {
    name.rfind('/').and_then(|at| name.get(..=at)).unwrap_or_default().to_owned()
}

/// What the package says of a damage is for its authors; people get `what`.
fn explain(error: ZipError, what: &str) -> Error {
    match error {
        ZipError::Io(error) if !is_damage(&error) => error.into(),
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ErrorKind::Encrypted.into(),
        _ => ErrorKind::DamagedArchive(what.to_owned()).into(),
    }
}
