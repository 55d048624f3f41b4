//! Security events are counted and logged. The log contains no ids, only the start of their hash,
//! and at most a few lines a second about events that an attacker can cause.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A kind of event. Each kind has a separate limit of log lines, so that a flood of one kind does
/// not hide another. The default is ten lines a second.
pub(crate) struct Event {
    per_second: u64,
    total: AtomicU64,
    second: AtomicU64,
    count: AtomicU64,
}

impl Event {
    pub(crate) fn new(per_second: u64) -> Self {
        Self { per_second, total: AtomicU64::default(), second: AtomicU64::default(), count: AtomicU64::default() }
    }

    /// Counts events that are logged each time, or not at all.
    pub(crate) fn add(&self, count: u64) {
        self.total.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts an event. Returns `Some` if it should be logged, with the number of events that were
    /// not logged since the last one.
    pub(crate) fn count(&self, now: u64) -> Option<u64> {
        self.add(1);
        let (second, last) = (now / 1_000, self.second.load(Ordering::Relaxed));
        // `now` is when the request began, and the request may have waited for its store since. An
        // earlier second therefore does not count as a new one, unless the difference is so large
        // that the clock was set back.
        let is_another = second > last || last - second > LONGEST_WAIT;
        if is_another && self.second.compare_exchange(last, second, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let before = self.count.swap(1, Ordering::Relaxed);
            return Some(before.saturating_sub(self.per_second));
        }
        (self.count.fetch_add(1, Ordering::Relaxed) < self.per_second).then_some(0)
    }

    fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new(10)
    }
}

/// All kinds of events.
#[derive(Default)]
pub(crate) struct Events {
    pub(crate) begun: Event,
    pub(crate) logins: Event,
    pub(crate) rotations: Event,
    pub(crate) logouts: Event,
    pub(crate) revoked: Event,
    pub(crate) conflict: Event,
    pub(crate) forged: Event,
    pub(crate) unknown: Event,
    pub(crate) cross_site: Event,
    pub(crate) trouble: Event,
    pub(crate) other_user: Event,
}

impl Events {
    pub(crate) fn new() -> Self {
        // All failures of a store look alike, and each failed request is logged separately.
        Self { trouble: Event::new(1), ..Self::default() }
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            begun: self.begun.total(),
            logins: self.logins.total(),
            rotations: self.rotations.total(),
            logouts: self.logouts.total(),
            revoked: self.revoked.total(),
            conflicts: self.conflict.total(),
            forged: self.forged.total(),
            unknown: self.unknown.total(),
            cross_site: self.cross_site.total(),
            store_errors: self.trouble.total(),
        }
    }
}

/// Prints an error and its sources on one line, the outermost first. It leaves out a source whose
/// text is already there: many errors, such as those of sqlx, repeat their source.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.0.to_string();
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !line.contains(&text) {
                line.extend([": ", &text]);
            }
            next = cause.source();
        }
        f.write_str(&line)
    }
}

/// Counters of the events in the sessions of one [`Manager`](crate::Manager) since it was built.
///
/// They only rise. Export them to your metrics system.
///
/// # Examples
///
/// ```
/// use velox_session::Manager;
///
/// /// Formats the counters for Prometheus.
/// fn export(manager: &Manager) -> String {
///     let counters = manager.counters();
///     format!("session_logins_total {}\nsession_store_errors_total {}\n", counters.logins, counters.store_errors)
/// }
/// # let _ = export;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Sessions that began: for visitors without a session, or after a logout in the same request.
    pub begun: u64,
    /// Logins, including those that began a session.
    pub logins: u64,
    /// New ids for existing sessions, other than by a login.
    pub rotations: u64,
    /// Sessions that their own request ended.
    pub logouts: u64,
    /// Sessions that another request ended: all others of a user, those above the limit, or one by
    /// its handle.
    pub revoked: u64,
    /// Saves that were repeated because another request had changed the session.
    pub conflicts: u64,
    /// Session cookies with a wrong signature.
    pub forged: u64,
    /// Session cookies with a valid signature whose session is over.
    pub unknown: u64,
    /// Requests from other sites that were refused.
    pub cross_site: u64,
    /// Store calls that failed.
    pub store_errors: u64,
}

/// The longest time that a request is expected to wait, in seconds.
const LONGEST_WAIT: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_the_error_repeats_is_printed_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("the user cannot be loaded")]
        struct Loading(#[source] Database);
        #[derive(Debug, thiserror::Error)]
        #[error("error returned from database: {0}")]
        struct Database(#[source] std::num::ParseIntError);
        let source = "x".parse::<u32>().expect_err("it is not a number");
        let text = Chain(&Loading(Database(source))).to_string();
        assert_eq!(text, "the user cannot be loaded: error returned from database: invalid digit found in string");
    }

    #[test]
    fn a_flood_is_logged_ten_times_a_second_and_counted() {
        let events = Events::new();
        assert_eq!((0..100).filter(|_| events.forged.count(5_000).is_some()).count(), 10);
        assert_eq!(events.forged.count(6_000), Some(90));
        assert_eq!(events.forged.count(6_001), Some(0));
        assert_eq!(events.counters(), Counters { forged: 102, ..Counters::default() });
    }

    #[test]
    fn a_flood_during_slow_store_calls_is_logged_ten_times_a_second_too() {
        // Each request passes the time when it began, so requests that waited mix with those
        // that did not.
        let events = Events::new();
        assert_eq!((0..100).filter(|n| events.unknown.count(6_000 - n % 2).is_some()).count(), 10);
        assert_eq!(events.unknown.count(7_000), Some(90));
    }

    #[test]
    fn a_failing_store_is_logged_once_a_second_and_counted() {
        let events = Events::new();
        assert_eq!((0..100).filter(|_| events.trouble.count(5_000).is_some()).count(), 1);
        assert_eq!(events.trouble.count(6_000), Some(99));
        assert_eq!(events.counters(), Counters { store_errors: 101, ..Counters::default() });
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_suppress_events() {
        let events = Events::new();
        assert_eq!(events.forged.count(3_600_000), Some(0));
        assert_eq!(events.forged.count(0), Some(0));
        assert_eq!((0..100).filter(|_| events.forged.count(1_000).is_some()).count(), 10);
    }
}
