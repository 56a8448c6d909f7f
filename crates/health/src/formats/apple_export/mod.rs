//! Apple's `export.zip`.
