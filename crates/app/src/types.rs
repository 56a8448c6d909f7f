//! Which types are there.

use health::kind;
use health::time::{format_day, format_instant};
use serde::Serialize;

use crate::error::Result;
use crate::folder::Folder;
use crate::local::zones;

/// One row of `vitalog types`.
#[derive(Debug, Clone, Default, Serialize)]
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
    /// The wearer's local day of `first`.
    pub first_day: Option<String>,
    /// The wearer's local day of `last`.
    pub last_day: Option<String>,
}

/// Lists the types that have live rows.
pub fn types(folder: &Folder) -> Result<Vec<TypeAnswer>> {
    let store = folder.read()?;
    let (rows, zones) = (store.types()?, zones(&store)?);
    let day = |at_ms: Option<i64>| at_ms.map(|at_ms| format_day(zones.day(at_ms)));
    let answer = rows.into_iter().map(|row| TypeAnswer {
        name: kind::get_or_guess(&row.kind.identifier, None).name,
        identifier: row.kind.identifier,
        kind: row.kind.nature,
        unit: Some(row.kind.unit).filter(|unit| !unit.is_empty()),
        count: row.count,
        first: row.first_ms.map(format_instant),
        last: row.last_ms.map(format_instant),
        sources: row.sources,
        first_day: day(row.first_ms),
        last_day: day(row.last_ms),
    });
    Ok(answer.collect())
}
