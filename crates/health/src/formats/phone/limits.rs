//! How much of a phone's body is held at once. Each figure leaves a real body many times its size.

/// Bytes that are read at once; the window grows to the longest record.
pub(crate) const WINDOW: usize = 64 << 10;
/// Bytes of one record. A workout of a whole day with a place every second has some fifteen million.
pub const MAX_RECORD: usize = 64 << 20;
/// Brackets inside each other in the body of an app; theirs have some eight.
pub const MAX_DEPTH: u32 = 32;
/// Bytes of a text in the body of an app, as it stands between its quotes.
pub const MAX_TEXT: u64 = 64 << 10;
/// Brackets inside each other in a line of our own. It says what another store holds, which may have come from files
/// with other limits, and what is held there must arrive: so its texts have no limit but that of the line.
pub(crate) const MAX_OWN_DEPTH: u32 = 100;
/// Bytes of a key.
pub(crate) const MAX_KEY: usize = 64 << 10;
/// Bytes of a part that is kept as structured JSON; a longer one is kept as its text.
pub(crate) const MAX_PART: usize = 1 << 20;
/// Bytes of everything that the frame says besides its records.
pub(crate) const MAX_FRAME: usize = 1 << 20;
/// Bytes of text in one portion, after which it is handed over early.
pub(crate) const PORTION_BYTES: usize = 8 << 20;
/// Records in one portion.
pub(crate) const PORTION_RECORDS: usize = 8_192;
/// Distinct types that no table knows, in one delivery.
pub(crate) const MAX_KINDS: usize = 2_000;
/// Distinct sources of one delivery; people have some dozens.
pub(crate) const MAX_SOURCES: usize = 20_000;
/// Bytes of a rejected record that are kept for the report.
pub(crate) const MAX_REJECT: usize = 2_048;
/// Bytes in what is said about those sources together.
pub(crate) const MAX_NAMES: usize = 32 << 20;
/// Bytes in the name of a type.
pub(crate) const MAX_NAME: usize = 4_096;
