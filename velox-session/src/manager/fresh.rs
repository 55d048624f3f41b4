//! Records under new ids: of sessions that begin, and of those that go on in the place of another.

use std::sync::Arc;
use std::time::Duration;

use super::Inner;
use super::carry::{Carried, CloseError, record};
use crate::id::{EntropyError, SessionId};
use crate::key::StoreKey;
use crate::record::Content;
use crate::session::plan::Plan;
use crate::session::state::{Loaded, State};
use crate::store::{Condition, Expected, Rotated, Stored};

/// A record that this exchange has put in, under an id that no browser has yet.
pub(super) struct Fresh {
    pub(super) id: SessionId,
    pub(super) key: StoreKey,
}

impl Inner {
    /// Puts in a record under a new id.
    pub(super) async fn create(
        &self,
        (content, ttl): (&Arc<Content>, Duration),
        state: &State,
        fresh: &mut Option<Fresh>,
        now: u64,
    ) -> Result<SessionId, CloseError> {
        self.fits(content, state)?;
        for _ in 0..MAX_IDS {
            let new = self.fresh()?;
            let record = record(content, FIRST_VERSION, ttl, now);
            let stored = self.store().set(&new.key, record, Expected::Absent, ttl).await;
            if self.noted(stored).map_err(CloseError::Unavailable)? == Stored::Yes {
                return Ok(fresh.insert(new).id.clone());
            }
        }
        Err(collided())
    }

    /// Puts in a record under a new id, in the place of the one that was loaded.
    pub(super) async fn rotate(
        &self,
        plan: &Plan,
        (loaded, condition): (&Loaded, Condition),
        (content, ttl): (&Arc<Content>, Duration),
        state: &State,
        fresh: &mut Option<Fresh>,
        now: u64,
    ) -> Result<Carried, CloseError> {
        let limited = plan.others.logged_in && self.session_limit.is_some();
        if limited || !plan.others.end_all_of.is_empty() {
            return self.rotate_among_others(plan, (loaded, condition), (content, ttl), state, fresh, now).await;
        }
        self.fits(content, state)?;
        let _ending = self.deaths.ending(&loaded.key);
        for _ in 0..MAX_IDS {
            let new = self.fresh()?;
            let record = record(content, FIRST_VERSION, ttl, now);
            let rotated = self.store().rotate(&loaded.key, condition, &new.key, record, ttl).await;
            match self.noted(rotated).map_err(CloseError::Unavailable)? {
                Rotated::Yes => return Ok(Carried::Done(Some(fresh.insert(new).id.clone()))),
                Rotated::Conflict => return Ok(Carried::Conflict),
                Rotated::Taken => {}
            }
        }
        Err(collided())
    }

    /// The same where other sessions are to be ended: they are, before the old record goes. If that fails, the old one is still there.
    async fn rotate_among_others(
        &self,
        plan: &Plan,
        (loaded, condition): (&Loaded, Condition),
        new: (&Arc<Content>, Duration),
        state: &State,
        fresh: &mut Option<Fresh>,
        now: u64,
    ) -> Result<Carried, CloseError> {
        let id = self.create(new, state, fresh, now).await?;
        self.carry_on(plan, state, fresh.as_ref()).await?;
        let destroyed = self.destroy(&loaded.key, condition).await.map_err(CloseError::Unavailable)?;
        if condition.is_met(destroyed) {
            return Ok(Carried::Done(Some(id)));
        }
        self.take_back(fresh).await?;
        Ok(Carried::Conflict)
    }

    /// Takes out a record that was put in, so that all can be done again.
    async fn take_back(&self, fresh: &mut Option<Fresh>) -> Result<(), CloseError> {
        if let Some(Fresh { key, .. }) = fresh {
            let _ = self.destroy(key, Condition::Always).await.map_err(CloseError::Unavailable)?;
        }
        *fresh = None;
        Ok(())
    }

    fn fresh(&self) -> Result<Fresh, CloseError> {
        let id = SessionId::generate()?;
        Ok(Fresh { key: StoreKey::new(&self.prefix, &id), id })
    }
}

/// Ids do not collide. Whatever says they do is broken, and the session it has under this id is not touched.
fn collided() -> CloseError {
    CloseError::Id(EntropyError::Broken.into())
}

const MAX_IDS: usize = 5;
const FIRST_VERSION: u64 = 1;
