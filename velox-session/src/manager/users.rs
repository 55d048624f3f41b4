//! The sessions of a user: lists them, ends them, and counts the ended ones.

use super::engine::Engine;
use crate::error::StoreError;
use crate::key::StoreKey;
use crate::record::Record;
use crate::session::{SessionHandle, SessionInfo};
use crate::store::{Condition, Destroyed, Owner};

impl Engine {
    /// Returns the live sessions of a user, the newest first.
    pub(super) async fn sessions_of(
        &self,
        user: &str,
        current: Option<&StoreKey>,
    ) -> Result<Vec<SessionInfo>, StoreError> {
        let owner = Owner::new(&self.prefix, user);
        let now = self.now();
        let listed = self.noted(self.store().sessions_of(&owner).await)?;
        let mut live: Vec<(StoreKey, Record)> =
            listed.into_iter().filter(|(_, record)| self.is_live(record, now)).collect();
        // Sessions of the same millisecond need an order, too, and it must be the same for
        // everybody.
        live.sort_by_cached_key(|(key, record)| std::cmp::Reverse((record.created_at(), key.digest_hex())));
        let info = |(key, record)| {
            let is_current = current == Some(&key);
            SessionInfo::new(key, record, is_current)
        };
        Ok(live.into_iter().map(info).collect())
    }

    /// Returns whether a live session of the user has this handle.
    pub(super) async fn has(&self, user: &str, handle: &SessionHandle) -> Result<bool, StoreError> {
        let sessions = self.sessions_of(user, None).await?;
        Ok(sessions.iter().any(|session| session.handle() == *handle))
    }

    pub(super) async fn end(&self, user: &str, handle: &SessionHandle) -> Result<bool, StoreError> {
        let mut ended = false;
        for _ in 0..MAX_LOOKS {
            let mut moved = false;
            // Two sessions have the same handle while a store without its own `create` gives a
            // session a new id.
            let sessions = self.sessions_of(user, None).await?;
            for session in sessions.iter().filter(|session| session.handle() == *handle) {
                if self.destroy(session.key(), Condition::Always).await? == Destroyed::Absent {
                    moved = true;
                    continue;
                }
                ended = true;
                self.events.revoked.add(1);
                let session = session.key().fingerprint();
                tracing::info!(cookie = self.name, session, "session was ended by another request");
            }
            // A session that was not found was ended, or got a new id since the list was read. The
            // next list shows it.
            if !moved {
                return Ok(ended);
            }
        }
        Err(StoreError::new("the session gets new ids faster than it is ended"))
    }

    /// Ends all sessions of a user except one, and returns how many. Returns `None` if that one is
    /// gone.
    pub(super) async fn end_all(&self, user: &str, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        let ending = self.revocations.ending();
        let ended = self.noted(self.store().end_sessions(&Owner::new(&self.prefix, user), keep).await);
        drop(ending);
        self.check_streams(None, Some(user));
        ended
    }

    /// Counts and logs sessions that another request has ended.
    pub(super) fn count_ended(&self, ended: u64) {
        if ended > 0 {
            self.events.revoked.add(ended);
            tracing::info!(cookie = self.name, ended, "sessions of a user were ended");
        }
    }
}

const MAX_LOOKS: usize = 10;
