//! Health Auto Export: any bytes end in a delivery or a refusal, with and without our own address.
#![no_main]

use std::io::Cursor;

use health::formats::health_auto_export::{self, Request};
use health::formats::phone::Decoded;
use health::time::{TimeZone, Zones};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let zones = Zones::home(TimeZone::UTC);
    for query in ["", "agg=raw"] {
        let request = Request::new(query, None, &zones);
        let _ = Decoded::gather(|sink| health_auto_export::decode(Cursor::new(data), request, sink));
    }
});
