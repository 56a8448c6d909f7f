//! Bodies from their last byte until they are in the store: long ones on the disk, and those of which somebody was told
//! that they are safe. A short one that goes into the store before its answer is durable there, and never lies here.
//!
//! A body lies in `NAME.body`; what is known about its request in `NAME.json` beside it, which is written last. So a
//! delivery is there as soon as its JSON is, whether the store could be reached or not, and a start after a crash finds
//! all of them. Files are for their owner only.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use health::digest::{Sha256, hex};
use health::formats::phone::inflate::{Inflater, Packing};
use serde::{Deserialize, Serialize};

use crate::secret;

/// Bytes of a body, unpacked.
pub(crate) const MAX_BODY: u64 = 512 << 20;
/// A body below this is held in memory until it is in the store or has to wait.
pub(crate) const SHORT: u64 = 1 << 20;
/// Bytes that one phone may have in the spool.
const MAX_OF_PEER: u64 = 4 << 30;
/// Bytes that all phones may have in it.
const MAX_OF_ALL: u64 = 16 << 30;
/// How long bodies are kept that nobody can read.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;
/// Digits of the hash that are kept.
const DIGITS: usize = 16;

/// What is known about a request besides its body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    pub peer: i64,
    pub received_ms: i64,
    pub bytes: u64,
    pub sha256: String,
    pub address: String,
    #[serde(default)]
    pub app_version: Option<String>,
    #[serde(default)]
    pub content_type: Option<String>,
    #[serde(default)]
    pub aggregation: Option<String>,
    #[serde(default)]
    pub query: String,
    /// The request's name and content, where it may come with one only.
    #[serde(default)]
    pub request: Option<(String, String)>,
    /// Why its phone was told that it is not taken: it is no whole body, and kept for its owner's eyes.
    #[serde(default)]
    pub refused: Option<String>,
}

impl Meta {
    /// The request's name and content; of one that does not say its content that is its hash.
    pub fn named(&self) -> Option<(String, String)> {
        let (key, content) = self.request.clone()?;
        Some((key, if content.is_empty() { self.sha256.clone() } else { content }))
    }
}

/// The folder and what lies in it.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    /// What lies here, by its name.
    lying: Mutex<HashMap<String, Lying>>,
    /// Held while a short body is made durable.
    keeping: Mutex<()>,
}

/// What is remembered of a body that lies here.
#[derive(Debug)]
struct Lying {
    peer: i64,
    bytes: u64,
    /// The request's name and content.
    request: Option<(String, String)>,
}

impl From<&Meta> for Lying {
    fn from(meta: &Meta) -> Self {
        Self { peer: meta.peer, bytes: meta.bytes, request: meta.named() }
    }
}

impl Spool {
    /// Opens the folder, makes it where it is missing, and takes away what never became whole.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let is_new = !folder.is_dir();
        make_private(folder)?;
        if is_new {
            folder.parent().map_or(Ok(()), sync_folder)?;
        }
        let spool = Self { folder: folder.to_owned(), lying: Mutex::default(), keeping: Mutex::default() };
        for entry in fs::read_dir(folder)? {
            spool.look_at(&entry?.path())?;
        }
        Ok(spool)
    }

    /// Takes up a delivery by its JSON, and takes away what belongs to none. What cannot be read now may be read after
    /// the next start, and what is neither is somebody else's: both stay.
    fn look_at(&self, path: &Path) -> io::Result<()> {
        let ending = path.extension().and_then(|it| it.to_str()).filter(|it| ["json", "body"].contains(it));
        let (Some(ending), Some(name)) = (ending, path.file_stem().and_then(|it| it.to_str())) else { return Ok(()) };
        match self.whole(name) {
            Ok(Some(meta)) if ending == "json" => drop(self.lying().insert(name.to_owned(), (&meta).into())),
            Ok(None) if path.is_file() => fs::remove_file(path)?,
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }

    fn lying(&self) -> std::sync::MutexGuard<'_, HashMap<String, Lying>> {
        self.lying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ending}"))
    }

    /// Whether another body of this phone may come.
    pub fn has_room(&self, peer: i64) -> bool {
        let lying = self.lying();
        let of_all: u64 = lying.values().map(|it| it.bytes).sum();
        let of_peer: u64 = lying.values().filter(|it| it.peer == peer).map(|it| it.bytes).sum();
        of_peer < MAX_OF_PEER && of_all < MAX_OF_ALL
    }

    /// The names of a phone's bodies here whose request came by this name, with another content.
    pub fn with_other_content(&self, peer: i64, (key, content): (&str, &str)) -> Vec<String> {
        let is_other =
            |it: &Lying| it.peer == peer && it.request.as_ref().is_some_and(|(k, c)| k == key && c != content);
        self.lying().iter().filter(|(_, it)| is_other(it)).map(|(name, _)| name.clone()).collect()
    }

    /// Begins a body.
    pub fn begin(self: &Arc<Self>, now_ms: i64, packing: Packing) -> crate::Result<Writing> {
        let name = format!("{now_ms:013}-{}", secret::letters::<{ secret::SHORT }>()?.to_lowercase());
        let place = Place { path: self.path(&name, "body"), short: Vec::new(), file: None };
        let to = Some(Inflater::new(packing, MAX_BODY, Hashed { place, hash: Sha256::default(), bytes: 0 }));
        Ok(Writing { spool: Arc::clone(self), name, to, head: Vec::new(), whole: false })
    }

    /// Makes a short body durable, because it has to wait. Once is enough, whoever asks.
    pub fn keep(&self, name: &str, meta: &Meta, short: &[u8]) -> io::Result<()> {
        let _one_at_a_time = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        if self.has(name) {
            return Ok(());
        }
        let kept = private_file(&self.path(name, "body")).and_then(|mut file| {
            file.write_all(short)?;
            self.make_durable(name, meta, &file)
        });
        if kept.is_err() {
            self.remove(name);
        }
        kept
    }

    /// Makes a body durable, and then that it is one.
    fn make_durable(&self, name: &str, meta: &Meta, body: &File) -> io::Result<()> {
        body.sync_all()?;
        let text = serde_json::to_vec(meta).map_err(io::Error::from)?;
        let mut file = private_file(&self.path(name, "json"))?;
        file.write_all(&text)?;
        file.sync_all()?;
        sync_folder(&self.folder)?;
        self.lying().insert(name.to_owned(), meta.into());
        Ok(())
    }

    /// What is known about a delivery; none where it is not whole, or cannot be read.
    pub fn meta(&self, name: &str) -> Option<Meta> {
        self.whole(name).ok().flatten()
    }

    /// What is known about a delivery; none where it is not whole, an error where nobody can say.
    fn whole(&self, name: &str) -> io::Result<Option<Meta>> {
        let text = match fs::read(self.path(name, "json")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let has_body = self.path(name, "body").try_exists()?;
        Ok(serde_json::from_slice(&text).ok().filter(|_| has_body))
    }

    /// Its body.
    pub fn body(&self, name: &str) -> io::Result<File> {
        File::open(self.path(name, "body"))
    }

    /// The names of all that lies here, the oldest first.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.lying().keys().cloned().collect();
        names.sort();
        names
    }

    /// Whether a body that nobody can read has lain here long enough.
    pub fn is_stale(meta: &Meta, now_ms: i64) -> bool {
        now_ms - meta.received_ms > KEPT_MS
    }

    /// Whether a delivery lies here.
    pub fn has(&self, name: &str) -> bool {
        self.lying().contains_key(name)
    }

    /// Takes a delivery away.
    pub fn remove(&self, name: &str) {
        // First what says that it is one. What cannot be removed is tried again after the next start.
        let _ = fs::remove_file(self.path(name, "json"));
        let _ = fs::remove_file(self.path(name, "body"));
        self.lying().remove(name);
    }
}

/// The names of what lies in a spool and the numbers of the phones that it is of, for somebody who only looks.
pub fn spooled(folder: &Path) -> Vec<(String, i64)> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let told = files.filter(|path| path.extension().is_some_and(|it| it == "json")).filter_map(|path| {
        let meta: Meta = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        Some((path.file_stem()?.to_str()?.to_owned(), meta.peer))
    });
    let mut told: Vec<(String, i64)> = told.collect();
    told.sort_unstable();
    told
}

/// A body that is whole.
#[derive(Debug)]
pub(crate) struct Whole {
    /// What is known about it, its length and hash as well.
    pub meta: Meta,
    /// A short one, which nothing has made durable yet; none of one that lies in the spool.
    pub short: Option<Arc<[u8]>>,
}

/// A body that is being written. Dropped before its end it leaves nothing.
#[derive(Debug)]
pub(crate) struct Writing {
    spool: Arc<Spool>,
    name: String,
    to: Option<Inflater<Hashed>>,
    /// How the body began on the wire.
    head: Vec<u8>,
    whole: bool,
}

/// Bytes of a body as it began on the wire, for one of which nothing can be unpacked.
const HEAD: usize = 4 << 10;

/// Where a body gathers: in memory while it is short, then in a file.
struct Place {
    path: PathBuf,
    short: Vec<u8>,
    file: Option<File>,
}

impl Place {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        if self.file.is_none() && (self.short.len() + piece.len()) as u64 >= SHORT {
            let mut file = private_file(&self.path)?;
            file.write_all(&std::mem::take(&mut self.short))?;
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write_all(piece),
            None => {
                self.short.extend_from_slice(piece);
                Ok(())
            }
        }
    }
}

struct Hashed {
    place: Place,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.place.write(piece)?;
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Writing {
    /// Its name in the spool.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes the next piece, as it came over the wire.
    pub fn push(&mut self, piece: &[u8]) -> health::Result<()> {
        let room = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(piece.get(..room).unwrap_or_default());
        self.to.as_mut().map_or(Ok(()), |to| to.push(piece))
    }

    /// Whether nothing of the body is missing.
    pub fn end(&mut self) -> health::Result<()> {
        self.to.as_mut().map_or(Ok(()), Inflater::end)
    }

    /// Keeps a body that ends before its time, or goes on beyond its limit, as far as it came: what could be unpacked
    /// of it, else how it began. Durable then. `meta` gets length and hash of what is kept, and says why.
    pub fn keep_torn(mut self, mut meta: Meta) -> io::Result<Meta> {
        let mut to = self.to.take().ok_or(io::ErrorKind::NotFound)?;
        let hashed = to.inner();
        if hashed.bytes == 0 {
            hashed.write_all(&self.head)?;
        }
        let mut sha256 = hex(&std::mem::take(&mut hashed.hash).finish());
        sha256.truncate(DIGITS);
        (meta.bytes, meta.sha256) = (hashed.bytes, sha256);
        let file = match hashed.place.file.take() {
            Some(file) => file,
            None => {
                let mut file = private_file(&hashed.place.path)?;
                file.write_all(&hashed.place.short)?;
                file
            }
        };
        self.spool.make_durable(&self.name, &meta, &file)?;
        self.whole = true;
        Ok(meta)
    }

    /// Ends the body; a long one is durable then. `meta` gets its length and hash.
    pub fn finish(mut self, mut meta: Meta) -> health::Result<Whole> {
        let Some(to) = self.to.take() else { return Err(io::Error::from(io::ErrorKind::NotFound).into()) };
        let (hashed, bytes) = to.finish()?;
        let mut sha256 = hex(&hashed.hash.finish());
        sha256.truncate(DIGITS);
        (meta.bytes, meta.sha256) = (bytes, sha256);
        let Place { short, file, .. } = hashed.place;
        let short = match file {
            Some(file) => {
                self.spool.make_durable(&self.name, &meta, &file)?;
                None
            }
            None => Some(short.into()),
        };
        self.whole = true;
        Ok(Whole { meta, short })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.whole {
            let _ = fs::remove_file(self.spool.path(&self.name, "json"));
            let _ = fs::remove_file(self.spool.path(&self.name, "body"));
        }
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A new name is durable once its folder is; other systems have no such call.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// A folder, gone after the test.
    struct Kept(PathBuf);

    impl Kept {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("vitalog-spool-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            Self(folder)
        }

        fn files(&self) -> usize {
            fs::read_dir(&self.0).expect("a folder").count()
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn write(spool: &Arc<Spool>, peer: i64, body: &[u8]) -> (String, Meta) {
        let mut writing = spool.begin(7, Packing::Plain).expect("begun");
        writing.push(body).expect("written");
        let name = writing.name().to_owned();
        let whole = writing.finish(Meta { peer, query: "agg=raw".to_owned(), ..Meta::default() }).expect("whole");
        if let Some(short) = whole.short {
            spool.keep(&name, &whole.meta, &short).expect("kept");
        }
        (name, whole.meta)
    }

    #[test]
    fn what_is_whole_is_found_after_a_start() {
        let kept = Kept::new("found");
        let spool = Arc::new(Spool::open(&kept.0).expect("a spool"));
        let (name, meta) = write(&spool, 3, b"abc");
        assert_eq!((meta.bytes, meta.sha256.as_str()), (3, "ba7816bf8f01cfea"));
        let again = Spool::open(&kept.0).expect("a spool");
        assert_eq!((again.names(), again.meta(&name)), (vec![name.clone()], Some(meta)));
        let mut text = String::new();
        again.body(&name).expect("a body").read_to_string(&mut text).expect("text");
        assert_eq!(text, "abc");
        again.remove(&name);
        assert_eq!((again.names().len(), kept.files()), (0, 0));
    }

    #[test]
    fn what_never_became_whole_leaves_nothing() {
        let kept = Kept::new("torn");
        let spool = Arc::new(Spool::open(&kept.0).expect("a spool"));
        let mut writing = spool.begin(7, Packing::Plain).expect("begun");
        writing.push(b"abc").expect("written");
        drop(writing);
        assert_eq!(kept.files(), 0);
        // A process that died here.
        fs::write(kept.0.join("1-a.body"), "abc").expect("written");
        fs::write(kept.0.join("2-b.body"), "abc").expect("written");
        fs::write(kept.0.join("2-b.json"), "{\"peer\":").expect("written");
        assert_eq!(Spool::open(&kept.0).expect("a spool").names().len(), 0);
        assert_eq!(kept.files(), 0);
    }

    #[test]
    fn a_short_body_lies_nowhere_until_it_has_to_wait_and_a_long_one_in_the_spool() {
        let kept = Kept::new("short");
        let spool = Arc::new(Spool::open(&kept.0).expect("a spool"));
        let finish = |bytes: usize| {
            let mut writing = spool.begin(7, Packing::Plain).expect("begun");
            for piece in vec![b' '; bytes].chunks(300_000) {
                writing.push(piece).expect("written");
            }
            let name = writing.name().to_owned();
            (name, writing.finish(Meta::default()).expect("whole"))
        };
        let (name, short) = finish(SHORT as usize - 1);
        assert_eq!((short.short.as_deref().map(<[u8]>::len), kept.files()), (Some(SHORT as usize - 1), 0));
        spool.keep(&name, &short.meta, &short.short.clone().expect("short")).expect("kept");
        spool.keep(&name, &short.meta, b"again").expect("kept already");
        assert_eq!(spool.body(&name).expect("a body").metadata().expect("known").len(), SHORT - 1);
        assert_eq!((spool.meta(&name), kept.files()), (Some(short.meta), 2));
        let (name, long) = finish(SHORT as usize);
        assert!(long.short.is_none());
        assert_eq!((spool.meta(&name), kept.files()), (Some(long.meta), 4));
        assert_eq!(spool.body(&name).expect("a body").metadata().expect("known").len(), SHORT);
    }

    #[test]
    fn a_phone_that_fills_its_part_waits_and_others_do_not() {
        let kept = Kept::new("room");
        let spool = Spool::open(&kept.0).expect("a spool");
        spool.lying().insert("a".to_owned(), Lying { peer: 1, bytes: MAX_OF_PEER, request: None });
        assert_eq!([1, 2].map(|peer| spool.has_room(peer)), [false, true]);
        spool.lying().insert("b".to_owned(), Lying { peer: 3, bytes: MAX_OF_ALL - MAX_OF_PEER, request: None });
        assert!(!spool.has_room(2));
    }

    #[test]
    fn what_is_somebody_elses_or_cannot_be_read_stays() {
        let kept = Kept::new("others");
        let spool = Arc::new(Spool::open(&kept.0).expect("a spool"));
        let (name, _) = write(&spool, 3, b"abc");
        // What the disk does not give now: read as a file, a folder is an error.
        fs::rename(spool.path(&name, "json"), kept.0.join("aside")).expect("moved");
        fs::create_dir(spool.path(&name, "json")).expect("made");
        fs::create_dir(kept.0.join("more")).expect("made");
        fs::create_dir(kept.0.join("more.body")).expect("made");
        fs::write(kept.0.join("notes.txt"), "milk").expect("written");
        assert_eq!(Spool::open(&kept.0).expect("a spool").names().len(), 0);
        fs::remove_dir(spool.path(&name, "json")).expect("removed");
        fs::rename(kept.0.join("aside"), spool.path(&name, "json")).expect("moved back");
        assert_eq!(Spool::open(&kept.0).expect("a spool").names(), [name]);
        assert!(["more", "more.body", "notes.txt"].iter().all(|it| kept.0.join(it).exists()));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let kept = Kept::new("mode");
        let spool = Arc::new(Spool::open(&kept.0).expect("a spool"));
        let (name, _) = write(&spool, 3, b"abc");
        let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode(&kept.0), 0o700);
        assert_eq!(["body", "json"].map(|ending| mode(&spool.path(&name, ending))), [0o600; 2]);
    }
}
