//! Health Export Pro: any bytes end in a delivery or a refusal.
#![no_main]

use std::io::Cursor;

use health::formats::health_export_pro;
use health::formats::phone::Decoded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Decoded::gather(|sink| health_export_pro::decode(Cursor::new(data), sink));
});
