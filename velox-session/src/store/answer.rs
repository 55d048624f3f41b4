//! What a store is asked to find, and what it answers.

use crate::record::Record;

/// What [`SessionStore::set`](super::SessionStore::set) expects to find under its key. There is no "whatever is there".
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

/// What [`SessionStore::set`](super::SessionStore::set) did.
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
    /// Something else was there than expected, and it still is: this record, with its expiry as by
    /// [`get`](super::SessionStore::get), or none. Where none was expected, the record need not be handed back.
    Conflict(Option<Record>),
}

/// On what condition [`SessionStore::destroy`](super::SessionStore::destroy) deletes a record, and
/// [`SessionStore::create`](super::SessionStore::create) the one that is replaced.
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
    /// Whatever was saved in it since: a logout.
    Always,
    /// If it is of this version: a session that goes on under another id, with all that was saved in it.
    Version(u64),
}

impl Condition {
    /// Whether the record of an old session is out of the way of a new one, by what its destruction answered: it was as it had to be, or,
    /// where nothing was said of it, is gone already.
    pub(crate) fn is_met(self, destroyed: Destroyed) -> bool {
        matches!((destroyed, self), (Destroyed::Yes, _) | (Destroyed::Absent, Self::Always))
    }

    /// What a destruction on this condition answers, where a record of this version is present or none.
    pub(crate) fn destroys(self, present: Option<u64>) -> Destroyed {
        match (present, self) {
            (None, _) => Destroyed::Absent,
            (Some(present), Self::Version(version)) if present != version => Destroyed::Conflict,
            _ => Destroyed::Yes,
        }
    }
}

/// What [`SessionStore::destroy`](super::SessionStore::destroy) did.
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
    /// The record was there and is deleted.
    Yes,
    /// There was none.
    Absent,
    /// It is of another version than the caller said, and it is still there.
    Conflict,
}

/// What [`SessionStore::create`](super::SessionStore::create) did.
///
/// # Examples
///
/// ```
/// use velox_session::store::Created;
///
/// assert_ne!(Created::Yes { ended: 0 }, Created::Taken);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "unless it says yes, nothing was stored"]
pub enum Created {
    /// The new record is stored, and the one that it replaces is gone.
    Yes {
        /// How many other sessions of the user ended.
        ended: u64,
    },
    /// The record to be replaced is not as the caller said: this one is there, or none.
    Conflict(Option<Record>),
    /// There is something under the new key already.
    Taken,
    /// The user's sessions were ended after the request of this login had begun.
    Revoked,
}

/// What [`SessionStore::load`](super::SessionStore::load) found.
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
    /// The record, with its expiry as it is after the renewal.
    pub record: Record,
    /// Whether its life was renewed.
    pub renewed: bool,
}
