//! The description of a session that begins under a new id.

use std::time::Duration;

use super::Condition;
use crate::key::StoreKey;
use crate::record::Record;

/// A session under a new id, as passed to [`SessionStore::create`](crate::SessionStore::create).
///
/// # Examples
///
/// ```
/// use velox_session::store::NewSession;
///
/// /// Returns whether the store only has to insert a row.
/// fn is_plain(new: &NewSession<'_>) -> bool {
///     new.replaces.is_none() && new.login.is_none() && !new.ends_others
/// }
/// # let _ = is_plain;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewSession<'a> {
    /// The key under which the session is stored. No session has had it before.
    pub key: &'a StoreKey,
    /// The record to store.
    pub record: Record,
    /// The lifetime of the record from now.
    pub ttl: Duration,
    /// The session that this one replaces, if any, and the condition for it.
    pub replaces: Option<(&'a StoreKey, Condition)>,
    /// Set if a user logs in.
    pub login: Option<Login>,
    /// `true` if all other sessions of the user end.
    pub ends_others: bool,
}

/// The requirements of a login on the store.
///
/// # Examples
///
/// ```
/// use velox_session::store::Login;
///
/// /// Compares the mark of a user using the store's own clock. Times are in milliseconds.
/// fn is_revoked(login: &Login, mark: u64, now: u64) -> bool {
///     mark > now.saturating_sub(u64::try_from(login.since.as_millis()).unwrap_or(u64::MAX))
/// }
/// # let _ = is_revoked;
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Login {
    /// The time since the request of this login began.
    pub since: Duration,
    /// The number of sessions that the user may have, including this one.
    pub limit: Option<usize>,
    /// `true` if the application has set the limit. A store that supports no limit must then return
    /// an error.
    pub strict: bool,
}

impl<'a> NewSession<'a> {
    /// Returns a new session that replaces nothing and is not a login. Set the other fields as
    /// needed.
    #[must_use]
    pub fn new(key: &'a StoreKey, record: Record, ttl: Duration) -> Self {
        Self { key, record, ttl, replaces: None, login: None, ends_others: false }
    }
}

impl Login {
    /// Returns a login without a limit whose request began this long ago.
    #[must_use]
    pub fn new(since: Duration) -> Self {
        Self { since, limit: None, strict: false }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use async_trait::async_trait;

    use super::*;
    use crate::conformance::key;
    use crate::record::Content;
    use crate::store::{Created, Destroyed, Expected, MemoryStore, SessionStore, StoreError, Stored};

    const TTL: Duration = Duration::from_secs(60);

    /// Returns the answer of a store in memory, which does not wait.
    fn poll<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("it waits"),
        }
    }

    fn ready<T>(answer: impl Future<Output = Result<T, StoreError>>) -> T {
        poll(answer).expect("it answers")
    }

    fn record(version: u64) -> Record {
        Record::new(Arc::new(Content::new(0)), version, u64::MAX, 0)
    }

    /// A store in which something happens while a record is destroyed.
    struct Meanwhile {
        store: MemoryStore,
        old: StoreKey,
        what: What,
    }

    #[derive(PartialEq)]
    enum What {
        /// Another request writes to the old session while the new one is removed again.
        OldIsWritten,
        /// The old session is destroyed, but the answer is lost.
        AnswerIsLost,
    }

    #[async_trait]
    impl SessionStore for Meanwhile {
        async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
            self.store.get(key).await
        }
        async fn set(
            &self,
            key: &StoreKey,
            record: Record,
            expected: Expected,
            ttl: Duration,
        ) -> Result<Stored, StoreError> {
            self.store.set(key, record, expected, ttl).await
        }
        async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
            if *key != self.old && self.what == What::OldIsWritten {
                assert_eq!(self.store.set(&self.old, record(3), Expected::Version(2), TTL).await?, Stored::Yes);
            }
            let destroyed = self.store.destroy(key, condition).await?;
            if *key == self.old && self.what == What::AnswerIsLost {
                return Err(StoreError::new("the answer is lost"));
            }
            Ok(destroyed)
        }
        async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
            self.store.touch(key, ttl).await
        }
    }

    #[test]
    fn the_default_create_leaves_the_new_record_if_the_last_answer_is_lost() {
        let store = Meanwhile { store: MemoryStore::new(), old: key("session"), what: What::AnswerIsLost };
        let (old, new) = (&store.old, key("session"));
        assert_eq!(ready(store.set(old, record(1), Expected::Absent, TTL)), Stored::Yes);
        let replaces = Some((old, Condition::Version(1)));
        let created = poll(store.create(NewSession { replaces, ..NewSession::new(&new, record(1), TTL) }));
        created.expect_err("the answer is lost");
        assert_eq!([old, &new].map(|key| ready(store.get(key)).is_some()), [false, true]);
    }

    #[test]
    fn the_default_create_returns_the_present_record_after_its_rollback() {
        let store = Meanwhile { store: MemoryStore::new(), old: key("session"), what: What::OldIsWritten };
        assert_eq!(ready(store.store.set(&store.old, record(2), Expected::Absent, TTL)), Stored::Yes);
        let new = key("session");
        let replaces = Some((&store.old, Condition::Version(1)));
        let created = ready(store.create(NewSession { replaces, ..NewSession::new(&new, record(1), TTL) }));
        let Created::Conflict(Some(present)) = created else { panic!("it is of another version") };
        assert_eq!(present.version(), 3);
        assert_eq!(ready(store.store.get(&new)), None);
    }
}
