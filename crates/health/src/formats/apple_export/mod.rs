//! Apple's `export.zip`.

pub mod write;
