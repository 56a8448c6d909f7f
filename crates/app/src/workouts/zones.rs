//! The time in heart-rate zones of many workouts: the same numbers as of each one alone.

use health::time::Zones;

use super::{Body, Desk, TWIN_REACH_MS, ZonesAnswer};
use crate::error::Result;
use crate::local::Days;

/// The time in zones of one workout.
pub(crate) struct ZoneTime {
    /// When it began.
    pub start_ms: i64,
    /// How long it was in each zone.
    pub zones: ZonesAnswer,
}

impl Desk<'_> {
    /// Of the workouts that start on some days and have heart rates, by start; of the same activity twice the better.
    pub(crate) fn zone_times(&self, zones: &Zones, days: Days) -> Result<Vec<ZoneTime>> {
        let days = days.instants(zones);
        let (from_ms, until_ms) = days.range_ms();
        let around =
            self.store.workouts(from_ms.saturating_sub(TWIN_REACH_MS), until_ms.saturating_add(TWIN_REACH_MS))?;
        let better = self.better(&around);
        let counted = around.iter().zip(better).filter(|(row, same_as)| same_as.is_none() && days.holds(row.start_ms));
        let rows: Vec<_> = counted.map(|(row, _)| row).collect();
        let ends = rows.first().zip(rows.last()).map_or((0, 0), |(first, last)| (first.start_ms, last.end_ms));
        let highs = self.highs(zones, ends)?;
        let mut found = Vec::new();
        for row in rows {
            let pauses = Body::of(row).pauses(row);
            let zones = self.zones(row, (&self.pulses(row)?, &pauses), &highs)?;
            found.extend(zones.map(|zones| ZoneTime { start_ms: row.start_ms, zones }));
        }
        Ok(found)
    }
}
