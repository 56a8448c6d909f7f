//! The arithmetic of series: pure functions from samples to the numbers that people see.

pub mod buckets;
pub mod events;
pub mod hold;
pub mod merge;
#[cfg(test)]
mod random;
pub mod rank;
pub mod sleep;
pub mod stats;
