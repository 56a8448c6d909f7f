//! How many new records one phone may bring in a day, and how many bodies: a bad one fills neither the disk nor the
//! list of what came before its owner sees it. A whole history has room; what is more waits on the phone until the
//! next day.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// New records of one phone in a day of UTC.
pub(super) const MOST: u64 = 5_000_000;

/// Bodies of one phone in a day of UTC, whatever is in them: each is a row. The smallest that apps send bring a history
/// with some thousand.
pub(super) const MOST_BODIES: u64 = 50_000;

const DAY_MS: i64 = 24 * 3_600_000;

/// What each phone brought on its last day, where that is known.
#[derive(Debug, Default)]
pub(super) struct Quota {
    of_peer: Mutex<HashMap<i64, Brought>>,
}

#[derive(Debug, Clone, Copy)]
struct Brought {
    since_ms: i64,
    new: u64,
    bodies: u64,
    /// It was told that there is no more room.
    told: bool,
}

/// Whether there is room for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Is,
    /// There is none, and this is the first time that day that anybody notices; the reason.
    Ends(&'static str),
    IsNone,
}

/// The begin of the day of an instant.
pub(super) fn day_of(now_ms: i64) -> i64 {
    now_ms.div_euclid(DAY_MS) * DAY_MS
}

impl Quota {
    fn of_peer(&self) -> std::sync::MutexGuard<'_, HashMap<i64, Brought>> {
        self.of_peer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is known what a phone brought since the day began.
    pub fn knows(&self, peer: i64, now_ms: i64) -> bool {
        self.of_peer().get(&peer).is_some_and(|brought| brought.since_ms == day_of(now_ms))
    }

    /// Notes what a phone brought since the day began, as the store has it.
    pub fn learn(&self, peer: i64, now_ms: i64, new: u64, bodies: u64) {
        self.of_peer().insert(peer, Brought { since_ms: day_of(now_ms), new, bodies, told: false });
    }

    /// A phone sent a body.
    pub fn add_body(&self, peer: i64, received_ms: i64) {
        if let Some(brought) = self.of_peer().get_mut(&peer).filter(|day| day.since_ms == day_of(received_ms)) {
            brought.bodies += 1;
        }
    }

    /// A phone brought some more.
    pub fn add(&self, peer: i64, received_ms: i64, new: u64) {
        if let Some(brought) = self.of_peer().get_mut(&peer).filter(|day| day.since_ms == day_of(received_ms)) {
            brought.new += new;
        }
    }

    /// Whether a phone may bring more on this day.
    pub fn room(&self, peer: i64, now_ms: i64) -> Room {
        let mut of_peer = self.of_peer();
        let of_today = of_peer.get_mut(&peer).filter(|brought| brought.since_ms == day_of(now_ms));
        let Some(brought) = of_today else { return Room::Is };
        let reason = match () {
            () if brought.new >= MOST => "too_many_rows",
            () if brought.bodies >= MOST_BODIES => "too_many_bodies",
            () => return Room::Is,
        };
        match std::mem::replace(&mut brought.told, true) {
            true => Room::IsNone,
            false => Room::Ends(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_that_brought_its_part_waits_for_the_next_day_and_others_do_not() {
        let quota = Quota::default();
        assert!(!quota.knows(1, 5));
        quota.learn(1, 5, MOST - 10, 0);
        quota.learn(2, 5, 0, 0);
        assert!(quota.knows(1, DAY_MS - 1) && !quota.knows(1, DAY_MS));
        assert_eq!(quota.room(1, 6), Room::Is);
        quota.add(1, 6, 10);
        // What came the day before says nothing of this one.
        quota.add(2, -1, MOST);
        assert_eq!([1, 1, 2].map(|peer| quota.room(peer, 7)), [Room::Ends("too_many_rows"), Room::IsNone, Room::Is]);
        assert_eq!(quota.room(1, DAY_MS), Room::Is);
    }
    #[test]
    fn bodies_with_nothing_in_them_end_too() {
        let quota = Quota::default();
        quota.learn(1, 5, 0, MOST_BODIES - 1);
        assert_eq!(quota.room(1, 6), Room::Is);
        quota.add_body(1, 6);
        assert_eq!([1, 1].map(|peer| quota.room(peer, 7)), [Room::Ends("too_many_bodies"), Room::IsNone]);
        assert_eq!(quota.room(1, DAY_MS), Room::Is);
    }
}
