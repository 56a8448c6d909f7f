//! Whether something from a phone has come into the store, whichever program received it: for a window that shows it.

use crate::error::Result;
use crate::folder::Folder;

/// What was there at the last look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrivals {
    seen: Option<Seen>,
}

/// The latest delivery that is in the store, and how many wait: a later one may be in before an earlier one.
type Seen = (Option<i64>, u64);

impl Arrivals {
    /// Looks, and tells whether something has come since the last look. As long as nobody receives, the store is not
    /// even opened.
    pub fn look(&mut self, folder: &Folder) -> Result<bool> {
        if !super::is_taken(folder) {
            // What came before its end is told once more: it may have come after the last look.
            return Ok(self.seen.take().is_some());
        }
        let store = folder.read()?;
        let now = (store.latest_done()?, store.pending_deliveries()?);
        let before = self.seen.replace(now);
        Ok(before != Some(now))
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
        let mut look = || arrivals.look(&folder).expect("looked");
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
}
