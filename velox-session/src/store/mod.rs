//! Session stores. A store makes no decisions: the manager decides before it calls the store.

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
/// The attribute that an implementation of [`SessionStore`] needs.
pub use async_trait::async_trait;
pub use create::{Login, NewSession};
pub use memory::MemoryStore;
pub use renewal::Renewal;

/// Stores session records.
///
/// No method creates a record unless it is told to, and no method brings an ended record back. Four
/// methods are required: [`get`](Self::get), [`set`](Self::set), [`destroy`](Self::destroy) and
/// [`touch`](Self::touch). Each write must be **atomic** with respect to the others. The other
/// methods have a default implementation:
///
/// | method | what the default does |
/// | --- | --- |
/// | [`load`](Self::load) | calls `get`, and `touch` when a renewal is due |
/// | [`are_live`](Self::are_live) | calls `get` for one key after the other |
/// | [`create`](Self::create) | calls `set`, then `destroy` for the replaced session; supports no limit and no mark |
/// | [`sessions_of`](Self::sessions_of), [`end_sessions`](Self::end_sessions) | returns an error: the store keeps no list of a user's sessions |
///
/// If your store wraps another one, forward all methods. Otherwise logins use the default of
/// `create`, which does not know what `end_sessions` has ended.
///
/// # Atomicity
///
/// Many examples on the web read and write a session in two steps, `GET` and `SETEX`. Another
/// request can come in between:
///
/// ```text
///   request A (slow)                request B                  the store
///   ----------------                ---------                  ---------
///   GET session:1      ---------------------------------->     the session of Ada
///                                   DEL session:1   ------>    nothing: Ada has logged out
///   SETEX session:1    ---------------------------------->     the session of Ada, again
/// ```
///
/// Anybody who has Ada's cookie can use it again. Therefore [`set`](Self::set) names what it
/// expects to find (the version that A loaded), and the store compares and writes **in one step**:
/// with a transaction, a script or a lock. In this example A gets [`Stored::Conflict`] without a
/// record, and its request is answered with 409. The same step prevents two writers from losing
/// each other's changes:
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
/// - `set` compares the version and writes record and expiry in one step. It never inserts a record
///   if a version is expected, and never replaces one if none is expected. If it refuses, it
///   returns the present record, so that each further attempt takes one call.
/// - `destroy` compares the version, if the caller names one, and deletes in one step. A write that
///   came in between is not lost.
/// - `create` compares and deletes the replaced session in the same way. A write that came before
///   makes `create` fail; a write that comes later finds the session gone.
/// - `touch` checks that the record exists and moves its expiry in one step. Otherwise a `touch`
///   after a `destroy` leaves an empty record that never expires. `touch` never writes data,
///   because that would undo a `set` that came in between.
///
/// # SQL
///
/// One table is enough for all methods. It has the columns `key` (primary), `owner`
/// ([`StoreKey::owner`]), `created_at`, `version`, `expires_at` and `record`, and an index on
/// `(owner, created_at)`. A second table holds the mark of each owner. Write `set` as one
/// statement: an `UPDATE` with the version in its `WHERE`, in a `WITH` clause next to a `SELECT` of
/// the present row. `create` is a transaction.
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
/// /// Logs which sessions are destroyed, and forwards all calls to another store.
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session store",
    label = "not a store",
    note = "write `MemoryStore::new()`, `RedisStore::connect(url)?` with the feature `redis`, or a type with `impl SessionStore`"
)]
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Returns the live record under this key with its current expiry, including touches
    /// ([`Record::with_expiry`]).
    ///
    /// Return `None` for a record that has expired or cannot be read.
    ///
    /// # Errors
    ///
    /// The store failed. It is unknown whether the record exists.
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError>;

    /// Stores the record for `ttl` if the store has what is expected under this key. Otherwise it
    /// changes nothing.
    ///
    /// The record already contains its new version, which is below 2^53; store it unchanged.
    /// `expected` names the version before. `ttl` is never zero. A store that lists sessions must
    /// add the record of a user to that user's list **before** it answers. The user of a record
    /// never changes.
    ///
    /// # Errors
    ///
    /// The store failed. It is unknown whether the record was stored.
    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError>;

    /// Deletes the record under this key if the condition holds.
    ///
    /// # Errors
    ///
    /// The store failed. The record may still exist.
    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError>;

    /// Lets the record under this key expire `ttl` from now, and returns whether the record exists.
    /// It never creates a record and never changes its data or version.
    ///
    /// # Errors
    ///
    /// The store failed.
    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError>;

    /// Returns the live record under this key and renews its lifetime if that is due. Every request
    /// with a session starts with this call.
    ///
    /// # Errors
    ///
    /// The store failed. It is unknown whether the record exists; if it does, it may have been
    /// renewed.
    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        let Some(record) = self.get(key).await? else { return Ok(None) };
        let Some(ttl) = renewal.of(&record) else { return Ok(Some(Found { record, renewed: false })) };
        let alive = self.touch(key, ttl).await?;
        Ok(alive.then(|| Found { record: renewal.renewed(record, ttl), renewed: true }))
    }

    /// Does the same as [`load`](Self::load) without a future, if it does not have to wait. The
    /// default returns `None`, and `load` is called instead.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`load`](Self::load).
    fn load_now(&self, key: &StoreKey, renewal: &Renewal) -> Option<Result<Option<Found>, StoreError>> {
        let _ = (key, renewal);
        None
    }

    /// Returns for each key whether it has a live record, in the order of the keys. It renews none
    /// of them.
    ///
    /// While sessions have open subscriptions, this is called once a second for all of them. The
    /// default gets one record after the other. Override it if the store can answer for many keys
    /// at once.
    ///
    /// # Errors
    ///
    /// The store failed. Nothing is known about any of the keys.
    async fn are_live(&self, keys: &[StoreKey]) -> Result<Vec<bool>, StoreError> {
        let mut live = Vec::with_capacity(keys.len());
        for key in keys {
            live.push(self.get(key).await?.is_some());
        }
        Ok(live)
    }

    /// Stores a session under a new id: a session that begins, or one that replaces another.
    ///
    /// 1. If the new key already has a record, nothing changes: [`Created::Taken`].
    /// 2. If a session is replaced, its record must meet the condition. Otherwise nothing changes:
    ///    [`Created::Conflict`].
    /// 3. If a user [logs in](NewSession::login), the user's mark must not be later than the
    ///    beginning of the request. Otherwise nothing changes: [`Created::Revoked`].
    ///    [`end_sessions`](Self::end_sessions) sets the mark.
    /// 4. The new record is stored and added to the list of its user, and the replaced record is
    ///    deleted.
    /// 5. If [`ends_others`](NewSession::ends_others) is set, all other sessions of the user end,
    ///    and the mark is set as in `end_sessions`. Otherwise the sessions above the limit end, the
    ///    oldest first by [`Record::created_at`].
    ///
    /// A store that cannot do all this in one step must insert the new record first and delete the
    /// old one last. A crash in between then leaves the old session and a new one whose id nobody
    /// has.
    ///
    /// The default compares no mark, and returns an error for a [strict](Login::strict) limit
    /// ([`StoreError::is_unsupported`]).
    ///
    /// # Errors
    ///
    /// The store failed. It has the old record, the new one, or both; nobody gets the id of the new
    /// one.
    async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
        create_in_steps(self, new).await
    }

    /// Returns all live sessions of a user under one cookie, in any order.
    ///
    /// A session that existed before this call and still exists when it returns must be in the
    /// list, even if it got a new id meanwhile ([`create`](Self::create)): under the old key, the
    /// new one, or both. Otherwise an attacker could hide a session by renewing its id all the
    /// time.
    ///
    /// # Errors
    ///
    /// The store failed, or it keeps no such list. The default always returns an error for which
    /// [`StoreError::is_unsupported`] is true.
    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        let _ = owner;
        Err(StoreError::unsupported("list the sessions of a user"))
    }

    /// Ends all sessions of a user under one cookie except `keep`, the oldest first, and returns
    /// how many records it deleted. Returns `None` and ends nothing if `keep` is not live.
    ///
    /// It also sets a mark with the present time on the user. [`create`](Self::create) then refuses
    /// a login whose request began before the mark. The mark lives for at least ten minutes, and as
    /// long as the user's list.
    ///
    /// This call must take few round trips and read no records, however many sessions the user has.
    /// Work that has begun must continue if the caller stops waiting.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`sessions_of`](Self::sessions_of). Some sessions may still exist
    /// then.
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

/// Ends the other sessions that have to end, inserts the new record, then destroys the old one. If
/// another request writes to the old record in between, this fails. A crash leaves both records.
pub(crate) async fn create_in_steps<S: SessionStore + ?Sized>(
    store: &S,
    NewSession { key, record, ttl, replaces, login, ends_others }: NewSession<'_>,
) -> Result<Created, StoreError> {
    if login.is_some_and(|login| login.strict && login.limit.is_some()) {
        return Err(StoreError::unsupported("limit the sessions of a user"));
    }
    let mut ended = 0;
    if let Some(owner) = key.owner(&record).filter(|_| ends_others) {
        // If this session does not begin, no other session may end.
        if store.get(key).await?.is_some() {
            return Ok(Created::Taken);
        }
        let mut keep = None;
        if let Some((old, condition)) = replaces {
            let present = store.get(old).await?;
            if !condition.is_met(condition.destroys(present.as_ref().map(Record::version))) {
                return Ok(Created::Conflict(present));
            }
            // The replaced session stays until the new one is stored.
            keep = present.map(|_| old);
        }
        let Some(others) = store.end_sessions(&owner, keep).await? else { return Ok(Created::Conflict(None)) };
        ended = others;
    }
    if store.set(key, record, Expected::Absent, ttl).await? != Stored::Yes {
        return Ok(Created::Taken);
    }
    end_replaced(store, key, replaces, ended).await
}

/// Does the last step: destroys the old record, or the new one if the step fails. `ended` is the
/// number of other sessions that ended.
pub(crate) async fn end_replaced<S: SessionStore + ?Sized>(
    store: &S,
    key: &StoreKey,
    replaces: Option<(&StoreKey, Condition)>,
    ended: u64,
) -> Result<Created, StoreError> {
    let Some((old, condition)) = replaces else { return Ok(Created::Yes { ended }) };
    // Nobody has the id of the new record, so it would only fill the list of its user. If a call
    // fails here, the record expires.
    let take_back = || store.destroy(key, Condition::Always);
    match store.destroy(old, condition).await {
        Ok(destroyed) if condition.is_met(destroyed) => return Ok(Created::Yes { ended }),
        Ok(_) => take_back().await.ok(),
        Err(error) => {
            // The old record may be gone, and only the answer lost. Then the new record stays.
            if let Ok(Some(_)) = store.get(old).await {
                take_back().await.ok();
            }
            return Err(error);
        }
    };
    // This is read last, so that the caller gets the record that is there now.
    Ok(Created::Conflict(store.get(old).await?))
}
