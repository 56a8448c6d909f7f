//! The time zones that the wearer was in, one after the other, and what told them.

use std::collections::BTreeMap;

use health::time::{Day, Zones, format_day};
use serde::Serialize;
use store::query::StayRow;

use crate::error::Result;
use crate::folder::Folder;
use crate::local::{home_zone, zones};
use crate::sources::labels;

/// Every stay, and the zone of what nothing tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StaysAnswer {
    /// IANA name of the home zone.
    pub home_zone: String,
    /// `chosen`, `samples` or `computer`.
    pub home_from: &'static str,
    /// Whether days follow the stays; else all of them are those of the home zone.
    pub followed: bool,
    /// The oldest first.
    pub stays: Vec<StayAnswer>,
}

/// From one change of the zone to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StayAnswer {
    /// First day; null where nothing was told before.
    pub from: Option<String>,
    /// Last day; null where nothing was told since.
    pub to: Option<String>,
    /// IANA name.
    pub zone: String,
    /// Rows of sleep that name it.
    pub sleep: u64,
    /// Workouts that name it.
    pub workouts: u64,
    /// Who wrote those.
    pub sources: Vec<String>,
    /// Whether for a part of the time nothing tells it, so that it is the home zone's.
    pub assumed: bool,
}

/// Tells where the wearer was.
pub fn stays(folder: &Folder) -> Result<StaysAnswer> {
    let labels = labels(folder)?;
    let store = folder.read()?;
    let stored: BTreeMap<i64, String> =
        store.stored_sources()?.into_iter().filter_map(|row| Some((row.id, row.names.into_iter().next()?))).collect();
    let (home, zones) = (home_zone(&store)?, zones(&store)?);
    // Who wrote workouts and nothing else has no label.
    let name = |id: &i64| labels.get(id).or_else(|| stored.get(id)).cloned().unwrap_or_else(|| id.to_string());
    let told = |row: &StayRow| StayAnswer {
        from: None,
        to: None,
        zone: row.zone.clone().unwrap_or_else(|| home.clone()),
        sleep: row.sleep,
        workouts: row.workouts,
        sources: row.sources.iter().map(name).collect(),
        assumed: row.zone.is_none(),
    };
    let rows = store.stays()?;
    let days: Vec<Day> = rows.iter().map(|row| day(row, &zones)).collect();
    let before = StayAnswer { zone: home.clone(), assumed: true, ..StayAnswer::default() };
    let mut stays = vec![before];
    for (row, day) in rows.iter().zip(&days) {
        add(&mut stays, told(row), *day);
    }
    let followed = store.setting("day_boundaries")?.as_deref() != Some("home");
    Ok(StaysAnswer { home_from: store.home_from()?.as_str(), home_zone: home, followed, stays })
}

/// The local day on which a stay begins, where the wearer was then.
fn day(row: &StayRow, zones: &Zones) -> Day {
    zones.day(row.from_ms)
}

/// One stay goes on where the next one is of the same zone.
fn add(stays: &mut Vec<StayAnswer>, next: StayAnswer, day: Day) {
    match stays.last_mut() {
        Some(last) if last.zone == next.zone => {
            last.sleep += next.sleep;
            last.workouts += next.workouts;
            last.assumed |= next.assumed;
            last.sources.extend(next.sources);
            last.sources.sort();
            last.sources.dedup();
        }
        Some(last) => {
            last.to = Some(format_day(day));
            stays.push(StayAnswer { from: Some(format_day(day)), ..next });
        }
        None => stays.push(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    fn run(day: u32, zone: &str) -> String {
        format!(
            "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" sourceName=\"Apple Watch\" \
             sourceVersion=\"11\" device=\"&lt;&lt;HKDevice: 0x1&gt;, name:Apple Watch, hardware:Watch7,3&gt;\" \
             startDate=\"2026-03-{day:02} 10:00:00 +0000\" endDate=\"2026-03-{day:02} 10:30:00 +0000\">\
             <MetadataEntry key=\"HKTimeZone\" value=\"{zone}\"/></Workout>"
        )
    }

    #[test]
    fn a_journey_is_told_with_what_named_its_zone() {
        let rows = [run(1, "Europe/Berlin"), run(4, "Europe/Berlin"), run(8, "Asia/Tokyo"), run(12, "Europe/Berlin")];
        let found = stays(&TestFolder::of_rows("stays", &rows)).expect("an answer");
        assert_eq!((found.home_zone.as_str(), found.home_from, found.followed), ("Europe/Berlin", "samples", true));
        let told = |stay: &StayAnswer| (stay.zone.clone(), stay.from.clone(), stay.workouts, stay.sources.clone());
        let watch = || vec!["Apple Watch".to_owned()];
        let day = |text: &str| Some(text.to_owned());
        let expected = [
            ("Europe/Berlin".to_owned(), None, 2, watch()),
            ("Asia/Tokyo".to_owned(), day("2026-03-06"), 1, watch()),
            ("Europe/Berlin".to_owned(), day("2026-03-10"), 1, watch()),
        ];
        assert_eq!(found.stays.iter().map(told).collect::<Vec<_>>(), expected);
        assert_eq!((found.stays[0].to.clone(), found.stays[2].to.clone()), (day("2026-03-06"), None));
    }

    #[test]
    fn without_any_trace_all_is_home() {
        let found = stays(&TestFolder::of_rows("stays-none", &[])).expect("an answer");
        assert_eq!((found.home_from, found.stays.len(), found.stays[0].assumed), ("computer", 1, true));
    }
}
