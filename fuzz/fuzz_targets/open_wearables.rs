//! Open Wearables: any bytes end in a delivery or a refusal.
#![no_main]

use std::io::Cursor;

use health::formats::open_wearables;
use health::formats::phone::Decoded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Decoded::gather(|sink| open_wearables::decode(Cursor::new(data), sink));
    let _ = open_wearables::answers::events(data);
    let _ = open_wearables::answers::code(data);
});
