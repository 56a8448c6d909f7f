//! Voltages of an electrocardiogram and their packed form, the payload of an ECG's entry.

use super::columns::{push_column, take_column};
use crate::varint;

const FORMAT: u8 = 1;

/// Packs voltages without loss: a format byte, their number, and a column. One that could not be read keeps its place.
pub fn pack(voltages: &[Option<f64>]) -> Vec<u8> {
    let mut out = vec![FORMAT];
    varint::put(&mut out, voltages.len() as u64);
    push_column(&mut out, voltages);
    out
}

/// Unpacks voltages; `None` where the bytes are no packed ECG.
pub fn unpack(mut bytes: &[u8]) -> Option<Vec<Option<f64>>> {
    let (format, rest) = bytes.split_first()?;
    bytes = rest;
    let n = usize::try_from(varint::take(&mut bytes)?).ok()?;
    // A gap takes a bit, so a hostile number allocates nothing to speak of.
    if *format != FORMAT || n > bytes.len().saturating_mul(8) {
        return None;
    }
    take_column(&mut bytes, n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn voltages_come_back(voltages in proptest::collection::vec(proptest::option::weighted(0.9, -5_000_000i32..5_000_000), 0..200)) {
            let voltages: Vec<Option<f64>> = voltages.into_iter().map(|v| Some(f64::from(v?) / 1000.0)).collect();
            let bytes = pack(&voltages);
            prop_assert_eq!(unpack(&bytes), Some(voltages));
        }
    }
}
