//! The time: the system clock, or a clock that a test sets by hand.
//!
//! Times are Unix milliseconds. Everything that expires uses a [`Clock`], so no test has to sleep.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// A source of the present time.
///
/// # Examples
///
/// ```
/// use velox_session::clock::{Clock, SystemClock};
///
/// assert!(SystemClock.now() > 1_700_000_000_000);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// Returns the present time in Unix milliseconds.
    fn now(&self) -> u64;
}

/// The system clock.
///
/// # Examples
///
/// ```
/// use velox_session::MemoryStore;
/// use velox_session::clock::SystemClock;
///
/// let store = MemoryStore::new().with_clock(SystemClock);
/// # let _ = store;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        // A clock before 1970 reads as 1970. Sessions then look young, but the expiry of the store
        // still ends them.
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, milliseconds)
    }
}

/// A clock that stands still until you move it. Clones show the same time.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::clock::{Clock, ManualClock};
///
/// let clock = ManualClock::at(1_000);
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(clock.now(), 3_000);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Returns a clock that shows `now`, in Unix milliseconds.
    #[must_use]
    pub fn at(now: u64) -> Self {
        Self(Arc::new(AtomicU64::new(now)))
    }

    /// Sets the clock to `now`, in Unix milliseconds. It may go forward or back.
    pub fn set(&self, now: u64) {
        self.0.store(now, Ordering::SeqCst);
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().saturating_add(milliseconds(by)));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> u64 {
        (**self).now()
    }
}

/// Returns a duration in whole milliseconds, or `u64::MAX` if it is longer.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
