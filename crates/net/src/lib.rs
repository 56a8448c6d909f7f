//! The receiver: the only place that opens a socket.
//!
//! Off until [`Receiver::start`]. Bound to the addresses that it is given, it lets paired phones send and gives nothing
//! back but, to a token, what that token itself brought.
//!
//! ```text
//!   listen ─► guard ─► route ─► auth ─► body ─► spool ─► row ─► answer
//!   (limits)  (host,            (token)  (limits, (fsync) (store)   │
//!              browser)                   inflate)                  └─► lanes ─► Intake (from above)
//! ```
//!
//! Knows no decoder and no row of samples: what reads and matches a body is handed in as an [`Intake`].

mod address;
mod authority;
pub mod discovery;
mod error;
mod events;
pub mod guide;
mod intake;
pub mod invite;
mod profile;
pub mod qr;
mod receiver;
mod secret;
mod spool;

pub use address::{address, computer_name, is_own, is_private};
pub use authority::Authority;
pub use error::{Error, ErrorKind, Result};
pub use events::{Event, Events};
pub use intake::{Failure, Intake, ReadBack, Spooled, Taken};
pub use receiver::{
    Clock, Config, DeliveryLine, HepOf, HepSettings, Https, HttpsOf, Receiver, is_header_free, is_path_free,
};
pub use spool::spooled;
