//! Where records are kept. A store is dumb on purpose: every decision is made before it is asked.

mod answer;
mod error;
mod memory;
mod owner;
#[cfg(feature = "redis")]
mod redis;
mod renewal;
mod rotation;

use std::sync::Arc;
use std::time::Duration;

use crate::key::StoreKey;
use crate::record::Record;

pub use answer::{Condition, Destroyed, Expected, Found, Rotated, Stored};
/// The attribute that an implementation of [`SessionStore`] stands under.
pub use async_trait::async_trait;
pub use error::StoreError;
pub use memory::MemoryStore;
pub use owner::Owner;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
#[cfg(all(feature = "redis", feature = "rpc"))]
pub use redis::rates::RedisRates;
pub use renewal::Renewal;

/// A place where records are kept.
///
/// No method creates a record on its own account or brings one back. A store has four methods to write, each **atomic** against
/// the others: what it looks at and what it then does must not be torn apart. Three more have a default.
///
/// # What must be atomic, and why
///
/// The store that most pages show reads and writes in two steps, `GET` and `SETEX`. Between them, another request comes in:
///
/// ```text
///   request A (slow)                request B                  the store
///   ----------------                ---------                  ---------
///   GET session:1      ---------------------------------->     the session of Ada
///                                   DEL session:1   ------>    nothing: Ada has logged out
///   SETEX session:1    ---------------------------------->     the session of Ada, again
/// ```
///
/// Ada's cookie, in whoever's hands, is good again. So [`set`](Self::set) says what it expects to find (the version that A loaded), and
/// the store compares and writes **in one step**: a transaction, a script, a lock. A is told [`Stored::Conflict`], loads the session
/// anew, finds none, and drops its changes. The same step keeps two writers from losing each other's changes:
///
/// ```text
///   request A                       request B                  the store: count, version
///   ---------                       ---------                  -------------------------
///   get: count 1, version 7                                    1, 7
///                                   get: count 1, version 7    1, 7
///   set: count 2, expects 7  ----------------------------->    2, 8
///                                   set: count 2, expects 7    Conflict: still 2, 8
///                                   get: count 2, version 8    2, 8
///                                   set: count 3, expects 8    3, 9
/// ```
///
/// - `set` compares the version and writes record and expiry in one step. It never inserts when a version is expected, and never
///   replaces when none is.
/// - `destroy` compares, where it is told to, and deletes in one step: a write that came in between is not lost.
/// - `rotate` puts a new record in the place of an old one, which may take two steps. What is atomic of it is the second: it compares the
///   old record and deletes it as `destroy` does, so that a write that came in since is not lost.
/// - `touch` looks whether the record is there and moves its expiry in one step, or a `touch` after a `destroy` leaves an empty record
///   that lives for ever. It never writes data, or it undoes a `set` that came in between.
///
/// # Examples
///
/// A store of one's own counts as correct when it keeps what each method says, which the suite of the feature `conformance` finds out:
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::store::{Condition, Destroyed, Expected, StoreError, Stored, async_trait};
/// use velox_session::{MemoryStore, Record, SessionStore, StoreKey};
///
/// /// Logs what is destroyed, and leaves the rest to another store.
/// struct Audited<S>(S);
///
/// #[async_trait]
/// impl<S: SessionStore> SessionStore for Audited<S> {
///     async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
///         self.0.get(key).await
///     }
///     async fn set(&self, key: &StoreKey, record: Record, expected: Expected, ttl: Duration) -> Result<Stored, StoreError> {
///         self.0.set(key, record, expected, ttl).await
///     }
///     async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
///         let destroyed = self.0.destroy(key, condition).await?;
///         eprintln!("{key:?} destroyed: {destroyed:?}");
///         Ok(destroyed)
///     }
///     async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
///         self.0.touch(key, ttl).await
///     }
/// }
///
/// let store = Audited(MemoryStore::new());
/// # let _ = store;
/// ```
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// The live record of this key, with its expiry as it is now, touches included ([`Record::with_expiry`]).
    ///
    /// A record that has expired, or that cannot be read, is none.
    ///
    /// # Errors
    ///
    /// The store could not be asked. It is not known whether there is a record.
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError>;

    /// Keeps the record for `ttl`, if what is there now is what is expected; otherwise changes nothing.
    ///
    /// The record comes with its new version, which is kept as it is, and is below 2^53; `expected` names the one before. `ttl` is never
    /// zero. A store that lists sessions puts a record of a user on that user's list, **before** it answers; the user of a record never
    /// changes.
    ///
    /// # Errors
    ///
    /// The store could not be asked. The record was kept or not.
    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError>;

    /// Deletes the record of this key, on a condition.
    ///
    /// # Errors
    ///
    /// The store could not be asked. The record may still be there.
    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError>;

    /// Lets the record of this key expire `ttl` from now. Answers whether there is one. Never creates one and never
    /// changes its data or version.
    ///
    /// # Errors
    ///
    /// The store could not be asked.
    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError>;

    /// The live record of this key, and its life renewed if it is time: what every request with a session begins with.
    ///
    /// Unless a store does both in one step, this is [`get`](Self::get) and then, once in a while, [`touch`](Self::touch).
    ///
    /// # Errors
    ///
    /// The store could not be asked. It is not known whether there is a record; if there is, it may be renewed.
    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        let Some(record) = self.get(key).await? else { return Ok(None) };
        let Some(ttl) = renewal.of(&record) else { return Ok(Some(Found { record, renewed: false })) };
        let alive = self.touch(key, ttl).await?;
        Ok(alive.then(|| Found { record: renewal.renewed(record, ttl), renewed: true }))
    }

    /// Keeps a new record, for `ttl`, in the place of an old one, which goes: a login, and whatever else gives a session a new id.
    ///
    /// The old record must be as `condition` says, or nothing changes: of this version, or, where nothing is said of it, whatever it is;
    /// then it may be gone, too. Nor does anything change where a record is under the new key. The new record is put on its user's list as
    /// by [`set`](Self::set).
    ///
    /// Unless a store does all of it in one step, this is [`set`](Self::set) of the new record and then [`destroy`](Self::destroy) of the
    /// old one; where that does not happen, the new record is destroyed again. **In this order**: who crashes in between leaves the old
    /// session and a new one whose id nobody has, and never none. For the moment in which both are there nobody has the new id either.
    ///
    /// # Errors
    ///
    /// The store could not be asked. There is the old record, or the new one, or both; nobody is given the new one's id.
    async fn rotate(
        &self,
        old: &StoreKey,
        condition: Condition,
        new: &StoreKey,
        record: Record,
        ttl: Duration,
    ) -> Result<Rotated, StoreError> {
        rotation::in_two_steps(self, old, condition, (new, record, ttl)).await
    }

    /// All live sessions of a user under one cookie, in no order. A session that was there before this was asked, and still is
    /// when it answers, is among them, also where it got a new id meanwhile ([`rotate`](Self::rotate)): under the old one or the new one, or
    /// both. Or an attacker whose session keeps getting new ids would outlive a logout everywhere.
    ///
    /// # Errors
    ///
    /// The store could not be asked; or it keeps no such list, as this default says: then nothing that needs one works, and says so
    /// ([`StoreError::is_unsupported`]).
    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        let _ = owner;
        Err(StoreError::unsupported("list the sessions of a user"))
    }
}

#[async_trait]
impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        (**self).get(key).await
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        (**self).set(key, record, expected, ttl).await
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        (**self).destroy(key, condition).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        (**self).touch(key, ttl).await
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        (**self).load(key, renewal).await
    }

    async fn rotate(
        &self,
        old: &StoreKey,
        condition: Condition,
        new: &StoreKey,
        record: Record,
        ttl: Duration,
    ) -> Result<Rotated, StoreError> {
        (**self).rotate(old, condition, new, record, ttl).await
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        (**self).sessions_of(owner).await
    }
}
