//! Foreign formats, one file or folder each, and how bulk data is packed.

pub mod apple_export;
mod columns;
pub mod ecg;
pub mod gpx;
pub mod route;
