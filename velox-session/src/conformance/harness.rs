//! The needs of the suite besides the store: the time, and a way to run several tasks concurrently.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::threads::{self, Task};
use crate::clock::{Clock, ManualClock};
use crate::store::SessionStore;

/// A store under test and its clock. Implement it for a store with its own clock, such as a
/// database. For a store that takes a [`Clock`], use [`ManualHarness`].
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use velox_session::clock::{Clock, ManualClock};
/// use velox_session::conformance::Harness;
/// use velox_session::store::async_trait;
/// use velox_session::{MemoryStore, SessionStore};
///
/// /// A database with its own clock.
/// struct Database {
///     store: MemoryStore,
///     clock: ManualClock,
/// }
///
/// #[async_trait]
/// impl Harness for Database {
///     fn store(&self) -> Arc<dyn SessionStore> {
///         Arc::new(self.store.clone())
///     }
///     fn now(&self) -> u64 {
///         self.clock.now()
///     }
///     async fn advance(&self, by: Duration) {
///         // Shorten the life of all records: UPDATE sessions SET expires_at = expires_at - by.
///         self.clock.advance(by);
///     }
///     fn slack(&self) -> Duration {
///         Duration::from_secs(60)
///     }
/// }
/// ```
#[async_trait]
pub trait Harness: Send + Sync {
    /// Returns a handle to the store. All handles show the same records. The suite uses several
    /// handles as several servers would. A new connection for each, or one to another node, makes
    /// the suite stricter.
    fn store(&self) -> Arc<dyn SessionStore>;

    /// Returns the present time in Unix milliseconds, as the store and the session middleware see
    /// it.
    fn now(&self) -> u64;

    /// Advances the time for the store and for [`now`](Self::now). No check waits in real time.
    async fn advance(&self, by: Duration);

    /// Returns how much earlier than requested a record may expire, because real time passes for
    /// the store as well. The default is zero. A store with its own clock may return up to one
    /// minute.
    fn slack(&self) -> Duration {
        Duration::ZERO
    }

    /// Starts a task, and returns a task that ends when the started one has ended.
    ///
    /// The default starts nothing: the tasks take turns on one thread whenever one waits. Override
    /// this to run them on several threads.
    fn spawn(&self, task: Task) -> Task {
        task
    }
}

/// A store whose clock the suite sets by hand.
///
/// # Examples
///
/// ```
/// use velox_session::MemoryStore;
/// use velox_session::clock::ManualClock;
/// use velox_session::conformance::{self, ManualHarness};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = ManualClock::at(1_700_000_000_000);
/// let store = MemoryStore::new().with_clock(clock.clone());
/// conformance::check(&ManualHarness::new(store, clock).in_threads()).await.assert();
/// # }
/// ```
pub struct ManualHarness {
    store: Arc<dyn SessionStore>,
    clock: ManualClock,
    spawn: fn(Task) -> Task,
}

impl ManualHarness {
    /// Creates a harness for a store and the clock that the store uses.
    #[must_use]
    pub fn new(store: impl SessionStore, clock: ManualClock) -> Self {
        Self { store: Arc::new(store), clock, spawn: |task| task }
    }

    /// Runs each task on its own thread. The store must not need a runtime.
    #[must_use]
    pub fn in_threads(self) -> Self {
        self.spawned_by(threads::spawn)
    }

    /// Starts each task with this function. [`Task`] shows one that uses tokio.
    #[must_use]
    pub fn spawned_by(self, spawn: fn(Task) -> Task) -> Self {
        Self { spawn, ..self }
    }
}

#[async_trait]
impl Harness for ManualHarness {
    fn store(&self) -> Arc<dyn SessionStore> {
        Arc::clone(&self.store)
    }

    fn now(&self) -> u64 {
        self.clock.now()
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn spawn(&self, task: Task) -> Task {
        (self.spawn)(task)
    }
}

impl fmt::Debug for ManualHarness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualHarness").field("clock", &self.clock).finish_non_exhaustive()
    }
}
