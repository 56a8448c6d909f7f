//! The rows of `vitalog workouts` with the clock on the wearer's wall.

use health::language::word;
use serde::Serialize;

use crate::display::{Energy, Units, Ways};
use crate::error::Result;
use crate::folder::Folder;
use crate::local::Clock;
use crate::workouts::{DetailAnswer, Filter, List, WorkoutAnswer};

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
    /// How the owner reads energy.
    pub energy: Energy,
}

/// Lists the workouts that fit a filter, the newest first, and what they come to.
pub fn workouts(folder: &Folder, filter: &Filter) -> Result<WorkoutsAnswer> {
    let (clock, units) = (Clock::of(folder)?, Units::of(folder)?);
    let (ways, energy) = (units.ways(), units.energy());
    let List { rows, totals, kinds, all } = crate::workouts::list(folder, filter)?;
    let local = |row: WorkoutAnswer| Local { local_start: clock.time(&row.start), ways, energy, answer: named(row) };
    let list = List { rows: rows.into_iter().map(local).collect(), totals, kinds, all };
    Ok(WorkoutsAnswer { list, ways, energy })
}

/// A list, and how the owner reads its totals.
#[derive(Debug, Clone, Serialize)]
pub struct WorkoutsAnswer {
    /// Rows, totals and activities.
    #[serde(flatten)]
    pub list: List<Local<WorkoutAnswer>>,
    /// How the owner reads ways.
    pub ways: Ways,
    /// How the owner reads energy.
    pub energy: Energy,
}

/// Tells everything about one workout.
pub fn workout(folder: &Folder, id: i64) -> Result<Local<DetailAnswer>> {
    let mut answer = crate::workouts::detail(folder, id)?;
    answer.workout = named(answer.workout);
    let units = Units::of(folder)?;
    let local_start = Clock::of(folder)?.time(&answer.workout.start);
    Ok(Local { local_start, ways: units.ways(), energy: units.energy(), answer })
}

/// With the name of its activity in the language that is spoken.
fn named(row: WorkoutAnswer) -> WorkoutAnswer {
    WorkoutAnswer { activity_name: word(&row.activity_name), ..row }
}
