//! One record: its keys and the text of their values, without making anything of what nobody asks for.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::limits::MAX_PART;
use super::scan;

/// The members of a JSON object, in their order.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    pairs: Vec<(Cow<'a, str>, &'a [u8])>,
}

/// What should be a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    /// A finite number, also one in quotes.
    Known(f64),
    /// No such key, or null.
    Absent,
    /// Something else: a word, NaN, infinity, an object.
    Bad,
}

impl Number {
    /// The number, where there is one.
    pub(crate) fn known(self) -> Option<f64> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }
}

impl<'a> Fields<'a> {
    /// Reads an object; `None` where the text is something else.
    pub(crate) fn read(text: &'a [u8]) -> Option<Self> {
        let mut rest = text.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?.trim_ascii();
        let mut pairs = Vec::with_capacity(16);
        while !rest.is_empty() {
            let (key, after) = rest.split_at_checked(scan::length(rest)?)?;
            rest = after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
            let (value, after) = rest.split_at_checked(scan::length(rest)?)?;
            pairs.push((string(key)?, value));
            rest = comma(after.trim_ascii_start())?;
        }
        Some(Self { pairs })
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The text of a value; the last one where a key stands twice. Null is nothing.
    pub(crate) fn get(&self, name: &str) -> Option<&'a [u8]> {
        let found = self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value);
        found.filter(|value| *value != b"null")
    }

    /// The first of some keys that has a value.
    pub(crate) fn first(&self, names: &[&str]) -> Option<&'a [u8]> {
        names.iter().find_map(|name| self.get(name))
    }

    /// A text; `None` where it is something else.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(string)
    }

    /// A text that is not empty.
    pub(crate) fn word(&self, name: &str) -> Option<Cow<'a, str>> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// The sender's name for a record, also one that is no text.
    pub(crate) fn id(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).map(lossy).filter(|id| !id.is_empty())
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Number {
        self.get(name).map_or(Number::Absent, number)
    }

    /// True or false, also as 1 or 0 and in quotes.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        flag(self.get(name)?)
    }

    /// An object.
    pub(crate) fn object(&self, name: &str) -> Option<Fields<'a>> {
        self.get(name).and_then(Fields::read)
    }

    /// The keys and values in their order, repeats and nulls among them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a [u8])> {
        self.pairs.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// Everything under keys that are not listed, for what we have no word for.
    pub(crate) fn rest(&self, known: &[&str]) -> Map<String, Json> {
        let unknown = self.iter().filter(|(key, _)| !known.contains(key));
        unknown.map(|(key, value)| (key.to_owned(), json(value))).collect()
    }

    /// Everything, as a JSON object.
    pub(crate) fn all(&self) -> Map<String, Json> {
        self.rest(&[])
    }
}

fn comma(rest: &[u8]) -> Option<&[u8]> {
    match rest.strip_prefix(b",") {
        Some(rest) => Some(rest.trim_ascii_start()).filter(|rest| !rest.is_empty()),
        None => rest.is_empty().then_some(rest),
    }
}

/// The items of an array; ends early where the text is no sound array.
pub(crate) fn items(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let inside = text.trim_ascii().strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]"));
    let mut rest = inside.unwrap_or_default().trim_ascii();
    std::iter::from_fn(move || {
        let (item, after) = rest.split_at_checked(scan::length(rest)?)?;
        rest = comma(after.trim_ascii_start()).unwrap_or_default();
        Some(item)
    })
}

/// Whether the text is an array.
pub(crate) fn is_array(text: &[u8]) -> bool {
    text.first() == Some(&b'[')
}

/// The text of a JSON string.
pub(crate) fn string(text: &[u8]) -> Option<Cow<'_, str>> {
    let inside = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inside).is_none() {
        return std::str::from_utf8(inside).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice(text).ok().map(Cow::Owned)
}

/// A string's text, or the text of a number or whatever else it is.
pub(crate) fn lossy(text: &[u8]) -> Cow<'_, str> {
    string(text).unwrap_or_else(|| String::from_utf8_lossy(text))
}

/// Reads a number, also one in quotes.
pub(crate) fn number(text: &[u8]) -> Number {
    match text {
        b"null" => Number::Absent,
        [b'"', ..] => string(text).and_then(|text| printed(&text)).map_or(Number::Bad, Number::Known),
        _ => plain(text).map_or(Number::Bad, Number::Known),
    }
}

/// Reads a finite number with a dot as its mark. What Rust reads besides, such as `inf`, is none.
fn plain(text: &[u8]) -> Option<f64> {
    let digits = text.iter().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let number: f64 = std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Reads a number as a phone prints it for people: with a comma as its mark where that cannot be misread.
///
/// `71.25`, `71,25`, `1.234,5`, `1,234.5`, `1 234,5`. Not `1,234`: that is a thousand in one language and little more
/// than one in another, and nobody says which.
pub(crate) fn printed(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(number) = plain(text.as_bytes()) {
        return Some(number);
    }
    let is_blank = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}');
    let (body, sign) = text.strip_prefix(['-', '\u{2212}']).map_or((text, 1.0), |body| (body, -1.0));
    if body.chars().any(|c| !c.is_ascii_digit() && !matches!(c, '.' | ',') && !is_blank(c)) {
        return None;
    }
    let mark = body.rfind([',', '.'])?;
    let (whole, fraction) = body.split_at_checked(mark)?;
    let (mark, fraction) = (fraction.get(..1)?, fraction.get(1..)?);
    let mut groups = whole.split(|c: char| is_blank(c) || matches!(c, '.' | ','));
    let head = groups.next().filter(|head| !head.is_empty())?;
    let groups: Vec<&str> = groups.collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let sound = digits(head) && digits(fraction) && groups.iter().all(|group| group.len() == 3 && digits(group));
    // Groups are three digits long, so a mark before three digits may be one of them.
    let grouped = !groups.is_empty() && head.len() <= 3 && !whole.contains(mark);
    let clear = if groups.is_empty() { fraction.len() != 3 } else { grouped };
    if !sound || !clear {
        return None;
    }
    format!("{head}{}.{fraction}", groups.concat()).parse().ok().map(|number: f64| sign * number)
}

/// Reads true or false.
pub(crate) fn flag(text: &[u8]) -> Option<bool> {
    match text {
        b"true" | b"1" | b"\"1\"" | b"\"true\"" => Some(true),
        b"false" | b"0" | b"\"0\"" | b"\"false\"" => Some(false),
        _ => None,
    }
}

/// A value as JSON. One that is none, such as NaN, or that is too large to be taken apart, is kept as its text.
pub(crate) fn json(text: &[u8]) -> Json {
    let parsed = if text.len() <= MAX_PART { serde_json::from_slice(text).ok() } else { None };
    parsed.unwrap_or_else(|| Json::String(String::from_utf8_lossy(text).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_taken_apart() {
        let fields = Fields::read(br#" { "a" : "x\/y" ,"n":"7.5","q":null, "o":{"k":[1,2]} , "a\u0062":true,"n":8} "#);
        let fields = fields.expect("an object");
        assert_eq!(fields.text("a").as_deref(), Some("x/y"));
        assert_eq!(fields.number("n"), Number::Known(8.0));
        assert_eq!(fields.number("q"), Number::Absent);
        assert_eq!(fields.flag("ab"), Some(true));
        let inner = fields.object("o").expect("an object");
        let items: Vec<Number> = items(inner.get("k").expect("a value")).map(number).collect();
        assert_eq!(items, [Number::Known(1.0), Number::Known(2.0)]);
        assert_eq!(Json::Object(fields.rest(&["a", "n", "q", "o"])), serde_json::json!({"ab": true}));
        assert_eq!(Fields::read(b"{}").expect("an object").iter().count(), 0);
    }

    #[test]
    fn what_is_no_object_is_none() {
        for text in ["", "[]", "1", "\"a\"", "{", "{\"a\"}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}", "{\"\u{1}"] {
            assert!(Fields::read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Fields::read(b"{\"\xff\":1}").is_none());
    }

    #[track_caller]
    fn check_number(text: &str, expected: Number) {
        assert_eq!(number(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn numbers_come_plain_and_in_quotes() {
        check_number("72", Number::Known(72.0));
        check_number("98.400000000000006", Number::Known(98.4));
        check_number("-1.5e-3", Number::Known(-0.0015));
        check_number("\"71.25\"", Number::Known(71.25));
        check_number("\" 7 \"", Number::Known(7.0));
        check_number("null", Number::Absent);
        for text in ["NaN", "Infinity", "-inf", "1e999", "\"nan\"", "\"abc\"", "\"\"", "true", "{}", "-", "0x10"] {
            check_number(text, Number::Bad);
        }
    }

    #[test]
    fn a_comma_is_a_mark_where_it_cannot_be_misread() {
        for (text, expected) in [
            ("71,25", Some(71.25)),
            ("0,5", Some(0.5)),
            ("-3,75", Some(-3.75)),
            ("\u{2212}3,75", Some(-3.75)),
            ("1.234,5", Some(1234.5)),
            ("1,234.5", Some(1234.5)),
            ("1\u{202f}234,5", Some(1234.5)),
            ("12\u{2019}345.678", Some(12345.678)),
            ("1.234.567,891", Some(1_234_567.891)),
            ("1,234", None),
            ("1,234,567", None),
            ("1,2,3", None),
            ("12,34.5", None),
            ("1234.567,8", None),
            (",5", None),
            ("5,", None),
            ("7,5 kg", None),
            ("--1,5", None),
        ] {
            assert_eq!(printed(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_kept_as_text() {
        assert_eq!(json(b"[1,\"a\"]"), serde_json::json!([1, "a"]));
        assert_eq!(json(b"NaN"), serde_json::json!("NaN"));
        let long = format!("[{}1]", "1,".repeat(MAX_PART));
        assert_eq!(json(long.as_bytes()).as_str().map(str::len), Some(long.len()));
    }
}
