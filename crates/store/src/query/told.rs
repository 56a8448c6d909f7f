//! What phones told of samples, beside the samples.

use std::collections::{BTreeSet, VecDeque};

use health::phone::{Flag, Flags, Uuid};
use rusqlite::{Connection, params};

use crate::error::Result;
use crate::row::Key;
use crate::tellings::feed_of;

/// Tellings that are read at a time.
const PAGE: usize = 2000;
/// What is one record starts within so much.
const NEAR_MS: i64 = 2000;

/// What phones told of one sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// Apple's identifier of the object.
    pub uuid: Option<Uuid>,
    /// Words of the feeds that told it.
    pub feeds: BTreeSet<&'static str>,
    /// Bundle identifier of the app that wrote it, where told.
    pub bundle: Option<String>,
    /// Hardware that wrote it, where told.
    pub hardware: Option<String>,
    /// Nobody told an end.
    pub endless: bool,
    /// What is odd about it.
    pub flags: Flags,
}

/// One telling on the way.
struct One {
    start_ms: i64,
    row: Option<Key>,
    told: Told,
}

/// The tellings of a kind, read along with its samples.
pub(super) struct Beside<'c> {
    conn: &'c Connection,
    kind: i64,
    ahead: VecDeque<One>,
    /// Where to read on, or none once all is read.
    next: Option<i64>,
}

impl<'c> Beside<'c> {
    pub fn new(conn: &'c Connection, kind: i64, from_ms: i64) -> Result<Self> {
        let any: bool = conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM tellings WHERE kind_id = ?1)")?
            .query_row([kind], |row| row.get(0))?;
        Ok(Self { conn, kind, ahead: VecDeque::new(), next: any.then_some(from_ms.saturating_sub(NEAR_MS)) })
    }

    /// What was told of a sample; samples come in the order of time.
    pub fn of(&mut self, key: &Key) -> Result<Option<Told>> {
        while let Some(next) = self.next
            && self.ahead.back().is_none_or(|last| last.start_ms <= key.start_ms + NEAR_MS)
        {
            self.read(next)?;
        }
        while self.ahead.front().is_some_and(|first| first.start_ms < key.start_ms - NEAR_MS) {
            self.ahead.pop_front();
        }
        let near = self.ahead.iter().take_while(|one| one.start_ms <= key.start_ms + NEAR_MS);
        let mut found: Option<Told> = None;
        for one in near.filter(|one| one.row == Some(*key)) {
            match &mut found {
                Some(all) => join(all, &one.told),
                None => found = Some(one.told.clone()),
            }
        }
        Ok(found)
    }

    fn read(&mut self, from_ms: i64) -> Result<()> {
        let mut limit = PAGE;
        loop {
            let page = self.page(from_ms, limit)?;
            let last = page.last().map(|one| one.start_ms);
            if page.len() < limit {
                self.ahead.extend(page);
                self.next = None;
                return Ok(());
            }
            // The last start may be cut in the middle; it is read again.
            if last > Some(from_ms) {
                self.ahead.extend(page.into_iter().filter(|one| Some(one.start_ms) < last));
                self.next = last;
                return Ok(());
            }
            limit *= 4;
        }
    }

    fn page(&self, from_ms: i64, limit: usize) -> Result<Vec<One>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT t.start_ms, t.row_start_ms, t.row_source_id, t.row_duration_ms, t.row_ordinal, t.uuid, t.feed,
                    w.bundle, w.hardware, t.flags
             FROM tellings t JOIN tellers w ON w.id = t.teller_id
             WHERE t.kind_id = ?1 AND t.start_ms >= ?2
             ORDER BY t.start_ms, t.teller_id, t.duration_ms, t.device_id, t.feed, t.ordinal LIMIT ?3",
        )?;
        let rows = statement.query_map(params![self.kind, from_ms, limit as i64], |row| {
            let known = |text: String| (!text.is_empty()).then_some(text);
            let uuid: Option<[u8; 16]> = row.get(5)?;
            let flags = Flags::from_bits(row.get(9)?);
            let key = match row.get(1)? {
                None => None,
                Some(start_ms) => {
                    Some(Key { start_ms, source: row.get(2)?, duration_ms: row.get(3)?, ordinal: row.get(4)? })
                }
            };
            let told = Told {
                uuid: uuid.map(Uuid::from_bytes),
                feeds: feed_of(row.get(6)?).map(|feed| feed.as_str()).into_iter().collect(),
                bundle: known(row.get(7)?),
                hardware: known(row.get(8)?),
                endless: flags.has(Flag::EndUnknown),
                flags,
            };
            Ok(One { start_ms: row.get(0)?, row: key, told })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn join(all: &mut Told, other: &Told) {
    all.uuid = all.uuid.or(other.uuid);
    all.feeds.extend(&other.feeds);
    all.bundle = all.bundle.take().or_else(|| other.bundle.clone());
    all.hardware = all.hardware.take().or_else(|| other.hardware.clone());
    all.endless &= other.endless;
    // Somebody named the unit.
    let assumed = all.flags.has(Flag::UnitAssumed) && other.flags.has(Flag::UnitAssumed);
    all.flags.join(other.flags);
    if !assumed {
        all.flags.clear(Flag::UnitAssumed);
    }
}
