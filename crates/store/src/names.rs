//! Which names of one app and hardware are one source: a renamed watch or phone.
//!
//! A name and another are one where an export that has only the one and an export that has only the other tell the same
//! of the time of both (see [`crate::likeness`]), and no import has both. So it follows from the set of imports alone:
//! their order does not show, and what only one import proved goes with it. For that no import calls one source by two
//! names, but for those that the owner linked: which import held a row says then by which name.
//!
//! What the owner linked is put together before all that, and no import changes a link: where a name stands beside one
//! of a link that does not have it, it is another source until the owner links it too.

mod clusters;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use self::clusters::{Proof, clusters};
use crate::aliases::{self, Alias, Writer};
use crate::dictionary::Dictionary;
use crate::error::Result;
use crate::history::ImportRef;
use crate::likeness::{Held, MOST_TO_PROVE, Pair, Side, compare, least};
use crate::meetings::{Meetings, Sides};
use crate::unite::Places;

/// Names of one app and hardware that are looked at; people have dozens at most. Of more than that none is taken for
/// another. Those of all imports count, so that it does not matter which came last.
pub(crate) const NAMES: usize = 256;

/// Pairs of a name in one import and another name in another one that are compared at most, for the same reason.
const PAIRS: usize = 1 << 16;
/// Imports in which a name is compared: so many of its first and of its last. Two that are one meet there.
const ENDS: usize = 8;

/// The problem of an import in which an app or hardware has more names than are looked at.
pub const TOO_MANY_NAMES: &str = "too_many_names";

/// A name as it stands in imports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Name {
    name: String,
    /// The imports that use it, each with the source that its rows belong to.
    sources: BTreeMap<i64, u32>,
    /// The number of the owner's link that has it.
    link: Option<usize>,
}

impl Name {
    /// Whether one import has both: they are two.
    fn is_beside(&self, other: &Self) -> bool {
        self.sources.keys().any(|import| other.sources.contains_key(import))
    }

    /// Whether the owner said that both are one.
    fn is_linked_to(&self, other: &Self) -> bool {
        self.link.is_some() && self.link == other.link
    }

    /// Whether the rows of both may tell that they are one.
    fn may_be(&self, other: &Self) -> bool {
        !self.is_linked_to(other) && !self.is_beside(other)
    }

    /// The source of any of its imports.
    fn source(&self) -> Option<u32> {
        self.sources.values().next().copied()
    }

    /// What some of its imports held, as [`ENDS`] says; they come with the oldest export first.
    fn ends(&self, imports: &[ImportRef]) -> Vec<Held> {
        let held = |import: &ImportRef| Some(Held { source: *self.sources.get(&import.id)?, import: import.id });
        let all: Vec<Held> = imports.iter().filter_map(held).collect();
        let n = all.len();
        all.into_iter().enumerate().filter(|(at, _)| *at < ENDS || at + ENDS >= n).map(|(_, held)| held).collect()
    }

    fn held(&self) -> impl Iterator<Item = Held> + '_ {
        self.sources.iter().map(|(import, source)| Held { source: *source, import: *import })
    }

    fn sources(&self) -> impl Iterator<Item = u32> + '_ {
        self.sources.values().copied()
    }
}

/// All names of an app and hardware, in the order of their letters.
#[derive(Debug)]
struct Group {
    writer: Writer,
    names: Vec<Name>,
    /// What imports held under several names.
    mixed: BTreeSet<Held>,
}

impl Group {
    fn new(writer: Writer, names: Vec<Name>) -> Self {
        let (mut met, mut mixed) = (BTreeSet::new(), BTreeSet::new());
        mixed.extend(names.iter().flat_map(Name::held).filter(|held| !met.insert(*held)));
        Self { writer, names, mixed }
    }

    fn is_too_large(&self) -> bool {
        self.is_larger_than(NAMES, PAIRS)
    }

    fn is_larger_than(&self, names: usize, most: usize) -> bool {
        let pairs = self.names.iter().enumerate().flat_map(|(at, one)| {
            let others = self.names.iter().skip(at + 1).filter(|other| one.may_be(other));
            others.map(|other| one.sources.len().min(2 * ENDS) * other.sources.len().min(2 * ENDS))
        });
        let mut sums = pairs.scan(0, |sum, pairs| {
            *sum += pairs;
            Some(*sum)
        });
        self.names.len() > names || sums.any(|sum| sum > most)
    }

    fn has_import(&self, import: i64) -> bool {
        self.names.iter().any(|name| name.sources.contains_key(&import))
    }

    /// Whether an import takes another one's place among those in which a name is compared: what that one proves goes
    /// with it, and comes back without it.
    fn is_compared_otherwise_with(&self, import: i64) -> bool {
        self.names.iter().any(|name| name.sources.len() > 2 * ENDS && name.sources.contains_key(&import))
    }

    /// Whether names are one source that the owner did not link.
    fn is_united(&self) -> bool {
        let mut first: BTreeMap<u32, &Name> = BTreeMap::new();
        let all = self.names.iter().flat_map(|name| name.sources().map(move |source| (source, name)));
        let mut all = all.map(|(source, name)| (*first.entry(source).or_insert(name), name));
        all.any(|(one, name)| one.name != name.name && !one.is_linked_to(name))
    }

    /// Whether an import held something of a source under several names.
    fn has_mixed(&self, source: u32) -> bool {
        self.mixed.range(Held { source, import: i64::MIN }..).next().is_some_and(|held| held.source == source)
    }

    fn least(&self) -> u8 {
        least(self.writer.1.is_some())
    }

    /// Whether sources of two names have enough rows in common for a proof.
    fn meet(&self, one: u32, other: u32, meetings: &Meetings) -> bool {
        one == other || meetings.count(one, other) >= self.least()
    }

    fn pair(&self, a: Held, b: Held, imports: &[ImportRef]) -> Pair {
        let place = |held: Held| imports.iter().position(|import| import.id == held.import);
        let side = |held: Held| Side { held, mixed: self.mixed.contains(&held) };
        let (older, newer) = if place(a) < place(b) { (a, b) } else { (b, a) };
        Pair::new(side(older), side(newer), self.least().into())
    }
}

/// Reads the names of live imports, and those of one more.
fn groups(conn: &Connection, and_of: i64) -> Result<Vec<Group>> {
    let links = aliases::links(conn)?;
    let mut statement = conn.prepare_cached(
        "SELECT s.bundle, s.hardware, n.name, n.import_id, s.id
         FROM source_names n JOIN sources s ON s.id = n.source_id JOIN imports i ON i.id = n.import_id
         WHERE i.undone = 0 OR i.id = ?1 ORDER BY s.id",
    )?;
    let mut rows = statement.query([and_of])?;
    let mut groups: BTreeMap<Writer, BTreeMap<String, BTreeMap<i64, u32>>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let names = groups.entry((row.get(0)?, row.get(1)?)).or_default();
        names.entry(row.get(2)?).or_default().insert(row.get(3)?, row.get(4)?);
    }
    let group = |(writer, names): (Writer, BTreeMap<String, BTreeMap<i64, u32>>)| {
        let links: Vec<(usize, &Alias)> =
            links.iter().enumerate().filter(|(_, link)| link.writers.contains(&writer)).collect();
        let named = |(name, sources)| {
            let link = links.iter().find(|(_, link)| link.names.contains(&name)).map(|(number, _)| *number);
            Name { name, sources, link }
        };
        let names = names.into_iter().map(named).collect();
        Group::new(writer, names)
    };
    Ok(groups.into_iter().map(group).collect())
}

/// What an import tells about names.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Sources that came with it, and the one that each of them is.
    pub renamed: Vec<(u32, u32)>,
    /// Apps and hardware whose names are to be looked at anew.
    pub anew: BTreeSet<Writer>,
    /// Apps and hardware that have too many names.
    pub too_large: u64,
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
    let (large, groups): (Vec<Group>, Vec<Group>) = groups(conn, import)?.into_iter().partition(Group::is_too_large);
    let candidates = candidates(conn, &groups, dictionary, import, which)?;
    let mut pairs = Vec::new();
    let mut of_pair = Vec::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let here = Held { source: candidate.here, import };
        for held in candidate.gone.ends(imports) {
            pairs.push(candidate.group.pair(here, held, imports));
            of_pair.push(at);
        }
    }
    let gone = candidates.iter().flat_map(|candidate| candidate.gone.sources()).collect();
    compare(conn, &mut pairs, &gone)?;
    let proven: BTreeSet<usize> =
        pairs.iter().zip(of_pair).filter(|(pair, _)| pair.proof().is_some()).map(|(_, at)| at).collect();
    let proven: Vec<&Candidate<'_>> = proven.into_iter().filter_map(|at| candidates.get(at)).collect();
    let mut told = tell(&proven, dictionary, which);
    if which == Which::Known {
        let otherwise = groups.iter().filter(|g| g.is_united() && g.is_compared_otherwise_with(import));
        told.anew.extend(otherwise.map(|group| group.writer.clone()));
    }
    for group in large.iter().filter(|group| group.has_import(import)) {
        told.too_large += 1;
        // As long as there were fewer, some may have been taken for one.
        if group.is_united() {
            told.anew.insert(group.writer.clone());
        }
    }
    Ok(told)
}

fn tell(proven: &[&Candidate<'_>], dictionary: &Dictionary, which: Which) -> Told {
    let met = dictionary.sources_met();
    let ones: BTreeSet<(u32, u32)> = proven.iter().filter_map(|c| Some((c.here, c.gone.source()?))).collect();
    let mut times: BTreeMap<u32, usize> = BTreeMap::new();
    ones.iter().flat_map(|(here, gone)| [*here, *gone]).for_each(|source| *times.entry(source).or_default() += 1);
    let mut told = Told { anew: dictionary.split.clone(), ..Told::default() };
    for candidate in proven {
        let Some(gone) = candidate.gone.source() else { continue };
        let alone = times.get(&candidate.here) == Some(&1) && times.get(&gone) == Some(&1);
        // One new source, and one that has gone: no other name has a say, and no link.
        let (split, mixed) = (dictionary.split.contains(&candidate.group.writer), candidate.group.has_mixed(gone));
        if which == Which::Known || !alone || split || mixed || met.contains(&gone) {
            told.anew.insert(candidate.group.writer.clone());
        } else if !told.renamed.contains(&(candidate.here, gone)) {
            told.renamed.push((candidate.here, gone));
        }
    }
    told
}

/// A source of a running import, and a name that it has not.
#[derive(Debug)]
struct Candidate<'a> {
    group: &'a Group,
    here: u32,
    gone: &'a Name,
}

/// Names that the import has and names that it has not, and that have rows in common.
fn candidates<'a>(
    conn: &Connection,
    groups: &'a [Group],
    dictionary: &Dictionary,
    import: i64,
    which: Which,
) -> Result<Vec<Candidate<'a>>> {
    let new: BTreeSet<u32> = dictionary.new_sources.iter().copied().collect();
    let mut candidates = Vec::new();
    let mut sides = Vec::new();
    for group in groups {
        let mut side = Sides::default();
        let (here, gone): (Vec<&Name>, Vec<&Name>) =
            group.names.iter().partition(|name| name.sources.contains_key(&import));
        for one in here {
            let Some(source) = one.sources.get(&import).copied() else { continue };
            if new.contains(&source) != (which == Which::New) {
                continue;
            }
            for gone in gone.iter().copied().filter(|gone| one.may_be(gone) && gone.source() != Some(source)) {
                side.one.insert(source);
                side.other.extend(gone.sources());
                candidates.push(Candidate { group, here: source, gone });
            }
        }
        sides.push(side);
    }
    let meetings = Meetings::find(conn, &sides, MOST_TO_PROVE)?;
    candidates.retain(|c| c.gone.sources().any(|source| c.group.meet(c.here, source, &meetings)));
    Ok(candidates)
}

/// Apps and hardware of which some names may be one or two without an import where they were not with it.
pub(crate) fn decided_by(conn: &Connection, import: i64) -> Result<BTreeSet<Writer>> {
    let mut writers = BTreeSet::new();
    for group in groups(conn, import)? {
        let here: Vec<&Name> = group.names.iter().filter(|name| name.sources.contains_key(&import)).collect();
        let others = |name: &Name| {
            let mut name = name.clone();
            name.sources.remove(&import);
            name
        };
        let only_here = || {
            here.iter().enumerate().any(|(at, a)| {
                let a = others(a);
                here.iter().skip(at + 1).any(|b| !a.sources.is_empty() && !others(b).is_beside(&a))
            })
        };
        // A name that is linked stands beside others for all that are linked to it.
        let is_linked = || group.names.iter().any(|name| name.link.is_some());
        let otherwise = group.is_too_large() || group.is_compared_otherwise_with(import);
        if !here.is_empty() && (otherwise || group.is_united() || is_linked() || only_here()) {
            writers.insert(group.writer);
        }
    }
    Ok(writers)
}

/// Decides anew which names are one, from the imports (oldest export first) and the owner's links alone: where rows
/// belong that lie elsewhere. `None` where everything lies where it belongs.
pub(crate) fn decide(conn: &Connection, writers: &BTreeSet<Writer>, imports: &[ImportRef]) -> Result<Option<Places>> {
    let mut places = Places::default();
    for group in groups(conn, 0)?.into_iter().filter(|group| writers.contains(&group.writer)) {
        let proofs = if group.is_too_large() { Vec::new() } else { proofs(conn, &group, imports)? };
        place(conn, &group, &clusters(&group.names, proofs), &mut places)?;
    }
    Ok(places.moves_any().then_some(places))
}

/// Every proof that two names are one.
fn proofs(conn: &Connection, group: &Group, imports: &[ImportRef]) -> Result<Vec<Proof>> {
    let all: BTreeSet<u32> = group.names.iter().flat_map(Name::sources).collect();
    let meetings = Meetings::find(conn, &[Sides { one: all.clone(), other: all.clone() }], group.least())?;
    let mut pairs = Vec::new();
    let mut of_pair = Vec::new();
    for (a, one) in group.names.iter().enumerate() {
        for (b, two) in group.names.iter().enumerate().skip(a + 1).filter(|(_, two)| one.may_be(two)) {
            let (ones, twos) = (one.ends(imports), two.ends(imports));
            let both = ones.iter().flat_map(|x| twos.iter().map(|y| (*x, *y)));
            for (x, y) in both.filter(|(x, y)| group.meet(x.source, y.source, &meetings)) {
                pairs.push(group.pair(x, y, imports));
                of_pair.push((a, b));
            }
        }
    }
    compare(conn, &mut pairs, &all)?;
    let mut most: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for (pair, of) in pairs.iter().zip(of_pair) {
        if let Some(same) = pair.proof() {
            let most = most.entry(of).or_default();
            *most = same.max(*most);
        }
    }
    Ok(most.into_iter().map(|((a, b), same)| (same, a, b)).collect())
}

/// Gives each cluster a source: one of those that it had, else a new one.
fn place(conn: &Connection, group: &Group, clusters: &[usize], places: &mut Places) -> Result<()> {
    let mut held: BTreeMap<usize, BTreeSet<Held>> = BTreeMap::new();
    for (name, cluster) in group.names.iter().zip(clusters) {
        held.entry(*cluster).or_default().extend(name.held());
    }
    let mut taken: BTreeSet<u32> = BTreeSet::new();
    for all in held.into_values() {
        let free = all.iter().map(|held| held.source).find(|source| !taken.contains(source));
        let source = match free {
            Some(source) => source,
            None => conn
                .prepare_cached("INSERT INTO sources (bundle, hardware) VALUES (?1, ?2) RETURNING id")?
                .query_row(params![group.writer.0, group.writer.1], |row| row.get(0))?,
        };
        taken.insert(source);
        all.iter().for_each(|held| places.put(*held, source));
    }
    Ok(())
}
