//! Charts of stores.
