//! The CSV of an electrocardiogram. Keys, texts and the decimal mark follow the phone's language, so lines are read
//! by their place. The person's name and birth date in the first two lines are never kept.

use std::io::Read;

use super::clean::{Cleaner, is_damage};
use super::device;
use super::entries::entry;
use super::limits::Limits;
use super::packed::is_of_checksum;
use crate::formats::body::Body;
use crate::formats::ecg;
use crate::time::{instant, parse_stamp};
use crate::{Entry, EntryKind, INCOMPLETE, Source};

/// Lines that Apple writes before the first voltage, without the empty ones.
const HEAD: usize = 10;
/// Lines before the first voltage that are looked at.
const MAX_HEAD: usize = 32;

/// What one file holds.
#[derive(Debug)]
pub struct Recording {
    /// The entry with the voltages.
    pub entry: Entry,
    /// False where voltages are missing or could not be read, or the file is damaged or cut off; the others are there,
    /// each in its place.
    pub complete: bool,
}

/// Reads a file, as far as it can be read; `None` where it is no ECG of Apple's.
pub fn read(reader: impl Read) -> Option<Recording> {
    read_within(reader, &Limits::default())
}

/// Reads a file, as far as it can be read; `None` where it is no ECG of Apple's or larger than the limits.
pub fn read_within(reader: impl Read, limits: &Limits) -> Option<Recording> {
    // One byte more tells a file of just that size from a larger one.
    let mut cleaner = Cleaner::new(reader.take(limits.ecg + 1), Vec::new());
    let (mut text, mut block) = (String::new(), String::new());
    while text.len() as u64 <= limits.ecg {
        let filled = cleaner.fill(&mut block);
        text.push_str(&block);
        let (ended, damaged) = match filled {
            Ok(()) => (block.is_empty(), false),
            Err(error) if is_damage(&error) => {
                if !is_of_checksum(&error) {
                    // Half a number is another number.
                    text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
                }
                (true, true)
            }
            Err(_) => return None,
        };
        if ended && text.len() as u64 <= limits.ecg {
            return parse(text.strip_prefix("\u{FEFF}").unwrap_or(&text), damaged, limits);
        }
    }
    None
}

fn parse(text: &str, damaged: bool, limits: &Limits) -> Option<Recording> {
    let mut lines = text.lines().map(str::trim).peekable();
    let mut head = Vec::new();
    // A first voltage that cannot be read is one all the same, once the whole head has been there.
    while let Some(line) = lines.next_if(|line| voltage(line).is_none() && (head.len() < HEAD || !is_lost(line))) {
        if !line.is_empty() && head.len() < MAX_HEAD {
            head.push(value(line));
        }
    }
    // Name, birth date, recorded, classification, symptoms, software, device, rate, then lead and unit.
    let at = |place: usize| head.get(place).map(String::as_str).filter(|value| !value.is_empty());
    let recorded = at(2).and_then(parse_stamp)?;
    // One that cannot be read keeps its place: the others must not move in time.
    let lines = lines.filter(|line| !line.is_empty());
    let mut voltages: Vec<Option<f64>> = lines.map(voltage).take(limits.voltages + 1).collect();
    if voltages.len() > limits.voltages {
        return None;
    }
    if voltages.iter().all(Option::is_none) {
        voltages.clear();
    }
    let complete = !damaged && !voltages.is_empty() && voltages.iter().all(Option::is_some);
    let rate = at(7).and_then(first_number);
    let length_ms = rate.filter(|rate| *rate > 0.0).map_or(0.0, |rate| voltages.len() as f64 / rate * 1000.0);
    let ended = instant(recorded.saturating_add(length_ms.round() as i64))?;

    let mut body = Body::default();
    body.instant("recorded", Some(recorded));
    body.set("classification", at(3));
    body.set("symptoms", at(4));
    body.set("software_version", at(5));
    body.set("device", at(6));
    body.number("sample_rate_hz", rate);
    body.set("lead", at(8));
    body.set("unit", at(9));
    body.set("n", voltages.len());
    if !complete {
        body.set(INCOMPLETE, true);
    }
    let hardware = at(6).filter(|text| !text.contains(':')).map(str::to_owned);
    let hardware = hardware.or_else(|| device::hardware(at(6)?).map(str::to_owned));
    let mut entry = entry(EntryKind::Ecg, "ecg".to_owned(), Source { hardware, ..Source::default() });
    (entry.start_ms, entry.end_ms) = (Some(recorded), Some(ended));
    entry.body = body.text();
    entry.payload = Some(ecg::pack(&voltages));
    Some(Recording { entry, complete })
}

/// Whether a line behind the head is a voltage that cannot be read, and not one more key with its value.
fn is_lost(line: &str) -> bool {
    !line.is_empty() && !line.contains([',', ';'])
}

/// The value of `Key,Value`, in quotes or not; empty for a line without a comma.
fn value(line: &str) -> String {
    let value = line.split_once([',', ';']).map_or("", |(_, value)| value.trim());
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    quoted.map_or_else(|| value.to_owned(), |value| value.replace("\"\"", "\""))
}

/// A line that is one number, with a dot or a comma as its mark.
fn voltage(line: &str) -> Option<f64> {
    let line = line.trim().trim_matches('"');
    let plain = line.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-' | b'+' | b'e' | b'E'));
    if !plain || line.is_empty() {
        return None;
    }
    let number = if line.contains(',') { line.replacen(',', ".", 1).parse() } else { line.parse() };
    number.ok().filter(|v: &f64| v.is_finite())
}

/// `513.625 hertz`, `511,562 Hertz` with a no-break space.
fn first_number(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(text.len());
    voltage(text.get(..end)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, body: &str, voltages: &[f64]) {
        let Recording { entry, complete } = read(text.as_bytes()).expect("an ECG");
        assert_eq!((entry.body.as_str(), complete), (body, true));
        let voltages: Vec<_> = voltages.iter().copied().map(Some).collect();
        assert_eq!(ecg::unpack(&entry.payload.unwrap_or_default()), Some(voltages));
    }

    #[test]
    fn a_voltage_that_cannot_be_read_keeps_its_place() {
        let check = |voltages: &str, expected: &[Option<f64>]| {
            let head = "Name,A\nBorn,B\nRecorded,2021-12-17 12:58:58 +0800\nClass,A\nSymptoms,\nVersion,1\n\
                        Device,W\nRate,1 hertz\n\n\nLead,Lead I\nUnit,µV\n\n";
            let Recording { entry, complete } = read(format!("{head}{voltages}").as_bytes()).expect("an ECG");
            assert!(!complete, "{voltages}");
            assert_eq!(ecg::unpack(&entry.payload.unwrap_or_default()).as_deref(), Some(expected), "{voltages}");
            assert_eq!(
                entry.end_ms.zip(entry.start_ms).map(|(end, start)| end - start),
                Some(1000 * expected.len() as i64)
            );
        };
        check("1\nabc\n3\n", &[Some(1.0), None, Some(3.0)]);
        check("1\n2\nx\n", &[Some(1.0), Some(2.0), None]);
        check("nan\n2\n", &[None, Some(2.0)]);
        check("nan\nnan\n", &[]);
        check("", &[]);
    }

    /// Gives a text and then an error.
    struct Breaking<'a>(&'a [u8], std::io::ErrorKind);

    impl Read for Breaking<'_> {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buf)? {
                0 => Err(self.1.into()),
                n => Ok(n),
            }
        }
    }

    #[test]
    fn a_damaged_file_gives_whole_voltages_only_and_one_that_fails_gives_none() {
        use std::io::ErrorKind;
        let head = "Name,A\nBorn,B\nRecorded,2021-12-17 12:58:58 +0800\nClass,A\nSymptoms,\nVersion,1\n\
                    Device,W\nRate,1 hertz\n\n\nLead,Lead I\nUnit,µV\n\n1.5\n2.5\n33.5";
        let check = |text: &str, kind: ErrorKind, expected: Option<&[f64]>| {
            let voltages = read(Breaking(text.as_bytes(), kind)).map(|Recording { entry, complete }| {
                assert!(!complete);
                ecg::unpack(&entry.payload.unwrap_or_default()).unwrap_or_default()
            });
            let expected = expected.map(|expected| expected.iter().copied().map(Some).collect::<Vec<_>>());
            assert_eq!(voltages, expected, "{kind}");
        };
        check(head, ErrorKind::InvalidInput, Some(&[1.5, 2.5]));
        check(head, ErrorKind::UnexpectedEof, Some(&[1.5, 2.5]));
        // It was read to its end.
        check(head, ErrorKind::InvalidData, Some(&[1.5, 2.5, 33.5]));
        check(head, ErrorKind::TimedOut, None);
        // Without a date there is nothing to say of when.
        check("Name,A\nBorn,B\nRecorded,2021-12-17 12", ErrorKind::InvalidInput, None);
    }

    #[test]
    fn an_english_file_is_read_without_the_persons_name() {
        check(
            "Name\nDate of Birth,\"1 Jan 1990\"\nRecorded Date,2021-12-17 12:58:58 +0800\n\
             Classification,Sinus Rhythm\nSymptoms,\nSoftware Version,1.90\nDevice,\"Watch5,1\"\n\
             Sample Rate,513.625 hertz\n\n\nLead,Lead I\nUnit,µV\n\n27.648\n-26.053\n",
            r#"{"classification":"Sinus Rhythm","device":"Watch5,1","lead":"Lead I","n":2,"recorded":"2021-12-17T04:58:58.000Z","sample_rate_hz":513.625,"software_version":"1.90","unit":"µV"}"#,
            &[27.648, -26.053],
        );
    }

    #[test]
    fn a_german_file_with_decimal_commas_is_read_by_place() {
        check(
            "Name,Test\r\nGeburtstag,\"01.01.1990\"\r\nAufzeichnungsdatum,2021-12-17 12:58:58 +0100\r\n\
             Klassifizierung,Sinusrhythmus\r\nSymptome,\r\nSoftwareversion,1.90\r\nGerät,\"Watch5,1\"\r\n\
             Messrate,\"511,562\u{a0}Hertz\"\r\n\r\n\r\nAbleitung,Ableitung I\r\nEinheit,µV\r\n\r\n27,648\r\n-5\r\n",
            r#"{"classification":"Sinusrhythmus","device":"Watch5,1","lead":"Ableitung I","n":2,"recorded":"2021-12-17T11:58:58.000Z","sample_rate_hz":511.562,"software_version":"1.90","unit":"µV"}"#,
            &[27.648, -5.0],
        );
    }

    #[test]
    fn what_is_no_ecg_is_none() {
        assert!(read(b"".as_slice()).is_none());
        assert!(read(b"a,b\n1,2\n".as_slice()).is_none());
    }

    #[test]
    fn one_that_would_never_end_is_none() {
        let read = |recorded: &str, rate: &str| {
            let head = format!("A,\nB,\nC,{recorded}\nD,\nE,\nF,\nG,\nH,{rate} hertz\nI,\nJ,\n\n1\n2\n");
            read(head.as_bytes()).and_then(|recording| recording.entry.end_ms)
        };
        assert_eq!(read("1970-01-01 00:00:00 +0000", "2"), Some(1000));
        assert_eq!(read("1970-01-01 00:00:00 +0000", "0.0000000000001"), None);
        assert_eq!(read("1970-01-01 00:00:00 +0000", &format!("0.{}1", "0".repeat(300))), None);
        assert_eq!(read("9999-12-31 00:00:00 +0000", "2"), None);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(bytes.as_slice());
        }
    }
}
