//! What phones delivered: a row per request with a valid token, from the moment its body is durable.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{Hash, Seen, idempotency, note, tokens};
use crate::cancel::{Cancel, Done};
use crate::error::{ErrorKind, Result};
use crate::open::Store;
use crate::report::Counts;

/// The reason of a delivery that waited when its phone was shut out.
pub const SHUT_OUT: &str = "shut_out";
/// The reason of a delivery that waited when all that its phone had brought was taken back.
pub const TAKEN_BACK: &str = "taken_back";

/// Rows of an answer at most.
const MAX_LISTED: usize = 1_000;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its body lies in the spool.
    Pending,
    /// It is in the store.
    Done,
    /// Its body could not be read, or was refused.
    Unreadable,
}

impl State {
    /// Its word in answers and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Unreadable => "unreadable",
        }
    }

    fn of(word: &str) -> Result<Self> {
        let state = [Self::Pending, Self::Done, Self::Unreadable].into_iter().find(|state| state.as_str() == word);
        state.ok_or_else(|| ErrorKind::Damaged("a delivery of no state".to_owned()).into())
    }
}

/// Something that was wrong with a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemOf {
    /// Its code.
    pub reason: String,
    /// The type that it is about, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
    /// How often.
    pub count: u64,
}

/// A delivery whose body is durable.
#[derive(Debug, Clone, Copy)]
pub struct NewDelivery<'a> {
    /// Who sent it.
    pub peer: i64,
    /// The token that it came with; none where that was noted before.
    pub token: Option<&'a Hash>,
    /// When, and from where.
    pub seen: Seen<'a>,
    /// Length of its body.
    pub bytes: u64,
    /// The first digits of its hash.
    pub sha256: &'a str,
    /// Its name in the spool.
    pub spool: &'a str,
}

/// What became of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Records as the sender counts them.
    pub items: u64,
    /// Records that were not there.
    pub new: u64,
    /// Records that were there.
    pub known: u64,
    /// Records that took the place of older ones.
    pub replaced: u64,
    /// Items that could not be read.
    pub rejected: u64,
    /// Start of the earliest record.
    pub first_ms: Option<i64>,
    /// End of the latest one.
    pub last_ms: Option<i64>,
    /// How long it took.
    pub took_ms: i64,
    /// What was wrong.
    pub problems: Vec<ProblemOf>,
}

/// A delivery as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number, never used again.
    pub id: i64,
    /// Who sent it.
    pub peer: i64,
    /// When it was whole.
    pub received_ms: i64,
    /// Length of its body.
    pub bytes: u64,
    /// The first digits of its hash.
    pub sha256: String,
    /// Its name in the spool.
    pub spool: String,
    /// Where it stands.
    pub state: State,
    /// What became of it; zeros while it is pending.
    pub outcome: Outcome,
}

impl Delivery {
    /// Whether the owner ended it while it waited: nobody wants its body any more.
    pub fn was_ended(&self) -> bool {
        let ended = |problem: &ProblemOf| [SHUT_OUT, TAKEN_BACK].contains(&problem.reason.as_str());
        self.state == State::Unreadable && self.outcome.problems.iter().any(ended)
    }
}

const COLUMNS: &str = "id, peer_id, received_ms, bytes, sha256, spool, state, items, new, known, replaced, rejected, \
                       first_ms, last_ms, coalesce(took_ms, 0), problems";

/// Whether a delivery `d` came after the last undo of its device `i`.
const STANDS: &str = "d.id > coalesce(json_extract(i.report, '$.undone_until'), 0)";

/// Notes with a device that all it brought so far is taken back.
pub(crate) fn take_back(conn: &Connection, import: i64) -> Result<()> {
    conn.execute(
        "UPDATE imports SET report = json_set(report, '$.undone_until', coalesce((SELECT max(d.id) FROM deliveries d
             JOIN peers p ON p.id = d.peer_id WHERE p.import_id = ?1 AND d.state = 'done'), 0)) WHERE id = ?1",
        [import],
    )?;
    Ok(())
}

impl Store {
    /// Keeps that a delivery is there, and that its token was used. Returns its number, the same for the same file.
    pub fn take_delivery(&mut self, new: NewDelivery<'_>) -> Result<i64> {
        self.note_on(|tx| take(tx, &new))
    }

    /// Keeps that a request with a good token was refused, and no body with it. The same again in a row is counted
    /// where it stands; so is what comes after `MAX_REFUSED` such rows since `since_ms`, in the last one with that
    /// reason. Returns the number of the row.
    pub fn refuse_delivery(&mut self, new: NewDelivery<'_>, reason: &str, since_ms: i64) -> Result<i64> {
        self.note_on(|tx| refuse(tx, &new, reason, since_ms))
    }

    /// How many deliveries of a phone have rows since an instant.
    pub fn deliveries_since(&self, peer: i64, since_ms: i64) -> Result<u64> {
        let sql = "SELECT count(*) FROM deliveries WHERE peer_id = ?1 AND received_ms >= ?2";
        Ok(self.conn.prepare_cached(sql)?.query_row([peer, since_ms], |row| row.get(0))?)
    }

    /// Keeps what became of a pending delivery; of another one nothing changes. `request` is its name and content,
    /// where it has one that may come once only.
    pub fn finish_delivery(
        &mut self,
        id: i64,
        state: State,
        outcome: &Outcome,
        request: Option<(&str, &str)>,
    ) -> Result<()> {
        self.note_on(|tx| finish(tx, id, state, outcome, request))
    }

    /// A short change among many. The log goes on: moved into the file after each of them it would cost more than what
    /// it is about.
    fn note_on<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        Ok(self.write_on(&Cancel::default(), |tx| work(tx).map(Done::Commit))?.answer())
    }

    /// Returns the latest deliveries, the newest first, of one phone or of all.
    pub fn deliveries(&self, peer: Option<i64>, most: usize) -> Result<Vec<Delivery>> {
        let most = most.min(MAX_LISTED) as i64;
        match peer {
            Some(peer) => some(&self.conn, "WHERE peer_id = ?1 ORDER BY id DESC LIMIT ?2", [peer, most]),
            None => some(&self.conn, "ORDER BY id DESC LIMIT ?1", [most]),
        }
    }

    /// Returns one of them.
    pub fn delivery(&self, id: i64) -> Result<Option<Delivery>> {
        Ok(some(&self.conn, "WHERE id = ?1", [id])?.pop())
    }

    /// Returns the delivery of a file in the spool.
    pub fn delivery_of(&self, spool: &str) -> Result<Option<Delivery>> {
        Ok(some(&self.conn, "WHERE spool = ?1", [spool])?.pop())
    }

    /// Returns those that are neither done nor unreadable and whose phones the owner lets in, the oldest first.
    pub fn due_deliveries(&self) -> Result<Vec<Delivery>> {
        let ready = "SELECT id FROM peers WHERE accepted_ms IS NOT NULL AND paused_ms IS NULL AND revoked_ms IS NULL";
        let which = format!("WHERE state = 'pending' AND peer_id IN ({ready}) ORDER BY id LIMIT {MAX_LISTED}");
        some(&self.conn, &which, [])
    }

    /// How many deliveries are not yet in the store.
    pub fn pending_deliveries(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM deliveries WHERE state = 'pending'";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Returns the number of the latest delivery that is in the store.
    pub fn latest_done(&self) -> Result<Option<i64>> {
        let sql = "SELECT id FROM deliveries WHERE state = 'done' ORDER BY id DESC LIMIT 1";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?)
    }

    /// How many deliveries of each phone lie in the spool, by its number; of those without any nothing.
    pub fn pending_by_peer(&self) -> Result<Vec<(i64, u64)>> {
        let sql = "SELECT peer_id, count(*) FROM deliveries WHERE state = 'pending' GROUP BY peer_id ORDER BY peer_id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Ends the deliveries of a phone that wait, because all that it has brought is taken back. Returns how many.
    pub fn take_back_waiting(&mut self, peer: i64) -> Result<usize> {
        self.change(|tx| end_waiting(tx, peer, TAKEN_BACK))
    }

    /// How many records a phone has brought since an instant that were not there before, but for what was taken back.
    pub fn new_since(&self, peer: i64, since_ms: i64) -> Result<u64> {
        let sql = format!(
            "SELECT coalesce(sum(d.new), 0) FROM deliveries d JOIN peers p ON p.id = d.peer_id
                 LEFT JOIN imports i ON i.id = p.import_id
             WHERE d.peer_id = ?1 AND d.received_ms >= ?2 AND {STANDS}"
        );
        Ok(self.conn.prepare_cached(&sql)?.query_row([peer, since_ms], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// What a device has brought, by the row among the imports that stands for it; of what was taken back nothing. What
    /// could not be read is counted once, however often it came.
    pub fn brought(&self, import: i64) -> Result<Counts> {
        let sql = format!(
            "SELECT coalesce(sum(d.new), 0), coalesce(sum(d.known), 0), coalesce(sum(d.replaced), 0),
                 (SELECT count(*) FROM rejects WHERE import_id = ?1)
             FROM imports i JOIN peers p ON p.import_id = i.id JOIN deliveries d ON d.peer_id = p.id
             WHERE i.id = ?1 AND {STANDS}"
        );
        let row = |row: &Row<'_>| {
            let (new, known, replaced) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Counts { new, known, replaced, rejected: row.get(3)?, ..Counts::default() })
        };
        Ok(self.conn.prepare_cached(&sql)?.query_row([import], row)?)
    }
}

/// The same as [`Store::take_delivery`] inside a transaction.
pub(crate) fn take(conn: &Connection, new: &NewDelivery<'_>) -> Result<i64> {
    if let Some(token) = new.token {
        tokens::use_one(conn, token, new.seen.at_ms)?;
        note(conn, new.peer, new.seen)?;
    }
    conn.prepare_cached(
        "INSERT INTO deliveries (peer_id, received_ms, bytes, sha256, spool, state) \
         VALUES (?1, ?2, ?3, ?4, ?5, 'pending') ON CONFLICT (spool) DO NOTHING",
    )?
    .execute(params![new.peer, new.seen.at_ms, new.bytes, new.sha256, new.spool])?;
    let mut statement = conn.prepare_cached("SELECT id FROM deliveries WHERE spool = ?1")?;
    Ok(statement.query_row([new.spool], |row| row.get(0))?)
}

/// The same as [`Store::finish_delivery`] inside a transaction.
pub(crate) fn finish(
    conn: &Connection,
    id: i64,
    state: State,
    outcome: &Outcome,
    request: Option<(&str, &str)>,
) -> Result<()> {
    let problems = serde_json::to_string(&outcome.problems).unwrap_or_default();
    let o = outcome;
    let changed = conn
        .prepare_cached(
            "UPDATE deliveries SET state = ?2, items = ?3, new = ?4, known = ?5, replaced = ?6, rejected = ?7, \
             first_ms = ?8, last_ms = ?9, took_ms = ?10, problems = ?11 WHERE id = ?1 AND state = 'pending'",
        )?
        .execute(params![
            id,
            state.as_str(),
            o.items,
            o.new,
            o.known,
            o.replaced,
            o.rejected,
            o.first_ms,
            o.last_ms,
            o.took_ms,
            problems,
        ])?;
    match request {
        Some(request) if changed > 0 => {
            let mut statement = conn.prepare_cached("SELECT peer_id, received_ms FROM deliveries WHERE id = ?1")?;
            let (peer, at_ms) = statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            idempotency::keep(conn, peer, request, at_ms)
        }
        _ => Ok(()),
    }
}

/// Refused requests of one phone in a day that have rows of their own.
const MAX_REFUSED: u64 = 100;

/// The end of the name of what lies in no spool.
const REFUSED: &str = "-refused";

fn refuse(conn: &Connection, new: &NewDelivery<'_>, reason: &str, since_ms: i64) -> Result<i64> {
    let is_same = |row: &Delivery| {
        let only = row.outcome.problems.first().filter(|_| row.outcome.problems.len() == 1);
        row.spool.ends_with(REFUSED) && only.is_some_and(|problem| problem.reason == reason)
    };
    let last = some(conn, "WHERE peer_id = ?1 ORDER BY id DESC LIMIT 1", [new.peer])?.pop();
    let again = match last.filter(|row| row.received_ms >= since_ms && is_same(row)) {
        Some(row) => Some(row),
        None => {
            let which = format!("WHERE peer_id = ?1 AND received_ms >= ?2 AND spool LIKE '%{REFUSED}' ORDER BY id");
            let of_today = some(conn, &which, [new.peer, since_ms])?;
            let is_full = of_today.len() as u64 >= MAX_REFUSED;
            of_today.into_iter().rev().find(is_same).filter(|_| is_full)
        }
    };
    let (id, count) = match again {
        Some(row) => (row.id, row.outcome.problems.first().map_or(1, |problem| problem.count + 1)),
        None => (take(conn, &NewDelivery { spool: &format!("{}{REFUSED}", new.spool), ..*new })?, 1),
    };
    if let Some(token) = new.token.filter(|_| count > 1) {
        tokens::use_one(conn, token, new.seen.at_ms)?;
        note(conn, new.peer, new.seen)?;
    }
    let problems = vec![ProblemOf { reason: reason.to_owned(), kind: None, count }];
    let problems = serde_json::to_string(&problems).unwrap_or_default();
    let sql = "UPDATE deliveries SET state = 'unreadable', problems = ?2, received_ms = ?3 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![id, problems, new.seen.at_ms])?;
    Ok(id)
}

/// Ends the deliveries of a phone that wait, for a reason of the owner's. Returns how many.
pub(crate) fn end_waiting(conn: &Connection, peer: i64, reason: &str) -> Result<usize> {
    let problems = vec![ProblemOf { reason: reason.to_owned(), kind: None, count: 1 }];
    let problems = serde_json::to_string(&problems).unwrap_or_default();
    let sql = "UPDATE deliveries SET state = 'unreadable', problems = ?2 WHERE peer_id = ?1 AND state = 'pending'";
    Ok(conn.prepare_cached(sql)?.execute(params![peer, problems])?)
}

fn some(conn: &Connection, which: &str, parameters: impl rusqlite::Params) -> Result<Vec<Delivery>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM deliveries {which}"))?;
    let rows = statement.query_map(parameters, |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

fn read(row: &Row<'_>) -> Result<Delivery> {
    let unreadable = |_| ErrorKind::Damaged("problems of a delivery cannot be read".to_owned());
    Ok(Delivery {
        id: row.get(0)?,
        peer: row.get(1)?,
        received_ms: row.get(2)?,
        bytes: row.get(3)?,
        sha256: row.get(4)?,
        spool: row.get(5)?,
        state: State::of(&row.get::<_, String>(6)?)?,
        outcome: Outcome {
            items: row.get(7)?,
            new: row.get(8)?,
            known: row.get(9)?,
            replaced: row.get(10)?,
            rejected: row.get(11)?,
            first_ms: row.get(12)?,
            last_ms: row.get(13)?,
            took_ms: row.get(14)?,
            problems: serde_json::from_str(&row.get::<_, String>(15)?).map_err(unreadable)?,
        },
    })
}
