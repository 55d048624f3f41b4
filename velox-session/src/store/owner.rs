//! Whose sessions: a user, under one cookie's name.

use std::fmt;
use std::sync::Arc;

/// Whose sessions [`SessionStore::sessions_of`](super::SessionStore::sessions_of) lists: a user's, of one cookie.
///
/// # Examples
///
/// ```
/// use velox_session::store::Owner;
/// use velox_session::{Record, StoreKey};
///
/// /// What a store with a table of records keeps beside each, to find them again.
/// fn column(key: &StoreKey, record: &Record) -> Option<String> {
///     key.owner(record).map(|owner| owner.to_text())
/// }
/// # fn check(owner: &Owner) { assert!(owner.to_text().ends_with(owner.user())); }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    prefix: Arc<str>,
    user: Box<str>,
}

impl Owner {
    pub(crate) fn new(prefix: &Arc<str>, user: &str) -> Self {
        Self { prefix: Arc::clone(prefix), user: user.into() }
    }

    /// The cookie's name.
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.prefix
    }

    /// The user's id, as it was given to [`login`](crate::Session::login).
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn prefix(&self) -> &Arc<str> {
        &self.prefix
    }

    /// Both as one text, `<cookie name>:<user id>`, for stores that need one.
    #[must_use]
    pub fn to_text(&self) -> String {
        // A cookie's name has no colon in it, so that no two owners have one text.
        format!("{}:{}", self.prefix, self.user)
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who somebody is, is no business of a log's.
        write!(f, "Owner({}:..)", self.prefix)
    }
}
