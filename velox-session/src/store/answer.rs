//! The expectations of the calls of a store, and their results.

use crate::record::Record;

/// The record that [`SessionStore::set`](super::SessionStore::set) expects to find under the key.
/// Every write has a condition, so no variant means "anything".
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
    /// The store has no live record under the key, and inserts the new one.
    Absent,
    /// The store has a live record of this version, and replaces it.
    Version(u64),
}

/// The result of [`SessionStore::set`](super::SessionStore::set).
///
/// # Examples
///
/// ```
/// use velox_session::store::Stored;
///
/// assert_ne!(Stored::Yes, Stored::Conflict(None));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "on a conflict nothing was stored"]
pub enum Stored {
    /// The record is stored.
    Yes,
    /// The store did not have what was expected, and changed nothing. The variant contains the
    /// present record, with its expiry as in [`get`](super::SessionStore::get), or `None`. If no
    /// record was expected, the store may leave the record out.
    Conflict(Option<Record>),
}

/// The condition under which [`SessionStore::destroy`](super::SessionStore::destroy) deletes a
/// record, and [`SessionStore::create`](super::SessionStore::create) the replaced one.
///
/// # Examples
///
/// ```
/// use velox_session::store::Condition;
///
/// fn may_delete(present: u64, condition: Condition) -> bool {
///     match condition {
///         Condition::Always => true,
///         Condition::Version(version) => present == version,
///     }
/// }
/// assert!(!may_delete(8, Condition::Version(7)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Delete the record in any version. A logout uses this.
    Always,
    /// Delete the record if it has this version. A session that continues under another id uses
    /// this, so that no saved change is lost.
    Version(u64),
}

impl Condition {
    /// Returns whether the result of the destruction lets the new session take the place of the old
    /// one: the old record met the condition, or it was already gone and the condition was
    /// `Always`.
    pub(crate) fn is_met(self, destroyed: Destroyed) -> bool {
        matches!((destroyed, self), (Destroyed::Yes, _) | (Destroyed::Absent, Self::Always))
    }

    /// Returns the result of a destruction with this condition, given the version of the present
    /// record, if any.
    pub(crate) fn destroys(self, present: Option<u64>) -> Destroyed {
        match (present, self) {
            (None, _) => Destroyed::Absent,
            (Some(present), Self::Version(version)) if present != version => Destroyed::Conflict,
            _ => Destroyed::Yes,
        }
    }
}

/// The result of [`SessionStore::destroy`](super::SessionStore::destroy).
///
/// # Examples
///
/// ```
/// use velox_session::store::Destroyed;
///
/// assert_ne!(Destroyed::Yes, Destroyed::Absent);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "on a conflict nothing was deleted"]
pub enum Destroyed {
    /// The record existed and is deleted.
    Yes,
    /// No record existed.
    Absent,
    /// The record has another version than the caller named. It still exists.
    Conflict,
}

/// The result of [`SessionStore::create`](super::SessionStore::create).
///
/// # Examples
///
/// ```
/// use velox_session::store::Created;
///
/// assert_ne!(Created::Yes { ended: 0 }, Created::Taken);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "unless it is `Yes`, nothing was stored"]
pub enum Created {
    /// The new record is stored, and the replaced one is deleted.
    Yes {
        /// The number of other sessions of the user that ended.
        ended: u64,
    },
    /// The record to replace does not meet the condition. The variant contains the present record,
    /// or `None` if the record is gone.
    Conflict(Option<Record>),
    /// The new key already has a record.
    Taken,
    /// The sessions of the user were ended after the request of this login had begun.
    Revoked,
}

/// The result of [`SessionStore::load`](super::SessionStore::load) if the record exists.
///
/// # Examples
///
/// ```
/// use velox_session::Record;
/// use velox_session::store::Found;
///
/// fn as_it_was(record: Record) -> Found {
///     Found { record, renewed: false }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The record, with its expiry after the renewal.
    pub record: Record,
    /// `true` if its lifetime was renewed.
    pub renewed: bool,
}
