//! One window for a data folder: a second start hands its files, or an address, to the window that is open, and ends.
//! Windows on other data folders are none of its business.
//!
//! Who is first is told by a lock, which the system takes back when the process ends, however it ends; a socket beside
//! it is where files are handed over. Neither needs a bus, and nothing listens on the network. Where a folder knows no
//! locks or no sockets, or its path is too long for one, a second start opens a window of its own, as it would without
//! all this: the store does not mind.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use app::address;
use app::folder::{WINDOW_LOCK, WINDOW_SOCKET, private_file};
use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{Listener, ListenerOptions, Name, Stream};

use super::handed::Given;

/// Bytes of what is handed over: paths, each of which a system bounds itself.
const MOST_BYTES: usize = 64 * 1024;
/// Files that are handed over at once; as many wait in the page.
const MOST_FILES: usize = 50;
/// How long one who hands over waits for a window that only starts, and for one that does not answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// What a window answers that has taken the files.
const TAKEN: u8 = b'1';

/// What a start finds.
#[derive(Debug)]
pub enum Claim {
    /// No window is open here: this one is.
    First(Mailbox),
    /// A window was open and has the files.
    HandedOver,
}

/// Where the window that is open is handed files.
#[derive(Debug, Default)]
pub struct Mailbox {
    lock: Option<File>,
    listener: Option<Listener>,
}

/// Becomes the window of a data folder, or hands what was given to the one that is; `dir` is what
/// [`app::Folder::window`] made.
pub fn claim(dir: &Path, given: &Given) -> Claim {
    let lock = match locked(&dir.join(WINDOW_LOCK)) {
        Lock::Ours(lock) => Some(lock),
        Lock::Others if hand_over(dir, given, PATIENCE).is_ok() => return Claim::HandedOver,
        Lock::Unknown if hand_over(dir, given, Duration::ZERO).is_ok() => return Claim::HandedOver,
        // It hangs, or it could not listen: then two windows are better than none.
        Lock::Others => return Claim::First(Mailbox::default()),
        Lock::Unknown => None,
    };
    Claim::First(Mailbox { lock, listener: listen(dir).ok() })
}

/// Whether a window is open here, as far as locks tell. Takes nothing, and tells that window nothing.
pub fn is_open(dir: &Path) -> bool {
    matches!(locked(&dir.join(WINDOW_LOCK)), Lock::Others)
}

enum Lock {
    Ours(File),
    Others,
    Unknown,
}

fn locked(path: &Path) -> Lock {
    let Ok(file) = private_file(path, path) else { return Lock::Unknown };
    match file.try_lock() {
        Ok(()) => Lock::Ours(file),
        Err(TryLockError::WouldBlock) => Lock::Others,
        Err(TryLockError::Error(_)) => Lock::Unknown,
    }
}

/// A socket that a killed window left behind is in nobody's use: whoever has the lock may take its place.
fn listen(dir: &Path) -> io::Result<Listener> {
    let path = dir.join(WINDOW_SOCKET);
    #[cfg(unix)]
    let _ = std::fs::remove_file(&path);
    let listener = ListenerOptions::new().name(name(&path)?).create_sync()?;
    // The folder around it is its owner's alone, so nobody was faster.
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(listener)
}

#[cfg(unix)]
fn name(path: &Path) -> io::Result<Name<'_>> {
    path.to_fs_name::<interprocess::local_socket::GenericFilePath>()
}

/// Pipes have a namespace of their own there; the system lets nobody else write to one.
#[cfg(windows)]
fn name(path: &Path) -> io::Result<Name<'static>> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    format!("vitalog-{:016x}", hasher.finish()).to_ns_name::<interprocess::local_socket::GenericNamespaced>()
}

fn hand_over(dir: &Path, given: &Given, patience: Duration) -> io::Result<()> {
    let path = dir.join(WINDOW_SOCKET);
    let until = Instant::now() + patience;
    let mut stream = loop {
        match Stream::connect(name(&path)?) {
            Ok(stream) => break stream,
            Err(error) if Instant::now() >= until => return Err(error),
            // The window has its lock a moment before its socket.
            Err(_) => thread::sleep(PAUSE),
        }
    };
    be_patient(&stream);
    stream.write_all(&packed(given)?)?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    if answer == [TAKEN] { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Not every system bounds how long one waits; there a window that hangs keeps a second start waiting.
fn be_patient(stream: &Stream) {
    let _ = stream.set_recv_timeout(Some(PATIENCE));
    let _ = stream.set_send_timeout(Some(PATIENCE));
}

impl Mailbox {
    /// Hears of second starts until the process ends; `heard` gets what was given to them, which may be nothing.
    pub fn listen(self, heard: impl Fn(Given) + Send + 'static) {
        let Self { lock, listener } = self;
        thread::spawn(move || {
            // As long as the window is open, whether somebody can hand over or not.
            let _held = lock;
            let Some(listener) = listener else { return wait_for_the_end() };
            for stream in listener.incoming().flatten() {
                // Who says nothing that makes sense gets no answer, and opens a window of its own.
                let _ = receive(stream, &heard);
            }
        });
    }
}

fn wait_for_the_end() {
    loop {
        thread::park();
    }
}

fn receive(mut stream: Stream, heard: &impl Fn(Given)) -> io::Result<()> {
    be_patient(&stream);
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MOST_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    heard(unpacked(&bytes)?);
    stream.write_all(&[TAKEN])
}

/// The length, then paths that end with a zero, which no path has in it; an address is told from them by its sign,
/// with which no whole path begins.
fn packed(given: &Given) -> io::Result<Vec<u8>> {
    let mut paths = Vec::new();
    for file in &given.files {
        paths.extend_from_slice(bytes_of(file)?);
        paths.push(0);
    }
    if let Some(address) = &given.address {
        paths.extend_from_slice(address.as_bytes());
        paths.push(0);
    }
    let fits = paths.len() <= MOST_BYTES && given.files.len() <= MOST_FILES;
    let length = u32::try_from(paths.len()).ok().filter(|_| fits);
    let mut packed = length.ok_or(io::ErrorKind::InvalidInput)?.to_le_bytes().to_vec();
    packed.append(&mut paths);
    Ok(packed)
}

fn unpacked(bytes: &[u8]) -> io::Result<Given> {
    let Some((0, paths)) = bytes.split_last().map(|(last, paths)| (*last, paths)) else {
        return if bytes.is_empty() { Ok(Given::default()) } else { Err(io::ErrorKind::InvalidData.into()) };
    };
    let mut given = Given::default();
    for part in paths.split(|byte| *byte == 0) {
        match std::str::from_utf8(part).ok().filter(|text| address::is_meant(text)) {
            Some(text) => given.address = Some(address::check(text).map_err(|_| invalid())?.to_owned()),
            None => given.files.push(path_of(part)?),
        }
    }
    // Whose folder another one would be relative to is nobody's knowledge.
    let sound = given.files.len() <= MOST_FILES && given.files.iter().all(|file| file.is_absolute());
    if sound { Ok(given) } else { Err(invalid()) }
}

fn invalid() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> io::Result<&[u8]> {
    Ok(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> io::Result<PathBuf> {
    Ok(PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes)))
}

#[cfg(windows)]
fn bytes_of(path: &Path) -> io::Result<&[u8]> {
    path.to_str().map(str::as_bytes).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

#[cfg(windows)]
fn path_of(bytes: &[u8]) -> io::Result<PathBuf> {
    String::from_utf8(bytes.to_vec()).map(PathBuf::from).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::mpsc;

    use super::*;

    /// A folder as the app makes it, gone after the test.
    struct Place(app::Folder);

    impl Place {
        fn new(name: &str) -> Self {
            Self(app::Folder::at(std::env::temp_dir().join(format!("vitalog-{name}-{}", std::process::id()))))
        }

        fn dir(&self) -> PathBuf {
            self.0.window().expect("a folder")
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(self.0.dir());
        }
    }

    fn first(dir: &Path) -> Mailbox {
        match claim(dir, &Given::default()) {
            Claim::First(mailbox) => mailbox,
            Claim::HandedOver => panic!("nobody is there"),
        }
    }

    #[test]
    fn a_second_start_hands_its_files_over() {
        let place = Place::new("second");
        let dir = place.dir();
        let mailbox = first(&dir);
        let mode = |name: &str| std::fs::metadata(dir.join(name)).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode("."), mode(WINDOW_LOCK), mode(WINDOW_SOCKET)), (0o700, 0o600, 0o600));
        let (tell, heard) = mpsc::channel();
        mailbox.listen(move |given| tell.send(given).expect("somebody hears"));
        let odd: PathBuf = path_of(b"/exports/exp\xffo\nrt.zip").expect("a path");
        let sleep = Some("#/sleep?range=day&date=2024-03-01".to_owned());
        for (files, address) in [(vec![], None), (vec!["/exports/export.zip".into(), odd], None), (vec![], sleep)] {
            let given = Given { files, address };
            assert!(matches!(claim(&dir, &given), Claim::HandedOver));
            assert_eq!(heard.recv().expect("heard"), given);
        }
    }

    #[test]
    fn another_folder_has_a_window_of_its_own() {
        let (one, other) = (Place::new("one"), Place::new("other"));
        let both = [first(&one.dir()), first(&other.dir())];
        assert!(both.iter().all(|mailbox| mailbox.listener.is_some()));
    }

    /// As after a `kill -9`: the lock is free, and the socket lies there.
    #[test]
    fn what_a_killed_window_left_behind_is_in_nobodys_way() {
        let place = Place::new("killed");
        let dir = place.dir();
        drop(std::os::unix::net::UnixListener::bind(dir.join(WINDOW_SOCKET)).expect("bound"));
        assert!(dir.join(WINDOW_SOCKET).exists());
        let mailbox = first(&dir);
        assert!(mailbox.listener.is_some());
    }

    #[test]
    fn a_path_that_is_too_long_for_a_socket_still_has_a_window() {
        let place = Place::new(&"long".repeat(30));
        let mailbox = first(&place.dir());
        assert!(mailbox.listener.is_none() && mailbox.lock.is_some());
    }

    #[track_caller]
    fn check_unpacked(bytes: &[u8], expected: Option<&[&str]>) {
        let files = unpacked(bytes).ok().map(|given| (given.files, given.address));
        let (addresses, files_of): (Vec<&str>, Vec<&str>) =
            expected.unwrap_or_default().iter().partition(|part| part.starts_with('#'));
        let files_of = files_of.into_iter().map(PathBuf::from).collect::<Vec<_>>();
        let expected = expected.map(|_| (files_of, addresses.first().map(|at| (*at).to_owned())));
        assert_eq!(files, expected, "{bytes:?}");
    }

    #[test]
    fn what_makes_no_sense_is_not_taken() {
        check_unpacked(b"", Some(&[]));
        check_unpacked(b"/a\0/b c\0", Some(&["/a", "/b c"]));
        check_unpacked(b"#/sleep\0", Some(&["#/sleep"]));
        check_unpacked(b"/a\0#/sleep\0", Some(&["/a", "#/sleep"]));
        check_unpacked(b"#/nowhere\0", None);
        check_unpacked(b"/a\0/b", None);
        check_unpacked(b"a\0", None);
        check_unpacked(b"\0", None);
        check_unpacked(&b"/a\0".repeat(MOST_FILES + 1), None);
        let files = |files| Given { files, address: None };
        packed(&files(vec![PathBuf::from("/a"); MOST_FILES + 1])).expect_err("too many files");
        packed(&files(vec![PathBuf::from("/a".repeat(MOST_BYTES))])).expect_err("too many bytes");
    }

    #[test]
    fn a_message_that_is_too_long_gets_no_answer() {
        let place = Place::new("too-long");
        let dir = place.dir();
        first(&dir).listen(|_| panic!("nothing was handed over"));
        let mut stream = std::os::unix::net::UnixStream::connect(dir.join(WINDOW_SOCKET)).expect("connected");
        stream.write_all(&u32::MAX.to_le_bytes()).expect("written");
        assert_eq!(stream.read(&mut [0]).expect("an end"), 0);
    }
}
