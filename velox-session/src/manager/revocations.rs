//! The sessions that this process has ended recently.
//!
//! A request renews its session when it loads it, and sends the cookie when it ends. If the session
//! was ended or got a new id in between, the cookie would be sent once more. After a login it would
//! even replace the new session's cookie in the browser. The check is cheap: usually it reads one
//! counter twice.

#[cfg(feature = "rpc")]
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "rpc")]
use tokio::sync::Notify;

use crate::key::StoreKey;
use crate::session::state::Mark;

/// The sessions that this process has ended recently.
pub(crate) struct Revocations {
    count: AtomicU64,
    /// The last ended sessions, each at the place of its number.
    recent: Mutex<[u64; RECENT]>,
    /// Wakes the task that checks the sessions with streams.
    #[cfg(feature = "rpc")]
    noted: Arc<Notify>,
}

impl Revocations {
    pub(crate) fn new() -> Self {
        Self {
            count: AtomicU64::new(0),
            recent: Mutex::new([0; RECENT]),
            #[cfg(feature = "rpc")]
            noted: Arc::default(),
        }
    }

    /// Returns what wakes the task when a session ends.
    #[cfg(feature = "rpc")]
    pub(super) fn noted(&self) -> &Arc<Notify> {
        &self.noted
    }

    /// Records that a session is being ended. It is recorded before the store call, so that a
    /// request that sees no revocation sees a live session, and again after the store has answered,
    /// for requests that loaded the session in between.
    #[must_use = "hold it until the store has answered"]
    pub(super) fn ending<'a>(&'a self, key: &'a StoreKey) -> Ending<'a> {
        self.note(key);
        Ending { revocations: self, key: Some(key) }
    }

    /// Does the same for sessions whose keys are unknown. Every request that has loaded a session
    /// then asks the store.
    #[must_use = "hold it until the store has answered"]
    pub(super) fn ending_many(&self) -> Ending<'_> {
        self.note_many();
        Ending { revocations: self, key: None }
    }

    pub(super) fn note_many(&self) {
        let _recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        self.count.fetch_add(RECENT as u64 + 1, Ordering::AcqRel);
        #[cfg(feature = "rpc")]
        self.noted.notify_one();
    }

    fn note(&self, key: &StoreKey) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.count.load(Ordering::Relaxed);
        recent[place(number)] = key.short();
        self.count.store(number + 1, Ordering::Release);
        #[cfg(feature = "rpc")]
        self.noted.notify_one();
    }

    /// Returns the present state. Take it before you load a session.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.count.load(Ordering::Acquire))
    }

    /// Returns whether this session may have been ended since the mark. A false positive costs a
    /// store call; false negatives do not happen.
    pub(super) fn may_include(&self, key: &StoreKey, since: Mark) -> bool {
        if self.count.load(Ordering::Acquire) == since.0 {
            return false;
        }
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let count = self.count.load(Ordering::Relaxed);
        count - since.0 > RECENT as u64 || (since.0..count).any(|number| recent[place(number)] == key.short())
    }
}

/// A session that is being ended.
pub(super) struct Ending<'a> {
    revocations: &'a Revocations,
    key: Option<&'a StoreKey>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        match self.key {
            Some(key) => self.revocations.note(key),
            None => self.revocations.note_many(),
        }
    }
}

fn place(number: u64) -> usize {
    number as usize % RECENT
}

const RECENT: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::key;

    #[test]
    fn only_requests_that_began_earlier_see_a_revocation() {
        let (revocations, one, other) = (Revocations::new(), key("session"), key("session"));
        let before = revocations.mark();
        assert!(!revocations.may_include(&one, before));
        drop(revocations.ending(&one));
        assert!(revocations.may_include(&one, before));
        assert!(!revocations.may_include(&other, before));
        assert!(!revocations.may_include(&one, revocations.mark()));
    }

    #[test]
    fn requests_that_began_during_the_store_call_see_a_revocation() {
        let (revocations, one) = (Revocations::new(), key("session"));
        let ending = revocations.ending(&one);
        let between = revocations.mark();
        drop(ending);
        assert!(revocations.may_include(&one, between));
    }

    #[test]
    fn a_request_that_missed_too_many_revocations_asks_the_store() {
        let (revocations, one) = (Revocations::new(), key("session"));
        let before = revocations.mark();
        for _ in 0..RECENT {
            revocations.note(&key("session"));
        }
        assert!(!revocations.may_include(&one, before));
        revocations.note(&key("session"));
        assert!(revocations.may_include(&one, before));
    }
}
