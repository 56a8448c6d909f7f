//! The rows of `vitalog workouts` with the clock on the wearer's wall.

use health::language::word;
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
    let local = |row: WorkoutAnswer| Local { local_start: clock.time(&row.start), ways, answer: named(row) };
    Ok(rows.into_iter().map(local).collect())
}

/// Tells everything about one workout.
pub fn workout(folder: &Folder, id: i64) -> Result<Local<DetailAnswer>> {
    let mut answer = crate::workouts::detail(folder, id)?;
    answer.workout = named(answer.workout);
    let ways = Units::of(folder)?.ways();
    Ok(Local { local_start: Clock::of(folder)?.time(&answer.workout.start), ways, answer })
}

/// With the name of its activity in the language that is spoken.
fn named(row: WorkoutAnswer) -> WorkoutAnswer {
    WorkoutAnswer { activity_name: word(&row.activity_name), ..row }
}
