//! Nights and naps.

use health::series::sleep::{Kind, Segment, Session};
use health::time::{Day, HOUR_MS, Zones, format_day, format_instant};
use serde::Serialize;
pub(crate) use store::SLEEP;
use store::query::{Orders, Ranks};
use store::{Store, source_rank};

use crate::error::Result;
use crate::folder::Folder;
use crate::local::{Days, zones};
use crate::settings::nights_by_evening;

/// One row of `vitalog sleep`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SleepAnswer {
    /// The day it counts for; by the setting `night_label` that of waking up or that of the evening before.
    pub day: String,
    /// `main`, `extra`, `nap` or `in_bed_only`.
    pub kind: &'static str,
    /// First asleep.
    pub start: String,
    /// Last asleep.
    pub end: String,
    /// Minutes asleep in any stage; like the next ones null where nobody saw whether this was sleep.
    pub asleep_min: Option<f64>,
    /// Minutes awake between.
    pub awake_min: Option<f64>,
    /// Minutes of core sleep; like deep and REM sleep null where nobody told any of the three.
    pub core_min: Option<f64>,
    /// Minutes of deep sleep.
    pub deep_min: Option<f64>,
    /// Minutes of REM sleep.
    pub rem_min: Option<f64>,
    /// Minutes asleep without a known stage.
    pub unspecified_min: Option<f64>,
    /// Minutes in bed.
    pub in_bed_min: f64,
    /// Whether nobody wrote the time in bed.
    pub in_bed_estimated: bool,
    /// Minutes from going to bed to falling asleep.
    pub latency_min: Option<f64>,
    /// Times awake for five minutes or more; null where nobody looked.
    pub awakenings: Option<u32>,
    /// Asleep in bed, 0 to 1; null without sleep.
    pub efficiency: Option<f64>,
    /// Names of the sources that count in it.
    pub sources: Vec<String>,
}

/// Answers with the sessions of some days, by start.
pub fn sleep(folder: &Folder, days: Days) -> Result<Vec<SleepAnswer>> {
    let store = folder.read()?;
    let orders = store.orders()?;
    let zones = zones(&store)?;
    let sessions = Sleeper::new(&store, &orders, &zones)?.nights(days)?;
    Ok(sessions.iter().map(|session| row(session, orders.of(SLEEP))).collect())
}

/// Days around those of rows among which a night counts for one: that of waking up, or of the evening before.
const NEAR_DAYS: Day = 3;

/// Where nights are looked up.
pub(crate) struct Sleeper<'s> {
    store: &'s Store,
    orders: &'s Orders,
    zones: &'s Zones,
    evening: bool,
}

impl<'s> Sleeper<'s> {
    /// Of a store.
    pub fn new(store: &'s Store, orders: &'s Orders, zones: &'s Zones) -> Result<Self> {
        Ok(Self { store, orders, zones, evening: nights_by_evening(store)? })
    }

    /// The sessions that count for `days`, by start; see [`store::source_rank`] for the ranks of their slices.
    pub fn nights(&self, days: Days) -> Result<Vec<Session>> {
        let (from, to) = days.numbers();
        // The night of an evening is that of waking up on the next day.
        let last = if self.evening { to.saturating_add(1) } else { to };
        let labelled = self.store.nights(self.orders, (from, last))?.into_iter();
        let labelled = labelled.map(|session| label(session, self.evening));
        Ok(labelled.filter(|session| (from..=to).contains(&session.day)).collect())
    }

    /// The nearest days before and after some that a night counts for, naps not among them; with `in_bed` also those of
    /// which only the time in bed is known.
    pub fn nearest(&self, (first, last): (Day, Day), in_bed: bool) -> Result<(Option<Day>, Option<Day>)> {
        let by_waking = Day::from(self.evening);
        let until = first.saturating_sub(1).saturating_add(by_waking);
        let from = last.saturating_add(1).saturating_add(by_waking);
        let labelled = |day: Option<Day>| day.map(|day| day - by_waking);
        let before = self.store.last_night_until(until, in_bed)?;
        Ok((labelled(before), labelled(self.store.first_night_from(from, in_bed)?)))
    }

    /// The first and the last day that a night or a nap counts for, of rows that lie on some days.
    pub fn counted(&self, (first, last): (Day, Day)) -> Result<Option<(Day, Day)>> {
        let near = |day: Day| {
            let days = Days { from: Some(day.saturating_sub(NEAR_DAYS)), to: Some(day.saturating_add(NEAR_DAYS)) };
            self.nights(days)
        };
        let first = near(first)?.iter().map(|session| session.day).min();
        Ok(first.zip(near(last)?.iter().map(|session| session.day).max()))
    }

    /// What the sessions of `days` are made of, and what lies two days around them.
    pub fn segments(&self, days: Days) -> Result<Vec<Segment>> {
        let (from_ms, until_ms) = days.instants(self.zones).range_ms();
        // A night begins the evening before its day, and a long one may begin earlier still.
        let reach = 48 * HOUR_MS;
        let range = (from_ms.saturating_sub(reach), until_ms.saturating_add(reach));
        Ok(self.store.segments_of_sleep(self.orders, range)?)
    }
}

/// Only the label of a night changes, never what is counted.
fn label(mut session: Session, evening: bool) -> Session {
    if evening && session.kind != Kind::Nap {
        session.day -= 1;
    }
    session
}

fn row(session: &Session, ranks: &Ranks) -> SleepAnswer {
    let minutes = |ms: i64| ms as f64 / 60_000.0;
    let name = |of: &u32| ranks.name(source_rank(*of)).to_owned();
    // In bed only: nobody looked for sleep, which is not the same as none.
    let seen = |ms: i64| (session.kind != Kind::InBedOnly).then(|| minutes(ms));
    let staged = session.core_ms + session.deep_ms + session.rem_ms > 0;
    let told = |ms: i64| staged.then(|| minutes(ms));
    let slept = session.asleep_ms > 0 && session.in_bed_ms > 0;
    SleepAnswer {
        day: format_day(session.day),
        kind: session.kind.as_str(),
        start: format_instant(session.start_ms),
        end: format_instant(session.end_ms),
        asleep_min: seen(session.asleep_ms),
        awake_min: seen(session.awake_ms),
        core_min: told(session.core_ms),
        deep_min: told(session.deep_ms),
        rem_min: told(session.rem_ms),
        unspecified_min: seen(session.unspecified_ms),
        in_bed_min: minutes(session.in_bed_ms),
        in_bed_estimated: session.in_bed_estimated,
        latency_min: session.latency_ms.map(minutes),
        awakenings: (session.kind != Kind::InBedOnly).then_some(session.awakenings),
        efficiency: slept.then(|| session.asleep_ms as f64 / session.in_bed_ms as f64),
        sources: session.ranks.iter().map(name).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    /// A row of sleep from one time to another, as in `10 23:00`, of January or March 2026 in UTC.
    fn row(writer: &str, stage: &str, month: u8, from: &str, until: &str) -> String {
        let stamp = |at: &str| format!("2026-{month:02}-{at}:00 +0000");
        format!(
            "<Record type=\"{SLEEP}\" sourceName=\"{writer}\" startDate=\"{}\" endDate=\"{}\" \
             value=\"HKCategoryValueSleepAnalysis{stage}\"/>",
            stamp(from),
            stamp(until)
        )
    }

    fn night(folder: &Folder, days: Days) -> SleepAnswer {
        let rows = sleep(folder, days).expect("nights");
        rows.into_iter().find(|row| row.day == "2026-03-11").expect("the night")
    }

    #[test]
    fn a_night_is_the_same_whatever_days_are_shown_with_it() {
        // The ring knows stages, but not in this night; the app came later and goes first among equals.
        let rows = [
            row("Ring", "AsleepDeep", 1, "10 23:00", "11 06:00"),
            row("Ring", "AsleepUnspecified", 3, "10 23:00", "11 06:00"),
            row("Ring", "Awake", 3, "11 02:00", "11 04:00"),
            row("App", "AsleepUnspecified", 3, "10 22:30", "11 07:30"),
        ];
        let folder = TestFolder::of_rows("staged", &rows);
        let all = night(&folder, Days::default());
        assert_eq!((all.asleep_min, all.awake_min), (Some(420.0), Some(120.0)));
        assert_eq!((all.core_min, all.deep_min, all.rem_min), (None, None, None), "nobody looked for stages");
        let day = |text: &str| Some(health::time::parse_day(text).expect("a day"));
        for days in [("2026-03-11", "2026-03-11"), ("2026-03-01", "2026-03-31")] {
            assert_eq!(night(&folder, Days { from: day(days.0), to: day(days.1) }), all, "{days:?}");
        }
        assert_eq!(night(&folder, Days { from: day("2026-03-11"), to: None }), all);
    }
}
