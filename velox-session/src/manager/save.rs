//! Carries out a plan at the end of a request, with one store call after the other. If another
//! request has saved something meanwhile, it starts again with that.
//!
//! Other sessions that have to end are ended first, unless the store ends them in the same step
//! that inserts this session. A failure then leaves this session as it was. A session replaces
//! another one only if that is still as it was loaded, so no confirmed write is lost and no ended
//! session comes back.

use std::sync::Arc;
use std::time::Duration;

use super::closing::Closing;
use super::engine::Engine;
use super::error::CloseError;
use super::shared::Shared;
use super::write::{MAX_ATTEMPTS, Terms};
use crate::key::StoreKey;
use crate::record::{Content, Record};
use crate::session::plan::{CookieOp, Plan, StoreOp, plan, plan_read};
use crate::session::state::{Loaded, State};
use crate::store::{Condition, Created, Destroyed, Login, Stored};

/// Saves the changes of a request, or of a call that is still running.
pub(super) struct Save<'a> {
    engine: &'a Engine,
    shared: &'a Shared,
    state: Box<State>,
    /// The other sessions that had to end before this one have been ended.
    others_ended: bool,
}

/// What was saved.
pub(super) struct Saved {
    pub(super) plan: Plan,
    /// The session that is left, if the plan leaves one.
    pub(super) left: Option<Loaded>,
}

/// The outcome of a plan.
enum Carried {
    Done(Option<Loaded>),
    /// The store has this record now, or none.
    Conflict(Option<Record>),
}

impl<'a> Save<'a> {
    pub(super) fn new(engine: &'a Engine, shared: &'a Shared, state: Box<State>) -> Self {
        Self { engine, shared, state, others_ended: false }
    }

    /// Returns the state as it was saved, including changes that were repeated on what others
    /// wrote.
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Saves the session and returns the headers for the response.
    pub(super) async fn close(mut self) -> Result<Closing, CloseError> {
        let Saved { plan, left } = self.run().await?;
        Ok(self.engine.closing(plan.cookie, left.as_ref(), &self.state))
    }

    pub(super) async fn run(&mut self) -> Result<Saved, CloseError> {
        let mut now = self.engine.now();
        for _ in 0..MAX_ATTEMPTS {
            let plan = plan(&self.state, now, &self.engine.policy)?;
            let carried = match self.end_others(&plan).await? {
                true => self.carry(&plan, now).await?,
                false => Carried::Conflict(None),
            };
            match carried {
                Carried::Done(left) => return Ok(Saved { plan, left }),
                Carried::Conflict(present) => {
                    let since = std::mem::replace(&mut now, self.engine.now());
                    self.shared.wait(now.saturating_sub(since))?;
                    self.engine.conflicted(self.state.loaded(), now);
                    self.state.rebase(self.engine.live(present, now));
                }
            }
        }
        Err(CloseError::Conflict)
    }

    /// Ends the sessions that have to end before this one is saved. This includes a session that a
    /// logout has ended and that has got a new id since. Returns `false` if the session that should
    /// go on is gone; then nothing was ended.
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
            let Some(ended) = self.engine.end_all(user, keep).await? else { return Ok(false) };
            // This session ends itself.
            self.engine.count_ended(ended.saturating_sub(u64::from(own.is_some() && !goes_on)));
        }
        self.others_ended = true;
        if let Some((user, handle)) = self.state.lost_by_logout()
            && !plan.others.end_all_of.iter().any(|ended| ended == user)
        {
            match self.engine.end(user, handle).await {
                Err(error) if !error.is_unsupported() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(true)
    }

    async fn carry(&self, plan: &Plan, now: u64) -> Result<Carried, CloseError> {
        let engine = self.engine;
        match (&plan.store, self.state.loaded()) {
            (StoreOp::Create { content, ttl }, _) => self.create(plan, content, *ttl, None, now).await,
            // A session that needs no confirmation was closed without a store call.
            (StoreOp::Confirm { ttl, .. }, Some(loaded)) => {
                let alive = engine.noted(engine.store().touch(&loaded.key, *ttl).await)?;
                // The session was ended meanwhile, so its cookie is not sent again.
                Ok(Carried::Done(alive.then(|| loaded.clone())))
            }
            (StoreOp::Update { content, ttl }, Some(loaded)) => {
                let mark = engine.revocations.mark();
                let (stored, record) = engine.set(loaded, content, *ttl, now).await?;
                Ok(match stored {
                    Stored::Yes => Carried::Done(Some(Loaded { record, renewed: true, mark, ..loaded.clone() })),
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
                if engine.destroy(&loaded.key, Condition::Always).await? == Destroyed::Absent {
                    return Ok(Carried::Conflict(None));
                }
                self.report(plan, None);
                Ok(Carried::Done(None))
            }
            // All operations except `Create` concern a loaded record.
            (StoreOp::Nothing, _) | (_, None) => Ok(Carried::Done(None)),
        }
    }

    /// Inserts a record under a new id.
    async fn create(
        &self,
        plan: &Plan,
        content: &Arc<Content>,
        ttl: Duration,
        replaces: Option<&Loaded>,
        now: u64,
    ) -> Result<Carried, CloseError> {
        let user = content.user().map(|user| user.id);
        let terms = Terms {
            replaces,
            login: plan.others.logged_in.then(|| self.login(now)),
            ends_others: plan.others.end_all_of.iter().any(|ended| Some(&**ended) == user),
        };
        let (created, begun) = self.engine.create(content, ttl, terms, now).await?;
        match created {
            Created::Yes { ended } => {
                self.engine.count_ended(ended);
                self.report(plan, Some(&begun.key));
                Ok(Carried::Done(Some(begun)))
            }
            Created::Conflict(present) => Ok(Carried::Conflict(present)),
            Created::Taken | Created::Revoked => Err(CloseError::Conflict),
        }
    }

    fn login(&self, now: u64) -> Login {
        // Clocks count whole milliseconds. Subtracting one ensures that a login that began before
        // all sessions ended is never taken for a later one.
        let since = now.saturating_sub(self.state.opened_at()).saturating_sub(1);
        let (limit, strict) = self.engine.session_limit.parts();
        Login { since: Duration::from_millis(since), limit, strict }
    }

    /// Counts and logs what was done.
    fn report(&self, plan: &Plan, new: Option<&StoreKey>) {
        let logged_in = plan.others.logged_in;
        let what = match &plan.store {
            StoreOp::Rotate { .. } | StoreOp::Replace { .. } if logged_in => "session got a new id with a login",
            StoreOp::Rotate { .. } => "session got a new id",
            // Without a login, this is a logout followed by a write.
            StoreOp::Replace { .. } => "session ended, and another began",
            StoreOp::Create { .. } if logged_in => "session began with a login",
            StoreOp::Create { .. } => "session began",
            StoreOp::Destroy => "session ended",
            StoreOp::Nothing | StoreOp::Confirm { .. } | StoreOp::Update { .. } => return,
        };
        let events = &self.engine.events;
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
        tracing::info!(
            cookie = self.engine.name,
            session = new.map(StoreKey::fingerprint),
            before = self.state.loaded().map(|loaded| loaded.key.fingerprint()),
            "{what}"
        );
    }
}

impl Engine {
    /// Closes a session without a future, unless it was written to or the store has to be asked.
    /// Most sessions are only read, and the future that carries out a plan is large.
    pub(super) fn close_at_once(&self, state: &State) -> Option<Closing> {
        if state.is_written() {
            return None;
        }
        let plan = plan_read(state, self.now(), &self.policy);
        let left = match (plan.store, state.loaded()) {
            (StoreOp::Nothing, _) => None,
            (StoreOp::Confirm { doubt: false, .. }, Some(loaded))
                if !self.revocations.may_include(&loaded.key, loaded.mark) =>
            {
                Some(loaded)
            }
            _ => return None,
        };
        Some(self.closing(plan.cookie, left, state))
    }

    /// Returns the response headers for a plan that was carried out, with the session that is left.
    fn closing(&self, cookie: CookieOp, left: Option<&Loaded>, state: &State) -> Closing {
        let line = match (cookie, left) {
            (CookieOp::Issue { max_age }, Some(Loaded { key, record, signature, .. })) => key.id().map(|id| {
                let signature = signature.unwrap_or_else(|| self.signer.sign(id));
                self.writer.issue(id, &signature, max_age, record.max_age().is_some())
            }),
            (CookieOp::Remove, _) => Some(self.writer.remove()),
            (CookieOp::Issue { .. }, None) | (CookieOp::Nothing, _) => None,
        };
        Closing::new(line, state.is_touched())
    }
}

/// Returns the content of a session that continues under a new id. Its user still sees it under the
/// same handle.
fn named(content: &Arc<Content>, loaded: &Loaded) -> Arc<Content> {
    let mut content = Arc::clone(content);
    let before = loaded.record.content();
    if content.handle.is_none()
        && content.user().is_some()
        && before.user().map(|user| user.id) == content.user().map(|user| user.id)
    {
        Arc::make_mut(&mut content).handle = Some(Box::new(loaded.key.digest()));
    }
    content
}
