//! Vitalog's own lines: any bytes end in a delivery or a refusal.
#![no_main]

use std::io::Cursor;

use health::formats::phone::Decoded;
use health::formats::vitalog;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Decoded::gather(|sink| vitalog::decode(Cursor::new(data), sink));
});
