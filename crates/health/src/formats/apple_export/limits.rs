//! How much of a stranger's file we are willing to read. Each figure leaves a real export many times its size.

/// Entries in an archive.
pub const MAX_ENTRIES: u64 = 200_000;
/// Bytes in the name of an entry.
pub const MAX_NAME: usize = 1_024;
/// Bytes of the main document.
pub const MAX_XML: u64 = 100 << 30;
/// Bytes of one GPX file.
pub const MAX_GPX: u64 = 256 << 20;
/// Bytes of one ECG file.
pub const MAX_ECG: u64 = 16 << 20;
/// Bytes of one clinical file.
pub const MAX_CLINICAL: u64 = 16 << 20;
/// Uncompressed bytes per compressed byte: real exports have 14 to 31.
pub const MAX_RATIO: u64 = 200;
/// Uncompressed bytes from which [`MAX_RATIO`] is looked at.
pub const RATIO_FREE: u64 = 64 << 20;
/// Bytes that one XML tag, text or comment may have.
pub const MAX_EVENT: usize = 1 << 20;
/// Attributes of one element.
pub const MAX_ATTRIBUTES: usize = 64;
/// Elements inside each other.
pub const MAX_DEPTH: usize = 16;
/// Metadata entries of one record.
pub const MAX_METADATA: usize = 256;
/// Beats of one heart rate variability sample; real ones have 33 to 46.
pub const MAX_BEATS: usize = 10_000;
/// Bytes before the root element, which is the DOCTYPE.
pub const MAX_PROLOG: usize = 1 << 20;
/// Elements inside one workout, correlation or other entry.
pub const MAX_NODES: usize = 100_000;
/// Bytes of text inside one workout, correlation or other entry.
pub const MAX_ENTRY_BYTES: usize = 32 << 20;
/// Distinct reasons and kinds that damage is counted by; the rest is counted together.
pub const MAX_TALLIES: usize = 1_000;
/// Bytes of a rejected record that the report keeps.
pub const MAX_REJECT: usize = 2_048;
/// Samples in a batch.
pub const BATCH_SAMPLES: usize = 8_192;
/// Bytes of text in a batch, after which it is handed over early.
pub const BATCH_BYTES: usize = 8 << 20;
/// Points of one route: eleven days at one a second.
pub const MAX_POINTS: usize = 1_000_000;
/// Routes and clinical files that the document may refer to.
pub const MAX_REFERENCES: usize = 200_000;
