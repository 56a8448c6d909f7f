//! The arithmetic of series: pure functions from samples to the numbers that people see.

pub mod asleep;
pub mod buckets;
pub mod clock;
pub mod compare;
pub mod correlate;
pub mod events;
pub mod explain;
pub mod glucose;
pub mod hold;
pub mod merge;
pub mod night_parts;
pub mod nights;
#[cfg(test)]
mod peers_tests;
pub mod per_day;
pub mod periods;
pub mod pressure;
mod random;
pub mod rank;
pub mod raster;
pub mod rule;
pub mod sleep;
pub mod smooth;
pub mod spans;
pub mod stats;
pub mod trend;
pub mod usual;
pub mod workouts;
