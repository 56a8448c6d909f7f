//! What becomes of deliveries in the spool: read and matched by the intake, one small and one large at a time, and
//! looked for again every few seconds, so that nothing that was acknowledged is forgotten. The certificate is looked
//! after with it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use store::peers::{Outcome, Peer, ProblemOf, State};
use tokio::sync::watch;

use super::answer;
use super::deliver::new_delivery;
use super::shared::{Claimed, Shared, lock};
use crate::events::Event;
use crate::intake::{Failure, Spooled, Taken};
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

/// Works on one delivery.
pub(super) async fn work(claimed: Claimed, lane: Lane) -> Done {
    let lanes = Arc::clone(&claimed.shared);
    let Ok(_permit) = lanes.lanes[lane as usize].acquire().await else { return Done::Waits };
    let work = move || work_here(&claimed.shared, &claimed.name);
    tokio::task::spawn_blocking(work).await.unwrap_or(Done::Waits)
}

fn work_here(shared: &Shared, name: &str) -> Done {
    let Some(meta) = shared.spool.meta(name) else { return Done::Waits };
    let Ok((id, peer)) = due(shared, name, &meta) else { return Done::Waits };
    let Some((id, peer)) = id.zip(peer) else { return Done::Waits };
    let Ok(body) = shared.spool.body(name) else { return Done::Waits };
    let began = Instant::now();
    let spooled = Spooled {
        peer: &peer,
        delivery: id,
        received_ms: meta.received_ms,
        body,
        content_type: meta.content_type.as_deref(),
        aggregation: meta.aggregation.as_deref(),
        query: &meta.query,
    };
    let it = Delivery { shared, name, id, peer: &peer, meta: &meta };
    match shared.intake.take(spooled) {
        Ok(mut taken) => {
            taken.outcome.took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
            it.is_in_the_store(taken)
        }
        Err(Failure::Refused(error)) => {
            it.cannot_be_read(answer::reason(&error));
            Done::Refused(error)
        }
        Err(Failure::Later) => Done::Waits,
        Err(Failure::Question(_) | Failure::Failed(_)) => {
            if shared.failures.count(name, Instant::now()) {
                it.ends("failed", State::Pending);
            }
            Done::Waits
        }
    }
}

/// The number and the phone of a delivery that is to be worked on now; a row is made where the store was busy.
fn due(shared: &Shared, name: &str, meta: &Meta) -> store::Result<(Option<i64>, Option<Peer>)> {
    let Some(peer) = shared.read_here(|store| store.peer(meta.peer))? else { return Ok((None, None)) };
    let row = match shared.read_here(|store| store.delivery_of(name))? {
        Some(row) => row,
        None => {
            let id = shared.write_here(|store| store.take_delivery(new_delivery(name, meta, None)))?;
            return Ok((peer.is_ready().then_some(id), Some(peer)));
        }
    };
    Ok(((peer.is_ready() && row.state == State::Pending).then_some(row.id), Some(peer)))
}

/// A delivery that was worked on.
struct Delivery<'a> {
    shared: &'a Shared,
    name: &'a str,
    id: i64,
    peer: &'a Peer,
    meta: &'a Meta,
}

impl Delivery<'_> {
    fn is_in_the_store(&self, taken: Taken) -> Done {
        let mut request = self.meta.request.clone();
        if let Some((_, content)) = request.as_mut().filter(|(_, content)| content.is_empty()) {
            content.clone_from(&self.meta.sha256);
        }
        let request = request.as_ref().map(|(key, content)| (key.as_str(), content.as_str()));
        let finish = |store: &mut store::Store| store.finish_delivery(self.id, State::Done, &taken.outcome, request);
        if self.shared.write_here(finish).is_ok() {
            // Else it is read once more, which adds nothing.
            self.shared.spool.remove(self.name);
        }
        self.shared.failures.forget(self.name);
        self.shared.quota.add(self.peer.id, self.meta.received_ms, taken.outcome.new);
        self.shared.taken.fetch_add(1, Ordering::AcqRel);
        self.tell(State::Done, &taken.outcome);
        Done::Taken(Box::new(taken))
    }

    /// The body stays for some days, so that the owner can see what it was.
    fn cannot_be_read(&self, reason: &str) {
        self.shared.failures.forget(self.name);
        self.ends(reason, State::Unreadable);
    }

    /// Keeps why a delivery is not in the store, for good or for now.
    fn ends(&self, reason: &str, state: State) {
        let problems = vec![ProblemOf { reason: reason.to_owned(), kind: None, count: 1 }];
        let outcome = Outcome { problems, ..Outcome::default() };
        let finish = |store: &mut store::Store| store.finish_delivery(self.id, state, &outcome, None);
        let _ = self.shared.write_here(finish);
        self.tell(state, &outcome);
    }

    fn tell(&self, state: State, outcome: &Outcome) {
        self.shared.tell(Event::delivery(self.peer, self.id, self.meta.bytes, state.as_str(), outcome));
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
                work(claimed, Lane::Large).await;
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
