//! Foreign formats, one file or folder each.

pub mod apple_export;
