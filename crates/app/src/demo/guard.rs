//! A writer that can be stopped, and that says once why it could not go on.

use std::io::{self, Seek, SeekFrom, Write};

use store::Cancel;

/// Hands bytes on until it is cancelled or the writer below fails; what comes after goes nowhere, without a word. An
/// archive that is given up tries to write its end, and would tell the user that it could not.
pub(super) struct Guarded<'c, W> {
    below: W,
    cancel: &'c Cancel,
    over: bool,
    /// Where the bytes that went nowhere would have ended.
    nowhere: u64,
}

impl<'c, W> Guarded<'c, W> {
    pub fn new(below: W, cancel: &'c Cancel) -> Self {
        Self { below, cancel, over: false, nowhere: 0 }
    }

    fn attempt<T>(&mut self, work: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        let done = if self.cancel.is_cancelled() {
            // Not `Interrupted`: that one is tried again.
            Err(io::Error::other("cancelled"))
        } else {
            work(&mut self.below)
        };
        self.over |= done.is_err();
        done
    }
}

impl<W: Write> Write for Guarded<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.over {
            self.nowhere += bytes.len() as u64;
            return Ok(bytes.len());
        }
        self.attempt(|below| below.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.over { Ok(()) } else { self.attempt(W::flush) }
    }
}

impl<W: Seek> Seek for Guarded<'_, W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if self.over { Ok(self.nowhere) } else { self.attempt(|below| below.seek(to)) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Takes four bytes.
    struct Full(u64);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            if self.0 > 4 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(bytes.len()) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_failure_is_told_once() {
        let cancel = Cancel::default();
        let mut writer = Guarded::new(Full(0), &cancel);
        assert!(writer.write_all(b"four").is_ok());
        assert_eq!(writer.write_all(b"more").map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
        assert!(writer.write_all(b"the end").is_ok() && writer.flush().is_ok());
    }

    #[test]
    fn nothing_is_written_after_a_stop() {
        let cancel = Cancel::default();
        let mut below = Cursor::new(Vec::new());
        let mut writer = Guarded::new(&mut below, &cancel);
        assert!(writer.write_all(b"kept").is_ok());
        cancel.cancel();
        assert!(writer.write_all(b"lost").is_err());
        assert!(writer.write_all(b"lost").is_ok() && writer.seek(SeekFrom::Start(0)).is_ok());
        assert_eq!(below.into_inner(), b"kept");
    }
}
