//! A store in the memory of this process: bounded, without a thread of its own.
//!
//! Records are spread over shards ([`shard`]), each behind a lock that is never held across an await. Each is made of parts that know
//! nothing of locks: slots in chunks ([`slab`]), tables that find them ([`index`]), a timing wheel ([`wheel`]), lists of the
//! slots of each user ([`owners`]).
//!
//! What has expired leaves a few records at a time, done by whoever calls for something else: each call does a bit in the shard of its
//! key, and once in a while a bit in another one, which may have no calls of its own.

mod index;
mod names;
mod owners;
mod shard;
mod slab;
mod wheel;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Condition, Destroyed, Expected, Found, Owner, Renewal, SessionStore, StoreError, Stored};
use crate::clock::{Clock, SystemClock, milliseconds};
use crate::key::StoreKey;
use crate::record::Record;
use shard::Shard;

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
    shards: Arc<[Place]>,
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
                let all = shard.len();
                shard.expire(now, all);
                shard.len() as usize
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
        self.shards().for_each(|mut shard| shard.clear());
    }

    fn shards(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.shards.iter().map(lock)
    }

    /// Does something with the shard of a key, after a bit of what is due.
    fn with<T>(&self, key: &StoreKey, act: impl FnOnce(&mut Shard, u64) -> T) -> T {
        let (now, home) = (self.clock.now(), key.spread());
        let mut shard = lock(&self.shards[home % self.shards.len()]);
        shard.expire(now, EXPIRED_PER_CALL);
        let answer = act(&mut shard, now);
        let calls = shard.count_call();
        drop(shard);
        if calls.is_multiple_of(CALLS_PER_VISIT) {
            self.visit(home + calls / CALLS_PER_VISIT, now);
        }
        answer
    }

    /// Does a bit of what is due in a shard, unless somebody is there who does it.
    fn visit(&self, place: usize, now: u64) {
        let mut shard = match self.shards[place % self.shards.len()].0.try_lock() {
            Ok(shard) => shard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        shard.expire(now, EXPIRED_PER_VISIT);
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
        Ok(self.with(key, |shard, now| shard.get(key, now)))
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        Ok(self.with(key, |shard, now| {
            let record = record.with_expiry(now.saturating_add(milliseconds(ttl)));
            shard.set(key, record, expected, now)
        }))
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        Ok(self.with(key, |shard, now| shard.destroy(key, condition, now)))
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        Ok(self.with(key, |shard, now| shard.touch(key, ttl, now)))
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        Ok(self.with(key, |shard, now| shard.load(key, renewal, now)))
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        let (now, mut found) = (self.clock.now(), Vec::new());
        self.shards().for_each(|shard| shard.sessions_of(owner, now, &mut found));
        Ok(found)
    }
}

/// A shard, in lines of the processor's cache that it shares with no other: what one thread writes there, another one's reads of other
/// shards do not wait for.
#[repr(align(128))]
struct Place(Mutex<Shard>);

fn shards(capacity: usize) -> Arc<[Place]> {
    let count = if capacity < 1_024 { 1 } else { 16 };
    (0..count).map(|_| Place(Mutex::new(Shard::new(capacity / count)))).collect()
}

fn lock(Place(shard): &Place) -> MutexGuard<'_, Shard> {
    // Nothing in here panics half-way through a change.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

const DEFAULT_CAPACITY: usize = 100_000;
/// A write adds one record at most, so that more leave than come.
const EXPIRED_PER_CALL: u32 = 8;
const CALLS_PER_VISIT: usize = 8;
const EXPIRED_PER_VISIT: u32 = 16;

#[cfg(test)]
mod tests;
