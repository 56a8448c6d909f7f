//! Whether something of phones has come, or is otherwise than before, whichever program received it: for a window that
//! shows it.

use crate::error::Result;
use crate::folder::Folder;

/// What was there at the last look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrivals {
    seen: Option<Seen>,
}

/// What a look found to be new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Something from a phone has come into the store.
    pub arrived: bool,
    /// Something about phones is otherwise: who receives, who asks, what waits.
    pub phones: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    /// The latest delivery that is in the store, and how many wait: a later one may be in before an earlier one.
    deliveries: (Option<i64>, u64),
    stamp: String,
}

impl Arrivals {
    /// Looks, and tells what has come since the last look. As long as nobody receives, the store is not even opened.
    pub fn look(&mut self, folder: &Folder) -> Result<Found> {
        if !super::is_taken(folder) {
            // What came before its end is told once more: it may have come after the last look.
            let has_ended = self.seen.take().is_some();
            return Ok(Found { arrived: has_ended, phones: has_ended });
        }
        let store = folder.read()?;
        let deliveries = (store.latest_done()?, store.pending_deliveries()?);
        let now = Seen { deliveries, stamp: store.peers_stamp()? };
        let before = self.seen.replace(now.clone());
        let arrived = before.as_ref().is_none_or(|before| before.deliveries != now.deliveries);
        Ok(Found { arrived, phones: before != Some(now) })
    }
}

#[cfg(test)]
mod tests {
    use health::phone::Feed;
    use net::invite;
    use store::peers::{NewDelivery, Outcome, Seen, State};

    use super::*;
    use crate::receiver::place::Place;
    use crate::testing::TestFolder;

    #[test]
    fn what_has_come_is_told_once() {
        let folder = TestFolder::new("arrivals");
        let mut arrivals = Arrivals::default();
        let mut look = || {
            let found = arrivals.look(&folder).expect("looked");
            assert!(found.phones || !found.arrived, "what comes is about phones");
            found.arrived
        };
        assert!(!look() && !folder.dir().exists());
        let place = Place::take(&folder).expect("free");
        assert_eq!([look(), look()], [true, false], "a receiver has begun");
        let mut store = folder.write().expect("a store");
        let peer = invite::add_device(&mut store, Feed::HealthSync, "Kim", 0).expect("added").peer.id;
        let mut take = |spool| {
            let seen = Seen { at_ms: 0, address: "", app_version: None };
            let new = NewDelivery { peer, token: None, seen, bytes: 1, sha256: "", spool };
            store.take_delivery(new).expect("taken")
        };
        let (large, small) = (take("a"), take("b"));
        assert_eq!([look(), look()], [true, false]);
        for id in [small, large] {
            store.finish_delivery(id, State::Done, &Outcome::default(), None).expect("finished");
            assert_eq!([look(), look()], [true, false]);
        }
        drop(place);
        assert_eq!([look(), look()], [true, false]);
    }

    #[test]
    fn what_is_otherwise_about_phones_is_told_and_is_nothing_that_came() {
        let folder = TestFolder::new("arrivals-phones");
        let mut arrivals = Arrivals::default();
        let mut look = || arrivals.look(&folder).expect("looked");
        let (nothing, otherwise) = (Found::default(), Found { arrived: false, phones: true });
        let _place = Place::take(&folder).expect("free");
        assert_eq!([look(), look()], [Found { arrived: true, phones: true }, nothing]);
        let mut store = folder.write().expect("a store");
        invite::add_device(&mut store, Feed::HealthSync, "Kim", 0).expect("added");
        assert_eq!([look(), look()], [otherwise, nothing]);
        store.rename_peer(1, "Ada").expect("renamed");
        assert_eq!([look(), look()], [otherwise, nothing]);
    }
}
