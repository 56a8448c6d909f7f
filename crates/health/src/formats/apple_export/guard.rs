//! Bounds what the XML parser may take for one event, for which it has no option of its own.

use std::io::{self, BufRead, Read};

/// Fails where one XML event grows beyond its limit.
pub(super) struct Guard<B> {
    pub(super) inner: B,
    max: usize,
    since_event: usize,
}

impl<B: BufRead> Guard<B> {
    /// Lets events of up to `max` bytes through.
    pub(super) fn new(inner: B, max: usize) -> Self {
        Self { inner, max, since_event: 0 }
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
