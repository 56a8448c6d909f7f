//! When are two entries one, and what is known of them together? The rule for what files and phones tell besides
//! samples: workouts, electrocardiograms, doses, rings and so on. As with samples it follows from the set of what is
//! told.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value as Json};

use super::{Stamp, Teller, Told, Way};
use crate::EntryKind;
use crate::phone::{Feed, Uuid};

/// The key of a body that says which feeds told it; a file's is `xml`.
pub const SEEN: &str = "seen";
/// The key of a body that has Apple's identifier.
pub const UUID: &str = "uuid";

/// One entry as a file or a phone tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldEntry {
    /// What tells it from others of its kind.
    pub identity: String,
    /// Start, where it has one.
    pub start: Option<Stamp>,
    /// End, where somebody told one.
    pub end: Option<Stamp>,
    /// Apple's identifier.
    pub uuid: Option<Uuid>,
    /// Index of who wrote it.
    pub teller: usize,
    /// Who delivered it.
    pub way: Way,
    /// The app that delivered it; none of a file.
    pub feed: Option<Feed>,
    /// When it was told last: the instant of the delivery, or when the export was written.
    pub told_ms: i64,
    /// Everything known about it.
    pub body: Map<String, Json>,
    /// Bytes of its payload.
    pub bulk: usize,
    /// It counts in no number.
    pub left_out: bool,
}

/// Entries that are one.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryRecord {
    /// Indexes of what tells it, that whose word counts first.
    pub rows: Vec<usize>,
    /// What tells it from others of its kind.
    pub identity: String,
    /// The finest start that is known.
    pub start: Option<Stamp>,
    /// The finest end that is known.
    pub end: Option<Stamp>,
    /// What is known together.
    pub body: Map<String, Json>,
    /// Whose payload it is.
    pub bulk_of: Option<usize>,
}

/// How entries of a kind are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// By their starts, like samples.
    Start,
    /// By when they end.
    End,
    /// By what they are called: a day, a name.
    Identity,
    /// They belong to another one, or are decided elsewhere.
    Nowhere,
}

/// How entries of a kind are told apart.
pub fn place_of(kind: EntryKind) -> Place {
    match kind {
        EntryKind::Workout | EntryKind::Ecg | EntryKind::StateOfMind | EntryKind::MedicationDose => Place::Start,
        EntryKind::Audiogram | EntryKind::VisionPrescription => Place::Start,
        EntryKind::SleepSummary => Place::End,
        EntryKind::Medication | EntryKind::ActivitySummary | EntryKind::Profile | EntryKind::ClinicalRecord => {
            Place::Identity
        }
        EntryKind::Route | EntryKind::Correlation => Place::Nowhere,
    }
}

/// Says which entries of one kind are one record. The order in which they come means nothing.
pub fn records(kind: EntryKind, told: &[ToldEntry], tellers: &[Teller]) -> Vec<EntryRecord> {
    let mut found: Vec<EntryRecord> = Vec::new();
    for (rows, stamps) in groups(kind, told, tellers) {
        found.extend(together(kind, told, rows, stamps));
    }
    found.sort_by(|a, b| (a.start, &a.identity, a.end, &a.rows).cmp(&(b.start, &b.identity, b.end, &b.rows)));
    found
}

type Stamps = (Option<Stamp>, Option<Stamp>);

fn groups(kind: EntryKind, told: &[ToldEntry], tellers: &[Teller]) -> Vec<(Vec<usize>, Option<Stamps>)> {
    let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    let mut timed: Vec<(usize, Told)> = Vec::new();
    // Whoever wrote down a dose: it is one.
    let nobody = tellers.len();
    for (at, entry) in told.iter().enumerate() {
        let names =
            || tellers.get(entry.teller).map(|teller| teller.names.iter().cloned().collect()).unwrap_or_default();
        let key = match (place_of(kind), entry.start) {
            (Place::Nowhere, _) => continue,
            (Place::Start, Some(start)) => {
                timed.push((at, as_told(kind, entry, start, nobody)));
                continue;
            }
            (Place::Start, None) => Key { identity: entry.identity.clone(), names: names(), ..Key::default() },
            (Place::End, _) => Key { feed: entry.feed, end: entry.end, names: names(), ..Key::default() },
            // A person has one profile.
            (Place::Identity, _) if kind == EntryKind::Profile => Key::default(),
            (Place::Identity, _) => Key { identity: entry.identity.clone(), ..Key::default() },
        };
        groups.entry(Key { left_out: entry.left_out, ..key }).or_default().push(at);
    }
    let mut all: Vec<(Vec<usize>, Option<Stamps>)> = groups.into_values().map(|rows| (rows, None)).collect();
    // Of what is told alike but for the content the content decides.
    timed.sort_by_cached_key(|(at, _)| told.get(*at).map(|entry| order(kind, entry)));
    let (places, rows): (Vec<usize>, Vec<Told>) = timed.into_iter().unzip();
    let tellers: Vec<Teller> = tellers.iter().cloned().chain([Teller::default()]).collect();
    all.extend(super::records(&rows, &tellers).into_iter().map(|record| {
        let rows = record.rows.iter().filter_map(|at| places.get(*at).copied()).collect();
        (rows, Some((Some(record.start), record.end)))
    }));
    all
}

/// What tells groups apart.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    identity: String,
    feed: Option<Feed>,
    end: Option<Stamp>,
    names: Vec<String>,
    left_out: bool,
}

fn as_told(kind: EntryKind, entry: &ToldEntry, start: Stamp, nobody: usize) -> Told {
    let hash = |text: &str| {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        hasher.finish()
    };
    let activity = || entry.body.get("activity").and_then(Json::as_str).map(hash);
    let by_name = matches!(kind, EntryKind::MedicationDose | EntryKind::Audiogram | EntryKind::VisionPrescription);
    Told {
        start,
        end: entry.end.filter(|_| kind == EntryKind::Workout),
        value: None,
        exactly: if by_name { hash(&entry.identity) } else { 0 },
        perhaps: if kind == EntryKind::Workout { activity() } else { None },
        category: false,
        uuid: entry.uuid,
        teller: if kind == EntryKind::MedicationDose { nobody } else { entry.teller },
        way: entry.way,
        copies: 1,
        left_out: entry.left_out,
    }
}

/// What is known of some that are one.
fn together(kind: EntryKind, told: &[ToldEntry], mut rows: Vec<usize>, stamps: Option<Stamps>) -> Option<EntryRecord> {
    rows.sort_by_cached_key(|at| told.get(*at).map(|entry| order(kind, entry)));
    let mut members = rows.iter().filter_map(|at| Some((*at, told.get(*at)?)));
    let (first, best) = members.next()?;
    let mut body = best.body.clone();
    let (mut identity, mut bulk_of) = (best.identity.clone(), (best.bulk > 0).then_some(first));
    let fills = matches!(
        kind,
        EntryKind::Workout | EntryKind::Ecg | EntryKind::ActivitySummary | EntryKind::Profile | EntryKind::Audiogram
    );
    let is_named = |body: &Map<String, Json>| kind != EntryKind::Workout || body.contains_key("activity");
    for (at, entry) in members.filter(|_| fills) {
        // The word for an activity is that of the one who could name it.
        if !is_named(&body) && is_named(&entry.body) {
            identity.clone_from(&entry.identity);
            _ = body.remove("activity_raw");
        }
        entry.body.iter().for_each(|(key, value)| fill(&mut body, key, value));
        bulk_of = bulk_of.or((entry.bulk > 0).then_some(at));
    }
    let mut uuids: Vec<Uuid> = rows.iter().filter_map(|at| told.get(*at)?.uuid).collect();
    uuids.sort_unstable();
    if let Some(uuid) = uuids.first() {
        body.insert(UUID.to_owned(), uuid.to_string().into());
    }
    let mut seen: Vec<&str> =
        rows.iter().filter_map(|at| told.get(*at)).map(|entry| entry.feed.map_or("xml", Feed::as_str)).collect();
    seen.sort_unstable();
    seen.dedup();
    body.insert(SEEN.to_owned(), seen.into());
    let (start, end) = match (stamps, kind) {
        (Some(stamps), EntryKind::Workout) => stamps,
        // The end is no part of what tells it: it comes with the start.
        (Some((start, _)), _) => (start, best.end),
        (None, _) => (best.start, best.end),
    };
    Some(EntryRecord { rows, identity, start, end, body, bulk_of })
}

/// Adds what is not there yet; of objects what they lack.
fn fill(body: &mut Map<String, Json>, key: &str, value: &Json) {
    match (body.get_mut(key), value) {
        (Some(Json::Object(own)), Json::Object(more)) => {
            for (key, value) in more.iter().filter(|(key, _)| *key != SEEN) {
                own.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        (Some(_), _) => {}
        (None, _) => _ = body.insert(key.to_owned(), value.clone()),
    }
}

/// Whose word counts first: of some kinds that of the last, of others of who knows most.
type Order =
    (Reverse<(u64, i64, bool)>, Reverse<(bool, bool)>, bool, Option<Feed>, String, Stamps, Option<Uuid>, String);

fn order(kind: EntryKind, entry: &ToldEntry) -> Order {
    let fine = |stamp: Option<Stamp>| stamp.is_some_and(|stamp| stamp.fine);
    let most = match kind {
        EntryKind::SleepSummary => asleep_ms(&entry.body),
        EntryKind::Ecg => u64::from(entry.bulk > 0),
        _ => 0,
    };
    // What an app says of a workout does not change; the rest is as it was told last.
    let last = if kind == EntryKind::Workout { 0 } else { entry.told_ms };
    let text = serde_json::to_string(&entry.body).unwrap_or_default();
    let stamps = Reverse((fine(entry.start), fine(entry.end)));
    let most = Reverse((most, last, entry.uuid.is_some()));
    let (times, identity) = ((entry.start, entry.end), entry.identity.clone());
    (most, stamps, entry.feed.is_none(), entry.feed, text, times, entry.uuid, identity)
}

/// How long a night was.
fn asleep_ms(body: &Map<String, Json>) -> u64 {
    let stats = body.get("stats");
    let part = |key: &str| stats.and_then(|stats| stats.get(key)).and_then(Json::as_f64).unwrap_or(0.0);
    let total = part("total_s");
    let parts = part("unspecified_s").max(part("core_s") + part("deep_s") + part("rem_s"));
    ((if total > 0.0 { total } else { parts }) * 1000.0).max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::Source;

    fn teller(name: &str) -> Teller {
        Teller::of(&Source { name: name.to_owned(), bundle: None, hardware: None })
    }

    fn stamp(ms: i64) -> Option<Stamp> {
        Some(Stamp { ms: 1_773_468_004_000 + ms, fine: ms % 1000 != 0 })
    }

    fn entry(feed: Option<Feed>, start: i64, end: i64, body: Json) -> ToldEntry {
        let way = feed.map_or(Way::File, |feed| Way::Feed { feed: feed as u64, deliveries: (1, 1) });
        let body = body.as_object().cloned().unwrap_or_default();
        let identity = body.get("activity").or(body.get("name")).and_then(Json::as_str).unwrap_or("other").to_owned();
        ToldEntry {
            identity,
            start: stamp(start),
            end: stamp(end),
            uuid: None,
            teller: 0,
            way,
            feed,
            told_ms: 0,
            body,
            bulk: 0,
            left_out: false,
        }
    }

    #[test]
    fn the_one_who_can_name_an_activity_names_it() {
        let phone = entry(Some(Feed::HealthSync), 700, 60_200, json!({"activity_raw": "other", "duration_s": 59.5}));
        let file = entry(None, 0, 60_000, json!({"activity": "Yoga", "metadata": {"a": 1}}));
        let other = entry(Some(Feed::HealthSave), 700, 60_200, json!({"activity": "Running"}));
        let found = records(EntryKind::Workout, &[file, phone, other], &[teller("Kim")]);
        let told: Vec<_> =
            found.iter().map(|one| (one.identity.as_str(), one.start, one.end, one.rows.len())).collect();
        // The two phones tell the same moment; the file is another one then.
        let fine = (stamp(700), stamp(60_200));
        assert_eq!(told, [("Yoga", stamp(0), stamp(60_000), 1), ("Running", fine.0, fine.1, 2)]);
        let two = [
            entry(None, 0, 60_000, json!({"activity": "Yoga", "metadata": {"a": 1}})),
            entry(Some(Feed::HealthSync), 700, 60_200, json!({"activity_raw": "other", "metadata": {"b": 2}})),
        ];
        let found = records(EntryKind::Workout, &two, &[teller("Kim")]);
        let body = json!({"activity": "Yoga", "metadata": {"a": 1, "b": 2}, "seen": ["healthsync", "xml"]});
        assert_eq!((found.len(), found[0].start, json!(found[0].body)), (1, fine.0, body));
    }

    #[test]
    fn the_last_word_about_a_dose_counts_and_the_fuller_night() {
        let dose = |told_ms, status| ToldEntry {
            told_ms,
            ..entry(Some(Feed::HealthSave), 0, 0, json!({"name": "Tablets", "status": status}))
        };
        for told in [[dose(1, "skipped"), dose(2, "taken")], [dose(2, "taken"), dose(1, "skipped")]] {
            let found = records(EntryKind::MedicationDose, &told, &[teller("")]);
            assert_eq!((found.len(), &found[0].body["status"]), (1, &json!("taken")));
        }
        let night =
            |start, total| entry(Some(Feed::HealthAutoExport), start, 9_000_000, json!({"stats": {"total_s": total}}));
        let found = records(EntryKind::SleepSummary, &[night(3_600_000, 19_800), night(0, 26_100)], &[teller("Kim")]);
        assert_eq!((found.len(), found[0].start), (1, stamp(0)));
    }

    fn told() -> impl Strategy<Value = Vec<ToldEntry>> {
        let one = (0..4_usize, 0..3_i64, 0..4_usize, 0..3_usize, 0..4_i64);
        prop::collection::vec(one, 1..9).prop_map(|all| {
            let one = |(who, second, rest, activity, told_ms): (usize, i64, usize, usize, i64)| {
                let feed = [None, Some(Feed::HealthSync), Some(Feed::HealthSave), Some(Feed::HealthExportPro)][who];
                let ms = second * 1000 + if feed.is_none() { 0 } else { [0, 123, 999, 1][rest] };
                let body = match activity {
                    0 => json!({"activity_raw": "other", "n": told_ms}),
                    1 => json!({"activity": "Yoga", "n": told_ms}),
                    _ => json!({"activity": "Run", "metadata": {"k": told_ms}}),
                };
                let uuid = (who == 3).then(|| Uuid::from_bytes([ms as u8; 16]));
                ToldEntry { uuid, told_ms, ..entry(feed, ms, ms + 60_000, body) }
            };
            let mut kept: Vec<ToldEntry> = Vec::new();
            all.into_iter().map(one).for_each(|one| kept.extend((!kept.contains(&one)).then_some(one)));
            kept
        })
    }

    proptest! {
        #[test]
        fn the_order_of_entries_means_nothing(told in told(), at in any::<prop::sample::Index>()) {
            let tellers = [teller("Kim")];
            for kind in [EntryKind::Workout, EntryKind::Ecg, EntryKind::MedicationDose, EntryKind::ActivitySummary] {
                let contents = |told: &[ToldEntry]| {
                    let mut all: Vec<String> = records(kind, told, &tellers).into_iter().map(|one| {
                        format!("{} {:?} {:?} {:?} {}", one.identity, one.start, one.end, one.body, one.rows.len())
                    }).collect();
                    all.sort();
                    all
                };
                let mut turned = told.clone();
                turned.rotate_left(at.index(told.len()));
                turned.reverse();
                prop_assert_eq!(contents(&told), contents(&turned));
            }
        }
    }
}
