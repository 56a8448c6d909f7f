//! Sending by itself, while a program runs that stays: each server as often as it is to be, and after a failure when it
//! is due again.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use net::Clock;
use store::Cancel;
use store::remotes::Remote;

use super::{Means, PATIENCE, chance, push};
use crate::folder::Folder;

/// How often is looked who is due; a look without a server is one small question.
const LOOK: Duration = Duration::from_secs(30);

/// Sends by itself until it is dropped. What is on its way then is sent again by whoever comes next.
#[derive(Debug)]
pub struct Runner {
    cancel: Cancel,
    /// Wakes the thread; without it the thread ends.
    wakes: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    /// Begins. Nobody is told of failures: the outbox says them.
    pub fn start(folder: &Folder, clock: Clock) -> Self {
        Self::telling(folder, clock, || {})
    }

    /// The same; `heard` is called whenever a server has got something, or was tried.
    pub fn telling(folder: &Folder, clock: Clock, heard: impl Fn() + Send + 'static) -> Self {
        let (wakes, woken) = mpsc::channel();
        let cancel = Cancel::default();
        let (folder, asked) = (folder.clone(), cancel.clone());
        let thread = std::thread::spawn(move || {
            loop {
                send_to_all(&folder, &clock, &asked, &heard);
                if woken.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        });
        Self { cancel, wakes: Some(wakes), thread: Some(thread) }
    }

    /// Looks now who is due: somebody changed something.
    pub fn wake(&self) {
        // A thread that has ended has nothing to look for.
        let _ = self.wakes.as_ref().map(|wakes| wakes.send(()));
    }

    /// Ends, and waits until nothing is on its way any more.
    pub fn stop(mut self) {
        self.cancel.cancel();
        self.wakes = None;
        if let Some(thread) = self.thread.take() {
            // What it had to say stands in the outbox.
            let _ = thread.join();
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

fn send_to_all(folder: &Folder, clock: &Clock, cancel: &Cancel, heard: &dyn Fn()) {
    let remotes = folder.read().and_then(|store| Ok(store.remotes()?)).unwrap_or_default();
    for remote in remotes.iter().filter(|remote| is_due(remote, clock())) {
        if cancel.is_cancelled() {
            return;
        }
        let mut means = Means {
            now: &|| clock(),
            chance: &chance,
            cancel: cancel.clone(),
            patience: PATIENCE,
            progress: &mut |_| heard(),
        };
        // Another program may be sending, or the store may be busy: it is looked again soon.
        let _ = push(folder, &remote.name, &mut means);
        heard();
    }
}

/// Whether a server is to be sent to now.
fn is_due(remote: &Remote, now_ms: i64) -> bool {
    let Some(every_s) = remote.every_s.filter(|_| remote.paused_ms.is_none() && remote.stopped.is_none()) else {
        return false;
    };
    match (remote.next_ms, remote.reached_ms) {
        (Some(next_ms), _) => now_ms >= next_ms,
        // A clock that was put back does not make it wait for ever.
        (None, Some(reached_ms)) => now_ms < reached_ms || now_ms - reached_ms >= every_s * 1000,
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use store::remotes::{Position, Walk};

    use super::*;

    #[test]
    fn a_server_is_due_as_often_as_it_is_to_be_and_when_it_said() {
        let new = Remote {
            id: 1,
            name: "home".to_owned(),
            protocol: "vitalog".to_owned(),
            url: String::new(),
            account: String::new(),
            types: "null".to_owned(),
            since_ms: None,
            every_s: Some(60),
            certificate: None,
            keeper: "none".to_owned(),
            made_ms: 0,
            paused_ms: None,
            stopped: None,
            tries: 0,
            next_ms: None,
            said: None,
            reached_ms: None,
            sent: 0,
            position: Position { seq: 0, walk: Walk::Begin },
        };
        assert!(is_due(&new, 0));
        let reached = Remote { reached_ms: Some(1_000), ..new.clone() };
        assert_eq!([60_999, 61_000, 500].map(|now_ms| is_due(&reached, now_ms)), [false, true, true]);
        let failed = Remote { next_ms: Some(70_000), ..reached.clone() };
        assert_eq!([69_999, 70_000].map(|now_ms| is_due(&failed, now_ms)), [false, true]);
        for never in [
            Remote { every_s: None, ..new.clone() },
            Remote { paused_ms: Some(0), ..new.clone() },
            Remote { stopped: Some("unauthorized".to_owned()), ..new },
        ] {
            assert!(!is_due(&never, i64::MAX));
        }
    }
}
