//! The order of sources of a type, as one that can be taken back.

use rusqlite::Connection;

use super::{Act, Body, What, log, write};
use crate::aliases::{self, Alias};
use crate::error::Result;

/// Writes down that the order of a type was chosen.
pub(crate) fn changed(conn: &Connection, identifier: &str, order: [Vec<Alias>; 2], now_ms: i64) -> Result<Act> {
    let body = Body { order: Some(order), ..Body::default() };
    write(conn, Act { at_ms: now_ms, body, ..Act::new(What::Order, identifier) })
}

/// The order that the acts which still stand lead to.
pub(super) fn take_back(conn: &Connection, identifier: &str) -> Result<()> {
    let acts = log::of_kind(conn, What::Order, identifier)?;
    let orders = |act: &Act| act.body.order.clone();
    let last = acts.iter().rev().find(|act| act.taken_back_ms.is_none()).and_then(orders).map(|[_, after]| after);
    let first = || acts.first().and_then(orders).map(|[before, _]| before);
    aliases::write_order(conn, identifier, &last.or_else(first).unwrap_or_default())
}
