//! Numbers that look random and are the same in every run: for resampling, never for secrets.

/// SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, equal on every platform.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// An index below `n`; 0 where `n` is 0: the rule that [`Bound`] follows without dividing. The bias of the
    /// remainder is below 2^-40 for the sizes we have.
    #[cfg(test)]
    pub fn below(&mut self, n: usize) -> usize {
        self.next().checked_rem(n as u64).unwrap_or(0) as usize
    }

    /// A number in `[low, high)`.
    #[cfg(test)]
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Indices below one bound, many of them: a division for each would cost more than all the rest of a draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    n: u64,
    /// 2^64 / n, rounded down.
    inverse: u64,
}

impl Bound {
    /// Of indices below `n`.
    pub fn new(n: usize) -> Self {
        let n = n as u64;
        Self { n, inverse: u64::MAX.checked_div(n).unwrap_or(0) }
    }

    /// The next index; 0 where the bound is 0.
    pub fn below(&self, random: &mut Random) -> usize {
        let drawn = random.next();
        let quotient = ((u128::from(drawn) * u128::from(self.inverse)) >> 64) as u64;
        // The quotient is at most two too small.
        let mut rest = drawn.wrapping_sub(quotient.wrapping_mul(self.n));
        while rest >= self.n && self.n > 0 {
            rest -= self.n;
        }
        if self.n > 0 { rest as usize } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_paper() {
        let mut random = Random::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn an_index_is_below_its_bound() {
        let mut random = Random::new(1);
        assert!((0..99).all(|_| random.below(3) < 3));
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn indices_of_one_bound_are_the_same_indices() {
        for n in [0, 1, 2, 3, 20, 365, 3653, 1 << 20, usize::MAX] {
            let (mut one, mut other, bound) = (Random::new(7), Random::new(7), Bound::new(n));
            assert!((0..1000).all(|_| one.below(n) == bound.below(&mut other)), "{n}");
        }
    }
}
