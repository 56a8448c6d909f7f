//! Which file of an archive or a folder is the main document: the one that holds the root element, whatever its name.

use std::collections::BTreeMap;
use std::io::Read;

use zip::result::ZipError;

use super::attributes::is_control;
use super::clean::{is_damage, is_main, no_root, read_up_to};
use super::directory::{ArchiveEntry, Directory};
use super::input::{Archive, Folder, base_of};
use super::limits::{Limits, RENAMED_HEAD};
use super::packed;
use crate::{ErrorKind, Result};

/// Looks into the XML files, and where none of them is it, into files of other names.
pub(super) fn find_main<'a>(
    archive: &mut Archive,
    directory: &'a Directory,
    limits: &Limits,
) -> Result<&'a ArchiveEntry> {
    let mut main = None;
    // Why the first one that could not be looked into was not.
    let mut refused: Option<ErrorKind> = None;
    let mut empty = None;
    for (i, entry) in directory.entries.iter().filter(|entry| is_candidate(&entry.name)).enumerate() {
        check_candidates(i, limits)?;
        let found = match unopened(entry) {
            Some(reason) => Err(reason),
            None => sniff(archive, entry, limits)?,
        };
        match found {
            Ok(()) if main.replace(entry).is_some() => return Err(ErrorKind::Several.into()),
            Ok(()) | Err(ErrorKind::NotAnExport) => {}
            Err(reason @ ErrorKind::Empty(_)) => drop(empty.get_or_insert(reason)),
            Err(reason) => drop(refused.get_or_insert(reason)),
        }
    }
    if main.is_none() && refused.is_none() {
        main = find_renamed(archive, directory, limits)?;
    }
    main.ok_or_else(|| refused.or(empty).unwrap_or(ErrorKind::NotAnExport).into())
}

/// Looks into the files whose name does not say that they are XML.
fn find_renamed<'a>(
    archive: &mut Archive,
    directory: &'a Directory,
    limits: &Limits,
) -> Result<Option<&'a ArchiveEntry>> {
    let mut main = None;
    let is_it = |entry: &&ArchiveEntry| may_be_renamed(&entry.name) && unopened(entry).is_none();
    for entry in directory.entries.iter().filter(is_it).take(limits.candidates) {
        let Some(index) = archive.index_for_name_raw(&entry.raw_name) else { continue };
        let found = match packed::open(archive, index) {
            Ok(mut file) => begins_as_main(&mut file)?,
            Err(ZipError::Io(error)) if !is_damage(&error) => return Err(error.into()),
            Err(_) => false,
        };
        if found && main.replace(entry).is_some() {
            return Err(ErrorKind::Several.into());
        }
    }
    Ok(main)
}

/// So many bytes of a text tell how it begins.
const BEGINNING: usize = 256;

/// Whether a text begins as a document does. One about exports mentions the element, too.
fn begins_as_document(text: &[u8]) -> bool {
    let beginnings: [&[u8]; 3] = [b"<?xml", b"<!--", b"<HealthData"];
    beginnings.iter().any(|beginning| text.starts_with(beginning)) || begins_as_doctype(text)
}

/// `<!DOCTYPE HealthData`, with any blanks between.
fn begins_as_doctype(text: &[u8]) -> bool {
    let Some((mark, rest)) = text.split_at_checked(b"<!DOCTYPE".len()) else { return false };
    let name = behind_nothing(rest);
    let ends = |b: &u8| is_nothing(b) || matches!(b, b'[' | b'>');
    mark.eq_ignore_ascii_case(b"<!DOCTYPE")
        && name.len() < rest.len()
        && name.strip_prefix(b"HealthData").is_some_and(|behind| behind.first().is_none_or(ends))
}

/// A text behind the mark of its encoding and what is nothing.
fn behind_mark(head: &[u8]) -> &[u8] {
    let text = behind_nothing(head);
    text.strip_prefix(b"\xEF\xBB\xBF").map_or(text, behind_nothing)
}

fn behind_nothing(text: &[u8]) -> &[u8] {
    let from = text.iter().position(|b| !is_nothing(b)).unwrap_or(text.len());
    text.get(from..).unwrap_or_default()
}

/// Blanks, and damage that cleaning leaves out.
fn is_nothing(byte: &u8) -> bool {
    byte.is_ascii_whitespace() || is_control(*byte)
}

/// Whether a file that may be anything is the main document. Damage says no.
fn begins_as_main(file: &mut impl Read) -> Result<bool> {
    let mut head = Vec::new();
    let mut wanted = 512;
    while head.len() < RENAMED_HEAD {
        let before = head.len();
        match read_up_to(file, &mut head, wanted - before) {
            Err(error) if !is_damage(&error) => return Err(error.into()),
            read => {
                let ended = read.is_err() || head.len() < wanted;
                let text = behind_mark(&head);
                let begins = begins_as_document(text);
                if begins && is_main(&head) {
                    return Ok(true);
                }
                if ended || (!begins && text.len() >= BEGINNING) {
                    return Ok(false);
                }
            }
        }
        wanted = RENAMED_HEAD;
    }
    Ok(false)
}

/// Why an entry is never opened.
fn unopened(entry: &ArchiveEntry) -> Option<ErrorKind> {
    let damaged = |text: &str| Some(ErrorKind::DamagedArchive(text.to_owned()));
    match entry {
        entry if entry.unsafe_name => damaged("its XML file is a link or has an unsafe name, and was not opened"),
        entry if entry.encrypted => Some(ErrorKind::Encrypted),
        entry if entry.doubled => damaged("two of its XML files have the same name"),
        _ => None,
    }
}

pub(super) fn check_candidates(before: usize, limits: &Limits) -> Result<()> {
    if before < limits.candidates { Ok(()) } else { Err(ErrorKind::TooLarge("XML files to look into").into()) }
}

/// Whether an entry is the main document, and if not, why.
fn sniff(archive: &mut Archive, entry: &ArchiveEntry, limits: &Limits) -> Result<std::result::Result<(), ErrorKind>> {
    let damaged = |what: &str| Ok(Err(ErrorKind::DamagedArchive(format!("{} {what}", shown(base_of(&entry.name))))));
    if !packed::is_readable(entry.method) {
        return damaged(&format!("is packed by {}, not by Deflate", packed::method(entry.method)));
    }
    let Some(index) = archive.index_for_name_raw(&entry.raw_name) else { return damaged("cannot be found") };
    let mut file = match packed::open(archive, index) {
        Ok(file) => file,
        Err(ZipError::Io(error)) if !is_damage(&error) => return Err(error.into()),
        Err(_) => return damaged("cannot be unpacked"),
    };
    let mut head = Vec::new();
    let read = read_up_to(&mut file, &mut head, limits.prolog + 16);
    if is_main(&head) {
        return Ok(Ok(()));
    }
    match read {
        Err(error) if is_damage(&error) => damaged("cannot be unpacked"),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(Err(match no_root(&head, head.len() < limits.prolog + 16) {
            ErrorKind::Empty(_) => ErrorKind::Empty(Some(shown(base_of(&entry.name)))),
            reason => reason,
        })),
    }
}

/// A name as messages may show it: short, and without what a terminal would obey.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// Looks into the files of a folder whose name does not say that they are XML.
pub(super) fn find_renamed_file(
    folder: &mut dyn Folder,
    beside: &BTreeMap<String, u64>,
    limits: &Limits,
) -> Result<Option<(String, u64)>> {
    let mut main = None;
    for (name, size) in beside.iter().filter(|(name, _)| may_be_renamed(name)).take(limits.candidates) {
        if begins_as_main(&mut folder.open(name)?)? && main.replace((name.clone(), *size)).is_some() {
            return Err(ErrorKind::Several.into());
        }
    }
    Ok(main)
}

/// Whether a name says that a file may be the main document.
pub(super) fn is_candidate(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.ends_with(".xml") && !lower.ends_with("_cda.xml") && !is_fork(name)
}

/// What the names of files say that lie in exports, or in archives of something else, and are no XML.
const NO_XML: [&str; 16] = [
    ".gpx", ".csv", ".json", ".pdf", ".zip", ".gz", ".jpg", ".jpeg", ".png", ".gif", ".heic", ".svg", ".mov", ".mp4",
    ".m4a", ".mp3",
];

/// Whether a file may be the main document under a name that does not say so.
fn may_be_renamed(name: &str) -> bool {
    let lower = name.to_lowercase();
    !is_candidate(name) && !is_fork(name) && !NO_XML.iter().any(|ending| lower.ends_with(ending))
}

/// What macOS adds.
pub(super) fn is_fork(name: &str) -> bool {
    name.split('/').any(|part| part == "__MACOSX" || part.starts_with("._"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, expected: bool) {
        assert_eq!(begins_as_main(&mut head.as_bytes()).expect("read"), expected, "{head:?}");
    }

    #[test]
    fn a_file_of_any_name_is_told_by_its_beginning() {
        check("<HealthData locale=\"en_GB\">", true);
        check("\u{feff}\n<?xml version=\"1.0\"?>\n<HealthData>", true);
        check("<!-- Kim's --><HealthData>", true);
        check("<!DOCTYPE HealthData [<!ELEMENT HealthData ANY>]><HealthData>", true);
        // Damage that the reader repairs, and what is as good as Apple's way.
        check("\0<?xml version=\"1.0\"?><HealthData>", true);
        check("\u{1}\n \u{feff}\u{b}<HealthData>", true);
        check("<!DOCTYPE  HealthData [\n<!ELEMENT HealthData ANY>\n]>\n<HealthData>", true);
        check("<!doctype\nHealthData[]><HealthData>", true);
        check("<!Doctype\tHealthData><HealthData>", true);
        check(&format!("{}<HealthData>", "\0\n".repeat(1000)), true);
        for blanks in 490..520 {
            check(&format!("{}<!doctype HealthData[]><HealthData>", " ".repeat(blanks)), true);
            check(&format!("{}See <HealthData>{}", " ".repeat(blanks), " and so on".repeat(99)), false);
        }
        check(&format!("{}<HealthData>", " ".repeat(RENAMED_HEAD)), false);
        // A text that mentions it, or a document of something else.
        check("The document is <HealthData> and so on.", false);
        check("\0\u{1}# Notes\n<!DOCTYPE HealthData []> <HealthData>", false);
        check("<!doctype html><p><HealthData>", false);
        check("<!doctypeHealthData><HealthData>", false);
        check("<!doctype HealthDataset []><HealthData>", false);
        check("<!doctype", false);
        check("<?xml version=\"1.0\"?><ClinicalDocument><HealthData>", false);
        check("", false);
        check("\0\n", false);
    }
}
