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

    /// Ends all sessions of a user, and answers how many. Those that get a new id meanwhile are among them; a login that is not
    /// answered yet when this is asked may be or not.
    ///
    /// # Errors
    ///
    /// As for [`sessions_of`](Self::sessions_of). Some sessions may still be there.
    pub async fn end_all(&self, user: &str) -> Result<u64, StoreError> {
        Ok(self.0.end_all(user, &[], None).await?.unwrap_or_default())
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

    pub(crate) async fn end(&self, user: &str, handle: &SessionHandle) -> Result<bool, StoreError> {
        let sessions = self.sessions_of(user, None).await?;
        match sessions.iter().find(|session| session.handle() == *handle) {
            Some(session) => self.revoke(session).await,
            None => Ok(false),
        }
    }

    /// Ends all sessions of a user but some, and answers how many; `None` if the one that is to go on is gone: it may have gone over
    /// to a new id, which would be ended as one of the others.
    ///
    /// Listing and ending are two steps, between which a session may go over to a new id. It is found by the next look; that finds
    /// nothing only when nothing is left.
    pub(super) async fn end_all(
        &self,
        user: &str,
        but: &[&StoreKey],
        goes_on: Option<&StoreKey>,
    ) -> Result<Option<u64>, StoreError> {
        let mut ended = 0;
        for _ in 0..MAX_LOOKS {
            let mut others = self.sessions_of(user, None).await?;
            others.retain(|session| !but.contains(&session.key()));
            if others.is_empty() {
                if ended > 0 {
                    tracing::info!(cookie = self.name, ended, "sessions of a user were ended");
                }
                return Ok(Some(ended));
            }
            // After the look: if it is there now, none of those that were found has taken over from it.
            if let Some(key) = goes_on
                && self.present(key, self.clock.now()).await?.is_none()
            {
                return Ok(None);
            }
            for session in &others {
                ended += u64::from(self.revoke(session).await?);
            }
        }
        Err(too_fast())
    }

    /// Ends the oldest sessions of a user, so that no more than the limit are left. Answers whether this one is. The one that it takes
    /// over from does not count.
    ///
    /// It is in the store already, and no browser has its id: who logs in at the same time finds it, and all agree which are the newest.
    /// One that is gone when it is to be ended may have gone over to a new id: the next look finds it.
    pub(super) async fn keep_to_limit(
        &self,
        user: &str,
        limit: usize,
        own: &StoreKey,
        old: Option<&StoreKey>,
    ) -> Result<bool, StoreError> {
        for _ in 0..MAX_LOOKS {
            let mut sessions = self.sessions_of(user, Some(own)).await?;
            sessions.retain(|session| Some(session.key()) != old);
            let over = sessions.split_off(limit.min(sessions.len()));
            let mut all_ended = true;
            for session in &over {
                all_ended &= self.revoke(session).await?;
            }
            let is_left = !over.iter().any(SessionInfo::is_current);
            if all_ended || !is_left {
                return Ok(is_left);
            }
        }
        Err(too_fast())
    }

    async fn revoke(&self, session: &SessionInfo) -> Result<bool, StoreError> {
        let was_there = self.destroy(session.key(), Condition::Always).await? == Destroyed::Yes;
        if was_there {
            self.events.revoked.add(1);
            tracing::info!(cookie = self.name, session = session.key().fingerprint(), "session was ended by another");
        }
        Ok(was_there)
    }
}

fn too_fast() -> StoreError {
    StoreError::new("the user logs in faster than sessions are ended")
}

/// A session that gets a new id between two looks is seen by the third; so many looks see only a user who does nothing else.
const MAX_LOOKS: usize = 100;
