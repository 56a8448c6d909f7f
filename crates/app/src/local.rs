//! Local days: the wearer's zones, ranges of days, and kinds by the words that people use.

use health::kind::{self, Kind};
use health::series::rule::Rule;
use health::time::{Day, DayRange, TimeZone, Zones, format_day, parse_day, parse_stamp};
use store::Store;

use crate::error::{Code, Error, Result};
use crate::folder::Folder;

/// Returns the IANA name of the computer's own zone.
pub(crate) fn system_zone() -> String {
    TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

/// Returns the IANA name of the home zone: the setting, else what the samples tell, else the computer's.
pub fn home_zone(store: &Store) -> Result<String> {
    Ok(store.home_zone(&system_zone())?)
}

/// Returns the wearer's zones, by the settings `home_zone` and `day_boundaries`.
pub fn zones(store: &Store) -> Result<Zones> {
    Ok(store.zones(&system_zone())?)
}

/// Tells people the instants of answers in local time: the wearer's own, or this computer's.
#[derive(Debug)]
pub struct Clock(Zones);

impl Clock {
    /// By the zones of a store.
    pub fn of(folder: &Folder) -> Result<Self> {
        Ok(Self(zones(&folder.read()?)?))
    }

    /// By the zone of this computer: for what was done here, such as imports, wherever the wearer was.
    pub fn here() -> Self {
        Self(Zones::from_name(&system_zone(), &[]))
    }

    /// `2026-03-14 07:30` for an instant as answers print it; anything else stays as it is.
    pub fn time(&self, instant: &str) -> String {
        parse_stamp(instant).map_or_else(|| instant.to_owned(), |at_ms| self.0.wall_clock(at_ms))
    }

    /// The same as the window writes it: `14 Mar 2026, 07:30`.
    pub fn shown(&self, instant: &str) -> String {
        let plain = self.time(instant);
        let parts = plain.split_once(' ').and_then(|(day, time)| Some((parse_day(day)?, time)));
        parts.map_or_else(|| plain.clone(), |(day, time)| format!("{}, {time}", chart::range::long_day(day)))
    }

    /// The local day of an instant, or nothing.
    pub fn day(&self, instant: Option<&String>) -> String {
        let at_ms = instant.and_then(|instant| parse_stamp(instant));
        at_ms.map(|at_ms| format_day(self.0.day(at_ms))).unwrap_or_default()
    }
}

/// Days from one to another, both inclusive; either may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    /// First day.
    pub from: Option<Day>,
    /// Last day.
    pub to: Option<Day>,
}

impl Days {
    /// Reads both ends as the user typed them.
    pub fn parse(from: Option<&str>, to: Option<&str>) -> Result<Self> {
        let days = Self { from: from.map(day).transpose()?, to: to.map(day).transpose()? };
        match (days.from, days.to) {
            (Some(from), Some(to)) if from > to => Err(Error::new(
                Code::BadDate,
                format!("The range ends before it begins: {} to {}.", format_day(from), format_day(to)),
                "Give the earlier day as --from.",
            )),
            _ => Ok(days),
        }
    }

    /// Their instants, wherever the wearer was.
    pub fn instants(self, zones: &Zones) -> DayRange<'_> {
        let (from, to) = self.numbers();
        zones.days(from, to)
    }

    /// The days as numbers, open ends far away.
    pub fn numbers(self) -> (Day, Day) {
        (self.from.unwrap_or(Day::MIN), self.to.unwrap_or(Day::MAX))
    }
}

/// Reads a day as the user typed it: `2026-03-14`. An hour with it is refused, because nothing would come of it.
pub fn day(text: &str) -> Result<Day> {
    let hint = "Write days as 2026-03-14, without a time of day.";
    parse_day(text).ok_or_else(|| Error::new(Code::BadDate, format!("`{text}` is no day."), hint))
}

/// A kind that the user named.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its number, where the store has met it.
    pub id: Option<i64>,
    /// What is known about it.
    pub kind: Kind,
}

impl Found {
    /// The unit of its numbers of hours, days and longer; none where entries are counted.
    pub fn unit_of_days(&self) -> Option<String> {
        let unit = Rule::of(&self.kind).unit().unwrap_or(&self.kind.unit);
        Some(unit.to_owned()).filter(|unit| !unit.is_empty())
    }
}

/// Finds a kind by its identifier with or without prefix, or in snake case, among Apple's and those in the store; else
/// by the name that tables show for it or by that of its view.
pub fn find_kind(store: &Store, word: &str) -> Result<Found> {
    let stored = store.kinds()?;
    let wanted = kind::fold(word);
    // A damaged type may fold to the same as a good one.
    let exact = stored.iter().find(|row| row.identifier == word);
    let exact =
        exact.or_else(|| kind::find(word).and_then(|k| stored.iter().find(|row| row.identifier == k.identifier)));
    if let Some(row) = exact.or_else(|| stored.iter().find(|row| kind::fold(&row.identifier) == wanted)) {
        let guess = kind::get_or_guess(&row.identifier, Some(&row.unit));
        let lengths = !guess.asks_its_rows() || store.every_row_has_length(row.id)?;
        return Ok(Found { id: Some(row.id), kind: guess.fitting(lengths) });
    }
    if let Some(known) = kind::find(word) {
        return Ok(Found { id: None, kind: known.clone() });
    }
    if let Some(known) = called(&wanted) {
        let id = stored.iter().find(|row| row.identifier == known.identifier).map(|row| row.id);
        return Ok(Found { id, kind: known.clone() });
    }
    let names = stored.iter().map(|row| row.identifier.as_str()).chain(kind::all().map(|k| k.identifier.as_str()));
    let names = names.flat_map(|identifier| {
        let name = kind::get(identifier).map(|known| known.name.as_str()).unwrap_or_default();
        [(kind::fold(name), kind::slug(identifier)), (kind::fold(identifier), kind::slug(identifier))]
    });
    let hint = did_you_mean(&near(&wanted, names), "`vitalog types` lists what is in the store.");
    Err(Error::new(Code::UnknownType, format!("There is no type `{word}`."), hint))
}

/// The only kind of Apple's that goes by a folded name among people or has a view of that name.
fn called(wanted: &str) -> Option<&'static Kind> {
    let is = |known: &&Kind| {
        [kind::fold(&known.name), kind::fold(&store::view_name(&known.identifier))].iter().any(|name| name == wanted)
    };
    let mut named = kind::all().filter(is);
    let only = named.next()?;
    named.next().is_none().then_some(only)
}

/// The hint of a word that nobody knows: the names that it is near to, or where to look.
pub(crate) fn did_you_mean(near: &[String], otherwise: &str) -> String {
    if near.is_empty() { otherwise.to_owned() } else { health::say!("Did you mean {names}?", names = near.join(", ")) }
}

/// Up to three names that are nearly the word or contain it. `names` are folded, each with the word to show for it.
pub(crate) fn near(wanted: &str, names: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let mut scored: Vec<(usize, String)> = names
        .filter(|(folded, _)| !folded.is_empty())
        .filter_map(|(folded, name)| {
            let contains = wanted.len() >= 3 && folded.contains(wanted);
            let distance = if contains { 1 } else { distance(wanted, &folded) };
            (distance <= 1 + wanted.chars().count() / 4).then_some((distance, name))
        })
        .collect();
    scored.sort();
    let mut best: Vec<String> = Vec::new();
    for (_, name) in scored {
        if best.len() < 3 && !best.contains(&name) {
            best.push(name);
        }
    }
    best
}

/// How many letters have to change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let next = (diagonal + usize::from(x != *y)).min(*cell + 1).min(left + 1);
            diagonal = std::mem::replace(cell, next);
            left = next;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// How many samples there are: those that count, and those that the owner hid or deleted, which a copy has and which go
/// with the rest.
pub(crate) fn there(store: &Store) -> Result<i64> {
    Ok(store.totals()?.records.saturating_add_unsigned(store.owners_rows()?))
}

#[cfg(test)]
mod journeys;
#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_near(word: &str, expected: &str) {
        let error = find_kind(&Store::empty(std::path::Path::new("")).expect("a store"), word).expect_err("unknown");
        assert_eq!(error.code, Code::UnknownType);
        assert!(error.hint.contains(expected), "{}", error.hint);
    }

    #[test]
    fn an_unknown_type_brings_near_matches() {
        check_near("heart_rat", "heart_rate");
        check_near("hartrate", "heart_rate");
        check_near("glucose", "blood_glucose");
        check_near("stepz", "step_count");
        check_near("qqqqqqqq", "vitalog types");
    }

    #[track_caller]
    fn check_found(words: &[&str], expected: &str) {
        let store = Store::empty(std::path::Path::new("")).expect("a store");
        for word in words {
            assert_eq!(find_kind(&store, word).expect(word).kind.slug(), expected, "{word}");
        }
    }

    #[test]
    fn a_type_goes_by_the_names_of_tables_and_views_too() {
        check_found(&["Steps", "steps", "step_count", "StepCount"], "step_count");
        check_found(&["Sleep", "SLEEP", "sleep_analysis"], "sleep_analysis");
        check_found(&["weight", "Body Mass"], "body_mass");
        check_found(&["blood_oxygen", "Blood Oxygen"], "oxygen_saturation");
    }

    #[test]
    fn every_name_that_a_table_shows_finds_its_type() {
        let store = Store::empty(std::path::Path::new("")).expect("a store");
        for known in kind::all() {
            for name in [known.name.clone(), store::view_name(&known.identifier)] {
                assert_eq!(find_kind(&store, &name).expect(&name).kind.identifier, known.identifier, "{name}");
            }
        }
    }

    #[test]
    fn instants_are_told_in_local_time() {
        let clock = Clock(Zones::named("Europe/Berlin").expect("a zone"));
        assert_eq!(clock.time("2021-11-29T23:00:00.000Z"), "2021-11-30 00:00");
        assert_eq!(clock.time("2026-07-01T10:15:59.999Z"), "2026-07-01 12:15");
        assert_eq!(clock.time("2026-07-01"), "2026-07-01");
        assert_eq!(clock.shown("2026-07-01T10:15:59.999Z"), "1 Jul 2026, 12:15");
        assert_eq!(clock.shown("2026-07-01"), "2026-07-01");
        assert_eq!(clock.day(Some(&"2021-11-29T23:00:00.000Z".to_owned())), "2021-11-30");
        assert_eq!(clock.day(None), "");
    }

    #[test]
    fn distances_count_letters() {
        assert_eq!(
            [distance("abc", "abc"), distance("abc", "abd"), distance("", "ab"), distance("abc", "bc")],
            [0, 1, 2, 1]
        );
    }

    #[test]
    fn days_are_checked() {
        assert!(Days::parse(Some("2026-03-14"), Some("2026-03-14")).is_ok());
        let odd =
            ["14.3.2026", "20260314", "2026-03-14T10:00", "2026-03-14T00:00:00Z", "2026-02-30", "-002026-03-14", ""];
        for (from, to) in odd.map(|from| (from, "2026-03-14")).into_iter().chain([("2026-03-15", "2026-03-14")]) {
            assert_eq!(Days::parse(Some(from), Some(to)).expect_err(from).code, Code::BadDate);
        }
    }
}
