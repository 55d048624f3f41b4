//! The sessions that this process has ended lately.
//!
//! A request renews its session when it loads it, and sends the cookie when it is done. If the session was ended or got a new id
//! in between, the cookie would be sent once more; after a login, that would even take the new one's place in the browser. Looking costs
//! nothing here as a rule: one counter is read twice.

#[cfg(feature = "rpc")]
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "rpc")]
use tokio::sync::Notify;

use crate::key::StoreKey;
use crate::session::state::Mark;

/// The sessions that this process has ended lately.
pub(crate) struct Revocations {
    count: AtomicU64,
    /// The last ones, each at the place of its number.
    recent: Mutex<[u64; RECENT]>,
    /// Wakes who looks after the sessions with streams.
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

    /// What tells that there is another one.
    #[cfg(feature = "rpc")]
    pub(super) fn noted(&self) -> &Arc<Notify> {
        &self.noted
    }

    /// Notes down that a session is being ended: before the store is told, so that who sees no revocation sees a live session, and when
    /// the store has answered, for who has loaded it in between.
    #[must_use = "it is to be held until the store has answered"]
    pub(super) fn ending<'a>(&'a self, key: &'a StoreKey) -> Ending<'a> {
        self.note(key);
        Ending { revocations: self, key: Some(key) }
    }

    /// The same for sessions of which nobody knows which they are: whoever has loaded any session asks the store.
    #[must_use = "it is to be held until the store has answered"]
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

    /// The present state, to be taken before a session is loaded.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.count.load(Ordering::Acquire))
    }

    /// Whether this session may have been ended since. A wrong yes costs a question to the store, and a wrong no there is not.
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
    fn a_revocation_is_seen_by_who_came_before_it_and_no_other() {
        let (revocations, one, other) = (Revocations::new(), key("session"), key("session"));
        let before = revocations.mark();
        assert!(!revocations.may_include(&one, before));
        drop(revocations.ending(&one));
        assert!(revocations.may_include(&one, before));
        assert!(!revocations.may_include(&other, before));
        assert!(!revocations.may_include(&one, revocations.mark()));
    }

    #[test]
    fn a_revocation_is_seen_by_who_came_while_the_store_was_told() {
        let (revocations, one) = (Revocations::new(), key("session"));
        let ending = revocations.ending(&one);
        let between = revocations.mark();
        drop(ending);
        assert!(revocations.may_include(&one, between));
    }

    #[test]
    fn who_has_missed_too_many_asks() {
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
