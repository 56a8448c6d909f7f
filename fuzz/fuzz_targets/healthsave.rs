//! HealthSave: any bytes end in a delivery or a refusal.
#![no_main]

use std::io::Cursor;

use health::formats::healthsave;
use health::formats::phone::Decoded;
use health::time::{TimeZone, Zones};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let zones = Zones::home(TimeZone::UTC);
    let _ = Decoded::gather(|sink| healthsave::decode(Cursor::new(data), &zones, sink));
});
