//! What is known of the records beside the table: when each expires, whose it is, and how many bytes all of them take. The store holds its lock
//! through each write.
//!
//! A read that renews a record leaves its place in the queue as it is. When its turn comes, the record gets a later place. So a
//! place may be too early, but never too late.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::table::{Kept, Key, Table};
use super::users::Users;
use crate::store::StoreError;

/// What is known of the records beside the table.
#[derive(Default)]
pub(super) struct Ledger {
    table: Arc<Table>,
    pub(super) users: Users,
    /// When to look whether a record has expired: first those of visitors who are not logged in, then those of users.
    pub(super) queues: [BTreeSet<(u64, Key)>; 2],
    /// The bytes that the records of visitors take, and those of users.
    pub(super) used: [u64; 2],
    budget: u64,
    refusals: u64,
    /// The second of the last warning.
    warned: u64,
}

impl Ledger {
    pub(super) fn new(table: Arc<Table>, budget: u64) -> Self {
        Self { table, budget, ..Self::default() }
    }

    /// Puts in a record, for which there is room: a new one, or one in the place of what is there. Readers see the one or the other.
    pub(super) fn put(&mut self, key: Key, kept: Kept) {
        let (kind, bytes, owner, queued_at, began) =
            (kept.kind(), kept.bytes(), kept.owner, kept.queued_at, (kept.record.created_at(), key));
        let old = self.table.shard(key).insert(key, kept);
        old.into_iter().for_each(|old| self.forget(key, &old));
        self.used[kind] += bytes;
        self.queues[kind].insert((queued_at, key));
        owner.into_iter().for_each(|owner| self.users.insert(owner, began));
    }

    /// Takes out a record. Returns whether there was one.
    pub(super) fn remove(&mut self, key: Key) -> bool {
        let old = self.table.shard(key).remove(&key);
        old.inspect(|old| self.forget(key, old)).is_some()
    }

    fn forget(&mut self, key: Key, old: &Kept) {
        self.used[old.kind()] -= old.bytes();
        self.queues[old.kind()].remove(&(old.queued_at, key));
        old.owner.into_iter().for_each(|owner| self.users.remove(owner, (old.record.created_at(), key)));
    }

    /// Lets a few of the records leave that have expired, and a mark that is old. A call puts in one of each at most, so that more leave
    /// than come.
    pub(super) fn tidy(&mut self, now: u64) {
        for _ in 0..2 {
            if let Some(key) = self.due(now).filter(|key| !self.requeue(*key)) {
                self.remove(key);
            }
        }
        self.users.tidy(now);
    }

    /// Makes room for so many bytes: expired records leave, and then those of visitors, but for `spared`.
    pub(super) fn make_room(&mut self, bytes: u64, spared: Option<Key>, now: u64) -> Result<(), StoreError> {
        let mut looks = 0..MOST_LOOKS;
        while self.used[0] + self.used[1] + bytes > self.budget {
            let may_look = looks.next().is_some();
            // No visitor leaves where that would not be enough.
            let visitors = Some(&self.queues[0]).filter(|_| self.used[1] + bytes <= self.budget);
            let visitor = || visitors.into_iter().flatten().map(|(_, key)| *key).find(|key| Some(*key) != spared);
            let Some(key) = self.due(now).filter(|_| may_look).or_else(visitor) else { return Err(self.refusal(now)) };
            if !self.requeue(key) || !may_look {
                self.remove(key);
            }
        }
        Ok(())
    }

    /// The live sessions of a user without this one and the newest `leave` others, oldest first.
    pub(super) fn oldest_of(&self, owner: Key, without: Option<Key>, leave: usize, now: u64) -> Vec<Key> {
        let theirs = self.users.sessions(owner);
        if theirs.len() <= leave {
            return Vec::new();
        }
        // Unless some record is due, all of them live, and none need be looked at.
        let all_live = self.due(now).is_none();
        let is_live = |key: Key| all_live || self.table.look(key, now, |_| ()).is_some();
        let others = || theirs.iter().map(|(_, key)| *key).filter(|key| Some(*key) != without && is_live(*key));
        let count = if all_live && without.is_none() { theirs.len() } else { others().count() };
        others().take(count.saturating_sub(leave)).collect()
    }

    /// The first record in the queues, if its turn has come.
    pub(super) fn due(&self, now: u64) -> Option<Key> {
        self.queues.iter().find_map(|queue| queue.first().filter(|(at, _)| *at <= now)).map(|(_, key)| *key)
    }

    /// The error of a call for which there is no room. Logs a warning, at most once a second.
    fn refusal(&mut self, now: u64) -> StoreError {
        self.refusals += 1;
        let (budget, refusals, second) = (self.budget, self.refusals, now / 1_000);
        if std::mem::replace(&mut self.warned, second) != second {
            tracing::warn!(budget, refusals, "the memory store is full of sessions of users, and refuses to take more");
        }
        StoreError::new(format!("the memory store is full: sessions of users take its {budget} bytes"))
    }

    /// Gives a record the place in its queue that it has by its expiry now. Returns whether that is a later one.
    pub(super) fn requeue(&mut self, key: Key) -> bool {
        let mut records = self.table.shard(key);
        let Some(kept) = records.get_mut(&key) else { return false };
        let before = std::mem::replace(&mut kept.queued_at, kept.record.expires_at());
        self.queues[kept.kind()].remove(&(before, key));
        self.queues[kept.kind()].insert((kept.queued_at, key));
        kept.queued_at > before
    }
}

/// How many records one call looks at in vain, since they live on.
const MOST_LOOKS: usize = 1_000;
