//! Charts: a model, and SVG from it.
