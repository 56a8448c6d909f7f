//! Foreign formats, one file or folder each, and how bulk data is packed.

pub mod apple_export;
mod body;
mod columns;
pub mod ecg;
pub mod gpx;
pub mod health_auto_export;
pub mod health_export_pro;
pub mod healthsave;
pub mod healthsync;
pub mod influxdb;
pub mod open_wearables;
pub mod outgoing;
pub mod phone;
pub mod postgresql;
pub mod route;
pub mod vitalog;
