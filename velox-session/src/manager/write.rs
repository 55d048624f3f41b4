//! Writes one record to the store: over the loaded one, or under a new id.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::error::CloseError;
use crate::clock::milliseconds;
use crate::id::{EntropyError, SessionId};
use crate::key::StoreKey;
use crate::record::{Content, Record};
use crate::session::state::Loaded;
use crate::store::{Condition, Created, Expected, Login, NewSession, Stored};

/// The conditions under which a session begins.
#[derive(Default)]
pub(super) struct Terms<'a> {
    pub(super) replaces: Option<&'a Loaded>,
    pub(super) login: Option<Login>,
    pub(super) ends_others: bool,
}

impl Engine {
    /// Replaces the loaded record if the store still has that version.
    pub(super) async fn set(
        &self,
        loaded: &Loaded,
        content: &Arc<Content>,
        ttl: Duration,
        now: u64,
    ) -> Result<(Stored, Record), CloseError> {
        self.fits(content, Some(&loaded.record))?;
        let expected = loaded.record.version();
        let record = record(content, expected + 1, ttl, now);
        let stored = self.store().set(&loaded.key, record.clone(), Expected::Version(expected), ttl).await;
        Ok((self.noted(stored)?, record))
    }

    /// Inserts a record under a new id.
    pub(super) async fn create(
        &self,
        content: &Arc<Content>,
        ttl: Duration,
        Terms { replaces, login, ends_others }: Terms<'_>,
        now: u64,
    ) -> Result<(Created, Loaded), CloseError> {
        self.fits(content, replaces.map(|loaded| &loaded.record))?;
        let _ending = replaces.map(|loaded| self.revocations.ending(&loaded.key));
        let _all_ending = ends_others.then(|| self.revocations.ending_many());
        let replaces = replaces.map(|loaded| (&loaded.key, Condition::Version(loaded.record.version())));
        let record = record(content, FIRST_VERSION, ttl, now);
        for _ in 0..MAX_IDS {
            let id = SessionId::generate()?;
            let key = StoreKey::new(&self.prefix, &id);
            let mark = self.revocations.mark();
            let new = NewSession { replaces, login, ends_others, ..NewSession::new(&key, record.clone(), ttl) };
            let created = self.noted(self.store().create(new).await)?;
            if created != Created::Taken {
                return Ok((created, Loaded { key, record, signature: None, renewed: true, mark }));
            }
        }
        // Ids do not collide. If the store claims so, the random generator or the store is broken,
        // and the session stored under this id must not be touched.
        Err(EntropyError::Broken.into())
    }

    /// If the limit was lowered, a record above the limit may still shrink step by step.
    fn fits(&self, content: &Content, present: Option<&Record>) -> Result<(), CloseError> {
        let present = present.map_or(0, |record| record.content().size());
        if content.size() > self.size_limit.max(present) {
            return Err(CloseError::TooLarge { limit: self.size_limit });
        }
        Ok(())
    }

    /// Counts that another request has changed the session meanwhile.
    pub(super) fn conflicted(&self, loaded: Option<&Loaded>, now: u64) {
        if let (Some(loaded), Some(suppressed)) = (loaded, self.events.conflict.count(now)) {
            tracing::debug!(session = loaded.key.fingerprint(), suppressed, "session was changed by another request");
        }
    }
}

fn record(content: &Arc<Content>, version: u64, ttl: Duration, now: u64) -> Record {
    Record::new(Arc::clone(content), version, now.saturating_add(milliseconds(ttl)), now)
}

/// Each refused write means that another one succeeded, so only very many concurrent requests of
/// one session reach this number.
pub(super) const MAX_ATTEMPTS: usize = 100;
const MAX_IDS: usize = 5;
const FIRST_VERSION: u64 = 1;
