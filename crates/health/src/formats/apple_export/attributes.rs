//! The attributes of a start tag, borrowed. Does not check names and keeps entities as they stand.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

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

/// Replaces character and entity references, and tells how many there were that are none: these stay as text, and what
/// stands around them is read as elsewhere. Control characters that hide in references are left out, as they are
/// elsewhere.
pub(super) fn unescape(raw: &str) -> (Cow<'_, str>, u64) {
    if memchr(b'&', raw.as_bytes()).is_none() {
        return (Cow::Borrowed(raw), 0);
    }
    let (text, broken) = match quick_xml::escape::unescape(raw) {
        Ok(text) => (text, 0),
        Err(_) => unescape_around(raw),
    };
    if text.bytes().any(is_control) {
        return (Cow::Owned(text.chars().filter(|c| !u8::try_from(*c).is_ok_and(is_control)).collect()), broken);
    }
    (text, broken)
}

/// The same one by one, for a text of which some are none.
fn unescape_around(raw: &str) -> (Cow<'_, str>, u64) {
    let (mut text, mut broken, mut rest) = (String::with_capacity(raw.len()), 0, raw);
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        // No reference holds another one, so many without an end cost no more than their bytes.
        let end = memchr2(b';', b'&', after.as_bytes()).filter(|end| after.as_bytes().get(*end) == Some(&b';'));
        let reference = end.and_then(|end| rest.get(before.len()..before.len() + 1 + end + 1));
        match reference.and_then(|reference| Some((reference, quick_xml::escape::unescape(reference).ok()?))) {
            Some((reference, character)) => {
                text.push_str(&character);
                rest = rest.get(before.len() + reference.len()..).unwrap_or_default();
            }
            None => {
                broken += 1;
                text.push('&');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    (Cow::Owned(text), broken)
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
    use proptest::prelude::*;

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
    fn references_become_characters_and_only_what_is_none_stays() {
        let check = |raw: &str, text: &str, broken: u64| {
            let (got, count) = unescape(raw);
            assert_eq!((got.as_ref(), count), (text, broken), "{raw}");
        };
        check("a &lt;b&gt; &#233;&#x41;", "a <b> éA", 0);
        check("a&#11;b", "ab", 0);
        check("R&D", "R&D", 1);
        check("&who;", "&who;", 1);
        check("&lt;R&D&gt;", "<R&D>", 1);
        check("Kim&apos;s R&D &#38; &#x26;co", "Kim's R&D & &co", 1);
        check("R&D; &amp; & &&amp; &;", "R&D; & & && &;", 4);
        check("&#0;&#xD800;&#x110000;&#+1;&#;&amp", "&#0;&#xD800;&#x110000;&#+1;&#;&amp", 6);
        check("&Amp;心&é;&lt;", "&Amp;心&é;<", 2);
        // What a reference makes is no reference.
        check("&amp;lt; &", "&lt; &", 1);
        check("a&b&#11;&#x1;c", "a&bc", 1);
    }

    #[test]
    fn bounded_text_ends_between_characters() {
        assert_eq!(bounded("aéb", 2), "a");
        assert_eq!(bounded("aéb", 3), "aé");
    }

    const PIECES: [&str; 12] =
        ["&amp;", "&lt;", "&#233;", "&#x1F6B6;", "&apos;", "a", "心", " ", ";", "#", "x", "&quot;"];

    proptest! {
        /// What the package reads is read one by one as well, and what stands around a stray mark as if it were not
        /// there.
        #[test]
        fn a_stray_mark_changes_nothing_around_it(
            before in proptest::collection::vec(0..PIECES.len(), 0..8),
            after in proptest::collection::vec(0..PIECES.len(), 0..8),
        ) {
            let join = |picks: &[usize]| picks.iter().map(|i| PIECES[*i]).collect::<String>();
            let (before, after) = (join(&before), join(&after));
            let good = quick_xml::escape::unescape(&before).expect("good");
            prop_assert_eq!(unescape_around(&before), (good.clone(), 0));
            let rest = quick_xml::escape::unescape(&after).expect("good");
            let joined = format!("{before}& {after}");
            let (text, broken) = unescape(&joined);
            prop_assert_eq!((text.into_owned(), broken), (format!("{good}& {rest}"), 1));
        }

        #[test]
        fn any_text_is_read(raw in "[&;#xa-f0-9 é]{0,40}") {
            let (text, broken) = unescape(&raw);
            prop_assert!(text.len() <= raw.len() && broken <= raw.matches('&').count() as u64);
            prop_assert_eq!(broken == 0, quick_xml::escape::unescape(&raw).is_ok());
        }
    }
}
