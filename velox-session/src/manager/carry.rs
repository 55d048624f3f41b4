//! Carries out a plan: one store call after the other, and over again on what somebody else saved meanwhile.
//!
//! A session that takes over from another one is put in under its new id, and the old record destroyed if it is still of the
//! version that was loaded. A write that came in between makes that fail and is taken over too; a write that comes later finds
//! the session gone. So nothing that was acknowledged is lost, nothing comes back, and a crash in between leaves the old session
//! or the new one. Other sessions that are to be ended are ended before the old one is.

use std::sync::Arc;
use std::time::Duration;

use super::fresh::Fresh;
use super::{Closing, Inner};
use crate::id::{EntropyError, SessionId};
use crate::record::{Content, Record};
use crate::session::plan::{CookieOp, Irreconcilable, Plan, StoreOp, plan};
use crate::session::state::{Loaded, State};
use crate::store::{Condition, Expected, StoreError, Stored};

/// Why a session could not be saved.
///
/// # Examples
///
/// ```
/// use velox_session::manager::CloseError;
///
/// fn status(error: &CloseError) -> u16 {
///     match error {
///         CloseError::Unavailable(_) => 503,
///         CloseError::Conflict => 409,
///         _ => 500,
///     }
/// }
/// # let _ = status;
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// The store could not be asked. Whether the session was saved is unknown.
    #[error("the session could not be saved")]
    Unavailable(#[source] StoreError),
    /// Other requests changed the session at the same time, and what this one did cannot be done after them. Nothing was
    /// saved; the request may be sent again.
    #[error("the session was changed by other requests at the same time")]
    Conflict,
    /// With what other requests wrote at the same time, the record would be too large. Nothing was saved.
    #[error("the session would be larger than {limit} bytes")]
    #[non_exhaustive]
    TooLarge {
        /// How many bytes a record may have.
        limit: usize,
    },
    /// No new id could be drawn.
    #[error("no session id could be drawn")]
    Id(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Other sessions of the user are to be ended, and the store does not list them.
    #[error("the other sessions of the user could not be ended")]
    Unlisted(#[source] StoreError),
}

impl CloseError {
    fn unlisted(error: StoreError) -> Self {
        if error.is_unsupported() { Self::Unlisted(error) } else { Self::Unavailable(error) }
    }
}

impl From<Irreconcilable> for CloseError {
    fn from(_: Irreconcilable) -> Self {
        Self::Conflict
    }
}

impl From<EntropyError> for CloseError {
    fn from(error: EntropyError) -> Self {
        Self::Id(error.into())
    }
}

/// How a plan ended.
pub(super) enum Carried {
    /// The cookie is of this id, if the plan issues one.
    Done(Option<SessionId>),
    /// The record is gone, or no longer of the version that was loaded.
    Conflict,
}

impl Inner {
    pub(super) async fn save(&self, mut state: Box<State>) -> Result<Closing, CloseError> {
        let mut fresh = None;
        let saved = self.attempt(&mut state, &mut fresh).await;
        if let (Err(_), Some(fresh)) = (&saved, &fresh) {
            // Nobody has its id, so it can only take up room until it expires.
            self.destroy(&fresh.key, Condition::Always).await.ok();
        }
        let (cookie, id) = saved?;
        Ok(self.closing(cookie, id.as_ref(), &state))
    }

    /// What a plan that was carried out asks of the response, with the id of the record that is left.
    pub(super) fn closing(&self, cookie: CookieOp, id: Option<&SessionId>, state: &State) -> Closing {
        let line = match (cookie, id) {
            (CookieOp::Issue { max_age }, Some(id)) => {
                let sent = state.loaded().filter(|loaded| loaded.id == *id).and_then(|loaded| loaded.signature);
                Some(self.writer.issue(id, &sent.unwrap_or_else(|| self.signer.sign(id)), max_age))
            }
            (CookieOp::Remove, _) => Some(self.writer.remove()),
            (CookieOp::Issue { .. }, None) | (CookieOp::Nothing, _) => None,
        };
        Closing::new(line, state.is_touched())
    }

    async fn attempt(
        &self,
        state: &mut State,
        fresh: &mut Option<Fresh>,
    ) -> Result<(CookieOp, Option<SessionId>), CloseError> {
        for _ in 0..MAX_ATTEMPTS {
            let now = self.clock.now();
            let plan = plan(state, now, &self.policy)?;
            match self.carry(&plan, state, fresh, now).await? {
                Carried::Done(id) => {
                    self.report(&plan, state, fresh.as_ref());
                    if !plan.store.rotates() {
                        self.carry_on(&plan, state, fresh.as_ref()).await?;
                    }
                    return Ok((plan.cookie, id));
                }
                Carried::Conflict => self.reload(state, now).await?,
            }
        }
        Err(CloseError::Conflict)
    }

    /// Does what is to be done to other sessions, once this one is saved.
    pub(super) async fn carry_on(&self, plan: &Plan, state: &State, fresh: Option<&Fresh>) -> Result<(), CloseError> {
        let (own, old) = (fresh.map(|fresh| &fresh.key), state.loaded().map(|loaded| &loaded.key));
        let but: Vec<_> = own.into_iter().chain(old).collect();
        // Who has logged in has a session of their own, whatever became of the old one.
        let is_another = plan.others.logged_in || matches!(plan.store, StoreOp::Replace { .. } | StoreOp::Destroy);
        let goes_on = old.filter(|_| !is_another);
        for user in &plan.others.end_all_of {
            let ended = self.end_all(user, &but, goes_on).await.map_err(CloseError::unlisted)?;
            let _ = ended.ok_or(CloseError::Conflict)?;
        }
        let user = match &plan.store {
            StoreOp::Create { content, .. } | StoreOp::Rotate { content, .. } | StoreOp::Replace { content, .. } => {
                content.user().filter(|_| plan.others.logged_in)
            }
            _ => None,
        };
        if let (Some(user), Some(limit), Some(own)) = (user, self.session_limit, own)
            && !self.keep_to_limit(user.id, limit, own, old).await.map_err(CloseError::unlisted)?
        {
            // As many others have logged in since: this one is over before it began.
            return Err(CloseError::Conflict);
        }
        Ok(())
    }

    async fn carry(
        &self,
        plan: &Plan,
        state: &State,
        fresh: &mut Option<Fresh>,
        now: u64,
    ) -> Result<Carried, CloseError> {
        match (&plan.store, state.loaded()) {
            (StoreOp::Create { content, ttl }, _) => {
                self.create((content, *ttl), state, fresh, now).await.map(|id| Carried::Done(Some(id)))
            }
            // All others are of a loaded record.
            (StoreOp::Nothing, _) | (_, None) => Ok(Carried::Done(None)),
            // Where there is no doubt, it was closed at once.
            (StoreOp::Confirm { ttl, .. }, Some(loaded)) => {
                let alive = self.noted(self.store().touch(&loaded.key, *ttl).await).map_err(CloseError::Unavailable)?;
                // Ended meanwhile: its cookie is not sent again.
                Ok(Carried::Done(alive.then(|| loaded.id.clone())))
            }
            (StoreOp::Update { content, ttl }, Some(loaded)) => {
                self.fits(content, state)?;
                let record = record(content, loaded.record.version() + 1, *ttl, now);
                Ok(match self.replace(loaded, record, *ttl).await? {
                    Stored::Yes => Carried::Done(Some(loaded.id.clone())),
                    Stored::Conflict => Carried::Conflict,
                })
            }
            (StoreOp::Rotate { content, ttl }, Some(loaded)) => {
                let condition = Condition::Version(loaded.record.version());
                self.rotate(plan, (loaded, condition), (content, *ttl), state, fresh, now).await
            }
            // If somebody else has ended it, so much the better.
            (StoreOp::Replace { content, ttl }, Some(loaded)) => {
                self.rotate(plan, (loaded, Condition::Always), (content, *ttl), state, fresh, now).await
            }
            (StoreOp::Destroy, Some(loaded)) => {
                let _ = self.destroy(&loaded.key, Condition::Always).await.map_err(CloseError::Unavailable)?;
                Ok(Carried::Done(None))
            }
        }
    }

    async fn replace(&self, loaded: &Loaded, record: Record, ttl: Duration) -> Result<Stored, CloseError> {
        let expected = Expected::Version(loaded.record.version());
        self.noted(self.store().set(&loaded.key, record, expected, ttl).await).map_err(CloseError::Unavailable)
    }

    /// Takes up what somebody else saved.
    async fn reload(&self, state: &mut State, now: u64) -> Result<(), CloseError> {
        let Some(loaded) = state.loaded() else { return Ok(()) };
        if let Some(suppressed) = self.events.conflict.count(now) {
            tracing::debug!(session = loaded.key.fingerprint(), suppressed, "session was changed by another request");
        }
        state.rebase(self.present(&loaded.key, now).await.map_err(CloseError::Unavailable)?);
        Ok(())
    }

    /// A record that is over the limit already, since that was lowered, may become smaller by and by.
    pub(super) fn fits(&self, content: &Content, state: &State) -> Result<(), CloseError> {
        let present = state.loaded().map_or(0, |loaded| loaded.record.content().size());
        if content.size() > self.size_limit.max(present) {
            return Err(CloseError::TooLarge { limit: self.size_limit });
        }
        Ok(())
    }
}

pub(super) fn record(content: &Arc<Content>, version: u64, ttl: Duration, now: u64) -> Record {
    let expires_at = now.saturating_add(crate::clock::milliseconds(ttl));
    Record::new(Arc::clone(content), version, expires_at, now)
}

/// Each refused write means that another one succeeded, so that this many are met only by a crowd on one session.
const MAX_ATTEMPTS: usize = 100;
