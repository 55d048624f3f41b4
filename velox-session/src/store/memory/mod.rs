//! A store in the memory of this process, bounded.
//!
//! Records are spread over shards ([`shard`]), each behind a lock that is never held across an await. Each is made of parts that know
//! nothing of locks: the records ([`slots`], [`blobs`]), a table that finds them ([`index`]), a timing wheel ([`wheel`]), lists of the
//! slots of each user ([`owners`]). All of them lie in memory that goes back to the system when it is left ([`region`], [`slab`]).
//!
//! What has expired is taken out by a thread ([`cleaner`]), and a bit of it by each write, so that more leaves than comes.

mod blobs;
mod cleaner;
mod index;
mod links;
mod names;
mod owners;
mod region;
mod shard;
mod slab;
mod slot;
mod slots;
mod wheel;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Condition, Destroyed, Expected, Found, Owner, Renewal, Rotated, SessionStore, StoreError, Stored};
use crate::clock::{Clock, SystemClock, milliseconds};
use crate::key::StoreKey;
use crate::record::Record;
use cleaner::Cleaner;
use shard::Shard;

/// A store in the memory of this process. Sessions end with it. Clones share the records.
///
/// It holds at most its capacity, 100,000 records unless set. When it is full, a new session takes the place of the
/// one that is next to expire, among the few that are next in line: as a rule the one longest unused.
///
/// Sessions that have expired leave by themselves, and the memory that they took goes back to the system. A thread of the store's own
/// sees to it, which is there while the store holds sessions, and ends with it.
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
    shards: Arc<Shards>,
    clock: Arc<dyn Clock>,
}

/// The shards, and the thread that takes out of them what has expired.
struct Shards {
    places: Box<[Place]>,
    cleaner: Cleaner,
}

impl MemoryStore {
    /// An empty store of the default capacity.
    #[must_use]
    pub fn new() -> Self {
        Self { shards: Shards::new(DEFAULT_CAPACITY), clock: Arc::new(SystemClock) }
    }

    /// An empty store that holds at most so many records, and at least one. From 1,024 on the capacity is divided among
    /// sixteen shards, and a shard that is full makes room for itself.
    #[must_use]
    pub fn with_capacity(self, capacity: usize) -> Self {
        Self { shards: Shards::new(capacity.max(1)), ..self }
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
        self.shards
            .all()
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
        // All at once: a session may get a new id meanwhile, from a shard that has yet to be cleared to one that has been.
        let mut shards: Vec<_> = self.shards.all().collect();
        shards.iter_mut().for_each(|shard| shard.clear());
    }

    fn shard(&self, key: &StoreKey) -> MutexGuard<'_, Shard> {
        lock(&self.shards.places[self.place(key)])
    }

    /// The shard of one key, and that of the other if it is another one. Locked in their order, as wherever more than one is.
    fn both(&self, one: &StoreKey, other: &StoreKey) -> (MutexGuard<'_, Shard>, Option<MutexGuard<'_, Shard>>) {
        let (one, other) = (self.place(one), self.place(other));
        let first = lock(&self.shards.places[one.min(other)]);
        if one == other {
            return (first, None);
        }
        let second = lock(&self.shards.places[one.max(other)]);
        if one < other { (first, Some(second)) } else { (second, Some(first)) }
    }

    fn place(&self, key: &StoreKey) -> usize {
        key.spread() % self.shards.places.len()
    }
}

impl Shards {
    fn new(capacity: usize) -> Arc<Self> {
        let count = if capacity < 1_024 { 1 } else { 16 };
        let places = (0..count).map(|_| Place(Mutex::new(Shard::new(capacity / count)))).collect();
        Arc::new(Self { places, cleaner: Cleaner::default() })
    }

    fn all(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.places.iter().map(lock)
    }

    fn is_empty(&self) -> bool {
        self.all().all(|shard| shard.len() == 0)
    }

    /// Takes a few of those that have expired out of each shard. Answers whether there may be more.
    fn clean(&self, now: u64) -> bool {
        let mut more = false;
        for mut shard in self.all() {
            more |= shard.expire(now, EXPIRED_PER_STEP);
        }
        more
    }
}

impl Drop for Shards {
    fn drop(&mut self) {
        self.cleaner.wake();
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").field("shards", &self.shards.places.len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        Ok(self.shard(key).get(key, self.clock.now()))
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        let mut shard = self.shard(key);
        // Not before the lock: while a call waits there, others see sessions expire, which it must not save.
        let now = self.clock.now();
        let stored = write(&mut shard, (key, record, ttl), expected, now);
        drop(shard);
        Cleaner::start(&self.shards, &self.clock);
        Ok(stored)
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        Ok(self.shard(key).destroy(key, condition, self.clock.now()))
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        Ok(self.shard(key).touch(key, ttl, self.clock.now()))
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        Ok(self.shard(key).load(key, renewal, &*self.clock))
    }

    async fn rotate(
        &self,
        old: &StoreKey,
        condition: Condition,
        new: &StoreKey,
        record: Record,
        ttl: Duration,
    ) -> Result<Rotated, StoreError> {
        let (mut from, mut to) = self.both(old, new);
        let now = self.clock.now();
        if to.as_mut().unwrap_or(&mut from).has(new, now) {
            return Ok(Rotated::Taken);
        }
        // The old one first: where the store is full, the new one takes its place.
        if !condition.is_met(from.destroy(old, condition, now)) {
            return Ok(Rotated::Conflict);
        }
        // Nothing is under the new key, as was seen above.
        let _ = write(to.as_mut().unwrap_or(&mut from), (new, record, ttl), Expected::Absent, now);
        drop((from, to));
        Cleaner::start(&self.shards, &self.clock);
        Ok(Rotated::Yes)
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        let (now, mut found) = (self.clock.now(), Vec::new());
        // All at once: a session may get a new id meanwhile, from a shard that has yet to be looked at to one that has been.
        let shards: Vec<_> = self.shards.all().collect();
        shards.iter().for_each(|shard| shard.sessions_of(owner, now, &mut found));
        Ok(found)
    }
}

/// A shard, in lines of the processor's cache that it shares with no other: what one thread writes there, another one's reads of other
/// shards do not wait for.
#[repr(align(128))]
struct Place(Mutex<Shard>);

fn lock(Place(shard): &Place) -> MutexGuard<'_, Shard> {
    // Nothing in here panics half-way through a change.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a record that lives for `ttl` from now on, after a bit of what is due.
fn write(shard: &mut Shard, (key, record, ttl): (&StoreKey, Record, Duration), expected: Expected, now: u64) -> Stored {
    shard.expire(now, EXPIRED_PER_WRITE);
    shard.set(key, record.with_expiry(now.saturating_add(milliseconds(ttl))), expected, now)
}

const DEFAULT_CAPACITY: usize = 100_000;
/// A write adds one record at most, so that more leave than come.
const EXPIRED_PER_WRITE: u32 = 2;
/// Some ten microseconds, for which a call may have to wait.
const EXPIRED_PER_STEP: u32 = 16;

#[cfg(test)]
mod tests;
