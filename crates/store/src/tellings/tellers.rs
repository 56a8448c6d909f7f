//! Who tells, and the source that it counts for.
//!
//! A source that files know by an equal name, and that can be the same writer, is that source, so that days are merged
//! rightly. Of several tellers that can be one the one that says most about itself stands for all. It follows from the
//! set of tellers and of files' names, never from the order in which they came.

use std::collections::HashMap;

use health::Source;
use health::matching::Teller;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::instants::json_list;

/// A teller with the source that it counts for.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub teller: Teller,
    pub source: u32,
}

/// The number of a teller. True where it is a new one.
pub(crate) fn id_of(conn: &Connection, source: &Source) -> Result<(u32, bool)> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let values = params![source.name, text(&source.bundle), text(&source.hardware)];
    let found = conn
        .prepare_cached("SELECT id FROM tellers WHERE name = ?1 AND bundle = ?2 AND hardware = ?3")?
        .query_row(values, |row| row.get(0))
        .optional()?;
    match found {
        Some(id) => Ok((id, false)),
        None => {
            let mut insert =
                conn.prepare_cached("INSERT INTO tellers (name, bundle, hardware) VALUES (?1, ?2, ?3) RETURNING id")?;
            Ok((insert.query_row(values, |row| row.get(0))?, true))
        }
    }
}

/// A row of `tellers`.
struct Told {
    id: u32,
    source: Source,
    teller: Teller,
    counts_for: Option<u32>,
}

fn all(conn: &Connection) -> Result<Vec<Told>> {
    let mut statement = conn.prepare_cached("SELECT id, name, bundle, hardware, source_id FROM tellers ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        let known = |text: String| (!text.is_empty()).then_some(text);
        let source = Source { name: row.get(1)?, bundle: known(row.get(2)?), hardware: known(row.get(3)?) };
        Ok(Told { id: row.get(0)?, teller: Teller::of(&source), source, counts_for: row.get(4)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every teller by its number.
pub(super) fn load(conn: &Connection) -> Result<HashMap<u32, Stored>> {
    let stored = |told: Told| Some((told.id, Stored { teller: told.teller, source: told.counts_for? }));
    Ok(all(conn)?.into_iter().filter_map(stored).collect())
}

/// The sources that files name, as they are compared.
pub(super) fn of_files(conn: &Connection) -> Result<HashMap<u32, Teller>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT s.id, s.bundle, s.hardware, n.name
         FROM sources s JOIN source_names n ON n.source_id = s.id JOIN imports i ON i.id = n.import_id
         WHERE i.channel = 'file'",
    )?;
    let mut rows = statement.query([])?;
    let mut found: HashMap<u32, Teller> = HashMap::new();
    while let Some(row) = rows.next()? {
        let of = found.entry(row.get(0)?).or_default();
        (of.bundle, of.hardware) = (row.get(1)?, row.get(2)?);
        let name: String = row.get(3)?;
        of.names.insert(health::matching::comparable(&name));
    }
    Ok(found)
}

/// How much somebody says about itself.
fn knows(teller: &Teller) -> usize {
    usize::from(teller.bundle.is_some()) + usize::from(teller.hardware.is_some())
}

/// Whether two count as one source: they are called the same and can be the same.
fn is_one(a: &Teller, b: &Teller) -> bool {
    a.shares_a_name(b) && a.can_be(b)
}

/// Finds anew which source each teller counts for. Returns whether one counts for another one now.
pub(crate) fn settle(conn: &Connection) -> Result<bool> {
    let mut told = all(conn)?;
    let mut files: Vec<(u32, Teller)> = of_files(conn)?.into_iter().collect();
    files.sort_by(|(a, one), (b, other)| one.cmp(other).then(a.cmp(b)));
    // Those that say most about themselves stand for the others.
    told.sort_by(|a, b| knows(&b.teller).cmp(&knows(&a.teller)).then_with(|| a.source.cmp(&b.source)));
    let mut own: Vec<(u32, Teller)> = Vec::new();
    let mut moved = false;
    for told in &told {
        let same_hardware = |file: &&(u32, Teller)| file.1.hardware == told.teller.hardware;
        let of_file = || files.iter().filter(|(_, file)| is_one(file, &told.teller));
        let file = of_file().find(same_hardware).or_else(|| of_file().next());
        let another = || own.iter().find(|(_, other)| is_one(other, &told.teller));
        let counts_for = match file.or_else(another) {
            Some((source, _)) => *source,
            None => {
                let source = make(conn, told, &[&own[..], &files[..]])?;
                own.push((source, told.teller.clone()));
                source
            }
        };
        if told.counts_for != Some(counts_for) {
            moved |= told.counts_for.is_some();
            conn.prepare_cached("UPDATE tellers SET source_id = ?2 WHERE id = ?1")?.execute([told.id, counts_for])?;
        }
    }
    name(conn)?;
    Ok(moved)
}

/// A source that only phones know: the one that it was before, or a new one.
fn make(conn: &Connection, told: &Told, taken: &[&[(u32, Teller)]]) -> Result<u32> {
    let free = |id: &u32| !taken.iter().any(|some| some.iter().any(|(other, _)| other == id));
    if let Some(id) = told.counts_for.filter(free) {
        let known: Option<(Option<String>, Option<String>)> = conn
            .prepare_cached("SELECT bundle, hardware FROM sources WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match known {
            Some(writer) if writer == (told.source.bundle.clone(), told.source.hardware.clone()) => return Ok(id),
            Some(_) => {}
            None => {
                conn.prepare_cached("INSERT INTO sources (id, bundle, hardware) VALUES (?1, ?2, ?3)")?
                    .execute(params![id, told.source.bundle, told.source.hardware])?;
                return Ok(id);
            }
        }
    }
    let mut insert = conn.prepare_cached("INSERT INTO sources (bundle, hardware) VALUES (?1, ?2) RETURNING id")?;
    Ok(insert.query_row(params![told.source.bundle, told.source.hardware], |row| row.get(0))?)
}

/// Writes down how devices call the sources that only phones know.
fn name(conn: &Connection) -> Result<()> {
    conn.execute(
        "INSERT OR IGNORE INTO source_names (source_id, name, import_id)
         SELECT t.source_id, t.name, (SELECT min(id) FROM imports WHERE channel = 'phone' AND undone = 0)
         FROM tellers t WHERE EXISTS (SELECT 1 FROM imports WHERE channel = 'phone' AND undone = 0)
            AND NOT EXISTS (SELECT 1 FROM source_names n JOIN imports i ON i.id = n.import_id
                            WHERE n.source_id = t.source_id AND i.channel = 'file')",
        [],
    )?;
    Ok(())
}

/// Takes off the names that devices gave.
pub(super) fn forget_names(conn: &Connection) -> Result<()> {
    conn.execute("DELETE FROM source_names WHERE import_id IN (SELECT id FROM imports WHERE channel = 'phone')", [])?;
    Ok(())
}

/// The sources that tellers count for.
pub(crate) fn sources(conn: &Connection) -> Result<Vec<u32>> {
    let mut statement =
        conn.prepare_cached("SELECT DISTINCT source_id FROM tellers WHERE source_id IS NOT NULL ORDER BY source_id")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Takes off the sources that only phones know, and their names; those, too, that they `counted_for` before.
pub(super) fn lift(conn: &Connection, counted_for: &[u32]) -> Result<()> {
    forget_names(conn)?;
    conn.execute(
        "DELETE FROM sources WHERE (id IN (SELECT source_id FROM tellers) OR id IN (SELECT value FROM json_each(?1)))
            AND id NOT IN (SELECT source_id FROM source_names)
            AND id NOT IN (SELECT source_id FROM entries WHERE source_id IS NOT NULL)
            AND id NOT IN (SELECT source_id FROM series_summary WHERE stored > 0)",
        [json_list(counted_for.iter())],
    )?;
    Ok(())
}

/// Forgets tellers who tell nothing any more.
pub(super) fn forget(conn: &Connection) -> Result<()> {
    conn.execute("DELETE FROM tellers", [])?;
    Ok(())
}
