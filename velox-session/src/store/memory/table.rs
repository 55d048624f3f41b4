//! The records by their keys, spread over shards, so that a call waits only for calls that use the
//! same shard.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::key::StoreKey;
use crate::record::Record;
use crate::store::Owner;

/// The records by their keys.
#[derive(Default)]
pub(super) struct Table([Shard; SHARDS]);

/// Some of the records. The alignment keeps each shard in separate cache lines, so that a thread
/// that writes to one shard does not slow down the others.
#[derive(Default)]
#[repr(align(128))]
struct Shard(Mutex<Records>);

/// A fast hash is enough, because the keys are hashes themselves and nobody can choose colliding
/// ones.
type Records = HashMap<Key, Kept, foldhash::fast::RandomState>;

/// The hash of an id or of a user. The hash of an id is combined with the name of the cookie,
/// because the same id has one record under each name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key([u8; 32]);

/// A record in the table. Readers share its content.
pub(super) struct Kept {
    pub(super) record: Record,
    /// The place in the queue: the expiry that the record had when the queue last looked at it.
    pub(super) queued_at: u64,
    pub(super) owner: Option<Key>,
    /// The bytes that the record takes of the budget.
    pub(super) bytes: u64,
}

impl Table {
    /// Locks the shard of this key.
    pub(super) fn shard(&self, key: Key) -> MutexGuard<'_, Records> {
        let Shard(records) = &self.0[usize::from(key.0[31]) % SHARDS];
        // No code panics half-way through a change.
        records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|Shard(records)| records.lock().expect("nothing panics").len()).sum()
    }

    /// Calls `look` with a live record. `look` may change the record.
    pub(super) fn look<T>(&self, key: Key, now: u64, look: impl FnOnce(&mut Kept) -> T) -> Option<T> {
        self.shard(key).get_mut(&key).filter(|kept| kept.is_live(now)).map(look)
    }
}

impl Key {
    pub(super) fn of(key: &StoreKey) -> Self {
        Self(mixed(key.digest(), key.prefix()))
    }

    /// Returns the key of a user under a cookie. It is a hash, so that nobody can find an id whose
    /// key is also that of another user.
    pub(super) fn of_owner(owner: &Owner) -> Self {
        Self(Sha256::digest(owner.to_text()).into())
    }

    pub(super) fn store_key(self, cookie: &Arc<str>) -> StoreKey {
        StoreKey::from_parts(cookie, mixed(self.0, cookie))
    }
}

impl Kept {
    pub(super) fn new(record: Record, owner: Option<Key>) -> Self {
        let bytes = RECORD_BYTES + record.content().size() as u64;
        Self { queued_at: record.expires_at(), record, owner, bytes }
    }

    pub(super) fn set_expiry(&mut self, expires_at: u64) {
        self.record = self.record.clone().with_expiry(expires_at);
    }

    pub(super) fn is_live(&self, now: u64) -> bool {
        self.record.expires_at() > now
    }

    /// Returns the index of the queue and of the byte count: visitors or users.
    pub(super) fn kind(&self) -> usize {
        usize::from(self.owner.is_some())
    }
}

/// Adds a name to a hash, or removes it again. No two sessions have the same id, so a simple mix is
/// enough. A name that is longer than the hash is hashed itself, because all of it counts.
fn mixed(mut digest: [u8; 32], name: &str) -> [u8; 32] {
    let mut mix = |name: &[u8]| digest.iter_mut().zip(name).for_each(|(byte, letter)| *byte ^= letter);
    if name.len() > 32 {
        mix(&Sha256::digest(name))
    } else {
        mix(name.as_bytes())
    }
    digest
}

const SHARDS: usize = 32;
/// The bytes that a record takes in addition to its text: the record itself and its places in the
/// table, in the queue and in its user's list, when these have the most unused space.
const RECORD_BYTES: u64 = 636;
