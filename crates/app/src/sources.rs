//! Who wrote the samples, and which names are one source.

use std::collections::BTreeMap;

use health::kind::fold;
use health::time::format_instant;
use serde::Serialize;
use store::Store;
use store::query::SourceRow;

use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::{did_you_mean, near, system_zone};

/// One row of `vitalog sources`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceAnswer {
    /// Its number in this store.
    pub id: i64,
    /// Newest name.
    pub source: String,
    /// Every name it had, the newest first.
    pub names: Vec<String>,
    /// Bundle identifier, where known.
    pub bundle: Option<String>,
    /// Hardware, where known.
    pub hardware: Option<String>,
    /// Live rows.
    pub records: i64,
    /// Earliest start.
    pub first: Option<String>,
    /// Latest end.
    pub last: Option<String>,
}

impl From<SourceRow> for SourceAnswer {
    fn from(row: SourceRow) -> Self {
        Self {
            id: row.id,
            source: row.names.first().cloned().unwrap_or_default(),
            names: row.names,
            bundle: row.bundle,
            hardware: row.hardware,
            records: row.records,
            first: row.first_ms.map(format_instant),
            last: row.last_ms.map(format_instant),
        }
    }
}

/// Lists the sources that have live rows.
pub fn sources(folder: &Folder) -> Result<Vec<SourceAnswer>> {
    Ok(folder.read()?.sources()?.into_iter().map(Into::into).collect())
}

/// What to call each source among people, by its number: its name and, where another one has the same, its hardware or
/// else its number.
pub fn labels(folder: &Folder) -> Result<BTreeMap<i64, String>> {
    let sources = sources(folder)?;
    let label = |row: &SourceAnswer| {
        let twins: Vec<&SourceAnswer> = sources.iter().filter(|other| other.source == row.source).collect();
        let alike = twins.iter().filter(|other| other.hardware == row.hardware).count();
        match (twins.len(), &row.hardware) {
            (1, _) => row.source.clone(),
            (_, Some(hardware)) if alike == 1 => format!("{} ({hardware})", row.source),
            _ => format!("{} (id {})", row.source, row.id),
        }
    };
    Ok(sources.iter().map(|row| (row.id, label(row))).collect())
}

/// Makes one source of two, in the rows that are there and in those that will come, and answers with it. Each goes by
/// a name or its number. Linking what is one source already is an error of its own.
pub fn link(folder: &Folder, one: &str, other: &str) -> Result<SourceAnswer> {
    let known = folder.read()?.stored_sources()?;
    let (first, second) = (find(&known, one)?.id, find(&known, other)?.id);
    if first == second {
        return Err(Error::new(Code::AlreadyLinked, format!("`{one}` and `{other}` are one source already."), ""));
    }
    let mut store = folder.write()?;
    store.link_sources(first, second, &system_zone())?;
    answer(&store, first)
}

fn answer(store: &Store, id: i64) -> Result<SourceAnswer> {
    let row = store.stored_sources()?.into_iter().find(|row| row.id == id);
    row.map(Into::into).ok_or_else(|| store::Error::from(store::ErrorKind::UnknownSource).into())
}

/// Finds a source by one of its names, as keyboards write it, or by its number. A name that several have names none of
/// them.
pub(crate) fn find<'a>(known: &'a [SourceRow], word: &str) -> Result<&'a SourceRow> {
    let word = word.trim();
    // Records without a name have a source that no name tells: an empty word is a slip.
    if word.is_empty() {
        return Err(Error::new(
            Code::UnknownSource,
            "The name of a source is missing.",
            "`vitalog sources` lists them all.",
        ));
    }
    let by = |same: &dyn Fn(&str) -> bool| -> Vec<&SourceRow> {
        known.iter().filter(|row| row.names.iter().any(|name| same(name))).collect()
    };
    let exact = by(&|name| name == word);
    let named = if exact.is_empty() { by(&|name| typed(name) == typed(word)) } else { exact };
    let number = word.parse().ok().and_then(|id: i64| known.iter().find(|row| row.id == id));
    match (named.as_slice(), number) {
        ([row], _) => Ok(row),
        ([], Some(row)) => Ok(row),
        ([], None) => Err(unknown(known, word)),
        (several, _) => {
            let ids: Vec<String> = several.iter().map(|row| row.id.to_string()).collect();
            let hint = format!("Take the number of one: {}.", ids.join(", "));
            Err(Error::new(Code::UnknownSource, format!("Several sources are called `{word}`."), hint))
        }
    }
}

/// A name as people type it: Apple's own have blanks and apostrophes that no keyboard has.
fn typed(name: &str) -> String {
    let plain = |c: char| match c {
        '’' => '\'',
        c if c.is_whitespace() => ' ',
        c => c,
    };
    name.chars().map(plain).flat_map(char::to_lowercase).collect()
}

fn unknown(known: &[SourceRow], word: &str) -> Error {
    let names = known.iter().flat_map(|row| &row.names).map(|name| (fold(name), name.clone()));
    let hint = did_you_mean(&near(&fold(word), names), "`vitalog sources` lists them all.");
    Error::new(Code::UnknownSource, format!("There is no source `{word}`."), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<SourceRow> {
        let row = |id, names: &[&str]| SourceRow {
            id,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            bundle: None,
            hardware: None,
            records: 0,
            first_ms: None,
            last_ms: None,
        };
        vec![row(1, &["Kim’s\u{a0}Watch", "Watch"]), row(2, &["Scale"]), row(3, &["Scale", "7"]), row(7, &["scales"])]
    }

    #[track_caller]
    fn check(word: &str, expected: std::result::Result<i64, &str>) {
        let found = find(&known(), word).map(|row| row.id).map_err(|error| error.hint);
        assert_eq!(found, expected.map_err(str::to_owned), "{word}");
    }

    #[test]
    fn a_source_goes_by_any_of_its_names_or_by_its_number() {
        check("Kim’s\u{a0}Watch", Ok(1));
        check("kim's watch", Ok(1));
        check(" watch ", Ok(1));
        check("2", Ok(2));
        check("7", Ok(3));
        check("scales", Ok(7));
    }

    #[test]
    fn a_name_of_several_or_of_none_is_refused_with_a_way_out() {
        check("Scale", Err("Take the number of one: 2, 3."));
        check("Kims Watch", Err("Did you mean Kim’s\u{a0}Watch?"));
        check("99", Err("`vitalog sources` lists them all."));
    }
}
