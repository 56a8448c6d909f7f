//! What the product can do: the operations that window, command line and agents share.

pub mod demo;
