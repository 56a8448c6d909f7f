//! Finds the end of whatever begins with `<`, where the short cut of [`super::tag::whole`] does not do: tags that are
//! not plain, comments and the like, and damage. Looks at no byte more than a few times, however the damage lies.

use memchr::memmem;

use super::blocks::Blocks;
use super::tag;
use crate::Result;

/// What begins at a `<`, and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    /// A tag.
    Tag(usize),
    /// A tag whose quotes or whose own end is missing, up to the tag that follows it.
    Cut(usize),
    /// A comment, CDATA or a processing instruction: nothing that is read.
    Aside(usize),
    /// Begins like markup, and is none: these bytes are skipped and what follows is read.
    Stray(usize),
    /// The input ends inside a tag.
    Unfinished,
    /// A tag that does not end within the limit.
    TooLarge,
}

/// What is not read, and ends with a mark of its own.
const ASIDES: [Aside; 3] = [
    Aside { start: b"<!--", inside: 4, end: b"-->" },
    Aside { start: b"<![CDATA[", inside: 9, end: b"]]>" },
    // `<?>` is one, too.
    Aside { start: b"<?", inside: 1, end: b"?>" },
];

struct Aside {
    start: &'static [u8],
    /// Where the end may begin.
    inside: usize,
    end: &'static [u8],
}

/// The longest start of a tag that has to be known: `</HeartRateVariabilityMetadataList>`.
const LONGEST: usize = 36;

/// Looks for ends, and remembers where there are none.
#[derive(Debug, Default)]
pub(super) struct Finder {
    /// Up to here there is no end, by [`ASIDES`]: one that began before has looked.
    endless_before: [u64; ASIDES.len()],
    /// Bytes looked at so far.
    #[cfg(test)]
    pub(super) looked: u64,
}

impl Finder {
    /// Finds the end of what begins at the present `<`, within `max` bytes.
    pub(super) fn find(&mut self, blocks: &mut Blocks, max: usize) -> Result<Markup> {
        while blocks.rest().len() < LONGEST && blocks.more()? {}
        let rest = blocks.rest().as_bytes();
        if let Some(which) = ASIDES.iter().position(|aside| rest.starts_with(aside.start)) {
            return self.aside(blocks, max, which);
        }
        match rest.get(1) {
            // A DOCTYPE has no place behind the root's start.
            Some(b'!') => Ok(Markup::Stray(2)),
            Some(b) if b.is_ascii() && !b.is_ascii_alphabetic() && !b"_:/".contains(b) => Ok(Markup::Stray(1)),
            _ => self.tag(blocks, max),
        }
    }

    fn aside(&mut self, blocks: &mut Blocks, max: usize, which: usize) -> Result<Markup> {
        let (Some(aside), Some(endless)) = (ASIDES.get(which), self.endless_before.get_mut(which)) else {
            return Ok(Markup::Stray(1));
        };
        let (stray, place) = (Ok(Markup::Stray(aside.start.len())), blocks.position());
        // No byte is looked at again for the next of many.
        let known = usize::try_from(endless.saturating_sub(place)).unwrap_or(usize::MAX);
        let overlap = aside.end.len() - 1;
        let mut from = aside.inside.max(known.saturating_sub(overlap));
        loop {
            let rest = blocks.rest().as_bytes();
            let window = rest.get(from..rest.len().min(max)).unwrap_or_default();
            let found = memmem::find(window, aside.end);
            #[cfg(test)]
            (self.looked += found.unwrap_or(window.len()) as u64);
            if let Some(at) = found {
                return Ok(Markup::Aside(from + at + aside.end.len()));
            }
            if rest.len() >= max {
                *endless = place + max as u64;
                return stray;
            }
            // The end may begin in this block.
            from = from.max(rest.len().saturating_sub(overlap));
            if *endless == u64::MAX || !blocks.more()? {
                *endless = u64::MAX;
                return stray;
            }
        }
    }

    /// The end of a tag is the first `>` that no quotes hold. Where these do not close, the tag ends before the next
    /// one that Apple writes.
    fn tag(&mut self, blocks: &mut Blocks, max: usize) -> Result<Markup> {
        let (mut at, mut quote) = (1, None);
        loop {
            let rest = blocks.rest().as_bytes();
            let open = rest.len() < max;
            #[cfg(test)]
            let from = at;
            let found = scan(rest.get(..max).unwrap_or(rest), &mut at, &mut quote);
            #[cfg(test)]
            (self.looked += (at - from) as u64);
            match found {
                Some(b'>') => return Ok(Markup::Tag(at + 1)),
                // A tag cut by the end of a block is looked at once more.
                Some(_) if rest.len() - at < LONGEST && blocks.more()? => continue,
                Some(_) => {
                    let (before, after) = blocks.rest().as_bytes().split_at_checked(at).unwrap_or_default();
                    if tag::follows(before, after) {
                        return Ok(Markup::Cut(at));
                    }
                    at += 1;
                }
                None if !open => return Ok(Markup::TooLarge),
                None if !blocks.more()? => return Ok(Markup::Unfinished),
                None => {}
            }
        }
    }
}

/// Goes on to the next `<`, or to the `>` that ends a tag. At the end of the text there is neither.
fn scan(tag: &[u8], at: &mut usize, quote: &mut Option<u8>) -> Option<u8> {
    let rest = tag.get(*at..).unwrap_or_default();
    for (i, b) in rest.iter().enumerate() {
        match (b, *quote) {
            (b'<', _) | (b'>', None) => {
                *at += i;
                return Some(*b);
            }
            (b'"' | b'\'', None) => *quote = Some(*b),
            (b, Some(open)) if *b == open => *quote = None,
            _ => {}
        }
    }
    *at += rest.len();
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::events::Event;

    use super::super::tag::{Shape, parts};
    use super::*;

    type Tokens = Vec<(Shape, String, String)>;

    fn ours(blocks: Vec<String>) -> Tokens {
        let (mut blocks, mut finder, mut tokens) = (Blocks::of(blocks), Finder::default(), Vec::new());
        loop {
            while let Some(b) = blocks.rest().bytes().next()
                && b != b'<'
            {
                blocks.consume(blocks.rest().chars().next().map_or(1, char::len_utf8));
            }
            if blocks.rest().is_empty() {
                match blocks.more().expect("no error") {
                    true => continue,
                    false => return tokens,
                }
            }
            let length = match finder.find(&mut blocks, 1 << 20).expect("no error") {
                Markup::Tag(length) => {
                    let (name, attributes, shape) = parts(&blocks.rest()[..length]);
                    let attributes = if shape == Shape::End { "" } else { attributes };
                    tokens.push((shape, name.to_owned(), attributes.to_owned()));
                    length
                }
                Markup::Aside(length) => length,
                other => panic!("{other:?}"),
            };
            blocks.consume(length);
        }
    }

    fn theirs(text: &str) -> Tokens {
        let mut reader = quick_xml::Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let mut tokens = Vec::new();
        let owned = |name: &str, attributes: &str| (name.to_owned(), attributes.to_owned());
        loop {
            let (shape, (name, attributes)) = match reader.read_event().expect("good") {
                Event::Start(tag) => (Shape::Start, owned(tag.name().as_ref(), tag.attributes_raw())),
                Event::Empty(tag) => (Shape::Empty, owned(tag.name().as_ref(), tag.attributes_raw())),
                Event::End(tag) => (Shape::End, owned(tag.name().as_ref(), "")),
                Event::Eof => return tokens,
                _ => continue,
            };
            tokens.push((shape, name, attributes));
        }
    }

    const PIECES: [&str; 22] = [
        "<Record a=\"1\" b='2'/>",
        "<Record a=\"'>'\"\n>",
        "<Record a='\">\"' />",
        "<Record/>",
        "<a:b c = \"d\"/>",
        "<_x y=\"/\">",
        "<心 a=\"🚶\"/>",
        "<x/y=\"1\">",
        "<MetadataEntry key=\"a<b\" value=\"<Record >\"/>",
        "</Record>",
        "</Record \n>",
        "</a:b>",
        "</>",
        "<!---->",
        "<!-- <Record a=\"1\"/> - -- > ]]> -->",
        "<!----->",
        "<![CDATA[<Record/> ]] ]> --> ]]>",
        "<![CDATA[]]]>",
        "<?a <Record/> > ? ?>",
        "<?x?>",
        " text & &amp; \" ' > ",
        "\n",
    ];

    proptest! {
        #[test]
        fn good_markup_is_read_as_another_parser_reads_it(
            picks in proptest::collection::vec((0..PIECES.len(), any::<bool>()), 0..40),
        ) {
            let mut blocks = vec![String::new()];
            for (pick, cut) in picks {
                let (before, after) = PIECES[pick].split_at(if cut { 1 } else { 0 });
                if let Some(last) = blocks.last_mut() {
                    last.push_str(before);
                }
                blocks.extend(cut.then(String::new));
                if let Some(last) = blocks.last_mut() {
                    last.push_str(after);
                }
            }
            blocks.retain(|block| !block.is_empty());
            let text = blocks.concat();
            prop_assert_eq!(ours(blocks), theirs(&text), "{}", text);
        }
    }
}
