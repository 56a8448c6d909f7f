//! One telling as a row.

use std::sync::OnceLock;

use health::phone::{Feed, Flags, Uuid};
use rusqlite::Row as SqlRow;

use crate::append::{Binder, Cells};
use crate::error::Result;
use crate::row::Key;

/// The feeds by their numbers in the store, which never change.
const FEEDS: [Feed; 6] = [
    Feed::OpenWearables,
    Feed::HealthSync,
    Feed::HealthExportPro,
    Feed::HealthAutoExport,
    Feed::HealthSave,
    Feed::Vitalog,
];

/// A feed's number in the store.
pub(crate) fn code_of(feed: Feed) -> u32 {
    FEEDS.iter().zip(0..).find(|(other, _)| **other == feed).map_or(0, |(_, code)| code)
}

/// The feed of a number.
pub(crate) fn feed_of(code: u32) -> Option<Feed> {
    FEEDS.get(code as usize).copied()
}

/// The columns that [`Telling::from_sql`] reads, in its order.
pub(super) const COLUMNS: &str = "start_ms, teller_id, duration_ms, device_id, feed, ordinal, uuid, name, flags, \
     value, original, text_id, origin_id, details_id, created_delay_ms, by_hand, copies, first_delivery, \
     last_delivery, last_ms, row_start_ms, row_source_id, row_duration_ms, row_ordinal";

/// A sample of one kind as a phone told it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Telling {
    pub start_ms: i64,
    pub teller: u32,
    pub duration_ms: i64,
    pub device: i64,
    pub feed: u32,
    pub ordinal: u32,
    pub uuid: Option<Uuid>,
    pub name: Option<String>,
    pub flags: Flags,
    pub value: Option<f64>,
    pub original: Option<f64>,
    pub text: Option<u32>,
    pub origin: u32,
    pub details: Option<i64>,
    pub created_delay_ms: Option<i64>,
    pub by_hand: bool,
    pub copies: u32,
    /// The first delivery that held it, and the last.
    pub deliveries: (i64, i64),
    pub last_ms: i64,
    /// The sample that it is.
    pub row: Option<Key>,
}

impl Telling {
    pub fn from_sql(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        let uuid: Option<[u8; 16]> = row.get(6)?;
        let key = match row.get(20)? {
            None => None,
            Some(start_ms) => {
                Some(Key { start_ms, source: row.get(21)?, duration_ms: row.get(22)?, ordinal: row.get(23)? })
            }
        };
        Ok(Self {
            start_ms: row.get(0)?,
            teller: row.get(1)?,
            duration_ms: row.get(2)?,
            device: row.get(3)?,
            feed: row.get(4)?,
            ordinal: row.get(5)?,
            uuid: uuid.map(Uuid::from_bytes),
            name: row.get(7)?,
            flags: Flags::from_bits(row.get(8)?),
            value: row.get(9)?,
            original: row.get(10)?,
            text: row.get(11)?,
            origin: row.get(12)?,
            details: row.get(13)?,
            created_delay_ms: row.get(14)?,
            by_hand: row.get(15)?,
            copies: row.get(16)?,
            deliveries: (row.get(17)?, row.get(18)?),
            last_ms: row.get(19)?,
            row: key,
        })
    }

    /// Whether two of one device and feed say the same; how often and when is another matter.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let bits = |value: Option<f64>| value.map(f64::to_bits);
        (self.start_ms, self.duration_ms, self.teller) == (other.start_ms, other.duration_ms, other.teller)
            && (self.device, self.feed, self.uuid, self.flags) == (other.device, other.feed, other.uuid, other.flags)
            && (bits(self.value), bits(self.original)) == (bits(other.value), bits(other.original))
            && (self.text, self.origin, self.details) == (other.text, other.origin, other.details)
            && (&self.name, self.created_delay_ms) == (&other.name, other.created_delay_ms)
            && self.by_hand == other.by_hand
    }

    /// Its key in the table, but for the kind.
    pub fn place(&self) -> (i64, u32, i64, i64, u32, u32) {
        (self.start_ms, self.teller, self.duration_ms, self.device, self.feed, self.ordinal)
    }

    /// Whether they lie at one place of the table, where only the ordinal tells them apart.
    pub fn shares_place(&self, other: &Self) -> bool {
        (self.start_ms, self.teller, self.duration_ms) == (other.start_ms, other.teller, other.duration_ms)
            && (self.device, self.feed) == (other.device, other.feed)
    }
}

impl Cells for Telling {
    const INTO: &'static str = "tellings (kind_id, start_ms, teller_id, duration_ms, device_id, feed, ordinal, uuid, \
        name, flags, value, original, text_id, origin_id, details_id, created_delay_ms, by_hand, copies, \
        first_delivery, last_delivery, last_ms, row_start_ms, row_source_id, row_duration_ms, row_ordinal)";
    const WIDTH: usize = 24;
    const AT_ONCE: usize = 16;

    fn many() -> &'static OnceLock<String> {
        static TEXT: OnceLock<String> = OnceLock::new();
        &TEXT
    }

    fn one() -> &'static OnceLock<String> {
        static TEXT: OnceLock<String> = OnceLock::new();
        &TEXT
    }

    fn bind(to: &mut Binder<'_, '_, Self>) -> Result<()> {
        to.column(0, |t| t.start_ms)?;
        to.column(1, |t| t.teller)?;
        to.column(2, |t| t.duration_ms)?;
        to.column(3, |t| t.device)?;
        to.column(4, |t| t.feed)?;
        to.column(5, |t| t.ordinal)?;
        to.column(6, |t| t.uuid.map(Uuid::bytes))?;
        to.column(7, |t| t.name.as_deref())?;
        to.column(8, |t| t.flags.bits())?;
        to.column(9, |t| t.value)?;
        to.column(10, |t| t.original)?;
        to.column(11, |t| t.text)?;
        to.column(12, |t| t.origin)?;
        to.column(13, |t| t.details)?;
        to.column(14, |t| t.created_delay_ms)?;
        to.column(15, |t| t.by_hand)?;
        to.column(16, |t| t.copies)?;
        to.column(17, |t| t.deliveries.0)?;
        to.column(18, |t| t.deliveries.1)?;
        to.column(19, |t| t.last_ms)?;
        to.column(20, |t| t.row.map(|key| key.start_ms))?;
        to.column(21, |t| t.row.map(|key| key.source))?;
        to.column(22, |t| t.row.map(|key| key.duration_ms))?;
        to.column(23, |t| t.row.map(|key| key.ordinal))
    }
}
