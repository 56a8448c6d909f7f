//! One file of an archive, unpacked to the end of its stream.
//!
//! The size in the directory is not believed: archives made by a Mac keep only its last 32 bits, and a document may be
//! larger than four gigabytes. What an entry may cost is bounded by the limits, what it holds is checked by its CRC.

use std::io::{self, Read, Seek};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use zip::result::ZipResult;
use zip::{CompressionMethod, ZipArchive};

/// Opens the file at a place of the directory.
pub(super) fn open<R: Read + Seek>(archive: &mut ZipArchive<R>, index: usize) -> ZipResult<Box<dyn Read + '_>> {
    let file = archive.by_index(index)?;
    let (method, crc) = (file.compression(), file.crc32());
    drop(file);
    Ok(match method {
        CompressionMethod::Deflated => {
            let inner = Inflated { inner: DeflateDecoder::new(archive.by_index_raw(index)?), failed: None };
            Box::new(Checked { inner, crc: Crc::new(), expected: crc })
        }
        _ => Box::new(archive.by_index(index)?),
    })
}

/// Whether files packed in this way can be read: as they are, or by Deflate.
pub(super) fn is_readable(method: u16) -> bool {
    matches!(method, 0 | 8)
}

/// The name of a way of packing, by its number in the format.
pub(super) fn method(number: u16) -> String {
    match number {
        9 => "Deflate64".to_owned(),
        12 => "bzip2".to_owned(),
        14 => "LZMA".to_owned(),
        93 => "Zstandard".to_owned(),
        95 => "XZ".to_owned(),
        98 => "PPMd".to_owned(),
        number => format!("method {number}"),
    }
}

/// Gives everything that stands before the place where a stream breaks: the decoder forgets what it has unpacked in the
/// call that meets the damage.
struct Inflated<R> {
    inner: DeflateDecoder<R>,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Inflated<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let before = self.inner.total_out();
        self.inner.read(buf).or_else(|error| {
            let unpacked = usize::try_from(self.inner.total_out() - before).unwrap_or_default().min(buf.len());
            if unpacked == 0 {
                return Err(error);
            }
            self.failed = Some(error);
            Ok(unpacked)
        })
    }
}

/// Whether an error says that a file was read to its end and is not what it was when it was packed; any other one says
/// that more would follow.
pub(super) fn is_of_checksum(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

/// Compares the checksum of all that was read with the directory's, at the end.
struct Checked<R> {
    inner: R,
    crc: Crc,
    expected: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        match buf.get(..n) {
            Some(bytes) if n > 0 => self.crc.update(bytes),
            _ if !buf.is_empty() && self.crc.sum() != self.expected => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum differs"));
            }
            _ => {}
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    const TEXT: &[u8] = b"twelve bytes";

    fn archive(method: CompressionMethod) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("a", SimpleFileOptions::default().compression_method(method)).expect("a file");
        zip.write_all(TEXT).expect("written");
        zip.finish().expect("a zip").into_inner()
    }

    /// Opens the only file after some bytes of its entry in the directory were changed.
    #[track_caller]
    fn check(method: CompressionMethod, at: usize, change: &[u8], expected: Result<&[u8], io::ErrorKind>) {
        let mut bytes = archive(method);
        let directory = memchr::memmem::rfind(&bytes, b"PK\x01\x02").expect("a directory");
        bytes[directory + at..][..change.len()].copy_from_slice(change);
        let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
        let mut text = Vec::new();
        let read = open(&mut archive, 0).expect("opens").read_to_end(&mut text);
        assert_eq!(read.map(|_| text.as_slice()).map_err(|error| error.kind()), expected);
    }

    #[test]
    fn a_stream_is_read_to_its_end_whatever_the_directory_says_of_its_size() {
        for size in [0_u32, 5, 12, 4_000_000_000] {
            check(CompressionMethod::Deflated, 24, &size.to_le_bytes(), Ok(TEXT));
        }
        check(CompressionMethod::Stored, 24, &12_u32.to_le_bytes(), Ok(TEXT));
    }

    #[test]
    fn a_stream_that_breaks_gives_everything_before_that() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("a", SimpleFileOptions::default()).expect("a file");
        let line = |n: u32| format!("{}\n", n.wrapping_mul(2_654_435_761) % 1000);
        let text: String = (0..20_000).map(line).collect();
        zip.write_all(text.as_bytes()).expect("written");
        let whole = zip.finish().expect("a zip").into_inner();
        let data = 30 + 1;
        let packed = memchr::memmem::rfind(&whole, b"PK\x01\x02").expect("a directory") - data;
        let mut broken = 0;
        for at in (0..packed).step_by(packed / 40) {
            let read = |piece: usize| {
                let mut bytes = whole.clone();
                bytes[data + at] ^= 0xff;
                let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
                let (mut got, mut buffer) = (Vec::new(), vec![0; piece]);
                let mut file = open(&mut archive, 0).expect("opens");
                loop {
                    match file.read(&mut buffer) {
                        Ok(0) => return (got, None),
                        Ok(n) => got.extend_from_slice(&buffer[..n]),
                        Err(error) => return (got, Some(error.kind())),
                    }
                }
            };
            let ((large, ended), (small, _)) = (read(1 << 20), read(1));
            assert!(ended.is_some(), "at {at}");
            if ended != Some(io::ErrorKind::InvalidData) {
                // Byte by byte nothing is forgotten.
                assert_eq!((large.len(), large == small), (small.len(), true), "at {at}");
                broken += 1;
            }
        }
        assert!(broken > 0);
    }

    #[test]
    fn what_does_not_have_its_checksum_is_damaged() {
        for method in [CompressionMethod::Deflated, CompressionMethod::Stored] {
            check(method, 16, &[1, 2, 3, 4], Err(io::ErrorKind::InvalidData));
        }
    }
}
