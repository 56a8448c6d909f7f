//! The frame around the records: steps through objects and arrays, and keeps what is said beside the records.

use std::io::Read;

use serde_json::{Map, Value as Json};

use super::builder::Builder;
use super::fields::json;
use super::limits::MAX_FRAME;
use super::walk::{Raw, Walker};
use crate::{Error, ErrorKind, Result};

/// What a frame says, up to a limit.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    map: Map<String, Json>,
    bytes: usize,
}

impl Frame {
    /// Keeps a value; what is too long is named and left out.
    pub(crate) fn keep(&mut self, key: &str, raw: Raw<'_>) {
        self.bytes += key.len() + raw.text.len() + 64;
        if self.bytes > MAX_FRAME {
            return;
        }
        let value = if raw.whole { json(raw.text) } else { Json::from("too long to be kept") };
        self.map.insert(key.to_owned(), value);
    }

    /// Takes the next value and keeps it.
    pub(crate) fn take<R: Read>(&mut self, key: &str, walker: &mut Walker<R>) -> Result<()> {
        let raw = walker.value(MAX_FRAME / 4)?;
        self.keep(key, raw);
        Ok(())
    }

    /// A text of it.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.map.get(key).and_then(Json::as_str)
    }

    /// All of it.
    pub(crate) fn into_map(self) -> Map<String, Json> {
        self.map
    }
}

/// Steps through the members of an object; `each` must pass over every value. False, and no step, where the value is no
/// object.
pub(crate) fn object<R: Read>(
    walker: &mut Walker<R>,
    mut each: impl FnMut(&str, &mut Walker<R>) -> Result<()>,
) -> Result<bool> {
    if !walker.enter(b'{')? {
        return Ok(false);
    }
    let mut first = true;
    while let Some(key) = walker.next_key(&mut first)? {
        each(&key, walker)?;
    }
    Ok(true)
}

/// Steps through the items of an array; `each` must pass over every one. False, and no step, where the value is none.
pub(crate) fn array<R: Read>(
    walker: &mut Walker<R>,
    mut each: impl FnMut(&mut Walker<R>) -> Result<()>,
) -> Result<bool> {
    if !walker.enter(b'[')? {
        return Ok(false);
    }
    let mut first = true;
    while walker.next_item(&mut first)? {
        each(walker)?;
    }
    Ok(true)
}

/// Steps through an array and reads its items, each cut out as it stands. What is no array is passed over.
pub(crate) fn records<R: Read>(
    walker: &mut Walker<R>,
    most: usize,
    builder: &mut Builder<'_, '_>,
    mut read: impl FnMut(&[u8], &mut Builder<'_, '_>) -> Result<()>,
) -> Result<()> {
    let is_array = array(walker, |walker| {
        let raw = walker.value(most)?;
        builder.position = raw.position;
        if raw.whole { read(raw.text, builder) } else { builder.item(raw.text, None, Err("too_large")) }
    })?;
    if is_array { Ok(()) } else { walker.skip() }
}

/// Passes over an array. Null is an empty one; anything else is another shape.
pub(crate) fn list<R: Read>(walker: &mut Walker<R>, part: &'static str) -> Result<()> {
    match walker.peek()? {
        Some(b'[') => walker.skip(),
        Some(b'n') => walker.skip(),
        Some(_) => {
            // The rest of the body must be sound all the same, or it is no JSON.
            walker.skip()?;
            walker.misshapen.get_or_insert(part);
            Ok(())
        }
        None => Ok(()),
    }
}

/// Steps through the one object that a body must be.
pub(crate) fn whole<R: Read>(
    walker: &mut Walker<R>,
    each: impl FnMut(&str, &mut Walker<R>) -> Result<()>,
) -> Result<()> {
    if !object(walker, each)? {
        // A list or a number is JSON, if it is sound to its end; a bare word is none.
        let raw = walker.value(MAX_FRAME)?;
        let position = raw.position;
        let sound = !raw.whole || serde_json::from_slice::<serde::de::IgnoredAny>(raw.text).is_ok();
        walker.finish()?;
        return Err(if sound { shape("the body") } else { Error::at(ErrorKind::NotJson, position) });
    }
    walker.finish()?;
    walker.misshapen.map_or(Ok(()), |part| Err(shape(part)))
}

/// The error of a body that has another shape than its protocol.
pub(crate) fn shape(part: &'static str) -> Error {
    ErrorKind::Shape(part).into()
}
