//! What the product can do: the operations that window, command line and agents share.
//!
//! One file per use case. Nothing here knows about arguments, windows or the wall clock: callers hand in a folder and a
//! `now`. Answers are serde structs with the keys of the command line's contract.

pub mod acts;
pub mod address;
pub mod agent;
pub mod backup;
pub mod charts;
pub mod check;
pub mod compact;
pub mod daily;
pub mod delete_all;
pub mod demo;
pub mod display;
pub mod doctor;
pub mod error;
pub mod explain;
pub mod export;
pub mod folder;
mod hold;
pub mod holdings;
pub mod import;
pub mod imports;
mod input;
pub mod kept;
pub mod local;
mod new_file;
pub mod odd;
pub mod overlaps;
pub mod pairing;
pub mod phones;
pub mod query;
pub mod receiver;
pub mod remotes;
pub mod restore;
pub mod screen;
pub mod settings;
pub mod silence;
pub mod sleep;
pub mod source_order;
pub mod sources;
pub mod sql;
pub mod status;
pub mod stays;
#[cfg(test)]
mod testing;
pub mod types;
pub mod undo;
pub mod verify;
pub mod words;
pub mod workouts;

/// Charts and their pictures. The faces get them from here, so that they know no other crate than this one.
pub use chart::{Drawn, Model, Scale, Size, Theme, render};
pub use error::{Code, Error, Result};
pub use folder::Folder;
pub use health::language;
/// What the owner may say about a session of sleep.
pub use health::series::sleep::EditKind;
/// Stops long work at any moment, and how far it is.
pub use store::{Cancel, Steps};
