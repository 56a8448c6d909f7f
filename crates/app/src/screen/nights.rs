//! The nights of some days as one: how long, when, which stages, and what was usual before.

use health::series::clock::{circular, minutes};
use health::series::nights::{Span, spans};
use health::series::per_day::DayValue;
use health::series::sleep::{Kind, Session};
use health::series::stats::mean;
use health::series::usual::{HISTORY_DAYS, LEAST_DAYS, usual};
use health::time::{Day, Zones};
use serde::Serialize;
use store::query::Orders;
use store::{Store, source_rank};

use crate::error::Result;
use crate::explain::days_come;
use crate::folder::Folder;
use crate::local::{Days, zones};
use crate::sleep::{SLEEP, Sleeper};

/// Several nights, or one: means of all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NightsAnswer {
    /// Nights with sleep.
    pub nights: usize,
    /// Days that were asked for and have come, today with them.
    pub days: usize,
    /// Sleep by day.
    pub naps: usize,
    /// Nights of which only the time in bed is known.
    pub in_bed_only: usize,
    /// Minutes asleep; none without a night.
    pub asleep_min: Option<f64>,
    /// Minutes in bed.
    pub in_bed_min: Option<f64>,
    /// Whether nobody wrote the time in bed of one of them: it lasts from the first to the last segment then.
    pub in_bed_estimated: bool,
    /// Asleep in bed, 0 to 1.
    pub efficiency: Option<f64>,
    /// Minutes from going to bed to first falling asleep, of the nights that know it.
    pub latency_min: Option<f64>,
    /// Minutes awake between.
    pub awake_min: Option<f64>,
    /// First asleep in any part of the night, in minutes after midnight on the wearer's clock.
    pub asleep_at: Option<f64>,
    /// Last asleep in any part, the same way.
    pub awake_at: Option<f64>,
    /// How far times of falling asleep lie apart, in minutes; none of one night.
    pub spread_min: Option<f64>,
    /// Stages with their minutes, lightest first; those that nobody saw are left out.
    pub stages: Vec<StageAnswer>,
    /// Minutes asleep in the four weeks before; none of fewer nights than a comparison needs.
    pub before_min: Option<f64>,
    /// Nights of these four weeks.
    pub before_nights: usize,
    /// So many of them a comparison needs.
    pub before_needs: usize,
    /// Between what the middle eight tenths of those nights lie, where there are enough.
    pub usual_min: Option<(f64, f64)>,
    /// The sources that count.
    pub sources: Vec<String>,
}

/// How long a stage was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageAnswer {
    /// `awake`, `rem`, `core`, `deep` or `unspecified`.
    pub stage: &'static str,
    /// Minutes.
    pub minutes: f64,
    /// Of the time from falling asleep to waking, 0 to 1.
    pub share: f64,
}

/// Tells of the nights that count for some days, both ends included.
pub fn nights(folder: &Folder, days: Days, now_ms: i64) -> Result<NightsAnswer> {
    let store = folder.read()?;
    let zones = zones(&store)?;
    let today = zones.day(now_ms);
    told(&store, &store.orders()?, &zones, days, today)
}

/// The same of an open store.
pub(super) fn told(store: &Store, orders: &Orders, zones: &Zones, days: Days, today: Day) -> Result<NightsAnswer> {
    let (from, to) = days.numbers();
    let wide = Days { from: Some(from.saturating_sub(HISTORY_DAYS)), ..days };
    let all = Sleeper::new(store, orders, zones)?.nights(wide)?;
    let (before, inside): (Vec<Session>, Vec<Session>) = all.into_iter().partition(|session| session.day < from);
    let history = lengths(&before);
    let ranks = orders.of(SLEEP);
    let mut sources: Vec<u32> =
        inside.iter().flat_map(|session| session.ranks.iter().map(|of| source_rank(*of))).collect();
    sources.sort_unstable();
    sources.dedup();
    let mut names: Vec<String> = sources.into_iter().map(|of| ranks.name(of).to_owned()).collect();
    names.dedup();
    let band = usual(&history, from).map(|band| (band.low, band.high));
    let answer = of(&inside, zones);
    Ok(NightsAnswer {
        days: days_come((from, to), today).max(answer.nights),
        before_min: mean(history.iter().map(|night| night.value)).filter(|_| history.len() >= LEAST_DAYS),
        before_nights: history.len(),
        before_needs: LEAST_DAYS,
        usual_min: band,
        sources: names,
        ..answer
    })
}

fn is_night(session: &Session) -> bool {
    matches!(session.kind, Kind::Main | Kind::Extra)
}

/// Minutes asleep of each night, all its parts together.
fn lengths(sessions: &[Session]) -> Vec<DayValue> {
    let mut days: Vec<DayValue> = Vec::new();
    for session in sessions.iter().filter(|session| is_night(session)) {
        let minutes = session.asleep_ms as f64 / MINUTE_MS;
        match days.last_mut().filter(|last| last.day == session.day) {
            Some(last) => last.value += minutes,
            None => days.push(DayValue { day: session.day, value: minutes }),
        }
    }
    days
}

const MINUTE_MS: f64 = 60_000.0;

fn of(sessions: &[Session], zones: &Zones) -> NightsAnswer {
    let parts: Vec<&Session> = sessions.iter().filter(|session| is_night(session)).collect();
    let spans = spans(sessions);
    let nights = spans.len();
    let count = |kind: Kind| sessions.iter().filter(|session| session.kind == kind).count();
    let sum = |of: fn(&Session) -> i64| parts.iter().map(|session| of(session)).sum::<i64>();
    let each = |ms: i64| (nights > 0).then(|| ms as f64 / MINUTE_MS / nights as f64);
    let at = |of: fn(&Span) -> i64| circular(spans.iter().map(|night| minutes(of(night), zones)));
    let (asleep, in_bed) = (sum(|s| s.asleep_ms), sum(|s| s.in_bed_ms));
    let asleep_at = at(|night| night.start_ms);
    NightsAnswer {
        nights,
        days: 0,
        naps: count(Kind::Nap),
        in_bed_only: count(Kind::InBedOnly),
        asleep_min: each(asleep),
        in_bed_min: each(in_bed).filter(|minutes| *minutes > 0.0),
        in_bed_estimated: parts.iter().any(|session| session.in_bed_estimated),
        efficiency: (asleep > 0 && in_bed > 0).then(|| asleep as f64 / in_bed as f64),
        latency_min: mean(spans.iter().filter_map(|night| night.latency_ms).map(|ms| ms as f64 / MINUTE_MS)),
        awake_min: each(sum(|s| s.awake_ms)),
        asleep_at: asleep_at.map(|clock| clock.minute),
        awake_at: at(|night| night.end_ms).map(|clock| clock.minute),
        spread_min: asleep_at.filter(|clock| clock.n > 1).map(|clock| clock.spread),
        stages: stages(&parts, nights),
        before_min: None,
        before_nights: 0,
        before_needs: LEAST_DAYS,
        usual_min: None,
        sources: Vec::new(),
    }
}

fn stages(parts: &[&Session], nights: usize) -> Vec<StageAnswer> {
    let of = |of: fn(&Session) -> i64| parts.iter().map(|session| of(session)).sum::<i64>();
    let found = [
        ("rem", of(|s| s.rem_ms)),
        ("core", of(|s| s.core_ms)),
        ("deep", of(|s| s.deep_ms)),
        ("unspecified", of(|s| s.unspecified_ms)),
        ("awake", of(|s| s.awake_ms)),
    ];
    let all: i64 = found.iter().map(|(_, ms)| ms).sum();
    let stage = |(stage, ms): (&'static str, i64)| StageAnswer {
        stage,
        minutes: ms as f64 / MINUTE_MS / nights.max(1) as f64,
        share: ms as f64 / all.max(1) as f64,
    };
    found.into_iter().filter(|(_, ms)| *ms > 0).map(stage).collect()
}

#[cfg(test)]
mod tests {
    use health::time::{HOUR_MS, format_day};
    use store::Cancel;

    use super::*;
    use crate::demo::{DemoOptions, fill};
    use crate::testing::TestFolder;

    /// Noon of 1 May 2026 in Berlin.
    const NOW_MS: i64 = 1_777_629_600_000;

    #[test]
    fn one_night_is_what_the_verb_tells() {
        let folder = TestFolder::filled("screen-night");
        let rows = crate::sleep::sleep(&folder, Days::default()).expect("nights");
        let main = rows.iter().find(|row| row.kind == "main").expect("a night");
        let day = Some(main.day.as_str());
        let found = nights(&folder, Days::parse(day, day).expect("a day"), NOW_MS).expect("the night");
        assert_eq!((found.nights, found.days), (1, 1));
        assert_eq!((found.asleep_min, found.awake_min), (main.asleep_min, main.awake_min));
        assert_eq!(found.efficiency, main.efficiency);
        let shares: f64 = found.stages.iter().map(|stage| stage.share).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{found:?}");
        assert_eq!(found.spread_min, None);
    }

    /// A segment of March 2026 in UTC.
    fn row(stage: &str, from: &str, until: &str) -> String {
        format!(
            "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" \
             value=\"HKCategoryValueSleepAnalysis{stage}\" startDate=\"2026-03-{from}:00 +0000\" \
             endDate=\"2026-03-{until}:00 +0000\"/>"
        )
    }

    #[test]
    fn a_missing_night_is_not_a_night_without_sleep() {
        let rows = [
            row("InBed", "02 22:45", "03 06:45"),
            row("AsleepCore", "02 23:00", "03 06:30"),
            row("AsleepCore", "04 23:30", "05 06:00"),
        ];
        let folder = TestFolder::of_rows("screen-missing-night", &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let days = Days::parse(Some("2026-03-03"), Some("2026-03-05")).expect("days");
        let found = nights(&folder, days, NOW_MS).expect("the nights");
        assert_eq!((found.nights, found.days, found.asleep_min), (2, 3, Some(420.0)));
        assert_eq!(found.latency_min, Some(15.0));
        let minute = |clock: Option<f64>| clock.map(f64::round);
        assert_eq!((minute(found.asleep_at), minute(found.awake_at)), (Some(1395.0), Some(375.0)));
    }

    #[test]
    fn the_clock_of_a_night_in_two_parts_is_from_its_first_sleep_to_its_last() {
        let rows = [
            row("InBed", "10 23:21", "11 00:40"),
            row("AsleepCore", "10 23:33", "11 00:40"),
            row("InBed", "11 03:10", "11 06:48"),
            row("AsleepCore", "11 03:10", "11 06:48"),
        ];
        let folder = TestFolder::of_rows("screen-split", &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let days = Days::parse(Some("2026-03-11"), Some("2026-03-11")).expect("a day");
        let found = nights(&folder, days, NOW_MS).expect("the night");
        let minute = |clock: Option<f64>| clock.map(f64::round);
        assert_eq!((minute(found.asleep_at), minute(found.awake_at)), (Some(1413.0), Some(408.0)));
        assert_eq!(found.latency_min, Some(12.0));
        // What the verb has as two parts.
        let parts = crate::sleep::sleep(&folder, days).expect("nights");
        assert_eq!(parts.iter().map(|part| part.kind).collect::<Vec<_>>(), ["extra", "main"]);
        let ends = (parts[0].start.get(11..16), parts[1].end.get(11..16));
        assert_eq!((ends, parts[0].latency_min), ((Some("23:33"), Some("06:48")), Some(12.0)));
        assert_eq!(found.asleep_min, parts.iter().map(|part| part.asleep_min).sum());
        let told = crate::explain::explain(&folder, "sleep", "2026-03-11").expect("an explanation");
        let clocks: Vec<&str> = told.sessions.iter().flat_map(|part| part.clock.iter().map(String::as_str)).collect();
        assert_eq!((clocks.first(), clocks.last()), (Some(&"23:33"), Some(&"06:48")));
        assert_eq!(told.value, found.asleep_min);
    }

    #[test]
    fn few_nights_are_counted_and_nothing_is_compared_with_them() {
        let folder = TestFolder::new("screen-few-nights");
        let options = DemoOptions { seed: 3, end_day: 20_500, days: 24, zone: "Europe/Berlin", records: None };
        let now_ms = 20_501 * 24 * HOUR_MS;
        fill(&folder, &options, now_ms, &Cancel::default(), &mut |_| true).expect("a sample store");
        let of = |day: Day| {
            let day = format_day(day);
            nights(&folder.demo(), Days::parse(Some(&day), Some(&day)).expect("a day"), now_ms).expect("the night")
        };
        let found: Vec<NightsAnswer> = (20_470..=20_500).map(of).collect();
        let before = |n: usize| found.iter().find(|night| night.before_nights == n);
        for n in [0, 1, LEAST_DAYS - 1] {
            assert_eq!(before(n).map(|night| (night.before_min, night.before_needs)), Some((None, LEAST_DAYS)), "{n}");
        }
        assert!(before(LEAST_DAYS).is_some_and(|night| night.before_min.is_some() && night.usual_min.is_some()));
    }

    #[test]
    fn without_nights_there_are_no_numbers() {
        let folder = TestFolder::filled("screen-no-night");
        let found =
            nights(&folder, Days::parse(Some("1999-01-01"), Some("1999-01-07")).expect("days"), NOW_MS).expect("none");
        assert_eq!((found.nights, found.days, found.asleep_min, found.stages.len()), (0, 7, None, 0));
    }
}
