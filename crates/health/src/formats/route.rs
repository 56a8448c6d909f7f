//! Points of a route and their packed form, the payload of a route's entry.

use super::columns::{push_column, take_column};
use crate::varint;

const FORMAT: u8 = 1;

/// One place on a route.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Metres above the sea.
    pub ele: Option<f64>,
    /// Milliseconds since 1970 in UTC.
    pub time_ms: Option<i64>,
    /// Metres a second.
    pub speed: Option<f64>,
    /// Degrees from north, clockwise.
    pub course: Option<f64>,
    /// Horizontal accuracy in metres.
    pub h_acc: Option<f64>,
    /// Vertical accuracy in metres.
    pub v_acc: Option<f64>,
}

impl Point {
    /// A place and nothing more; `None` where there is no such place on earth.
    pub fn at(lat: f64, lon: f64) -> Option<Self> {
        (lat.abs() <= 90.0 && lon.abs() <= 180.0).then(|| Self { lat, lon, ..Self::default() })
    }
}

/// Packs points without loss: a format byte, their number, and eight columns.
pub fn pack(points: &[Point]) -> Vec<u8> {
    let mut out = vec![FORMAT];
    varint::put(&mut out, points.len() as u64);
    let mut column = |get: fn(&Point) -> Option<f64>| {
        let values: Vec<Option<f64>> = points.iter().map(get).collect();
        push_column(&mut out, &values);
    };
    column(|p| Some(p.lat));
    column(|p| Some(p.lon));
    column(|p| p.ele);
    column(|p| p.time_ms.map(|ms| ms as f64));
    column(|p| p.speed);
    column(|p| p.course);
    column(|p| p.h_acc);
    column(|p| p.v_acc);
    out
}

/// Unpacks points; `None` where the bytes are no packed route.
pub fn unpack(mut bytes: &[u8]) -> Option<Vec<Point>> {
    let (format, rest) = bytes.split_first()?;
    bytes = rest;
    let n = usize::try_from(varint::take(&mut bytes)?).ok()?;
    // Every point has at least one byte of latitude, so a hostile number allocates nothing.
    if *format != FORMAT || n > bytes.len() {
        return None;
    }
    let mut next = || take_column(&mut bytes, n).map(Vec::into_iter);
    let (mut lat, mut lon, mut ele, mut time) = (next()?, next()?, next()?, next()?);
    let (mut speed, mut course, mut h_acc, mut v_acc) = (next()?, next()?, next()?, next()?);
    let point = |_| {
        Some(Point {
            lat: lat.next()??,
            lon: lon.next()??,
            ele: ele.next()?,
            time_ms: time.next()?.map(|ms| ms as i64),
            speed: speed.next()?,
            course: course.next()?,
            h_acc: h_acc.next()?,
            v_acc: v_acc.next()?,
        })
    };
    (0..n).map(point).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_walk_needs_about_twenty_bytes_a_point() {
        let walk: Vec<Point> = (0..1000)
            .map(|i| Point {
                lat: (37_781_672 + i * 9) as f64 / 1e6,
                lon: (-122_396_397 + i * 7) as f64 / 1e6,
                ele: Some((4_076_904 + i * 6_701) as f64 / 1e6),
                time_ms: Some(1_560_290_442_000 + i * 1000),
                speed: Some((180_883 + i % 7 * 30_000) as f64 / 1e6),
                course: Some((206_252_884 + i % 5 * 900_000) as f64 / 1e6),
                h_acc: Some((8_063_116 - i % 9 * 100_000) as f64 / 1e6),
                v_acc: Some((6_428_697 - i % 9 * 50_000) as f64 / 1e6),
            })
            .collect();
        let bytes = pack(&walk);
        assert!(bytes.len() < 21 * walk.len(), "{}", bytes.len());
        assert_eq!(unpack(&bytes), Some(walk));
    }

    fn point() -> impl Strategy<Value = Point> {
        let some = || proptest::option::of(-1e9f64..1e9);
        let time = proptest::option::of(-1i64 << 50..1i64 << 50);
        (-90f64..90.0, -180f64..180.0, time, some(), some(), some(), some(), some()).prop_map(
            |(lat, lon, time_ms, ele, speed, course, h_acc, v_acc)| Point {
                lat,
                lon,
                ele,
                time_ms,
                speed,
                course,
                h_acc,
                v_acc,
            },
        )
    }

    proptest! {
        #[test]
        fn points_come_back(points in proptest::collection::vec(point(), 0..40)) {
            prop_assert_eq!(unpack(&pack(&points)), Some(points));
        }
    }
}
