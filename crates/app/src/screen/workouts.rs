//! The rows of `vitalog workouts` with the clock on the wearer's wall.

use serde::Serialize;

use crate::display::{Units, Ways};
use crate::error::Result;
use crate::folder::Folder;
use crate::local::{Clock, Days};
use crate::workouts::{DetailAnswer, Listing, WorkoutAnswer};

/// A workout, and when it began where the wearer was.
#[derive(Debug, Clone, Serialize)]
pub struct Local<T> {
    /// The keys of the verb's answer.
    #[serde(flatten)]
    pub answer: T,
    /// Local day and time of the start: `2026-03-14 07:00`.
    pub local_start: String,
    /// How the owner reads ways, heights and paces.
    pub ways: Ways,
}

/// Lists the workouts of some days, the newest first.
pub fn workouts(folder: &Folder, days: Days) -> Result<Vec<Local<WorkoutAnswer>>> {
    let (clock, ways) = (Clock::of(folder)?, Units::of(folder)?.ways());
    let mut rows = crate::workouts::workouts(folder, Listing { days, ..Listing::default() })?;
    rows.reverse();
    Ok(rows.into_iter().map(|row| Local { local_start: clock.time(&row.start), ways, answer: row }).collect())
}

/// Tells everything about one workout.
pub fn workout(folder: &Folder, id: i64) -> Result<Local<DetailAnswer>> {
    let answer = crate::workouts::detail(folder, id)?;
    let ways = Units::of(folder)?.ways();
    Ok(Local { local_start: Clock::of(folder)?.time(&answer.workout.start), ways, answer })
}
