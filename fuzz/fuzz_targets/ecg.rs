//! Electrocardiograms: any bytes end in an entry or nothing.
#![no_main]

use health::formats::{apple_export, ecg};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = apple_export::ecg::read(data);
    let _ = ecg::unpack(data);
});
