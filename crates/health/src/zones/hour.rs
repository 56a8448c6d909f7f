//! Hours of a clock on the wall, cut where it is set.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Zones;
use crate::time::HOUR_MS;

impl Zones {
    /// The hour of a clock on the wall that an instant is in: `[from_ms, until_ms)`. Where clocks are set within it, by
    /// half an hour or by a journey, it ends there and another one begins: no two hours overlap, and each has one day.
    pub fn hour_span(&self, at_ms: i64) -> (i64, i64) {
        let index = self.spans.partition_point(|(from, _)| *from <= at_ms);
        let (low, zone, high) = self.stretch(index);
        let offset = offset_ms(zone, at_ms);
        let from = (at_ms + offset).div_euclid(HOUR_MS) * HOUR_MS - offset;
        let (from, until) = (from.max(low), (from + HOUR_MS).min(high));
        let stamp = Timestamp::from_millisecond(at_ms).unwrap_or_default();
        // What changes at this very instant has changed.
        let after = Timestamp::from_millisecond(at_ms + 1).unwrap_or(stamp);
        let set = |change: Option<jiff::tz::TimeZoneTransition<'_>>| change.map(|it| it.timestamp().as_millisecond());
        // To look for a change takes longer than to see that there is none.
        let from = match offset_ms(zone, from) == offset {
            true => from,
            false => set(zone.preceding(after).next()).unwrap_or(from).max(from),
        };
        let until = match offset_ms(zone, until - 1) == offset {
            true => until,
            false => set(zone.following(stamp).next()).unwrap_or(until).min(until),
        };
        (from, until)
    }

    /// How far clocks on the wall are before those of UTC at an instant, in milliseconds; negative in the west.
    pub fn offset_ms(&self, at_ms: i64) -> i64 {
        offset_ms(self.zone(at_ms), at_ms)
    }
}

fn offset_ms(zone: &TimeZone, at_ms: i64) -> i64 {
    let stamp = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    i64::from(zone.to_offset(stamp).seconds()) * 1000
}
