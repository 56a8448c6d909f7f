//! Finds whole tags in a block of text, a short cut for the plain case; everything else is for [`super::markup`]. Takes
//! tags to parts.

use memchr::{memchr, memchr_iter, memchr2};

/// What a tag does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `<a>`
    Start,
    /// `<a/>`
    Empty,
    /// `</a>`
    End,
}

/// A tag that lies in a text as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    pub(super) shape: Shape,
    pub(super) name: &'a str,
    /// What stands between the name and the end.
    pub(super) attributes: &'a str,
    /// Blanks before the tag.
    pub(super) blanks: usize,
    /// Bytes of the blanks and the tag.
    pub(super) length: usize,
}

/// The tag that a text begins with after blanks. `None` where something else comes first, where the tag is cut, or
/// where it is not plain.
pub(super) fn whole(text: &str) -> Option<Tag<'_>> {
    let blanks = text.bytes().take_while(u8::is_ascii_whitespace).count();
    let inside = text.get(blanks..)?.strip_prefix('<')?;
    match inside.strip_prefix('/') {
        Some(inside) => end(inside, blanks),
        None => start(inside, blanks),
    }
}

fn end(inside: &str, blanks: usize) -> Option<Tag<'_>> {
    let name = name(inside).filter(|name| inside.as_bytes().get(name.len()) == Some(&b'>'))?;
    Some(Tag { shape: Shape::End, name, attributes: "", blanks, length: blanks + 2 + name.len() + 1 })
}

fn start(inside: &str, blanks: usize) -> Option<Tag<'_>> {
    let name = name(inside)?;
    let end = end_of_tag(inside.as_bytes()).ok()?;
    let rest = inside.get(name.len()..end)?;
    let (attributes, shape) = match rest.strip_suffix('/') {
        Some(attributes) => (attributes, Shape::Empty),
        None => (rest, Shape::Start),
    };
    // The name ends at a blank; anything else is not plain.
    let plain = attributes.bytes().next().is_none_or(|b| b.is_ascii_whitespace());
    plain.then_some(Tag { shape, name, attributes, blanks, length: blanks + 1 + end + 1 })
}

fn name(inside: &str) -> Option<&str> {
    let length = inside.bytes().take_while(u8::is_ascii_alphanumeric).count();
    inside.get(..length).filter(|name| !name.is_empty())
}

/// The place of the `>` that ends a tag and not a value. Never looks beyond a second `<`, which makes a tag not plain:
/// many tags without an end cost no more than their bytes.
fn end_of_tag(bytes: &[u8]) -> std::result::Result<usize, usize> {
    let (mut end, mut quotes) = (0, 0);
    // A hostile tag gets only a few tries.
    for _ in 0..4 {
        let rest = bytes.get(end..).unwrap_or_default();
        let length = memchr2(b'>', b'<', rest).ok_or(bytes.len())?;
        end += length;
        if bytes.get(end) == Some(&b'<') {
            break;
        }
        quotes += memchr_iter(b'"', rest.get(..length).unwrap_or_default()).count();
        if quotes.is_multiple_of(2) {
            let tag = bytes.get(..end).unwrap_or_default();
            return is_plain(tag).then_some(end).ok_or(end);
        }
        end += 1;
    }
    Err(end)
}

/// Single quotes around a value are not plain.
fn is_plain(tag: &[u8]) -> bool {
    memchr(b'\'', tag).is_none() || !memchr_iter(b'=', tag).any(|at| tag.get(at + 1) != Some(&b'"'))
}

/// Elements that Apple writes. In a value they are a sign that a quote is missing.
const APPLE: [&str; 23] = [
    "ActivitySummary",
    "Attachment",
    "Audiogram",
    "ClinicalRecord",
    "Correlation",
    "ExportDate",
    "FileReference",
    "HealthData",
    "HeartRateVariabilityMetadataList",
    "InstantaneousBeatsPerMinute",
    "LeftEye",
    "Location",
    "Me",
    "MetadataEntry",
    "Record",
    "RightEye",
    "SensitivityPoint",
    "VisionPrescription",
    "Workout",
    "WorkoutActivity",
    "WorkoutEvent",
    "WorkoutRoute",
    "WorkoutStatistics",
];

/// Whether a text that lies inside a tag begins with another tag, so that a quote too many or too few must have made
/// the first one go on: one of Apple's elements after the end of a tag, or at the start of a line.
pub(super) fn follows(before: &[u8], after: &[u8]) -> bool {
    let Some(after) = after.strip_prefix(b"<") else { return false };
    let after = after.strip_prefix(b"/").unwrap_or(after);
    let name = after.get(..after.iter().take_while(|b| b.is_ascii_alphanumeric()).count()).unwrap_or_default();
    let ends = matches!(after.get(name.len()), Some(b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>'));
    ends && APPLE.iter().any(|known| known.as_bytes() == name) && {
        let text = before.trim_ascii_end();
        text.ends_with(b">") || memchr(b'\n', before.get(text.len()..).unwrap_or_default()).is_some()
    }
}

/// Name, attributes and shape of a tag with quotes that close; `/` at its end makes it empty.
pub(super) fn parts(tag: &str) -> (&str, &str, Shape) {
    let inside = tag.strip_prefix('<').unwrap_or(tag);
    let inside = inside.strip_suffix('>').unwrap_or(inside);
    let (inside, shape) = match (inside.strip_prefix('/'), inside.strip_suffix('/')) {
        (Some(inside), _) => (inside, Shape::End),
        (None, Some(inside)) => (inside, Shape::Empty),
        (None, None) => (inside, Shape::Start),
    };
    let length = inside.bytes().position(|b| b.is_ascii_whitespace()).unwrap_or(inside.len());
    let (name, attributes) = inside.split_at_checked(length).unwrap_or_default();
    (name, attributes, shape)
}

/// The same of a tag that is not put together as it should be; one without an end counts as empty.
pub(super) fn broken(tag: &str) -> (&str, &str, Shape) {
    let inside = tag.trim_ascii_end();
    let inside = inside.strip_prefix('<').unwrap_or(inside);
    if let Some(inside) = inside.strip_prefix('/') {
        return (name(inside).unwrap_or_default(), "", Shape::End);
    }
    let (inside, shape) = match (inside.strip_suffix("/>"), inside.strip_suffix('>')) {
        (Some(inside), _) => (inside, Shape::Empty),
        (None, Some(inside)) => (inside, Shape::Start),
        (None, None) => (inside, Shape::Empty),
    };
    let name = name(inside).unwrap_or_default();
    (name, inside.get(name.len()..).unwrap_or_default(), shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(Shape, &str, &str, usize)>) {
        let got = whole(text).map(|tag| (tag.shape, tag.name, tag.attributes, tag.length));
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn only_plain_whole_tags_are_taken() {
        check("<A b=\"1\"/>x", Some((Shape::Empty, "A", " b=\"1\"", 10)));
        check("\n <A b=\"x > y\">", Some((Shape::Start, "A", " b=\"x > y\"", 15)));
        check("<A b=\"John's\">", Some((Shape::Start, "A", " b=\"John's\"", 14)));
        check("<A>", Some((Shape::Start, "A", "", 3)));
        check(" </A><B/>", Some((Shape::End, "A", "", 5)));
        check("</A >", None);
        check("</A", None);
        check("<A b=\"1\"", None);
        check("<A b=\"1>\"", None);
        check("<!-- <A> -->", None);
        check("text <A>", None);
        check("<A b='>'>", None);
        check("<A b=\"<\">", None);
        check("<A:b/>", None);
        check("< A/>", None);
        check("</>", None);
    }

    #[test]
    fn a_tag_that_took_in_others_ends_before_them() {
        let check = |tag: &str, expected: Option<&str>| {
            let places = memchr_iter(b'<', tag.as_bytes()).skip(1).map(|at| tag.split_at(at));
            let found = places.map(|(a, b)| (follows(a.as_bytes(), b.as_bytes()), b)).find(|(follows, _)| *follows);
            assert_eq!(found.map(|(_, after)| after), expected, "{tag}");
        };
        check("<Record a=\"b\"c\"/>\n <Record a=\"1\"/>", Some("<Record a=\"1\"/>"));
        check("<Record a=\"b\"c\"/></HealthData>", Some("</HealthData>"));
        check("<Record a=\"b\n<Me a=\"", Some("<Me a=\""));
        check("<Record a=\"b <Me> > <Mew/> <Me\"/>", None);
        check("<Record a=\"<Record >\"/>", None);
        check("", None);
    }

    #[test]
    fn a_tag_without_an_end_is_not_looked_for_beyond_the_next_one() {
        let check = |tag: &str, more: &str, expected: std::result::Result<usize, usize>| {
            assert_eq!(end_of_tag(format!("{tag}{}", more.repeat(1000)).as_bytes()), expected, "{tag}");
        };
        check("Record a=\"1\n", "<Record a=\"1\n", Err(12));
        check("Record a=\"1>\n", "<Record a=\"1>\n", Err(13));
        check("Record a=\"", ">", Err(14));
        check("Record a=\"1\"/>", "<Record a=\"1\"/>", Ok(13));
    }

    #[test]
    fn a_whole_tag_has_parts() {
        assert_eq!(parts("<A b='1'/>"), ("A", " b='1'", Shape::Empty));
        assert_eq!(parts("<a:b\n>"), ("a:b", "\n", Shape::Start));
        assert_eq!(parts("</A >"), ("A", " ", Shape::End));
        assert_eq!(parts("</>"), ("", "", Shape::End));
    }

    #[test]
    fn a_broken_tag_has_a_name_and_a_shape() {
        assert_eq!(broken("<A b=\"c\"\"/> \n"), ("A", " b=\"c\"\"", Shape::Empty));
        assert_eq!(broken("<A b=\">"), ("A", " b=\"", Shape::Start));
        assert_eq!(broken("<A b=\"\n"), ("A", " b=\"", Shape::Empty));
        assert_eq!(broken("<"), ("", "", Shape::Empty));
        assert_eq!(broken("</A\n"), ("A", "", Shape::End));
    }
}
