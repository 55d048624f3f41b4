//! Security events, for the log: never an id, only the start of its hash, and never more than a few of a kind a second.

use std::sync::atomic::{AtomicU64, Ordering};

/// A kind of event, with a limit of its own so that a flood of one does not hide another.
pub(crate) struct Limit {
    second: AtomicU64,
    count: AtomicU64,
}

impl Limit {
    pub(crate) const fn new() -> Self {
        Self { second: AtomicU64::new(0), count: AtomicU64::new(0) }
    }

    /// Counts an event. `Some` if it is to be written, with the number of those that were not since the last one was.
    pub(crate) fn count(&self, now: u64) -> Option<u64> {
        let second = now / 1_000;
        if self.second.swap(second, Ordering::Relaxed) != second {
            let before = self.count.swap(1, Ordering::Relaxed);
            return Some(before.saturating_sub(PER_SECOND));
        }
        (self.count.fetch_add(1, Ordering::Relaxed) < PER_SECOND).then_some(0)
    }
}

/// The limits of all kinds.
pub(crate) struct Events {
    pub(crate) forged: Limit,
    pub(crate) unknown: Limit,
    pub(crate) conflict: Limit,
    pub(crate) cross_site: Limit,
}

impl Events {
    pub(crate) const fn new() -> Self {
        Self { forged: Limit::new(), unknown: Limit::new(), conflict: Limit::new(), cross_site: Limit::new() }
    }
}

const PER_SECOND: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_written_ten_times_a_second_and_counted() {
        let limit = Limit::new();
        assert_eq!((0..100).filter(|_| limit.count(5_000).is_some()).count(), 10);
        assert_eq!(limit.count(6_000), Some(90));
        assert_eq!(limit.count(6_001), Some(0));
    }
}
