//! Routes: any bytes end in points that come back from their packed form.
#![no_main]

use health::formats::{apple_export::gpx, route};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let track = gpx::read(data);
    assert!(route::unpack(&route::pack(&track.points)).is_some());
    let _ = route::unpack(data);
});
