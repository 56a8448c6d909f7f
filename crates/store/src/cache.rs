//! How many pages a writer keeps in memory. A store that fits is written once, when all is in; of a larger one each
//! page is written when there is no room for it, and a larger cache gains nothing while the sums of an import grow.

use rusqlite::Connection;

use crate::error::Result;

/// The cache of a writer.
pub(crate) const NARROW_KIB: i64 = 24 * 1024;
/// The cache of an import into a store that fits into it.
const WIDE_KIB: i64 = 80 * 1024;
/// So large a store fits: pages cost a little more than their bytes.
const FITS_BYTES: i64 = 72 << 20;

/// The cache of one import.
pub(crate) struct Cache {
    wide: bool,
}

impl Cache {
    /// Makes room for the whole store, if it is small.
    pub fn begin(conn: &Connection) -> Result<Self> {
        let wide = bytes(conn)? <= FITS_BYTES;
        set(conn, if wide { WIDE_KIB } else { NARROW_KIB })?;
        Ok(Self { wide })
    }

    /// Gives the room back once the store has outgrown it.
    pub fn follow(&mut self, conn: &Connection) -> Result<()> {
        if self.wide && bytes(conn)? > FITS_BYTES {
            self.wide = false;
            set(conn, NARROW_KIB)?;
        }
        Ok(())
    }
}

/// The store's size, with what is not committed yet.
fn bytes(conn: &Connection) -> Result<i64> {
    let mut statement =
        conn.prepare_cached("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Bounds the cache of a connection.
pub(crate) fn set(conn: &Connection, kib: i64) -> Result<()> {
    Ok(conn.pragma_update(None, "cache_size", -kib)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_wide_as_long_as_the_store_fits() {
        let conn = Connection::open_in_memory().expect("a store");
        let size = || conn.pragma_query_value(None, "cache_size", |row| row.get::<_, i64>(0)).expect("a size");
        let mut cache = Cache::begin(&conn).expect("begins");
        assert_eq!(size(), -WIDE_KIB);
        let fill = |bytes: i64| conn.execute("INSERT INTO t VALUES (zeroblob(?1))", [bytes]).expect("filled");
        conn.execute_batch("CREATE TABLE t (x)").expect("a table");
        fill(FITS_BYTES - (1 << 20));
        cache.follow(&conn).expect("fits");
        assert_eq!(size(), -WIDE_KIB);
        fill(2 << 20);
        cache.follow(&conn).expect("outgrown");
        assert_eq!(size(), -NARROW_KIB);
        Cache::begin(&conn).expect("begins");
        assert_eq!(size(), -NARROW_KIB);
    }
}
