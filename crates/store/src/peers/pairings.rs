//! Invitations: made on the desktop, used once by a phone, accepted on the desktop.

use health::phone::Feed;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Hash, NewPeer, NewToken, Peer, add, feed};
use crate::error::Result;
use crate::open::Store;

/// Wrong codes after which an invitation is dead.
pub const MAX_WRONG: i64 = 5;
/// How long a page is good after its code was used, and again after the owner said yes.
const PAGE_MS: i64 = 10 * 60_000;

/// An invitation to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewPairing<'a> {
    /// For which app; none where the phone chooses.
    pub feed: Option<Feed>,
    /// What to call the phone; none where its browser says.
    pub label: Option<&'a str>,
    /// SHA-256 of the long code.
    pub code_hash: &'a Hash,
    /// Salt of the slow hash.
    pub salt: &'a [u8],
    /// The slow hash of the short code.
    pub typed_hash: &'a [u8],
    /// When both codes end.
    pub expires_ms: i64,
    /// Whether the owner has said yes already to whoever redeems it.
    pub accepted: bool,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    /// Its number, never used again.
    pub id: i64,
    /// For which app; none where the phone chooses.
    pub feed: Option<Feed>,
    /// What to call the phone.
    pub label: Option<String>,
    /// Its end: of the code, later of the page.
    pub expires_ms: i64,
    /// Wrong codes that were typed.
    pub wrong: i64,
    /// When its code was used.
    pub claimed_ms: Option<i64>,
    /// Where that came from.
    pub address: Option<String>,
    /// What the phone said it is.
    pub browser: Option<String>,
    /// Four digits that both sides show.
    pub number: Option<String>,
    /// When the owner said yes.
    pub accepted_ms: Option<i64>,
    /// When it was ended.
    pub ended_ms: Option<i64>,
}

impl Pairing {
    /// Whether a phone may still use its code.
    pub fn is_open(&self, now_ms: i64) -> bool {
        self.claimed_ms.is_none() && self.ended_ms.is_none() && self.wrong < MAX_WRONG && now_ms < self.expires_ms
    }
}

/// What is needed to compare a typed code with that of an open invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// Number of the invitation.
    pub pairing: i64,
    /// Its salt.
    pub salt: Vec<u8>,
    /// The slow hash.
    pub hash: Vec<u8>,
}

/// The code that a phone came with.
#[derive(Debug, Clone, Copy)]
pub enum Guess<'a> {
    /// The long one, by its hash.
    Long(&'a Hash),
    /// A short one that the caller found to be that of this invitation.
    Right(i64),
    /// A short one that is none of those that were open: each of them counts it.
    Wrong,
}

/// A phone that claims an invitation in its browser.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// SHA-256 of the name of the page that it will see.
    pub ticket_hash: &'a Hash,
    /// Four digits that both sides show.
    pub number: &'a str,
    /// Where it comes from.
    pub address: &'a str,
    /// What it says it is.
    pub browser: &'a str,
}

/// Why a code is of no use. The phone is told one and the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is that of no invitation.
    Unknown,
    /// The invitation was used, is over, or died of wrong codes.
    Dead,
}

const COLUMNS: &str = "id, app, label, expires_ms, wrong, claimed_ms, address, browser, number, accepted_ms, ended_ms";
const OPEN: &str = "claimed_ms IS NULL AND ended_ms IS NULL AND wrong < 5 AND expires_ms >";

impl Store {
    /// Keeps an invitation and returns its number. What is long over is forgotten.
    pub fn add_pairing(&mut self, new: NewPairing<'_>, now_ms: i64) -> Result<i64> {
        self.change(|tx| {
            tx.execute("DELETE FROM pairings WHERE expires_ms < ?1", [now_ms - 24 * 3_600_000])?;
            tx.execute(
                "INSERT INTO pairings (app, label, code_hash, salt, typed_hash, made_ms, expires_ms, \
                 accepted_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    new.feed.map(Feed::as_str),
                    new.label,
                    new.code_hash,
                    new.salt,
                    new.typed_hash,
                    now_ms,
                    new.expires_ms,
                    new.accepted.then_some(now_ms),
                ],
            )?;
            Ok(tx.last_insert_rowid())
        })
    }

    /// Returns one invitation.
    pub fn pairing(&self, id: i64) -> Result<Option<Pairing>> {
        some(&self.conn, "id = ?1", [id])
    }

    /// Returns the invitation whose page has this name, while it is good.
    pub fn pairing_at(&self, ticket_hash: &Hash, now_ms: i64) -> Result<Option<Pairing>> {
        some(&self.conn, "ticket_hash = ?1 AND ended_ms IS NULL AND expires_ms > ?2", params![ticket_hash, now_ms])
    }

    /// Returns those that are not over, the oldest first.
    pub fn live_pairings(&self, now_ms: i64) -> Result<Vec<Pairing>> {
        let which = format!("WHERE ended_ms IS NULL AND wrong < {MAX_WRONG} AND expires_ms > ?1 ORDER BY id");
        let mut statement = self.conn.prepare_cached(&format!("SELECT {COLUMNS} FROM pairings {which}"))?;
        let rows = statement.query_map([now_ms], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// Whether somebody may still use the long code of this hash.
    pub fn is_code_open(&self, code: &Hash, now_ms: i64) -> Result<bool> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM pairings WHERE code_hash = ?2 AND {OPEN} ?1)");
        Ok(self.conn.prepare_cached(&sql)?.query_row(params![now_ms, code], |row| row.get(0))?)
    }

    /// Returns what a typed code is to be compared with.
    pub fn typed_codes(&self, now_ms: i64) -> Result<Vec<Typed>> {
        let sql = format!("SELECT id, salt, typed_hash FROM pairings WHERE {OPEN} ?1 ORDER BY id");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement
            .query_map([now_ms], |row| Ok(Typed { pairing: row.get(0)?, salt: row.get(1)?, hash: row.get(2)? }))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Uses a code for a phone's browser. Of several that come at once exactly one gets the invitation.
    pub fn claim(
        &mut self,
        guess: Guess<'_>,
        by: Claim<'_>,
        now_ms: i64,
    ) -> Result<std::result::Result<Pairing, Refusal>> {
        self.change(|tx| {
            let id = match use_code(tx, guess, None, now_ms)? {
                Ok(id) => id,
                Err(refusal) => return Ok(Err(refusal)),
            };
            tx.execute(
                "UPDATE pairings SET ticket_hash = ?2, number = ?3, address = ?4, browser = ?5, expires_ms = ?6, \
                 accepted_ms = NULL WHERE id = ?1",
                params![id, by.ticket_hash, by.number, by.address, by.browser, now_ms + PAGE_MS],
            )?;
            Ok(some(tx, "id = ?1", [id])?.ok_or(Refusal::Unknown))
        })
    }

    /// Uses a code for an app that redeems it by itself: the phone is added in the same transaction. What it sends
    /// waits until the owner lets it in. `label` is for an invitation without a name; one for another app is of no use
    /// here, and stays for that one.
    pub fn redeem(
        &mut self,
        guess: Guess<'_>,
        new: NewPeer<'_>,
        tokens: &[NewToken],
        now_ms: i64,
    ) -> Result<std::result::Result<Peer, Refusal>> {
        self.change(|tx| {
            let id = match use_code(tx, guess, Some(new.feed), now_ms)? {
                Ok(id) => id,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let Some(pairing) = some(tx, "id = ?1", [id])? else { return Ok(Err(Refusal::Unknown)) };
            let label = pairing.label.as_deref().unwrap_or(new.label);
            let accepted = new.accepted || pairing.accepted_ms.is_some();
            Ok(Ok(add(tx, NewPeer { label, accepted, ..new }, tokens, now_ms)?))
        })
    }

    /// The owner says yes to the phone that claimed an invitation. Returns whether one had.
    pub fn accept_pairing(&mut self, id: i64, now_ms: i64) -> Result<bool> {
        self.change(|tx| {
            let sql = "UPDATE pairings SET accepted_ms = ?2, expires_ms = ?3 \
                       WHERE id = ?1 AND claimed_ms IS NOT NULL AND accepted_ms IS NULL AND ended_ms IS NULL \
                       AND ticket_hash IS NOT NULL AND expires_ms > ?2";
            Ok(tx.execute(sql, [id, now_ms, now_ms + PAGE_MS])? > 0)
        })
    }

    /// Ends an invitation, whatever its standing.
    pub fn end_pairing(&mut self, id: i64, now_ms: i64) -> Result<()> {
        self.change(|tx| {
            tx.execute("UPDATE pairings SET ended_ms = coalesce(ended_ms, ?2) WHERE id = ?1", [id, now_ms])?;
            Ok(())
        })
    }
}

/// Marks the invitation of a code as used, where it is for the app that came with it, if one came; a wrong short one is
/// counted.
fn use_code(
    conn: &Connection,
    guess: Guess<'_>,
    app: Option<Feed>,
    now_ms: i64,
) -> Result<std::result::Result<i64, Refusal>> {
    let id = match guess {
        Guess::Right(id) => Some(id),
        Guess::Long(hash) => {
            let sql = "SELECT id FROM pairings WHERE code_hash = ?1";
            conn.prepare_cached(sql)?.query_row([hash], |row| row.get(0)).optional()?
        }
        Guess::Wrong => {
            let sql = format!("UPDATE pairings SET wrong = wrong + 1 WHERE {OPEN} ?1");
            conn.prepare_cached(&sql)?.execute([now_ms])?;
            None
        }
    };
    let Some(id) = id else { return Ok(Err(Refusal::Unknown)) };
    let sql = format!("UPDATE pairings SET claimed_ms = ?2 WHERE id = ?1 AND {OPEN} ?2 AND coalesce(app = ?3, 1)");
    let used = conn.prepare_cached(&sql)?.execute(params![id, now_ms, app.map(Feed::as_str)])?;
    Ok(if used == 1 { Ok(id) } else { Err(Refusal::Dead) })
}

fn some(conn: &Connection, which: &str, parameters: impl rusqlite::Params) -> Result<Option<Pairing>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM pairings WHERE {which}"))?;
    statement.query_row(parameters, |row| Ok(read(row))).optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<Pairing> {
    let app: Option<String> = row.get(1)?;
    Ok(Pairing {
        id: row.get(0)?,
        feed: app.as_deref().map(feed).transpose()?,
        label: row.get(2)?,
        expires_ms: row.get(3)?,
        wrong: row.get(4)?,
        claimed_ms: row.get(5)?,
        address: row.get(6)?,
        browser: row.get(7)?,
        number: row.get(8)?,
        accepted_ms: row.get(9)?,
        ended_ms: row.get(10)?,
    })
}
