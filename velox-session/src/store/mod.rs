//! Where records are kept. A store is dumb on purpose: every decision is made before it is asked.

#[cfg(test)]
pub(crate) mod conformance;
mod memory;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use crate::key::StoreKey;
use crate::record::Record;

/// The attribute that an implementation of [`SessionStore`] stands under.
pub use async_trait::async_trait;
pub use memory::MemoryStore;

/// A place where records are kept.
///
/// No method creates a record on its own account or brings one back: [`set`](Self::set) says what it expects to find, and
/// [`touch`](Self::touch) only moves an expiry. Each is atomic against the others.
///
/// # Examples
///
/// A store of one's own counts as correct when it keeps what each method says:
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::store::{Expected, StoreError, Stored, async_trait};
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
///     async fn destroy(&self, key: &StoreKey) -> Result<bool, StoreError> {
///         let destroyed = self.0.destroy(key).await?;
///         eprintln!("{key:?} destroyed: {destroyed}");
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
    /// The record comes with its new version, which is kept as it is; `expected` names the one before. `ttl` is never
    /// zero.
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

    /// Deletes the record of this key. Answers whether there was one.
    ///
    /// # Errors
    ///
    /// The store could not be asked. The record may still be there.
    async fn destroy(&self, key: &StoreKey) -> Result<bool, StoreError>;

    /// Lets the record of this key expire `ttl` from now. Answers whether there is one. Never creates one and never
    /// changes its data or version.
    ///
    /// A [retired](Record::is_retired) record counts as none, where the store can tell: it is there for a moment, in which a
    /// request that renews it would send its dead id once more.
    ///
    /// # Errors
    ///
    /// The store could not be asked.
    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError>;
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

    async fn destroy(&self, key: &StoreKey) -> Result<bool, StoreError> {
        (**self).destroy(key).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        (**self).touch(key, ttl).await
    }
}

/// What [`SessionStore::set`] expects to find under its key. There is no "whatever is there".
///
/// # Examples
///
/// ```
/// use velox_session::store::Expected;
///
/// fn may_write(present: Option<u64>, expected: Expected) -> bool {
///     match expected {
///         Expected::Absent => present.is_none(),
///         Expected::Version(version) => present == Some(version),
///     }
/// }
/// assert!(!may_write(None, Expected::Version(1)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No live record: a new one is inserted.
    Absent,
    /// A live record of this version: it is replaced.
    Version(u64),
}

/// What [`SessionStore::set`] did.
///
/// # Examples
///
/// ```
/// use velox_session::store::Stored;
///
/// assert_ne!(Stored::Yes, Stored::Conflict);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "on a conflict nothing was stored"]
pub enum Stored {
    /// The record is stored.
    Yes,
    /// Something else was there than expected, and it is still there.
    Conflict,
}

/// The store could not be asked, or did not answer.
///
/// # Examples
///
/// ```
/// use velox_session::store::StoreError;
///
/// let error = StoreError::new(std::io::Error::other("connection refused"));
/// assert_eq!(error.to_string(), "the session store failed");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the session store failed")]
pub struct StoreError {
    source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    /// An error with this cause.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}
