//! What is left to be found: days that phones touched, written down with the rows and found before anybody reads.

use health::time::Day;
use rusqlite::{Connection, params};

use super::{Derived, add_to_summary};
use crate::error::{ErrorKind, Result};
use crate::nights::SLEEP;
use crate::open::Store;
use crate::query::settings::read;
use crate::query::zones::{HOME_ZONE, find_stays, zones};

/// In place of a kind: where the wearer was.
const STAYS: u32 = 0;
/// In place of a day: the summary of the kind.
const SUMMARY: i64 = i64::MIN;
/// The home zone of a store that knows none; what is left knows it.
const NO_ZONE: &str = "UTC";
/// Writers that come between what is found and a look at it: more than so many in a row are another trouble.
const MOST_ROUNDS: usize = 16;

impl Store {
    /// Finds what follows from what phones told, where that was left for later. A reader does it by itself when it is
    /// opened; done while nobody waits, nobody has to. Who is about to write for long does it first, or readers would
    /// wait for that. Tells whether something was left.
    pub fn settle(&mut self) -> Result<bool> {
        let any = is_unsettled(&self.conn)?;
        if any {
            self.change(|tx| settle_left(tx))?;
        }
        Ok(any)
    }

    /// Does something at a moment at which nothing is left to be found; nobody writes meanwhile.
    pub(crate) fn settled<T>(&mut self, moment: impl FnOnce() -> Result<T>) -> Result<T> {
        for _ in 0..MOST_ROUNDS {
            self.settle()?;
            let tx = self.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            if !is_unsettled(&tx)? {
                return moment();
            }
        }
        Err(ErrorKind::Busy.into())
    }
}

/// Whether something is left to be found.
pub(crate) fn is_unsettled(conn: &Connection) -> Result<bool> {
    Ok(conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM unsettled)")?.query_row([], |row| row.get(0))?)
}

/// Leaves for later where the wearer was.
pub(crate) fn leave_stays(conn: &Connection) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO unsettled (kind_id, day) VALUES (?1, ?2)";
    conn.prepare_cached(sql)?.execute(params![STAYS, SUMMARY])?;
    Ok(())
}

/// Finds what was left.
pub(crate) fn settle_left(conn: &Connection) -> Result<()> {
    if !is_unsettled(conn)? {
        return Ok(());
    }
    let before = zones(conn, NO_ZONE)?;
    let mut statement = conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM unsettled
             WHERE kind_id = ?1 OR kind_id = (SELECT id FROM kinds WHERE identifier = ?2))",
    )?;
    if statement.query_row(params![STAYS, SLEEP], |row| row.get(0))? {
        find_stays(conn, NO_ZONE)?;
    }
    let mut derived = Derived::default();
    let zones = derived.rezone(conn, NO_ZONE, &before)?;
    derived.rebuild(conn, &zones)
}

impl Derived {
    /// Leaves what was touched for later. At once only summaries are told for which no row has to be read, and home.
    pub fn leave(mut self, conn: &Connection, home: &str) -> Result<()> {
        if read(conn, HOME_ZONE)?.is_none() {
            find_stays(conn, home)?;
        }
        let uncounted = self.uncounted(conn)?;
        self.recount.extend(uncounted);
        for ((kind, source), added) in self.added.iter().filter(|((kind, _), _)| !self.recount.contains(kind)) {
            add_to_summary(conn, *kind, *source, added)?;
        }
        let mut insert = conn.prepare_cached("INSERT OR IGNORE INTO unsettled (kind_id, day) VALUES (?1, ?2)")?;
        for (kind, days) in &self.days {
            for day in days {
                insert.execute(params![kind, day])?;
            }
        }
        for kind in &self.recount {
            insert.execute(params![kind, SUMMARY])?;
        }
        if self.stays {
            leave_stays(conn)?;
        }
        Ok(())
    }

    /// Takes over what was left.
    pub(super) fn take_left(&mut self, conn: &Connection) -> Result<()> {
        if !is_unsettled(conn)? {
            return Ok(());
        }
        let mut statement = conn.prepare_cached("SELECT kind_id, day FROM unsettled WHERE kind_id <> ?1")?;
        let mut rows = statement.query([STAYS])?;
        while let Some(row) = rows.next()? {
            let (kind, day): (u32, i64) = (row.get(0)?, row.get(1)?);
            match Day::try_from(day) {
                Ok(day) => _ = self.days.entry(kind).or_default().insert(day),
                Err(_) => _ = self.recount.insert(kind),
            }
        }
        drop(rows);
        conn.prepare_cached("DELETE FROM unsettled")?.execute([])?;
        Ok(())
    }
}
