//! Moves the main document from a thread that inflates and cleans to the parser, in recycled blocks.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest, Sha256};

use super::attributes;
use super::clean::{BLOCK, Cleaner, Damage, Prolog, is_damage, read_prolog};
use super::limits::Limits;
use crate::{Error, ErrorKind, Result};

/// Blocks on their way; with the recycled ones this bounds the memory to a few MiB.
const QUEUE: usize = 4;

/// Bytes of the next block that are put behind a tag which the end of a block cuts.
const PIECE: usize = 4 << 10;

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

/// The parser's end: the cleaned document, of which a part is there at a time.
pub(super) struct Blocks {
    messages: Receiver<Message>,
    recycle: SyncSender<String>,
    block: String,
    at: usize,
    position: u64,
    /// The next block, where a tag reaches into it, and how much of it stands in the present one, from where on.
    next: String,
    copied: usize,
    border: usize,
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
        let (block, next) = (String::new(), String::new());
        let (position, border) = (0, usize::MAX);
        Self { messages, recycle, block, at: 0, position, next, copied: 0, border, failed: None, ending: None }
    }

    /// A document in these blocks.
    #[cfg(test)]
    pub(super) fn of(blocks: Vec<String>) -> Self {
        Self::start(move |pipe| {
            let ending = Message::End(Ending::default());
            blocks.into_iter().map(Message::Block).chain([ending]).for_each(|message| drop(pipe.to.send(message)));
            Ok(())
        })
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

    /// How much was taken.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Takes bytes of what is left.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.at += bytes;
        self.position += bytes as u64;
        if self.at >= self.border {
            self.turn();
        }
    }

    /// Goes over to the next block, once what was left of the one before is taken.
    fn turn(&mut self) {
        let next = std::mem::take(&mut self.next);
        let used = std::mem::replace(&mut self.block, next);
        self.at -= self.border;
        (self.border, self.copied) = (usize::MAX, 0);
        self.give_back(used);
    }

    /// Puts more behind what is left: at least [`PIECE`], unless a block ends. False at the end of the input.
    pub(super) fn more(&mut self) -> Result<bool> {
        if self.copied >= self.next.len() {
            let used = std::mem::take(&mut self.next);
            self.give_back(used);
            (self.border, self.copied) = (usize::MAX, 0);
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if self.ending.is_some() {
                return Ok(false);
            }
            self.next = self.receive();
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if self.rest().is_empty() {
                self.border = self.at;
                self.turn();
                return Ok(self.ending.is_none());
            }
        }
        // What is taken makes room. Pieces grow with what is left, so that a long tag is moved only a few times.
        self.block.drain(..self.at);
        self.border = self.border.min(self.block.len() + self.at) - self.at;
        self.at = 0;
        let piece = attributes::bounded(self.next.get(self.copied..).unwrap_or_default(), PIECE.max(self.block.len()));
        self.block.push_str(piece);
        self.copied += piece.len();
        Ok(self.ending.is_none())
    }

    /// Reads on to the end of the input and tells how it ended.
    pub(super) fn finish(&mut self) -> Result<Ending> {
        let mut more = false;
        loop {
            more |= self.rest().bytes().any(|b| !b.is_ascii_whitespace());
            self.consume(self.rest().len());
            if self.rest().is_empty() && !self.more()? {
                return Ok(Ending { more, ..self.ending.take().unwrap_or_default() });
            }
        }
    }

    fn give_back(&self, used: String) {
        // Neither is an empty text worth a place in the queue, nor what a long tag made large. Where it is full there
        // is one block less to recycle: the thread makes a new one.
        if (BLOCK..=4 * BLOCK).contains(&used.capacity()) {
            let _ = self.recycle.try_send(used);
        }
    }

    /// The next block; empty where the input ends or fails.
    fn receive(&mut self) -> String {
        match self.messages.recv() {
            Ok(Message::Block(block)) => return block,
            Ok(Message::End(ending)) => self.ending = Some(ending),
            Ok(Message::Failed(error)) => self.failed = Some(error),
            Ok(Message::Prolog(_)) => {}
            // The thread ended without a word, which only a panic in a decoder does.
            Err(_) => self.ending = Some(Ending { broken: true, ..Ending::default() }),
        }
        String::new()
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
            (None, ErrorKind::Io(io)) if is_damage(io) => {
                ErrorKind::DamagedArchive("its document cannot be unpacked".to_owned()).into()
            }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::apple_export::attributes::bounded;

    proptest! {
        #[test]
        fn what_is_left_is_the_text_however_it_is_taken(
            blocks in proptest::collection::vec((1..3 * PIECE, "[ab]|心|🚶"), 0..5),
            steps in proptest::collection::vec((any::<bool>(), 0..2 * PIECE), 0..40),
        ) {
            let blocks: Vec<String> = blocks.into_iter().map(|(n, text)| format!("x{}", text.repeat(n / text.len()))).collect();
            let text = blocks.concat();
            let mut all = Blocks::of(blocks);
            let mut at = 0;
            for (take, n) in steps {
                let before = all.rest().len();
                if take {
                    let n = bounded(all.rest(), n).len();
                    all.consume(n);
                    at += n;
                } else {
                    let is_more = all.more().expect("no error");
                    prop_assert_eq!((all.rest().len() > before, at + before < text.len()), (is_more, is_more));
                }
                prop_assert_eq!(all.position(), at as u64);
                prop_assert!(text.get(at..).is_some_and(|left| left.starts_with(all.rest())));
            }
            prop_assert_eq!(all.finish().expect("no error").more, at < text.len());
        }
    }
}
