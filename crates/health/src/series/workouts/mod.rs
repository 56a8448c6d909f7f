//! The numbers of workouts: totals and where they come from, heart rate and its zones, splits, routes, and the same
//! activity written by two apps.

pub mod heart;
pub mod pauses;
pub mod route;
pub mod same;
pub mod splits;
pub mod totals;
