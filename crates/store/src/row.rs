//! A sample as a row: the store's ids instead of texts, ready to sort, compare and write.

use std::cmp::Ordering;
use std::sync::OnceLock;

use rusqlite::{Connection, Row as SqlRow};

use crate::append::{Binder, Cells};
use crate::error::Result;

/// Flag: typed in by hand.
pub(crate) const FLAG_USER_ENTERED: u32 = 1;
/// Flag: rows in `sample_log` tell how the sample looked in other imports.
pub(crate) const FLAG_LOGGED: u32 = 2;

/// Flag: it stands for what phones told; see [`crate::tellings`]. What decides between imports never sees such a row.
pub(crate) const FLAG_TOLD: u32 = 4;
/// Flag beside it: a file holds it, too.
pub(crate) const FLAG_FILED: u32 = 8;
/// Flag beside it: nobody told an end.
pub(crate) const FLAG_ENDLESS: u32 = 16;

/// Values of one group that differ by less are the same across files: an export prints at most six digits.
pub(crate) const RELATIVE_TOLERANCE: f64 = 1e-4;
/// The same near zero.
pub(crate) const ABSOLUTE_TOLERANCE: f64 = 1e-9;

/// The columns that [`Row::from_sql`] reads, in its order.
pub(crate) const COLUMNS: &str = "start_ms, source_id, duration_ms, ordinal, value, original, text_id, origin_id, \
     details_id, created_delay_ms, copies, flags, import_id, superseded_by";

/// The same of a row of files as the imports have it, for what decides between them: whether what a phone tells stands
/// for it is none of their business.
pub(crate) const OF_FILES: &str = "start_ms, source_id, duration_ms, ordinal, value, original, text_id, origin_id, \
     details_id, created_delay_ms, copies, flags, import_id, nullif(superseded_by, -2)";

/// The condition of a row of files.
pub(crate) const IS_OF_FILES: &str = "flags & 4 = 0";

/// Where a sample lies inside its kind: the order of the clustered table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub start_ms: i64,
    pub source: u32,
    pub duration_ms: i64,
    pub ordinal: u32,
}

/// A place of a kind: start, source, duration.
pub(crate) type Group = (i64, u32, i64);

impl Key {
    /// The group: everything but the ordinal.
    pub fn group(&self) -> Group {
        (self.start_ms, self.source, self.duration_ms)
    }

    pub fn end_ms(&self) -> i64 {
        self.start_ms.saturating_add(self.duration_ms)
    }
}

/// Everything about a sample that may change from import to import without making it another sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Image {
    pub value: Option<f64>,
    pub original: Option<f64>,
    pub origin: u32,
    pub details: Option<i64>,
    pub created_delay_ms: Option<i64>,
    pub copies: u32,
}

impl Image {
    /// Of two images of one sample in one file, the one that is shown, with a number of copies: that which reached
    /// HealthKit last. Of two that came at once their texts decide, because numbers depend on what was imported first.
    pub fn newest(self, other: Self, copies: u32, conn: &Connection) -> Result<Self> {
        let shown = match self.created_delay_ms.cmp(&other.created_delay_ms) {
            Ordering::Equal if self.cmp_of_one_moment(&other, conn)?.is_lt() => other,
            Ordering::Less => other,
            _ => self,
        };
        Ok(Self { copies, ..shown })
    }

    /// Which of two images that came at once is shown: the greater one.
    fn cmp_of_one_moment(&self, other: &Self, conn: &Connection) -> Result<Ordering> {
        let mut order = Ordering::Equal;
        if self.origin != other.origin {
            order = texts_of(self.origin, conn)?.cmp(&texts_of(other.origin, conn)?);
        }
        // A number of details is a hash of their text.
        Ok(order
            .then_with(|| self.details.cmp(&other.details))
            .then_with(|| compare(self.original, other.original))
            .then_with(|| compare(self.value, other.value)))
    }
}

/// What the number of an origin stands for: version, device and unit.
fn texts_of(origin: u32, conn: &Connection) -> Result<[Option<String>; 3]> {
    let mut statement = conn.prepare_cached("SELECT version, device, unit FROM origins WHERE id = ?1")?;
    Ok(statement.query_row([origin], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?)
}

/// One sample of one kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    pub key: Key,
    pub text: Option<u32>,
    pub image: Image,
    pub flags: u32,
    pub import_id: i64,
    pub superseded_by: Option<i64>,
}

impl Row {
    /// Reads [`COLUMNS`] or [`OF_FILES`].
    pub fn from_sql(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: Key { start_ms: row.get(0)?, source: row.get(1)?, duration_ms: row.get(2)?, ordinal: row.get(3)? },
            image: Image {
                value: row.get(4)?,
                original: row.get(5)?,
                origin: row.get(7)?,
                details: row.get(8)?,
                created_delay_ms: row.get(9)?,
                copies: row.get(10)?,
            },
            text: row.get(6)?,
            flags: row.get(11)?,
            import_id: row.get(12)?,
            superseded_by: row.get(13)?,
        })
    }

    /// Order of the table, then by value, so that repeats lie side by side.
    pub fn order(&self, other: &Self) -> Ordering {
        let group = self.key.group().cmp(&other.key.group());
        group
            .then_with(|| compare(self.image.value, other.image.value))
            .then_with(|| (self.text, self.by_hand()).cmp(&(other.text, other.by_hand())))
            .then_with(|| compare(self.image.original, other.image.original))
    }

    /// Typed in by hand: another sample than an equal one that a device wrote.
    pub fn by_hand(&self) -> bool {
        self.flags & FLAG_USER_ENTERED != 0
    }

    /// Whether two rows of one file are exact repeats.
    pub fn repeats(&self, other: &Self) -> bool {
        self.key.group() == other.key.group()
            && (self.text, self.by_hand()) == (other.text, other.by_hand())
            && match (self.image.value, other.image.value) {
                (None, None) => self.image.original == other.image.original,
                (a, b) => a == b,
            }
    }

    /// How far apart the values of two rows of one group are, or `None` where they are two samples.
    pub fn distance(&self, other: &Self) -> Option<f64> {
        if (self.text, self.by_hand()) != (other.text, other.by_hand()) {
            return None;
        }
        match (self.image.value, other.image.value) {
            (Some(a), Some(b)) => near(a, b),
            (None, None) => match (self.image.original, other.image.original) {
                (Some(a), Some(b)) => near(a, b),
                (None, None) => Some(0.0),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Cells for Row {
    const INTO: &'static str = "samples (kind_id, start_ms, source_id, duration_ms, ordinal, value, original, text_id, \
        origin_id, details_id, created_delay_ms, copies, flags, import_id, superseded_by)";
    const WIDTH: usize = 14;
    const AT_ONCE: usize = 32;

    fn many() -> &'static OnceLock<String> {
        static TEXT: OnceLock<String> = OnceLock::new();
        &TEXT
    }

    fn one() -> &'static OnceLock<String> {
        static TEXT: OnceLock<String> = OnceLock::new();
        &TEXT
    }

    fn bind(to: &mut Binder<'_, '_, Self>) -> Result<()> {
        to.column(0, |r| r.key.start_ms)?;
        to.column(1, |r| r.key.source)?;
        to.column(2, |r| r.key.duration_ms)?;
        to.column(3, |r| r.key.ordinal)?;
        to.column(4, |r| r.image.value)?;
        to.column(5, |r| r.image.original)?;
        to.column(6, |r| r.text)?;
        to.column(7, |r| r.image.origin)?;
        to.column(8, |r| r.image.details)?;
        to.column(9, |r| r.image.created_delay_ms)?;
        to.column(10, |r| r.image.copies)?;
        to.column(11, |r| r.flags & !FLAG_LOGGED)?;
        to.column(12, |r| r.import_id)?;
        to.column(13, |r| r.superseded_by)
    }
}

fn compare(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// How far apart two values are, or `None` where they are not the same across files.
pub(crate) fn near(a: f64, b: f64) -> Option<f64> {
    let difference = (a - b).abs();
    let allowed = ABSOLUTE_TOLERANCE.max(RELATIVE_TOLERANCE * a.abs().max(b.abs()));
    (difference <= allowed).then_some(difference)
}
