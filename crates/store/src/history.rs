//! How samples looked from import to import, and which imports held them.
//!
//! A sample's row shows the image of the newest export that holds it, whatever the order of imports; where images
//! differ, `sample_log` keeps the others, so that any import can be undone.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use health::Document;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::absences::Repeated;
use crate::derived::Derived;
use crate::dictionary::hash;
use crate::error::Result;
use crate::pages::Pages;
use crate::row::{FLAG_LOGGED, Image, Key, OF_FILES, Row};

/// Date, wholeness, hash and number of an import: the greater, the newer.
pub(crate) type Rank = (i64, bool, i64, i64);

/// What decides between imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImportRef {
    pub id: i64,
    pub export_date_ms: Option<i64>,
    /// Of the file's fingerprint.
    hash: i64,
    pub complete: bool,
    /// Whether nothing in it was damaged.
    whole: bool,
}

impl ImportRef {
    /// Newer exports have greater ranks; those without a date come before all others. Of several of one moment one
    /// that is whole knows it better, and then the files decide, so that it does not matter which was imported first.
    pub fn rank(&self) -> Rank {
        (self.export_date_ms.unwrap_or(i64::MIN), self.complete && self.whole, self.hash, self.id)
    }

    /// Whether it can say that a row is gone.
    pub fn is_snapshot(&self) -> bool {
        self.complete && self.export_date_ms.is_some()
    }
}

/// The imports of files that count, oldest export first.
pub(crate) fn live_imports(conn: &Connection) -> Result<Vec<ImportRef>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, export_date_ms, complete, fingerprint FROM imports WHERE undone = 0 AND channel = 'file'",
    )?;
    let rows = statement.query_map([], |row| {
        let fingerprint: Option<String> = row.get(3)?;
        let whole = !fingerprint.as_deref().is_some_and(Document::is_of_damaged_copy);
        let hash = fingerprint.map_or(i64::MIN, |fingerprint| hash(fingerprint.as_bytes()));
        Ok(ImportRef { id: row.get(0)?, export_date_ms: row.get(1)?, complete: row.get(2)?, whole, hash })
    })?;
    let mut imports = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    imports.sort_by_key(ImportRef::rank);
    Ok(imports)
}

/// Lets a row show what an import that held it saw.
pub(crate) fn show_as(conn: &Connection, kind: u32, row: &Row, holder: ImportRef, derived: &mut Derived) -> Result<()> {
    if row.flags & FLAG_LOGGED != 0
        && let Some(image) = image_at(conn, kind, &row.key, holder.id)?
        && image != row.image
    {
        write_image(conn, kind, &row.key, &image, row.flags)?;
        derived.changed(kind, &row.key);
    }
    Ok(())
}

/// The place of an import became known after its rows were met: lets those rows of a kind show their newest export.
pub(crate) fn show_newest(conn: &Connection, kind: u32, imports: &[ImportRef], derived: &mut Derived) -> Result<()> {
    let presence = Presence::load(conn, kind)?;
    let mut pages = Pages::new(kind);
    while let Some(page) = pages.next(conn)? {
        for row in page.iter().filter(|row| row.flags & FLAG_LOGGED != 0) {
            if let Some(holder) = presence.newest_holder(imports, row.import_id, &row.key) {
                show_as(conn, kind, row, holder, derived)?;
            }
        }
    }
    Ok(())
}

/// The runs of one kind that imports lack: which import held which row.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    absences: HashMap<(i64, u32), Vec<(Place, Place)>>,
}

/// A key inside one kind and source.
type Place = (i64, i64, u32);

fn place(key: &Key) -> Place {
    (key.start_ms, key.duration_ms, key.ordinal)
}

impl Presence {
    /// Reads the absences of a kind.
    pub fn load(conn: &Connection, kind: u32) -> Result<Self> {
        let mut statement = conn.prepare_cached(
            "SELECT import_id, source_id, from_start_ms, from_duration_ms, from_ordinal,
                    to_start_ms, to_duration_ms, to_ordinal
             FROM absences WHERE kind_id = ?1
             ORDER BY source_id, import_id, from_start_ms, from_duration_ms, from_ordinal",
        )?;
        let mut rows = statement.query([kind])?;
        let mut absences: HashMap<_, Vec<_>> = HashMap::new();
        while let Some(row) = rows.next()? {
            let from = (row.get(2)?, row.get(3)?, row.get(4)?);
            let to = (row.get(5)?, row.get(6)?, row.get(7)?);
            absences.entry((row.get(0)?, row.get(1)?)).or_default().push((from, to));
        }
        Ok(Self { absences })
    }

    /// Whether an import held a row that first came with import `first`.
    pub fn holds(&self, import: i64, first: i64, key: &Key) -> bool {
        // Runs are about rows that were stored before; an import's own rows may lie between them.
        if import <= first {
            return import == first;
        }
        let Some(runs) = self.absences.get(&(import, key.source)) else { return true };
        let at = place(key);
        let after = runs.partition_point(|(from, _)| *from <= at);
        !(after > 0 && runs[after - 1].1 >= at)
    }

    /// The newest of `imports` (oldest first) that held the row.
    pub fn newest_holder(&self, imports: &[ImportRef], first: i64, key: &Key) -> Option<ImportRef> {
        imports.iter().rev().find(|import| self.holds(import.id, first, key)).copied()
    }
}

/// Keeps images while an ingest runs.
pub(crate) struct History {
    import_id: i64,
    /// Live imports, oldest export first, the running one among them.
    imports: Vec<ImportRef>,
    presence: HashMap<u32, Presence>,
}

impl History {
    pub fn new(import_id: i64, imports: Vec<ImportRef>) -> Self {
        Self { import_id, imports, presence: HashMap::new() }
    }

    /// Whether the arriving row says anything new about the stored one.
    pub fn differs(&self, stored: &Row, arriving: &Row) -> bool {
        stored.flags & FLAG_LOGGED != 0 || arriving.image != stored.image
    }

    /// Records how the running import shows a stored sample, and lets the newest export's image stand in the row.
    /// Returns whether it shows it otherwise than the imports before.
    pub fn record(&mut self, conn: &Connection, kind: u32, stored: &Row, arriving: &Row) -> Result<bool> {
        let image = match logged_at(conn, kind, &stored.key, self.import_id)? {
            // Another batch held it too: the same rule as for repeats that lie side by side.
            Some(logged) => logged.newest(arriving.image, logged.copies, conn)?,
            None => arriving.image,
        };
        self.show(conn, kind, stored, image)
    }

    /// Settles how the running import shows a sample that several of its batches hold. Returns the sample's flags and
    /// whether its row changed.
    pub fn settle(&mut self, conn: &Connection, kind: u32, repeated: &Repeated) -> Result<(u32, bool)> {
        let key = &repeated.key;
        let stored = row_at(conn, kind, key)?;
        let before = image_at(conn, kind, key, self.import_id - 1)?.unwrap_or(stored.image);
        let image = match logged_at(conn, kind, key, self.import_id)? {
            Some(logged) if repeated.unchanged => logged.newest(before, repeated.copies, conn)?,
            Some(logged) => Image { copies: repeated.copies, ..logged },
            None => Image { copies: repeated.copies, ..before },
        };
        self.show(conn, kind, &stored, image)?;
        Ok((stored.flags, row_at(conn, kind, key)?.image != stored.image))
    }

    fn show(&mut self, conn: &Connection, kind: u32, stored: &Row, image: Image) -> Result<bool> {
        let key = &stored.key;
        let logged = stored.flags & FLAG_LOGGED != 0;
        let last = if logged { image_at(conn, kind, key, self.import_id)? } else { Some(stored.image) };
        let differs = last != Some(image);
        if differs {
            if !logged {
                let first = self.first_holder(conn, kind, stored)?;
                log_image(conn, kind, key, first, &stored.image)?;
            }
            log_image(conn, kind, key, self.import_id, &image)?;
        }
        let shown = if self.is_newest(conn, kind, stored)? { image } else { stored.image };
        let flags = if differs { stored.flags | FLAG_LOGGED } else { stored.flags };
        if shown != stored.image || flags != stored.flags {
            write_image(conn, kind, key, &shown, flags)?;
        }
        Ok(differs || logged_at(conn, kind, key, self.import_id)?.is_some())
    }

    /// The first import that holds a row: that which brought it may have been undone, and an image that is kept for it
    /// would never go.
    fn first_holder(&mut self, conn: &Connection, kind: u32, stored: &Row) -> Result<i64> {
        self.load_presence(conn, kind)?;
        let held =
            |import: i64| self.presence.get(&kind).is_some_and(|p| p.holds(import, stored.import_id, &stored.key));
        let others = self.imports.iter().map(|import| import.id).filter(|id| *id != self.import_id);
        Ok(others.filter(|id| held(*id)).min().unwrap_or(stored.import_id))
    }

    /// Whether the running import is the newest export that holds the row.
    fn is_newest(&mut self, conn: &Connection, kind: u32, stored: &Row) -> Result<bool> {
        if self.imports.last().is_some_and(|newest| newest.id == self.import_id) {
            return Ok(true);
        }
        self.load_presence(conn, kind)?;
        let holder = self
            .presence
            .get(&kind)
            .and_then(|presence| presence.newest_holder(&self.imports, stored.import_id, &stored.key));
        Ok(holder.is_none_or(|holder| holder.id == self.import_id))
    }

    fn load_presence(&mut self, conn: &Connection, kind: u32) -> Result<()> {
        if let Entry::Vacant(place) = self.presence.entry(kind) {
            place.insert(Presence::load(conn, kind)?);
        }
        Ok(())
    }
}

const IMAGE: &str = "SELECT value, original, origin_id, details_id, created_delay_ms, copies FROM sample_log
    WHERE kind_id = ?1 AND start_ms = ?2 AND source_id = ?3 AND duration_ms = ?4 AND ordinal = ?5";

/// The image that an import saw: the last one logged up to it.
pub(crate) fn image_at(conn: &Connection, kind: u32, key: &Key, import: i64) -> Result<Option<Image>> {
    image(conn, &format!("{IMAGE} AND import_id <= ?6 ORDER BY import_id DESC LIMIT 1"), kind, key, import)
}

/// The image that was logged for this import itself.
fn logged_at(conn: &Connection, kind: u32, key: &Key, import: i64) -> Result<Option<Image>> {
    image(conn, &format!("{IMAGE} AND import_id = ?6"), kind, key, import)
}

fn image(conn: &Connection, sql: &str, kind: u32, key: &Key, import: i64) -> Result<Option<Image>> {
    let image = conn
        .prepare_cached(sql)?
        .query_row(params![kind, key.start_ms, key.source, key.duration_ms, key.ordinal, import], |row| {
            Ok(Image {
                value: row.get(0)?,
                original: row.get(1)?,
                origin: row.get(2)?,
                details: row.get(3)?,
                created_delay_ms: row.get(4)?,
                copies: row.get(5)?,
            })
        })
        .optional()?;
    Ok(image)
}

/// A stored sample.
pub(crate) fn row_at(conn: &Connection, kind: u32, key: &Key) -> Result<Row> {
    let sql = format!(
        "SELECT {OF_FILES} FROM samples
         WHERE kind_id = ?1 AND start_ms = ?2 AND source_id = ?3 AND duration_ms = ?4 AND ordinal = ?5"
    );
    let place = params![kind, key.start_ms, key.source, key.duration_ms, key.ordinal];
    Ok(conn.prepare_cached(&sql)?.query_row(place, Row::from_sql)?)
}

pub(crate) fn log_image(conn: &Connection, kind: u32, key: &Key, import: i64, image: &Image) -> Result<()> {
    const SQL: &str = "INSERT OR REPLACE INTO sample_log (kind_id, start_ms, source_id, duration_ms, ordinal, value,
             original, origin_id, details_id, created_delay_ms, copies, import_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    write(conn, SQL, kind, key, image, &import)
}

pub(crate) fn write_image(conn: &Connection, kind: u32, key: &Key, image: &Image, flags: u32) -> Result<()> {
    const SQL: &str = "UPDATE samples SET value = ?6, original = ?7, origin_id = ?8, details_id = ?9,
             created_delay_ms = ?10, copies = ?11, flags = ?12
         WHERE kind_id = ?1 AND start_ms = ?2 AND source_id = ?3 AND duration_ms = ?4 AND ordinal = ?5";
    write(conn, SQL, kind, key, image, &flags)
}

/// Runs a statement whose parameters are key, image and one more.
fn write(conn: &Connection, sql: &str, kind: u32, key: &Key, image: &Image, last: &dyn ToSql) -> Result<()> {
    let Key { start_ms, source, duration_ms, ordinal } = key;
    let Image { value, original, origin, details, created_delay_ms, copies } = image;
    conn.prepare_cached(sql)?.execute(params![
        kind,
        start_ms,
        source,
        duration_ms,
        ordinal,
        value,
        original,
        origin,
        details,
        created_delay_ms,
        copies,
        last
    ])?;
    Ok(())
}
