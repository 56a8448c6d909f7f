//! Servers that the owner forwards to, and what each of them has: the outbox.
//!
//! The outbox holds no rows. What a remote should have is what the store has; what it has stands in a ledger
//! ([`Mark`]), a day of a series at a time. What was written since is noted by series and day as it is written, as long
//! as there is any remote (`watch`); a new remote is led through everything once. Whoever sends compares a [`Span`]
//! with the ledger, sends the difference, and puts down what was answered together with how far it is
//! ([`Store::acknowledge`]), in one transaction: a crash before it repeats what was sent, and nothing is left out.
//!
//! Knows no protocol: what identifies a row for a server, and what of it was sent, are two numbers.

mod labels;
mod ledger;
mod spans;
pub(crate) mod watch;

use rusqlite::{Connection, OptionalExtension, Row, params};

pub use self::ledger::{LEFT_OUT, Mark, RefusedRow, STAYS, SpanDone, Told, Totals};
pub use self::spans::{NO_DAY, Position, SAMPLE, Series, Span, Walk};
use crate::error::{ErrorKind, Result};
use crate::open::Store;

/// A server that the owner forwards to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its number, never used again: what its secret is kept under.
    pub id: i64,
    /// What the owner calls it.
    pub name: String,
    /// Short word of its protocol.
    pub protocol: String,
    /// Where it is, without a slash at the end.
    pub url: String,
    /// What else its protocol asks for and is no secret, as JSON.
    pub account: String,
    /// What it gets, as JSON: a list of types and words; `null` for everything.
    pub types: String,
    /// What starts before this instant is not for it.
    pub since_ms: Option<i64>,
    /// How often it is sent to, in seconds; only by hand where none.
    pub every_s: Option<i64>,
    /// SHA-256 of a certificate that only this owner trusts, in hexadecimal digits.
    pub certificate: Option<String>,
    /// Who keeps its secret: `keyring`, `file`, or `none` where it has none.
    pub keeper: String,
    /// When it was added.
    pub made_ms: i64,
    /// Since when nothing is sent to it.
    pub paused_ms: Option<i64>,
    /// Code of what the owner has to do first.
    pub stopped: Option<String>,
    /// Attempts in a row that failed.
    pub tries: u32,
    /// When it is tried again after one that failed.
    pub next_ms: Option<i64>,
    /// What went wrong last, for people.
    pub said: Option<String>,
    /// When it last took something, or was found to have everything.
    pub reached_ms: Option<i64>,
    /// Rows that were sent to it, over all time.
    pub sent: u64,
    /// How far it is.
    pub position: Position,
}

/// A server to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewRemote<'a> {
    /// What to call it; a name is there once.
    pub name: &'a str,
    /// As in [`Remote`].
    pub protocol: &'a str,
    /// As in [`Remote`].
    pub url: &'a str,
    /// As in [`Remote`].
    pub account: &'a str,
    /// As in [`Remote`].
    pub types: &'a str,
    /// As in [`Remote`].
    pub since_ms: Option<i64>,
    /// As in [`Remote`].
    pub every_s: Option<i64>,
    /// As in [`Remote`].
    pub certificate: Option<&'a str>,
    /// As in [`Remote`].
    pub keeper: &'a str,
    /// Nothing is sent to it until it is resumed.
    pub paused: bool,
}

/// A change of how a remote stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand<'a> {
    /// Nothing is sent to it from now on.
    Pause,
    /// It is sent to again, at once; what the owner had to do is done.
    Resume,
    /// What the owner had to do is done: it has another secret, which this one keeps. Paused it stays so.
    SignedIn(&'a str),
    /// The owner has to do something first: a code, and words.
    Stop(&'a str, &'a str),
    /// An attempt failed: when it is tried again, and words.
    Failed(i64, &'a str),
    /// It has everything.
    Reached,
}

const COLUMNS: &str = "id, name, protocol, url, account, types, since_ms, every_s, certificate, keeper, made_ms, \
                       paused_ms, stopped, tries, next_ms, said, reached_ms, sent, seq, walk_record, walk_kind, walk_day";

impl Store {
    /// Returns every remote, the oldest first.
    pub fn remotes(&self) -> Result<Vec<Remote>> {
        let mut statement = self.conn.prepare_cached(&format!("SELECT {COLUMNS} FROM remotes ORDER BY id"))?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the remote of a name.
    pub fn remote(&self, name: &str) -> Result<Option<Remote>> {
        let mut statement = self.conn.prepare_cached(&format!("SELECT {COLUMNS} FROM remotes WHERE name = ?1"))?;
        Ok(statement.query_row([name], read).optional()?)
    }

    /// Adds a remote, which is led through everything. Fails with `RemoteExists` where another one has the name.
    pub fn add_remote(&mut self, new: &NewRemote<'_>, now_ms: i64) -> Result<Remote> {
        self.change(|tx| {
            let taken = "SELECT EXISTS (SELECT 1 FROM remotes WHERE name = ?1)";
            if tx.query_row(taken, [new.name], |row| row.get(0))? {
                return Err(ErrorKind::RemoteExists.into());
            }
            let seq: i64 = tx.query_row("SELECT coalesce(max(seq), 0) FROM changes", [], |row| row.get(0))?;
            tx.execute(
                "INSERT INTO remotes (name, protocol, url, account, types, since_ms, every_s, certificate, keeper,
                     made_ms, seq, paused_ms, walk_record, walk_kind, walk_day)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, '', '', 0)",
                params![
                    new.name,
                    new.protocol,
                    new.url,
                    new.account,
                    new.types,
                    new.since_ms,
                    new.every_s,
                    new.certificate,
                    new.keeper,
                    now_ms,
                    seq,
                    new.paused.then_some(now_ms)
                ],
            )?;
            let id = tx.last_insert_rowid();
            one(tx, id)
        })
    }

    /// Removes a remote and all that is known of it. What it has stays there.
    pub fn remove_remote(&mut self, id: i64) -> Result<()> {
        self.change(|tx| {
            for table in ["acknowledged", "refused", "remote_sources"] {
                tx.execute(&format!("DELETE FROM {table} WHERE remote_id = ?1"), [id])?;
            }
            changed(tx.execute("DELETE FROM remotes WHERE id = ?1", [id])?)?;
            ledger::forget_changes(tx)
        })
    }

    /// Changes how a remote stands.
    pub fn stand_remote(&mut self, id: i64, stand: Stand<'_>, now_ms: i64) -> Result<Remote> {
        self.change(|tx| {
            let done = match stand {
                Stand::Pause => tx.execute(
                    "UPDATE remotes SET paused_ms = coalesce(paused_ms, ?2) WHERE id = ?1",
                    params![id, now_ms],
                ),
                Stand::Resume => tx.execute(
                    "UPDATE remotes SET paused_ms = NULL, stopped = NULL, tries = 0, next_ms = NULL, said = NULL
                     WHERE id = ?1",
                    [id],
                ),
                Stand::SignedIn(keeper) => tx.execute(
                    "UPDATE remotes SET keeper = ?2, stopped = NULL, tries = 0, next_ms = NULL, said = NULL WHERE id = ?1",
                    params![id, keeper],
                ),
                Stand::Stop(code, said) => tx.execute(
                    "UPDATE remotes SET stopped = ?2, said = ?3, next_ms = NULL WHERE id = ?1",
                    params![id, code, said],
                ),
                Stand::Failed(next_ms, said) => tx.execute(
                    "UPDATE remotes SET tries = tries + 1, next_ms = ?2, said = ?3 WHERE id = ?1",
                    params![id, next_ms, said],
                ),
                Stand::Reached => tx.execute(
                    "UPDATE remotes SET stopped = NULL, tries = 0, next_ms = NULL, said = NULL, reached_ms = ?2
                     WHERE id = ?1",
                    params![id, now_ms],
                ),
            };
            changed(done?)?;
            one(tx, id)
        })
    }

    /// Lets a remote have other rows from now on: types as JSON, a first instant, how often, all as in [`Remote`]. It
    /// is led through everything once more; what it has and is no more for it stays there, and in the ledger.
    pub fn choose_for_remote(
        &mut self,
        id: i64,
        types: &str,
        since_ms: Option<i64>,
        every_s: Option<i64>,
    ) -> Result<Remote> {
        self.change(|tx| {
            changed(tx.execute(
                "UPDATE remotes SET types = ?2, since_ms = ?3, every_s = ?4, walk_record = '', walk_kind = '', walk_day = 0
                 WHERE id = ?1",
                params![id, types, since_ms, every_s],
            )?)?;
            one(tx, id)
        })
    }

    /// Keeps another account, of one that the protocol changed: a user that was made, say.
    pub fn set_remote_account(&mut self, id: i64, account: &str) -> Result<()> {
        self.change(|tx| changed(tx.execute("UPDATE remotes SET account = ?2 WHERE id = ?1", params![id, account])?))
    }

    /// Leads every remote through everything once more: after the store was put back to an earlier moment. What they
    /// have as they should is not sent again.
    pub fn compare_remotes_anew(&mut self) -> Result<()> {
        self.change(|tx| {
            tx.execute("UPDATE remotes SET walk_record = '', walk_kind = '', walk_day = 0", [])?;
            Ok(())
        })
    }
}

fn one(conn: &Connection, id: i64) -> Result<Remote> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM remotes WHERE id = ?1"))?;
    statement.query_row([id], read).optional()?.ok_or_else(|| ErrorKind::UnknownRemote.into())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Remote> {
    Ok(Remote {
        id: row.get(0)?,
        name: row.get(1)?,
        protocol: row.get(2)?,
        url: row.get(3)?,
        account: row.get(4)?,
        types: row.get(5)?,
        since_ms: row.get(6)?,
        every_s: row.get(7)?,
        certificate: row.get(8)?,
        keeper: row.get(9)?,
        made_ms: row.get(10)?,
        paused_ms: row.get(11)?,
        stopped: row.get(12)?,
        tries: row.get(13)?,
        next_ms: row.get(14)?,
        said: row.get(15)?,
        reached_ms: row.get(16)?,
        sent: row.get(17)?,
        position: Position { seq: row.get(18)?, walk: Walk::from_columns(row.get(19)?, row.get(20)?, row.get(21)?) },
    })
}

fn changed(rows: usize) -> Result<()> {
    if rows == 0 { Err(ErrorKind::UnknownRemote.into()) } else { Ok(()) }
}
