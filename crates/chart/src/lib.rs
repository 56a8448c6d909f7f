//! Charts: a model, and SVG from it.
//!
//! A model says in numbers and words what a chart shows: buckets, gaps, a sentence, a table. [`svg::render`] draws it
//! with plotters in a [`theme`]. Nothing here reads the clock, the disk or the store.

pub mod heart_rate;
pub mod model;
pub mod range;
pub mod svg;
pub mod theme;

pub use model::Model;
pub use range::{Range, Step};
pub use svg::{Drawn, Scale, Size, render};
pub use theme::Theme;

/// Drawing failed; plotters' own words.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {0}")]
pub struct Error(String);
