//! Which types are there.

use health::kind;
use health::time::{Day, Zones, format_day, format_instant};
use serde::Serialize;
use store::Store;
use store::query::TypeRow;

use crate::error::Result;
use crate::folder::Folder;
use crate::local::zones;
use crate::sleep::{SLEEP, Sleeper};

/// One row of `vitalog types`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TypeAnswer {
    /// Apple's identifier, or the type as it stood.
    pub identifier: String,
    /// English name.
    pub name: String,
    /// `quantity` or `category`.
    pub kind: String,
    /// Canonical unit; null for categories.
    pub unit: Option<String>,
    /// Distinct live rows.
    pub count: i64,
    /// Earliest start.
    pub first: Option<String>,
    /// Latest end.
    pub last: Option<String>,
    /// Sources that wrote some.
    pub sources: i64,
    /// The wearer's first local day with some of it; of sleep the first one that a night or a nap counts for.
    pub first_day: Option<String>,
    /// The last one.
    pub last_day: Option<String>,
}

/// Lists the types that have live rows.
pub fn types(folder: &Folder) -> Result<Vec<TypeAnswer>> {
    let store = folder.read()?;
    let (rows, zones) = (store.types()?, zones(&store)?);
    let answer = |row: TypeRow| -> Result<TypeAnswer> {
        let days = days(&store, &zones, &row)?;
        Ok(answer(row, days))
    };
    rows.into_iter().map(answer).collect()
}

/// The first and the last day of a type. What ends at midnight belongs to the day before, as its roll-up knows.
fn days(store: &Store, zones: &Zones, row: &TypeRow) -> Result<Option<(Day, Day)>> {
    let instants = || row.first_ms.zip(row.last_ms).map(|(first, last)| (zones.day(first), zones.day(last)));
    let days = row.days.or_else(instants);
    match days {
        Some(days) if row.kind.identifier == SLEEP => {
            Ok(Some(Sleeper::new(store, &store.orders()?, zones)?.counted(days)?.unwrap_or(days)))
        }
        days => Ok(days),
    }
}

fn answer(row: TypeRow, days: Option<(Day, Day)>) -> TypeAnswer {
    TypeAnswer {
        first_day: days.map(|days| format_day(days.0)),
        last_day: days.map(|days| format_day(days.1)),
        name: kind::get_or_guess(&row.kind.identifier, None).name,
        identifier: row.kind.identifier,
        kind: row.kind.nature,
        unit: Some(row.kind.unit).filter(|unit| !unit.is_empty()),
        count: row.count,
        first: row.first_ms.map(format_instant),
        last: row.last_ms.map(format_instant),
        sources: row.sources,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[test]
    fn the_days_of_sleep_are_those_that_nights_count_for() {
        let asleep = |from: &str, until: &str| {
            format!(
                "<Record type=\"{SLEEP}\" value=\"HKCategoryValueSleepAnalysisAsleepCore\" sourceName=\"Watch\" \
                 startDate=\"2026-03-{from}:00 +0000\" endDate=\"2026-03-{until}:00 +0000\"/>"
            )
        };
        let rows = [asleep("08 23:00", "09 06:00"), asleep("19 23:00", "20 06:00")];
        let check = |label: &str, expected: (&str, &str)| {
            let folder = TestFolder::of_rows(&format!("types-of-sleep-{label}"), &rows);
            crate::settings::set(&folder, "home_zone", "UTC").expect("set");
            crate::settings::set(&folder, "night_label", label).expect("set");
            let found = types(&folder).expect("types").remove(0);
            assert_eq!((found.first_day.as_deref(), found.last_day.as_deref()), (Some(expected.0), Some(expected.1)));
        };
        check("wake", ("2026-03-09", "2026-03-20"));
        check("evening", ("2026-03-08", "2026-03-19"));
    }
}
