//! Which names of one app and hardware are one source: a renamed watch or phone.
//!
//! A name and another are one where an export that has only the one and an export that has only the other tell the same
//! of the time of both (see [`crate::likeness`]), and no import has both. So it follows from the set of imports alone:
//! their order does not show, and what only one import proved goes with it. For that no import calls one source by two
//! names, but for those that the owner linked: which import held a row says then by which name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, params};

use crate::aliases::{self, Alias, Writer};
use crate::dictionary::Dictionary;
use crate::error::Result;
use crate::history::ImportRef;
use crate::likeness::{Held, Pair, compare};
use crate::unite::Places;

/// Pairs of names that are compared at once; real exports have a handful. Those beyond it are not linked.
const PAIRS: usize = 256;
/// The same where all names of some groups are looked at anew.
const PAIRS_ANEW: usize = 16 * PAIRS;
/// Names of one group that are looked at anew.
const NAMES_ANEW: usize = 512;

/// A name, or all that the owner says are one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Name {
    name: String,
    /// The imports that use it, each with the source that its rows belong to.
    sources: BTreeMap<i64, u32>,
}

impl Name {
    /// Whether one import has both: they are two.
    fn is_beside(&self, other: &Self) -> bool {
        self.sources.iter().any(|(import, source)| other.sources.get(import).is_some_and(|found| found != source))
    }

    /// Whether some import had both under one source: nobody can tell them apart any more.
    fn is_within(&self, other: &Self) -> bool {
        self.sources.iter().any(|(import, source)| other.sources.get(import) == Some(source))
    }

    /// The source of any of its imports.
    fn source(&self) -> Option<u32> {
        self.sources.values().next().copied()
    }

    fn held(&self) -> impl Iterator<Item = Held> + '_ {
        self.sources.iter().map(|(import, source)| Held { source: *source, import: *import })
    }
}

/// All names of each app and hardware.
type Groups = BTreeMap<Writer, Vec<Name>>;

/// Reads the names of live imports, and those of one more.
fn groups(conn: &Connection, and_of: i64) -> Result<Groups> {
    let links = aliases::links(conn)?;
    let mut statement = conn.prepare_cached(
        "SELECT s.bundle, s.hardware, n.name, n.import_id, s.id
         FROM source_names n JOIN sources s ON s.id = n.source_id JOIN imports i ON i.id = n.import_id
         WHERE i.undone = 0 OR i.id = ?1 ORDER BY s.id",
    )?;
    let mut rows = statement.query([and_of])?;
    let mut groups: BTreeMap<Writer, BTreeMap<String, BTreeMap<i64, u32>>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let writer: Writer = (row.get(0)?, row.get(1)?);
        let name: String = row.get(2)?;
        let link = links.iter().find(|link| link.names.contains(&name) && link.writers.contains(&writer));
        let name = link.and_then(|link: &Alias| link.names.first().cloned()).unwrap_or(name);
        groups.entry(writer).or_default().entry(name).or_default().insert(row.get(3)?, row.get(4)?);
    }
    let named = |(name, sources)| Name { name, sources };
    Ok(groups.into_iter().map(|(writer, names)| (writer, names.into_iter().map(named).collect())).collect())
}

/// What an import tells about names.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Sources that came with it, and the one that each of them is.
    pub renamed: Vec<(u32, u32)>,
    /// Apps and hardware whose names are to be looked at anew.
    pub anew: BTreeSet<Writer>,
}

/// Which names of an ingest to compare with those that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those whose sources came with it: all their rows are its own.
    New,
    /// Those that were there before; which rows it holds must be known.
    Known,
}

/// Compares names of a running import with those that it has not.
pub(crate) fn told_by(
    conn: &Connection,
    dictionary: &Dictionary,
    import: i64,
    imports: &[ImportRef],
    which: Which,
) -> Result<Told> {
    let candidates = candidates(conn, dictionary, import, which)?;
    let mut pairs = Vec::new();
    let mut of_pair = Vec::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let here = Held { source: candidate.here, import };
        for held in candidate.gone.held() {
            pairs.push(pair(here, held, imports, &candidate.writer));
            of_pair.push(at);
        }
    }
    let gone = candidates.iter().flat_map(|candidate| candidate.gone.sources.values().copied()).collect();
    compare(conn, &mut pairs, &gone)?;
    let proven: BTreeSet<usize> =
        pairs.iter().zip(of_pair).filter(|(pair, _)| pair.proof().is_some()).map(|(_, at)| at).collect();
    let proven: Vec<&Candidate> = proven.into_iter().filter_map(|at| candidates.get(at)).collect();
    Ok(tell(&proven, dictionary, which))
}

fn tell(proven: &[&Candidate], dictionary: &Dictionary, which: Which) -> Told {
    let met = dictionary.sources_met();
    let ones: BTreeSet<(u32, u32)> = proven.iter().filter_map(|c| Some((c.here, c.gone.source()?))).collect();
    let mut told = Told { anew: dictionary.split.clone(), ..Told::default() };
    for candidate in proven {
        let Some(gone) = candidate.gone.source() else { continue };
        let alone = ones.iter().filter(|(here, other)| *here == candidate.here || *other == gone).count() == 1;
        // One new source, and one that has gone: no other name has a say.
        let split = dictionary.split.contains(&candidate.writer);
        if which == Which::Known || !alone || split || met.contains(&gone) {
            told.anew.insert(candidate.writer.clone());
        } else if !told.renamed.contains(&(candidate.here, gone)) {
            told.renamed.push((candidate.here, gone));
        }
    }
    told
}

/// A source of a running import, and a name that it has not.
#[derive(Debug)]
struct Candidate {
    writer: Writer,
    here: u32,
    gone: Name,
}

fn pair(a: Held, b: Held, imports: &[ImportRef], writer: &Writer) -> Pair {
    let place = |held: Held| imports.iter().position(|import| import.id == held.import);
    let (older, newer) = if place(a) < place(b) { (a, b) } else { (b, a) };
    Pair::new(older, newer, writer.1.is_some())
}

/// The small groups first, and all of one size or none: which is linked must not hang on a name.
fn candidates(conn: &Connection, dictionary: &Dictionary, import: i64, which: Which) -> Result<Vec<Candidate>> {
    if which == Which::New && dictionary.new_sources.is_empty() {
        return Ok(Vec::new());
    }
    let mut groups: Vec<(Writer, Vec<Name>, Vec<Name>)> = Vec::new();
    for (writer, names) in self::groups(conn, import)? {
        let (here, gone): (Vec<Name>, Vec<Name>) = names.into_iter().partition(|n| n.sources.contains_key(&import));
        let wanted = |name: &Name| {
            let source = name.sources.get(&import);
            source.is_some_and(|source| dictionary.new_sources.contains(source) == (which == Which::New))
        };
        let here: Vec<Name> = here.into_iter().filter(wanted).collect();
        if !here.is_empty() && !gone.is_empty() {
            groups.push((writer, here, gone));
        }
    }
    let pairs = |(_, here, gone): &(Writer, Vec<Name>, Vec<Name>)| here.len().saturating_mul(gone.len());
    groups.sort_by_key(pairs);
    let mut room = PAIRS;
    let mut candidates = Vec::new();
    for alike in groups.chunk_by(|a, b| pairs(a) == pairs(b)) {
        let all = alike.iter().map(pairs).fold(0, usize::saturating_add);
        if all > room {
            break;
        }
        room -= all;
        for (writer, here, gone) in alike {
            for (name, gone) in here.iter().flat_map(|name| gone.iter().map(move |gone| (name, gone))) {
                let source = name.sources.get(&import).copied().unwrap_or_default();
                if !name.is_beside(gone) && gone.source() != Some(source) {
                    candidates.push(Candidate { writer: writer.clone(), here: source, gone: gone.clone() });
                }
            }
        }
    }
    Ok(candidates)
}

/// Apps and hardware of which some names may be one or two without an import where they were not with it.
pub(crate) fn decided_by(conn: &Connection, import: i64) -> Result<BTreeSet<Writer>> {
    let mut writers = BTreeSet::new();
    for (writer, names) in groups(conn, import)? {
        let mut of_source: HashMap<u32, &str> = HashMap::new();
        let united = names.iter().any(|name| {
            name.sources.values().any(|source| *of_source.entry(*source).or_insert(&name.name) != name.name)
        });
        let here: Vec<&Name> = names.iter().filter(|name| name.sources.contains_key(&import)).collect();
        let others = |name: &Name| {
            let mut name = name.clone();
            name.sources.remove(&import);
            name
        };
        let only_here = here.len() <= NAMES_ANEW
            && here.iter().enumerate().any(|(at, a)| {
                let a = others(a);
                here.iter().skip(at + 1).any(|b| !a.sources.is_empty() && !b.is_beside(&a))
            });
        if !here.is_empty() && (united || only_here) {
            writers.insert(writer);
        }
    }
    Ok(writers)
}

/// Decides anew which names are one, from the imports (oldest export first) alone. Returns where the rows belong that
/// lie elsewhere.
pub(crate) fn decide(conn: &Connection, writers: &BTreeSet<Writer>, imports: &[ImportRef]) -> Result<Option<Places>> {
    let mut places = Places::default();
    for (writer, names) in groups(conn, 0)? {
        if !writers.contains(&writer) || names.len() > NAMES_ANEW {
            continue;
        }
        let Some(proofs) = proofs(conn, &writer, &names, imports)? else { continue };
        let clusters = clusters(&names, proofs);
        place(conn, &writer, &names, &clusters, &mut places)?;
    }
    Ok(places.moves_any().then_some(places))
}

/// Two of some names, and how many rows prove that they are one.
type Proof = (u64, usize, usize);

/// Every proof that two names are one; `None` where there are too many names to compare.
fn proofs(conn: &Connection, writer: &Writer, names: &[Name], imports: &[ImportRef]) -> Result<Option<Vec<Proof>>> {
    let mut both = Vec::new();
    for (a, one) in names.iter().enumerate() {
        both.extend(names.iter().enumerate().skip(a + 1).filter(|(_, two)| !one.is_beside(two)).map(|(b, _)| (a, b)));
        if both.len() > PAIRS_ANEW {
            return Ok(None);
        }
    }
    let mut pairs = Vec::new();
    let mut of_pair = Vec::new();
    for (a, b) in both {
        let (Some(one), Some(two)) = (names.get(a), names.get(b)) else { continue };
        for (x, y) in one.held().flat_map(|x| two.held().map(move |y| (x, y))).filter(|(x, y)| x.import != y.import) {
            pairs.push(pair(x, y, imports, writer));
            of_pair.push((a, b));
        }
    }
    let sources = names.iter().flat_map(|name| name.sources.values().copied()).collect();
    compare(conn, &mut pairs, &sources)?;
    let mut most: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for (pair, of) in pairs.iter().zip(of_pair) {
        if let Some(same) = pair.proof() {
            let most = most.entry(of).or_default();
            *most = same.max(*most);
        }
    }
    Ok(Some(most.into_iter().map(|((a, b), same)| (same, a, b)).collect()))
}

/// The number of the source that each name is of. The strongest proof goes first; one that would make a source of two
/// names that stand side by side proves nothing.
fn clusters(names: &[Name], mut proofs: Vec<Proof>) -> Vec<usize> {
    let mut cluster: Vec<usize> = (0..names.len()).collect();
    let unite = |cluster: &mut Vec<usize>, a: usize, b: usize| {
        if let (Some(to), Some(from)) = (cluster.get(a).copied(), cluster.get(b).copied()) {
            cluster.iter_mut().filter(|number| **number == from).for_each(|number| *number = to);
        }
    };
    for (a, one) in names.iter().enumerate() {
        for (b, _) in names.iter().enumerate().skip(a + 1).filter(|(_, two)| one.is_within(two)) {
            unite(&mut cluster, a, b);
        }
    }
    // Names are in the order of their letters.
    proofs.sort_by(|(m, a, b), (n, c, d)| n.cmp(m).then((a, b).cmp(&(c, d))));
    for (_, a, b) in proofs {
        let of = |number: usize| {
            let number = cluster.get(number).copied();
            names.iter().zip(&cluster).filter(move |(_, found)| Some(**found) == number).map(|(name, _)| name)
        };
        if !of(a).any(|one| of(b).any(|two| one.is_beside(two))) {
            unite(&mut cluster, a, b);
        }
    }
    cluster
}

/// Gives each cluster a source: one of those that it had, else a new one.
fn place(conn: &Connection, writer: &Writer, names: &[Name], clusters: &[usize], places: &mut Places) -> Result<()> {
    let mut held: BTreeMap<usize, BTreeSet<Held>> = BTreeMap::new();
    for (name, cluster) in names.iter().zip(clusters) {
        held.entry(*cluster).or_default().extend(name.held());
    }
    let mut taken: BTreeSet<u32> = BTreeSet::new();
    for all in held.values() {
        let free = all.iter().map(|held| held.source).find(|source| !taken.contains(source));
        let source = match free {
            Some(source) => source,
            None => conn
                .prepare_cached("INSERT INTO sources (bundle, hardware) VALUES (?1, ?2) RETURNING id")?
                .query_row(params![writer.0, writer.1], |row| row.get(0))?,
        };
        taken.insert(source);
        all.iter().for_each(|held| places.put(*held, source));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::empty;
    use health::Source;

    /// Names that were there and are not met, and new ones of the same hardware.
    fn pairs(old: usize, new: usize, hardware: Option<&str>) -> usize {
        let store = empty();
        let conn = &store.conn;
        conn.execute_batch(
            "INSERT INTO imports (id, channel, at_ms, complete, report) VALUES (1, 'file', 0, 1, ''), (2, 'file', 0, 1, '')",
        )
        .expect("imports");
        let source = |name: String| Source { name, bundle: None, hardware: hardware.map(str::to_owned) };
        let meet =
            |dictionary: &mut Dictionary, name: String| dictionary.source(conn, &source(name)).expect("a source");
        let mut before = Dictionary::new(1);
        (0..old).for_each(|n| _ = meet(&mut before, format!("old {n}")));
        let mut now = Dictionary::new(2);
        (0..new).for_each(|n| _ = meet(&mut now, format!("new {n}")));
        candidates(conn, &now, 2, Which::New).expect("pairs").len()
    }

    #[test]
    fn so_many_pairs_are_compared_and_no_more() {
        assert_eq!((pairs(0, 300, None), pairs(300, 0, None)), (0, 0));
        assert_eq!(pairs(PAIRS, 1, None), PAIRS);
        assert_eq!(pairs(PAIRS + 1, 1, None), 0);
        assert_eq!(pairs(PAIRS / 16, 16, Some("Watch7,5")), PAIRS);
        assert_eq!(pairs(PAIRS / 16 + 1, 16, Some("Watch7,5")), 0);
    }

    /// Names by the imports that have them, one source each; proofs; the names of each cluster.
    #[track_caller]
    fn check(imports: &[&[i64]], proofs: &[Proof], expected: &[usize]) {
        let name = |(number, imports): (usize, &&[i64])| Name {
            name: number.to_string(),
            sources: imports.iter().map(|import| (*import, number as u32)).collect(),
        };
        let names: Vec<Name> = imports.iter().enumerate().map(name).collect();
        assert_eq!(clusters(&names, proofs.to_vec()), expected);
    }

    #[test]
    fn names_that_are_proven_to_be_one_are_unless_they_stand_side_by_side() {
        check(&[&[1], &[2], &[3]], &[], &[0, 1, 2]);
        check(&[&[1], &[2], &[3]], &[(5, 0, 1), (5, 1, 2)], &[0, 0, 0]);
        check(&[&[1], &[2], &[1]], &[(5, 0, 1), (6, 1, 2)], &[0, 1, 1]);
        check(&[&[1], &[2], &[1]], &[(5, 0, 1), (5, 1, 2)], &[0, 0, 2]);
        check(&[&[1], &[2], &[1], &[2]], &[(5, 0, 1), (4, 1, 2), (3, 2, 3)], &[0, 0, 2, 2]);
    }
}
