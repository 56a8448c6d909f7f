//! What becomes of deliveries: read and matched by the intake, one small and one large at a time. Those in the spool
//! are looked for again every few seconds, so that nothing that was acknowledged is forgotten. The certificate is
//! looked after with it.

use std::io::Cursor;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use store::Receipt;
use store::peers::{Hash, NewDelivery, Outcome, Peer, ProblemOf, State};
use tokio::sync::{oneshot, watch};

use super::answer;
use super::deliver::new_delivery;
use super::shared::{Claimed, Shared, lock};
use crate::events::Event;
use crate::intake::{Body, Failure, Spooled, Taken};
use crate::spool::{Meta, Spool};

/// How often deliveries are looked for that wait.
const SWEEP: Duration = Duration::from_secs(5);
/// The same where somebody else was writing, so that the store does not know of all that was acknowledged.
const AGAIN: Duration = Duration::from_millis(500);

/// Which of the two queues a delivery waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Small = 0,
    Large = 1,
}

/// What became of a delivery.
#[derive(Debug)]
pub(super) enum Done {
    Taken(Box<Taken>),
    Refused(health::Error),
    /// It stays in the spool, or somebody else works on it.
    Waits,
}

/// A short body that lies nowhere but here.
pub(super) struct Fresh {
    pub meta: Meta,
    pub token: Hash,
    body: Mutex<Option<Arc<[u8]>>>,
}

impl Fresh {
    pub fn new(meta: Meta, token: Hash, body: Arc<[u8]>) -> Self {
        Self { meta, token, body: Mutex::new(Some(body)) }
    }

    /// The body, once; none where it lies in the spool by now.
    pub fn take(&self) -> Option<Arc<[u8]>> {
        lock(&self.body).take()
    }
}

/// Works on one delivery.
pub(super) async fn work(claimed: Claimed, lane: Lane, fresh: Option<Arc<Fresh>>) -> Done {
    let shared = Arc::clone(&claimed.shared);
    let Ok(_permit) = shared.lanes[lane as usize].acquire().await else { return Done::Waits };
    let (tell, told) = oneshot::channel();
    let intake = Arc::clone(&shared.intake);
    tokio::task::spawn_blocking(move || {
        let done = work_here(&claimed.shared, &claimed.name, fresh.as_deref());
        drop(claimed);
        let is_taken = matches!(done, Done::Taken(_));
        // Nobody may wait for it any more.
        let _ = tell.send(done);
        if is_taken {
            intake.tidy();
        }
    });
    told.await.unwrap_or(Done::Waits)
}

fn work_here(shared: &Shared, name: &str, fresh: Option<&Fresh>) -> Done {
    let short = fresh.and_then(|fresh| Some((fresh, fresh.take()?)));
    let Some(mut meta) = short.as_ref().map(|(fresh, _)| fresh.meta.clone()).or_else(|| shared.spool.meta(name)) else {
        return Done::Waits;
    };
    meta.request = meta.named();
    let peer = match &short {
        Some(_) => ready(shared, meta.peer),
        None => due(shared, name, &meta),
    };
    let Ok(Some(peer)) = peer else { return Done::Waits };
    if let Some(reason) = &meta.refused {
        let short = None;
        Delivery { shared, name, peer: &peer, meta: &meta, short }.cannot_be_read(reason);
        return Done::Waits;
    }
    let body = match &short {
        Some((_, short)) => Ok(Body::Short(Cursor::new(Arc::clone(short)))),
        None => shared.spool.body(name).map(Body::Long),
    };
    let Ok(body) = body else { return Done::Waits };
    let short = short.as_ref().map(|(fresh, short)| (&fresh.token, &short[..]));
    Delivery { shared, name, peer: &peer, meta: &meta, short }.into_the_store(body)
}

/// A phone whose deliveries go into the store.
fn ready(shared: &Shared, peer: i64) -> store::Result<Option<Peer>> {
    Ok(shared.read_here(|store| store.peer(peer))?.filter(Peer::is_ready))
}

/// The phone of a delivery in the spool that is to be worked on now; a row is made where the store was busy.
fn due(shared: &Shared, name: &str, meta: &Meta) -> store::Result<Option<Peer>> {
    let row = shared.read_here(|store| store.delivery_of(name))?;
    if row.is_none() {
        shared.write_here(|store| store.take_delivery(new_delivery(name, meta, None)))?;
    }
    let is_due = row.is_none_or(|row| row.state == State::Pending);
    if is_due { ready(shared, meta.peer) } else { Ok(None) }
}

/// A delivery that is worked on.
struct Delivery<'a> {
    shared: &'a Shared,
    name: &'a str,
    peer: &'a Peer,
    meta: &'a Meta,
    /// Of one that is not in the spool the token and the body.
    short: Option<(&'a Hash, &'a [u8])>,
}

impl Delivery<'_> {
    fn into_the_store(self, body: Body) -> Done {
        let request = self.meta.request.as_ref().map(|(key, content)| (key.as_str(), content.as_str()));
        let spooled = Spooled {
            peer: self.peer,
            receipt: Receipt { new: self.row(), request },
            body,
            content_type: self.meta.content_type.as_deref(),
            aggregation: self.meta.aggregation.as_deref(),
            query: &self.meta.query,
        };
        match self.shared.intake.take(spooled) {
            Ok(taken) => self.is_in_the_store(taken),
            Err(Failure::Refused(error)) if self.cannot_be_read(answer::reason(&error)) => Done::Refused(error),
            Err(Failure::Refused(_) | Failure::Later) => Done::Waits,
            Err(Failure::Question(_) | Failure::Failed(_)) => {
                if self.shared.failures.count(self.name, Instant::now()) {
                    self.ends("failed", State::Pending);
                }
                Done::Waits
            }
        }
    }

    fn row(&self) -> NewDelivery<'_> {
        new_delivery(self.name, self.meta, self.short.map(|(token, _)| token))
    }

    fn is_in_the_store(&self, taken: Taken) -> Done {
        // Where that fails the next sweep finds that it is done.
        if self.shared.spool.has(self.name) {
            self.shared.spool.remove(self.name);
        }
        self.shared.failures.forget(self.name);
        self.shared.quota.add(self.peer.id, self.meta.received_ms, taken.outcome.new);
        self.shared.taken.fetch_add(1, Ordering::AcqRel);
        self.tell(taken.id, State::Done, &taken.outcome);
        Done::Taken(Box::new(taken))
    }

    /// The body stays for some days, so that the owner can see what it was. False where there is no room for it.
    fn cannot_be_read(&self, reason: &str) -> bool {
        self.shared.failures.forget(self.name);
        self.ends(reason, State::Unreadable)
    }

    /// Keeps why a delivery is not in the store, for good or for now. False where there is no room for its body.
    fn ends(&self, reason: &str, state: State) -> bool {
        if let Some((_, short)) = self.short
            && self.shared.spool.keep(self.name, self.meta, short).is_err()
        {
            return false;
        }
        let problems = vec![ProblemOf { reason: reason.to_owned(), kind: None, count: 1 }];
        let outcome = Outcome { problems, ..Outcome::default() };
        let finished = self.shared.write_here(|store| {
            let id = store.take_delivery(self.row())?;
            store.finish_delivery(id, state, &outcome, None)?;
            Ok(id)
        });
        // Else it is read once more.
        if let Ok(id) = finished {
            self.tell(id, state, &outcome);
        }
        true
    }

    fn tell(&self, id: i64, state: State, outcome: &Outcome) {
        self.shared.tell(Event::delivery(self.peer, id, self.meta.bytes, state.as_str(), outcome));
    }
}

/// Looks for what waits: after a start, after a pause, after a store that was busy. When nothing came since it looked
/// last, what was left for later is done, so that nobody who asks has to wait for that.
pub(super) async fn sweep(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let (mut seen, mut rested) = (None, None);
    loop {
        let looks = Arc::clone(&shared);
        // A certificate that cannot be made now is made with the next look; until then the one that is there is shown.
        let _ = tokio::task::spawn_blocking(move || looks.keep_secure()).await;
        for name in shared.spool.names() {
            if shared.is_stopping() {
                return;
            }
            let Some(claimed) = shared.claim(&name) else { continue };
            let asked = tokio::task::spawn_blocking(move || waits(&claimed).then_some(claimed)).await;
            if let Ok(Some(claimed)) = asked {
                work(claimed, Lane::Large, None).await;
            }
        }
        let taken = Some(shared.taken.load(Ordering::Acquire));
        if taken == seen && taken != rested && lock(&shared.at_work).is_empty() && rest(&shared).await {
            rested = taken;
        }
        seen = taken;
        let looks = Arc::clone(&shared);
        let soon = tokio::task::spawn_blocking(move || looks.has_unlisted()).await.unwrap_or(false);
        tokio::select! {
            () = tokio::time::sleep(if soon { AGAIN } else { SWEEP }) => {}
            () = shared.wake.notified() => {}
            _ = stopped.changed() => return,
        }
    }
}

/// Has done what was left for later; false where that is to be tried again.
async fn rest(shared: &Arc<Shared>) -> bool {
    let intake = Arc::clone(&shared.intake);
    tokio::task::spawn_blocking(move || intake.rest()).await.is_ok_and(|done| !matches!(done, Err(Failure::Later)))
}

/// Takes away what is over.
pub(super) fn tidy(shared: &Arc<Shared>) {
    for claimed in shared.spool.names().iter().filter_map(|name| shared.claim(name)) {
        waits(&claimed);
    }
}

/// Whether a delivery in the spool is to be worked on; what is over is taken away.
fn waits(claimed: &Claimed) -> bool {
    let Claimed { shared, name } = claimed;
    let Some(meta) = shared.spool.meta(name) else { return false };
    match shared.read_here(|store| store.delivery_of(name)) {
        Ok(Some(row)) if row.state == State::Done => shared.spool.remove(name),
        Ok(Some(row)) if row.state == State::Unreadable => {
            if row.was_ended() || Spool::is_stale(&meta, shared.now_ms()) {
                shared.spool.remove(name);
            }
        }
        Ok(_) => return shared.failures.may_go_on(name, Instant::now()),
        Err(_) => {}
    }
    false
}
