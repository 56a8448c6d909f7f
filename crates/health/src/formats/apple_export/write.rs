//! Writes an `export.zip` as the Health app does, in one pass and with little memory.
//!
//! For the sample store and for measurements. It knows the frame, the stamps and the devices; what a life looks
//! like is up to the caller. What it deliberately keeps from real exports: one fixed offset on every stamp, a new
//! address in every device text, members of a correlation printed twice (by the caller), beats in true local time.

use std::fmt::Write as _;
use std::io::{self, Seek, Write};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::time::Zones;

const FOLDER: &str = "apple_health_export";
/// The document goes to the archive in pieces of about this size.
const PIECE_BYTES: usize = 64 * 1024;

/// The zone with this IANA name, or `None`.
pub fn zones(name: &str) -> Option<Zones> {
    TimeZone::get(name).ok().map(Zones::home)
}

/// Who writes a sample: an app or a device.
#[derive(Debug, Clone, Copy)]
pub struct Author {
    /// Name of the source.
    pub name: &'static str,
    /// Version of the app or the system.
    pub version: &'static str,
    /// The device text after the address, as in `name:iPhone, manufacturer:Apple Inc.`.
    pub device: Option<&'static str>,
}

/// One `Record` element.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Apple's identifier.
    pub kind: &'a str,
    /// Who writes it.
    pub author: &'a Author,
    /// Unit of the value; none for categories.
    pub unit: Option<&'a str>,
    /// The value as printed.
    pub value: Option<&'a str>,
    /// Start, in milliseconds since 1970 in UTC.
    pub start_ms: i64,
    /// End, likewise.
    pub end_ms: i64,
    /// When it reached the phone, likewise.
    pub created_ms: i64,
    /// Metadata entries.
    pub metadata: &'a [(&'a str, &'a str)],
    /// Beats of a heart rate variability: beats per minute, instant.
    pub beats: &'a [(u32, i64)],
}

/// A full disk stays one.
fn io_error(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

/// Writes one archive: first the document, then [`ExportWriter::file`] for whatever lies beside it.
pub struct ExportWriter<W: Write + Seek> {
    zip: ZipWriter<W>,
    options: SimpleFileOptions,
    zones: Zones,
    offset: Offset,
    pointer: u64,
    text: String,
    depth: usize,
    in_document: bool,
}

impl<W: Write + Seek> ExportWriter<W> {
    /// Opens the document. `me` are the wearer's characteristics without their common prefix; `large` says that the
    /// document may pass four gigabytes.
    pub fn new(out: W, zones: Zones, export_ms: i64, me: &[(&str, &str)], large: bool) -> io::Result<Self> {
        let stamp = Timestamp::from_millisecond(export_ms).map_err(io::Error::other)?;
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o644);
        let mut writer = Self {
            zip: ZipWriter::new(out),
            options,
            offset: zones.zone(export_ms).to_offset(stamp),
            zones,
            pointer: export_ms.unsigned_abs(),
            text: String::with_capacity(2 * PIECE_BYTES),
            depth: 0,
            in_document: true,
        };
        writer.zip.start_file(format!("{FOLDER}/export.xml"), options.large_file(large)).map_err(io_error)?;
        writer.text.push_str(concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE HealthData [\n",
            "<!-- HealthKit Export Version: 14 -->\n<!ELEMENT HealthData ANY>\n]>\n"
        ));
        writer.open("HealthData", &[("locale", "en_GB")])?;
        let exported = writer.stamp(export_ms);
        writer.empty("ExportDate", &[("value", &exported)])?;
        let me: Vec<(String, &str)> =
            me.iter().map(|(key, value)| (format!("HKCharacteristicTypeIdentifier{key}"), *value)).collect();
        let me: Vec<(&str, &str)> = me.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        writer.empty("Me", &me)?;
        Ok(writer)
    }

    /// An instant as the export prints it: `2025-11-30 18:05:00 -0500`, always with the offset of the export.
    pub fn stamp(&self, at_ms: i64) -> String {
        let mut text = String::with_capacity(25);
        push_stamp(&mut text, self.offset, at_ms);
        text
    }

    /// True local time on a 12-hour clock, as beats carry it: `7:47:41.86 PM`.
    fn clock(&self, at_ms: i64) -> String {
        let stamp = Timestamp::from_millisecond(at_ms).unwrap_or_default();
        let local = self.zones.zone(at_ms).to_datetime(stamp);
        let hour = if local.hour() % 12 == 0 { 12 } else { local.hour() % 12 };
        let half = if local.hour() < 12 { "AM" } else { "PM" };
        format!("{hour}:{:02}:{:02}.{:02} {half}", local.minute(), local.second(), local.millisecond() / 10)
    }

    /// The true local end time as route files carry it: `2024-05-01_6.32pm`.
    pub fn file_time(&self, at_ms: i64) -> String {
        let stamp = Timestamp::from_millisecond(at_ms).unwrap_or_default();
        let local = self.zones.zone(at_ms).to_datetime(stamp);
        let hour = if local.hour() % 12 == 0 { 12 } else { local.hour() % 12 };
        let half = if local.hour() < 12 { "am" } else { "pm" };
        format!("{}_{hour}.{:02}{half}", local.date(), local.minute())
    }

    /// Opens an element.
    pub fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.element(name, attributes, ">\n");
        self.depth += 1;
        self.flush_if_full()
    }

    /// Closes the element that was opened last.
    pub fn close(&mut self, name: &str) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        self.indent();
        let _ = writeln!(self.text, "</{name}>");
        self.flush_if_full()
    }

    /// Writes an element without content.
    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.element(name, attributes, "/>\n");
        self.flush_if_full()
    }

    /// Writes one record with its metadata and beats.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        self.indent();
        self.text.push_str("<Record");
        attribute(&mut self.text, "type", record.kind);
        self.author(record.author);
        if let Some(unit) = record.unit {
            attribute(&mut self.text, "unit", unit);
        }
        self.stamps(record.created_ms, record.start_ms, record.end_ms);
        if let Some(value) = record.value {
            attribute(&mut self.text, "value", value);
        }
        if record.metadata.is_empty() && record.beats.is_empty() {
            self.text.push_str("/>\n");
            return self.flush_if_full();
        }
        self.text.push_str(">\n");
        self.depth += 1;
        for (key, value) in record.metadata {
            self.empty("MetadataEntry", &[("key", key), ("value", value)])?;
        }
        if !record.beats.is_empty() {
            self.open("HeartRateVariabilityMetadataList", &[])?;
            for (bpm, at_ms) in record.beats {
                let (bpm, time) = (bpm.to_string(), self.clock(*at_ms));
                self.empty("InstantaneousBeatsPerMinute", &[("bpm", &bpm), ("time", &time)])?;
            }
            self.close("HeartRateVariabilityMetadataList")?;
        }
        self.close("Record")
    }

    /// Opens an element that has an author and a span, such as a workout: `first`, the author, the stamps.
    pub fn open_span(&mut self, name: &str, first: &[(&str, &str)], author: &Author, span: [i64; 3]) -> io::Result<()> {
        self.indent();
        let _ = write!(self.text, "<{name}");
        for (key, value) in first {
            attribute(&mut self.text, key, value);
        }
        self.author(author);
        self.stamps(span[2], span[0], span[1]);
        self.text.push_str(">\n");
        self.depth += 1;
        self.flush_if_full()
    }

    /// Ends the document, the first time, and begins a file beside it, such as `workout-routes/route.gpx`.
    pub fn file(&mut self, path: &str, text: &str) -> io::Result<()> {
        self.end_document()?;
        self.zip.start_file(format!("{FOLDER}/{path}"), self.options).map_err(io_error)?;
        self.zip.write_all(text.as_bytes())
    }

    /// Ends the archive and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.end_document()?;
        self.zip.finish().map_err(io_error)
    }

    fn end_document(&mut self) -> io::Result<()> {
        if !self.in_document {
            return Ok(());
        }
        self.close("HealthData")?;
        self.in_document = false;
        self.flush()
    }

    fn element(&mut self, name: &str, attributes: &[(&str, &str)], end: &str) {
        self.indent();
        let _ = write!(self.text, "<{name}");
        for (key, value) in attributes {
            attribute(&mut self.text, key, value);
        }
        self.text.push_str(end);
    }

    fn author(&mut self, author: &Author) {
        attribute(&mut self.text, "sourceName", author.name);
        attribute(&mut self.text, "sourceVersion", author.version);
        if let Some(device) = author.device {
            // Real addresses look like this and never mean anything.
            self.pointer = self.pointer.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let address = 0x3_0000_0000_u64 | ((self.pointer >> 32) & !0xf);
            let _ = write!(self.text, " device=\"&lt;&lt;HKDevice: {address:#x}&gt;, {device}&gt;\"");
        }
    }

    fn stamps(&mut self, created_ms: i64, start_ms: i64, end_ms: i64) {
        for (key, at_ms) in [("creationDate", created_ms), ("startDate", start_ms), ("endDate", end_ms)] {
            let _ = write!(self.text, " {key}=\"");
            push_stamp(&mut self.text, self.offset, at_ms);
            self.text.push('"');
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.text.push(' ');
        }
    }

    fn flush_if_full(&mut self) -> io::Result<()> {
        if self.text.len() < PIECE_BYTES { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

fn push_stamp(text: &mut String, offset: Offset, at_ms: i64) {
    let local = offset.to_datetime(Timestamp::from_millisecond(at_ms).unwrap_or_default());
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let _ = write!(
        text,
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02} {sign}{:02}{:02}",
        local.year(),
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second(),
        minutes.abs() / 60,
        minutes.abs() % 60,
    );
}

fn attribute(text: &mut String, key: &str, value: &str) {
    let _ = write!(text, " {key}=\"");
    for c in value.chars() {
        match c {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    fn document(write: impl FnOnce(&mut ExportWriter<Cursor<Vec<u8>>>) -> io::Result<()>) -> String {
        let zones = zones("Europe/Berlin").expect("a zone");
        let export_ms = crate::time::parse_stamp("2026-07-01 18:00:00 +0000").expect("a stamp");
        let mut writer = ExportWriter::new(Cursor::new(Vec::new()), zones, export_ms, &[], false).expect("a writer");
        write(&mut writer).expect("written");
        let mut archive = zip::ZipArchive::new(writer.finish().expect("finished")).expect("an archive");
        let mut text = String::new();
        let mut file = archive.by_name("apple_health_export/export.xml").expect("the document");
        file.read_to_string(&mut text).expect("text");
        text
    }

    #[test]
    fn a_winter_record_in_a_summer_export_has_the_summer_offset() {
        let author = Author { name: "A & B", version: "1", device: None };
        let at = crate::time::parse_stamp("2026-01-01 12:00:00 +0100").expect("a stamp");
        let text = document(|writer| {
            writer.record(&Record {
                kind: "HKQuantityTypeIdentifierHeartRateVariabilitySDNN",
                author: &author,
                unit: Some("ms"),
                value: Some("42"),
                start_ms: at,
                end_ms: at,
                created_ms: at,
                metadata: &[],
                beats: &[(64, at + 1860)],
            })
        });
        assert!(text.contains("startDate=\"2026-01-01 13:00:00 +0200\""), "{text}");
        assert!(text.contains("sourceName=\"A &amp; B\""), "{text}");
        assert!(text.contains("time=\"12:00:01.86 PM\""), "{text}");
        assert!(text.ends_with("</HealthData>\n"), "{text}");
    }
}
