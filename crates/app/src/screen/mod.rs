//! What the window's screens show beside the answers of the verbs: a chart with its read-out and its number, the nights
//! of a stretch, what changed, and types with their areas. Every number comes from where the verbs take theirs.

mod changes;
mod chart;
mod nights;
mod types;
mod workouts;

pub use changes::{Change, changes};
pub use chart::{Ask, Context, Hero, Part, Shown, Slot, chart};
pub use nights::{NightsAnswer, StageAnswer, nights};
pub use types::{TypeRow, types};
pub use workouts::{Local, workout, workouts};
