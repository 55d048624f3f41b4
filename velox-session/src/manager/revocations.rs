//! Counts the sessions that this process has ended.
//!
//! A request renews its session when it loads it, and sends the cookie when it ends. If the session
//! was ended or got a new id in between, the cookie would be sent once more. After a login it would
//! even replace the new session's cookie in the browser. So if this process has ended any session
//! in between, the request asks the store.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::session::state::Mark;

/// Counts the sessions that this process has ended.
#[derive(Default)]
pub(crate) struct Revocations(AtomicU64);

impl Revocations {
    /// Records that sessions are being ended, and counts them twice. The count before the store
    /// call ensures that a request that sees no revocation has loaded a live session. The count
    /// after the store has answered is for requests that loaded a session in between.
    #[must_use = "hold it until the store has answered"]
    pub(super) fn ending(&self) -> Ending<'_> {
        Ending { count: &self.0, before: self.0.fetch_add(1, Ordering::AcqRel) }
    }

    /// Returns the present state. Take it before you load a session.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.0.load(Ordering::Acquire))
    }
}

/// Sessions that are being ended.
pub(super) struct Ending<'a> {
    count: &'a AtomicU64,
    before: u64,
}

impl Ending<'_> {
    /// Returns the state after the store has answered, unless other sessions are ended meanwhile.
    /// It is the mark of a session that begins in the same store call.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.before + 2)
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.count.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_began_before_or_during_the_store_call_see_a_revocation() {
        let revocations = Revocations::default();
        let before = revocations.mark();
        let ending = revocations.ending();
        let between = revocations.mark();
        drop(ending);
        assert!(before != revocations.mark() && between != revocations.mark());
    }

    #[test]
    fn a_session_that_begins_in_the_store_call_sees_only_other_revocations() {
        let revocations = Revocations::default();
        let ending = revocations.ending();
        let mark = ending.mark();
        drop(ending);
        assert_eq!(mark, revocations.mark());
        let (ending, other) = (revocations.ending(), revocations.ending());
        let mark = ending.mark();
        drop((ending, other));
        assert_ne!(mark, revocations.mark());
    }
}
