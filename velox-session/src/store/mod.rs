//! Where records are kept. A store is dumb on purpose: every decision is made before it is asked.

mod answer;
mod create;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod renewal;

use std::sync::Arc;
use std::time::Duration;

use crate::key::StoreKey;
use crate::record::Record;

#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
pub use crate::error::StoreError;
pub use crate::key::Owner;
pub use answer::{Condition, Created, Destroyed, Expected, Found, Stored};
/// The attribute that an implementation of [`SessionStore`] stands under.
pub use async_trait::async_trait;
pub use create::{Login, NewSession};
pub use memory::MemoryStore;
pub use renewal::Renewal;

/// A place where records are kept.
///
/// No method creates a record unless it is told to, and none brings a record back. Four methods are required: [`get`](Self::get),
/// [`set`](Self::set), [`destroy`](Self::destroy) and [`touch`](Self::touch). Each write is **atomic** against the others. The other
/// methods have a default.
///
/// | method | the default |
/// | --- | --- |
/// | [`load`](Self::load) | `get`, and `touch` when it is time |
/// | [`are_live`](Self::are_live) | `get` of one after the other |
/// | [`create`](Self::create) | `set`, then `destroy` of the session that is replaced; keeps no limit and no mark |
/// | [`sessions_of`](Self::sessions_of), [`end_sessions`](Self::end_sessions) | an error: the store keeps no list of a user's sessions |
///
/// A store that wraps another one passes on all of them. Otherwise logins get the default of `create`, which knows nothing of what
/// `end_sessions` has ended.
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
/// the store compares and writes **in one step**: a transaction, a script, a lock. A is told [`Stored::Conflict`] and that nothing is
/// there now, and its request is answered 409. The same step keeps two writers from losing each other's changes:
///
/// ```text
///   request A                       request B                  the store: count, version
///   ---------                       ---------                  -------------------------
///   get: count 1, version 7                                    1, 7
///                                   get: count 1, version 7    1, 7
///   set: count 2, expects 7  ----------------------------->    2, 8
///                                   set: count 2, expects 7    Conflict, with the record: still 2, 8
///                                   set: count 3, expects 8    3, 9
/// ```
///
/// - `set` compares the version and writes record and expiry in one step. It never inserts when a version is expected, and never
///   replaces when none is. Where it refuses, it hands back the record that is there, so that each further try takes one call.
/// - `destroy` compares, where it is told to, and deletes in one step: a write that came in between is not lost.
/// - `create` compares the session that is replaced and deletes it as `destroy` does. A write that came in before makes it fail; a write
///   that comes later finds the session gone.
/// - `touch` looks whether the record is there and moves its expiry in one step, or a `touch` after a `destroy` leaves an empty record
///   that lives for ever. It never writes data, or it undoes a `set` that came in between.
///
/// # SQL
///
/// One table with the columns `key` (primary), `owner` ([`StoreKey::owner`]), `created_at`, `version`, `expires_at` and `record`, with an
/// index on `(owner, created_at)`, serves every method; a second table holds the mark of each owner. `set` is one statement: an `UPDATE`
/// with the version in its `WHERE`, in a `WITH` clause beside a `SELECT` of the row that is there. `create` is a transaction.
///
/// # Examples
///
/// Use the `conformance` feature to test your own store:
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::store::{
///     Condition, Created, Destroyed, Expected, Found, NewSession, Owner, Renewal, StoreError, Stored, async_trait,
/// };
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
///     async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
///         self.0.load(key, renewal).await
///     }
///     async fn are_live(&self, keys: &[StoreKey]) -> Result<Vec<bool>, StoreError> {
///         self.0.are_live(keys).await
///     }
///     async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
///         self.0.create(new).await
///     }
///     async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
///         self.0.sessions_of(owner).await
///     }
///     async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
///         self.0.end_sessions(owner, keep).await
///     }
/// }
///
/// let store = Audited(MemoryStore::new());
/// # let _ = store;
/// ```
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Returns the live record of this key, with its expiry as it is now, touches included ([`Record::with_expiry`]).
    ///
    /// A record that has expired, or that cannot be read, counts as none.
    ///
    /// # Errors
    ///
    /// The store could not be asked. Whether there is a record is unknown.
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError>;

    /// Keeps the record for `ttl`, if what is there now is what is expected; otherwise changes nothing.
    ///
    /// The record comes with its new version, which is kept as it is, and is below 2^53; `expected` names the one before. `ttl` is never
    /// zero. A store that lists sessions puts a record of a user on that user's list **before** it answers; the user of a record never
    /// changes.
    ///
    /// # Errors
    ///
    /// The store could not be asked. Whether the record was kept is unknown.
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

    /// Lets the record of this key expire `ttl` from now, and returns whether there is one. Never creates a record and never
    /// changes its data or version.
    ///
    /// # Errors
    ///
    /// The store could not be asked.
    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError>;

    /// Returns the live record of this key, and renews its life if it is time. Every request with a session begins with this.
    ///
    /// # Errors
    ///
    /// The store could not be asked. Whether there is a record is unknown; if there is one, it may be renewed.
    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        let Some(record) = self.get(key).await? else { return Ok(None) };
        let Some(ttl) = renewal.of(&record) else { return Ok(Some(Found { record, renewed: false })) };
        let alive = self.touch(key, ttl).await?;
        Ok(alive.then(|| Found { record: renewal.renewed(record, ttl), renewed: true }))
    }

    /// Does what [`load`](Self::load) does without a future, if nothing is to be waited for. By default `None`: it is to be loaded.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load).
    fn load_now(&self, key: &StoreKey, renewal: &Renewal) -> Option<Result<Option<Found>, StoreError>> {
        let _ = (key, renewal);
        None
    }

    /// Tells of each key whether there is a live record, in the order of the keys. It renews none of them.
    ///
    /// While sessions have subscriptions, this is asked once a second for all of them. The default gets one record after the other; a store
    /// that can answer for many at once overrides it.
    ///
    /// # Errors
    ///
    /// The store could not be asked. Nothing is known of any of the keys.
    async fn are_live(&self, keys: &[StoreKey]) -> Result<Vec<bool>, StoreError> {
        let mut live = Vec::with_capacity(keys.len());
        for key in keys {
            live.push(self.get(key).await?.is_some());
        }
        Ok(live)
    }

    /// Keeps a session under a new id: one that begins, or one that goes on in the place of another.
    ///
    /// 1. Where something is under the new key, nothing changes: [`Created::Taken`].
    /// 2. Where a session is replaced, its record must be as the condition says, or nothing changes: [`Created::Conflict`].
    /// 3. Where somebody [logs in](NewSession::login), the user's mark must not be later than the request, or nothing changes:
    ///    [`Created::Revoked`]. The mark is what [`end_sessions`](Self::end_sessions) leaves.
    /// 4. The new record is there and on its user's list, and the one that is replaced is gone.
    /// 5. All other sessions of the user end if [`ends_others`](NewSession::ends_others) says so, with a mark as by `end_sessions`.
    ///    Otherwise those over the limit end, the oldest first, by [`Record::created_at`].
    ///
    /// A store that does not do all of it in one step puts in the new record first and deletes the old one last: a crash in between leaves
    /// the old session and a new one whose id nobody has.
    ///
    /// The default compares no mark. A [strict](Login::strict) limit is an error there ([`StoreError::is_unsupported`]).
    ///
    /// # Errors
    ///
    /// The store could not be asked. The old record is there, or the new one, or both; nobody is given the new one's id.
    async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
        create_in_steps(self, new).await
    }

    /// Lists all live sessions of a user under one cookie, in no order. A session that was there before this was asked, and still is
    /// when it answers, is among them, also where it got a new id meanwhile ([`create`](Self::create)): under the old key or the new
    /// one, or both. Otherwise an attacker whose session keeps getting new ids would never be seen.
    ///
    /// # Errors
    ///
    /// The store could not be asked; or it keeps no such list, as this default says ([`StoreError::is_unsupported`]).
    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        let _ = owner;
        Err(StoreError::unsupported("list the sessions of a user"))
    }

    /// Ends all sessions of a user under one cookie but `keep`, oldest first, and returns how many records it deleted. Returns `None`,
    /// and ends nothing, if `keep` is not live.
    ///
    /// It leaves a mark with the present time on the user: a login whose request began before that is refused by
    /// [`create`](Self::create). The mark lives for ten minutes at least, and as long as the user's list.
    ///
    /// However many sessions there are, this takes a few round trips and reads no record. What was begun goes on where the caller no longer
    /// waits.
    ///
    /// # Errors
    ///
    /// As for [`sessions_of`](Self::sessions_of). Some sessions may still be there.
    async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        let _ = (owner, keep);
        Err(StoreError::unsupported("end the sessions of a user"))
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

    fn load_now(&self, key: &StoreKey, renewal: &Renewal) -> Option<Result<Option<Found>, StoreError>> {
        (**self).load_now(key, renewal)
    }

    async fn are_live(&self, keys: &[StoreKey]) -> Result<Vec<bool>, StoreError> {
        (**self).are_live(keys).await
    }

    async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
        (**self).create(new).await
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        (**self).sessions_of(owner).await
    }

    async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        (**self).end_sessions(owner, keep).await
    }
}

/// Puts in the new record, and then destroys the old one. A write to the old one in between makes that fail; a crash leaves both.
pub(crate) async fn create_in_steps<S: SessionStore + ?Sized>(
    store: &S,
    NewSession { key, record, ttl, replaces, login, ends_others }: NewSession<'_>,
) -> Result<Created, StoreError> {
    if login.is_some_and(|login| login.strict && login.limit.is_some()) {
        return Err(StoreError::unsupported("limit the sessions of a user"));
    }
    let owner = key.owner(&record).filter(|_| ends_others);
    if store.set(key, record, Expected::Absent, ttl).await? != Stored::Yes {
        return Ok(Created::Taken);
    }
    let ended = match &owner {
        Some(owner) => store.end_sessions(owner, Some(key)).await.map(Option::unwrap_or_default),
        None => Ok(0),
    };
    end_replaced(store, key, replaces, ended).await
}

/// The last step: destroys the old record, or else the new one, which is in. `ended` is how many other sessions ended.
pub(crate) async fn end_replaced<S: SessionStore + ?Sized>(
    store: &S,
    key: &StoreKey,
    replaces: Option<(&StoreKey, Condition)>,
    ended: Result<u64, StoreError>,
) -> Result<Created, StoreError> {
    let ended = match (ended, replaces) {
        (Ok(ended), Some((old, condition))) => {
            store.destroy(old, condition).await.map(|destroyed| condition.is_met(destroyed).then_some(ended))
        }
        (ended, _) => ended.map(Some),
    };
    if let Ok(Some(ended)) = ended {
        return Ok(Created::Yes { ended });
    }
    // Nobody has its id. If this fails as well, it expires.
    store.destroy(key, Condition::Always).await.ok();
    // The last of all: what is handed back is what is there now.
    let present = match (ended?, replaces) {
        (None, Some((old, _))) => store.get(old).await?,
        _ => None,
    };
    Ok(Created::Conflict(present))
}
