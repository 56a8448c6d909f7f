//! The archive: any bytes end in batches or an error.
#![no_main]

use std::io::Cursor;

use health::formats::apple_export::Reader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let reader = Reader::archive(Cursor::new(data.to_vec()));
    if let Ok(mut reader) = reader {
        while let Ok(Some(_)) = reader.next_batch() {}
    }
});
