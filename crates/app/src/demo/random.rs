//! Repeatable chance: the same seed, topic and day give the same numbers on every machine.
//!
//! Every topic draws from its own stream, so a new topic or a longer span leaves the others as they were. That is
//! why a later export with the same seed holds every record of an earlier one.

/// A small generator (splitmix64): thirty lines do not need a dependency.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of a topic on a day.
    pub fn new(seed: u64, topic: u64, day: i32) -> Self {
        let mut random = Self(seed ^ topic.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (i64::from(day) as u64) << 20);
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, but without, 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number between two others.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number between two others, both possible.
    pub fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1).unsigned_abs()) as i64
    }

    /// A number around a middle, mostly within one `spread`, never beyond three.
    pub fn around(&mut self, middle: f64, spread: f64) -> f64 {
        let sum: f64 = (0..6).map(|_| self.unit()).sum();
        middle + (sum - 3.0) * spread * std::f64::consts::SQRT_2
    }

    /// True with this chance.
    pub fn chance(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }
}
