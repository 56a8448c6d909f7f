//! How long to wait before a server is tried again.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);
/// The longest one.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// A server that asks for longer than this is asked again all the same.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3_600);

/// Returns how long to wait after so many attempts that failed in a row: twice as long each time, from a second to a
/// quarter of an hour. `chance`, from 0 to 1, takes up to a half off, so that many who were cut off together do not
/// come back together. What the server asked for (`Retry-After`) is waited for at least.
pub fn wait(failed: u32, chance: f64, asked: Option<Duration>) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failed.saturating_sub(1).min(20)).min(LONGEST_WAIT);
    let own = doubled.mul_f64(1.0 - 0.5 * chance.clamp(0.0, 1.0));
    own.max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let seconds = |failed, chance| wait(failed, chance, None).as_secs_f64();
        assert_eq!([1, 2, 3, 10, 11, 4_000].map(|failed| seconds(failed, 0.0)), [1.0, 2.0, 4.0, 512.0, 900.0, 900.0]);
        assert_eq!((seconds(1, 1.0), seconds(3, 0.5)), (0.5, 3.0));
    }

    #[test]
    fn what_the_server_asks_for_is_waited_for() {
        let asked = |seconds| wait(1, 0.0, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(40), Duration::from_secs(40));
        assert_eq!(asked(0), FIRST);
        assert_eq!(asked(u64::MAX / 2), LONGEST_ASKED);
    }
}
