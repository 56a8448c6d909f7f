//! What the window's screens show beside the answers of the verbs: a chart with its read-out and its number, the nights
//! of a stretch, what changed, two stretches side by side, recordings, types with their areas, explanations in units
//! that people read, lists of workouts, what the owner did, phones, and servers. Every number comes from where the
//! verbs take theirs.

mod acts;
mod beside;
mod changes;
mod chart;
mod ecgs;
mod explain;
mod hero;
mod lead;
mod nights;
mod phones;
mod servers;
mod slots;
mod types;
mod workouts;

pub use acts::{HistoryRow, SessionAnswer, history, sessions};
pub use beside::{Averages, Beside, Earlier, beside};
pub use changes::{Change, changes};
pub use chart::{Ask, Context, Nearest, Shown, Whole, chart};
pub use ecgs::{EcgRow, ecgs};
pub use explain::{explain, explain_days, explain_stretch};
pub use hero::{At, Hero, Lead};
pub use lead::Origin;
pub use nights::{NightsAnswer, StageAnswer, nights};
pub use phones::{Added, DeliveryRow, DeviceRow, Invitation, Phones, Receiving, add, brought, invite, phones};
pub use servers::{Server, Servers, servers};
pub use slots::{Part, Slot};
pub use types::{TypeRow, types};
pub use workouts::{Local, WorkoutsAnswer, workout, workouts};
#[cfg(test)]
mod words_tests;
