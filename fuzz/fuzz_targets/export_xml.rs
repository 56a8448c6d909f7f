//! The main document: any bytes end in batches or an error.
#![no_main]

use std::io::Cursor;

use health::formats::apple_export::Reader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut xml = b"<HealthData ".to_vec();
    xml.extend_from_slice(data);
    let reader = Reader::document(Cursor::new(xml), None);
    if let Ok(mut reader) = reader {
        while let Ok(Some(_)) = reader.next_batch() {}
    }
});
