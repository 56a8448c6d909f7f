//! Views that read like plain English, for people who open the store with their own tools.

use std::collections::BTreeMap;

use health::kind::{self, Kind, Nature};
use health::series::rule::Rule;
use rusqlite::{Connection, params};

use crate::error::Result;
use crate::row::FLAG_USER_ENTERED;

/// Names that people expect where Apple's differ.
const PLAIN_NAMES: [(&str, &str); 4] = [
    ("HKQuantityTypeIdentifierStepCount", "steps"),
    ("HKCategoryTypeIdentifierSleepAnalysis", "sleep"),
    ("HKQuantityTypeIdentifierBodyMass", "weight"),
    ("HKQuantityTypeIdentifierOxygenSaturation", "blood_oxygen"),
];

/// The name of a kind's view: a plain one, or the kind's own in snake case. Never empty for a kind of Apple's.
pub fn view_name(identifier: &str) -> String {
    let plain = PLAIN_NAMES.iter().find(|(known, _)| *known == identifier);
    let name = plain.map_or_else(|| kind::slug(identifier), |(_, name)| (*name).to_owned());
    name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

/// Views of kinds that Apple's table lacks; the others are reachable through `samples` only. SQLite reads the text of
/// every view whenever it opens a store.
const VIEWS_OF_UNKNOWN: u32 = 500;

/// Creates the view `days`: one number per day and type, sources merged, as `vitalog daily` tells it. How a type's days
/// are made is a rule of `health`, so the text is made from its table; types that it lacks go by their names and by
/// whether any of their samples has no length, likewise.
pub(crate) fn create_days_view(conn: &Connection) -> Result<()> {
    let mut names = BTreeMap::<&str, Vec<&str>>::new();
    let mut units = BTreeMap::<&str, Vec<&str>>::new();
    for known in kind::all().filter(|known| Rule::of(known) != Rule::Count) {
        let rule = Rule::of(known);
        names.entry(rule.stat()).or_default().push(&known.identifier);
        if let Some(unit) = rule.unit() {
            units.entry(unit).or_default().push(&known.identifier);
        }
    }
    let (stats, units) = (when_named(&names), when_named(&units));
    let known: Vec<String> = names.values().flatten().map(|name| format!("'{name}'")).collect();
    let known = known.join(", ");
    let amount = kind::AMOUNTS.map(|word| format!("instr(k.identifier, '{word}')")).join(" + ");
    conn.execute_batch(&format!(
        "CREATE VIEW days AS
         WITH read_off AS MATERIALIZED (
             SELECT o.id AS kind_id FROM kinds o WHERE o.identifier NOT IN ({known}) AND EXISTS (
                 SELECT 1 FROM samples s WHERE s.kind_id = o.id AND s.duration_ms = 0 AND s.superseded_by IS NULL))
         SELECT day, type,
                CASE WHEN merged IS NOT NULL THEN merged WHEN stat = 'count' THEN n WHEN stat = 'sum' THEN total
                     ELSE total / n END AS value,
                unit, stat, n
         FROM (SELECT date(d.day * 86400, 'unixepoch') AS day, k.identifier AS type, m.value AS merged,
                      sum(d.total) AS total, coalesce(m.n, sum(d.n)) AS n,
                      CASE{units} ELSE nullif(k.unit, '') END AS unit,
                      CASE{stats} WHEN k.nature = 'category' THEN 'count' WHEN {amount} > 0 AND k.id NOT IN (SELECT kind_id FROM read_off) THEN 'sum' ELSE 'mean' END AS stat
               FROM daily d JOIN kinds k ON k.id = d.kind_id LEFT JOIN merged m ON m.kind_id = d.kind_id AND m.day = d.day
               GROUP BY d.kind_id, d.day HAVING k.nature = 'category' OR count(d.total) > 0)"
    ))?;
    Ok(())
}

/// Branches of a `CASE` that give each identifier its word.
fn when_named(names: &BTreeMap<&str, Vec<&str>>) -> String {
    let branch =
        |(word, names): (&&str, &Vec<&str>)| format!(" WHEN k.identifier IN ('{}') THEN '{word}'", names.join("', '"));
    names.iter().map(branch).collect()
}

/// Creates the views of kinds that an import brought.
pub(crate) fn create_kind_views(conn: &Connection, kinds: &[(u32, Kind)]) -> Result<()> {
    let is_unknown = |kind: &Kind| kind::get(&kind.identifier).is_none();
    let mut unknown = 0;
    if kinds.iter().any(|(_, kind)| is_unknown(kind)) {
        let mut statement = conn.prepare("SELECT identifier FROM kinds")?;
        let all: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let all = all.iter().filter(|identifier| kind::get(identifier).is_none()).count() as u32;
        unknown = all.saturating_sub(kinds.iter().filter(|(_, kind)| is_unknown(kind)).count() as u32);
    }
    for (id, kind) in kinds {
        if is_unknown(kind) {
            unknown += 1;
        }
        if unknown <= VIEWS_OF_UNKNOWN || !is_unknown(kind) {
            create_kind_view(conn, *id, kind)?;
        }
    }
    Ok(())
}

/// Forgets kinds and their views. What a view of theirs was in the way of gets its own.
pub(crate) fn forget_kinds(conn: &Connection, kinds: &[u32]) -> Result<()> {
    let mut dropped = false;
    for kind in kinds {
        let identifier: String = conn
            .prepare_cached("DELETE FROM kinds WHERE id = ?1 RETURNING identifier")?
            .query_row([kind], |row| row.get(0))?;
        dropped |= drop_kind_view(conn, *kind, &identifier)?;
    }
    if dropped { create_kind_views(conn, &every_kind(conn)?) } else { Ok(()) }
}

/// Makes the views of all kinds anew, for a store of an earlier version.
pub(crate) fn renew_kind_views(conn: &Connection) -> Result<()> {
    let kinds = every_kind(conn)?;
    for (id, kind) in &kinds {
        drop_kind_view(conn, *id, &kind.identifier)?;
    }
    create_kind_views(conn, &kinds)
}

fn every_kind(conn: &Connection) -> Result<Vec<(u32, Kind)>> {
    let mut statement = conn.prepare("SELECT id, identifier FROM kinds ORDER BY id")?;
    let kinds = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let known = |(id, name): (u32, String)| (id, kind::get_or_guess(&name, None));
    Ok(kinds.map(|kind| kind.map(known)).collect::<rusqlite::Result<_>>()?)
}

/// Tells whether there was one of the kind's own.
fn drop_kind_view(conn: &Connection, id: u32, identifier: &str) -> Result<bool> {
    let name = view_name(identifier);
    let is_its_own: bool = conn.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = ?1 COLLATE NOCASE AND instr(sql, ?2))",
        params![name, where_kind(id)],
        |row| row.get(0),
    )?;
    if is_its_own {
        conn.execute_batch(&format!("DROP VIEW \"{name}\""))?;
    }
    Ok(is_its_own)
}

/// What tells a kind's view from others.
fn where_kind(id: u32) -> String {
    format!("WHERE s.kind_id = {id} AND")
}

/// Creates the view of one kind: live rows with readable times, the source's name and the device; `copies` says how
/// often a row counts.
fn create_kind_view(conn: &Connection, id: u32, kind: &Kind) -> Result<()> {
    let safe = view_name(&kind.identifier);
    if safe.is_empty() || table_or_view_exists(conn, &safe)? {
        // Two unknown types with one slug: the second is reachable through `samples` only.
        return Ok(());
    }
    let value = match kind.nature {
        Nature::Quantity => "s.value AS value, k.unit AS unit".to_owned(),
        Nature::Category => category_column(kind),
    };
    // Where equal rows are repeats of one, the row counts once.
    let copies = match Rule::of(kind) {
        Rule::EveryEvent => "s.copies".to_owned(),
        _ => format!("CASE WHEN s.flags & {FLAG_USER_ENTERED} THEN s.copies ELSE 1 END"),
    };
    conn.execute_batch(&format!(
        "CREATE VIEW \"{safe}\" AS
         SELECT strftime('%Y-%m-%dT%H:%M:%fZ', s.start_ms / 1000.0, 'unixepoch') AS start,
                strftime('%Y-%m-%dT%H:%M:%fZ', (s.start_ms + s.duration_ms) / 1000.0, 'unixepoch') AS \"end\",
                {value},
                (SELECT l.name FROM source_labels l WHERE l.source_id = s.source_id) AS source,
                o.device AS device, d.json AS details, {copies} AS copies
         FROM samples s JOIN kinds k ON k.id = s.kind_id JOIN origins o ON o.id = s.origin_id
              LEFT JOIN details d ON d.id = s.details_id
         {} s.superseded_by IS NULL",
        where_kind(id)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::empty;

    fn views(kinds: u32) -> u32 {
        let store = empty();
        let conn = &store.conn;
        let count = |like: &str| -> u32 {
            let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND name LIKE ?1";
            conn.query_row(sql, [like], |row| row.get(0)).expect("a count")
        };
        let mut new: Vec<(u32, Kind)> =
            (1..=kinds).map(|n| (n, kind::get_or_guess(&format!("HKQuantityTypeIdentifierNovel{n}"), None))).collect();
        new.push((kinds + 1, kind::get_or_guess("HKQuantityTypeIdentifierHeartRate", None)));
        let (first, second) = new.split_at(new.len() / 2);
        for import in [first, second] {
            for (id, kind) in import {
                let values = (id, &kind.identifier);
                conn.execute("INSERT INTO kinds (id, identifier, nature, unit) VALUES (?1, ?2, '', '')", values)
                    .expect("a kind");
            }
            create_kind_views(conn, import).expect("views");
        }
        assert_eq!(count("heart_rate"), 1);
        count("novel%")
    }

    #[test]
    fn so_many_unknown_kinds_have_views_and_known_ones_always() {
        assert_eq!(views(VIEWS_OF_UNKNOWN), VIEWS_OF_UNKNOWN);
        assert_eq!(views(VIEWS_OF_UNKNOWN + 1), VIEWS_OF_UNKNOWN);
    }
}
