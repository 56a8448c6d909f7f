//! The types of `vitalog types` with what a screen needs besides: the area that they belong to, and their short word.

use health::kind;
use health::language::word;
use serde::Serialize;

use crate::display::{Display, Units, choices};
use crate::error::Result;
use crate::folder::Folder;
use crate::types::TypeAnswer;

/// One type with data.
#[derive(Debug, Clone, Serialize)]
pub struct TypeRow {
    /// The keys of its row.
    #[serde(flatten)]
    pub row: TypeAnswer,
    /// What an address calls it: `heart_rate`.
    pub word: String,
    /// The table's group, e.g. `heart`.
    pub group: String,
    /// The unit that people read.
    pub shown_unit: String,
    /// In which units it may be read, where there is a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<&'static str>,
}

/// Lists the types that have live rows.
pub fn types(folder: &Folder) -> Result<Vec<TypeRow>> {
    let units = Units::of(folder)?;
    let row = |row: TypeAnswer| TypeRow {
        word: kind::slug(&row.identifier),
        group: kind::get_or_guess(&row.identifier, row.unit.as_deref()).group,
        units: choices(&kind::get_or_guess(&row.identifier, row.unit.as_deref())),
        shown_unit: Display::of_answer(&row.identifier, row.unit.as_deref(), &units).unit().to_owned(),
        row: TypeAnswer { name: word(&row.name), ..row },
    };
    Ok(crate::types::types(folder)?.into_iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[test]
    fn every_type_can_be_found_by_its_word() {
        let folder = TestFolder::filled("screen-types");
        let rows = types(&folder).expect("types");
        assert!(rows.iter().any(|row| row.word == "heart_rate" && row.group == "heart"));
        let store = folder.read().expect("a store");
        for row in rows {
            let found = crate::local::find_kind(&store, &row.word).expect("a kind");
            assert_eq!(found.kind.identifier, row.row.identifier, "{}", row.word);
        }
    }
}
