//! An archive's central directory, read by ourselves: the `zip` crate keeps only one of two entries with the same
//! name and has no limits. Nothing is ever written under a name from here.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};

use memchr::memmem;
use sha2::{Digest, Sha256};

use super::blocks::hex;
use super::limits::Limits;
use crate::{Error, ErrorKind, Result};

/// One entry of an archive.
#[derive(Debug, Clone)]
pub(super) struct ArchiveEntry {
    /// The name's bytes, by which the entry is opened.
    pub(super) raw_name: Vec<u8>,
    /// The name for people and for references; invalid UTF-8 is replaced.
    pub(super) name: String,
    pub(super) encrypted: bool,
    pub(super) compressed: u64,
    /// How it is packed, by the format's number.
    pub(super) method: u16,
    /// Climbs out, is absolute, has a drive, a NUL, or is a link: never opened.
    pub(super) unsafe_name: bool,
    /// Stands twice: never opened.
    pub(super) doubled: bool,
}

/// How the fingerprint of an archive begins.
pub(super) const ARCHIVE: &str = "zip:";

/// Every file of an archive and the archive's fingerprint.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) entries: Vec<ArchiveEntry>,
    pub(super) fingerprint: String,
}

/// Refuses an archive with too large a directory before anything is allocated for it.
pub(super) fn check_directory(reader: &mut (impl Read + Seek), limits: &Limits) -> Result<()> {
    let size = reader.seek(SeekFrom::End(0))?;
    let from = size.saturating_sub(22 + 65_535 + 20);
    reader.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    reader.take(1 << 17).read_to_end(&mut tail)?;
    let Some(at) = memmem::rfind(&tail, b"PK\x05\x06") else {
        return Err(damaged("the list of files at its end is missing: is it cut off?"));
    };
    let mut count = u64::from(u16_at(&tail, at + 10).unwrap_or(0));
    let mut bytes = u64::from(u32_at(&tail, at + 12).unwrap_or(0));
    if (count == 0xFFFF || bytes == 0xFFFF_FFFF)
        && let Some(locator) = at.checked_sub(20).filter(|l| tail.get(*l..*l + 4) == Some(b"PK\x06\x07"))
        && let Some(offset) = u64_at(&tail, locator + 8)
    {
        reader.seek(SeekFrom::Start(offset))?;
        let mut record = Vec::new();
        reader.take(56).read_to_end(&mut record)?;
        count = u64_at(&record, 32).unwrap_or(count);
        bytes = u64_at(&record, 40).unwrap_or(bytes);
    }
    check(count, bytes, limits)
}

fn check(entries: u64, bytes: u64, limits: &Limits) -> Result<()> {
    if entries > limits.entries {
        return Err(ErrorKind::TooLarge("entries in the archive").into());
    }
    if bytes > limits.directory {
        return Err(ErrorKind::TooLarge("bytes of the archive's directory").into());
    }
    Ok(())
}

/// Reads the central directory from its start.
pub(super) fn read_directory(reader: &mut (impl Read + Seek), start: u64, limits: &Limits) -> Result<Directory> {
    reader.seek(SeekFrom::Start(start))?;
    let mut reader = std::io::BufReader::new(reader);
    let (mut entries, mut seen) = (Vec::new(), HashMap::new());
    let mut hash = Sha256::new();
    let mut bytes = 0;
    loop {
        let mut header = Vec::new();
        reader.by_ref().take(46).read_to_end(&mut header)?;
        if header.len() < 46 || !header.starts_with(b"PK\x01\x02") {
            break;
        }
        // The numbers at the archive's end may be lies.
        bytes += [28, 30, 32].iter().fold(46, |sum, at| sum + u64::from(u16_at(&header, *at).unwrap_or(0)));
        check(entries.len() as u64 + 1, bytes, limits)?;
        let entry = read_entry(&mut reader, &header, limits.name)?;
        for part in [header.get(16..28).unwrap_or_default(), &entry.raw_name] {
            hash.update(part);
        }
        if let Some(first) = seen.insert(entry.raw_name.clone(), entries.len()) {
            mark_doubled(&mut entries, first);
            entries.push(ArchiveEntry { doubled: true, ..entry });
        } else {
            entries.push(entry);
        }
    }
    entries.retain(|entry: &ArchiveEntry| !entry.raw_name.ends_with(b"/"));
    Ok(Directory { entries, fingerprint: format!("{ARCHIVE}{}", hex(&hash.finalize())) })
}

fn mark_doubled(entries: &mut [ArchiveEntry], index: usize) {
    if let Some(first) = entries.get_mut(index) {
        first.doubled = true;
    }
}

fn read_entry(reader: &mut impl Read, header: &[u8], max_name: usize) -> Result<ArchiveEntry> {
    let number = |at| u16_at(header, at).unwrap_or(0);
    let (name_len, extra_len, comment_len) = (number(28), number(30), number(32));
    let mut raw_name = Vec::new();
    reader.take(name_len.into()).read_to_end(&mut raw_name)?;
    if raw_name.len() < name_len.into() {
        return Err(damaged("its list of files is cut off"));
    }
    if raw_name.len() > max_name {
        return Err(ErrorKind::TooLarge("bytes in the name of an entry").into());
    }
    let mut rest = Vec::new();
    reader.take(u64::from(extra_len) + u64::from(comment_len)).read_to_end(&mut rest)?;
    let mode = number(40) >> 12;
    let name = String::from_utf8_lossy(&raw_name).into_owned();
    Ok(ArchiveEntry {
        unsafe_name: mode == 0o12 || !is_safe(&name),
        // Some zippers of Windows write it so.
        name: name.replace('\\', "/"),
        raw_name,
        encrypted: number(8) & 1 == 1,
        method: number(10),
        compressed: u64::from(number(20)) | u64::from(number(22)) << 16,
        doubled: false,
    })
}

/// Whether a name stays inside its archive.
pub(super) fn is_safe(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    !name.is_empty()
        && !drive
        && !name.starts_with(['/', '\\'])
        && !name.contains('\0')
        && name.split(['/', '\\']).all(|part| part != "..")
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn damaged(text: &str) -> Error {
    ErrorKind::DamagedArchive(text.to_owned()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_archive_are_unsafe() {
        for name in ["../a", "a/../../b", "/etc/x", "C:\\x", "\\\\host\\x", "a\0b", "a\\..\\b", ""] {
            assert!(!is_safe(name), "{name:?}");
        }
        for name in ["export.xml", "apple_health_export/dışa aktarılan.xml", "a/..b/c..xml"] {
            assert!(is_safe(name), "{name:?}");
        }
    }
}
