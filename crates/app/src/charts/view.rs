//! What every chart of a stretch of time is made with: the store, the wearer's zones, and the numbers of `query`.

use std::cell::RefCell;

use chart::Average;
use health::series::buckets::{Bucket, Calendar, Grain, Stretch as Of};
use health::series::per_day::DayValue;
use health::series::periods::{self, OfDays};
use health::series::rule::Rule;
use health::time::{Day, Zones};
use store::Store;
use store::query::{Orders, Point, Ranks};

use super::stretch::Stretch;
use super::{Question, Reach};
use crate::daily::of_kind;
use crate::display::Units;
use crate::error::Result;
use crate::local::{Days, Found};
use crate::query::{REACH_MS, hours, inputs_between, of_days};
use crate::settings::{goal, week_start};
use crate::sleep::Sleeper;

/// 31 December 9998: after the year that holds it there is still another one that can be written.
const LAST_DAY: Day = 2_932_531;

/// A look at a store.
pub(super) struct View<'s> {
    /// What is looked at.
    pub store: &'s Store,
    /// Where the wearer was.
    pub zones: &'s Zones,
    /// Whose numbers count first.
    pub orders: Orders,
    /// Units that people want.
    pub units: Units,
    /// Milliseconds since 1970 in UTC.
    pub now_ms: i64,
    /// From when to when, where a part of a day, a night or a workout is told.
    pub part: Option<(i64, i64)>,
    week_start: i8,
    reach: Reach,
    last: Option<Day>,
    /// The days that were read last: a chart asks for them more than once.
    known: RefCell<Option<Known>>,
}

/// The days of a type from one to another, both inclusive.
struct Known {
    identifier: String,
    from: Day,
    to: Day,
    days: Vec<Bucket>,
}

impl<'s> View<'s> {
    /// By a question; `usual` is the reach where it names none.
    pub fn new(store: &'s Store, zones: &'s Zones, question: &Question, usual: Reach) -> Result<Self> {
        Ok(Self {
            store,
            zones,
            orders: store.orders()?,
            units: Units::of_store(store)?,
            now_ms: question.now_ms,
            part: None,
            week_start: week_start(store)?,
            reach: question.reach.unwrap_or(usual),
            last: question.last.map(|day| day.min(LAST_DAY)),
            known: RefCell::new(None),
        })
    }

    /// The same of a part.
    pub fn within(self, part: Option<(f64, f64)>) -> Self {
        Self { part: part.map(|(from, until)| (from as i64, until as i64)), ..self }
    }

    /// The day of now.
    pub fn today(&self) -> Day {
        self.zones.day(self.now_ms)
    }

    /// The days of the chart, where data lie between two days.
    pub fn stretch(&self, data: Option<(Day, Day)>) -> Stretch {
        let last = self.last.or(data.map(|(_, last)| last)).unwrap_or_else(|| self.today());
        let earliest = data.map_or(last, |(first, _)| first);
        let stretch = Stretch::new(self.reach, last, earliest, self.week_start, self.zones);
        let part = self.part.filter(|_| stretch.grain == Grain::Hour);
        Stretch { part, now_ms: Some(self.now_ms), ..stretch }
    }

    /// The days of the chart of a type.
    pub fn stretch_of(&self, found: &Found) -> Result<Stretch> {
        Ok(self.stretch(self.data_of(found)?))
    }

    /// First and last day with data of a type. What lies in the future, by a wrong clock, moves no chart as long as
    /// there is anything else.
    pub fn data_of(&self, found: &Found) -> Result<Option<(Day, Day)>> {
        let Some(id) = found.id else { return Ok(None) };
        let row = self.store.types()?.into_iter().find(|row| row.kind.id == id);
        let Some(first_ms) = row.and_then(|row| row.first_ms) else { return Ok(None) };
        let last = match self.store.last_day_until(id, self.today() + 1)? {
            None => self.store.last_day_until(id, Day::MAX)?,
            last => last,
        };
        let first = self.zones.day(first_ms);
        Ok(Some((first, last.unwrap_or(first))))
    }

    /// The goal that the owner set for a type, in the store's unit; a day's, where it is a sum.
    pub fn goal(&self, found: &Found) -> Result<Option<f64>> {
        goal(self.store, &found.kind.identifier)
    }

    /// Where nights are looked up.
    pub fn sleeper(&self) -> Result<Sleeper<'_>> {
        Sleeper::new(self.store, &self.orders, self.zones)
    }

    /// The order of the sources of a type.
    pub fn ranks(&self, found: &Found) -> &Ranks {
        self.orders.of(&found.kind.identifier)
    }

    /// The buckets of a stretch, as `vitalog query` tells them.
    pub fn buckets(&self, found: &Found, stretch: Stretch) -> Result<Vec<Bucket>> {
        let calendar = Calendar { zones: self.zones, grain: stretch.grain, week_start: self.week_start };
        let mut buckets = match stretch.grain {
            Grain::Hour => hours(self.store, found, stretch.days(), self.ranks(found), calendar)?,
            _ => of_days(self.days(found, stretch.first, stretch.last)?, found, calendar),
        };
        buckets.retain(|bucket| (stretch.first..=stretch.last).contains(&bucket.day));
        if let Some(part) = stretch.part {
            return self.cut(found, stretch, buckets, part);
        }
        Ok(buckets)
    }

    /// Hours as far as they lie in a part: those that it cuts are counted anew, as their explanation does.
    fn cut(&self, found: &Found, stretch: Stretch, hours: Vec<Bucket>, part: (i64, i64)) -> Result<Vec<Bucket>> {
        let (from_ms, until_ms) = stretch.days().instants(self.zones).range_ms();
        let around = (from_ms.saturating_sub(REACH_MS), until_ms.saturating_add(REACH_MS));
        let mut inputs = None;
        let mut inside = Vec::new();
        for hour in hours.into_iter().filter(|hour| hour.start_ms < part.1 && hour.end_ms > part.0) {
            let (start_ms, end_ms) = (hour.start_ms.max(part.0), hour.end_ms.min(part.1));
            if (start_ms, end_ms) == (hour.start_ms, hour.end_ms) {
                inside.push(hour);
                continue;
            }
            let inputs = match &mut inputs {
                Some(known) => known,
                none => none.insert(inputs_between(self.store, found, around, self.ranks(found))?),
            };
            inside.extend(Rule::of(&found.kind).between(inputs, Of { start_ms, end_ms, day: hour.day }));
        }
        Ok(inside)
    }

    /// The one number of a stretch, in the store's unit, as its explanation has it: of its days that are over, of a
    /// part of a day of its hours.
    pub fn average(&self, found: &Found, stretch: Stretch) -> Result<Option<Average>> {
        let rule = Rule::of(&found.kind);
        if stretch.part.is_some() {
            let mean = rule.level(&self.buckets(found, stretch)?);
            return Ok(mean.map(|mean| Average { mean, leaves_out: false }));
        }
        let found = OfDays::new(rule, &self.days(found, stretch.first, stretch.last)?, self.now_ms);
        Ok(found.map(|days| Average { mean: days.mean, leaves_out: days.left_out > 0 }))
    }

    /// The days from one to another, both inclusive, as `vitalog daily` tells them.
    pub fn days(&self, found: &Found, from: Day, to: Day) -> Result<Vec<Bucket>> {
        let mut known = self.known.borrow_mut();
        let holds = |known: &Known| known.identifier == found.kind.identifier && known.from <= from && to <= known.to;
        if !known.as_ref().is_some_and(holds) {
            let days = Days { from: Some(from), to: Some(to) };
            let days = of_kind(self.store, found, days, self.ranks(found), self.zones)?;
            *known = Some(Known { identifier: found.kind.identifier.clone(), from, to, days });
        }
        let days = known.iter().flat_map(|known| &known.days);
        Ok(days.filter(|bucket| (from..=to).contains(&bucket.day)).cloned().collect())
    }

    /// The samples that start on the days of a stretch, by start.
    pub fn points(&self, found: &Found, stretch: Stretch) -> Result<Vec<Point>> {
        let Some(id) = found.id else { return Ok(Vec::new()) };
        let days = stretch.instants(self.zones);
        let (from_ms, until_ms) = days.range_ms();
        let mut points = self.store.points(id, from_ms, until_ms)?;
        points.retain(|point| days.holds(point.start_ms) && stretch.holds(point.start_ms));
        Ok(points)
    }

    /// The middle of a day.
    pub fn noon(&self, day: Day) -> i64 {
        let (start_ms, end_ms) = self.zones.day_bounds(day);
        start_ms + (end_ms - start_ms) / 2
    }
}

/// The numbers of days.
pub(super) fn values(days: &[Bucket]) -> Vec<DayValue> {
    days.iter().map(|day| DayValue { day: day.day, value: day.value }).collect()
}

/// Those days that are over, or all where none is.
pub(super) fn over(days: &[Bucket], now_ms: i64) -> Vec<Bucket> {
    periods::over(days, |day| day.is_complete(now_ms)).into_iter().cloned().collect()
}
