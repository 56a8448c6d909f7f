//! Device, version and printed unit of one record from several that tell it.

use health::Origin;
use rusqlite::{Connection, params};

use crate::dictionary;
use crate::error::Result;

/// The best that is told of each, and the number as printed in that unit: the telling whose value counts goes first,
/// then the others in their order. Of devices the one of which most is told.
pub(super) fn best(
    conn: &Connection,
    of_value: (u32, Option<f64>),
    others: impl Iterator<Item = (u32, Option<f64>)>,
) -> Result<(u32, Option<f64>)> {
    let mut all: Vec<(u32, Option<f64>)> = Vec::new();
    for told in std::iter::once(of_value).chain(others) {
        if all.iter().all(|(origin, _)| *origin != told.0) {
            all.push(told);
        }
    }
    if all.len() < 2 {
        return Ok(of_value);
    }
    let mut best = Origin::default();
    let mut original = of_value.1;
    for (id, printed) in all {
        let Origin { device, version, unit } = read(conn, id)?;
        if parts(&device) > parts(&best.device) {
            best.device = device;
        }
        best.version = best.version.or(version);
        if best.unit.is_none() && unit.is_some() {
            (best.unit, original) = (unit, printed);
        }
    }
    Ok((dictionary::store_origin(conn, &best)?, original))
}

/// How much is told of a device: `name:Apple Watch, hardware:Watch7,3` are two parts.
fn parts(device: &Option<String>) -> usize {
    device.as_ref().map_or(0, |device| 1 + device.matches(", ").count())
}

fn read(conn: &Connection, id: u32) -> Result<Origin> {
    let mut statement = conn.prepare_cached("SELECT device, version, unit FROM origins WHERE id = ?1")?;
    let row = |row: &rusqlite::Row<'_>| Ok(Origin { device: row.get(0)?, version: row.get(1)?, unit: row.get(2)? });
    Ok(statement.query_row(params![id], row)?)
}
