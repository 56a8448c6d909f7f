//! Phones that may send, and what is kept about them: tokens, invitations, deliveries.
//!
//! Secrets come in as hashes and are compared by the caller, in constant time. What may happen once only is decided in
//! one transaction that holds the write lock from its start, so that of two phones exactly one wins.

pub(crate) mod deliveries;
mod idempotency;
mod pairings;
mod tokens;

#[cfg(test)]
mod tests;

use health::phone::Feed;
use rusqlite::{Connection, OptionalExtension, Row, params};

pub use self::deliveries::{Delivery, NewDelivery, Outcome, ProblemOf, SHUT_OUT, State, TAKEN_BACK};
pub(crate) use self::deliveries::{finish, take};
pub use self::pairings::{Claim, Guess, MAX_WRONG, NewPairing, Pairing, Refusal, Typed};
pub use self::tokens::{Hash, NewToken, Scope, Token};
use crate::error::{ErrorKind, Result};
use crate::open::Store;

/// A phone's app that may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its number, never used again.
    pub id: i64,
    /// The protocol that it speaks.
    pub feed: Feed,
    /// What the owner calls it.
    pub label: String,
    /// What Open Wearables puts into its addresses.
    pub user_id: String,
    /// When it was added or paired.
    pub made_ms: i64,
    /// When the owner let it in.
    pub accepted_ms: Option<i64>,
    /// Since when what it sends waits.
    pub paused_ms: Option<i64>,
    /// When it was shut out.
    pub revoked_ms: Option<i64>,
    /// When it signed out by itself.
    pub left_ms: Option<i64>,
    /// Its last request with a valid token.
    pub seen_ms: Option<i64>,
    /// Where that came from.
    pub address: Option<String>,
    /// What the app said about itself.
    pub app_version: Option<String>,
    /// The import that stands for all it sent.
    pub import_id: Option<i64>,
}

impl Peer {
    /// Whether what it sends is taken into the store as it comes.
    pub fn is_ready(&self) -> bool {
        self.accepted_ms.is_some() && self.paused_ms.is_none() && self.revoked_ms.is_none()
    }
}

/// A phone's app to be let in.
#[derive(Debug, Clone, Copy)]
pub struct NewPeer<'a> {
    /// The protocol that it speaks.
    pub feed: Feed,
    /// What to call it; a number is added where another one has that name.
    pub label: &'a str,
    /// What Open Wearables will put into its addresses.
    pub user_id: &'a str,
    /// Whether the owner has let it in already.
    pub accepted: bool,
}

/// A change of a phone's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The owner lets it in.
    Accept,
    /// What it sends waits.
    Pause,
    /// What it sends is taken again.
    Resume,
    /// It is shut out for good, and its tokens end.
    Revoke,
    /// It signed out; what it sent stays, and its tokens hold.
    Leave,
}

/// What a request with a valid token said about its sender.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// When.
    pub at_ms: i64,
    /// Where it came from.
    pub address: &'a str,
    /// The app's version, where it told one.
    pub app_version: Option<&'a str>,
}

const COLUMNS: &str = "id, app, label, user_id, made_ms, accepted_ms, paused_ms, revoked_ms, left_ms, seen_ms, address, \
                       app_version, import_id";

impl Store {
    /// Returns every phone's app, the oldest first, those shut out too.
    pub fn peers(&self) -> Result<Vec<Peer>> {
        let mut statement = self.conn.prepare_cached(&format!("SELECT {COLUMNS} FROM peers ORDER BY id"))?;
        let rows = statement.query_map([], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// What differs as soon as anything about phones does: their names and standings, their last requests, invitations,
    /// deliveries. Good for nothing but to be compared.
    pub fn peers_stamp(&self) -> Result<String> {
        let sql = "SELECT concat_ws('|', (SELECT max(id) FROM deliveries),
                (SELECT count(*) FROM deliveries WHERE state = 'pending'),
                (SELECT max(id) FROM deliveries WHERE state = 'done'),
                (SELECT group_concat(concat_ws(',', id, label, coalesce(accepted_ms, ''), coalesce(paused_ms, ''),
                    coalesce(revoked_ms, ''), coalesce(left_ms, ''), seen_ms)) FROM peers),
                (SELECT group_concat(concat_ws(',', id, wrong, coalesce(claimed_ms, ''), coalesce(accepted_ms, ''),
                    ended_ms)) FROM pairings))";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Returns one of them.
    pub fn peer(&self, id: i64) -> Result<Option<Peer>> {
        one(&self.conn, id)
    }

    /// Adds one, with its tokens.
    pub fn add_peer(&mut self, new: NewPeer<'_>, tokens: &[NewToken], now_ms: i64) -> Result<Peer> {
        self.change(|tx| add(tx, new, tokens, now_ms))
    }

    /// Calls it something else; where another one has that name a number is added.
    pub fn rename_peer(&mut self, id: i64, label: &str) -> Result<()> {
        self.change(|tx| {
            let label = free_label(tx, label, id)?;
            changed(tx.execute("UPDATE peers SET label = ?2 WHERE id = ?1", params![id, label])?)
        })
    }

    /// Changes its standing. With one that is shut out what it has sent and nobody has taken in ends.
    pub fn set_peer_standing(&mut self, id: i64, standing: Standing, now_ms: i64) -> Result<()> {
        let set = match standing {
            Standing::Accept => "accepted_ms = coalesce(accepted_ms, ?2)",
            Standing::Pause => "paused_ms = coalesce(paused_ms, ?2)",
            Standing::Resume => "paused_ms = iif(?2 IS NULL, paused_ms, NULL)",
            Standing::Revoke => "revoked_ms = coalesce(revoked_ms, ?2)",
            Standing::Leave => "left_ms = ?2",
        };
        self.change(|tx| {
            if standing == Standing::Revoke {
                tx.execute("DELETE FROM peer_tokens WHERE peer_id = ?1", [id])?;
                deliveries::end_waiting(tx, id, SHUT_OUT)?;
            }
            changed(tx.execute(&format!("UPDATE peers SET {set} WHERE id = ?1"), params![id, now_ms])?)
        })
    }

    /// Says which import stands for all that it sent.
    pub fn set_peer_import(&mut self, id: i64, import_id: i64) -> Result<()> {
        self.change(|tx| changed(tx.execute("UPDATE peers SET import_id = ?2 WHERE id = ?1", [id, import_id])?))
    }

    /// Keeps what a request said about its sender, and that its token was used.
    pub fn note_peer(&mut self, id: i64, token: &Hash, seen: Seen<'_>) -> Result<()> {
        self.change(|tx| {
            tokens::use_one(tx, token, seen.at_ms)?;
            note(tx, id, seen)
        })
    }
}

/// Ends the deliveries that wait of the phone whose import is taken back.
pub(crate) fn take_back_waiting_of(conn: &Connection, import: i64) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT id FROM peers WHERE import_id = ?1")?;
    let peers = statement.query_map([import], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    peers.into_iter().try_for_each(|peer| deliveries::end_waiting(conn, peer, TAKEN_BACK).map(drop))
}

/// Keeps what a request said about its sender.
fn note(conn: &Connection, id: i64, seen: Seen<'_>) -> Result<()> {
    let sql = "UPDATE peers SET seen_ms = ?2, address = ?3, app_version = coalesce(?4, app_version), left_ms = NULL \
               WHERE id = ?1";
    let done = conn.prepare_cached(sql)?.execute(params![id, seen.at_ms, seen.address, seen.app_version])?;
    changed(done)
}

fn add(conn: &Connection, new: NewPeer<'_>, tokens: &[NewToken], now_ms: i64) -> Result<Peer> {
    let label = free_label(conn, new.label, 0)?;
    conn.execute(
        "INSERT INTO peers (app, label, user_id, made_ms, accepted_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![new.feed.as_str(), label, new.user_id, now_ms, new.accepted.then_some(now_ms)],
    )?;
    let id = conn.last_insert_rowid();
    tokens.iter().try_for_each(|token| tokens::insert(conn, id, token, now_ms))?;
    one(conn, id)?.ok_or_else(|| ErrorKind::UnknownPeer.into())
}

/// The name, or with a number where another phone that is not shut out has it.
fn free_label(conn: &Connection, label: &str, own: i64) -> Result<String> {
    let taken = "SELECT EXISTS (SELECT 1 FROM peers WHERE label = ?1 AND id <> ?2 AND revoked_ms IS NULL)";
    let mut statement = conn.prepare_cached(taken)?;
    let mut name = label.to_owned();
    for n in 2.. {
        if !statement.query_row(params![name, own], |row| row.get::<_, bool>(0))? {
            break;
        }
        name = format!("{label} {n}");
    }
    Ok(name)
}

fn one(conn: &Connection, id: i64) -> Result<Option<Peer>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM peers WHERE id = ?1"))?;
    statement.query_row([id], |row| Ok(read(row))).optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<Peer> {
    Ok(Peer {
        id: row.get(0)?,
        feed: feed(&row.get::<_, String>(1)?)?,
        label: row.get(2)?,
        user_id: row.get(3)?,
        made_ms: row.get(4)?,
        accepted_ms: row.get(5)?,
        paused_ms: row.get(6)?,
        revoked_ms: row.get(7)?,
        left_ms: row.get(8)?,
        seen_ms: row.get(9)?,
        address: row.get(10)?,
        app_version: row.get(11)?,
        import_id: row.get(12)?,
    })
}

fn feed(word: &str) -> Result<Feed> {
    Feed::find(word).ok_or_else(|| ErrorKind::Damaged("a phone speaks a protocol that nobody knows".to_owned()).into())
}

fn changed(rows: usize) -> Result<()> {
    if rows == 0 { Err(ErrorKind::UnknownPeer.into()) } else { Ok(()) }
}
