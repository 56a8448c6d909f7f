//! Walks through a JSON document value by value, without holding more of it than one record.
//!
//! A parser would stop at the first thing that is no JSON, and phones do send `NaN`. Here the frame of the document
//! must be sound, and each record is cut out as it stands: a bad one is one reject, with its place and its text. Whole
//! bodies of hundreds of megabytes pass through a window of 64 KiB that grows to the longest record.

use std::io::{ErrorKind as IoKind, Read};

use super::limits::{MAX_KEY, WINDOW};
use super::scan::{Broken, Scan};
use crate::{Error, ErrorKind, Result};

/// One value as it stands in the document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw<'a> {
    /// Its text: all of it, or the beginning where `whole` is false.
    pub(crate) text: &'a [u8],
    /// Where it begins.
    pub(crate) position: u64,
    /// False where it is longer than the limit.
    pub(crate) whole: bool,
}

/// A place in a document.
pub(crate) struct Walker<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// Position of the buffer's first byte.
    base: u64,
    /// Brackets that it stands in.
    open: u32,
    /// A part that is sound JSON of another shape: what is no JSON at all goes before it.
    pub(crate) misshapen: Option<&'static str>,
}

impl<R: Read> Walker<R> {
    /// Starts at the first byte; a byte order mark is passed over.
    pub(crate) fn new(reader: R) -> Result<Self> {
        let mut walker = Self { reader, buffer: vec![0; WINDOW], at: 0, end: 0, base: 0, open: 0, misshapen: None };
        while walker.end < 3 && walker.fill()? {}
        if walker.ahead().starts_with(b"\xEF\xBB\xBF") {
            walker.at = 3;
        }
        Ok(walker)
    }

    /// The first byte of the next value or mark; `None` at the end of the document.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            let blanks = self.ahead().iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
            self.at += blanks;
            if let Some(byte) = self.ahead().first() {
                return Ok(Some(*byte));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Steps over a mark that must come now.
    fn expect(&mut self, mark: u8) -> Result<()> {
        if self.peek()? != Some(mark) {
            return Err(self.not_json());
        }
        self.at += 1;
        Ok(())
    }

    /// Steps into an object or array. False, and no step, where the value is something else.
    pub(crate) fn enter(&mut self, open: u8) -> Result<bool> {
        let inside = self.peek()? == Some(open);
        self.at += usize::from(inside);
        self.open += u32::from(inside);
        Ok(inside)
    }

    /// Steps to the next member of the object or array that ends with `close`; `None`, and out of it, at its end.
    /// `first` is true before the first member and is the caller's to keep.
    fn next(&mut self, close: u8, first: &mut bool) -> Result<bool> {
        if self.peek()? == Some(close) {
            self.at += 1;
            self.open = self.open.saturating_sub(1);
            return Ok(false);
        }
        if !std::mem::take(first) {
            self.expect(b',')?;
            if self.peek()? == Some(close) {
                return Err(self.not_json());
            }
        }
        Ok(true)
    }

    /// The next key of an object, at whose value the walker then stands.
    pub(crate) fn next_key(&mut self, first: &mut bool) -> Result<Option<String>> {
        if !self.next(b'}', first)? {
            return Ok(None);
        }
        if self.peek()? != Some(b'"') {
            return Err(self.not_json());
        }
        let raw = self.value(MAX_KEY)?;
        let key = if raw.whole { serde_json::from_slice(raw.text).ok() } else { None };
        let key = key.ok_or_else(|| self.not_json())?;
        self.expect(b':')?;
        Ok(Some(key))
    }

    /// Whether an array has one more item, at which the walker then stands.
    pub(crate) fn next_item(&mut self, first: &mut bool) -> Result<bool> {
        self.next(b']', first)
    }

    /// Steps over the next value and gives its text, of which no more than `most` bytes are held.
    pub(crate) fn value(&mut self, most: usize) -> Result<Raw<'_>> {
        if self.peek()?.is_none() {
            return Err(self.not_json());
        }
        let position = self.position();
        // What stands before the value is not needed any more, so that a window holds the longest value.
        let mut scan = Scan::of_app(self.open);
        let mut held = 0;
        let mut whole = true;
        loop {
            let start = if whole { self.at + held } else { self.at };
            let piece = self.buffer.get(start..self.end).unwrap_or_default();
            match scan.advance(piece) {
                Ok(Some(length)) if whole => {
                    let from = self.at;
                    self.at = start + length;
                    let text = self.buffer.get(from..self.at).unwrap_or_default();
                    // A short piece may still be longer than the caller wants.
                    let fits = text.len() <= most;
                    let text = if fits { text } else { text.get(..most).unwrap_or_default() };
                    return Ok(Raw { text, position, whole: fits });
                }
                Ok(Some(length)) => {
                    self.at += length;
                    return Ok(Raw { text: b"", position, whole: false });
                }
                Ok(None) => {}
                Err(Broken::NotJson) => return Err(self.not_json()),
                Err(broken) => return Err(Error::at(broken.into(), position)),
            }
            if whole {
                held = self.end - self.at;
                whole = held <= most;
            }
            if !whole {
                self.at = self.end;
            }
            if !self.fill()? {
                // A number may end with the document; anything else is cut off.
                if scan.is_complete_at_end() {
                    let text = self.buffer.get(self.at..self.end).unwrap_or_default();
                    self.at = self.end;
                    return Ok(Raw { text, position, whole });
                }
                return Err(self.not_json());
            }
        }
    }

    /// Steps over the next value without holding it.
    pub(crate) fn skip(&mut self) -> Result<()> {
        self.value(0).map(|_| ())
    }

    /// Checks that nothing follows.
    pub(crate) fn finish(&mut self) -> Result<()> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.not_json()),
        }
    }

    /// Bytes of the document that were passed.
    pub(crate) fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    fn ahead(&self) -> &[u8] {
        self.buffer.get(self.at..self.end).unwrap_or_default()
    }

    /// Reads on. False at the end of the document.
    fn fill(&mut self) -> Result<bool> {
        if self.at > 0 {
            self.buffer.copy_within(self.at..self.end, 0);
            self.base += self.at as u64;
            self.end -= self.at;
            self.at = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        loop {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(room) {
                Ok(n) => {
                    self.end += n;
                    return Ok(n > 0);
                }
                Err(error) if error.kind() == IoKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn not_json(&self) -> Error {
        Error::at(ErrorKind::NotJson, self.position())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::phone::limits::{MAX_DEPTH, MAX_TEXT};

    /// Gives few bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = self.1.min(self.0.len()).min(buffer.len());
            let (now, rest) = self.0.split_at(n);
            buffer[..n].copy_from_slice(now);
            self.0 = rest;
            Ok(n)
        }
    }

    #[track_caller]
    fn check(text: &str, most: usize, expected: &[(u64, &str, bool)]) {
        for drop in [1, 2, 3, 7, 1000] {
            let mut walker = Walker::new(Drops(text.as_bytes(), drop)).expect("a walker");
            assert!(walker.enter(b'[').expect("an array"));
            let (mut first, mut found) = (true, Vec::new());
            while walker.next_item(&mut first).expect("sound") {
                let raw = walker.value(most).expect("a value");
                let text = String::from_utf8_lossy(raw.text).into_owned();
                found.push((raw.position, if raw.whole { text } else { String::new() }, raw.whole));
            }
            walker.finish().expect("the end");
            let expected: Vec<_> = expected.iter().map(|(at, text, whole)| (*at, (*text).to_owned(), *whole)).collect();
            assert_eq!(found, expected, "drops of {drop}");
        }
    }

    #[test]
    fn values_are_cut_out_as_they_stand() {
        check(
            r#" [1, "a]\"b" , {"x":[{}]},NaN,[ ] ] "#,
            99,
            &[
                (2, "1", true),
                (5, r#""a]\"b""#, true),
                (15, r#"{"x":[{}]}"#, true),
                (26, "NaN", true),
                (30, "[ ]", true),
            ],
        );
        check("[]", 9, &[]);
        check("\u{feff}[1]", 9, &[(4, "1", true)]);
    }

    #[test]
    fn a_long_value_is_passed_over() {
        check(r#"[1,"0123456789",2]"#, 5, &[(1, "1", true), (3, "", false), (16, "2", true)]);
    }

    #[test]
    fn a_value_longer_than_the_window_is_held_up_to_the_limit() {
        // No text: of those an app has none that long.
        let long = format!("[{}1]", "1,".repeat(3 * WINDOW / 2));
        let mut walker = Walker::new(std::io::Cursor::new(long.clone())).expect("a walker");
        assert_eq!(walker.value(4 * WINDOW).expect("a value").text.len(), long.len());
        let mut walker = Walker::new(std::io::Cursor::new(long.clone())).expect("a walker");
        assert!(!walker.value(2 * WINDOW).expect("a value").whole);
        assert!(walker.buffer.len() <= 4 * WINDOW);
        walker.finish().expect("the end");
    }

    #[test]
    fn a_number_may_end_the_document() {
        for most in [0, 9] {
            let mut walker = Walker::new(&b" 71 "[..]).expect("a walker");
            assert_eq!(walker.value(most).expect("a number").whole, most > 0);
            walker.finish().expect("the end");
            let mut walker = Walker::new(&b"71"[..]).expect("a walker");
            assert_eq!(walker.value(most).expect("a number").whole, most > 0);
            walker.finish().expect("the end");
        }
    }

    #[track_caller]
    fn check_broken(text: &str) {
        for drop in [1, 1000] {
            let mut walker = Walker::new(Drops(text.as_bytes(), drop)).expect("a walker");
            let result = walker.skip().and_then(|()| walker.finish());
            let error = result.expect_err(text);
            assert!(matches!(error.kind(), ErrorKind::NotJson), "{text}: {error}");
        }
    }

    #[test]
    fn a_frame_that_is_not_sound_is_refused() {
        for text in ["", " ", "{", "[1}", "\"abc", "\"a\\", "1 2", "]", ",", "a\"b\"", "{\"a\":", "[1"] {
            check_broken(text);
        }
    }

    /// What becomes of a value that stands in so many brackets which are stepped into.
    fn inside(steps: usize, value: &str) -> Result<()> {
        let text = "[".repeat(steps) + value + &"]".repeat(steps);
        let mut walker = Walker::new(Drops(text.as_bytes(), 1_000)).expect("a walker");
        for _ in 0..steps {
            assert!(walker.enter(b'[')? && walker.next_item(&mut true)?);
        }
        walker.skip()?;
        for _ in 0..steps {
            assert!(!walker.next_item(&mut false)?);
        }
        walker.finish()
    }

    #[test]
    fn brackets_stand_inside_each_other_so_far_and_no_further() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        let most = MAX_DEPTH as usize;
        for steps in [0, 1, 5] {
            assert!(inside(steps, &deep(most - steps)).is_ok(), "{steps}");
            let error = inside(steps, &deep(most + 1 - steps)).expect_err("too deep");
            assert!(matches!(error.kind(), ErrorKind::TooDeep), "{steps}: {error}");
        }
        assert!(matches!(inside(0, &deep(100_000)).expect_err("too deep").kind(), ErrorKind::TooDeep));
    }

    #[test]
    fn a_text_is_so_long_and_no_longer_wherever_it_stands() {
        let most = MAX_TEXT as usize;
        for (before, after) in [("", ""), ("{\"a\":[", "]}"), ("{", ":1}"), ("[\"\\\"\",", "]")] {
            let value = |n: usize| format!("{before}\"{}\"{after}", "x".repeat(n));
            assert!(inside(0, &value(most)).is_ok(), "{before}");
            let error = inside(0, &value(most + 1)).expect_err("too long");
            assert!(matches!(error.kind(), ErrorKind::LongText), "{before}: {error}");
        }
    }

    #[test]
    fn keys_and_their_marks_are_looked_at() {
        let keys = |text: &str| {
            let mut walker = Walker::new(text.as_bytes())?;
            assert!(walker.enter(b'{')?);
            let (mut first, mut keys) = (true, Vec::new());
            while let Some(key) = walker.next_key(&mut first)? {
                walker.skip()?;
                keys.push(key);
            }
            walker.finish()?;
            Ok::<_, Error>(keys)
        };
        assert_eq!(keys(r#"{"a\u0062":1,"c" : [2]}"#).expect("sound"), ["ab", "c"]);
        for text in [r#"{"a" 1}"#, r#"{"a":1 "b":2}"#, r#"{"a":1,}"#, r#"{a:1}"#, r#"{,}"#, r#"{"a":}"#, r#"{"a":1"#] {
            assert!(keys(text).is_err(), "{text}");
        }
    }
}
