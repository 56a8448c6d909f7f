//! What can be asked: one file per question. Nothing here writes, except `settings`.

mod daily;
mod entries;
mod from_device;
mod hours;
mod imports;
pub(crate) mod kinds;
mod members;
mod overlaps;
pub(crate) mod points;
mod presence;
mod ranks;
mod recount;
mod remerge;
mod samples;
pub(crate) mod settings;
pub(crate) mod sources;
mod sql;
mod status;
mod summaries;
mod told;
pub(crate) mod verify;
mod workouts;
pub(crate) mod zones;

pub use daily::{DailyRow, MergedRow};
pub use entries::{EntryNames, EntryRow};
pub use from_device::{DeviceEntry, DevicePage, DeviceSample, DeviceStock, Sort};
pub use imports::{ImportRow, LostFile, RejectRow};
pub use kinds::{KindRow, TypeRow};
pub use members::{MemberRow, Membership};
pub use overlaps::OverlapRow;
pub use points::Point;
pub use ranks::{Orders, Ranks};
pub use samples::{Names, SampleQuery, SampleRow};
pub use sources::{SourceNames, SourceRow};
pub use sql::{Answer, MAX_BYTES, MAX_ROWS};
pub use status::{EntryTotals, Totals};
pub use summaries::Summary;
pub use told::Told;
pub use verify::Finding;
pub use workouts::{WorkoutKey, WorkoutRow};
pub use zones::{HomeFrom, StayRow};

#[cfg(test)]
pub(crate) mod testing;
