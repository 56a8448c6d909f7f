//! Which types are there.

use health::kind;
use health::time::format_instant;
use serde::Serialize;

use crate::error::Result;
use crate::folder::Folder;

/// One row of `vitalog types`.
#[derive(Debug, Clone, Serialize)]
pub struct TypeAnswer {
    /// Apple's identifier, or the type as it stood.
    pub identifier: String,
    /// English name.
    pub name: String,
    /// `quantity` or `category`.
    pub kind: String,
    /// Canonical unit; null for categories.
    pub unit: Option<String>,
    /// Distinct live rows.
    pub count: i64,
    /// Earliest start.
    pub first: Option<String>,
    /// Latest end.
    pub last: Option<String>,
    /// Sources that wrote some.
    pub sources: i64,
}

/// Lists the types that have live rows.
pub fn types(folder: &Folder) -> Result<Vec<TypeAnswer>> {
    let rows = folder.read()?.types()?;
    let answer = rows.into_iter().map(|row| TypeAnswer {
        name: kind::get_or_guess(&row.kind.identifier, None).name,
        identifier: row.kind.identifier,
        kind: row.kind.nature,
        unit: Some(row.kind.unit).filter(|unit| !unit.is_empty()),
        count: row.count,
        first: row.first_ms.map(format_instant),
        last: row.last_ms.map(format_instant),
        sources: row.sources,
    });
    Ok(answer.collect())
}
