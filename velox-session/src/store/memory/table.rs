//! The records by their keys, spread over shards: a call waits only for those that use the same
//! shard.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::key::StoreKey;
use crate::record::Record;
use crate::store::Owner;

/// The records by their keys.
#[derive(Default)]
pub(super) struct Table([Shard; SHARDS]);

/// Some of the records, in lines of the processor's cache that they share with no others: what one
/// thread writes there, others need not wait for.
#[derive(Default)]
#[repr(align(128))]
struct Shard(Mutex<Records>);

/// The keys are hashes, so that nobody can choose ones that collide.
type Records = HashMap<Key, Kept, foldhash::fast::RandomState>;

/// The hash of an id, mixed with the name of the cookie: one id has a record under each name. Or that of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key([u8; 32]);

/// A record as it is kept. What is in it is shared with those who have read it.
pub(super) struct Kept {
    pub(super) record: Record,
    /// Its place in the queue: the expiry that it had when it was last looked at there.
    pub(super) queued_at: u64,
    pub(super) owner: Option<Key>,
}

impl Table {
    /// Locks the records among which this key is.
    pub(super) fn shard(&self, key: Key) -> MutexGuard<'_, Records> {
        let Shard(records) = &self.0[usize::from(key.0[31]) % SHARDS];
        // Nothing panics half-way through a change.
        records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|Shard(records)| records.lock().expect("nothing panics").len()).sum()
    }

    /// Looks at a live record, which `look` may change.
    pub(super) fn look<T>(&self, key: Key, now: u64, look: impl FnOnce(&mut Kept) -> T) -> Option<T> {
        self.shard(key).get_mut(&key).filter(|kept| kept.is_live(now)).map(look)
    }
}

impl Key {
    pub(super) fn of(key: &StoreKey) -> Self {
        Self(mixed(key.digest(), key.prefix()))
    }

    /// Of a user under a cookie: a hash, so that nobody finds an id that is taken for another user's.
    pub(super) fn of_owner(owner: &Owner) -> Self {
        Self(Sha256::digest(owner.to_text()).into())
    }

    pub(super) fn store_key(self, cookie: &Arc<str>) -> StoreKey {
        StoreKey::from_parts(cookie, mixed(self.0, cookie))
    }
}

impl Kept {
    pub(super) fn new(record: Record, owner: Option<Key>) -> Self {
        Self { queued_at: record.expires_at(), record, owner }
    }

    pub(super) fn set_expiry(&mut self, expires_at: u64) {
        self.record = self.record.clone().with_expiry(expires_at);
    }

    pub(super) fn is_live(&self, now: u64) -> bool {
        self.record.expires_at() > now
    }

    /// The number of its queue and of its count in the budget: a visitor's or a user's.
    pub(super) fn kind(&self) -> usize {
        usize::from(self.owner.is_some())
    }

    /// What it takes of the budget.
    pub(super) fn bytes(&self) -> u64 {
        RECORD_BYTES + self.record.content().size() as u64
    }
}

/// A hash with a name mixed in, or without it again. No two sessions have the same id, so that it
/// need not be mixed well.
fn mixed(mut digest: [u8; 32], name: &str) -> [u8; 32] {
    digest.iter_mut().zip(name.as_bytes()).for_each(|(byte, letter)| *byte ^= letter);
    digest
}

const SHARDS: usize = 32;
/// What a record takes beside its text: the record itself, and its places in the table, in the queue and on the list of
/// its user, where these are emptiest.
const RECORD_BYTES: u64 = 636;
