//! Which types are there.

use health::kind;
use health::time::{Day, format_day, format_instant};
use serde::Serialize;
use store::query::TypeRow;

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
    /// The wearer's first local day with some of it.
    pub first_day: Option<String>,
    /// The last one.
    pub last_day: Option<String>,
}

/// Lists the types that have live rows.
pub fn types(folder: &Folder) -> Result<Vec<TypeAnswer>> {
    let store = folder.read()?;
    let (rows, zones) = (store.types()?, zones(&store)?);
    // What ends at midnight belongs to the day before, as its roll-up knows.
    let day = |of: fn((Day, Day)) -> Day, row: &TypeRow, at_ms: Option<i64>| {
        row.days.map(of).or_else(|| at_ms.map(|at_ms| zones.day(at_ms))).map(format_day)
    };
    let answer = rows.into_iter().map(|row| TypeAnswer {
        first_day: day(|days| days.0, &row, row.first_ms),
        last_day: day(|days| days.1, &row, row.last_ms),
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
