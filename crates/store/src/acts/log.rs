//! The table of acts.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Body, What};
use crate::error::{ErrorKind, Result};

/// An act as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Its number: the order in which they were done.
    pub id: i64,
    /// When it was done.
    pub at_ms: i64,
    /// What it does.
    pub what: What,
    /// Identifier of the type that it is about.
    pub kind: String,
    /// Start of the time that it is about; none means from the first on, or no time.
    pub from_ms: Option<i64>,
    /// Its end, which is outside; none means to the last. Of a split the instant.
    pub until_ms: Option<i64>,
    pub(crate) body: Body,
    /// When it was taken back; none while it stands.
    pub taken_back_ms: Option<i64>,
    /// When its rows were removed for good.
    pub wiped_ms: Option<i64>,
}

impl Act {
    /// One of no time that nobody has done yet.
    pub(crate) fn new(what: What, kind: &str) -> Self {
        Self {
            id: 0,
            at_ms: 0,
            what,
            kind: kind.to_owned(),
            from_ms: None,
            until_ms: None,
            body: Body::default(),
            taken_back_ms: None,
            wiped_ms: None,
        }
    }

    /// Whether rows count no more by it.
    pub(super) fn hides(&self) -> bool {
        matches!(self.what, What::Hide | What::Delete)
    }

    /// The time it is about, its end outside; all of it where it names none.
    pub(crate) fn span(&self) -> (i64, i64) {
        (self.from_ms.unwrap_or(i64::MIN), self.until_ms.unwrap_or(i64::MAX))
    }

    /// Names of the source whose rows it is about; none means everybody's.
    pub fn source(&self) -> Vec<String> {
        self.body.source.as_ref().map(|source| source.names.iter().cloned().collect()).unwrap_or_default()
    }

    /// Rows that counted no more when it was done.
    pub fn rows(&self) -> u64 {
        self.body.rows
    }
}

const COLUMNS: &str = "id, at_ms, what, kind, from_ms, until_ms, body, taken_back_ms, wiped_ms";

/// Every act, the oldest first.
pub(super) fn all(conn: &Connection) -> Result<Vec<Act>> {
    some(conn, "ORDER BY id", [])
}

/// Those that stand, the oldest first.
pub(super) fn standing(conn: &Connection) -> Result<Vec<Act>> {
    some(conn, "WHERE taken_back_ms IS NULL ORDER BY id", [])
}

pub(super) fn one(conn: &Connection, id: i64) -> Result<Option<Act>> {
    Ok(some(conn, "WHERE id = ?1", [id])?.pop())
}

/// Those of a type of which one word says what they do, the oldest first.
pub(super) fn of_kind(conn: &Connection, what: What, kind: &str) -> Result<Vec<Act>> {
    some(conn, "WHERE what = ?1 AND kind = ?2 ORDER BY id", [what.as_str(), kind])
}

fn some(conn: &Connection, which: &str, parameters: impl rusqlite::Params) -> Result<Vec<Act>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM acts {which}"))?;
    let mut rows = statement.query(parameters)?;
    let mut acts = Vec::new();
    while let Some(row) = rows.next()? {
        acts.push(read(row)?);
    }
    Ok(acts)
}

fn read(row: &Row<'_>) -> Result<Act> {
    let unreadable = || ErrorKind::Damaged("an act of the owner cannot be read".to_owned());
    let (what, body): (String, String) = (row.get(2)?, row.get(6)?);
    Ok(Act {
        id: row.get(0)?,
        at_ms: row.get(1)?,
        what: What::of(&what).ok_or_else(unreadable)?,
        kind: row.get(3)?,
        from_ms: row.get(4)?,
        until_ms: row.get(5)?,
        body: serde_json::from_str(&body).map_err(|_| unreadable())?,
        taken_back_ms: row.get(7)?,
        wiped_ms: row.get(8)?,
    })
}

/// Writes an act down; returns it with its number.
pub(crate) fn write(conn: &Connection, act: Act) -> Result<Act> {
    let body = serde_json::to_string(&act.body).map_err(|error| ErrorKind::Damaged(error.to_string()))?;
    let id = conn
        .prepare_cached(
            "INSERT INTO acts (at_ms, what, kind, from_ms, until_ms, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             RETURNING id",
        )?
        .query_row(params![act.at_ms, act.what.as_str(), act.kind, act.from_ms, act.until_ms, body], |row| row.get(0))
        .optional()?;
    Ok(Act { id: id.unwrap_or_default(), ..act })
}

pub(super) fn take_back(conn: &Connection, id: i64, now_ms: i64) -> Result<()> {
    conn.prepare_cached("UPDATE acts SET taken_back_ms = ?2 WHERE id = ?1")?.execute([id, now_ms])?;
    Ok(())
}

pub(super) fn wiped(conn: &Connection, id: i64, now_ms: i64) -> Result<()> {
    conn.prepare_cached("UPDATE acts SET wiped_ms = coalesce(wiped_ms, ?2) WHERE id = ?1")?.execute([id, now_ms])?;
    Ok(())
}
