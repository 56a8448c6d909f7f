//! Charts: a model, SVG from it, and PNG from the SVG.
//!
//! A model says in numbers and words what a chart shows: axes, layers of shapes, gaps, a sentence, a table. Every kind
//! of chart is a constructor of that one [`Model`] in a module of its own; [`render`] draws any of them with plotters
//! in a [`Theme`], and [`png`](fn@png) makes pixels of the same SVG. Nothing here reads the clock, the disk or the
//! store, and nothing but what drawing needs is computed: averages, bands and trends come in as data.

mod draw;
mod fold;
mod font;
pub mod layer;
pub mod model;
mod number;
mod png;
pub mod range;
mod slots;
pub mod svg;
pub mod theme;
mod thin;

pub mod blood_pressure;
pub mod body_mass;
pub mod correlation;
pub mod cumulative;
pub mod ecg;
pub mod glucose;
pub mod glucose_profile;
pub mod heart_rate;
pub mod heart_zones;
pub mod heat_map;
pub mod hypnogram;
pub mod nights;
pub mod plain;
pub mod profiles;
pub mod regularity;
pub mod rings;
pub mod route;
pub mod sleep;
pub mod stages;
pub mod traces;
pub mod vital;
pub mod years;
pub mod zoom;

pub use model::{Average, Measure, Model, Paired, Reading};
pub use number::{as_written, whole_minutes};
pub use png::png;
pub use range::{Range, Step};
pub use svg::{Drawn, Scale, Size, render, render_headed};
pub use theme::{Hue, Theme};

/// Drawing failed; plotters' or resvg's own words.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {0}")]
pub struct Error(String);
