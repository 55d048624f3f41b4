//! Carries out a plan at the end of an exchange: one store call after the other, and over again on what somebody else saved meanwhile.
//!
//! Other sessions that are to end do so first, unless the store ends them in the step that puts in this one. So a failure leaves this
//! session as it was. A session that takes the place of another does so only if that one is as it was loaded: nothing that was
//! acknowledged is lost, and nothing comes back.

use std::sync::Arc;
use std::time::Duration;

use super::{Closing, Inner};
use crate::clock::milliseconds;
use crate::id::{EntropyError, SessionId};
use crate::key::StoreKey;
use crate::record::{Content, Record};
use crate::session::Shared;
use crate::session::plan::{CookieOp, Plan, StoreOp, Unsavable, plan, plan_read};
use crate::session::state::{Loaded, State};
use crate::store::{Condition, Created, Destroyed, Expected, Login, NewSession, StoreError, Stored};

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
    /// Other requests changed the session at the same time, and what this one did cannot be done after them: they ended the session or
    /// gave it a new id, or ended all sessions of the user who logs in. Nothing was saved but what
    /// [`Session::update`](crate::Session::update) had returned; the request may be sent again.
    #[error("the session was changed by other requests at the same time")]
    Conflict,
    /// With what other requests wrote at the same time, the record would be too large. Nothing was saved.
    #[error("the session would be larger than {limit} bytes")]
    #[non_exhaustive]
    TooLarge {
        /// How many bytes a record may have.
        limit: usize,
    },
    /// The session would begin or get a new id, and the head of the reply, with the cookie, has left. Nothing was saved.
    #[error("the session needs a new cookie, and the head of the reply has left")]
    CookieAfterHead,
    /// No new id could be drawn.
    #[error("no session id could be drawn")]
    Id(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Other sessions of the user are to be ended, and the store does not list them.
    #[error("the other sessions of the user could not be ended")]
    Unlisted(#[source] StoreError),
}

impl From<StoreError> for CloseError {
    fn from(error: StoreError) -> Self {
        if error.is_unsupported() { Self::Unlisted(error) } else { Self::Unavailable(error) }
    }
}

impl From<Unsavable> for CloseError {
    fn from(reason: Unsavable) -> Self {
        match reason {
            Unsavable::Irreconcilable => Self::Conflict,
            Unsavable::CookieAfterHead => Self::CookieAfterHead,
        }
    }
}

impl From<EntropyError> for CloseError {
    fn from(error: EntropyError) -> Self {
        Self::Id(error.into())
    }
}

/// The end of an exchange that has something to save.
pub(super) struct Save<'a> {
    inner: &'a Inner,
    shared: &'a Shared,
    state: Box<State>,
    /// Those of other users, or of this one where its session goes on, have ended.
    others_ended: bool,
}

/// A record that was put in, under an id that no browser has yet.
pub(super) struct Fresh {
    pub(super) id: SessionId,
    pub(super) key: StoreKey,
    pub(super) record: Record,
}

/// On what terms a session begins.
#[derive(Default)]
pub(super) struct Terms<'a> {
    replaces: Option<(&'a StoreKey, Condition)>,
    login: Option<Login>,
    ends_others: bool,
}

/// How a plan ended.
enum Carried {
    /// The cookie is of this id, if the plan issues one.
    Done(Option<SessionId>),
    /// This record is there now, or none.
    Conflict(Option<Record>),
}

impl<'a> Save<'a> {
    pub(super) fn new(inner: &'a Inner, shared: &'a Shared, state: Box<State>) -> Self {
        Self { inner, shared, state, others_ended: false }
    }

    pub(super) async fn run(mut self) -> Result<Closing, CloseError> {
        let mut now = self.inner.clock.now();
        for _ in 0..MAX_ATTEMPTS {
            let plan = plan(&self.state, now, &self.inner.policy)?;
            let carried = match self.end_others(&plan).await? {
                true => self.carry(&plan, now).await?,
                false => Carried::Conflict(None),
            };
            match carried {
                Carried::Done(id) => return Ok(self.inner.closing(plan.cookie, id.as_ref(), &self.state)),
                Carried::Conflict(present) => {
                    let since = std::mem::replace(&mut now, self.inner.clock.now());
                    self.shared.wait(now.saturating_sub(since))?;
                    self.inner.conflicted(self.state.loaded(), now);
                    self.state.rebase(self.inner.live(present, now));
                }
            }
        }
        Err(CloseError::Conflict)
    }

    /// Ends what is to end before this session is saved, also what a logout has ended that has a new id since. `false` if the session that is
    /// to go on is gone, and nothing has ended.
    async fn end_others(&mut self, plan: &Plan) -> Result<bool, CloseError> {
        let new_user = plan.store.created().and_then(|content| content.user());
        let goes_on = plan.store.created().is_none() && plan.store != StoreOp::Destroy;
        for user in plan.others.end_all_of.iter().filter(|_| !self.others_ended) {
            if new_user.is_some_and(|new| new.id == user) {
                continue;
            }
            let is_own = |loaded: &&Loaded| loaded.record.content().user().is_some_and(|own| own.id == user);
            let own = self.state.loaded().filter(is_own);
            let keep = own.filter(|_| goes_on).map(|loaded| &loaded.key);
            let Some(ended) = self.inner.end_all(user, keep).await? else { return Ok(false) };
            // This one ends itself.
            self.inner.count_ended(ended.saturating_sub(u64::from(own.is_some() && !goes_on)));
        }
        self.others_ended = true;
        if let Some((user, handle)) = self.state.lost_by_logout()
            && !plan.others.end_all_of.iter().any(|ended| ended == user)
        {
            match self.inner.end(user, handle).await {
                Err(error) if !error.is_unsupported() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(true)
    }

    async fn carry(&self, plan: &Plan, now: u64) -> Result<Carried, CloseError> {
        let inner = self.inner;
        match (&plan.store, self.state.loaded()) {
            (StoreOp::Create { content, ttl }, _) => self.create(plan, content, *ttl, None, now).await,
            // Where there is no doubt, it was closed at once.
            (StoreOp::Confirm { ttl, .. }, Some(loaded)) => {
                let alive = inner.noted(inner.store().touch(&loaded.key, *ttl).await)?;
                // Ended meanwhile: its cookie is not sent again.
                Ok(Carried::Done(alive.then(|| loaded.id.clone())))
            }
            (StoreOp::Update { content, ttl }, Some(loaded)) => {
                inner.fits(content, Some(&loaded.record))?;
                let expected = loaded.record.version();
                let record = record(content, expected + 1, *ttl, now);
                let stored = inner.store().set(&loaded.key, record, Expected::Version(expected), *ttl).await;
                Ok(match inner.noted(stored)? {
                    Stored::Yes => Carried::Done(Some(loaded.id.clone())),
                    Stored::Conflict(present) => Carried::Conflict(present),
                })
            }
            (StoreOp::Rotate { content, ttl }, Some(loaded)) => {
                self.create(plan, &named(content, loaded), *ttl, Some(loaded), now).await
            }
            (StoreOp::Replace { content, ttl }, Some(loaded)) => {
                self.create(plan, content, *ttl, Some(loaded), now).await
            }
            (StoreOp::Destroy, Some(loaded)) => {
                if inner.destroy(&loaded.key, Condition::Always).await? == Destroyed::Absent {
                    return Ok(Carried::Conflict(None));
                }
                self.report(plan, None);
                Ok(Carried::Done(None))
            }
            // All but `Create` are of a loaded record.
            (StoreOp::Nothing, _) | (_, None) => Ok(Carried::Done(None)),
        }
    }

    /// Puts in a record under a new id.
    async fn create(
        &self,
        plan: &Plan,
        content: &Arc<Content>,
        ttl: Duration,
        replaces: Option<&Loaded>,
        now: u64,
    ) -> Result<Carried, CloseError> {
        let inner = self.inner;
        inner.fits(content, self.state.loaded().map(|loaded| &loaded.record))?;
        let user = content.user().map(|user| user.id);
        let ends_others = plan.others.end_all_of.iter().any(|ended| Some(&**ended) == user);
        let _ending = replaces.map(|loaded| inner.deaths.ending(&loaded.key));
        let _all_ending = ends_others.then(|| inner.deaths.ending_many());
        let terms = Terms {
            replaces: replaces.map(|loaded| (&loaded.key, Condition::Version(loaded.record.version()))),
            login: plan.others.logged_in.then(|| self.login(now)),
            ends_others,
        };
        let (created, fresh) = inner.create(content, ttl, terms, now).await?;
        match created {
            Created::Yes { ended } => {
                inner.count_ended(ended);
                self.report(plan, Some(&fresh.key));
                Ok(Carried::Done(Some(fresh.id)))
            }
            Created::Conflict(present) => Ok(Carried::Conflict(present)),
            Created::Taken | Created::Revoked => Err(CloseError::Conflict),
        }
    }

    fn login(&self, now: u64) -> Login {
        // Clocks count whole milliseconds: a login that began after all sessions had ended is never taken for one that began before.
        let since = now.saturating_sub(self.state.opened_at()).saturating_sub(1);
        let (limit, strict) = self.inner.session_limit.parts();
        Login { since: Duration::from_millis(since), limit, strict }
    }

    /// Counts what was done, and says so.
    fn report(&self, plan: &Plan, new: Option<&StoreKey>) {
        let logged_in = plan.others.logged_in;
        let what = match &plan.store {
            StoreOp::Rotate { .. } | StoreOp::Replace { .. } if logged_in => "session got a new id with a login",
            StoreOp::Rotate { .. } => "session got a new id",
            // Without a login it comes of a logout, and of what was written afterwards.
            StoreOp::Replace { .. } => "session ended, and another began",
            StoreOp::Create { .. } if logged_in => "session began with a login",
            StoreOp::Create { .. } => "session began",
            StoreOp::Destroy => "session ended",
            StoreOp::Nothing | StoreOp::Confirm { .. } | StoreOp::Update { .. } => return,
        };
        let events = &self.inner.events;
        events.logins.add(u64::from(logged_in && plan.store != StoreOp::Destroy));
        match &plan.store {
            StoreOp::Create { .. } => events.begun.add(1),
            StoreOp::Rotate { .. } if !logged_in => events.rotations.add(1),
            StoreOp::Replace { .. } if !logged_in => {
                events.logouts.add(1);
                events.begun.add(1);
            }
            StoreOp::Destroy => events.logouts.add(1),
            _ => {}
        }
        let session = new.map(StoreKey::fingerprint);
        let before = self.state.loaded().map(|loaded| loaded.key.fingerprint());
        tracing::info!(cookie = self.inner.name, session, before, "{what}");
    }
}

impl Inner {
    /// Closes a session without a future, unless it was written to or the store has to be asked. Most are only read, and the future that
    /// carries out a plan is large, for all the ways it can go.
    pub(super) fn close_at_once(&self, state: &State) -> Option<Closing> {
        if state.is_written() {
            return None;
        }
        let plan = plan_read(state, self.clock.now(), &self.policy);
        let id = match (plan.store, state.loaded()) {
            (StoreOp::Nothing, _) => None,
            (StoreOp::Confirm { doubt: false, .. }, Some(loaded))
                if !self.deaths.may_include(&loaded.key, loaded.mark) =>
            {
                Some(&loaded.id)
            }
            _ => return None,
        };
        Some(self.closing(plan.cookie, id, state))
    }

    /// What a plan that was carried out asks of the response, with the id of the record that is left.
    fn closing(&self, cookie: CookieOp, id: Option<&SessionId>, state: &State) -> Closing {
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

    /// A record that is over the limit already, since that was lowered, may become smaller by and by.
    pub(super) fn fits(&self, content: &Content, present: Option<&Record>) -> Result<(), CloseError> {
        let present = present.map_or(0, |record| record.content().size());
        if content.size() > self.size_limit.max(present) {
            return Err(CloseError::TooLarge { limit: self.size_limit });
        }
        Ok(())
    }

    /// Puts in a record under a new id.
    pub(super) async fn create(
        &self,
        content: &Arc<Content>,
        ttl: Duration,
        Terms { replaces, login, ends_others }: Terms<'_>,
        now: u64,
    ) -> Result<(Created, Fresh), CloseError> {
        let record = record(content, FIRST_VERSION, ttl, now);
        for _ in 0..MAX_IDS {
            let id = SessionId::generate()?;
            let key = StoreKey::new(&self.prefix, &id);
            let new = NewSession { replaces, login, ends_others, ..NewSession::new(&key, record.clone(), ttl) };
            let created = self.noted(self.store().create(new).await)?;
            if created != Created::Taken {
                return Ok((created, Fresh { id, key, record }));
            }
        }
        // Ids do not collide. Whatever says they do is broken, and the session it has under this id is not touched.
        Err(EntropyError::Broken.into())
    }

    /// Notes that another request has changed a session meanwhile.
    pub(super) fn conflicted(&self, loaded: Option<&Loaded>, now: u64) {
        if let (Some(loaded), Some(suppressed)) = (loaded, self.events.conflict.count(now)) {
            tracing::debug!(session = loaded.key.fingerprint(), suppressed, "session was changed by another request");
        }
    }
}

/// The content of a session that goes on under a new id: to its user it has the handle that it had before.
fn named(content: &Arc<Content>, loaded: &Loaded) -> Arc<Content> {
    let mut content = Arc::clone(content);
    let before = loaded.record.content();
    if content.handle().is_none()
        && content.user().is_some()
        && before.user().map(|user| user.id) == content.user().map(|user| user.id)
    {
        Arc::make_mut(&mut content).set_handle(loaded.key.digest());
    }
    content
}

pub(super) fn record(content: &Arc<Content>, version: u64, ttl: Duration, now: u64) -> Record {
    let expires_at = now.saturating_add(milliseconds(ttl));
    Record::new(Arc::clone(content), version, expires_at, now)
}

/// Each refused write means that another one succeeded, so that this many are met only by a crowd on one session.
pub(crate) const MAX_ATTEMPTS: usize = 100;
const MAX_IDS: usize = 5;
const FIRST_VERSION: u64 = 1;
