//! A session store in the memory of this process, within a budget of bytes.
//!
//! [`table`] has the records, with one lock for each shard. [`ledger`] has everything else, behind
//! one lock: the order in which records expire, their users, their size in bytes, and the sessions
//! of each user ([`users`]).
//!
//! Locks are taken in this order: the ledger first, then one shard at a time. A read locks one
//! shard. A write locks the ledger from beginning to end, so that other writes and lists see it as
//! one step. A session that is getting a new id therefore stays on its user's list, and no login is
//! missed when all sessions of a user end. No lock is held across an await.

mod ledger;
mod table;
mod users;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{
    Condition, Created, Destroyed, Expected, Found, NewSession, Owner, Renewal, SessionStore, StoreError, Stored,
};
use crate::clock::{Clock, SystemClock, milliseconds};
use crate::key::StoreKey;
use crate::record::Record;
use ledger::Ledger;
use table::{Kept, Key, Table};

/// A session store in the memory of this process. Sessions end when the process ends.
///
/// Clones share the records.
///
/// # Budget
///
/// All records together take at most a budget of bytes. The default is 256 MiB, which is enough for
/// about 410,000 logins. Each record counts with the size of its text plus 636 bytes for indexes.
/// When the budget is reached, the store removes records in this order:
///
/// 1. expired records,
/// 2. records of visitors who are not logged in, starting with the next to expire.
///
/// If that is not enough, the store refuses new sessions, and saves that enlarge a session. Such a
/// request is answered with 503, and the store logs a warning. The store never removes the session
/// of a logged-in user to make room.
///
/// Expired records are removed by later calls. Later sessions reuse their memory, but the process
/// may not return it to the system.
///
/// # Examples
///
/// ```
/// use velox_session::MemoryStore;
///
/// let store = MemoryStore::new().with_budget(1 << 30);
/// assert_eq!(store.len(), 0);
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    table: Arc<Table>,
    ledger: Arc<Mutex<Ledger>>,
    clock: Arc<dyn Clock>,
}

impl MemoryStore {
    /// Creates an empty store with the default budget of 256 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::empty(DEFAULT_BUDGET, Arc::new(SystemClock))
    }

    /// Returns an empty store with this budget in bytes.
    #[must_use]
    pub fn with_budget(self, bytes: usize) -> Self {
        Self::empty(bytes, self.clock)
    }

    /// Returns the store with another clock. Use it in tests, and give the same clock to the
    /// builder.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Returns the number of live records. It looks at every record.
    #[must_use]
    pub fn len(&self) -> usize {
        let (ledger, now) = (self.ledger.lock().unwrap_or_else(PoisonError::into_inner), self.clock.now());
        let is_live = |key: Key| self.table.look(key, now, |_| ()).is_some();
        ledger.queues.iter().flatten().filter(|(_, key)| is_live(*key)).count()
    }

    /// Returns whether the store has no live record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all sessions.
    pub fn clear(&self) {
        let (mut ledger, _) = self.ledger();
        while let Some(key) = ledger.due(u64::MAX) {
            ledger.remove(key);
        }
    }

    fn empty(budget: usize, clock: Arc<dyn Clock>) -> Self {
        let table = Arc::<Table>::default();
        let ledger = Arc::new(Mutex::new(Ledger::new(Arc::clone(&table), budget as u64)));
        Self { table, ledger, clock }
    }

    /// Returns the live record under a key, and renews its lifetime if that is due.
    fn found(&self, key: &StoreKey, renewal: &Renewal) -> Option<Found> {
        let key = Key::of(key);
        let mut records = self.table.shard(key);
        let kept = records.get_mut(&key).filter(|kept| kept.is_live(renewal.now()))?;
        let record = kept.record.clone();
        let Some(ttl) = renewal.of(&record) else { return Some(Found { record, renewed: false }) };
        // The request read the clock earlier. A record that has expired since then must not be
        // renewed, because other calls may have seen it expire.
        if !kept.is_live(self.clock.now()) {
            return None;
        }
        let expires_at = renewal.now().saturating_add(milliseconds(ttl));
        kept.set_expiry(expires_at);
        if expires_at < kept.queued_at {
            drop(records);
            self.ledger().0.requeue(key);
        }
        Some(Found { record: record.with_expiry(expires_at), renewed: true })
    }

    /// Locks the ledger, removes a few expired records, and returns the present time.
    fn ledger(&self) -> (MutexGuard<'_, Ledger>, u64) {
        // No code panics half-way through a change.
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        // The clock is read under the lock. While a call waits for the lock, others see sessions
        // expire, and the call must not save those.
        let now = self.clock.now();
        ledger.tidy(now);
        (ledger, now)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        Ok(self.table.look(Key::of(key), self.clock.now(), |kept| kept.record.clone()))
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        let Expected::Version(expected) = expected else {
            return Ok(match self.create(NewSession::new(key, record, ttl)).await? {
                Created::Yes { .. } => Stored::Yes,
                _ => Stored::Conflict(self.get(key).await?),
            });
        };
        let (key, (mut ledger, now)) = (Key::of(key), self.ledger());
        let present = self.table.look(key, now, |kept| (kept.record.version(), kept.bytes, kept.owner));
        let Some((_, bytes, owner)) = present.filter(|(version, ..)| *version == expected) else {
            return Ok(Stored::Conflict(self.table.look(key, now, |kept| kept.record.clone())));
        };
        // The user of a record never changes.
        let kept = Kept::new(record.with_expiry(now.saturating_add(milliseconds(ttl))), owner);
        ledger.make_room(kept.bytes.saturating_sub(bytes), Some(key), now)?;
        ledger.put(key, kept);
        Ok(Stored::Yes)
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        let (key, (mut ledger, now)) = (Key::of(key), self.ledger());
        let destroyed = condition.destroys(self.table.look(key, now, |kept| kept.record.version()));
        // An expired record is removed as well, because it would still be live for a request that
        // began earlier.
        if destroyed != Destroyed::Conflict {
            ledger.remove(key);
        }
        Ok(destroyed)
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        let (key, (mut ledger, now)) = (Key::of(key), self.ledger());
        let expires_at = now.saturating_add(milliseconds(ttl));
        let renewed = self.table.look(key, now, |kept| kept.set_expiry(expires_at)).is_some();
        ledger.requeue(key);
        Ok(renewed)
    }

    fn load_now(&self, key: &StoreKey, renewal: &Renewal) -> Option<Result<Option<Found>, StoreError>> {
        Some(Ok(self.found(key, renewal)))
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        Ok(self.found(key, renewal))
    }

    async fn are_live(&self, keys: &[StoreKey]) -> Result<Vec<bool>, StoreError> {
        let now = self.clock.now();
        Ok(keys.iter().map(|key| self.table.look(Key::of(key), now, |_| ()).is_some()).collect())
    }

    async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
        let NewSession { key, record, ttl, replaces, login, ends_others } = new;
        let owner = key.owner(&record).as_ref().map(Key::of_owner);
        let (key, old, (mut ledger, now)) = (Key::of(key), replaces.map(|(old, _)| Key::of(old)), self.ledger());
        if self.table.look(key, now, |_| ()).is_some() {
            return Ok(Created::Taken);
        }
        if let Some((old, (_, condition))) = old.zip(replaces)
            && !condition.is_met(condition.destroys(self.table.look(old, now, |kept| kept.record.version())))
        {
            return Ok(Created::Conflict(self.table.look(old, now, |kept| kept.record.clone())));
        }
        if let Some((owner, login)) = owner.zip(login)
            && ledger.users.ended_after(owner, now.saturating_sub(milliseconds(login.since)))
        {
            return Ok(Created::Revoked);
        }
        let limit = if ends_others { Some(1) } else { login.and_then(|login| login.limit) };
        let ended = owner.zip(limit).map(|(owner, limit)| ledger.oldest_of(owner, old, limit.saturating_sub(1), now));
        let kept = Kept::new(record.with_expiry(now.saturating_add(milliseconds(ttl))), owner);
        // The new key may still have an expired record.
        let leaving = || [key].into_iter().chain(old).chain(ended.iter().flatten().copied());
        let freed = leaving().filter_map(|key| self.table.look(key, 0, |kept| kept.bytes)).sum();
        ledger.make_room(kept.bytes.saturating_sub(freed), old, now)?;
        leaving().for_each(|key| _ = ledger.remove(key));
        ledger.put(key, kept);
        if let Some(owner) = owner.filter(|_| ends_others) {
            ledger.users.mark(owner, now);
        }
        Ok(Created::Yes { ended: ended.map_or(0, |ended| ended.len() as u64) })
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        let (ledger, now) = self.ledger();
        let record =
            |key: Key| Some((key.store_key(owner.prefix()), self.table.look(key, now, |kept| kept.record.clone())?));
        Ok(ledger.users.sessions(Key::of_owner(owner)).iter().filter_map(|(_, key)| record(*key)).collect())
    }

    async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        let (owner, keep) = (Key::of_owner(owner), keep.map(Key::of));
        let (mut ledger, now) = self.ledger();
        if keep.is_some_and(|keep| self.table.look(keep, now, |_| ()).is_none()) {
            return Ok(None);
        }
        ledger.users.mark(owner, now);
        let others = ledger.oldest_of(owner, keep, 0, now);
        Ok(Some(others.into_iter().filter(|key| ledger.remove(*key)).count() as u64))
    }
}

const DEFAULT_BUDGET: usize = 256 << 20;

#[cfg(test)]
mod tests;
