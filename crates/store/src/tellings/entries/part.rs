//! Entries of one kind that may have to do with each other: what files and phones tell, what stands for it, and what
//! should.

use std::collections::{BTreeMap, BTreeSet};

use health::EntryKind;
use health::matching::entries::{EntryRecord, SEEN, ToldEntry, UUID, records};
use health::matching::{BESIDE_MS, Stamp, Teller, Way, is_open};
use health::phone::{Flag, Flags, Uuid};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};
use serde_json::{Map, Value as Json};

use super::routes::Routed;
use super::{COVERED, Fate, Known, STANDS, key_of, routes};
use crate::error::Result;
use crate::tellings::deletions::Named;
use crate::tellings::{GONE, LEFT_OUT, feed_of};

const SECOND: i64 = 1000;

/// Which entries of a kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stretch {
    All,
    /// Those that start about then.
    Start(i64),
    /// Those that end then.
    End(Option<i64>),
    /// Those that are called so.
    Identity(String),
}

/// The condition of a stretch, in which two values stand.
struct Condition {
    sql: &'static str,
    values: [Value; 2],
}

impl Condition {
    fn of(conn: &Connection, kind: &str, stretch: &Stretch) -> Result<Self> {
        Ok(match stretch {
            Stretch::All => Self { sql: "?2 IS ?3", values: [Value::Null, Value::Null] },
            Stretch::End(end) => Self { sql: "end_ms IS ?2 AND ?3 IS NULL", values: [(*end).into(), Value::Null] },
            Stretch::Identity(text) => {
                Self { sql: "identity = ?2 AND ?3 IS NULL", values: [text.clone().into(), Value::Null] }
            }
            Stretch::Start(start) => {
                let (from, until) = about(conn, kind, *start)?;
                Self { sql: "start_ms >= ?2 AND start_ms < ?3", values: [from.into(), until.into()] }
            }
        })
    }
}

/// The seconds about an instant that have nothing to do with those beside them.
fn about(conn: &Connection, kind: &str, start: i64) -> Result<(i64, i64)> {
    let second = start.div_euclid(SECOND) * SECOND;
    let (mut from, mut until) = (second - SECOND, second + 2 * SECOND);
    let mut statement = conn.prepare_cached(
        "SELECT start_ms FROM entry_tellings WHERE kind = ?1 AND start_ms >= ?2 AND start_ms < ?3
         UNION ALL SELECT start_ms FROM entries WHERE kind = ?1 AND start_ms >= ?2 AND start_ms < ?3 ORDER BY 1",
    )?;
    loop {
        let around = params![kind, from - BESIDE_MS - 1, until + BESIDE_MS + 1];
        let starts = statement.query_map(around, |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
        let open = |border: i64| is_open(border, &starts, starts.partition_point(|start| *start < border));
        match (open(from), open(until)) {
            (false, false) => return Ok((from, until)),
            (before, behind) => {
                from -= if before { SECOND } else { 0 };
                until += if behind { SECOND } else { 0 };
            }
        }
    }
}

/// Something that is told, and by which row.
pub(super) struct Member {
    /// Its number among the tellings, or among the entries of files.
    pub id: i64,
    pub is_file: bool,
    /// The device that told it, or the import that brought it first.
    pub import_id: i64,
    source: Option<u32>,
    /// The entry that a telling is; what keeps a file's from counting.
    entry: Option<i64>,
    pub start_ms: Option<i64>,
    pub end_ms: Option<i64>,
    /// The sender's own name for it.
    name: Option<String>,
    feed: u32,
    pub told: ToldEntry,
}

/// A row that stands for tellings.
struct Standing {
    id: i64,
    body: String,
    key: super::Key,
}

/// Entries of a kind that may have to do with each other.
pub(super) struct Part {
    kind: EntryKind,
    condition: Condition,
    members: Vec<Member>,
    tellers: Vec<Teller>,
    stand: Vec<Standing>,
}

/// What came of them.
#[derive(Default)]
pub(super) struct Outcome {
    /// What became of each new telling.
    pub fates: Vec<Fate>,
    /// How many of the rows that an import brought first phones tell, too.
    pub told_too: u64,
}

impl Part {
    pub fn read(conn: &Connection, known: &Known, kind: EntryKind, stretch: &Stretch) -> Result<Self> {
        let condition = Condition::of(conn, kind.as_str(), stretch)?;
        let mut part =
            Self { kind, condition, members: Vec::new(), tellers: vec![Teller::default()], stand: Vec::new() };
        part.read_tellings(conn, known)?;
        part.read_files(conn, known)?;
        let sql = format!(
            "SELECT id, body, identity, start_ms, end_ms FROM entries e WHERE kind = ?1 AND {} AND {STANDS} ORDER BY id",
            part.condition.sql
        );
        let standing = |row: &Row<'_>| {
            let identity: String = row.get(2)?;
            Ok(Standing { id: row.get(0)?, body: row.get(1)?, key: key_of(&identity, row.get(3)?, row.get(4)?) })
        };
        part.stand = part.rows(conn, &sql, standing)?;
        Ok(part)
    }

    fn rows<T>(
        &self,
        conn: &Connection,
        sql: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let [first, second] = &self.condition.values;
        let mut statement = conn.prepare_cached(sql)?;
        let rows = statement.query_map(params![self.kind.as_str(), first, second], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn teller(&mut self, teller: Option<&Teller>) -> usize {
        let Some(teller) = teller else { return 0 };
        self.tellers.iter().position(|other| other == teller).unwrap_or_else(|| {
            self.tellers.push(teller.clone());
            self.tellers.len() - 1
        })
    }

    fn read_tellings(&mut self, conn: &Connection, known: &Known) -> Result<()> {
        let sql = format!(
            "SELECT id, device_id, feed, identity, uuid, flags, teller_id, start_ms, end_ms, body,
                    coalesce(length(payload), 0), first_delivery, last_delivery, last_ms, entry_id, name
             FROM entry_tellings WHERE kind = ?1 AND {} ORDER BY id",
            self.condition.sql
        );
        let read = |row: &Row<'_>| {
            let (flags, device, feed) = (Flags::from_bits(row.get(5)?), row.get::<_, i64>(1)?, row.get::<_, u32>(2)?);
            let (uuid, teller): (Option<[u8; 16]>, Option<u32>) = (row.get(4)?, row.get(6)?);
            let stamp = |ms: Option<i64>, fine: Flag| ms.map(|ms| Stamp { ms, fine: flags.has(fine) });
            let (start_ms, end_ms) = (row.get(7)?, row.get(8)?);
            let told = ToldEntry {
                identity: row.get(3)?,
                start: stamp(start_ms, Flag::StartFine),
                end: stamp(end_ms, Flag::EndFine).filter(|_| !flags.has(Flag::EndUnknown)),
                uuid: uuid.map(Uuid::from_bytes),
                teller: 0,
                way: Way::Feed {
                    feed: (device as u64) << 3 | u64::from(feed),
                    deliveries: (row.get(11)?, row.get(12)?),
                },
                feed: feed_of(feed),
                told_ms: row.get(13)?,
                body: object(&row.get::<_, String>(9)?),
                bulk: row.get(10)?,
                left_out: flags.leaves_out(),
            };
            let (id, entry, name) = (row.get(0)?, row.get(14)?, row.get(15)?);
            let (is_file, import_id, source) = (false, device, None);
            Ok((teller, Member { id, is_file, import_id, source, entry, start_ms, end_ms, name, feed, told }))
        };
        for (teller, mut member) in self.rows(conn, &sql, read)? {
            let stored = teller.and_then(|id| known.tellers.get(&id));
            member.told.teller = self.teller(stored.map(|stored| &stored.teller));
            member.source = stored.map(|stored| stored.source);
            self.members.push(member);
        }
        Ok(())
    }

    fn read_files(&mut self, conn: &Connection, known: &Known) -> Result<()> {
        let sql = format!(
            "SELECT id, import_id, identity, source_id, start_ms, end_ms, body, coalesce(length(payload), 0),
                    superseded_by, coalesce((SELECT max(i.export_date_ms) FROM entry_log l
                        JOIN imports i ON i.id = l.import_id WHERE l.entry_id = e.id AND i.undone = 0), 0)
             FROM entries e WHERE kind = ?1 AND {} AND NOT ({STANDS}) ORDER BY id",
            self.condition.sql
        );
        let read = |row: &Row<'_>| {
            let stamp = |ms: Option<i64>| ms.map(|ms| Stamp { ms, fine: ms % SECOND != 0 });
            let (start_ms, end_ms) = (row.get(4)?, row.get(5)?);
            let told = ToldEntry {
                identity: row.get(2)?,
                start: stamp(start_ms),
                end: stamp(end_ms),
                uuid: None,
                teller: 0,
                way: Way::File,
                feed: None,
                told_ms: row.get(9)?,
                body: object(&row.get::<_, String>(6)?),
                bulk: row.get(7)?,
                left_out: false,
            };
            let (id, import_id, source, entry) = (row.get(0)?, row.get(1)?, row.get(3)?, row.get(8)?);
            let (is_file, name, feed) = (true, None, 0);
            Ok(Member { id, is_file, import_id, source, entry, start_ms, end_ms, name, feed, told })
        };
        for mut member in self.rows(conn, &sql, read)? {
            member.told.teller = self.teller(member.source.and_then(|source| known.sources.get(&source)));
            self.members.push(member);
        }
        Ok(())
    }

    /// Whether this part has it all.
    pub fn holds(&self, stretch: &Stretch) -> bool {
        match (stretch, &self.condition) {
            (Stretch::Start(start), Condition { values: [Value::Integer(from), Value::Integer(until)], .. }) => {
                (*from..*until).contains(start)
            }
            _ => false,
        }
    }

    /// Writes what should stand.
    pub fn settle(
        &self,
        conn: &Connection,
        known: &Known,
        new: &BTreeSet<i64>,
        import: Option<i64>,
    ) -> Result<Outcome> {
        let told: Vec<ToldEntry> = self.members.iter().map(|member| member.told.clone()).collect();
        let mut outcome = Outcome::default();
        let mut stand: BTreeMap<i64, &Standing> = self.stand.iter().map(|row| (row.id, row)).collect();
        let mut covered: BTreeSet<i64> = BTreeSet::new();
        let mut routed: Vec<Routed<'_>> = Vec::new();
        for record in records(self.kind, &told, &self.tellers) {
            let members: Vec<&Member> = record.rows.iter().filter_map(|at| self.members.get(*at)).collect();
            if members.iter().all(|member| member.is_file) {
                continue;
            }
            let files = || members.iter().filter(|member| member.is_file);
            outcome.told_too += files().filter(|file| Some(file.import_id) == import).count() as u64;
            let before = members.iter().find_map(|member| stand.get(&member.entry.filter(|_| !member.is_file)?));
            let body = Json::Object(record.body.clone()).to_string();
            let differs = before.is_none_or(|before| !says_the_same(&before.body, &record.body));
            outcome.fates.extend(fates(self.kind, &members, new, differs));
            let is = match files().find(|file| !stands(known, file, &members)) {
                Some(rewritten) => rewritten.id,
                None => {
                    let gone = is_gone(conn, known, &members)?.then_some(GONE);
                    let id = write(conn, self.kind, (&record, &members, &body, gone), &mut stand)?;
                    covered.extend(files().map(|file| file.id));
                    let key = key_of(&record.identity, ms(record.start), ms(record.end));
                    // The way of one that is gone stands for nothing, but covers that of files.
                    routed.push(Routed {
                        is_gone: gone.is_some(),
                        key,
                        uuid: record.body.get(UUID).cloned(),
                        members: members.clone(),
                    });
                    id
                }
            };
            for member in members.iter().filter(|member| !member.is_file && member.entry != Some(is)) {
                conn.prepare_cached("UPDATE entry_tellings SET entry_id = ?2 WHERE id = ?1")?
                    .execute([member.id, is])?;
            }
        }
        for id in stand.keys() {
            conn.prepare_cached("DELETE FROM entries WHERE id = ?1")?.execute([id])?;
        }
        for file in self.members.iter().filter(|member| member.is_file && member.entry.is_none_or(|by| by < 0)) {
            let now = covered.contains(&file.id).then_some(COVERED);
            if now != file.entry {
                conn.prepare_cached("UPDATE entries SET superseded_by = ?2 WHERE id = ?1")?
                    .execute(params![file.id, now])?;
            }
        }
        if self.kind == EntryKind::Workout {
            let files = self.members.iter().filter(|member| member.is_file);
            let files = files.map(|file| key_of(&file.told.identity, file.start_ms, file.end_ms)).collect();
            routes::lay(conn, known, (self.stand.iter().map(|row| row.key.clone()).collect(), files), &routed)?;
        }
        Ok(outcome)
    }
}

fn ms(stamp: Option<Stamp>) -> Option<i64> {
    stamp.map(|stamp| stamp.ms)
}

fn object(text: &str) -> Map<String, Json> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Whether two bodies say the same, whoever told it.
fn says_the_same(before: &str, now: &Map<String, Json>) -> bool {
    let plain = |mut body: Map<String, Json>| {
        _ = body.remove(SEEN);
        _ = body.remove(UUID);
        body
    };
    plain(object(before)) == plain(now.clone())
}

/// Whether a record with a file's row counts: no export has rewritten it, or a phone told it since.
fn stands(known: &Known, file: &Member, members: &[&Member]) -> bool {
    let rewritten = file.entry.filter(|by| *by > 0);
    let written = rewritten.and_then(|by| known.export_dates.get(&by));
    let later = |written: &i64| members.iter().any(|member| !member.is_file && member.told.told_ms > *written);
    rewritten.is_none() || written.is_some_and(later)
}

/// Whether a phone says that it is gone, and nobody told it later.
fn is_gone(conn: &Connection, known: &Known, members: &[&Member]) -> Result<bool> {
    let written = members.iter().filter(|member| member.is_file).map(|file| file.told.told_ms).max();
    let told = members.iter().filter(|member| !member.is_file).map(|member| Named {
        uuid: member.told.uuid,
        name: member.name.as_deref(),
        device: member.import_id,
        feed: member.feed,
        last_ms: member.told.told_ms,
    });
    known.deletions.take(conn, told, written)
}

/// What became of what is new among those that are one.
fn fates(kind: EntryKind, members: &[&Member], new: &BTreeSet<i64>, differs: bool) -> Vec<Fate> {
    let is_new = |member: &&&Member| !member.is_file && new.contains(&member.id);
    let count = members.iter().filter(is_new).count();
    let mut known = count < members.len();
    // What a workout was does not change; of the others the last word counts.
    let replaces = differs && kind != EntryKind::Workout;
    let fate = |_| match std::mem::replace(&mut known, true) {
        false => Fate::New,
        true if replaces => Fate::Replaced,
        true => Fate::Known,
    };
    (0..count).map(fate).collect()
}

/// Writes the row of a record: that which stood for it, or that which its tellings remember.
fn write(
    conn: &Connection,
    kind: EntryKind,
    (record, members, body, gone): (&EntryRecord, &[&Member], &str, Option<i64>),
    stand: &mut BTreeMap<i64, &Standing>,
) -> Result<i64> {
    let phones = || members.iter().filter(|member| !member.is_file);
    let file = members.iter().find(|member| member.is_file);
    let source = file.and_then(|file| file.source).or_else(|| phones().find_map(|member| member.source));
    let import_id = phones().map(|member| member.import_id).min();
    let bulk = record.rows.iter().zip(members).find(|(at, _)| Some(**at) == record.bulk_of).map(|(_, member)| member);
    let of = |is_file: bool| bulk.filter(|member| member.is_file == is_file).map(|member| member.id);
    let left_out = members.iter().any(|member| member.told.left_out).then_some(LEFT_OUT).or(gone);
    let mut remembered: Vec<i64> = phones().filter_map(|member| member.entry).collect();
    remembered.sort_unstable();
    let own = remembered.iter().find(|id| stand.contains_key(id)).copied();
    if let Some(id) = own {
        _ = stand.remove(&id);
        conn.prepare_cached(
            "UPDATE entries SET identity = ?2, source_id = ?3, start_ms = ?4, end_ms = ?5, body = ?6,
                 payload = coalesce((SELECT payload FROM entry_tellings WHERE id = ?7),
                                    (SELECT payload FROM entries WHERE id = ?8)),
                 import_id = ?9, superseded_by = ?10 WHERE id = ?1",
        )?
        .execute(params![
            id,
            record.identity,
            source,
            ms(record.start),
            ms(record.end),
            body,
            of(false),
            of(true),
            import_id,
            left_out
        ])?;
        return Ok(id);
    }
    let mut taken = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM entries WHERE id = ?1)")?;
    let mut free = None;
    for id in remembered {
        if free.is_none() && !taken.query_row([id], |row| row.get::<_, bool>(0))? {
            free = Some(id);
        }
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO entries (id, kind, identity, source_id, start_ms, end_ms, body, payload, import_id, superseded_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, coalesce((SELECT payload FROM entry_tellings WHERE id = ?8),
             (SELECT payload FROM entries WHERE id = ?9)), ?10, ?11) RETURNING id",
    )?;
    Ok(insert.query_row(
        params![
            free,
            kind.as_str(),
            record.identity,
            source,
            ms(record.start),
            ms(record.end),
            body,
            of(false),
            of(true),
            import_id,
            left_out
        ],
        |row| row.get(0),
    )?)
}
