//! Two daily measures against each other.

use chart::correlation::{self, Pair, Rho};
use chart::{Measure, Model};
use health::key;
use health::kind::fold;
use health::language::word;
use health::series::buckets::Grain;
use health::series::correlate::{Lag, correlate};
use health::series::per_day::DayValue;
use health::time::{Day, Zones};
use store::Store;

use super::calendar::SLEEP;
use super::measure::{Shown, most};
use super::sleep;
use super::stretch::Stretch;
use super::view::{View, values};
use super::{Question, Reach, Subject};
use crate::error::{Code, Error, Result};
use crate::local::{Found, find_kind};

/// One of the two.
enum Side {
    Sleep,
    Type(Found),
}

/// Returns the scatter of the days of a stretch that have both and are over; the second one may be that of the day
/// before or after.
pub(super) fn chart(view: &View<'_>, (first, second): (&str, &str), lag: Lag) -> Result<Model> {
    let (first, second) = (Side::find(view, first)?, Side::find(view, second)?);
    if lag == Lag::Same && first.is_same(&second) {
        let hint = word(key!("Name two types, or ask how one goes on: with :next behind it."));
        return Err(Error::new(Code::BadUsage, word(key!("A type beside itself is a straight line.")), hint));
    }
    let (a, b) = (first.data(view)?, second.data(view)?);
    // Where one began later or ended earlier, there are no pairs.
    let both = a.zip(b).map(|(a, b)| (a.0.max(b.0), a.1.min(b.1))).filter(|(first, last)| first <= last);
    let stretch = view.stretch(both.or(a).or(b));
    let ((x, across), (y, up)) = (first.days(view, stretch)?, second.days(view, beside(stretch, lag))?);
    let rho = correlate(&across, &up, lag).ok().map(|c| Rho { rho: c.rho, low: c.low, high: c.high });
    let pairs = pairs(&across, &up, lag);
    let range = stretch.range_of_days(view.zones);
    let (x, y) = (measure(&x), measure(&y));
    Ok(correlation::model(&x, &y, when(lag), (&pairs, rho), range, view.zones))
}

/// The days of the second one that go with those of the first one.
fn beside(stretch: Stretch, lag: Lag) -> Stretch {
    let by = |day: Day| day.saturating_add(lag.days());
    Stretch { first: by(stretch.first), last: by(stretch.last), ..stretch }
}

/// The day of the second one, in words.
fn when(lag: Lag) -> &'static str {
    match lag {
        Lag::Before => key!(" of the day before"),
        Lag::Same => "",
        Lag::After => key!(" of the next day"),
    }
}

fn measure(shown: &Option<Shown>) -> Measure<'_> {
    shown.as_ref().map_or(SLEEP, Shown::measure)
}

/// Both series come by day.
fn pairs(across: &[DayValue], up: &[DayValue], lag: Lag) -> Vec<Pair> {
    let other = |day: Day| up.binary_search_by_key(&day, |v| v.day).ok().and_then(|place| up.get(place));
    across.iter().filter_map(|v| Some(Pair { day: v.day, x: v.value, y: other(v.day + lag.days())?.value })).collect()
}

/// The numbers of both over some days, as the scatter shows them.
pub(crate) struct Sides {
    /// The first one, by day.
    pub first: Vec<DayValue>,
    /// The second one, by its own day.
    pub second: Vec<DayValue>,
    /// Their units.
    pub units: [String; 2],
}

impl Sides {
    /// Reads the days of the first one, and those of the second one that go with them.
    pub fn read(
        store: &Store,
        zones: &Zones,
        (a, b): (&str, &str),
        lag: Lag,
        (first, last): (Day, Day),
        now_ms: i64,
    ) -> Result<Self> {
        let subject = Subject::Pair(a.to_owned(), b.to_owned(), lag);
        let question = Question { subject, reach: None, last: Some(last), page: 1, now_ms };
        let view = View::new(store, zones, &question, Reach::All)?;
        let stretch =
            Stretch { first, last, until: last, since: first, grain: Grain::Day, part: None, now_ms: Some(now_ms) };
        let (x, across) = Side::find(&view, a)?.days(&view, stretch)?;
        let (y, up) = Side::find(&view, b)?.days(&view, beside(stretch, lag))?;
        let unit = |shown: &Option<Shown>| word(measure(shown).unit);
        Ok(Self { units: [unit(&x), unit(&y)], first: across, second: up })
    }
}

impl Side {
    fn find(view: &View<'_>, word: &str) -> Result<Self> {
        match fold(word).as_str() {
            "sleep" | "sleepanalysis" => Ok(Self::Sleep),
            _ => find_kind(view.store, word).map(Self::Type),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sleep, Self::Sleep) => true,
            (Self::Type(one), Self::Type(other)) => one.kind.identifier == other.kind.identifier,
            _ => false,
        }
    }

    /// First and last day with data.
    fn data(&self, view: &View<'_>) -> Result<Option<(Day, Day)>> {
        match self {
            Self::Sleep => view.data_of(&find_kind(view.store, crate::sleep::SLEEP)?),
            Self::Type(found) => view.data_of(found),
        }
    }

    /// The numbers of the days that are over, and how they are shown; none is for sleep.
    fn days(&self, view: &View<'_>, stretch: Stretch) -> Result<(Option<Shown>, Vec<DayValue>)> {
        let today = view.today();
        let Self::Type(found) = self else {
            let hours = sleep::hours(&view.sleeper()?, stretch.days())?.into_iter().filter(|(day, _)| *day < today);
            return Ok((None, hours.map(|(day, value)| DayValue { day, value }).collect()));
        };
        let days = view.days(found, stretch.first, stretch.last.min(today.saturating_sub(1)))?;
        let shown = Shown::new(&found.kind, &view.units, most(days.iter().map(|day| day.value)));
        let numbers = values(&days).into_iter();
        let numbers = numbers.map(|day| DayValue { value: shown.value(day.value), ..day }).collect();
        Ok((Some(shown), numbers))
    }
}
