//! How much of a stranger's file we are willing to read. Each figure leaves a real export many times its size.

/// Entries in an archive.
pub const MAX_ENTRIES: u64 = 200_000;
/// Bytes in the name of an entry.
pub const MAX_NAME: usize = 1_024;
/// Bytes of an archive's directory, which takes ten times as much in memory: all entries, each with a name as Apple's.
pub const MAX_DIRECTORY: u64 = 24 << 20;
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
/// Bytes that one XML tag or text may have. A comment that has more counts as one without an end: its beginning is
/// skipped and reported, and what follows is read as whatever it looks like.
pub const MAX_EVENT: usize = 1 << 20;
/// Attributes of one element.
pub const MAX_ATTRIBUTES: usize = 64;
/// So often all bytes of a folder's files may be read, where records name one file several times.
pub const TIMES_READ: u64 = 4;
/// Values further from zero are nobody's, and sums of them would not be exact any more.
pub const MAX_VALUE: f64 = 1e12;
/// Elements inside each other.
pub const MAX_DEPTH: usize = 16;
/// Metadata entries of one record.
pub const MAX_METADATA: usize = 256;
/// Beats of one heart rate variability sample; real ones have 33 to 46.
pub const MAX_BEATS: usize = 10_000;
/// Bytes in the metadata and beats of one record together.
pub const MAX_DETAILS: usize = 1 << 20;
/// Bytes before the root element, which is the DOCTYPE.
pub const MAX_PROLOG: usize = 1 << 20;
/// Elements inside one workout, correlation or other entry.
pub const MAX_NODES: usize = 100_000;
/// Bytes of memory that one workout, correlation or other entry takes while it is read, about.
pub const MAX_ENTRY_BYTES: usize = 32 << 20;
/// Distinct reasons and kinds that damage is counted by; the rest is counted together.
pub const MAX_TALLIES: usize = 1_000;
/// Distinct types that Apple's table lacks; it has some two hundred.
pub const MAX_KINDS: usize = 2_000;
/// Distinct sources; people have some dozens. What has to be compared grows with their square.
pub const MAX_SOURCES: usize = 10_000;
/// Bytes in the names of those types and sources together.
pub const MAX_NAMES: usize = 32 << 20;
/// Bytes of a rejected record that the report keeps.
pub const MAX_REJECT: usize = 2_048;
/// Bytes of the name of a missing or damaged file that the report keeps.
pub const MAX_LOST_NAME: usize = 256;
/// Distinct refused records that are remembered, so that their twins inside correlations are not counted again.
pub const MAX_REFUSED: usize = 100_000;
/// Samples in a batch.
pub const BATCH_SAMPLES: usize = 8_192;
/// Bytes of text in a batch, after which it is handed over early.
pub const BATCH_BYTES: usize = 8 << 20;
/// The same for routes and other files beside the document: dozens of such batches may wait while the store sums days.
pub const BESIDE_BYTES: usize = 512 << 10;
/// Points of one route, or of all routes inside one workout: eleven days at one a second.
pub const MAX_POINTS: usize = 1_000_000;
/// Routes and clinical files that the document may refer to.
pub const MAX_REFERENCES: usize = 200_000;
/// Bytes of memory that wait for the files which the document refers to.
pub const MAX_REFERENCE_BYTES: usize = 64 << 20;
/// XML files of one archive or folder that are looked into for the main document; an export has two. Where none of them
/// is it, as many files of other names are.
pub const MAX_CANDIDATES: usize = 1_000;
/// Bytes of a file without the ending `.xml` that are looked at for the root element; Apple's DOCTYPE has some 10,000.
pub const RENAMED_HEAD: usize = 64 << 10;
/// Voltages of one ECG; real ones have 15,410 at most.
pub const MAX_VOLTAGES: usize = 1_000_000;

/// The limits of one reading as a value, so that tests can have small ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// See [`MAX_ENTRIES`].
    pub entries: u64,
    /// See [`MAX_NAME`].
    pub name: usize,
    /// See [`MAX_DIRECTORY`].
    pub directory: u64,
    /// See [`MAX_CANDIDATES`].
    pub candidates: usize,
    /// See [`MAX_XML`].
    pub xml: u64,
    /// See [`MAX_GPX`].
    pub gpx: u64,
    /// See [`MAX_ECG`].
    pub ecg: u64,
    /// See [`MAX_CLINICAL`].
    pub clinical: u64,
    /// See [`MAX_RATIO`].
    pub ratio: u64,
    /// See [`RATIO_FREE`].
    pub ratio_free: u64,
    /// See [`TIMES_READ`].
    pub times_read: u64,
    /// See [`MAX_EVENT`].
    pub event: usize,
    /// See [`MAX_ATTRIBUTES`].
    pub attributes: usize,
    /// See [`MAX_DEPTH`].
    pub depth: usize,
    /// See [`MAX_METADATA`].
    pub metadata: usize,
    /// See [`MAX_BEATS`].
    pub beats: usize,
    /// See [`MAX_DETAILS`].
    pub details: usize,
    /// See [`MAX_PROLOG`].
    pub prolog: usize,
    /// See [`MAX_NODES`].
    pub nodes: usize,
    /// See [`MAX_ENTRY_BYTES`].
    pub entry_bytes: usize,
    /// See [`MAX_POINTS`].
    pub points: usize,
    /// See [`MAX_VOLTAGES`].
    pub voltages: usize,
    /// See [`MAX_REFERENCES`].
    pub references: usize,
    /// See [`MAX_REFERENCE_BYTES`].
    pub reference_bytes: usize,
    /// See [`MAX_KINDS`].
    pub kinds: usize,
    /// See [`MAX_SOURCES`].
    pub sources: usize,
    /// See [`MAX_NAMES`].
    pub names: usize,
    /// See [`MAX_REFUSED`].
    pub refused: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: MAX_ENTRIES,
            name: MAX_NAME,
            directory: MAX_DIRECTORY,
            candidates: MAX_CANDIDATES,
            xml: MAX_XML,
            gpx: MAX_GPX,
            ecg: MAX_ECG,
            clinical: MAX_CLINICAL,
            ratio: MAX_RATIO,
            ratio_free: RATIO_FREE,
            times_read: TIMES_READ,
            event: MAX_EVENT,
            attributes: MAX_ATTRIBUTES,
            depth: MAX_DEPTH,
            metadata: MAX_METADATA,
            beats: MAX_BEATS,
            details: MAX_DETAILS,
            prolog: MAX_PROLOG,
            nodes: MAX_NODES,
            entry_bytes: MAX_ENTRY_BYTES,
            points: MAX_POINTS,
            voltages: MAX_VOLTAGES,
            references: MAX_REFERENCES,
            reference_bytes: MAX_REFERENCE_BYTES,
            kinds: MAX_KINDS,
            sources: MAX_SOURCES,
            names: MAX_NAMES,
            refused: MAX_REFUSED,
        }
    }
}
