//! Stopping long work from outside, in the middle of a long statement too.

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Transaction, TransactionBehavior};

use crate::error::{ErrorKind, Result};
use crate::open::Store;
use crate::remotes::watch;

/// After so many steps SQLite asks whether to go on: a matter of milliseconds, and some hundred calls in a million
/// records.
pub(crate) const STEPS: c_int = 100_000;

/// Asks long work to stop. Clones ask together; what was asked for once stays so.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<State>);

#[derive(Debug, Default)]
struct State {
    asked: AtomicBool,
    committing: AtomicBool,
}

impl Cancel {
    /// Asks to stop. Returns whether somebody had asked before.
    pub fn cancel(&self) -> bool {
        self.0.asked.swap(true, Ordering::AcqRel)
    }

    /// Whether somebody asked.
    pub fn is_cancelled(&self) -> bool {
        self.0.asked.load(Ordering::Acquire)
    }

    /// Whether the work is being committed, or is: it is done, whoever asks to stop. Until then the end of the process
    /// does what a stop does.
    pub fn is_too_late(&self) -> bool {
        self.0.committing.load(Ordering::Acquire)
    }

    /// One that hears the same and is committed by itself: of work that commits several times.
    pub(crate) fn of_its_own(&self) -> Self {
        let own = Self::default();
        if self.is_cancelled() {
            own.cancel();
        }
        own
    }

    /// Says that the work is about to be committed.
    pub(crate) fn commits(&self) {
        self.0.committing.store(true, Ordering::Release);
    }

    /// An error where somebody asked.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(ErrorKind::Cancelled.into()) } else { Ok(()) }
    }
}

/// What becomes of a transaction that went well.
pub(crate) enum Done<T> {
    Commit(T),
    Rollback(T),
}

impl<T> Done<T> {
    /// What the work answered.
    pub fn answer(self) -> T {
        match self {
            Self::Commit(answer) | Self::Rollback(answer) => answer,
        }
    }
}

impl Store {
    /// Runs short work, which nobody stops, in one transaction.
    pub(crate) fn change<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.write(&Cancel::default(), |tx| work(tx).map(Done::Commit))
    }

    /// Runs work in one transaction, as everything does that changes a store. It hears a stop until it is about to be
    /// committed; from then on it is done.
    pub(crate) fn write<T>(
        &mut self,
        cancel: &Cancel,
        work: impl FnOnce(&Transaction<'_>) -> Result<Done<T>>,
    ) -> Result<T> {
        let answer = self.write_on(cancel, work)?;
        if let Done::Commit(_) = answer {
            // It is done and durable. A log that cannot be moved into the file now, for want of space or because
            // somebody reads, waits for the next writer.
            let _ = self.checkpoint();
        }
        Ok(answer.answer())
    }

    /// The same, and the log goes on: of much that is written in many small transactions each page is moved into the
    /// file once, when SQLite finds the log long. It is as durable there.
    pub(crate) fn write_on<T>(
        &mut self,
        cancel: &Cancel,
        work: impl FnOnce(&Transaction<'_>) -> Result<Done<T>>,
    ) -> Result<Done<T>> {
        let asked = cancel.clone();
        self.conn.progress_handler(STEPS, Some(move || asked.is_cancelled() && !asked.is_too_late()))?;
        let answer = self.transaction(cancel, work);
        self.conn.progress_handler(0, None::<fn() -> bool>)?;
        answer
    }

    /// Whether another process or connection is writing just now, so that a writer would have to wait.
    pub(crate) fn is_written_to(&self) -> Result<bool> {
        match self.without_waiting(|conn| Ok(conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?)) {
            Err(error) if matches!(error.kind(), ErrorKind::Busy) => Ok(true),
            begun => begun.map(|()| false),
        }
    }

    fn transaction<T>(
        &mut self,
        cancel: &Cancel,
        work: impl FnOnce(&Transaction<'_>) -> Result<Done<T>>,
    ) -> Result<Done<T>> {
        let in_place = self.in_place();
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Who held the lock before may have deleted everything.
        if !in_place() {
            return Err(ErrorKind::Busy.into());
        }
        watch::begin(&tx)?;
        let done = work(&tx)?;
        if let Done::Commit(_) = done {
            watch::end(&tx)?;
        }
        cancel.check()?;
        cancel.commits();
        match done {
            Done::Rollback(_) => tx.rollback()?,
            Done::Commit(_) => tx.commit()?,
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::filled;

    const LONG: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000)
                        INSERT INTO settings (key, value) SELECT i, i FROM n WHERE i % 1000 = 0";

    fn settings(store: &Store) -> usize {
        store.settings().expect("settings").len()
    }

    #[test]
    fn a_stop_is_heard_inside_one_long_statement() {
        let mut store = filled();
        let cancel = Cancel::default();
        let stopped = store.write(&cancel, |tx| {
            cancel.cancel();
            tx.execute(LONG, [])?;
            unreachable!("the statement was interrupted")
        });
        let stopped: Result<()> = stopped;
        assert!(matches!(stopped.expect_err("stopped").kind(), ErrorKind::Cancelled));
        assert_eq!(settings(&store), 0);
        // Nothing of it is left: the next one is not stopped.
        let count = |tx: &Transaction<'_>| Ok(Done::Commit(tx.execute(LONG, [])?));
        assert_eq!(store.write(&Cancel::default(), count).expect("goes on"), 3000);
        assert_eq!(settings(&store), 3000);
    }

    #[test]
    fn a_stop_between_statements_is_heard_before_the_commit() {
        let mut store = filled();
        let cancel = Cancel::default();
        let stopped = store.write(&cancel, |tx| {
            tx.execute("INSERT INTO settings (key, value) VALUES ('a', 'b')", [])?;
            assert!(!cancel.cancel());
            assert!(cancel.cancel(), "the second to ask is told");
            Ok(Done::Commit(()))
        });
        assert!(matches!(stopped.expect_err("stopped").kind(), ErrorKind::Cancelled));
        assert_eq!(settings(&store), 0);
    }

    #[test]
    fn a_stop_after_the_commit_began_is_too_late() {
        let mut store = filled();
        let cancel = Cancel::default();
        let late = cancel.clone();
        store
            .conn
            .commit_hook(Some(move || {
                late.cancel();
                false
            }))
            .expect("hears");
        let written = store.write(&cancel, |tx| Ok(Done::Commit(tx.execute(LONG, [])?)));
        assert_eq!(written.expect("done"), 3000);
        assert_eq!(settings(&store), 3000);
    }
}
