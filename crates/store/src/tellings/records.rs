//! What rows should stand for what is told in a few seconds.

use std::collections::{BTreeMap, BTreeSet};

use health::matching::{self, Record, Stamp, Teller, Told, Way};
use health::phone::Flag;
use rusqlite::Connection;

use super::deletions::Named;
use super::part::{OfKind, Part};
use super::{GONE, Known, LEFT_OUT, Telling};
use crate::error::Result;
use crate::row::{FLAG_ENDLESS, FLAG_FILED, FLAG_TOLD, FLAG_USER_ENTERED, Image, Key, Row};

/// Rows of tellings lie behind those of files at their place.
const FIRST_ORDINAL: u32 = 1 << 20;

/// What should be.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Rows that stand for tellings.
    pub rows: Vec<Row>,
    /// Rows of files for which others stand.
    pub covered: BTreeSet<usize>,
    /// The sample that each telling is.
    pub of_slots: Vec<(usize, Key)>,
    /// New records, and new tellings of what was there.
    pub new: u64,
    pub known: u64,
    /// Rows of files that phones tell, too, each with how many of it.
    pub told_too: Vec<(usize, u64)>,
}

/// One record with its members.
struct Found<'a> {
    record: Record,
    file: Option<(usize, &'a Row)>,
    slots: Vec<(usize, &'a Telling)>,
    /// The telling or the file's row whose value counts.
    value_of: Member<'a>,
}

#[derive(Clone, Copy)]
enum Member<'a> {
    File(usize, &'a Row),
    Slot(usize, &'a Telling),
}

impl Member<'_> {
    /// Where it comes from, and the number as printed there.
    fn printed(&self) -> (u32, Option<f64>) {
        match self {
            Self::File(_, row) => (row.image.origin, row.image.original),
            Self::Slot(_, telling) => (telling.origin, telling.original),
        }
    }
}

/// Says what should stand for some tellings and rows of files that lie side by side.
pub(super) fn wanted(
    conn: &Connection,
    kind: &OfKind,
    known: &Known,
    (part, slots, files): (&Part, &[usize], &[usize]),
) -> Result<Wanted> {
    let members: Vec<Member<'_>> = slots
        .iter()
        .map(|at| Member::Slot(*at, &part.slots[*at].telling))
        .chain(files.iter().map(|at| Member::File(*at, &part.files[*at])))
        .collect();
    let records = match &members[..] {
        // Nothing lies beside it: most of what phones tell is such.
        [only] => vec![record_of(&as_told(only, kind, 0))],
        _ => matched(&members, kind, known),
    };
    let found: Vec<Found<'_>> = records
        .into_iter()
        .filter_map(|record| {
            let of = |at: &usize| members.get(*at).copied();
            let value_of = of(&record.value_of)?;
            let (mut file, mut slots) = (None, Vec::new());
            for member in record.rows.iter().filter_map(of) {
                match member {
                    Member::File(at, row) => file = Some((at, row)),
                    Member::Slot(at, telling) => slots.push((at, telling)),
                }
            }
            Some(Found { record, file, slots, value_of })
        })
        .collect();
    let mut wanted = Wanted::default();
    count(kind, part, &found, &mut wanted);
    for found in found.iter().filter(|found| !found.slots.is_empty()) {
        if let Some((at, row)) = found.file {
            let events = if kind.rule.counts_copies(row.flags) { found.record.copies } else { 1 };
            wanted.told_too.push((at, events.into()));
        }
    }
    let mut gone = BTreeSet::new();
    for (place, found) in found.iter().enumerate() {
        if is_gone(conn, known, found)? {
            gone.insert(place);
        }
        if let Some((at, row)) = found.file
            && !found.slots.is_empty()
            && stands(row, found, known)
            && (gone.contains(&place) || adds_something(kind, row, found))
        {
            wanted.covered.insert(at);
        }
    }
    let mut taken: BTreeMap<(i64, u32, i64), u32> = BTreeMap::new();
    for (place, found) in found.iter().enumerate() {
        let key = match found.file {
            Some((at, row)) if !wanted.covered.contains(&at) => row.key,
            // Repeats that mean nothing are told once.
            Some((_, row)) if found.slots.is_empty() && !kind.rule.counts_copies(row.flags) => continue,
            _ => {
                let Some(mut row) = row_of(conn, known, found)? else { continue };
                let next = taken.entry(row.key.group()).or_insert(FIRST_ORDINAL);
                row.key.ordinal = *next;
                *next += 1;
                row.superseded_by = row.superseded_by.or(gone.contains(&place).then_some(GONE));
                wanted.rows.push(row);
                row.key
            }
        };
        wanted.of_slots.extend(found.slots.iter().map(|(at, _)| (*at, key)));
    }
    // One that stands for several is linked to the first of them.
    wanted.of_slots.sort_unstable();
    wanted.of_slots.dedup_by_key(|(at, _)| *at);
    Ok(wanted)
}

/// The row that should stand for a telling that nothing lies beside; none where nobody knows whose it is.
pub(super) fn alone(conn: &Connection, kind: &OfKind, known: &Known, telling: &Telling) -> Result<Option<Row>> {
    let only = Member::Slot(0, telling);
    let record = record_of(&as_told(&only, kind, 0));
    let found = Found { record, file: None, slots: vec![(0, telling)], value_of: only };
    let is_gone = is_gone(conn, known, &found)?;
    let row = row_of(conn, known, &found)?;
    Ok(row.map(|row| Row { superseded_by: row.superseded_by.or(is_gone.then_some(GONE)), ..row }))
}

/// How many records a new telling brings that nothing lies beside, and how many it tells again.
pub(super) fn count_alone(kind: &OfKind, telling: &Telling) -> (u64, u64) {
    let (events, all) = (events(kind, telling), u64::from(telling.copies));
    (events, all - events)
}

/// How many records a telling may be.
fn events(kind: &OfKind, telling: &Telling) -> u64 {
    let flags = if telling.by_hand { FLAG_USER_ENTERED } else { 0 };
    if kind.rule.counts_copies(flags) { telling.copies.into() } else { 1 }
}

/// The record of what is told once.
fn record_of(told: &Told) -> Record {
    Record { rows: vec![0], start: told.start, end: told.end, value_of: 0, uuid: told.uuid, copies: told.copies }
}

/// Which of them are one record.
fn matched(members: &[Member<'_>], kind: &OfKind, known: &Known) -> Vec<Record> {
    let mut tellers: Vec<Teller> = Vec::new();
    let mut places: BTreeMap<(bool, u32), usize> = BTreeMap::new();
    let told: Vec<Told> = members
        .iter()
        .map(|member| {
            let (of, teller) = match member {
                Member::File(_, row) => ((false, row.key.source), known.sources.get(&row.key.source)),
                Member::Slot(_, telling) => {
                    ((true, telling.teller), known.tellers.get(&telling.teller).map(|stored| &stored.teller))
                }
            };
            let place = *places.entry(of).or_insert_with(|| {
                tellers.push(teller.cloned().unwrap_or_default());
                tellers.len() - 1
            });
            as_told(member, kind, place)
        })
        .collect();
    matching::records(&told, &tellers)
}

fn as_told(member: &Member<'_>, kind: &OfKind, teller: usize) -> Told {
    let text = |id: Option<u32>| id.map_or(0, |id| u64::from(id) + 1);
    match member {
        Member::File(_, row) => {
            let original = row.image.original.filter(|_| row.image.value.is_none());
            Told {
                start: Stamp { ms: row.key.start_ms, fine: row.key.start_ms % 1000 != 0 },
                end: Some(Stamp { ms: row.key.end_ms(), fine: row.key.end_ms() % 1000 != 0 }),
                value: row.image.value.or(original),
                exactly: text(row.text),
                perhaps: None,
                category: kind.category,
                uuid: None,
                teller,
                way: Way::File,
                copies: row.image.copies,
                left_out: false,
            }
        }
        Member::Slot(_, telling) => {
            let end = Stamp { ms: telling.start_ms + telling.duration_ms, fine: telling.flags.has(Flag::EndFine) };
            Told {
                start: Stamp { ms: telling.start_ms, fine: telling.flags.has(Flag::StartFine) },
                end: (!telling.flags.has(Flag::EndUnknown)).then_some(end),
                value: telling.value.or(telling.original),
                exactly: text(telling.text),
                perhaps: None,
                category: kind.category,
                uuid: telling.uuid,
                teller,
                way: Way::Feed {
                    feed: (telling.device as u64) << 3 | u64::from(telling.feed),
                    deliveries: telling.deliveries,
                },
                copies: telling.copies,
                left_out: telling.flags.leaves_out(),
            }
        }
    }
}

/// Whether a phone says that a record is gone, and nobody told it later.
fn is_gone(conn: &Connection, known: &Known, found: &Found<'_>) -> Result<bool> {
    let written = found.file.and_then(|(_, row)| known.export_dates.get(&row.import_id)).copied();
    let told = found.slots.iter().map(|(_, telling)| Named {
        uuid: telling.uuid,
        name: telling.name.as_deref(),
        device: telling.device,
        feed: telling.feed,
        last_ms: telling.last_ms,
    });
    known.deletions.take(conn, told, written)
}

/// Whether a record with a file's row counts: no export has rewritten it, or a phone told it since.
fn stands(row: &Row, found: &Found<'_>, known: &Known) -> bool {
    let rewritten = row.superseded_by.filter(|by| *by > 0);
    let written = rewritten.and_then(|by| known.export_dates.get(&by));
    rewritten.is_none()
        || written.is_some_and(|written| found.slots.iter().any(|(_, telling)| telling.last_ms > *written))
}

/// Whether the row of a file does not say all that there is to say in numbers.
fn adds_something(kind: &OfKind, row: &Row, found: &Found<'_>) -> bool {
    let record = &found.record;
    let value = match found.value_of {
        Member::File(..) => row.image.value,
        Member::Slot(_, telling) => telling.value,
    };
    let end = record.end.map_or(row.key.end_ms(), |end| end.ms);
    let copies = kind.rule.counts_copies(row.flags);
    row.superseded_by > Some(0)
        || (record.start.ms, end) != (row.key.start_ms, row.key.end_ms())
        || value.map(f64::to_bits) != row.image.value.map(f64::to_bits)
        || (copies && record.copies != row.image.copies)
}

/// The row that stands for a record, but for its ordinal.
fn row_of(conn: &Connection, known: &Known, found: &Found<'_>) -> Result<Option<Row>> {
    let record = &found.record;
    // The one that says most about who wrote it: HealthKit's own word first.
    let best = found.slots.iter().map(|(_, telling)| *telling).min_by_key(|telling| {
        let teller = known.tellers.get(&telling.teller).map(|stored| &stored.teller);
        let says = teller.map_or(0, |teller| u8::from(teller.bundle.is_some()) + u8::from(teller.hardware.is_some()));
        (telling.uuid.is_none(), 2 - says)
    });
    let source = match (found.file, best) {
        (Some((_, row)), _) => Some(row.key.source),
        (None, Some(telling)) => known.tellers.get(&telling.teller).map(|stored| stored.source),
        (None, None) => None,
    };
    let (Some(source), Some(import_id)) =
        (source, best.map(|telling| telling.device).or(found.file.map(|(_, row)| row.import_id)))
    else {
        return Ok(None);
    };
    let (value, text) = match found.value_of {
        Member::File(_, row) => (row.image.value, row.text),
        Member::Slot(_, telling) => (telling.value, telling.text),
    };
    let of_value = found.value_of.printed();
    let others = found.slots.iter().map(|(_, telling)| (telling.origin, telling.original));
    let others = others.chain(found.file.map(|(_, row)| (row.image.origin, row.image.original)));
    let (origin, original) = super::origin::best(conn, of_value, others)?;
    let left_out = found.slots.iter().any(|(_, telling)| telling.flags.leaves_out());
    let start_ms = record.start.ms;
    let duration_ms = record.end.map_or(0, |end| end.ms - start_ms);
    let key = Key {
        start_ms,
        source,
        // A whole second may lie before the finer start; as it was told an end may, too.
        duration_ms: if left_out { duration_ms } else { duration_ms.max(0) },
        ordinal: FIRST_ORDINAL,
    };
    let of_file = found.file.map(|(_, row)| row);
    let created = |start: i64, delay: Option<i64>| delay.map(|delay| start + delay);
    let created_ms = found.slots.iter().find_map(|(_, telling)| created(telling.start_ms, telling.created_delay_ms));
    let created_ms =
        created_ms.or_else(|| of_file.and_then(|row| created(row.key.start_ms, row.image.created_delay_ms)));
    let by_hand = found.slots.iter().any(|(_, telling)| telling.by_hand) || of_file.is_some_and(Row::by_hand);
    let flag = |holds: bool, flag: u32| if holds { flag } else { 0 };
    let details = super::details::joined(conn, of_file, &found.slots)?;
    Ok(Some(Row {
        key,
        text,
        image: Image {
            value,
            original,
            origin,
            details,
            created_delay_ms: created_ms.map(|created| created - start_ms),
            copies: record.copies,
        },
        flags: FLAG_TOLD
            | flag(by_hand, FLAG_USER_ENTERED)
            | flag(of_file.is_some(), FLAG_FILED)
            | flag(record.end.is_none(), FLAG_ENDLESS),
        import_id,
        superseded_by: left_out.then_some(LEFT_OUT),
    }))
}

/// Counts what new tellings bring: a record that nobody had told is new once.
fn count(kind: &OfKind, part: &Part, found: &[Found<'_>], wanted: &mut Wanted) {
    let mut counted = BTreeSet::new();
    for found in found {
        let is_new = |at: usize| part.slots[at].is_new;
        let mut known = found.file.is_some() || found.slots.iter().any(|(at, _)| !is_new(*at));
        for (at, telling) in found.slots.iter().filter(|(at, _)| is_new(*at)) {
            if !counted.insert(*at) {
                continue;
            }
            let (events, all) = (events(kind, telling), u64::from(telling.copies));
            match known {
                true => wanted.known += all,
                false => {
                    wanted.new += events;
                    wanted.known += all - events;
                }
            }
            known = true;
        }
    }
}
