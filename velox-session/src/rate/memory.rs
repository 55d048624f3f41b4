//! Keeps counts in memory, for a limited number of callers.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Hit, RateKey, RateStore};
use crate::clock::{Clock, SystemClock, milliseconds};
use crate::store::StoreError;

/// Keeps the counts in the memory of this process. Clones share the counts.
///
/// It has room for 100,000 windows by default, which take about 10 MB. Closed windows are removed
/// automatically. If all windows are still open, a new one replaces the window that would close
/// first. An attacker who calls as that many callers can make the server forget counts, but cannot
/// make it run out of memory.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::rate::{MemoryRates, rate_limit};
///
/// let login = rate_limit("login", 5, Duration::from_secs(60)).store(MemoryRates::new().with_capacity(10_000));
/// # let _ = login;
/// ```
#[derive(Clone)]
pub struct MemoryRates {
    windows: Arc<Mutex<Windows>>,
    capacity: usize,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Windows {
    /// The count and the end of each window.
    open: HashMap<RateKey, (u64, u64)>,
    /// The windows sorted by their end.
    ends: BTreeSet<(u64, RateKey)>,
}

impl MemoryRates {
    /// Creates an empty store with room for 100,000 windows.
    #[must_use]
    pub fn new() -> Self {
        Self { windows: Arc::default(), capacity: 100_000, clock: Arc::new(SystemClock) }
    }

    /// Sets how many windows the store has room for, at least one. The default is 100,000.
    #[must_use]
    pub fn with_capacity(self, windows: usize) -> Self {
        Self { capacity: windows.max(1), ..self }
    }

    /// Sets the clock. Use it in tests, and give the same clock to the limit.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Returns the number of windows. Some of them may be closed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).open.len()
    }

    /// Returns whether the store has no window.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all counts.
    pub fn clear(&self) {
        *self.windows.lock().unwrap_or_else(PoisonError::into_inner) = Windows::default();
    }
}

impl Default for MemoryRates {
    fn default() -> Self {
        Self::new()
    }
}

impl Windows {
    /// Counts a call, and returns the count and the end of its window.
    fn hit(&mut self, key: RateKey, window: u64, now: u64, capacity: usize) -> (u64, u64) {
        // Each hit removes more closed windows than it adds, so all of them are removed eventually.
        for _ in 0..SWEPT {
            if self.ends.first().is_some_and(|(end, _)| *end <= now) {
                self.remove_first();
            }
        }
        let latest = now.saturating_add(window);
        let (count, end) = match self.open.get(&key).copied() {
            Some((count, end)) => {
                self.ends.remove(&(end, key));
                // A clock that was set back must not make a window longer.
                if end > now { (count.saturating_add(1), end.min(latest)) } else { (1, latest) }
            }
            None => {
                if self.open.len() >= capacity {
                    self.remove_first();
                }
                (1, latest)
            }
        };
        self.open.insert(key, (count, end));
        self.ends.insert((end, key));
        (count, end)
    }

    /// Removes the window that closes first.
    fn remove_first(&mut self) {
        if let Some((_, key)) = self.ends.pop_first() {
            self.open.remove(&key);
        }
    }
}

#[async_trait]
impl RateStore for MemoryRates {
    async fn hit(&self, key: &RateKey, window: Duration) -> Result<Hit, StoreError> {
        let now = self.clock.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, end) = windows.hit(*key, milliseconds(window), now, self.capacity);
        Ok(Hit { count, left: Duration::from_millis(end.saturating_sub(now)) })
    }
}

impl fmt::Debug for MemoryRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRates")
            .field("len", &self.len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

const SWEPT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const WINDOW: Duration = Duration::from_secs(60);

    fn rates(capacity: usize) -> (MemoryRates, ManualClock) {
        let clock = ManualClock::at(1_700_000_000_000);
        (MemoryRates::new().with_capacity(capacity).with_clock(clock.clone()), clock)
    }

    async fn hit(rates: &MemoryRates, caller: &str) -> (u64, u64) {
        let hit = rates.hit(&RateKey::new("test", caller), WINDOW).await.expect("memory answers");
        (hit.count, hit.left.as_secs())
    }

    #[tokio::test]
    async fn a_window_opens_with_the_first_hit_and_ends() {
        let (rates, clock) = rates(10);
        assert_eq!(hit(&rates, "a").await, (1, 60));
        clock.advance(Duration::from_secs(59));
        assert_eq!((hit(&rates, "a").await, hit(&rates, "b").await), ((2, 1), (1, 60)));
        clock.advance(Duration::from_secs(1));
        assert_eq!((hit(&rates, "a").await, hit(&rates, "b").await), ((1, 60), (2, 59)));
    }

    #[tokio::test]
    async fn counts_are_forgotten_when_it_is_cleared() {
        let (rates, _) = rates(10);
        assert_eq!((hit(&rates, "a").await, hit(&rates, "a").await), ((1, 60), (2, 60)));
        rates.clear();
        assert!(rates.is_empty());
        assert_eq!(hit(&rates, "a").await, (1, 60));
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_does_not_prolong_a_window() {
        let (rates, clock) = rates(10);
        hit(&rates, "a").await;
        clock.set(1_000);
        assert_eq!(hit(&rates, "a").await, (2, 60));
        clock.advance(WINDOW);
        assert_eq!(hit(&rates, "a").await, (1, 60));
        assert_eq!(rates.len(), 1);
    }

    #[tokio::test]
    async fn the_number_of_windows_is_limited_and_the_first_to_end_is_dropped() {
        let (rates, clock) = rates(3);
        for caller in ["a", "b", "c"] {
            hit(&rates, caller).await;
            clock.advance(Duration::from_secs(1));
        }
        hit(&rates, "d").await;
        assert_eq!(rates.len(), 3);
        assert_eq!((hit(&rates, "b").await.0, hit(&rates, "c").await.0, hit(&rates, "d").await.0), (2, 2, 2));
        assert_eq!(hit(&rates, "a").await.0, 1, "it was the first to end");
        let crowd = (0..1_000).map(|number| number.to_string());
        for caller in crowd {
            hit(&rates, &caller).await;
            assert_eq!(rates.len(), 3);
        }
    }

    #[tokio::test]
    async fn ended_windows_are_removed() {
        let (rates, clock) = rates(1_000);
        for caller in 0..400 {
            hit(&rates, &caller.to_string()).await;
        }
        clock.advance(WINDOW);
        for _ in 0..100 {
            hit(&rates, "one").await;
        }
        assert_eq!(rates.len(), 1);
        let windows = rates.windows.lock().expect("no test panics here");
        assert_eq!(windows.ends.len(), windows.open.len());
    }

    #[tokio::test]
    async fn extreme_windows_do_not_overflow() {
        let (rates, _) = rates(10);
        for window in [Duration::ZERO, Duration::MAX] {
            let hit = rates.hit(&RateKey::new("test", "a"), window).await.expect("memory answers");
            assert_eq!(hit.count, 1);
        }
    }
}
