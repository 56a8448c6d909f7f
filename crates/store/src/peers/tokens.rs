//! Tokens, as hashes. Two of one scope are good at once only while a new one waits for its first use.

use rusqlite::{Connection, params};

use super::{Peer, one};
use crate::error::{ErrorKind, Result};
use crate::open::Store;

/// SHA-256 of a secret.
pub type Hash = [u8; 32];

/// How long an old token is good beside a new one that nobody has used.
const GRACE_MS: i64 = 24 * 3_600_000;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Sending, and reading back what was sent with it.
    Send,
    /// New tokens, nothing else.
    Refresh,
}

impl Scope {
    fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Refresh => "refresh",
        }
    }

    fn of(word: &str) -> Result<Self> {
        let scope = [Self::Send, Self::Refresh].into_iter().find(|scope| scope.as_str() == word);
        scope.ok_or_else(|| ErrorKind::Damaged("a token of no scope".to_owned()).into())
    }
}

/// A token to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewToken {
    /// SHA-256 of its secret.
    pub hash: Hash,
    /// What it is good for.
    pub scope: Scope,
    /// Until when somebody must have used it; none for no end.
    pub first_use_by_ms: Option<i64>,
}

/// A token that may be the one looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// SHA-256 of its secret.
    pub hash: Hash,
    /// What it is good for.
    pub scope: Scope,
    /// When it was used first.
    pub used_ms: Option<i64>,
    /// From then on it is worth nothing.
    pub expires_ms: Option<i64>,
    /// Whose it is.
    pub peer: Peer,
}

impl Store {
    /// Returns the tokens whose hash begins like this one, with their phones. The caller compares the rest.
    pub fn tokens_like(&self, hash: &Hash) -> Result<Vec<Token>> {
        let sql = "SELECT hash, peer_id, scope, used_ms, expires_ms FROM peer_tokens WHERE start = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([start(hash)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(peer) = one(&self.conn, row.get(1)?)? else { continue };
            let scope = Scope::of(&row.get::<_, String>(2)?)?;
            found.push(Token { hash: row.get(0)?, scope, used_ms: row.get(3)?, expires_ms: row.get(4)?, peer });
        }
        Ok(found)
    }

    /// Whether a phone's app has a token that it can send with, or could use for the first time.
    pub fn has_token(&self, peer: i64, now_ms: i64) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM peer_tokens WHERE peer_id = ?1 AND coalesce(expires_ms, ?2 + 1) > ?2)";
        Ok(self.conn.prepare_cached(sql)?.query_row([peer, now_ms], |row| row.get(0))?)
    }

    /// Adds tokens in place of those of the same scope: these are good for another day, or until a new one is used;
    /// what nobody ever used is gone.
    pub fn rotate_tokens(&mut self, peer: i64, new: &[NewToken], now_ms: i64) -> Result<()> {
        self.change(|tx| {
            new.iter().try_for_each(|token| {
                let scope = token.scope.as_str();
                tx.execute(
                    "DELETE FROM peer_tokens WHERE peer_id = ?1 AND scope = ?2 AND used_ms IS NULL",
                    params![peer, scope],
                )?;
                tx.execute(
                    "UPDATE peer_tokens SET expires_ms = min(coalesce(expires_ms, ?3), ?3) \
                     WHERE peer_id = ?1 AND scope = ?2",
                    params![peer, scope, now_ms + GRACE_MS],
                )?;
                insert(tx, peer, token, now_ms)
            })
        })
    }
}

fn start(hash: &Hash) -> i64 {
    i64::from(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]))
}

pub(super) fn insert(conn: &Connection, peer: i64, token: &NewToken, now_ms: i64) -> Result<()> {
    let sql =
        "INSERT INTO peer_tokens (hash, start, peer_id, scope, made_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let scope = token.scope.as_str();
    conn.execute(sql, params![token.hash, start(&token.hash), peer, scope, now_ms, token.first_use_by_ms])?;
    Ok(())
}

/// The first use of a token takes its end away and ends those before it.
pub(super) fn use_one(conn: &Connection, hash: &Hash, now_ms: i64) -> Result<()> {
    let sql = "UPDATE peer_tokens SET used_ms = ?2, expires_ms = NULL WHERE hash = ?1 AND used_ms IS NULL";
    if conn.prepare_cached(sql)?.execute(params![hash, now_ms])? == 0 {
        return Ok(());
    }
    let sql = "DELETE FROM peer_tokens WHERE hash <> ?1 AND (peer_id, scope) = \
               (SELECT peer_id, scope FROM peer_tokens WHERE hash = ?1)";
    conn.execute(sql, params![hash])?;
    Ok(())
}
