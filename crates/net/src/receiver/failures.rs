//! Work that failed through no fault of a body: tried again later and later, and never given up.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::shared::lock;

/// How long a body rests after its first failure, and twice as long after each other one.
const FIRST_REST: Duration = Duration::from_secs(5);
/// How often that is doubled: an hour and a half.
const DOUBLED: u32 = 10;
/// Failures after which the owner is told.
const MANY: u32 = 3;

/// How often the work on each body failed, and when it is to be tried again.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<HashMap<String, (u32, Instant)>>);

impl Failures {
    /// Counts one; true where there were many by now.
    pub fn count(&self, name: &str, now: Instant) -> bool {
        let mut failures = lock(&self.0);
        let (count, again) = failures.entry(name.to_owned()).or_insert((0, now));
        *again = now + FIRST_REST * 2_u32.pow((*count).min(DOUBLED));
        *count += 1;
        *count >= MANY
    }

    /// Whether a body has rested long enough.
    pub fn may_go_on(&self, name: &str, now: Instant) -> bool {
        lock(&self.0).get(name).is_none_or(|(_, again)| now >= *again)
    }

    /// Lets all be tried again: something has changed.
    pub fn wake(&self, now: Instant) {
        lock(&self.0).values_mut().for_each(|(_, again)| *again = now);
    }

    /// Forgets a body: it is in the store, or over.
    pub fn forget(&self, name: &str) {
        lock(&self.0).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_rests_longer_and_longer_and_is_never_given_up() {
        let (failures, begin) = (Failures::default(), Instant::now());
        let mut now = begin;
        let mut told = Vec::new();
        for rest in [5, 10, 20, 40] {
            told.push(failures.count("a", now));
            assert!(!failures.may_go_on("a", now + Duration::from_secs(rest - 1)), "{rest}");
            now += Duration::from_secs(rest);
            assert!(failures.may_go_on("a", now), "{rest}");
        }
        assert_eq!(told, [false, false, true, true]);
        assert!(failures.may_go_on("b", begin));
        for _ in 0..100 {
            assert!(failures.count("a", now));
        }
        assert!(failures.may_go_on("a", now + FIRST_REST * 2_u32.pow(DOUBLED)));
        failures.wake(now);
        assert!(failures.may_go_on("a", now));
        failures.forget("a");
        assert!(!failures.count("a", now), "counted anew");
    }
}
