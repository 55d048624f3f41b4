//! A store in the memory of this process: bounded, without a thread of its own.
//!
//! Records are spread over shards, each a table and a queue behind a lock that is never held across an await. The queue
//! knows when a record is *at the earliest* due; a touch moves only the record's own expiry, and the queue catches
//! up when the record comes to its front. So a touch costs no queue work, and a record that has expired leaves
//! within a few writes to its shard.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Condition, Destroyed, Expected, SessionStore, StoreError, Stored};
use crate::clock::{Clock, SystemClock, milliseconds};
use crate::key::StoreKey;
use crate::record::Record;

/// A store in the memory of this process. Sessions end with it. Clones share the records.
///
/// It holds at most its capacity, 100,000 records unless set. When it is full, a new session takes the place of the
/// one that is next to expire, among the few that are next in line: as a rule the one longest unused.
///
/// # Examples
///
/// ```
/// use velox_session::MemoryStore;
///
/// let store = MemoryStore::new().with_capacity(1_000);
/// assert_eq!(store.len(), 0);
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shards: Arc<[Mutex<Shard>]>,
    clock: Arc<dyn Clock>,
}

impl MemoryStore {
    /// An empty store of the default capacity.
    #[must_use]
    pub fn new() -> Self {
        Self { shards: shards(DEFAULT_CAPACITY), clock: Arc::new(SystemClock) }
    }

    /// An empty store that holds at most so many records, and at least one. From 1,024 on the capacity is divided among
    /// sixteen shards, and a shard that is full makes room for itself.
    #[must_use]
    pub fn with_capacity(self, capacity: usize) -> Self {
        Self { shards: shards(capacity.max(1)), ..self }
    }

    /// The store with another clock, for tests. Give the same one to the builder.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// How many live records there are. Goes through all expired ones, to remove them.
    #[must_use]
    pub fn len(&self) -> usize {
        let now = self.clock.now();
        self.shards()
            .map(|mut shard| {
                shard.expire(now, usize::MAX);
                shard.table.len()
            })
            .sum()
    }

    /// Whether there is no live record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends every session.
    pub fn clear(&self) {
        for mut shard in self.shards() {
            shard.table = HashMap::new();
            shard.queue = BinaryHeap::new();
        }
    }

    fn shards(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.shards.iter().map(lock)
    }

    fn shard(&self, key: &StoreKey) -> MutexGuard<'_, Shard> {
        lock(&self.shards[key.spread() % self.shards.len()])
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").field("shards", &self.shards.len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        let now = self.clock.now();
        let shard = self.shard(key);
        Ok(shard.table.get(key).filter(|record| record.expires_at() > now).cloned())
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        let now = self.clock.now();
        let record = record.with_expiry(now.saturating_add(milliseconds(ttl)));
        Ok(self.shard(key).set(key, record, expected, now))
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        let now = self.clock.now();
        let mut shard = self.shard(key);
        let present = shard.table.get(key).filter(|record| record.expires_at() > now).map(Record::version);
        if let (Condition::Version(version), Some(present)) = (condition, present)
            && version != present
        {
            return Ok(Destroyed::Conflict);
        }
        shard.table.remove(key);
        shard.tidy();
        Ok(if present.is_some() { Destroyed::Yes } else { Destroyed::Absent })
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut shard = self.shard(key);
        let live = |record: &&mut Record| record.expires_at() > now;
        let Some(record) = shard.table.get_mut(key).filter(live) else {
            return Ok(false);
        };
        let expires_at = now.saturating_add(milliseconds(ttl));
        let sooner = expires_at < record.expires_at();
        record.set_expiry(expires_at);
        if sooner {
            // The queue may be early, never late.
            shard.queue.push(Reverse(Due { at: expires_at, key: key.clone() }));
            shard.tidy();
        }
        Ok(true)
    }
}

struct Shard {
    table: HashMap<StoreKey, Record>,
    /// For every record an entry that is due when the record expires, or before; and entries of records long gone.
    queue: BinaryHeap<Reverse<Due>>,
    capacity: usize,
}

impl Shard {
    fn set(&mut self, key: &StoreKey, record: Record, expected: Expected, now: u64) -> Stored {
        self.expire(now, EXPIRED_PER_WRITE);
        let present = self.table.get(key).filter(|record| record.expires_at() > now).map(Record::version);
        let as_expected = match expected {
            Expected::Absent => present.is_none(),
            Expected::Version(version) => present == Some(version),
        };
        if !as_expected {
            return Stored::Conflict;
        }
        let at = record.expires_at();
        let queued = self.table.get(key).is_some_and(|old| old.expires_at() <= at);
        if !self.table.contains_key(key) && self.table.len() >= self.capacity {
            self.evict();
        }
        self.table.insert(key.clone(), record);
        if !queued {
            self.queue.push(Reverse(Due { at, key: key.clone() }));
            self.tidy();
        }
        Stored::Yes
    }

    /// Removes records that have expired, looking at no more than `limit` entries of the queue.
    fn expire(&mut self, now: u64, limit: usize) {
        for _ in 0..limit {
            if self.queue.peek().is_none_or(|Reverse(due)| due.at > now) {
                return;
            }
            if let Some(key) = self.pop_due() {
                let expired = self.table.get(&key).is_some_and(|record| record.expires_at() <= now);
                if expired {
                    self.table.remove(&key);
                }
            }
        }
    }

    /// Makes room for one record.
    fn evict(&mut self) {
        // An entry that was early goes back with its right time, so the next look finds the one that is next to expire.
        for _ in 0..EXAMINED_PER_EVICTION {
            if let Some(key) = self.pop_due() {
                self.table.remove(&key);
                return;
            }
        }
        // All of them were early or gone. The front is the soonest of those examined, or was not touched since.
        while self.table.len() >= self.capacity {
            let Some(Reverse(due)) = self.queue.pop() else { return };
            self.table.remove(&due.key);
        }
    }

    /// Takes the front entry of the queue: its key if the record does expire then; otherwise the entry is put right.
    fn pop_due(&mut self) -> Option<StoreKey> {
        let Reverse(due) = self.queue.pop()?;
        let expires_at = self.table.get(&due.key)?.expires_at();
        if expires_at > due.at {
            self.queue.push(Reverse(Due { at: expires_at, ..due }));
            return None;
        }
        Some(due.key)
    }

    /// Drops entries of records that are gone, once they outnumber those that are not.
    fn tidy(&mut self) {
        if self.queue.len() > 2 * self.table.len() + SLACK {
            let due = |(key, record): (&StoreKey, &Record)| Reverse(Due { at: record.expires_at(), key: key.clone() });
            self.queue = self.table.iter().map(due).collect();
            self.table.shrink_to(2 * self.table.len());
        }
    }
}

/// When a record expires, at the earliest. The soonest comes first.
struct Due {
    at: u64,
    key: StoreKey,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

fn shards(capacity: usize) -> Arc<[Mutex<Shard>]> {
    let count = if capacity < 1_024 { 1 } else { 16 };
    let shard = || Shard { table: HashMap::new(), queue: BinaryHeap::new(), capacity: capacity / count };
    (0..count).map(|_| Mutex::new(shard())).collect()
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // Nothing in here panics half-way through a change.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

const DEFAULT_CAPACITY: usize = 100_000;
/// A write adds one entry to the queue at most, so that two taken for each keep it from growing.
const EXPIRED_PER_WRITE: usize = 4;
const EXAMINED_PER_EVICTION: usize = 32;
const SLACK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::store::conformance::{self, key, record};

    const SECOND: Duration = Duration::from_secs(1);

    fn store() -> (MemoryStore, ManualClock) {
        let clock = ManualClock::at(1_000_000);
        (MemoryStore::new().with_clock(clock.clone()), clock)
    }

    async fn insert(store: &MemoryStore, ttl: Duration) -> StoreKey {
        let key = key("session");
        let stored = store.set(&key, record("a", 1, 0), Expected::Absent, ttl).await.expect("memory answers");
        assert_eq!(stored, Stored::Yes);
        key
    }

    async fn has(store: &MemoryStore, key: &StoreKey) -> bool {
        store.get(key).await.expect("memory answers").is_some()
    }

    #[tokio::test]
    async fn it_is_a_store() {
        let (store, clock) = store();
        conformance::check(store.clone(), clock.clone()).await;
        conformance::check(store.with_capacity(4), clock).await;
    }

    #[tokio::test]
    async fn a_read_shares_the_record() {
        let (store, _) = store();
        let key = insert(&store, SECOND).await;
        let (one, other) =
            (store.get(&key).await.expect("memory answers"), store.get(&key).await.expect("memory answers"));
        assert!(Arc::ptr_eq(one.expect("set").content(), other.expect("set").content()));
    }

    #[tokio::test]
    async fn it_never_holds_more_than_its_capacity() {
        for capacity in [1, 2, 7, 1_024, 1_500] {
            let store = store().0.with_capacity(capacity);
            for _ in 0..3 * capacity {
                insert(&store, SECOND).await;
                assert!(store.len() <= capacity);
            }
        }
    }

    #[tokio::test]
    async fn a_new_session_takes_the_place_of_the_one_next_to_expire() {
        let store = store().0.with_capacity(3);
        let (long, short, middle) =
            (insert(&store, 30 * SECOND).await, insert(&store, 10 * SECOND).await, insert(&store, 20 * SECOND).await);
        // Used again, the short one is the last in line.
        assert!(store.touch(&short, 40 * SECOND).await.expect("memory answers"));
        let new = insert(&store, 50 * SECOND).await;
        assert!(!has(&store, &middle).await);
        assert!(has(&store, &long).await && has(&store, &short).await && has(&store, &new).await);
    }

    #[tokio::test]
    async fn a_save_evicts_nobody() {
        let store = store().0.with_capacity(2);
        let (one, other) = (insert(&store, SECOND).await, insert(&store, SECOND).await);
        let stored = store.set(&one, record("b", 2, 0), Expected::Version(1), SECOND).await.expect("memory answers");
        assert_eq!(stored, Stored::Yes);
        assert!(has(&store, &one).await && has(&store, &other).await);
    }

    #[tokio::test]
    async fn expired_records_leave_as_others_come() {
        let (store, clock) = store();
        let store = store.with_capacity(1_000);
        for _ in 0..400 {
            insert(&store, SECOND).await;
        }
        clock.advance(SECOND);
        for _ in 0..100 {
            insert(&store, SECOND).await;
        }
        let held: usize = store.shards().map(|shard| shard.table.len()).sum();
        assert_eq!(held, 100);
    }

    #[tokio::test]
    async fn a_login_after_the_other_leaves_nothing_behind() {
        let (store, _) = store();
        for _ in 0..10_000 {
            let key = insert(&store, 86_400 * SECOND).await;
            store.touch(&key, SECOND).await.expect("memory answers");
            let _ = store.destroy(&key, Condition::Always).await.expect("memory answers");
        }
        assert!(store.is_empty());
        assert!(store.shards().map(|shard| shard.queue.len()).sum::<usize>() <= 16 * (SLACK + 1));
    }

    #[tokio::test]
    async fn a_life_that_was_shortened_ends_on_time() {
        let (store, clock) = store();
        let (touched, saved) = (insert(&store, 100 * SECOND).await, insert(&store, 100 * SECOND).await);
        assert!(store.touch(&touched, SECOND).await.expect("memory answers"));
        let stored = store.set(&saved, record("b", 2, 0), Expected::Version(1), SECOND).await.expect("memory answers");
        assert_eq!((stored, store.len()), (Stored::Yes, 2));
        clock.advance(SECOND);
        assert_eq!(store.len(), 0);
    }

    #[tokio::test]
    async fn clear_ends_all() {
        let (store, _) = store();
        let key = insert(&store, SECOND).await;
        store.clear();
        assert!(store.is_empty() && !has(&store, &key).await);
    }
}
