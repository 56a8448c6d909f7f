//! Views that read like plain English, for people who open the store with their own tools.

use health::kind::{Kind, Nature};
use rusqlite::Connection;

use crate::error::Result;

/// Names that people expect where Apple's differ.
const PLAIN_NAMES: [(&str, &str); 4] = [
    ("HKQuantityTypeIdentifierStepCount", "steps"),
    ("HKCategoryTypeIdentifierSleepAnalysis", "sleep"),
    ("HKQuantityTypeIdentifierBodyMass", "weight"),
    ("HKQuantityTypeIdentifierOxygenSaturation", "blood_oxygen"),
];

/// Creates the view of one kind: live rows with readable times, the source's name and the device.
pub(crate) fn create_kind_view(conn: &Connection, id: u32, kind: &Kind) -> Result<()> {
    let plain = PLAIN_NAMES.iter().find(|(identifier, _)| *identifier == kind.identifier);
    let name = plain.map_or_else(|| kind.slug(), |(_, name)| (*name).to_owned());
    let safe: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    if safe.is_empty() || table_or_view_exists(conn, &safe)? {
        // Two unknown types with one slug: the second is reachable through `samples` only.
        return Ok(());
    }
    let value = match kind.nature {
        Nature::Quantity => "s.value AS value, k.unit AS unit".to_owned(),
        Nature::Category => category_column(kind),
    };
    conn.execute_batch(&format!(
        "CREATE VIEW \"{safe}\" AS
         SELECT strftime('%Y-%m-%dT%H:%M:%fZ', s.start_ms / 1000.0, 'unixepoch') AS start,
                strftime('%Y-%m-%dT%H:%M:%fZ', (s.start_ms + s.duration_ms) / 1000.0, 'unixepoch') AS \"end\",
                {value},
                (SELECT l.name FROM source_labels l WHERE l.source_id = s.source_id) AS source,
                o.device AS device, d.json AS details, s.copies AS copies
         FROM samples s JOIN kinds k ON k.id = s.kind_id JOIN origins o ON o.id = s.origin_id
              LEFT JOIN details d ON d.id = s.details_id
         WHERE s.kind_id = {id} AND s.superseded_by IS NULL"
    ))?;
    Ok(())
}

fn category_column(kind: &Kind) -> String {
    let cases: String = (0..20)
        .filter_map(|raw| Some((raw, kind.category_text(raw)?)))
        .map(|(raw, text)| format!(" WHEN {raw} THEN '{}'", text.replace('\'', "''")))
        .collect();
    let text = "(SELECT t.text FROM category_texts t WHERE t.id = s.text_id)";
    match cases.is_empty() {
        true => format!("CAST(s.value AS INTEGER) AS value, {text} AS meaning"),
        false => format!(
            "CAST(s.value AS INTEGER) AS value, CASE CAST(s.value AS INTEGER){cases} ELSE {text} END AS meaning"
        ),
    }
}

fn table_or_view_exists(conn: &Connection, name: &str) -> Result<bool> {
    Ok(conn.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE)", [name], |row| {
        row.get(0)
    })?)
}
