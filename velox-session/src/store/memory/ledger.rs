//! Keeps what the table does not: when each record expires, whose it is, and how many bytes all
//! records take. The store holds its lock during each write.
//!
//! A read that renews a record leaves the place of the record in the queue unchanged. When that
//! place is reached, the record gets a later one. So a place may be too early, but never too late.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::table::{Kept, Key, Table};
use super::users::Users;
use crate::event::Event;
use crate::store::StoreError;

/// Keeps the queues, the users and the budget of the records in the table.
#[derive(Default)]
pub(super) struct Ledger {
    table: Arc<Table>,
    pub(super) users: Users,
    /// The times at which to check whether a record has expired: first for visitors who are not
    /// logged in, then for users.
    pub(super) queues: [BTreeSet<(u64, Key)>; 2],
    /// The bytes that the records of visitors take, and those of users.
    pub(super) used: [u64; 2],
    budget: u64,
    refused: Event,
}

impl Ledger {
    pub(super) fn new(table: Arc<Table>, budget: u64) -> Self {
        Self { table, budget, refused: Event::new(1), ..Self::default() }
    }

    /// Inserts or replaces a record for which the budget has room. Readers see either the old or
    /// the new record.
    pub(super) fn put(&mut self, key: Key, kept: Kept) {
        let (kind, bytes, owner, queued_at, began) =
            (kept.kind(), kept.bytes, kept.owner, kept.queued_at, (kept.record.created_at(), key));
        let old = self.table.shard(key).insert(key, kept);
        old.into_iter().for_each(|old| self.forget(key, &old));
        self.used[kind] += bytes;
        self.queues[kind].insert((queued_at, key));
        owner.into_iter().for_each(|owner| self.users.insert(owner, began));
    }

    /// Removes a record. Returns whether it existed.
    pub(super) fn remove(&mut self, key: Key) -> bool {
        let old = self.table.shard(key).remove(&key);
        old.inspect(|old| self.forget(key, old)).is_some()
    }

    fn forget(&mut self, key: Key, old: &Kept) {
        self.used[old.kind()] -= old.bytes;
        self.queues[old.kind()].remove(&(old.queued_at, key));
        old.owner.into_iter().for_each(|owner| self.users.remove(owner, (old.record.created_at(), key)));
    }

    /// Removes up to two expired records and one old mark. A call adds at most one record and one
    /// mark, so neither piles up.
    pub(super) fn tidy(&mut self, now: u64) {
        for _ in 0..2 {
            if let Some(key) = self.due(now).filter(|key| !self.requeue(*key)) {
                self.remove(key);
            }
        }
        self.users.tidy(now);
    }

    /// Makes room for this many bytes. It removes expired records and then those of visitors, but
    /// not `spared`.
    pub(super) fn make_room(&mut self, bytes: u64, spared: Option<Key>, now: u64) -> Result<(), StoreError> {
        let mut looks = 0..MOST_LOOKS;
        while self.used[0] + self.used[1] + bytes > self.budget {
            let may_look = looks.next().is_some();
            // No visitor is removed if that would not be enough.
            let visitors = Some(&self.queues[0]).filter(|_| self.used[1] + bytes <= self.budget);
            let visitor = || visitors.into_iter().flatten().map(|(_, key)| *key).find(|key| Some(*key) != spared);
            let Some(key) = self.due(now).filter(|_| may_look).or_else(visitor) else { return Err(self.refusal(now)) };
            if !self.requeue(key) || !may_look {
                self.remove(key);
            }
        }
        Ok(())
    }

    /// Returns the live sessions of a user, the oldest first, except `without` and the newest
    /// `leave` of the others.
    pub(super) fn oldest_of(&self, owner: Key, without: Option<Key>, leave: usize, now: u64) -> Vec<Key> {
        let theirs = self.users.sessions(owner);
        if theirs.len() <= leave {
            return Vec::new();
        }
        // If no record is due, all of them live, and none needs a check.
        let all_live = self.due(now).is_none();
        let is_live = |key: Key| all_live || self.table.look(key, now, |_| ()).is_some();
        let others = || theirs.iter().map(|(_, key)| *key).filter(|key| Some(*key) != without && is_live(*key));
        let count = if all_live && without.is_none() { theirs.len() } else { others().count() };
        others().take(count.saturating_sub(leave)).collect()
    }

    /// Returns the first record in the queues if its time has come.
    pub(super) fn due(&self, now: u64) -> Option<Key> {
        self.queues.iter().find_map(|queue| queue.first().filter(|(at, _)| *at <= now)).map(|(_, key)| *key)
    }

    /// Returns the error of a call for which the budget has no room. Logs a warning at most once a
    /// second.
    fn refusal(&self, now: u64) -> StoreError {
        let budget = self.budget;
        if let Some(suppressed) = self.refused.count(now) {
            tracing::warn!(
                budget,
                suppressed,
                "the memory store is full of sessions of logged-in users and refuses new ones"
            );
        }
        StoreError::new(format!("the memory store is full: sessions of logged-in users take all of its {budget} bytes"))
    }

    /// Moves a record to the place in its queue that matches its present expiry. Returns whether
    /// that is a later place.
    pub(super) fn requeue(&mut self, key: Key) -> bool {
        let mut records = self.table.shard(key);
        let Some(kept) = records.get_mut(&key) else { return false };
        let before = std::mem::replace(&mut kept.queued_at, kept.record.expires_at());
        self.queues[kept.kind()].remove(&(before, key));
        self.queues[kept.kind()].insert((kept.queued_at, key));
        kept.queued_at > before
    }
}

/// The maximum number of records that one call checks for expiry. Each of them may have been
/// renewed.
const MOST_LOOKS: usize = 1_000;
