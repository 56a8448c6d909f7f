//! Finds where a JSON value ends, without making anything of it.

use super::limits::{MAX_DEPTH, MAX_OWN_DEPTH, MAX_TEXT};
use crate::ErrorKind;

/// Finds the end of a value, in pieces.
#[derive(Debug)]
pub(super) struct Scan {
    /// Brackets that may stand inside each other, and bytes of a text.
    most: (u32, u64),
    /// Bytes of the text that it is in.
    length: u64,
    started: bool,
    scalar: bool,
    in_text: bool,
    escaped: bool,
    depth: u32,
    /// One bit per open bracket, the innermost lowest: 1 for a square one.
    square: u128,
}

/// Why there is no value: it is no JSON, or passes a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    NotJson,
    TooDeep,
    LongText,
}

impl From<Broken> for ErrorKind {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::NotJson => Self::NotJson,
            Broken::TooDeep => Self::TooDeep,
            Broken::LongText => Self::LongText,
        }
    }
}

type Result<T> = std::result::Result<T, Broken>;

impl Scan {
    /// Of an app's body, where so many brackets are open already.
    pub(super) fn of_app(open: u32) -> Self {
        Self::within(MAX_DEPTH.saturating_sub(open), MAX_TEXT)
    }

    fn within(depth: u32, text: u64) -> Self {
        let (started, scalar, in_text, escaped) = Default::default();
        Self { most: (depth, text), length: 0, started, scalar, in_text, escaped, depth: 0, square: 0 }
    }

    /// Looks at the next piece. Gives how much of it belongs to the value, once that has ended.
    pub(super) fn advance(&mut self, piece: &[u8]) -> Result<Option<usize>> {
        let mut i = 0;
        while let Some(byte) = piece.get(i) {
            if self.in_text {
                let passed = self.text(piece.get(i..).unwrap_or_default());
                i += passed;
                // The quote at its end is none of it.
                self.length += passed as u64 - u64::from(!self.in_text);
                if self.length > self.most.1 {
                    return Err(Broken::LongText);
                }
                if !self.in_text && self.depth == 0 {
                    return Ok(Some(i));
                }
                continue;
            }
            if self.scalar && matches!(byte, b',' | b']' | b'}' | b':' | b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(Some(i));
            }
            match byte {
                b'"' if self.scalar => return Err(Broken::NotJson),
                b'"' => (self.in_text, self.length) = (true, 0),
                b'{' | b'[' if self.scalar => return Err(Broken::NotJson),
                b'{' | b'[' => self.open(*byte)?,
                b'}' | b']' => {
                    self.close(*byte)?;
                    if self.depth == 0 {
                        return Ok(Some(i + 1));
                    }
                }
                b',' | b':' if self.depth == 0 => return Err(Broken::NotJson),
                _ => self.scalar = self.depth == 0,
            }
            self.started = true;
            i += 1;
        }
        Ok(None)
    }

    /// Passes over text; returns how many bytes.
    fn text(&mut self, piece: &[u8]) -> usize {
        if self.escaped {
            self.escaped = false;
            return 1;
        }
        let mark = mark_in(piece);
        match mark {
            Some(at) => {
                let quote = piece.get(at) == Some(&b'"');
                self.in_text = !quote;
                self.escaped = !quote;
                at + 1
            }
            None => piece.len(),
        }
    }

    fn open(&mut self, bracket: u8) -> Result<()> {
        if self.depth >= self.most.0 {
            return Err(Broken::TooDeep);
        }
        self.depth += 1;
        self.square = self.square << 1 | u128::from(bracket == b'[');
        Ok(())
    }

    fn close(&mut self, bracket: u8) -> Result<()> {
        let square = self.square & 1 == 1;
        if self.depth == 0 || square != (bracket == b']') {
            return Err(Broken::NotJson);
        }
        self.depth -= 1;
        self.square >>= 1;
        Ok(())
    }

    /// Whether the value is whole if nothing follows: that holds for a number or a word.
    pub(super) fn is_complete_at_end(&self) -> bool {
        self.started && self.scalar
    }
}

/// Where the first quote or backslash is: eight bytes at a time, because most texts are short and a call of a search
/// costs as much as looking at a dozen bytes.
fn mark_in(piece: &[u8]) -> Option<usize> {
    const AT_ONCE: usize = 8;
    let (words, rest) = piece.as_chunks::<AT_ONCE>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = is_zero(word ^ (ONES * u64::from(b'"'))) | is_zero(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return Some(at * AT_ONCE + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(words.len() * AT_ONCE + at)
}

/// One in each byte.
const ONES: u64 = u64::MAX / 255;

/// The highest bit of each byte that is zero; the lowest of these bits is right, those above may be one too many.
fn is_zero(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// The length of the value that a text begins with; `None` where there is no whole value. Blanks go first. What is of
/// an app was held against its limits when it was cut out of its body.
pub(crate) fn length(text: &[u8]) -> Option<usize> {
    let mut scan = Scan::within(MAX_OWN_DEPTH, u64::MAX);
    match scan.advance(text) {
        Ok(Some(length)) => Some(length),
        Ok(None) if scan.is_complete_at_end() => Some(text.len()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mark_is_found_wherever_it_is() {
        // Bytes beside which a sum could carry: those one above and one below a mark among them.
        let others = [0, 1, b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff];
        for other in others {
            for length in 0..20 {
                let mut text = vec![other; length];
                assert_eq!(mark_in(&text), None, "{other} {length}");
                for (at, mark) in (0..length).zip([b'"', b'\\'].into_iter().cycle()) {
                    text[at] = mark;
                    assert_eq!(mark_in(&text), Some(at), "{other} {length}");
                    // A later one says nothing.
                    text[length - 1] = b'"';
                    assert_eq!(mark_in(&text), Some(at), "{other} {length}");
                    text.fill(other);
                }
            }
        }
    }

    #[test]
    fn a_value_ends_where_its_brackets_and_quotes_do() {
        let cases = [
            ("71,", Some(2)),
            ("71", Some(2)),
            ("\"a\\\"]\"]", Some(6)),
            ("{\"a\":[1,{}]} x", Some(12)),
            ("[", None),
            ("[}", None),
            ("\"a", None),
            ("a\"b\"", None),
            ("", None),
            (",", None),
        ];
        for (text, expected) in cases {
            assert_eq!(length(text.as_bytes()), expected, "{text}");
        }
    }
}
