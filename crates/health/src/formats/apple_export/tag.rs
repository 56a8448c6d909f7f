//! Finds whole tags in a block of text, a short cut for the plain case. Everything else is the parser's.

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
    let end = end_of_tag(inside.as_bytes())?;
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

/// The place of the `>` that ends a tag and not a value.
fn end_of_tag(bytes: &[u8]) -> Option<usize> {
    let mut end = 0;
    // Each try counts again from the start, so a hostile tag gets only a few.
    for _ in 0..4 {
        end += memchr(b'>', bytes.get(end..)?)?;
        let tag = bytes.get(..end)?;
        if memchr_iter(b'"', tag).count().is_multiple_of(2) {
            return is_plain(tag).then_some(end);
        }
        end += 1;
    }
    None
}

/// Single quotes around a value, or a second tag inside: not plain.
fn is_plain(tag: &[u8]) -> bool {
    match memchr2(b'<', b'\'', tag) {
        None => true,
        Some(_) => memchr(b'<', tag).is_none() && !memchr_iter(b'=', tag).any(|at| tag.get(at + 1) != Some(&b'"')),
    }
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
}
