//! Where the number of a pair comes from: which days are in it, which are left out and why, and how strongly the two go
//! together.

use health::language::word;
use health::series::correlate::{Correlation, Lag, correlate};
use health::series::per_day::DayValue;
use health::time::{Day, format_day};
use health::{key, say};
use serde::Serialize;

use crate::charts::{Sides, Subject};
use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::{Days, zones};

/// A chart is no longer than that.
const MOST_DAYS: Day = chart::range::LONGEST_DAYS as Day;
/// So many days are told one by one.
const MOST_TOLD: usize = 1000;

/// The answer of `vitalog explain A,B DAY --to DAY`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairAnswer {
    /// First day of the first one.
    pub from: String,
    /// Last day of it.
    pub to: String,
    /// Units of both, as people read them.
    pub units: [String; 2],
    /// Days that have both and are over.
    pub counted: usize,
    /// Spearman's rank correlation; null where too few days say nothing, or one of them never changes.
    pub rho: Option<f64>,
    /// Lower and upper end of its 95 % interval.
    pub interval: Option<[f64; 2]>,
    /// How it is made, in words.
    pub sentence: String,
    /// How many days are left out, by why.
    pub left_out: LeftOut,
    /// The days, by time; of more than a thousand the newest of those that have one of the two. All are counted above.
    pub days: Vec<PairDay>,
}

/// Days that are in no pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Only the first one was measured.
    pub only_first: usize,
    /// Only the second one was measured.
    pub only_second: usize,
    /// None was measured.
    pub neither: usize,
    /// One of the two days is not over.
    pub not_over: usize,
}

/// A day of a pair.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PairDay {
    /// The day of the first one.
    pub day: String,
    /// The day of the second one.
    pub second_day: String,
    /// The number of the first one.
    pub first: Option<f64>,
    /// The number of the second one.
    pub second: Option<f64>,
    /// `counts`, `only_first`, `only_second`, `neither` or `not_over`.
    pub fate: &'static str,
}

/// Explains a pair such as `step_count,sleep:next` over some days, both ends included.
pub fn explain_pair(folder: &Folder, pair: &str, from: &str, to: &str, now_ms: i64) -> Result<PairAnswer> {
    let (first, last) = Days::parse(Some(from), Some(to))?.numbers();
    if last.saturating_sub(first) >= MOST_DAYS {
        let message = word(key!("No pair is drawn of more than 100 years."));
        return Err(Error::new(Code::BadUsage, message, word(key!("Name fewer days."))));
    }
    let Subject::Pair(a, b, lag) = Subject::parse(pair)? else {
        let hint = word(key!("Write it as `step_count,sleep`."));
        return Err(Error::new(Code::BadUsage, say!("`{pair}` is no pair.", pair), hint));
    };
    let store = folder.read()?;
    let zones = zones(&store)?;
    let sides = Sides::read(&store, &zones, (&a, &b), lag, (first, last), now_ms)?;
    let today = zones.day(now_ms);
    let days: Vec<PairDay> = (first..=last).map(|day| told(&sides, day, lag, today)).collect();
    let found = correlate(&sides.first, &sides.second, lag).ok();
    let count = |fate: &str| days.iter().filter(|day| day.fate == fate).count();
    let left_out = LeftOut {
        only_first: count("only_first"),
        only_second: count("only_second"),
        neither: count("neither"),
        not_over: count("not_over"),
    };
    let counted = count("counts");
    Ok(PairAnswer {
        from: format_day(first),
        to: format_day(last),
        units: sides.units,
        counted,
        rho: found.map(|found| found.rho),
        interval: found.map(|Correlation { low, high, .. }| [low, high]),
        sentence: sentence(found.is_some(), lag),
        left_out,
        days: newest(days),
    })
}

/// The answer stays short, however long the stretch is.
fn newest(mut days: Vec<PairDay>) -> Vec<PairDay> {
    if days.len() > MOST_TOLD {
        days.retain(|day| day.fate != "neither");
        days.drain(..days.len().saturating_sub(MOST_TOLD));
    }
    days
}

fn sentence(is_known: bool, lag: Lag) -> String {
    let how = match is_known {
        true => word(key!(
            "The days are put in order by each of the two, and the orders are compared: 1 where they are the same, -1 \
             where one is the reverse, 0 where they have nothing to do with each other (Spearman). The interval is that \
             of days drawn anew at random."
        )),
        false => word(key!("Too few days have both, or one of the two never changes: nothing can be said.")),
    };
    match lag {
        Lag::Same => how,
        Lag::After => say!("The second number is that of the next day. {how}", how),
        Lag::Before => say!("The second number is that of the day before. {how}", how),
    }
}

fn told(sides: &Sides, day: Day, lag: Lag, today: Day) -> PairDay {
    let at = |values: &[DayValue], day: Day| {
        let place = values.binary_search_by_key(&day, |value| value.day).ok()?;
        values.get(place).map(|value| value.value)
    };
    let second_day = day.saturating_add(lag.days());
    let (first, second) = (at(&sides.first, day), at(&sides.second, second_day));
    let fate = match (first, second) {
        (Some(_), Some(_)) => "counts",
        _ if day >= today || second_day >= today => "not_over",
        (Some(_), None) => "only_first",
        (None, Some(_)) => "only_second",
        (None, None) => "neither",
    };
    PairDay { day: format_day(day), second_day: format_day(second_day), first, second, fate }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::{self, Question, Reach};
    use crate::testing::TestFolder;

    /// Steps on the even days of March and more; a weight on every third.
    fn folder(name: &str) -> TestFolder {
        let record = |kind: &str, unit: &str, day: i32, value: i32| {
            let day = format_day(20_513 + day);
            format!(
                "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"Watch\" unit=\"{unit}\" value=\"{value}\" \
                 startDate=\"{day} 10:00:00 +0000\" endDate=\"{day} 10:00:00 +0000\"/>"
            )
        };
        let steps =
            (0..150).filter(|day| day % 2 == 0).map(|day| record("StepCount", "count", day, 1000 + day * 37 % 400));
        let oxygen =
            (0..150).filter(|day| day % 3 == 0).map(|day| record("VO2Max", "mL/min·kg", day, 30 + day * 7 % 20));
        let rows: Vec<String> = steps.chain(oxygen).collect();
        let folder = TestFolder::of_rows(name, &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        folder
    }

    #[track_caller]
    fn check(pair: &str, expected: (usize, LeftOut)) {
        let folder = folder(&format!("pair-{}", pair.len()));
        // 31 July 2026, 12:00 UTC; the last day with data is the 28th.
        let now_ms = 1_785_499_200_000;
        let subject = Subject::parse(pair).expect("a pair");
        let last = charts::day("2026-07-28").ok();
        let question = Question { subject, reach: Some(Reach::Days(30)), last, page: 1, now_ms };
        let chart = charts::chart(&folder, &question).expect("a chart");
        let found = explain_pair(&folder, pair, "2026-06-29", "2026-07-28", now_ms).expect("an answer");
        assert_eq!((found.counted, found.left_out), expected);
        // The days of the chart are those that count.
        let counted = found.days.iter().filter(|day| day.fate == "counts").count();
        assert_eq!((chart.table.rows.len(), counted), (expected.0, expected.0));
        let all = explain_pair(&folder, pair, "2026-03-01", "2026-07-28", now_ms).expect("an answer");
        let question = Question { reach: Some(Reach::All), ..question };
        let chart = charts::chart(&folder, &question).expect("a chart");
        let rho = format!("{:.2}", all.rho.expect("enough days"));
        assert!(chart.summary.contains(&rho.replace('-', "\u{2212}")), "{rho}: {}", chart.summary);
    }

    #[test]
    fn a_pair_tells_which_days_are_in_it_and_why_others_are_not() {
        let left_out = |only_first, only_second, neither| LeftOut { only_first, only_second, neither, not_over: 0 };
        check("step_count,vo2_max", (5, left_out(10, 5, 10)));
        // The day after the last one has none.
        check("step_count,vo2_max:next", (5, left_out(10, 4, 11)));
    }

    #[test]
    fn a_pair_may_be_as_long_as_its_chart_and_its_answer_stays_short() {
        let folder = folder("pair-long");
        let found = explain_pair(&folder, "step_count,vo2_max", "1930-01-01", "2026-07-28", 1_785_499_200_000);
        let found = found.expect("an answer");
        let left = found.left_out;
        assert_eq!((found.counted, left.only_first, left.only_second), (25, 50, 25));
        assert!(left.neither > 35_000, "{left:?}");
        // Those that have one of the two are there, and no others.
        assert_eq!(found.days.len(), 100);
        assert_eq!(found.days.last().map(|day| day.day.as_str()), Some("2026-07-27"));
        let many = (0..1500).map(|i| PairDay { fate: if i % 5 == 0 { "neither" } else { "counts" }, ..told_of(i) });
        let days = newest(many.collect());
        let ends = [days.first(), days.last()].map(|day| day.map(|day| day.day.clone()));
        assert_eq!((days.len(), ends), (1000, [Some(format_day(251)), Some(format_day(1499))]));
    }

    fn told_of(day: Day) -> PairDay {
        PairDay { day: format_day(day), ..PairDay::default() }
    }

    #[test]
    fn what_is_no_pair_is_told_in_german() {
        let folder = folder("pair-german");
        let _spoken = health::language::speak(health::language::Language::of("de"));
        let message = |pair, to| explain_pair(&folder, pair, "1900-01-01", to, 0).expect_err("refused").message;
        let told = [message("step_count", "1900-01-02"), message("step_count,vo2_max", "2026-01-01")];
        assert_eq!(told, ["`step_count` ist kein Paar.", "Ein Paar wird über höchstens 100 Jahre gezeichnet."]);
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        let folder = folder("pair-refused");
        let code =
            |pair: &str, to: &str| explain_pair(&folder, pair, "2026-03-01", to, 0).map_err(|error| error.code).err();
        assert_eq!(code("step_count", "2026-03-31"), Some(Code::BadUsage));
        assert_eq!(code("step_count,vo2_max", "2126-12-31"), Some(Code::BadUsage));
        assert_eq!(code("step_count,nothing", "2026-03-31"), Some(Code::UnknownType));
    }
}
