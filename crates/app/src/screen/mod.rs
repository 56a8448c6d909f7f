//! What the window's screens show beside the answers of the verbs: a chart with its read-out and its number, the nights
//! of a stretch, what changed, two stretches side by side, recordings, types with their areas, and lists of workouts. Every number comes
//! from where the verbs take theirs.

mod beside;
mod changes;
mod chart;
mod ecgs;
mod explain;
mod nights;
mod types;
mod workouts;

pub use beside::{Averages, Beside, Earlier, beside};
pub use changes::{Change, changes};
pub use chart::{Ask, Context, Hero, Part, Shown, Slot, chart};
pub use ecgs::{EcgRow, ecgs};
pub use explain::explain;
pub use nights::{NightsAnswer, StageAnswer, nights};
pub use types::{TypeRow, types};
pub use workouts::{Local, WorkoutsAnswer, workout, workouts};
#[cfg(test)]
mod words_tests;
