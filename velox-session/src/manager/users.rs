//! The sessions of a user: listed, ended, and kept to a number.

use super::{Inner, Manager};
use crate::key::StoreKey;
use crate::record::Record;
use crate::session::{SessionHandle, SessionInfo};
use crate::store::{Condition, Destroyed, Owner, StoreError};

impl Manager {
    /// The live sessions of a user, the newest first. For the user's own list, see [`Session::sessions`](crate::Session::sessions).
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::Manager;
    /// # use velox_session::store::StoreError;
    /// /// What an administrator does about an account that was taken over.
    /// async fn lock_out(sessions: &Manager, user: &str) -> Result<u64, StoreError> {
    ///     for session in sessions.sessions_of(user).await? {
    ///         println!("{user} is logged in since {}", session.record().created_at());
    ///     }
    ///     sessions.end_all(user).await
    /// }
    /// # let _ = lock_out;
    /// ```
    ///
    /// # Errors
    ///
    /// The store could not be asked, or lists no sessions.
    pub async fn sessions_of(&self, user: &str) -> Result<Vec<SessionInfo>, StoreError> {
        self.0.sessions_of(user, None).await
    }

    /// Ends one session of a user. Answers whether it was there; another user's is not.
    ///
    /// # Errors
    ///
    /// As for [`sessions_of`](Self::sessions_of). The session may still be there.
    pub async fn end(&self, user: &str, handle: &SessionHandle) -> Result<bool, StoreError> {
        self.0.end(user, handle).await
    }

    /// Ends all sessions of a user, and returns how many. Those that get a new id meanwhile are among them. A login of the user whose request
    /// had begun before is answered 409, also one by the very request that asks for this: to log in and end all other sessions, call
    /// [`login`](crate::Session::login) and then [`logout_others`](crate::Session::logout_others).
    ///
    /// # Errors
    ///
    /// As for [`sessions_of`](Self::sessions_of). Some sessions may still be there.
    pub async fn end_all(&self, user: &str) -> Result<u64, StoreError> {
        let ended = self.0.end_all(user, None).await?.unwrap_or_default();
        self.0.count_ended(ended);
        Ok(ended)
    }
}

impl Inner {
    /// The live sessions of a user, the newest first.
    pub(crate) async fn sessions_of(
        &self,
        user: &str,
        current: Option<&StoreKey>,
    ) -> Result<Vec<SessionInfo>, StoreError> {
        let owner = Owner::new(&self.prefix, user);
        let now = self.clock.now();
        let listed = self.noted(self.store().sessions_of(&owner).await)?;
        let mut live: Vec<(StoreKey, Record)> =
            listed.into_iter().filter(|(_, record)| self.policy.remaining(record, now) > 0).collect();
        // Those of one millisecond have an order too, the same for all who look.
        live.sort_by_cached_key(|(key, record)| std::cmp::Reverse((record.created_at(), key.digest_hex())));
        let info = |(key, record)| {
            let is_current = current == Some(&key);
            SessionInfo::new(key, record, is_current)
        };
        Ok(live.into_iter().map(info).collect())
    }

    /// The live session of this handle.
    pub(crate) async fn find(&self, user: &str, handle: &SessionHandle) -> Result<Option<SessionInfo>, StoreError> {
        let sessions = self.sessions_of(user, None).await?;
        Ok(sessions.into_iter().find(|session| session.handle() == *handle))
    }

    pub(crate) async fn end(&self, user: &str, handle: &SessionHandle) -> Result<bool, StoreError> {
        let mut ended = false;
        for _ in 0..MAX_LOOKS {
            let mut moved = false;
            // Two have one handle while a store that knows no `create` of its own gives a session a new id.
            let sessions = self.sessions_of(user, None).await?;
            for session in sessions.iter().filter(|session| session.handle() == *handle) {
                if self.destroy(session.key(), Condition::Always).await? == Destroyed::Absent {
                    moved = true;
                    continue;
                }
                ended = true;
                self.events.revoked.add(1);
                let session = session.key().fingerprint();
                tracing::info!(cookie = self.name, session, "session was ended by another");
            }
            // One that was not there any more was ended, or got a new id since it was found. The next look tells.
            if !moved {
                return Ok(ended);
            }
        }
        Err(StoreError::new("the session gets new ids faster than it is ended"))
    }

    /// Ends all sessions of a user but one, and returns how many; `None` if that one is gone.
    pub(super) async fn end_all(&self, user: &str, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        let _ending = self.deaths.ending_many();
        self.noted(self.store().end_sessions(&Owner::new(&self.prefix, user), keep).await)
    }

    /// Counts sessions that another request than their own has ended, and says so.
    pub(super) fn count_ended(&self, ended: u64) {
        if ended > 0 {
            self.deaths.note_many();
            self.events.revoked.add(ended);
            tracing::info!(cookie = self.name, ended, "sessions of a user were ended");
        }
    }
}

const MAX_LOOKS: usize = 10;
