//! Which rows a server is to have.

use std::collections::BTreeSet;

use net::remote::Protocol;
use store::Store;
use store::remotes::{NO_DAY, Remote, SAMPLE, Span};

use super::kinds::is_record;
use crate::error::{Code, Error, Result};
use crate::local::find_kind;

const DAY_MS: i64 = 86_400_000;
/// The word for everything.
pub(super) const ALL: &str = "all";

/// Which rows a server is to have.
pub(super) struct Selection {
    protocol: Protocol,
    /// Identifiers of types and words of records; none for everything.
    words: Option<BTreeSet<String>>,
    since_ms: i64,
}

impl Selection {
    /// That of a server.
    pub fn of(remote: &Remote, protocol: Protocol) -> Result<Self> {
        let words = serde_json::from_str(&remote.types)
            .map_err(|_| store::Error::from(store::ErrorKind::Damaged("the types of a server".to_owned())))?;
        Ok(Self { protocol, words, since_ms: remote.since_ms.unwrap_or(i64::MIN) })
    }

    /// Whether any row of a span may be for it.
    pub fn wants(&self, span: &Span) -> bool {
        let series = &span.series;
        let word = if series.record == SAMPLE { &series.kind } else { &series.record };
        let in_time = span.day == NO_DAY || (span.day + 1).saturating_mul(DAY_MS) > self.since_ms;
        in_time && self.protocol.carries(&series.record) && self.words.as_ref().is_none_or(|words| words.contains(word))
    }
}

/// Reads the types that people name: identifiers and words of records, `all` for everything.
pub(super) fn read(store: &Store, types: &[String]) -> Result<Option<Vec<String>>> {
    if types.is_empty() || types.iter().any(|word| word == ALL) {
        return Ok(None);
    }
    let mut words = BTreeSet::new();
    for word in types {
        if is_record(word) {
            words.insert(word.clone());
        } else {
            words.insert(find_kind(store, word)?.kind.identifier);
        }
    }
    Ok(Some(words.into_iter().collect()))
}

/// Fails where a protocol has no place for what was named.
pub(super) fn check(protocol: Protocol, words: Option<&[String]>) -> Result<()> {
    match words.into_iter().flatten().filter(|word| is_record(word)).find(|word| !protocol.carries(word)) {
        Some(word) => Err(Error::new(
            Code::BadUsage,
            format!("A server of this kind has no place for `{word}`."),
            "Leave it out of --types.",
        )),
        None => Ok(()),
    }
}
