//! HealthSync: any bytes end in a delivery or a refusal.
#![no_main]

use std::io::Cursor;

use health::formats::healthsync;
use health::formats::phone::Decoded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Decoded::gather(|sink| healthsync::decode(Cursor::new(data), sink));
});
