//! Drops what stands before the root element and repairs bytes, in big blocks, so that the parser behind it sees
//! only valid UTF-8. Positions count repaired bytes, so they are near misses after damage.

use std::io::{self, BufRead, Read};
use std::mem;
use std::string::FromUtf8Error;

use memchr::memmem;

use super::attributes::is_control;
use crate::{ErrorKind, Result};

/// Bytes per block.
pub(super) const BLOCK: usize = 256 << 10;
/// Room for the first bytes of a file.
const SMALLEST_READ: usize = 8 << 10;
const ROOT: &[u8] = b"<HealthData";

/// Damage that was repaired.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damage {
    /// Control characters and NULs that were left out.
    pub(super) control: u64,
    /// Byte sequences that were no UTF-8.
    pub(super) utf8: u64,
    /// Where the first of either kind was, counted from where cleaning began.
    pub(super) first_control: Option<u64>,
    pub(super) first_utf8: Option<u64>,
}

/// What stood before the root element.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Prolog {
    pub(super) bytes: u64,
    pub(super) version: Option<u32>,
    pub(super) broken_doctype: bool,
}

/// Whether a beginning of a file is Apple's document: `<HealthData` in it, and it is not the CDA twin.
pub(super) fn is_main(head: &[u8]) -> bool {
    find_root(head).is_some_and(|at| memmem::find(head.get(..at).unwrap_or_default(), b"<ClinicalDocument").is_none())
}

fn find_root(head: &[u8]) -> Option<usize> {
    memmem::find_iter(head, ROOT).find(|at| {
        let next = head.get(at + ROOT.len());
        next.is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))
    })
}

/// Reads up to the root element, which must begin within the first `max` bytes. Returns what it knows about the part
/// before, the bytes read from the root on, and whether the input is damaged behind these.
pub(super) fn read_prolog(reader: &mut impl Read, max: usize) -> Result<(Prolog, Vec<u8>, bool)> {
    let mut head = Vec::new();
    loop {
        let before = head.len();
        let wanted = (before.max(16 << 10)).min(max + ROOT.len() + 1 - before);
        let result = read_up_to(reader, &mut head, wanted);
        let broken = result.as_ref().is_err_and(is_damage);
        let ended = head.len() == before || broken;
        let found = find_root(&head).filter(|at| ended || at + ROOT.len() < head.len());
        if let Some(at) = found.filter(|_| broken || result.is_ok()) {
            let rest = head.split_off(at);
            return Ok((prolog(&head), rest, broken));
        }
        result?;
        if ended || head.len() > max + ROOT.len() {
            return Err(no_root(&head, ended).into());
        }
    }
}

/// Why there is no root element in the beginning of a file, and whether that was all of it.
pub(super) fn no_root(head: &[u8], ended: bool) -> ErrorKind {
    let is_ours = memmem::find(head, b"<!DOCTYPE HealthData").is_some();
    match ended {
        true if head.is_empty() => ErrorKind::Empty(None),
        false if is_ours => ErrorKind::TooLarge("bytes before the root element"),
        _ => ErrorKind::NotAnExport,
    }
}

fn prolog(head: &[u8]) -> Prolog {
    let text = String::from_utf8_lossy(head);
    let version = text.split_once("HealthKit Export Version:").and_then(|(_, after)| {
        let digits: String = after.trim_start().chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    Prolog { bytes: head.len() as u64, version, broken_doctype: is_broken(&text) }
}

/// Whether the declarations in the DOCTYPE do not follow one another as they should.
fn is_broken(text: &str) -> bool {
    let Some((_, doctype)) = text.split_once("<!DOCTYPE") else { return false };
    let Some((_, mut rest)) = doctype.split_once('[') else { return !doctype.contains('>') };
    let Some(end) = rest.rfind(']') else { return true };
    rest = rest.get(..end).unwrap_or_default();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return false;
        }
        let (mark, end) = if rest.starts_with("<!--") { ("<!--", "-->") } else { ("<", ">") };
        let Some(body) = rest.strip_prefix(mark) else { return true };
        let Some((inside, after)) = body.split_once(end) else { return true };
        if mark == "<" && inside.contains('<') {
            return true;
        }
        rest = after;
    }
}

/// Whether an error speaks of the data and not of the disk.
pub(super) fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof)
}

/// Appends up to `wanted` bytes; fewer only at the end of the input.
pub(super) fn read_up_to(reader: &mut impl Read, into: &mut Vec<u8>, wanted: usize) -> io::Result<()> {
    let before = into.len();
    read_to(reader, into, before, before + wanted)
}

/// Reads over what a buffer holds from one place to another; what is read is all that is left of it there. Fewer bytes
/// come only at the end of the input or at an error. Where the buffer is long enough, nothing has to be cleared first.
fn read_to(reader: &mut impl Read, buffer: &mut Vec<u8>, from: usize, to: usize) -> io::Result<()> {
    let mut at = from;
    let result = loop {
        if at == to {
            break Ok(());
        }
        if at >= buffer.len() {
            // A small file takes little room.
            buffer.resize((at + SMALLEST_READ.max(at)).min(to), 0);
        }
        let end = buffer.len().min(to);
        match reader.read(buffer.get_mut(at..end).unwrap_or_default()) {
            Ok(0) => break Ok(()),
            Ok(n) => at += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    buffer.truncate(at);
    result
}

/// Turns any bytes into blocks of valid UTF-8 without control characters.
pub(super) struct Cleaner<R> {
    inner: R,
    /// The beginning of a character whose rest is in the next block, or what was read ahead.
    carry: Vec<u8>,
    /// Bytes before the present block.
    before: u64,
    pub(super) damage: Damage,
}

impl<R: Read> Cleaner<R> {
    /// Cleans `ahead` and then what the reader gives.
    pub(super) fn new(inner: R, ahead: Vec<u8>) -> Self {
        Self { inner, carry: ahead, before: 0, damage: Damage::default() }
    }

    /// Replaces the block's content by the next one; leaves it empty at the end. On an error the block holds what
    /// was read before it.
    pub(super) fn fill(&mut self, block: &mut String) -> io::Result<()> {
        loop {
            let mut bytes = mem::take(block).into_bytes();
            let carried = self.carry.len();
            bytes.splice(..carried.min(bytes.len()), self.carry.drain(..));
            let result = read_to(&mut self.inner, &mut bytes, carried, BLOCK.max(carried + 1));
            if bytes.is_empty() {
                return result;
            }
            let at_end = bytes.len() < BLOCK;
            let read = bytes.len();
            *block = self.clean(bytes, at_end || result.is_err());
            self.before += (read - self.carry.len()) as u64;
            if !block.is_empty() || result.is_err() {
                return result;
            }
        }
    }

    fn clean(&mut self, bytes: Vec<u8>, at_end: bool) -> String {
        let mut text = String::from_utf8(bytes).unwrap_or_else(|error| self.repair(error, at_end));
        // Not `any`: without an early way out many bytes are looked at in one go.
        if text.bytes().fold(false, |found, b| found | is_control(b)) {
            let (before, first) = (text.len(), text.bytes().position(is_control).unwrap_or_default());
            self.damage.first_control.get_or_insert(self.before + first as u64);
            text.retain(|c| !u8::try_from(c).is_ok_and(is_control));
            self.damage.control += (before - text.len()) as u64;
        }
        text
    }

    fn repair(&mut self, error: FromUtf8Error, at_end: bool) -> String {
        let (tail, cut) = (error.utf8_error().valid_up_to(), error.utf8_error().error_len().is_none());
        let mut bytes = error.into_bytes();
        if !cut || at_end {
            return self.replace(&bytes, at_end);
        }
        self.carry = bytes.split_off(tail);
        String::from_utf8(bytes).unwrap_or_default()
    }

    fn replace(&mut self, bytes: &[u8], at_end: bool) -> String {
        let mut clean = String::with_capacity(bytes.len() + 64);
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            clean.push_str(chunk.valid());
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            let cut = chunks.peek().is_none() && !at_end;
            if cut && std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none()) {
                self.carry = invalid.to_vec();
            } else {
                self.damage.first_utf8.get_or_insert(self.before + clean.len() as u64);
                clean.push('\u{FFFD}');
                self.damage.utf8 += 1;
            }
        }
        clean
    }
}

/// A [`Cleaner`] to read from, without a thread: for small files.
pub(super) struct CleanReader<R> {
    cleaner: Cleaner<R>,
    block: String,
    at: usize,
    failed: Option<io::Error>,
}

impl<R: Read> CleanReader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { cleaner: Cleaner::new(inner, Vec::new()), block: String::new(), at: 0, failed: None }
    }

    /// What is left of the present block.
    pub(super) fn rest(&self) -> &str {
        self.block.get(self.at..).unwrap_or_default()
    }
}

impl<R: Read> Read for CleanReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: Read> BufRead for CleanReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.block.len() {
            self.at = 0;
            self.block.clear();
            // What was read before an error comes first.
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            let filled = self.cleaner.fill(&mut self.block);
            if self.block.is_empty() {
                filled?;
            } else {
                self.failed = filled.err();
            }
        }
        Ok(self.block.as_bytes().get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the bytes in pieces, so that characters are cut.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(self.1).min(buf.len());
            let (now, rest) = self.0.split_at(n);
            buf.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
            self.0 = rest;
            Ok(n)
        }
    }

    /// The clean text and the damage: how often and where first.
    fn clean(bytes: &[u8], piece: usize) -> (String, Damage) {
        let mut cleaner = Cleaner::new(Pieces(bytes, piece), Vec::new());
        let (mut out, mut block) = (String::new(), String::new());
        loop {
            cleaner.fill(&mut block).expect("no error");
            if block.is_empty() {
                return (out, cleaner.damage);
            }
            out.push_str(&block);
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &str, control: u64, utf8: u64) {
        for piece in [1, 9] {
            let (text, damage) = clean(bytes, piece);
            assert_eq!((text.as_str(), damage.control, damage.utf8), (expected, control, utf8));
        }
    }

    #[test]
    fn the_first_damage_has_a_place() {
        let mut bytes = vec![b'x'; BLOCK + 10];
        bytes.extend_from_slice(b"\xffab\x00\x01");
        let (_, damage) = clean(&bytes, 1000);
        let first = BLOCK as u64 + 10;
        // Three bytes stand for the bad one.
        assert_eq!((damage.first_utf8, damage.first_control), (Some(first), Some(first + 5)));
        assert_eq!(clean(b"x", 1).1, Damage::default());
    }

    #[test]
    fn bytes_are_repaired_and_counted() {
        check(b"", "", 0, 0);
        check("a é 心 🚶\n".as_bytes(), "a é 心 🚶\n", 0, 0);
        check(b"a\x00b\x0bc\td", "abc\td", 2, 0);
        check(b"a\xff\xfeb", "a\u{FFFD}\u{FFFD}b", 0, 2);
        check(b"cut \xe5\xbf", "cut \u{FFFD}", 0, 1);
        check(b"\x01\x02", "", 2, 0);
    }

    #[test]
    fn what_was_read_before_an_error_comes_first() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::InvalidData.into())
            }
        }
        for n in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1] {
            let bytes = vec![b'x'; n];
            let mut text = Vec::new();
            let result = CleanReader::new(bytes.as_slice().chain(Fails)).read_to_end(&mut text);
            assert_eq!((text.len(), result.map_err(|error| error.kind())), (n, Err(io::ErrorKind::InvalidData)));
        }
    }

    #[test]
    fn characters_and_damage_on_the_border_of_blocks_are_read_as_elsewhere() {
        for shift in 0..6 {
            let mut bytes = vec![b'x'; BLOCK - shift];
            bytes.extend_from_slice("心🚶".as_bytes());
            bytes.extend_from_slice(b"\xe5\xbfx\xf0\x9f");
            let expected = String::from_utf8_lossy(&bytes).into_owned();
            let (got, damage) = clean(&bytes, 1000);
            assert!(got == expected, "shift {shift}");
            assert_eq!(damage.utf8, 2);
        }
    }

    #[track_caller]
    fn check_prolog(text: &str, version: Option<u32>, broken: bool) {
        let text = format!("{text}<HealthData locale=\"x\">");
        let (prolog, rest, _) = read_prolog(&mut Pieces(text.as_bytes(), 7), 1000).expect("found");
        assert_eq!((prolog.version, prolog.broken_doctype), (version, broken), "{text}");
        assert!(rest.starts_with(ROOT));
    }

    #[test]
    fn what_stands_before_the_root_is_dropped() {
        check_prolog("", None, false);
        check_prolog("\u{FEFF}<?xml version=\"1.0\"?>\n", None, false);
        check_prolog(
            "<!DOCTYPE HealthData [\n<!-- HealthKit Export Version: 14 -->\n<!ELEMENT HealthData (A>)>\n]>",
            Some(14),
            true,
        );
        check_prolog(
            "<!DOCTYPE HealthData [<!-- HealthKit Export Version: 13 --><!ELEMENT Me EMPTY>]>",
            Some(13),
            false,
        );
        check_prolog("<!DOCTYPE HealthData [<!ATTLIST A b CDATA #IMPLIED <!ELEMENT C EMPTY> device>]>", None, true);
        check_prolog("<!DOCTYPE HealthData [<!ELEMENT C EMPTY", None, true);
    }

    #[test]
    fn the_root_is_looked_for_within_the_limit() {
        let at = |n: usize| {
            let mut text = vec![b' '; n];
            text.extend_from_slice(b"<HealthData/>");
            read_prolog(&mut text.as_slice(), 1000).is_ok()
        };
        assert!(at(999));
        assert!(at(1000));
        assert!(!at(1001));
        assert!(read_prolog(&mut b"<ClinicalDocument/>".as_slice(), 1000).is_err());
        assert!(!is_main(b"<ClinicalDocument><HealthData></HealthData>"));
        assert!(!is_main(b"<HealthDataset>"));
    }
}
