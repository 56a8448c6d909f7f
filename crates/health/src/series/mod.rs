//! The arithmetic of series: pure functions from samples to the numbers that people see.

pub mod buckets;
pub mod merge;
pub mod rank;
pub mod sleep;
