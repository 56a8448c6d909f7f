//! Metadata of one record from several that tell it.

use rusqlite::{Connection, params};
use serde_json::{Map, Value};

use super::Telling;
use crate::dictionary;
use crate::error::Result;
use crate::row::Row;

/// What all of them say about a record; where they differ, what phones say.
pub(super) fn joined(conn: &Connection, file: Option<&Row>, slots: &[(usize, &Telling)]) -> Result<Option<i64>> {
    let mut ids: Vec<i64> = file.and_then(|row| row.image.details).into_iter().collect();
    ids.extend(slots.iter().filter_map(|(_, telling)| telling.details));
    ids.dedup();
    if ids.len() < 2 {
        return Ok(ids.first().copied());
    }
    let mut whole = Map::new();
    for id in ids {
        let mut statement = conn.prepare_cached("SELECT json FROM details WHERE id = ?1")?;
        let json: String = statement.query_row(params![id], |row| row.get(0))?;
        if let Ok(Value::Object(parts)) = serde_json::from_str(&json) {
            parts.into_iter().for_each(|(key, part)| join(&mut whole, key, part));
        }
    }
    dictionary::store_details(conn, &Value::Object(whole).to_string()).map(Some)
}

/// Objects are united; of anything else the later counts.
fn join(whole: &mut Map<String, Value>, key: String, part: Value) {
    match (whole.get_mut(&key), part) {
        (Some(Value::Object(own)), Value::Object(more)) => own.extend(more),
        (_, part) => _ = whole.insert(key, part),
    }
}
