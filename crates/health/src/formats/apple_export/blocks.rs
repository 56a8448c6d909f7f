//! Moves the main document from a thread that inflates and cleans to the parser, in recycled blocks.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest, Sha256};

use super::clean::{Cleaner, Damage, Prolog, is_damage, read_prolog};
use super::limits::Limits;
use crate::{Error, ErrorKind, Result};

/// Blocks on their way; with the recycled ones this bounds the memory to a few MiB.
const QUEUE: usize = 4;

/// What the thread tells the parser.
enum Message {
    Prolog(Prolog),
    Block(String),
    End(Ending),
    Failed(Error),
}

/// What is known once the input has been read to its end.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) damage: Damage,
    /// The input could not be read to its end: a cut archive or a wrong checksum.
    pub(super) broken: bool,
    /// Something other than blanks stood where the parser stopped.
    pub(super) more: bool,
    /// Bytes of the document.
    pub(super) bytes: u64,
    /// SHA-256 of the bytes, where it was asked for.
    pub(super) sha256: Option<String>,
}

/// How the pump watches what it moves.
#[derive(Clone)]
pub(super) struct Watch {
    /// Compressed bytes read so far, where the input is compressed.
    pub(super) compressed: Option<Arc<AtomicU64>>,
    /// Whether to take a SHA-256.
    pub(super) hash: bool,
    /// How much may be read.
    pub(super) limits: Limits,
}

/// A reader that takes a SHA-256, counts, and keeps the limits of the main document.
pub(super) struct Measured<R> {
    inner: R,
    watch: Watch,
    hash: Option<Sha256>,
    read: u64,
    counter: Arc<AtomicU64>,
    over: Option<&'static str>,
}

impl<R: Read> Measured<R> {
    /// Measures a reader; `counter` counts what was read from it.
    pub(super) fn new(inner: R, watch: Watch, counter: Arc<AtomicU64>) -> Self {
        let hash = watch.hash.then(Sha256::new);
        Self { inner, watch, hash, read: 0, counter, over: None }
    }

    fn check(&mut self) -> io::Result<()> {
        let ratio = self.watch.compressed.as_ref().map_or(0, |c| self.read / c.load(Ordering::Relaxed).max(1));
        let limits = &self.watch.limits;
        if self.read > limits.xml {
            self.over = Some("bytes of the main document");
        } else if self.read > limits.ratio_free && ratio > limits.ratio {
            self.over = Some("compression ratio of the main document");
        }
        self.over.map_or(Ok(()), |text| Err(io::Error::other(text)))
    }
}

impl<R: Read> Read for Measured<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.read += n as u64;
        self.counter.store(self.read, Ordering::Relaxed);
        if let (Some(hash), Some(bytes)) = (&mut self.hash, buf.get(..n)) {
            hash.update(bytes);
        }
        self.check()?;
        Ok(n)
    }
}

/// The parser's end: a buffered reader over the cleaned document.
pub(super) struct Blocks {
    messages: Receiver<Message>,
    recycle: SyncSender<String>,
    block: String,
    at: usize,
    failed: Option<Error>,
    ending: Option<Ending>,
}

impl Blocks {
    /// Starts the thread; `work` opens the input there and runs it through the pipe.
    pub(super) fn start(work: impl FnOnce(&Pipe) -> Result<()> + Send + 'static) -> Self {
        let (to, messages) = sync_channel(QUEUE);
        let (recycle, recycled) = sync_channel(QUEUE + 2);
        thread::spawn(move || {
            let pipe = Pipe { to, recycled };
            if let Err(error) = work(&pipe) {
                let _ = pipe.to.send(Message::Failed(error));
            }
        });
        Self { messages, recycle, block: String::new(), at: 0, failed: None, ending: None }
    }

    /// The end of an input.
    pub(super) fn nothing() -> Self {
        let ((_, messages), (recycle, _)) = (sync_channel(0), sync_channel(0));
        let ending = Some(Ending::default());
        Self { messages, recycle, block: String::new(), at: 0, failed: None, ending }
    }

    /// Gives back what was read last, to be read once more.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        // The parser may have stopped inside a character, so only both parts together are text.
        let rest = self.block.as_bytes().get(self.at..).unwrap_or_default();
        self.block = String::from_utf8_lossy(&[bytes, rest].concat()).into_owned();
        self.at = 0;
    }

    /// What is left of the present block.
    pub(super) fn rest(&self) -> &str {
        self.block.get(self.at..).unwrap_or_default()
    }

    /// Waits for the part before the root element.
    pub(super) fn prolog(&mut self) -> Result<Prolog> {
        match self.messages.recv() {
            Ok(Message::Prolog(prolog)) => Ok(prolog),
            Ok(Message::Failed(error)) => Err(error),
            _ => Err(ErrorKind::DamagedArchive("it cannot be read".to_owned()).into()),
        }
    }

    /// The error that ended the input, if one did.
    pub(super) fn take_error(&mut self) -> Option<Error> {
        self.failed.take()
    }

    /// Reads on to the end of the input and tells how it ended.
    pub(super) fn finish(&mut self) -> Result<Ending> {
        let mut more = false;
        loop {
            more |= self.rest().bytes().any(|b| !b.is_ascii_whitespace());
            self.block.clear();
            self.at = 0;
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if let Some(ending) = self.ending.take() {
                return Ok(Ending { more, ..ending });
            }
            self.next_block();
        }
    }

    fn next_block(&mut self) {
        let used = std::mem::take(&mut self.block);
        // Where the queue is full there is one block less to recycle: the thread makes a new one.
        let _ = self.recycle.try_send(used);
        self.at = 0;
        match self.messages.recv() {
            Ok(Message::Block(block)) => self.block = block,
            Ok(Message::End(ending)) => self.ending = Some(ending),
            Ok(Message::Failed(error)) => self.failed = Some(error),
            Ok(Message::Prolog(_)) => {}
            // The thread ended without a word, which only a panic in a decoder does.
            Err(_) => self.ending = Some(Ending { broken: true, ..Ending::default() }),
        }
    }
}

impl Read for Blocks {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Blocks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.block.len() && self.ending.is_none() {
            if self.failed.is_some() {
                return Err(io::Error::other("the input failed"));
            }
            self.next_block();
        }
        Ok(self.block.as_bytes().get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

/// The thread's end of the queue.
pub(super) struct Pipe {
    to: SyncSender<Message>,
    recycled: Receiver<String>,
}

impl Pipe {
    /// Moves a whole input to the parser.
    pub(super) fn run<R: Read>(&self, mut input: Measured<R>) {
        let message = match input.pump(&self.to, &self.recycled) {
            Ok(Some(ending)) => Message::End(ending),
            Ok(None) => return,
            Err(error) => Message::Failed(error),
        };
        // The parser may be gone already.
        let _ = self.to.send(message);
    }
}

impl<R: Read> Measured<R> {
    /// Returns `None` where the parser is gone.
    fn pump(&mut self, to: &SyncSender<Message>, recycled: &Receiver<String>) -> Result<Option<Ending>> {
        let max_prolog = self.watch.limits.prolog;
        let (prolog, ahead, broken) = match read_prolog(self, max_prolog) {
            Ok(read) => read,
            Err(error) => return Err(self.explain(error)),
        };
        if to.send(Message::Prolog(prolog)).is_err() {
            return Ok(None);
        }
        let mut cleaner = Cleaner::new(&mut *self, ahead);
        let mut ending = Ending { broken, ..Ending::default() };
        loop {
            let mut block = recycled.try_recv().unwrap_or_default();
            let result = cleaner.fill(&mut block);
            let ended = block.is_empty();
            if !ended && to.send(Message::Block(block)).is_err() {
                return Ok(None);
            }
            ending.damage = cleaner.damage;
            match result {
                Ok(()) if !ended => {}
                Ok(()) => break,
                Err(error) if is_damage(&error) => {
                    ending.broken = true;
                    break;
                }
                Err(error) => return Err(self.explain(error.into())),
            }
        }
        ending.bytes = self.read;
        ending.sha256 = self.hash.take().map(|hash| hex(&hash.finalize()));
        Ok(Some(ending))
    }

    fn explain(&self, error: Error) -> Error {
        match (self.over, error.kind()) {
            (Some(what), _) => Error::at(ErrorKind::TooLarge(what), self.read),
            (None, ErrorKind::Io(io)) if is_damage(io) => ErrorKind::DamagedArchive(io.to_string()).into(),
            _ => error,
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Fails where one XML event grows beyond its limit; the parser has no such option.
pub(super) struct Guard<B> {
    pub(super) inner: B,
    max: usize,
    since_event: usize,
    pub(super) tripped: bool,
}

impl<B: BufRead> Guard<B> {
    /// Lets events of up to `max` bytes through.
    pub(super) fn new(inner: B, max: usize) -> Self {
        Self { inner, max, since_event: 0, tripped: false }
    }

    /// Call after each event.
    pub(super) fn reset(&mut self) {
        self.since_event = 0;
    }
}

impl<B: BufRead> Read for Guard<B> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }
}

impl<B: BufRead> BufRead for Guard<B> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since_event >= self.max {
            self.tripped = true;
            return Err(io::Error::other("too large an event"));
        }
        let room = self.max - self.since_event;
        let block = self.inner.fill_buf()?;
        Ok(block.get(..block.len().min(room)).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.since_event += amount;
        self.inner.consume(amount);
    }
}
