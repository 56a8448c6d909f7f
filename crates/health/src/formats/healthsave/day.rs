//! Which samples are totals of days, and when those days begin.

use crate::formats::phone::fields::Fields;
use crate::formats::phone::names;
use crate::formats::phone::stamp::{self, Stamp, When};
use crate::time::{Day, Zones, format_day};

/// The source of samples that are statistics.
const STATISTICS: &str = "HealthKit Statistics";
/// Keys of a start.
pub(super) const STARTS: [&str; 3] = ["date", "startDate", "start"];

/// What the stamps of a whole body say about its days.
///
/// A total carries an instant and no zone. Where every stamp of a body is midnight in UTC and that is not midnight
/// where the wearer lives, the stamps are dates of the calendar.
#[derive(Debug)]
pub(super) struct Totals<'z> {
    zones: &'z Zones,
    all_at_utc_midnight: bool,
    any_off_midnight: bool,
}

impl<'z> Totals<'z> {
    /// Nothing was seen yet.
    pub(super) fn new(zones: &'z Zones) -> Self {
        Self { zones, all_at_utc_midnight: true, any_off_midnight: false }
    }

    /// Looks at one sample.
    pub(super) fn saw(&mut self, fields: &Fields<'_>) {
        let Some(When::Instant(stamp)) = fields.first(&STARTS).and_then(stamp::when) else { return };
        self.all_at_utc_midnight &= stamp.ms.rem_euclid(86_400_000) == 0;
        let (_, begin, _) = self.zones.day_span(stamp.ms);
        self.any_off_midnight |= begin != stamp.ms;
    }

    /// Whether a sample is the total of a day.
    pub(super) fn is_total(metric: &str, fields: &Fields<'_>) -> bool {
        names::is_day_total(metric) || super::SOURCES.iter().any(|key| fields.text(key).as_deref() == Some(STATISTICS))
    }

    /// The start of a total's day.
    pub(super) fn start(&self, when: When) -> Stamp {
        match when {
            When::Day(day) => self.midnight(day),
            When::Instant(stamp) if self.all_at_utc_midnight && self.any_off_midnight => {
                self.midnight(stamp.ms.div_euclid(86_400_000) as Day)
            }
            When::Instant(stamp) => stamp,
        }
    }

    /// The date of a ring day.
    pub(super) fn date(&self, when: When) -> String {
        match when {
            When::Day(day) => format_day(day),
            When::Instant(stamp) => format_day(self.zones.day(self.start(When::Instant(stamp)).ms)),
        }
    }

    fn midnight(&self, day: Day) -> Stamp {
        Stamp { ms: self.zones.day_bounds(day).0, fine: false, offset_s: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::format_instant;

    #[track_caller]
    fn check(zone: &str, dates: &[&str], expected: &[&str]) {
        let zones = Zones::named(zone).expect("a zone");
        let mut totals = Totals::new(&zones);
        for date in dates {
            let text = format!("{{\"date\":\"{date}\"}}");
            totals.saw(&Fields::read(text.as_bytes()).expect("an object"));
        }
        let start = |date: &&str| format_instant(totals.start(stamp::read(date).expect("a stamp")).ms);
        assert_eq!(dates.iter().map(start).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_total_begins_with_its_local_day() {
        check("Europe/Berlin", &["2026-03-13T23:00:00.000Z"], &["2026-03-13T23:00:00.000Z"]);
        check("Europe/Berlin", &["2026-03-14"], &["2026-03-13T23:00:00.000Z"]);
        check("Europe/London", &["2026-03-14T00:00:00.000Z"], &["2026-03-14T00:00:00.000Z"]);
        // Midnight in UTC, all of them, and nobody's midnight: dates.
        let dates = ["2026-03-14T00:00:00.000Z", "2026-03-15T00:00:00.000Z"];
        check("Europe/Berlin", &dates, &["2026-03-13T23:00:00.000Z", "2026-03-14T23:00:00.000Z"]);
        // One that is not says that the others are instants.
        let mixed = ["2026-03-14T00:00:00.000Z", "2026-03-15T07:00:00.000Z"];
        check("Europe/Berlin", &mixed, &mixed);
    }
}
