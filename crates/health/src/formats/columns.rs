//! Packs columns of numbers without loss: as differences of whole multiples of a power of ten where the values are
//! such, which printed decimals are, and bit by bit otherwise.

use crate::varint;

const RAW: u8 = 255;
const ABSENT: u8 = 0;
const FULL: u8 = 1;
const HOLES: u8 = 2;

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (now, rest) = bytes.split_at_checked(n)?;
    *bytes = rest;
    Some(now)
}

/// Appends a column; its length is the caller's to remember.
pub(super) fn push_column(out: &mut Vec<u8>, column: &[Option<f64>]) {
    let values: Vec<f64> = column.iter().flatten().copied().collect();
    if values.is_empty() {
        return out.push(ABSENT);
    }
    if values.len() == column.len() {
        out.push(FULL);
    } else {
        out.push(HOLES);
        out.extend(
            column.chunks(8).map(|bits| {
                bits.iter().enumerate().fold(0u8, |byte, (i, value)| byte | u8::from(value.is_some()) << i)
            }),
        );
    }
    let Some((exponent, whole)) = (0..=9u8).find_map(|e| Some((e, as_whole(&values, e)?))) else {
        out.push(RAW);
        return out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    };
    out.push(exponent);
    let mut before = 0i64;
    for n in whole {
        let delta = n - before;
        varint::put(out, varint::zigzag(delta));
        before = n;
    }
}

fn as_whole(values: &[f64], exponent: u8) -> Option<Vec<i64>> {
    let scale = 10f64.powi(exponent.into());
    let whole = |value: &f64| {
        let n = (value * scale).round();
        // Bits, so that minus zero stays.
        let same = n.abs() < 9e15 && (n as i64 as f64 / scale).to_bits() == value.to_bits();
        same.then_some(n as i64)
    };
    values.iter().map(whole).collect()
}

/// Takes a column of `n` values off the front; `None` where the bytes are no such column.
pub(super) fn take_column(bytes: &mut &[u8], n: usize) -> Option<Vec<Option<f64>>> {
    let mode = take(bytes, 1)?.first().copied()?;
    let holes = match mode {
        ABSENT => return Some(vec![None; n]),
        FULL => None,
        HOLES => Some(take(bytes, n.div_ceil(8))?),
        _ => return None,
    };
    let exponent = take(bytes, 1)?.first().copied()?;
    let mut before = 0i64;
    let mut next = || {
        if exponent == RAW {
            return Some(f64::from_le_bytes(take(bytes, 8)?.try_into().ok()?));
        }
        before = before.wrapping_add(varint::unzigzag(varint::take(bytes)?));
        (exponent <= 9).then(|| before as f64 / 10f64.powi(exponent.into()))
    };
    let is_there = |i: usize| holes.is_none_or(|bits| bits.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1));
    (0..n).map(|i| if is_there(i) { next().map(Some) } else { Some(None) }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(column: &[Option<f64>]) -> usize {
        let mut bytes = Vec::new();
        push_column(&mut bytes, column);
        let mut rest = bytes.as_slice();
        let back = take_column(&mut rest, column.len()).expect("a column");
        let bits = |c: &[Option<f64>]| c.iter().map(|v| v.map(f64::to_bits)).collect::<Vec<_>>();
        assert_eq!(bits(&back), bits(column));
        assert!(rest.is_empty());
        bytes.len()
    }

    #[test]
    fn printed_decimals_are_small_and_anything_else_is_kept() {
        assert_eq!(check(&[]), 1);
        assert_eq!(check(&[None, None]), 1);
        assert_eq!(check(&[Some(1.5), Some(1.6), Some(1.4)]), 5);
        check(&[Some(-0.0), Some(f64::NAN), Some(f64::INFINITY), Some(1e300)]);
        check(&[Some(0.1), None, Some(1.0 / 3.0)]);
    }

    proptest! {
        #[test]
        fn columns_come_back(column in proptest::collection::vec(proptest::option::of(any::<f64>()), 0..50)) {
            check(&column);
        }

        #[test]
        fn decimals_come_back(column in proptest::collection::vec(proptest::option::of(-180_000_000i64..180_000_000), 0..50)) {
            check(&column.iter().map(|n| n.map(|n| n as f64 / 1e6)).collect::<Vec<_>>());
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), n in 0usize..300) {
            let _ = take_column(&mut bytes.as_slice(), n);
            let _ = super::super::route::unpack(&bytes);
            let _ = super::super::ecg::unpack(&bytes);
        }
    }
}
