//! The attributes of a start tag, borrowed. Does not check names and keeps entities as they stand.

use std::borrow::Cow;

use memchr::memchr;

/// What makes a tag unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadShape;

/// Walks over `name="value"` pairs of the text between a tag's name and its end.
pub(super) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Attributes<'a> {
    /// Starts after the name of the tag.
    pub(super) fn new(rest: &'a str) -> Self {
        Self { rest }
    }

    fn pair(&mut self) -> Option<(&'a str, &'a str)> {
        let equals = memchr(b'=', self.rest.as_bytes())?;
        let name = self.rest.get(..equals)?.trim_ascii_end();
        // iOS 8 wrote metadata keys with blanks as names of attributes.
        if name.is_empty() || name.bytes().any(|b| b.is_ascii_whitespace() || b == b'"' || b == b'\'') {
            return None;
        }
        let value = self.rest.get(equals + 1..)?.trim_ascii_start();
        let quote = *value.as_bytes().first().filter(|b| matches!(b, b'"' | b'\''))?;
        let value = value.get(1..)?;
        let end = memchr(quote, value.as_bytes())?;
        self.rest = value.get(end + 1..)?;
        Some((name, value.get(..end)?))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(&'a str, &'a str), BadShape>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.is_empty() {
            return None;
        }
        let pair = self.pair();
        if pair.is_none() {
            self.rest = "";
        }
        Some(pair.ok_or(BadShape))
    }
}

/// Replaces character and entity references. The second value is false where one is unknown and the text was kept
/// as it stands. Control characters that hide in references are left out, as they are elsewhere.
pub(super) fn unescape(raw: &str) -> (Cow<'_, str>, bool) {
    if memchr(b'&', raw.as_bytes()).is_none() {
        return (Cow::Borrowed(raw), true);
    }
    match quick_xml::escape::unescape(raw) {
        Ok(text) if text.bytes().any(is_control) => {
            (Cow::Owned(text.chars().filter(|c| !u8::try_from(*c).is_ok_and(is_control)).collect()), true)
        }
        Ok(text) => (text, true),
        Err(_) => (Cow::Borrowed(raw), false),
    }
}

/// Control characters that XML does not allow.
pub(super) fn is_control(byte: u8) -> bool {
    (byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r')
}

/// The longest beginning of a text that has at most `max` bytes.
pub(super) fn bounded(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tag: &str, expected: &[(&str, &str)], good: bool) {
        let all: Vec<_> = Attributes::new(tag).collect();
        let read: Vec<_> = all.iter().filter_map(|a| a.ok()).collect();
        assert_eq!((read.as_slice(), all.iter().all(Result::is_ok)), (expected, good), "{tag}");
    }

    #[test]
    fn attributes_come_in_any_layout() {
        check("", &[], true);
        check(r#" a="1" b='2'"#, &[("a", "1"), ("b", "2")], true);
        check("\n a = \"x=y > z\"\n\tb=\"\" ", &[("a", "x=y > z"), ("b", "")], true);
        check(r#"a="1"b="2""#, &[("a", "1"), ("b", "2")], true);
    }

    #[test]
    fn what_is_no_attribute_ends_the_tag() {
        check(r#" a="1" Heart Rate="5" b="2""#, &[("a", "1")], false);
        check(r#" a"#, &[], false);
        check(r#" a=1"#, &[], false);
        check(r#" a="1"#, &[], false);
    }

    #[test]
    fn references_become_characters_and_unknown_ones_stay() {
        assert_eq!(unescape("a &lt;b&gt; &#233;&#x41;"), (Cow::Borrowed("a <b> éA"), true));
        assert_eq!(unescape("R&D"), (Cow::Borrowed("R&D"), false));
        assert_eq!(unescape("&who;"), (Cow::Borrowed("&who;"), false));
        assert_eq!(unescape("a&#11;b"), (Cow::Borrowed("ab"), true));
    }

    #[test]
    fn bounded_text_ends_between_characters() {
        assert_eq!(bounded("aéb", 2), "a");
        assert_eq!(bounded("aéb", 3), "aé");
    }
}
