//! Finds whole start tags in a block of bytes, a short cut for the plain case. Everything else is the parser's.

use memchr::{memchr, memchr_iter};

/// The inside of the start tag that the bytes begin with after blanks, and the length up to its end. `None` where
/// something else comes first, where the tag is cut, or where it is not plain.
pub(super) fn whole(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let blanks = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let inside = bytes.get(blanks..)?.strip_prefix(b"<")?;
    inside.first().filter(|b| b.is_ascii_alphabetic())?;
    let mut end = 0;
    // Each try counts again from the start, so a hostile tag gets only a few.
    for _ in 0..4 {
        end += memchr(b'>', inside.get(end..)?)?;
        let tag = inside.get(..end)?;
        if memchr_iter(b'"', tag).count().is_multiple_of(2) {
            // Single quotes around a value, or a second tag inside: not plain.
            let plain = memchr(b'<', tag).is_none() && !memchr_iter(b'=', tag).any(|at| tag.get(at + 1) != Some(&b'"'));
            return plain.then_some((tag, blanks + 1 + end + 1));
        }
        end += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, usize)>) {
        let got = whole(text.as_bytes()).map(|(tag, n)| (std::str::from_utf8(tag).expect("text"), n));
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn only_plain_whole_tags_are_taken() {
        check("<A b=\"1\"/>x", Some(("A b=\"1\"/", 10)));
        check("\n <A b=\"x > y\">", Some(("A b=\"x > y\"", 15)));
        check("<A b=\"1\"", None);
        check("<A b=\"1>\"", None);
        check("</A>", None);
        check("<!-- <A> -->", None);
        check("text <A>", None);
        check("<A b='>'>", None);
        check("<A b=\"<\">", None);
    }
}
